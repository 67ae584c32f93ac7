//! Why a configuration cannot be used: a file that cannot be read says what to do itself, one that
//! is wrong does not.

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::Path;

use crate::domain::messages::{ConfigMessage, Message, PlatformMessage};
use crate::domain::run_error::{RunError, explained, message_of_io};
use crate::platform::private_files;

/// Why a configuration cannot be used.
#[derive(Clone, Debug)]
pub enum ConfigError {
    /// The file, or that of the webhook, cannot be read; the message says what to do.
    Unreadable(Message),
    /// Something in the file is wrong.
    Wrong(Message),
}

impl ConfigError {
    /// What happened, for the reader.
    pub fn into_message(self) -> Message {
        match self {
            ConfigError::Unreadable(message) | ConfigError::Wrong(message) => message,
        }
    }

    /// Names the configuration before what is wrong in it.
    pub(super) fn in_file(self, path: &Path) -> ConfigError {
        let file_wrong = ConfigMessage::FileWrong { path: path.display().to_string() };
        match self {
            ConfigError::Unreadable(message) => {
                ConfigError::Unreadable(explained(file_wrong, message))
            }
            ConfigError::Wrong(message) => ConfigError::Wrong(explained(file_wrong, message)),
        }
    }
}

impl From<ConfigMessage> for ConfigError {
    fn from(message: ConfigMessage) -> ConfigError {
        ConfigError::Wrong(message.into())
    }
}

impl From<ConfigError> for RunError {
    fn from(error: ConfigError) -> RunError {
        RunError::Config(error.into_message())
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConfigError::Unreadable(message) | ConfigError::Wrong(message) => message.fmt(f),
        }
    }
}

impl std::error::Error for ConfigError {}

/// Most often somebody runs a command as himself instead of as the user of the runs.
pub(super) fn unreadable(file: &Path, error: &io::Error) -> ConfigError {
    let path = file.display().to_string();
    let message = match error.kind() {
        ErrorKind::PermissionDenied => {
            ConfigMessage::FileDenied { path, remedy: PlatformMessage::RunAsOwner.into() }.into()
        }
        ErrorKind::NotFound => ConfigMessage::FileMissing { path }.into(),
        ErrorKind::InvalidData => ConfigMessage::FileNotUtf8 { path }.into(),
        _ => explained(ConfigMessage::FileUnreadable { path }, message_of_io(error)),
    };
    ConfigError::Unreadable(message)
}

pub(super) fn webhook_file_unreadable(file: &Path, error: &io::Error) -> ConfigError {
    let remedy = match error.kind() {
        ErrorKind::InvalidData => ConfigMessage::SaveAsUtf8.into(),
        _ => private_files::io_hint(error).into(),
    };
    let path = file.display().to_string();
    let message = ConfigMessage::WebhookFileUnreadable { path, remedy };
    ConfigError::Unreadable(explained(message, message_of_io(error)))
}
