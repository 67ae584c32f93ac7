//! Paths beside a file: its folder, the lock of a state, and the files that SQLite keeps beside a
//! database.

use std::io;
use std::path::{Path, PathBuf};

/// `state.db` -> `state.db.lock`. Of a link, it lies beside the target, as SQLite's own files do.
pub(crate) fn sidecar_path(file: &Path, suffix: &str) -> PathBuf {
    let mut path = file.canonicalize().unwrap_or_else(|_| file.to_owned()).into_os_string();
    path.push(suffix);
    path.into()
}

pub(crate) fn parent_dir(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The path without links to folders. What it ends with may be a link still.
pub(crate) fn in_real_folder(file: &Path) -> io::Result<PathBuf> {
    let folder = parent_dir(file).canonicalize()?;
    Ok(match file.file_name() {
        Some(name) => folder.join(name),
        None => folder,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_beside_a_link_lies_beside_what_it_leads_to() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        let (file, link) = (folder.join("real.db"), folder.join("link.db"));
        std::fs::write(&file, "").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert_eq!(sidecar_path(&link, "-wal"), folder.join("real.db-wal"));
        assert_eq!(sidecar_path(&folder.join("new.db"), ".lock"), folder.join("new.db.lock"));
    }
}
