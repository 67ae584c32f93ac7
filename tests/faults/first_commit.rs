//! The first commits of a new state: killed at each write, and looked at while they are under way.

use std::fs;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::hotel::Hotel;
use crate::parallel_runs::each;
use crate::program::Victim;
use crate::scene::Scene;

/// More than the first commit has.
const WRITES: u64 = 50;

#[test]
fn a_new_state_comes_through_a_kill_at_each_of_its_first_writes() {
    let scene = Scene::new(Hotel::new(), "initial-export");
    let writes: Vec<u64> = (1..=WRITES).collect();
    each(&writes, |write| {
        let hotel = scene.hotel();
        let killed =
            hotel.run_with(&[("FAULTS_KILL", &format!("write:{write}"))], "initial-export");
        assert!(killed.was_killed(), "{write}: {}", killed.output());
        let looked = hotel.run("status");
        assert_eq!(looked.code, Some(0), "status after write {write}: {}", looked.output());
        scene.recovers(&hotel, &format!("killed at write {write}"));
        assert!(!hotel.path("state.db-journal.foreign").exists(), "{write}");
    });
}

#[test]
fn a_status_beside_the_first_commits_leaves_their_journal_alone() {
    let scene = Scene::new(Hotel::new(), "initial-export");
    let writes: Vec<u64> = (1..=WRITES).step_by(2).collect();
    each(&writes, |write| {
        let (hotel, victim) = (scene.hotel(), Victim::default());
        let export =
            hotel.start(&victim, &[("FAULTS_STOP", &format!("write:{write}"))], "initial-export");
        let process = stopped(&victim);
        thread::scope(|scope| {
            let look = scope.spawn(|| hotel.aside("status"));
            // It waits for the commit, or has looked already.
            sleep(Duration::from_millis(300));
            kill_process(process, Signal::CONT).unwrap();
            let looked = look.join().unwrap();
            assert_eq!(looked.code, Some(0), "status at write {write}: {}", looked.output());
        });
        export.join().unwrap().expect(0);
        assert!(!hotel.path("state.db-journal.foreign").exists(), "{write}");
        scene.recovers(&hotel, &format!("looked at when at write {write}"));
    });
}

/// The process, once it stands still.
pub(crate) fn stopped(victim: &Victim) -> Pid {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let id = victim.id();
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        if id > 0 && stat.contains(") T ") {
            return Pid::from_raw(i32::try_from(id).unwrap()).unwrap();
        }
        assert!(Instant::now() < end, "it does not come to this write");
        sleep(Duration::from_millis(5));
    }
}
