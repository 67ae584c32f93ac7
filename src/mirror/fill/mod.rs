//! Filling a mirror of our own: rows are collected in temporary tables and compared with it, and
//! what differs is written, all in one transaction. A mirror that another program fills is left
//! alone.
//!
//! Nothing is written where nothing differs, so that the next run sees an untouched file.

mod compare;
mod schema;
mod stage;

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rusqlite::{Connection, ErrorCode, OpenFlags, Params};

pub use compare::{Change, Changes, Removal, Scope};
pub use stage::ReadRow;

use super::access::{no_file, refuse_odd_sidecars};
use super::{open_within, reason};
use crate::domain::messages::{LoadMessage, MirrorMessage, PlatformMessage};
use crate::domain::run_error::{Result, RunError};
use crate::platform::clock::ReadLimit;
use crate::platform::private_files::{self, Opened};
use crate::platform::regular_file;
use crate::platform::sidecar_path::{in_real_folder, parent_dir};

/// How long to wait for a program that reads the mirror.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// A mirror that is being filled. Dropped without [`Filling::commit`], it is as it was.
pub struct Filling {
    connection: Connection,
    path: PathBuf,
    /// The file, where it was made here: it is removed again if nothing is written.
    made: Option<MadeFile>,
}

impl Filling {
    /// Opens the mirror, or makes it, and begins the transaction.
    pub fn open(path: &Path, limit: &ReadLimit) -> Result<Filling> {
        refuse_unfit(path)?;
        let made = MadeFile::ensure(path)?;
        refuse_odd_sidecars(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let filling = Filling::connect(path, flags, limit, made)?;
        filling.begin("BEGIN IMMEDIATE")?;
        filling.checked(schema::prepare(&filling.connection))?;
        Ok(filling)
    }

    /// Opens the mirror to compare with it, without a change: an absent one counts as empty.
    pub fn open_to_compare(path: &Path, limit: &ReadLimit) -> Result<Filling> {
        refuse_unfit(path)?;
        let is_empty = std::fs::metadata(path).map_or(true, |file| file.len() == 0);
        let filling = if is_empty {
            let filling = Filling::in_memory(limit)?;
            filling.checked(schema::prepare(&filling.connection))?;
            filling
        } else {
            refuse_odd_sidecars(path)?;
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            Filling::connect(path, flags, limit, None)?
        };
        filling.begin("BEGIN")?;
        Ok(filling)
    }

    fn in_memory(limit: &ReadLimit) -> Result<Filling> {
        let path = Path::new(":memory:");
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_MEMORY;
        let connection =
            open_within(path, flags, BUSY_TIMEOUT, limit).map_err(|error| broken(path, &error))?;
        Ok(Filling { connection, path: path.to_owned(), made: None })
    }

    /// Opens a file, which was no link a moment ago and must be none now. Its folder may be one.
    fn connect(
        path: &Path,
        flags: OpenFlags,
        limit: &ReadLimit,
        made: Option<MadeFile>,
    ) -> Result<Filling> {
        let real_path = in_real_folder(path)?;
        let flags = flags | OpenFlags::SQLITE_OPEN_NOFOLLOW;
        let connection = open_within(&real_path, flags, BUSY_TIMEOUT, limit)
            .map_err(|error| broken(path, &error))?;
        let filling = Filling { connection, path: path.to_owned(), made };
        if filling.checked(schema::is_foreign(&filling.connection))? {
            return Err(LoadMessage::OtherFiller { path: path.display().to_string() }.into());
        }
        Ok(filling)
    }

    fn begin(&self, sql: &str) -> Result<()> {
        self.checked(self.connection.execute_batch(sql))
    }

    /// Writes all that was applied.
    pub fn commit(mut self) -> Result<()> {
        self.checked(self.connection.execute_batch("COMMIT"))?;
        if let Some(made) = self.made.take() {
            made.keep();
        }
        Ok(())
    }

    fn execute(&self, sql: &str, parameters: impl Params) -> Result<()> {
        let prepared = self.connection.prepare_cached(sql);
        self.checked(prepared.and_then(|mut statement| statement.execute(parameters)))?;
        Ok(())
    }

    /// The result, with SQLite's error as a message that names the mirror.
    fn checked<T>(&self, result: rusqlite::Result<T>) -> Result<T> {
        result.map_err(|error| broken(&self.path, &error))
    }
}

/// Through a link, tables and people's data would be written into another file, perhaps another
/// user's: into any empty one by root. The same goes for an empty file of two names, which may be
/// another's.
fn refuse_unfit(path: &Path) -> Result<()> {
    let Ok(found) = path.symlink_metadata() else { return Ok(()) };
    let shown = path.display().to_string();
    if found.is_symlink() {
        let target = path.read_link()?.display().to_string();
        return Err(LoadMessage::MirrorIsLink { path: shown, target }.into());
    }
    if !found.is_file() {
        return Err(no_file(path, found.file_type()).into());
    }
    if found.len() == 0 && found.nlink() > 1 {
        return Err(LoadMessage::MirrorNotMade {
            path: shown,
            error: PlatformMessage::FileHasAnotherName.into(),
            remedy: PlatformMessage::CheckPath.into(),
        }
        .into());
    }
    Ok(())
}

/// Dates the mirror's file: it is as old as what it was filled from, whenever that was.
pub fn date_file(path: &Path, written: SystemTime) -> std::io::Result<()> {
    let file = regular_file::open(path, OpenOptions::new().write(true))?;
    let present = file.metadata()?.modified()?;
    if present == written {
        return Ok(());
    }
    match file.set_modified(written) {
        // Only the owner may set another time than now.
        Err(error) if error.kind() == ErrorKind::PermissionDenied && present < written => {
            touch(&file)
        }
        result => result,
    }
}

/// Sets both times at once: a user who may write the file, but is not its owner, can set them only
/// together, and only to now.
fn touch(file: &std::fs::File) -> std::io::Result<()> {
    use rustix::fs::{Timespec, Timestamps, UTIME_NOW, futimens};
    let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
    Ok(futimens(file, &Timestamps { last_access: now, last_modification: now })?)
}

fn broken(mirror: &Path, error: &rusqlite::Error) -> RunError {
    let path = mirror.display().to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::OperationInterrupted) => {
            RunError::interrupted(LoadMessage::Interrupted { path })
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            RunError::interrupted(MirrorMessage::Busy { path })
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            let remedy = PlatformMessage::RunAsOwner.into();
            LoadMessage::MirrorDenied { path, remedy }.into()
        }
        Some(ErrorCode::DiskFull) => LoadMessage::DiskFull { path }.into(),
        _ => reason::unusable(mirror, error),
    }
}

