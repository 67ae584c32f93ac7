//! A run that hangs is seen, wherever it hangs and by whatever name it knows the state.

use std::fs;
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use ecvi_b24::platform::lock::Lock;
use rustix::process::{Signal, kill_process};
use serde_json::Value;

use crate::env::CONFIG;
use crate::first_commit::stopped;
use crate::hotel::Hotel;
use crate::program::Victim;
use crate::scenes;

const OLD_RUNS_COUNT: &str = "status --check --max-age 36500days";
const ALL_IS_WELL: &str = "<h1>All is well</h1>";

/// The configuration with more sections.
fn configured(hotel: &Hotel, file: &str, sections: &str) {
    let configuration = fs::read_to_string(hotel.path(CONFIG)).unwrap();
    hotel.write(file, format!("{configuration}{sections}"));
}

/// Stops a run while it saves its work: nobody else can read the state then.
fn stopped_in_a_commit(work: impl FnOnce(&Hotel)) {
    let hotel = Hotel::running();
    configured(&hotel, CONFIG, "[monitoring]\nstatus_page = \"page.html\"\n");
    hotel.run("sync").expect(0);
    assert!(fs::read_to_string(hotel.path("page.html")).unwrap().contains(ALL_IS_WELL));
    hotel.sql(scenes::NEWCOMERS);
    let victim = Victim::default();
    let run = hotel.start(&victim, &[("FAULTS_STOP", "before:2")], "sync");
    let process = stopped(&victim);
    work(&hotel);
    kill_process(process, Signal::CONT).unwrap();
    run.join().unwrap().expect(0);
    hotel.run(OLD_RUNS_COUNT).expect(0);
    hotel.run("sync").expect(0);
    assert!(fs::read_to_string(hotel.path("page.html")).unwrap().contains(ALL_IS_WELL));
}

#[test]
fn a_run_that_hangs_in_a_commit_is_named_by_every_status() {
    stopped_in_a_commit(|hotel| {
        let begun = Instant::now();
        let line = hotel.aside("status --check").expect(1).stdout;
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        assert!(line.starts_with("PROBLEM: ") && line.contains("another run (sync"), "{line}");
        assert_eq!(line.lines().count(), 1, "{line}");
        for _ in 0..2 {
            assert_eq!(hotel.aside("sync").expect(0).output(), "");
        }
        hotel.aside("sync").expect(5);
        let overdue = "another run (sync) has not ended since";
        assert!(hotel.aside("status --check").expect(1).stdout.contains(overdue));
        assert!(hotel.aside("status").expect(3).stderr.contains(overdue));
        assert!(hotel.aside("status guest 41").expect(3).stderr.contains(overdue));
        for (command, code) in [("status --json", 3), ("status --json --check", 1)] {
            let document = hotel.aside(command).expect(code).stdout;
            let document: Value = serde_json::from_str(&document).unwrap();
            assert_eq!(document["schema"], 1);
            assert_eq!(document["records"]["guest"]["pending"], Value::Null);
            assert!(document["state_error"].as_str().unwrap().contains(overdue), "{document}");
        }
        hotel.aside("status --html ../once.html").expect(3);
        assert!(fs::read_to_string(hotel.path("once.html")).unwrap().contains(overdue));
    });
}

#[test]
fn a_run_that_hangs_in_a_commit_is_named_on_the_page() {
    stopped_in_a_commit(|hotel| {
        let page = || fs::read_to_string(hotel.path("page.html")).unwrap();
        for _ in 0..2 {
            assert_eq!(hotel.aside("sync").expect(0).output(), "");
            assert!(page().contains(ALL_IS_WELL));
        }
        hotel.aside("sync").expect(5);
        assert!(page().contains("another run (sync) has not ended since"), "{}", page());
        assert!(!page().contains(ALL_IS_WELL));
    });
}

#[test]
fn a_state_that_can_be_read_has_no_error_in_the_document() {
    let hotel = Hotel::running();
    let document: Value = serde_json::from_str(&hotel.run("status --json").stdout).unwrap();
    assert_eq!(document.get("state_error"), None);
}

#[test]
fn a_run_whose_lock_was_removed_is_seen_and_the_file_is_named_that_it_holds() {
    let hotel = scenes::newcomers().copy();
    let held = Lock::try_acquire(&hotel.path("state.db")).unwrap().unwrap();
    held.note_holder("sync", Utc::now()).unwrap();
    fs::remove_file(hotel.path("state.db.lock")).unwrap();
    for code in [0, 0, 5, 5] {
        hotel.run("sync").expect(code);
    }
    let checked = hotel.run(OLD_RUNS_COUNT).expect(1);
    let holds = format!("(fuser {})", hotel.path("state.db").display());
    assert!(checked.stdout.contains(&holds), "{}", checked.output());
    drop(held);
    hotel.run("sync").expect(0);
    hotel.run(OLD_RUNS_COUNT).expect(0);
}

#[test]
fn a_run_by_another_name_is_seen_and_nobody_is_blamed_who_is_dead() {
    let hotel = scenes::newcomers().copy();
    fs::hard_link(hotel.path("state.db"), hotel.path("other.db")).unwrap();
    configured(&hotel, "other.toml", "[state]\npath = \"other.db\"\n");
    // What a run leaves that is killed.
    let dead = Lock::try_acquire(&hotel.path("other.db")).unwrap().unwrap();
    dead.note_holder("retry", Utc::now() - TimeDelta::days(1)).unwrap();
    for _ in 0..9 {
        Lock::pass_over(&hotel.path("other.db"), Utc::now()).unwrap();
    }
    let note = fs::read(hotel.path("other.db.lock")).unwrap();
    drop(dead);
    fs::write(hotel.path("other.db.lock"), note).unwrap();

    let held = Lock::try_acquire(&hotel.path("state.db")).unwrap().unwrap();
    held.note_holder("sync", Utc::now()).unwrap();
    let other = |arguments: &str| hotel.run(&format!("--config other.toml {arguments}"));
    other(OLD_RUNS_COUNT).expect(0);
    for code in [0, 0, 5] {
        let ended = other("sync").expect(code);
        assert!(!ended.output().contains("retry"), "{}", ended.output());
    }
    let checked = other(OLD_RUNS_COUNT).expect(1);
    assert!(checked.stdout.contains("has not ended since"), "{}", checked.output());
    drop(held);
    other(OLD_RUNS_COUNT).expect(0);
}
