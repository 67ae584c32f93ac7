//! A program of its own process that gets a signal.

use std::process::{Child, Output};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// A signal that comes before the program is ready for it ends it like any other program. What the
/// program does begins right afterwards.
pub(crate) fn wait_until_signals_are_caught(child: &Child) {
    let status = format!("/proc/{}/status", child.id());
    let terminate = 1_u64 << (Signal::TERM.as_raw() - 1);
    for _ in 0..200 {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let caught = text.lines().find_map(|line| line.strip_prefix("SigCgt:"));
        let mask = caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        if mask.is_some_and(|mask| mask & terminate != 0) {
            break;
        }
        sleep(Duration::from_millis(50));
    }
    sleep(Duration::from_millis(500));
}

pub(crate) fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// Kills the child if it does not end by itself.
pub(crate) fn ends_within(mut child: Child, patience: Duration) -> Output {
    let began = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if began.elapsed() > patience {
            child.kill().unwrap();
        }
        sleep(Duration::from_millis(20));
    }
    child.wait_with_output().unwrap()
}
