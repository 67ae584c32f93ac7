//! The state: whose it is, who may use it, and what happens when it cannot be written.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::sync::mpsc;
use std::time::Duration;

use bitrix24_sandbox::Fault;
use ecvi_b24::state::State;
use rusqlite::Connection;

use crate::hotel::Hotel;
use crate::parallel_runs::enumerate;
use crate::portal_snapshot::snapshot;
use crate::program::Victim;
use crate::scene::Scene;
use crate::scenes;

fn change_state(hotel: &Hotel, sql: &str) {
    Connection::open(hotel.path("state.db")).unwrap().execute_batch(sql).unwrap();
}

/// Exit 3 and these words, without a request, and the state's file stays as it is.
#[track_caller]
fn refuses(hotel: &Hotel, words: &str) {
    let (requests, state) = (hotel.server.requests(), fs::read(hotel.path("state.db")).unwrap());
    for command in ["sync", "initial-export", "retry", "status", "reset-id --all"] {
        let ended = hotel.run(command).expect(3);
        assert!(ended.stderr.contains(words), "{command}: {}", ended.stderr);
    }
    assert_eq!(hotel.server.requests(), requests);
    assert_eq!(fs::read(hotel.path("state.db")).unwrap(), state);
}

#[test]
fn a_state_of_a_newer_version_is_refused() {
    let hotel = scenes::newcomers();
    change_state(&hotel, "PRAGMA user_version = 99");
    refuses(&hotel, "a newer version of this program");
}

#[test]
fn a_database_of_another_program_is_refused_as_a_state() {
    let hotel = Hotel::new();
    fs::copy(hotel.path("mirror.db"), hotel.path("state.db")).unwrap();
    refuses(&hotel, "belongs to another program");
}

#[test]
fn a_file_that_is_no_database_is_refused_as_a_state() {
    let hotel = Hotel::new();
    fs::write(hotel.path("state.db"), "shopping list: ".repeat(500)).unwrap();
    refuses(&hotel, "the state");
}

#[test]
fn a_state_that_was_cut_is_refused() {
    let hotel = scenes::newcomers();
    let whole = fs::read(hotel.path("state.db")).unwrap();
    fs::write(hotel.path("state.db"), &whole[..whole.len() / 2]).unwrap();
    refuses(&hotel, "the state");
}

#[test]
fn a_sync_without_an_initial_export_is_refused() {
    let hotel = Hotel::new();
    assert!(hotel.run("sync").expect(3).stderr.contains("run ecvi-b24 initial-export"));
    assert_eq!(hotel.server.requests(), 0);
}

#[test]
fn a_lost_state_costs_no_duplicate() {
    let scene = Scene::new(Hotel::running(), "initial-export");
    let hotel = scene.hotel();
    fs::remove_file(hotel.path("state.db")).unwrap();
    scene.recovers(&hotel, "the state is lost");
}

#[test]
fn a_state_from_an_older_backup_costs_no_duplicate() {
    let scene = Scene::new(scenes::newcomers(), "sync");
    let hotel = scene.hotel();
    hotel.run("sync").expect(0);
    fs::copy(scene.hotel().path("state.db"), hotel.path("state.db")).unwrap();
    scene.recovers(&hotel, "the state is older");
}

#[test]
fn the_journal_of_a_killed_run_is_not_played_into_an_older_copy() {
    let scene = Scene::new(scenes::newcomers(), "sync");
    let mut foreign = 0;
    for commit in 1.. {
        let hotel = scene.hotel();
        let older = fs::read(hotel.path("state.db")).unwrap();
        if !hotel.run_with(&[("FAULTS_KILL", &format!("before:{commit}"))], "sync").was_killed() {
            break;
        }
        assert!(hotel.path("state.db-journal").exists());
        fs::write(hotel.path("state.db"), older).unwrap();
        scene.recovers(&hotel, &format!("killed at commit {commit}, the state is older"));
        foreign += u32::from(hotel.path("state.db-journal.foreign").exists());
    }
    assert!(foreign > 2, "{foreign}");
}

#[test]
fn a_state_or_a_lock_file_that_cannot_be_written_is_refused() {
    for (file, told) in
        [("state.db", "state.db"), ("state.db.lock", "no permission for the lock file")]
    {
        let hotel = scenes::newcomers();
        fs::set_permissions(hotel.path(file), fs::Permissions::from_mode(0o400)).unwrap();
        let requests = hotel.server.requests();
        let ended = hotel.run_as(&Victim::of_nobody(&hotel.path("")), &[], "sync").expect(3);
        assert!(ended.stderr.contains(told), "{}", ended.stderr);
        assert_eq!(hotel.server.requests(), requests);
    }
}

#[test]
fn the_state_is_its_owners_alone_and_so_it_becomes_again() {
    let hotel = Hotel::running();
    let mode = || fs::metadata(hotel.path("state.db")).unwrap().mode() & 0o777;
    assert_eq!(mode(), 0o600);
    fs::set_permissions(hotel.path("state.db"), fs::Permissions::from_mode(0o644)).unwrap();
    hotel.run("sync").expect(0);
    assert_eq!(mode(), 0o600);
}

/// The disk fills up at every so many writes, one run each: what cannot be written down is not
/// sent.
fn disk_full(scene: &Scene, step: u64) -> u64 {
    enumerate(|number| {
        let (hotel, number) = (scene.hotel(), 1 + (number - 1) * step);
        let ended = hotel.run_with(&[("FAULTS_FULL", &number.to_string())], scene.command);
        let was_full = ended.code != Some(0);
        if was_full {
            let ended = ended.expect(3);
            assert!(ended.stderr.contains("check the disk space"), "{number}: {}", ended.stderr);
        }
        scene.recovers(&hotel, &format!("the disk is full at write {number}"));
        was_full
    })
}

#[test]
fn a_full_disk_ends_a_sync_before_the_next_request() {
    let full = disk_full(&Scene::new(scenes::newcomers(), "sync"), 2);
    assert!(full > 40, "{full}");
}

#[test]
fn a_full_disk_ends_an_initial_export_before_the_next_request() {
    let full = disk_full(&Scene::new(Hotel::new(), "initial-export"), 5);
    assert!(full > 20, "{full}");
}

#[test]
fn a_second_program_ends_at_once_and_sends_nothing() {
    let hotel = scenes::newcomers().copy();
    let (arrived, first_request) = mpsc::channel();
    let (resume_hint, wait) = mpsc::channel::<()>();
    hotel.server.faults(move |exchange| {
        if exchange.number == 1 {
            arrived.send(()).unwrap();
            wait.recv_timeout(Duration::from_secs(20)).unwrap();
        }
        None::<Fault>
    });
    let runs = || State::open_readonly(&hotel.path("state.db")).unwrap().last_run().unwrap();
    std::thread::scope(|scope| {
        let first = scope.spawn(|| hotel.run("sync"));
        first_request.recv_timeout(Duration::from_secs(20)).unwrap();
        let before = runs();
        assert_eq!(hotel.run("sync").expect(0).output(), "", "cron is not told");
        for command in ["initial-export", "retry"] {
            let second = hotel.run(command).expect(0);
            assert!(
                second.output().contains("Another run is under way"),
                "{command}: {}",
                second.output()
            );
        }
        assert_eq!(runs(), before);
        resume_hint.send(()).unwrap();
        first.join().unwrap().expect(0);
    });
    assert_eq!(
        snapshot(&hotel.server.portal())
            .iter()
            .filter(|line| line.contains("ORIGIN_ID=43"))
            .count(),
        1
    );
}
