//! The program's files as they lie on the disk at a moment.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use ecvi_b24::state::State;

use crate::hotel::make_mirror;
use crate::run::folder;

/// The files of a folder.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files(BTreeMap<OsString, Vec<u8>>);

impl Files {
    /// As they are now.
    pub(crate) fn of(folder: &Path) -> Files {
        let mut files = BTreeMap::new();
        for entry in fs::read_dir(folder).expect("a folder") {
            let entry = entry.expect("a file");
            files.insert(entry.file_name(), fs::read(entry.path()).expect("a file"));
        }
        Files(files)
    }

    /// What stands in a file.
    pub(crate) fn get(&self, path: &Path) -> Option<&Vec<u8>> {
        self.0.get(path.file_name()?)
    }

    /// Makes the folder as it was. A file that has not changed is not written: the program goes by
    /// when its mirror was.
    pub(crate) fn put_into(&self, folder: &Path) {
        let there = Files::of(folder);
        for name in there.0.keys().filter(|name| !self.0.contains_key(*name)) {
            fs::remove_file(folder.join(name)).expect("removed");
        }
        for (name, bytes) in &self.0 {
            if there.0.get(name) != Some(bytes) {
                fs::write(folder.join(name), bytes).expect("written");
            }
        }
    }
}

/// The files of a hotel that begins. To make their tables costs as much as a run does: they are
/// made once, and copied.
pub(crate) struct NewFiles {
    pub(crate) mirror: Vec<u8>,
    /// As the program makes it.
    pub(crate) state: Vec<u8>,
}

pub(crate) fn new_files() -> &'static NewFiles {
    static NEW: OnceLock<NewFiles> = OnceLock::new();
    NEW.get_or_init(|| {
        let folder = folder();
        let [mirror, state] = ["mirror.db", "state.db"].map(|name| folder.path().join(name));
        make_mirror(&mirror).expect("a mirror");
        drop(State::open(&state).expect("a state"));
        let read = |path| fs::read(path).expect("a file");
        NewFiles { mirror: read(mirror), state: read(state) }
    })
}
