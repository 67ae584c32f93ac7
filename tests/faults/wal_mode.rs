//! A state that another program switched to WAL mode, in which changes stand in a second file.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use rusqlite::Connection;

use crate::hotel::Hotel;
use crate::parallel_runs::each;
use crate::scene::Scene;
use crate::scenes;

const TO_WAL: &str = "PRAGMA journal_mode = WAL";

fn change(hotel: &Hotel, sql: &str) {
    Connection::open(hotel.path("state.db")).unwrap().execute_batch(sql).unwrap();
}

fn is_in_wal_mode(hotel: &Hotel) -> bool {
    fs::read(hotel.path("state.db")).unwrap()[18..20] == [2, 2]
}

/// A tick of the file system's clock, and more.
fn later() {
    sleep(Duration::from_millis(30));
}

/// Puts the state into WAL mode, with all its pages in the log, as another program leaves it that
/// is killed.
fn leave_a_log(hotel: &Hotel) {
    fs::copy(hotel.path("state.db"), hotel.path("lived.db")).unwrap();
    let other = Connection::open(hotel.path("lived.db")).unwrap();
    other.execute_batch(&format!("{TO_WAL}; PRAGMA wal_autocheckpoint = 0; VACUUM")).unwrap();
    for suffix in ["", "-wal"] {
        let [from, to] =
            ["lived.db", "state.db"].map(|name| hotel.path(&format!("{name}{suffix}")));
        fs::copy(from, to).unwrap();
        later();
    }
    assert!(is_in_wal_mode(hotel));
}

#[test]
fn the_next_run_switches_the_state_back() {
    let scene = Scene::new(scenes::newcomers(), "sync");
    let hotel = scene.hotel();
    change(&hotel, TO_WAL);
    hotel.run("status").expect(0);
    assert!(is_in_wal_mode(&hotel), "whoever looks changes nothing");
    hotel.run("sync").expect(0);
    assert!(!is_in_wal_mode(&hotel));
    assert!(!hotel.path("state.db-wal").exists() && !hotel.path("state.db-shm").exists());
    scene.recovers(&hotel, "the state was in WAL mode");
}

#[test]
fn a_log_is_not_played_into_an_older_copy() {
    let scene = Scene::new(scenes::newcomers(), "sync");
    let writes: Vec<u64> = (1..=61).step_by(6).collect();
    each(&writes, |write| {
        let hotel = scene.hotel();
        change(&hotel, TO_WAL);
        let older = fs::read(hotel.path("state.db")).unwrap();
        hotel.run_with(&[("FAULTS_KILL", &format!("write:{write}"))], "sync");
        later();
        fs::write(hotel.path("state.db"), older).unwrap();
        scene.recovers(&hotel, &format!("killed at write {write}, the state is older"));
    });
}

#[test]
fn the_log_of_another_state_is_set_aside_whatever_mode_the_copy_is_in() {
    let scene = Scene::new(scenes::newcomers(), "sync");
    for mode in ["WAL", "DELETE"] {
        let hotel = scene.hotel();
        change(&hotel, &format!("PRAGMA journal_mode = {mode}"));
        let older = fs::read(hotel.path("state.db")).unwrap();
        hotel.run("sync").expect(0);
        leave_a_log(&hotel);
        fs::write(hotel.path("state.db"), older).unwrap();
        hotel.run("status").expect(0);
        assert!(hotel.path("state.db-wal.foreign").exists(), "{mode}");
        scene.recovers(&hotel, mode);
    }
}

#[test]
fn a_kill_while_the_state_is_switched_back_costs_nothing() {
    let scene = Scene::new(scenes::newcomers(), "sync");
    let writes: Vec<u64> = (1..=40).step_by(3).collect();
    each(&writes, |write| {
        let hotel = scene.hotel();
        leave_a_log(&hotel);
        let killed = hotel.run_with(&[("FAULTS_KILL", &format!("write:{write}"))], "sync");
        assert!(killed.was_killed(), "{write}: {}", killed.output());
        later();
        hotel.run("status").expect(0);
        assert!(!hotel.path("state.db-wal.foreign").exists(), "{write}");
        scene.recovers(&hotel, &format!("killed at write {write}"));
    });
}

#[test]
fn what_takes_the_place_of_the_log_is_refused() {
    for place in ["state.db-wal", "state.db-shm"] {
        let hotel = scenes::newcomers().copy();
        fs::create_dir(hotel.path(place)).unwrap();
        for command in ["sync", "status"] {
            let ended = hotel.run(command).expect(3);
            assert!(ended.stderr.contains(place), "{place}: {}", ended.stderr);
        }
    }
}
