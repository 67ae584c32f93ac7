//! What the program says on the way: no line shows the secret, and no warning or error a person's
//! name.

use std::cell::RefCell;
use std::sync::Once;

use log::{Level, LevelFilter, Log, Metadata, Record};

use crate::hotel::{PERSON, SECRET};

thread_local! {
    static TOLD: RefCell<Option<String>> = const { RefCell::new(None) };
}

struct LogLines;

impl Log for LogLines {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let line = record.args().to_string();
        // Warnings and errors are what the default level shows.
        if line.contains(SECRET) || (record.level() <= Level::Warn && line.contains(PERSON)) {
            TOLD.set(Some(line));
        }
    }

    fn flush(&self) {}
}

/// Listens to everything that is said from now on, on all threads.
pub(crate) fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log::set_logger(&LogLines).unwrap();
        log::set_max_level(LevelFilter::Debug);
    });
}

/// A line that should not have been said on this thread.
pub(crate) fn told() -> Option<String> {
    TOLD.take()
}
