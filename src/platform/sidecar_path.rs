//! What lies around a file: its folder, and the files that belong to it, as the lock of a state does, and what SQLite
//! keeps beside a database.

use std::path::{Path, PathBuf};

/// `state.db` -> `state.db.lock`, beside the file that a link leads to, where SQLite too puts its own.
pub(crate) fn sidecar_path(file: &Path, suffix: &str) -> PathBuf {
    let mut path = file.canonicalize().unwrap_or_else(|_| file.to_owned()).into_os_string();
    path.push(suffix);
    path.into()
}

/// The folder of a file.
pub(crate) fn parent_dir(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(all(test, unix))]
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
