//! Finds a mirror that was replaced while the log of the old file stayed beside it: SQLite then
//! shows the old rows.
//!
//! Such a log is older than the file, and has pages that the file does not have. A log that was
//! copied into its file is older too, but all its pages are in the file.

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use crate::platform::regular_file;
use crate::platform::sidecar_path::sidecar_path;

const LOG_HEADER: u64 = 32;
const FRAME_HEADER: u64 = 24;

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
    let mut log = Log::open(log)?;
    let mut mirror = File::open(mirror)?;
    for (page, place) in log.committed() {
        let start = u64::from(page - 1) * log.page_size;
        let ours = log.page(place)?;
        let theirs = read_at(&mut mirror, start, ours.len());
        if theirs.ok() != Some(ours) {
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

/// The log of a database in WAL mode: <https://sqlite.org/fileformat2.html#the_write_ahead_log>.
struct Log {
    file: File,
    page_size: u64,
    salts: [u8; 8],
}

impl Log {
    fn open(path: &Path) -> io::Result<Log> {
        let mut file = regular_file::read(path)?;
        let mut header = [0; LOG_HEADER as usize];
        file.read_exact(&mut header)?;
        let page_size = u64::from(number(&header, 8));
        let mut salts = [0; 8];
        salts.copy_from_slice(&header[16..24]);
        Ok(Log { file, page_size, salts })
    }

    /// The place in the log of each page, as of the last commit.
    fn committed(&mut self) -> BTreeMap<u32, u64> {
        let mut pages = BTreeMap::new();
        let mut open = Vec::new();
        let mut at = LOG_HEADER;
        while let Ok(header) = read_at(&mut self.file, at, FRAME_HEADER as usize) {
            if header[8..16] != self.salts {
                break;
            }
            open.push((number(&header, 0), at + FRAME_HEADER));
            let size = number(&header, 4);
            if size > 0 {
                pages.extend(open.drain(..));
                pages.retain(|page, _| (1..=size).contains(page));
            }
            at += FRAME_HEADER + self.page_size;
        }
        pages
    }

    fn page(&mut self, at: u64) -> io::Result<Vec<u8>> {
        read_at(&mut self.file, at, self.page_size as usize)
    }
}

fn number(bytes: &[u8], at: usize) -> u32 {
    let mut number = [0; 4];
    number.copy_from_slice(&bytes[at..at + 4]);
    u32::from_be_bytes(number)
}

fn read_at(file: &mut File, at: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(&mut bytes)?;
    Ok(bytes)
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
