//! A stamp of the mirror's files. As long as it stays the same, nothing in them changed, and a run
//! need not open them.
//!
//! A program that writes into a file, replaces it, moves it or restores it leaves another change
//! time, which no program can choose, or another file number. That alone would miss three cases:
//!
//! - Two changes within one tick of the file system's clock have the same time. So a file that
//!   changed a moment ago has no stamp.
//! - The machine's clock may be set back to that tick. So the stamp has the first bytes of the
//!   file, in which `SQLite` counts its changes.
//! - In WAL mode a change goes into a log, and readers see it only when the log is safe on the
//!   disk. So the stamp has the first bytes of the log's index: what readers see, with a checksum.
//!
//! A rollback journal does not matter: a reader sees either what is in the file or nothing at all.

use std::fs;
use std::hash::Hasher;
use std::io::{self, Read};
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};

use crate::platform::hash::Fingerprint;
use crate::platform::regular_file;
use crate::platform::sidecar_path::sidecar_path;

/// Longer than a tick of any file system; FAT has the longest, with two seconds.
const MIN_AGE: TimeDelta = TimeDelta::seconds(5);

/// These first bytes have the change counter of a `SQLite` file, and of a log's index both copies
/// of its header.
const HEADER: u64 = 96;

/// The same number for files in which nothing changed in between. None where that is not certain:
/// the mirror changed within the last seconds, or a file cannot be read.
///
/// To be taken before the mirror is opened, so that a change in between shows the next time. Not
/// while it is open: a process that closes a file gives up all its locks on it.
pub fn file_stamp(mirror: &Path, now: DateTime<Utc>) -> Option<u64> {
    // SQLite looks for the other files beside what a link points to.
    let mirror = fs::canonicalize(mirror).ok()?;
    // Opening a pipe would wait for a program that writes into it.
    if !fs::metadata(&mirror).ok()?.is_file() {
        return None;
    }
    let mut print = Fingerprint::default();
    print.text(&mirror.to_string_lossy());
    print.write_u64(stat_hash(&mirror, Some(now))?);
    print.write(&read_header(&mirror).ok()?);
    let log = sidecar_path(&mirror, "-wal");
    if log.exists() {
        // Not by its change time: SQLite moves that when root reads.
        print.write_u64(stat_hash(&log, None)?);
        print.write(&read_header(&sidecar_path(&mirror, "-shm")).ok()?);
    }
    Some(print.finish())
}

/// A hash of what the system says of a file. With `now` its change time counts, and must not be
/// shortly before it.
fn stat_hash(path: &Path, now: Option<DateTime<Utc>>) -> Option<u64> {
    use std::os::unix::fs::MetadataExt;
    let file = fs::metadata(path).ok()?;
    let mut print = Fingerprint::default();
    print.write_u64(file.dev());
    print.write_u64(file.ino());
    print.write_u64(file.size());
    print.write_i64(file.mtime());
    print.write_i64(file.mtime_nsec());
    if let Some(now) = now {
        print.write_i64(file.ctime());
        print.write_i64(file.ctime_nsec());
        let nanoseconds = u32::try_from(file.ctime_nsec()).ok()?;
        let changed = DateTime::from_timestamp(file.ctime(), nanoseconds)?;
        if (now - changed).abs() < MIN_AGE {
            return None;
        }
    }
    Some(print.finish())
}

