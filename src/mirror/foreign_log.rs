//! Finds a mirror that was replaced while the log of the old file stayed beside it: SQLite then
//! shows the old rows.
//!
//! Such a log is older than the file, and has pages that the file does not have. A log that was
//! copied into its file is older too, but all its pages are in the file.

use std::fs::{self, File, Metadata};
use std::io;
use std::path::Path;

use crate::platform::regular_file;
use crate::platform::sidecar_path::sidecar_path;
use crate::platform::write_ahead_log::{LOG_HEADER, Log};

/// Whether the log beside the mirror belongs to another file. Not while the mirror is open: a
/// process that closes a file gives up all its locks on it.
pub fn has_foreign_log(mirror: &Path) -> bool {
    compare(mirror, &sidecar_path(mirror, "-wal")).unwrap_or(false)
}

fn compare(mirror: &Path, log: &Path) -> io::Result<bool> {
    let file = fs::metadata(mirror)?;
    let beside = fs::metadata(log)?;
    if !file.is_file() || beside.len() <= LOG_HEADER || !is_older(&beside, &file)? {
        return Ok(false);
    }
    let mut log = Log::read(regular_file::read(log)?)?;
    let mut mirror = File::open(mirror)?;
    for (page, place) in log.committed() {
        if !log.is_copied(page, place, &mut mirror)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Written before the file was, or before there was this file.
fn is_older(log: &Metadata, file: &Metadata) -> io::Result<bool> {
    let written = log.modified()?;
    let is_new_file = match (log.created(), file.created()) {
        (Ok(log), Ok(file)) => file > written && file > log,
        _ => false,
    };
    Ok(is_new_file || file.modified()? > written)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::thread::sleep;
    use std::time::Duration;

    use rusqlite::Connection;
    use tempfile::TempDir;

    use super::*;

    /// A mirror in WAL mode whose last write stands in the log alone.
    fn mirror() -> (TempDir, PathBuf, Connection) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mirror.db");
        let filler = Connection::open(&path).unwrap();
        filler
            .execute_batch(
                "PRAGMA journal_mode = WAL; CREATE TABLE guests (name TEXT);
                 PRAGMA wal_checkpoint; INSERT INTO guests VALUES ('Белова')",
            )
            .unwrap();
        (folder, path, filler)
    }

    /// A tick of the file system's clock, and more.
    fn later() {
        sleep(Duration::from_millis(50));
    }

    #[test]
    fn a_file_that_was_put_in_place_of_another_is_told_from_its_log() {
        let (folder, path, filler) = mirror();
        let other = folder.path().join("other.db");
        Connection::open(&other).unwrap().execute_batch("CREATE TABLE guests (name TEXT)").unwrap();
        assert!(!has_foreign_log(&path));
        later();
        fs::copy(&other, &path).unwrap();
        assert!(has_foreign_log(&path), "written over");
        fs::remove_file(&path).unwrap();
        fs::rename(&other, &path).unwrap();
        assert!(has_foreign_log(&path), "moved there");
        drop(filler);
    }

    #[test]
    fn a_log_of_the_files_own_is_never_foreign() {
        let (_folder, path, filler) = mirror();
        later();
        assert!(!has_foreign_log(&path), "not carried over yet");
        filler.query_row("PRAGMA wal_checkpoint", [], |_| Ok(())).unwrap();
        assert!(fs::metadata(sidecar_path(&path, "-wal")).unwrap().len() > 0);
        assert!(!has_foreign_log(&path), "carried over");
        drop(filler);
        assert!(!has_foreign_log(&path), "no log");
        assert!(!has_foreign_log(Path::new("/nowhere/mirror.db")));
    }
}
