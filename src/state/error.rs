//! Why the state cannot be opened, read or written, and what to do about it.

use std::fmt;
use std::io;
use std::path::Path;

use rusqlite::ErrorCode;

use crate::domain::messages::{Message, NameMessage, PlatformMessage, StateMessage};
use crate::domain::run_error::{RunError, explained, message_of_io};
use crate::platform::{private_files, regular_file};

/// The result of a query or a change of the state.
pub type Result<T, E = StateError> = std::result::Result<T, E>;

/// Why the state, or a temporary database beside it, cannot be used: what happened and what to do.
#[derive(Debug)]
pub struct StateError(Message);

impl StateError {
    fn with_cause(message: impl Into<Message>, cause: impl fmt::Display) -> StateError {
        StateError(Message::Chain(vec![message.into(), cause.to_string().into()]))
    }

    /// Another program holds the state, and did not let go of it while it was waited for.
    pub fn is_busy(&self) -> bool {
        let Message::Chain(parts) = &self.0 else { return false };
        matches!(parts.first(), Some(Message::State(StateMessage::Busy { .. })))
    }
}

impl From<rusqlite::Error> for StateError {
    fn from(error: rusqlite::Error) -> StateError {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull | ErrorCode::ReadOnly) => {
                StateError::with_cause(StateMessage::NotWritable, error)
            }
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                StateError::with_cause(StateMessage::Damaged, error)
            }
            Some(ErrorCode::CannotOpen) => match private_files::no_descriptors() {
                Some(reason) => StateError::with_cause(reason, error),
                None => StateError(error.to_string().into()),
            },
            _ => StateError(error.to_string().into()),
        }
    }
}

impl From<serde_json::Error> for StateError {
    fn from(error: serde_json::Error) -> StateError {
        StateError(error.to_string().into())
    }
}

impl From<StateError> for RunError {
    fn from(error: StateError) -> RunError {
        RunError::State(error.0)
    }
}

impl From<StateError> for Message {
    fn from(error: StateError) -> Message {
        error.0
    }
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for StateError {}

/// What stops the opening of a state.
#[derive(Debug)]
pub(super) enum OpenError {
    Sqlite(rusqlite::Error),
    Io(io::Error),
    /// Another program's file, or another version's: nothing failed.
    Refused(StateMessage),
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> OpenError {
        OpenError::Sqlite(error)
    }
}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> OpenError {
        OpenError::Io(error)
    }
}

impl From<StateMessage> for OpenError {
    fn from(message: StateMessage) -> OpenError {
        OpenError::Refused(message)
    }
}

impl OpenError {
    /// Names the file and says what to do.
    pub(super) fn with_path(self, path: &Path) -> StateError {
        match self {
            OpenError::Sqlite(error) => not_opened_by_sqlite(path, error),
            OpenError::Io(error) => not_opened(path, &error),
            OpenError::Refused(message) => {
                let file = NameMessage::File { path: path.display().to_string() };
                StateError(explained(file, message))
            }
        }
    }
}

fn not_opened_by_sqlite(file: &Path, error: rusqlite::Error) -> StateError {
    let path = file.display().to_string();
    let message = match error.sqlite_error_code() {
        // The same message as when it happens after the opening.
        Some(ErrorCode::DiskFull | ErrorCode::ReadOnly) => return error.into(),
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            StateMessage::FileDamaged { path }
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StateMessage::Busy { path },
        Some(ErrorCode::SystemIoFailure) => StateMessage::DiskFailed { path },
        _ => return StateError::with_cause(cannot_be_opened(file), error),
    };
    StateError::with_cause(message, error)
}

fn not_opened(file: &Path, error: &io::Error) -> StateError {
    if regular_file::is_unfit(error) {
        let path = file.display().to_string();
        let reason = message_of_io(error).into();
        return StateError(StateMessage::NotAFile { path, reason }.into());
    }
    let message = private_files::exhausted(error).unwrap_or_else(|| cannot_be_opened(file));
    StateError::with_cause(message, error)
}

/// A message for an error that does not say its cause.
fn cannot_be_opened(file: &Path) -> Message {
    let path = file.display().to_string();
    if let Some(no_descriptors) = private_files::no_descriptors() {
        return no_descriptors;
    }
    if private_files::is_denied(file) {
        return StateMessage::Denied { path, remedy: PlatformMessage::RunAsOwner.into() }.into();
    }
    StateMessage::CannotBeOpened { path }.into()
}
