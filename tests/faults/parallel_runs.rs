//! Several runs at a time: most of a run is waiting.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

const THREADS: usize = 6;

/// Does it for 1, 2, 3 and so on, until it says that nothing was left to do. Returns how often
/// something was.
pub(crate) fn enumerate(attempt: impl Fn(u64) -> bool + Sync) -> u64 {
    let (next, done, effective) = (AtomicU64::new(1), AtomicBool::new(false), AtomicU64::new(0));
    let worker = || {
        while !done.load(Ordering::SeqCst) {
            if attempt(next.fetch_add(1, Ordering::SeqCst)) {
                effective.fetch_add(1, Ordering::SeqCst);
            } else {
                done.store(true, Ordering::SeqCst);
            }
        }
    };
    on_all_threads(&worker);
    effective.into_inner()
}

/// Does it with each of these.
pub(crate) fn each<T: Sync>(items: &[T], work: impl Fn(&T) + Sync) {
    let next = AtomicU64::new(0);
    let worker = || {
        while let Some(item) = items.get(next.fetch_add(1, Ordering::SeqCst) as usize) {
            work(item);
        }
    };
    on_all_threads(&worker);
}

fn on_all_threads(worker: &(impl Fn() + Sync)) {
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(worker);
        }
    });
}
