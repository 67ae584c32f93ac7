//! What `recorder.c` wrote down.

use std::path::{Path, PathBuf};

/// One thing that the program did to its files. `file` is the number of an inode, which the system
/// gives again to another file later. Paths are below the folder, which itself is the empty one.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Create { file: u64, path: PathBuf },
    Change { file: u64, change: Change },
    Sync { file: u64 },
    SyncFolder { folder: PathBuf },
    Rename { from: PathBuf, to: PathBuf },
    Link { from: PathBuf, to: PathBuf },
    Unlink { path: PathBuf },
}

/// What a file has on the disk once it is synchronised, and perhaps before.
#[derive(Clone)]
pub(crate) enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Resize { length: usize },
    Mode { mode: u32 },
}

impl std::fmt::Debug for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Change::Write { at, bytes } => write!(f, "write {at} {}", bytes.len()),
            Change::Resize { length } => write!(f, "resize {length}"),
            Change::Mode { mode } => write!(f, "mode {mode:o}"),
        }
    }
}

/// The events of a log, and how many bytes of it each of them ends with.
pub(crate) fn parse(log: &[u8], folder: &Path) -> Vec<(usize, Event)> {
    let mut events = Vec::new();
    let mut rest = log;
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let line = std::str::from_utf8(&rest[..end]).unwrap();
        let (event, data) = event(line, &rest[end + 1..], folder);
        rest = &rest[end + 1 + data..];
        events.push((log.len() - rest.len(), event));
    }
    assert!(rest.is_empty());
    events
}

/// The event of a line, and how many bytes of data follow it.
fn event(line: &str, data: &[u8], folder: &Path) -> (Event, usize) {
    let words: Vec<&str> = line.split(' ').collect();
    let number = |at: usize| words[at].parse::<u64>().unwrap();
    let size = |at: usize| words[at].parse::<usize>().unwrap();
    let path = |at: usize| Path::new(words[at]).strip_prefix(folder).unwrap().to_owned();
    let change = |change: Change| Event::Change { file: number(1), change };
    let event = match words[0] {
        "create" => Event::Create { file: number(1), path: path(2) },
        "resize" => change(Change::Resize { length: size(2) }),
        "mode" => change(Change::Mode { mode: words[2].parse().unwrap() }),
        "sync" => Event::Sync { file: number(1) },
        "syncdir" => Event::SyncFolder { folder: path(1) },
        "rename" => Event::Rename { from: path(1), to: path(2) },
        "link" => Event::Link { from: path(1), to: path(2) },
        "unlink" => Event::Unlink { path: path(1) },
        "write" => {
            let (at, length) = (size(2), size(3));
            let bytes = data[..length].to_vec();
            return (change(Change::Write { at, bytes }), length);
        }
        other => panic!("{other}"),
    };
    (event, 0)
}
