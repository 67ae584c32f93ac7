//! The program's files as they lie on the disk at a moment.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

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
