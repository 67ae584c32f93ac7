//! Power cuts: what the program did to its files is written down, the disks are built that a cut at
//! each moment may leave, and each of them is gone on from.
//!
//! `POWER_CUTS=all cargo test --test faults power_cut -- --nocapture` goes on from all of them and
//! prints how many there were; without the variable it is a sample, always the same.

mod content;
mod cuts;
mod disk;
mod drive;
mod events;
mod play;
mod recording;
mod recovery;

use std::fs;
use std::path::Path;

use rusqlite::Connection;

use crate::hotel::{Hotel, SHARING};
use crate::power_cut::events::Event;
use crate::power_cut::play::{By, cut_everywhere, go_on_from_all, hotel_of, scene};
use crate::power_cut::recording::Recording;
use crate::scenes;

#[test]
fn an_initial_export_comes_through_every_power_cut() {
    cut_everywhere(Hotel::new(), "initial-export", By::Process);
}

#[test]
fn a_sync_that_creates_comes_through_every_power_cut() {
    cut_everywhere(scenes::newcomers(), "sync", By::Process);
}

#[test]
fn a_sync_that_updates_comes_through_every_power_cut() {
    cut_everywhere(scenes::changes(), "sync", By::Process);
}

#[test]
fn a_sync_that_deletes_comes_through_every_power_cut() {
    cut_everywhere(scenes::cancelled_for_good(), "sync", By::Process);
}

#[test]
fn a_sync_that_creates_what_was_deleted_by_hand_comes_through_every_power_cut() {
    cut_everywhere(scenes::deleted_by_hand(), "sync", By::Process);
}

/// A state as an older version of the program left it.
const BACK_TO_VERSION_4: &str = "
    DROP TABLE stays; DROP INDEX records_gone; ALTER TABLE doubts DROP COLUMN reason;
    PRAGMA user_version = 4;";

#[test]
fn a_state_of_an_older_version_comes_through_every_power_cut() {
    let scene = scene(scenes::changes(), "sync");
    let hotel = hotel_of(&scene);
    Connection::open(hotel.path("state.db")).unwrap().execute_batch(BACK_TO_VERSION_4).unwrap();
    go_on_from_all(&scene, &Recording::of(hotel, "sync"), By::Process);
}

#[test]
fn ids_that_are_written_back_come_through_every_power_cut() {
    cut_everywhere(Hotel::writing_back_elsewhere(), "initial-export", By::Process);
}

#[test]
fn ids_are_safe_in_the_mirror_before_the_state_counts_them_as_written_back() {
    let recording = Recording::of(Hotel::writing_back_elsewhere(), "initial-export");
    let journal = Path::new("ecvi/mirror.db-journal");
    let commits: Vec<usize> = (0..recording.events.len())
        .filter(|at| matches!(&recording.events[*at], Event::Unlink { path } if path == journal))
        .collect();
    assert!(!commits.is_empty());
    for commit in commits {
        let next = &recording.events[commit + 1];
        let is_saved = matches!(next, Event::SyncFolder { folder } if folder == Path::new("ecvi"));
        assert!(is_saved, "{next:?}");
    }
}

/// The cut comes while the next run brings in order what the first one left.
#[test]
fn a_run_after_a_power_cut_comes_through_every_other_one() {
    let scene = scene(scenes::newcomers(), "sync");
    for commit in ["before:3", "before:7"] {
        let hotel = hotel_of(&scene);
        assert!(hotel.run_with(&[("FAULTS_KILL", commit)], "sync").was_killed());
        assert!(hotel.path("state.db-journal").exists());
        go_on_from_all(&scene, &Recording::of(hotel, "sync"), By::Process);
    }
}

#[test]
fn a_shared_bucket_comes_through_every_power_cut() {
    let hotel = Hotel::with_portal(SHARING);
    cut_everywhere(hotel, "initial-export", By::Program(&["bucket"]));
}

const MONITORING: &str =
    "[monitoring]\nstatus_page = \"status.html\"\nmetrics_file = \"metrics.prom\"\n";
const PUBLISHED: By = By::Program(&["status.html", "metrics.prom"]);

#[test]
fn the_first_page_and_the_first_figures_come_through_every_power_cut() {
    cut_everywhere(Hotel::with(MONITORING), "initial-export", PUBLISHED);
}

#[test]
fn a_page_and_figures_that_stand_there_come_through_every_power_cut() {
    let hotel = Hotel::with(MONITORING);
    hotel.run("initial-export").expect(0);
    let standing =
        ["status.html", "metrics.prom"].map(|file| (file, fs::read(hotel.path(file)).unwrap()));
    hotel.sql(scenes::NEWCOMERS);
    let scene = scene(hotel, "sync");
    let hotel = scene.hotel();
    for (file, bytes) in standing {
        fs::write(hotel.path(file), bytes).unwrap();
    }
    go_on_from_all(&scene, &Recording::of(hotel, "sync"), PUBLISHED);
}
