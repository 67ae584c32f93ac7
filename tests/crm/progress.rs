//! What an initial export says while it runs and when it ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bitrix24_sandbox::Fault;
use ecvi_b24::platform::lock::Lock;
use insta::assert_snapshot;

use crate::env::TestEnv;

#[test]
fn without_a_terminal_lines_tell_what_is_planned_and_what_was_done() {
    let hotel = TestEnv::new("");
    assert_snapshot!(hotel.run(0, "initial-export"), @r"
    guests 0 of 1, companies 0 of 1, bookings 0 of 1
    initial-export: created: guests 1, companies 1, bookings 1
    The initial export is completed. Next: ecvi-b24 sync every three minutes, by cron or a systemd timer.
    ");
}

#[test]
fn the_inventory_is_told_of() {
    let hotel = TestEnv::exported("");
    std::fs::remove_file(hotel.path("state.db")).unwrap();
    // No call of the past can have an effect any more.
    std::fs::write(hotel.path("state.db.lock"), "").unwrap();
    assert!(
        hotel.run(0, "initial-export").starts_with("looking at what the CRM has: companies 1\n")
    );
}

#[test]
fn another_run_under_way_is_told_of() {
    let hotel = TestEnv::new("");
    let _held = Lock::try_acquire(&hotel.path("state.db")).unwrap();
    assert_snapshot!(hotel.complained(0, "initial-export"), @"ecvi-b24: Another run is under way; initial-export does nothing, try again later");
    assert_snapshot!(hotel.complained(0, "retry"), @"ecvi-b24: Another run is under way; retry does nothing, try again later");
    assert_eq!(hotel.run(0, "sync"), "");
    assert_eq!(hotel.server.requests(), 0);
}

#[test]
fn an_interrupted_export_says_how_to_go_on() {
    let hotel = TestEnv::new("");
    let is_asked = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&is_asked);
    hotel.server.faults(move |call| {
        let is_contact = call.calls("crm.contact.add");
        asked.fetch_or(is_contact, Ordering::Relaxed);
        is_contact.then(|| Fault::Slow(Duration::from_secs(1)))
    });
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_ecvi-b24"));
    command.arg("initial-export").current_dir(hotel.path("")).env_clear().env("LANG", "en");
    let child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    let begun = std::time::Instant::now();
    while !is_asked.load(Ordering::Relaxed) {
        assert!(begun.elapsed() < Duration::from_secs(60), "no contact was added");
        std::thread::sleep(Duration::from_millis(20));
    }
    let id = child.id().to_string();
    std::process::Command::new("kill").args(["-INT", &id]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(5));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        said,
        "ecvi-b24: Interrupted. What was done is saved; to go on: ecvi-b24 initial-export\n"
    );
}

#[test]
fn an_export_waits_for_a_portal_that_is_away_and_says_what_it_waits_for() {
    let hotel = TestEnv::new("");
    let mut requests = 0;
    hotel.server.faults(move |_| {
        requests += 1;
        (requests <= 4).then_some(Fault::Html { status: 502, executed: false })
    });
    let said = hotel.run(0, "initial-export");
    assert!(said.contains("HTTP 502") && said.contains("next attempt at"), "{said}");
    assert!(said.contains("completed"), "{said}");
}
