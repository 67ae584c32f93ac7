//! Why the mirror cannot be read, as a message that names the cause: SQLite's extended code says
//! more than its text.

use std::path::Path;
use std::time::Duration;

use rusqlite::{ErrorCode, ffi};

use super::{Mirror, access};
use crate::config::MirrorConfig;
use crate::domain::messages::{Message, MirrorMessage, PlatformMessage};
use crate::domain::mirror_table::MirrorTable;
use crate::domain::record::Kind;
use crate::domain::run_error::{RunError, explained};
use crate::platform::clock::ReadLimit;
use crate::platform::private_files;
use crate::platform::sidecar_path::sidecar_path;

/// What stops a reading. What an error of SQLite means depends on what was being read.
#[derive(Debug)]
pub(super) enum ReadError {
    Sqlite(rusqlite::Error),
    /// An error that already says its reason.
    Explained(RunError),
}

impl From<rusqlite::Error> for ReadError {
    fn from(error: rusqlite::Error) -> ReadError {
        ReadError::Sqlite(error)
    }
}

impl From<RunError> for ReadError {
    fn from(error: RunError) -> ReadError {
        ReadError::Explained(error)
    }
}

/// What could not be done, and after a colon SQLite's own text.
pub(super) fn with_cause(message: impl Into<Message>, error: &rusqlite::Error) -> RunError {
    RunError::Mirror(explained(message, error.to_string()))
}

/// Why a table or a query of the mirror cannot be read: it is not there, or is no SQL, or the file
/// itself is at fault.
pub(super) fn unreadable(
    config: &MirrorConfig,
    table: MirrorTable,
    error: &rusqlite::Error,
) -> RunError {
    let is_sql = matches!(error, rusqlite::Error::SqlInputError { .. })
        || error.sqlite_error_code() == Some(ErrorCode::Unknown);
    if !is_sql {
        return unusable(&config.path, error);
    }
    let path = config.path.display().to_string();
    with_cause(MirrorMessage::TableUnreadable { path, table: table.name().to_owned() }, error)
}

/// Why a mirror cannot be read, and what to look at.
pub(super) fn unusable(path: &Path, error: &rusqlite::Error) -> RunError {
    if let Some(reason) = known_reason(path, error) {
        return with_cause(reason, error);
    }
    // The file may have changed since the first check.
    if let Err(found) = access::admit(path, Duration::ZERO) {
        return found;
    }
    with_cause(MirrorMessage::Unusable { path: path.display().to_string() }, error)
}

/// The reasons that SQLite's codes tell apart.
fn known_reason(file: &Path, error: &rusqlite::Error) -> Option<Message> {
    let path = file.display().to_string();
    if extended_code(error) == Some(ffi::SQLITE_READONLY_ROLLBACK) {
        // Only a writer can roll back what the filler left half done.
        let journal = sidecar_path(file, "-journal").display().to_string();
        return Some(MirrorMessage::FillerInterrupted { path, journal }.into());
    }
    let reason = match error.sqlite_error_code()? {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => MirrorMessage::Busy { path },
        ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt => MirrorMessage::Damaged { path },
        ErrorCode::ReadOnly => MirrorMessage::SidecarsUnusable { path },
        ErrorCode::SystemIoFailure => {
            return exhausted(error).or_else(|| Some(MirrorMessage::DiskFailed { path }.into()));
        }
        _ => return exhausted(error),
    };
    Some(reason.into())
}

/// What this machine has run out of.
fn exhausted(error: &rusqlite::Error) -> Option<Message> {
    let no_folder = [ffi::SQLITE_IOERR_GETTEMPPATH, ffi::SQLITE_CANTOPEN_NOTEMPDIR];
    if extended_code(error).is_some_and(|code| no_folder.contains(&code)) {
        return Some(MirrorMessage::NoTemporaryFolder.into());
    }
    match error.sqlite_error_code()? {
        ErrorCode::OutOfMemory => Some(PlatformMessage::TooLittleMemory.into()),
        ErrorCode::DiskFull => Some(MirrorMessage::NoTemporarySpace.into()),
        ErrorCode::TooBig => Some(MirrorMessage::ValueTooBig.into()),
        ErrorCode::CannotOpen => private_files::no_descriptors(),
        _ => None,
    }
}

fn extended_code(error: &rusqlite::Error) -> Option<i32> {
    error.sqlite_error().map(|error| error.extended_code)
}

impl Mirror {
    /// Why reading rows ended before their end.
    pub(super) fn broken_off(&self, kind: Kind, error: impl Into<ReadError>) -> RunError {
        let error = match error.into() {
            ReadError::Explained(reason) => return reason,
            ReadError::Sqlite(error) => error,
        };
        if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) {
            return limit_reached(&self.limit);
        }
        let not_read = match kind {
            Kind::Guest => MirrorMessage::GuestsNotRead,
            Kind::Company => MirrorMessage::CompaniesNotRead,
            Kind::Booking => MirrorMessage::BookingsNotRead,
        };
        with_cause(exhausted(&error).unwrap_or_else(|| not_read.into()), &error)
    }
}

/// The limit of reading was reached: nothing was sent, and nobody has to act at once.
fn limit_reached(limit: &ReadLimit) -> RunError {
    RunError::interrupted(if limit.is_stopped() {
        MirrorMessage::ReadInterrupted
    } else {
        MirrorMessage::ReadTooLong
    })
}
