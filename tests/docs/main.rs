//! The documents cannot rot: what they say of the program is compared with the program.
//!
//! `UPDATE_DOCS=1 cargo test --test docs` writes what the program says now into the documents: the
//! terminal's output in the README, its pictures, the catalogue of codes.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails it")]

mod codes;
mod configuration;
mod direction;
mod facts;
mod links;
mod markdown;
mod packages;
mod pictures;
mod readme;
mod terminal;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The language is the process's: a configuration may choose it while another test listens.
static LANGUAGE: Mutex<()> = Mutex::new(());

fn language() -> MutexGuard<'static, ()> {
    LANGUAGE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A file of the repository.
fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The document is as it should be, or is made so where the writer asked for it.
fn assert_current(name: &str, wanted: &str) {
    let text = std::fs::read_to_string(path(name)).unwrap_or_default();
    if text == wanted {
        return;
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path(name), wanted).unwrap();
    } else {
        let line = text.lines().zip(wanted.lines()).find(|(is, wanted)| is != wanted);
        panic!(
            "{name} is not what the program says, run UPDATE_DOCS=1 cargo test --test docs: {line:#?}"
        );
    }
}
