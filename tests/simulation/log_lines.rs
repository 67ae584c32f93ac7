//! What the program says on the way: no line shows the secret, and at any line the process may die.

use std::cell::{Cell, RefCell};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::Once;

use log::{LevelFilter, Log, Metadata, Record};

use crate::coverage;
use crate::files::Files;
use crate::wire::Killed;
use crate::world::SECRET;

thread_local! {
    /// Lines until the process of this thread dies.
    static LINES: Cell<Option<u32>> = const { Cell::new(None) };
    static TOLD: Cell<bool> = const { Cell::new(false) };
    /// Commits of the run so far.
    static COMMITS: Cell<u32> = const { Cell::new(0) };
    /// The commit that the process of this thread does not live to see, and where its files are.
    static LAST_COMMIT: RefCell<Option<(u32, PathBuf)>> = const { RefCell::new(None) };
    /// The files of a process that died before a commit.
    static LEFT: RefCell<Option<Files>> = const { RefCell::new(None) };
}

/// Said before each commit of the state.
const COMMIT: &str = "the state is saved";

struct LogLines;

impl Log for LogLines {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let line = record.args().to_string();
        if line.contains(SECRET) {
            TOLD.set(true);
        }
        if line == COMMIT {
            return commit();
        }
        if is_dead() {
            resume_unwind(Box::new(Killed));
        }
        coverage::hear(&line);
        match LINES.get() {
            Some(0) => {
                LINES.set(None);
                resume_unwind(Box::new(Killed));
            }
            Some(left) => LINES.set(Some(left - 1)),
            None => {}
        }
    }

    fn flush(&self) {}
}

/// Listens to everything that is said from now on, on all threads.
pub(crate) fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log::set_logger(&LogLines).expect("nobody else listens");
        log::set_max_level(LevelFilter::Debug);
    });
}

/// The process dies at its line of this number, where it says so many; `None`: it lives.
pub(crate) fn die_at_line(line: Option<u32>) {
    LINES.set(line);
}

/// A run begins, with its files in this folder; the process dies before its commit of this number.
pub(crate) fn die_at_commit(folder: &Path, commit: Option<u32>) {
    COMMITS.set(0);
    LEFT.set(None);
    LAST_COMMIT.set(commit.map(|commit| (commit, folder.to_owned())));
}

/// `SQLite` lets nobody unwind through it: what the process does from here on is taken back, and
/// it gets no further than to its next line or request.
fn commit() {
    COMMITS.set(COMMITS.get() + 1);
    LAST_COMMIT.with_borrow(|last| {
        if let Some((commit, folder)) = last
            && *commit == COMMITS.get()
        {
            LEFT.set(Some(Files::of(folder)));
        }
    });
}

/// Commits since the run began.
pub(crate) fn commits() -> u32 {
    COMMITS.get()
}

/// Whether the process died before a commit.
pub(crate) fn is_dead() -> bool {
    LEFT.with_borrow(Option::is_some)
}

/// The files of the process that died before a commit.
pub(crate) fn left_behind() -> Option<Files> {
    LAST_COMMIT.set(None);
    LEFT.take()
}

/// Whether the secret was told.
pub(crate) fn secret_was_told() -> bool {
    TOLD.get()
}
