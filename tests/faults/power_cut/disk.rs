//! What lies in a folder: files with their bytes and modes.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file without its name.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Content {
    pub(crate) bytes: Arc<Vec<u8>>,
    pub(crate) mode: u32,
}

/// The files of a folder by their paths below it.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Disk {
    pub(crate) files: BTreeMap<PathBuf, Content>,
}

/// What the program's output is redirected into.
const OUTPUT: [&str; 2] = ["stdout", "stderr"];

impl Disk {
    /// Reads a folder, and the folders in it.
    pub(crate) fn read(folder: &Path) -> Disk {
        let files = files_below(folder).into_iter().map(|path| {
            let content = Content {
                bytes: Arc::new(fs::read(folder.join(&path)).unwrap()),
                mode: fs::metadata(folder.join(&path)).unwrap().mode() & 0o7777,
            };
            (path, content)
        });
        Disk { files: files.collect() }
    }

    /// Replaces all files of a folder.
    pub(crate) fn write(&self, folder: &Path) {
        for path in files_below(folder) {
            fs::remove_file(folder.join(path)).unwrap();
        }
        for (path, content) in &self.files {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &*content.bytes).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(content.mode)).unwrap();
        }
    }

    pub(crate) fn bytes(&self, path: &str) -> Option<&[u8]> {
        self.files.get(Path::new(path)).map(|content| content.bytes.as_slice())
    }

    /// The same for equal disks.
    pub(crate) fn hash(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        Hash::hash(self, &mut hasher);
        hasher.finish()
    }

    /// Where the two differ, for people.
    pub(crate) fn differences(&self, other: &Disk) -> Vec<String> {
        let paths = self.files.keys().chain(other.files.keys().filter(|path| !self.has(path)));
        let differ = paths.filter(|path| self.files.get(*path) != other.files.get(*path));
        let shown = |disk: &Disk, path: &Path| {
            disk.files.get(path).map_or("absent".to_owned(), |content| {
                format!("{} bytes, mode {:o}", content.bytes.len(), content.mode)
            })
        };
        differ
            .map(|path| {
                format!("{}: {} and {}", path.display(), shown(self, path), shown(other, path))
            })
            .collect()
    }

    fn has(&self, path: &Path) -> bool {
        self.files.contains_key(path)
    }
}

/// Paths below the folder.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(below) = folders.pop() {
        for entry in fs::read_dir(folder.join(&below)).unwrap() {
            let entry = entry.unwrap();
            let path = below.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                folders.push(path);
            } else if !OUTPUT.iter().any(|output| path == Path::new(output)) {
                files.push(path);
            }
        }
    }
    files
}
