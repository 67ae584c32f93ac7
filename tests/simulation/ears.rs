//! What the program says on the way: no line shows the secret, and at any line the process may die.

use std::cell::Cell;
use std::panic::resume_unwind;
use std::sync::Once;

use log::{LevelFilter, Log, Metadata, Record};

use crate::coverage;
use crate::wire::Killed;
use crate::world::SECRET;

thread_local! {
    /// Lines until the process of this thread dies.
    static LEFT: Cell<Option<u32>> = const { Cell::new(None) };
    static TOLD: Cell<bool> = const { Cell::new(false) };
}

struct Ears;

impl Log for Ears {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let line = record.args().to_string();
        if line.contains(SECRET) {
            TOLD.set(true);
        }
        coverage::hear(&line);
        match LEFT.get() {
            Some(0) => {
                LEFT.set(None);
                resume_unwind(Box::new(Killed));
            }
            Some(left) => LEFT.set(Some(left - 1)),
            None => {}
        }
    }

    fn flush(&self) {}
}

/// Listens to everything that is said from now on, on all threads.
pub(crate) fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log::set_logger(&Ears).expect("nobody else listens");
        log::set_max_level(LevelFilter::Debug);
    });
}

/// The process dies at its line of this number, where it says so many; `None`: it lives.
pub(crate) fn die_at_line(line: Option<u32>) {
    LEFT.set(line);
}

/// Whether the secret was told.
pub(crate) fn secret_was_told() -> bool {
    TOLD.get()
}
