//! The log of another file beside the state.
//!
//! The state is never in WAL mode for long: a run switches it back. Where another program switched
//! it over, a process that is killed leaves a log, `state.db-wal`. If the file is replaced by a
//! copy then, `SQLite` would play that log into the copy without a word, whatever mode the copy is
//! in.
//!
//! A log of the file's own was written after the file: changes stand in the log until they are
//! copied into the file. They are copied page by page, from the first one on, so where the file is
//! newer it has the first page as the log has it.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use super::error::OpenError;
use super::stale_journal::open_journal;
use crate::domain::messages::{Message, StateMessage};
use crate::platform::sidecar_path::sidecar_path;
use crate::platform::write_ahead_log::Log;
use crate::platform::{range_lock, regular_file};

/// Where a database has the version that is needed to read it, and that of WAL mode
/// (<https://www.sqlite.org/fileformat2.html>, section 1.3.3).
const READ_VERSION: u64 = 19;
const WAL_MODE: u8 = 2;

/// Renames a log that does not belong to this file.
pub(super) fn set_aside(state: &Path) -> Result<(), OpenError> {
    if !has_foreign_log(state)? {
        return Ok(());
    }
    let file = regular_file::open(state, OpenOptions::new().read(true).write(true))?;
    // A program that uses the log locks one of these bytes for as long as it has the state open.
    if !range_lock::try_lock(&file, range_lock::DATABASE)? || !has_foreign_log(state)? {
        return Ok(());
    }
    let aside = sidecar_path(state, "-wal.foreign");
    fs::rename(sidecar_path(state, "-wal"), &aside)?;
    let told = StateMessage::ForeignJournal { path: aside.display().to_string() };
    log::warn!("{}", Message::from(told));
    // The index of that log: nothing is in it that the log does not have. SQLite writes it anew.
    drop(fs::remove_file(sidecar_path(state, "-shm")));
    Ok(())
}

fn has_foreign_log(state: &Path) -> Result<bool, OpenError> {
    open_journal(&sidecar_path(state, "-shm"))?;
    let Some(log) = open_journal(&sidecar_path(state, "-wal"))? else { return Ok(false) };
    let mut file = regular_file::read(state)?;
    if file.metadata()?.len() == 0 {
        // SQLite removes the log itself.
        return Ok(false);
    }
    let is_older = !is_newer(&log.metadata()?, &file.metadata()?);
    let Ok(mut log) = Log::read(log) else { return Ok(false) };
    let Some((page, place)) = log.committed().pop_first() else { return Ok(false) };
    if !is_in_wal_mode(&file)? {
        return Ok(true);
    }
    Ok(is_older && !log.is_copied(page, place, &mut file)?)
}

/// By the time that a copy cannot keep. Of two files of one tick of the clock, nobody knows.
fn is_newer(log: &Metadata, file: &Metadata) -> bool {
    (log.ctime(), log.ctime_nsec()) > (file.ctime(), file.ctime_nsec())
}

fn is_in_wal_mode(file: &File) -> io::Result<bool> {
    let mut version = [0];
    let read = file.read_at(&mut version, READ_VERSION)?;
    Ok(read == 1 && version == [WAL_MODE])
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::thread::sleep;
    use std::time::Duration;

    use rusqlite::Connection;
    use tempfile::TempDir;

    use super::*;

    /// A file in WAL mode with three rows, of which the last one stands in its log alone, as a
    /// process leaves it that is killed.
    fn killed(and_then: &str) -> (TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let [lived, state] = ["lived.db", "state.db"].map(|name| folder.path().join(name));
        let connection = Connection::open(&lived).unwrap();
        let sql = "PRAGMA journal_mode = WAL; CREATE TABLE t (x); INSERT INTO t VALUES (1), (2);
                   PRAGMA wal_checkpoint(TRUNCATE); INSERT INTO t VALUES (3);";
        connection.execute_batch(&format!("{sql} {and_then}")).unwrap();
        for suffix in ["", "-wal"] {
            fs::copy(sidecar_path(&lived, suffix), sidecar_path(&state, suffix)).unwrap();
            later();
        }
        (folder, state)
    }

    /// A tick of the file system's clock, and more.
    fn later() {
        sleep(Duration::from_millis(30));
    }

    /// Something is done to the file, and its log is older then.
    fn touch(state: &Path) {
        later();
        fs::set_permissions(state, fs::metadata(state).unwrap().permissions()).unwrap();
    }

    /// How many rows there are, and whether a log was set aside before they were read.
    fn rows(state: &Path) -> (i64, bool) {
        set_aside(state).unwrap();
        let is_aside = sidecar_path(state, "-wal.foreign").exists();
        assert_eq!(is_aside, !sidecar_path(state, "-wal").exists());
        let connection = Connection::open(state).unwrap();
        (connection.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap(), is_aside)
    }

    #[test]
    fn a_files_own_log_is_left_to_sqlite() {
        let (_folder, state) = killed("");
        assert_eq!(rows(&state), (3, false));
        let (_folder, state) = killed("PRAGMA wal_checkpoint");
        fs::copy(&state, state.with_extension("copy")).unwrap();
        fs::rename(state.with_extension("copy"), &state).unwrap();
        assert_eq!(rows(&state), (3, false), "copied into the file");
    }

    #[test]
    fn the_log_of_a_file_that_was_replaced_is_set_aside() {
        for (mode, is_its_time_kept) in
            [("WAL", false), ("WAL", true), ("DELETE", false), ("DELETE", true)]
        {
            let (folder, state) = killed("");
            let older = folder.path().join("older.db");
            let sql = format!("PRAGMA journal_mode = {mode}; CREATE TABLE t (x)");
            Connection::open(&older).unwrap().execute_batch(&sql).unwrap();
            let time = fs::metadata(&state).unwrap().modified().unwrap() - Duration::from_secs(9);
            fs::copy(&older, &state).unwrap();
            if is_its_time_kept {
                File::options().write(true).open(&state).unwrap().set_modified(time).unwrap();
            }
            fs::write(sidecar_path(&state, "-shm"), "the index of the log").unwrap();
            assert_eq!(rows(&state), (0, true), "{mode} {is_its_time_kept}");
        }
    }

    #[test]
    fn a_log_that_is_in_use_stays() {
        let (_folder, state) = killed("");
        touch(&state);
        assert!(has_foreign_log(&state).unwrap(), "it looks so");
        let user = File::options().read(true).write(true).open(&state).unwrap();
        assert!(range_lock::try_lock(&user, range_lock::DATABASE).unwrap());
        set_aside(&state).unwrap();
        assert!(sidecar_path(&state, "-wal").exists());
        drop(user);
        set_aside(&state).unwrap();
        assert!(!sidecar_path(&state, "-wal").exists());
    }

    #[test]
    fn what_sqlite_does_not_play_stays() {
        let (_folder, state) = killed("");
        for log in [&b""[..], b"no log at all, but as long as the head of one", &[0; 9000]] {
            fs::write(sidecar_path(&state, "-wal"), log).unwrap();
            touch(&state);
            assert!(!has_foreign_log(&state).unwrap());
        }
    }
}