/// A file that was made for a mirror, and is removed again unless it is kept.
struct MadeFile {
    path: PathBuf,
    is_kept: bool,
}

impl MadeFile {
    /// Makes the file where there is none.
    fn ensure(path: &Path) -> Result<Option<MadeFile>> {
        if path.exists() {
            share_unfinished(path);
            return Ok(None);
        }
        let made = make(path).map_err(|error| LoadMessage::MirrorNotMade {
            path: path.display().to_string(),
            error: error.to_string().into(),
            remedy: private_files::io_hint(&error).into(),
        })?;
        Ok(made.then(|| MadeFile { path: path.to_owned(), is_kept: false }))
    }

    fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for MadeFile {
    fn drop(&mut self) {
        if !self.is_kept {
            drop(std::fs::remove_file(&self.path));
        }
    }
}

/// Makes a file that only its owner can read, because it holds personal data; in a folder with the
/// setgid bit its group too.
fn make(path: &Path) -> std::io::Result<bool> {
    let Opened { file, is_new } = private_files::open_or_create_private(path)?;
    if is_new && hands_on_group(parent_dir(path)) {
        private_files::share_with_group(&file)?;
    }
    Ok(is_new)
}

/// Shares an empty file with its group: a load that was killed right after it made the file did not
/// do that. Where that fails, the file stays as it is.
fn share_unfinished(path: &Path) {
    let Ok(file) = regular_file::read(path) else { return };
    let is_empty = file.metadata().is_ok_and(|found| found.len() == 0);
    if is_empty && hands_on_group(parent_dir(path)) {
        drop(private_files::share_with_group(&file));
    }
}

fn hands_on_group(folder: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    const SETGID: u32 = 0o2000;
    std::fs::metadata(folder).is_ok_and(|folder| folder.permissions().mode() & SETGID != 0)
}
