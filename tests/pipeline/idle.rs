//! When a run need not look at the mirror at all, and when it must.
//!
//! A run that does not look writes down nothing but that it was made; one that looks, writes when
//! it begins and when it ends.

use bitrix24_sandbox::Kind;
use chrono::{DateTime, TimeDelta, Utc};
use ecvi_b24::domain::run_error::Outcome;
use ecvi_b24::platform::clock::Clock;
use ecvi_b24::state::State;
use ecvi_b24::sync::options::{RunKind, RunOptions};
use ecvi_b24::sync::run_report::RunReport;
use rusqlite::TransactionBehavior;

use crate::hotel::Hotel;

/// Long after the mirror was filled.
fn later() -> DateTime<Utc> {
    Utc::now() + TimeDelta::minutes(10)
}

fn make(hotel: &Hotel, options: &RunOptions, now: DateTime<Utc>) -> RunReport {
    hotel.run_at(options, &Clock::virtual_at(now))
}

fn sync(hotel: &Hotel, now: DateTime<Utc>) -> RunReport {
    make(hotel, &RunOptions::new(RunKind::Sync), now)
}

/// A hotel in which a run has found that everything stands as sent.
fn settled() -> Hotel {
    let hotel = Hotel::running();
    for _ in 0..2 {
        assert_eq!(sync(&hotel, later()).outcome, Outcome::Ok);
    }
    hotel
}

/// Whether a run looks at the mirror.
fn looks(hotel: &Hotel, options: &RunOptions, now: DateTime<Utc>) -> bool {
    hotel.saves(|hotel| drop(make(hotel, options, now))) > 1
}

fn sync_looks(hotel: &Hotel) -> bool {
    looks(hotel, &RunOptions::new(RunKind::Sync), later())
}

#[test]
fn a_mirror_in_which_nothing_changed_is_not_read_and_the_state_is_saved_once() {
    let hotel = settled();
    let mut mirror = hotel.mirror();
    // Whoever reads now fails.
    let locked = mirror.transaction_with_behavior(TransactionBehavior::Exclusive).unwrap();
    for _ in 0..3 {
        assert_eq!(hotel.saves(|hotel| assert_eq!(sync(hotel, later()).outcome, Outcome::Ok)), 1);
    }
    drop(locked);
    let state = State::open(&hotel.path("state.db")).unwrap();
    let run = state.last_run().unwrap().unwrap();
    assert_eq!((run.outcome, run.requests), (Some(Outcome::Ok.into()), 0));
    assert!(run.finished_at.is_some());
}

#[test]
fn a_change_in_the_mirror_is_seen_by_the_next_run() {
    let hotel = settled();
    for comment in ["x", "y", "x"] {
        hotel.sql(&format!("UPDATE guests SET comment = '{comment}'"));
        let ended = sync(&hotel, later());
        assert_eq!(ended.counts.updated, [1, 0, 0].into());
        assert_eq!(hotel.contact(1).text("COMMENTS"), comment);
    }
}

#[test]
fn what_is_sent_is_compared_once_more_before_a_run_does_not_look() {
    let hotel = settled();
    hotel.guest(1, "comment = 'x'");
    sync(&hotel, later());
    assert!(sync_looks(&hotel));
    assert!(!sync_looks(&hotel));
}

#[test]
fn a_mirror_that_changed_a_moment_ago_is_looked_at() {
    let hotel = Hotel::running();
    for _ in 0..3 {
        sync(&hotel, Utc::now());
    }
    assert!(looks(&hotel, &RunOptions::new(RunKind::Sync), Utc::now()));
}

#[test]
fn a_record_that_was_let_go_of_is_looked_at() {
    let hotel = settled();
    hotel.says("reset-id guest 1 --yes");
    assert!(sync_looks(&hotel));
}

#[test]
fn a_failed_record_is_looked_at_until_it_is_mended() {
    let hotel = settled();
    hotel.guest(1, "birth_date = 'весной'");
    for _ in 0..4 {
        assert!(sync_looks(&hotel));
    }
}

#[test]
fn a_row_without_an_id_is_looked_at_until_it_is_mended() {
    let hotel = settled();
    hotel.sql(
        "ALTER TABLE companies RENAME TO old; CREATE TABLE companies AS SELECT * FROM old;
         INSERT INTO companies (name, modified_at) VALUES ('Ромашка', '2026-11-24 10:00:00')",
    );
    for _ in 0..4 {
        assert!(sync_looks(&hotel));
    }
}

#[test]
fn a_run_that_is_told_to_do_something_looks() {
    let hotel = settled();
    let plain = RunOptions::new(RunKind::Sync);
    assert!(looks(&hotel, &RunOptions { retry_failed: true, ..plain.clone() }, later()));
    assert!(looks(&hotel, &RunOptions { full: true, ..plain }, later()));
    assert!(looks(&hotel, &RunOptions::new(RunKind::Retry), later()));
    assert!(looks(&hotel, &RunOptions::new(RunKind::InitialExport), later()));
}

#[test]
fn another_configuration_is_a_reason_to_look() {
    let hotel = settled();
    hotel.configure("sync.max_deletes = 1");
    assert!(sync_looks(&hotel));
}

#[test]
fn once_a_day_the_mirror_is_looked_at() {
    let hotel = settled();
    assert!(!looks(&hotel, &RunOptions::new(RunKind::Sync), later() + TimeDelta::hours(22)));
    assert!(looks(&hotel, &RunOptions::new(RunKind::Sync), later() + TimeDelta::hours(24)));
}

#[test]
fn a_run_after_one_that_was_killed_looks() {
    let hotel = settled();
    State::open(&hotel.path("state.db")).unwrap().begin_run("sync", later()).unwrap();
    assert!(sync_looks(&hotel));
    assert!(!sync_looks(&hotel));
}

#[test]
fn what_slides_out_of_a_window_changes_without_the_file() {
    let hotel = Hotel::running();
    hotel.configure(
        "mirror.queries.guests = \"SELECT * FROM guests WHERE modified_at < datetime('now')\"",
    );
    for _ in 0..3 {
        sync(&hotel, later());
    }
    assert!(sync_looks(&hotel));
}

#[test]
fn deletions_that_are_held_back_are_looked_at_until_they_are_decided() {
    let hotel = Hotel::running();
    hotel.booking(2, "");
    hotel.sync();
    hotel.configure("sync.max_deletes = 0");
    hotel.remove_booking(2);
    for _ in 0..3 {
        assert_eq!(sync(&hotel, later()).outcome, Outcome::Partial);
    }
    assert_eq!(hotel.objects(Kind::Deal, &2).len(), 1);
}