fn read_header(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    regular_file::read(path)?.take(HEADER).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::path::PathBuf;

    use rusqlite::{Connection, OpenFlags};
    use tempfile::TempDir;

    use super::*;

    /// A mirror of a table with a row, in this journal mode.
    fn mirror(mode: &str) -> (TempDir, PathBuf, Connection) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mirror.db");
        let writer = Connection::open(&path).unwrap();
        writer.pragma_update(None, "journal_mode", mode).unwrap();
        writer
            .execute_batch("CREATE TABLE guests (name TEXT); INSERT INTO guests VALUES ('Белова')")
            .unwrap();
        (folder, path, writer)
    }

    /// Seen a minute from now.
    fn seen(path: &Path) -> Option<u64> {
        file_stamp(path, Utc::now() + TimeDelta::minutes(1))
    }

    #[test]
    fn files_in_which_nothing_changed_look_as_before() {
        for mode in ["delete", "truncate", "persist", "wal"] {
            let (_folder, path, writer) = mirror(mode);
            let before = seen(&path);
            assert!(before.is_some(), "{mode}");
            let reader =
                Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
            reader.query_row("SELECT name FROM guests", [], |_| Ok(())).unwrap();
            drop(reader);
            assert_eq!(seen(&path), before, "{mode}");
            drop(writer);
        }
    }

    #[test]
    fn each_write_shows_in_every_journal_mode() {
        for mode in ["delete", "truncate", "persist", "wal"] {
            let (_folder, path, writer) = mirror(mode);
            let mut before = seen(&path);
            for name in ["Гостев", "Орлова", "Гостев"] {
                writer.execute("UPDATE guests SET name = ?1", [name]).unwrap();
                assert_ne!(seen(&path), before, "{mode}");
                before = seen(&path);
            }
        }
    }

    #[test]
    fn a_write_that_readers_are_shown_later_shows_then() {
        let (folder, path, writer) = mirror("wal");
        let index = folder.path().join("mirror.db-shm");
        let before_write = fs::read(&index).unwrap();
        writer.execute("UPDATE guests SET name = 'Гостев'", []).unwrap();
        let shown = fs::read(&index).unwrap();
        // The log has the change, and its time, while the index does not lead to it yet.
        fs::write(&index, before_write).unwrap();
        let before = seen(&path);
        fs::write(&index, shown).unwrap();
        assert_ne!(seen(&path), before);
    }

    #[test]
    fn nothing_is_said_of_a_log_without_an_index() {
        let (folder, path, writer) = mirror("wal");
        let (log, copy) = (folder.path().join("mirror.db-wal"), folder.path().join("copy.db"));
        fs::copy(&path, &copy).unwrap();
        fs::copy(log, folder.path().join("copy.db-wal")).unwrap();
        drop(writer);
        assert_eq!(seen(&copy), None);
    }

    #[test]
    fn what_moves_from_the_log_into_the_file_shows() {
        let (_folder, path, writer) = mirror("wal");
        let before = seen(&path);
        writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        assert_ne!(seen(&path), before);
    }

    #[test]
    fn another_file_of_the_same_size_and_time_is_another() {
        let (folder, path, writer) = mirror("delete");
        drop(writer);
        let (copy, time) =
            (folder.path().join("copy.db"), fs::metadata(&path).unwrap().modified().unwrap());
        fs::copy(&path, &copy).unwrap();
        File::options().write(true).open(&copy).unwrap().set_modified(time).unwrap();
        let before = seen(&path);
        fs::rename(&copy, &path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), time);
        assert_ne!(seen(&path), before);
    }

    #[test]
    fn a_backup_that_is_written_over_the_file_shows_though_its_time_is_set_back() {
        let (_folder, path, writer) = mirror("delete");
        drop(writer);
        let (backup, time) =
            (fs::read(&path).unwrap(), fs::metadata(&path).unwrap().modified().unwrap());
        let before = seen(&path);
        fs::write(&path, backup).unwrap();
        File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
        assert_ne!(seen(&path), before);
    }

    #[test]
    fn a_link_that_is_led_to_another_file_shows() {
        let (folder, path, _writer) = mirror("delete");
        let (other, link) = (mirror("delete"), folder.path().join("link.db"));
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let before = seen(&link);
        assert_eq!(before, seen(&path));
        fs::remove_file(&link).unwrap();
        std::os::unix::fs::symlink(&other.1, &link).unwrap();
        assert_ne!(seen(&link), before);
    }

    #[test]
    fn nothing_is_said_of_a_file_that_changed_a_moment_ago_or_cannot_be_seen() {
        let (folder, path, _writer) = mirror("delete");
        assert_eq!(file_stamp(&path, Utc::now()), None);
        assert_eq!(seen(&folder.path().join("none.db")), None);
    }

    /// The clock was set back since: the time of the file is in the future.
    #[test]
    fn a_time_in_the_future_is_long_ago_too() {
        let (_folder, path, _writer) = mirror("delete");
        assert_eq!(file_stamp(&path, Utc::now() - TimeDelta::hours(1)), seen(&path));
    }
}
