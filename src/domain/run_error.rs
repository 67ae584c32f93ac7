//! Why a run or a command ends before its work is done: where the error comes from, and the exit
//! code that says so.

use std::error::Error;
use std::fmt;
use std::io;
use std::process::ExitCode;

use strum::{Display, EnumIter, EnumString, IntoStaticStr};

use super::call_error::CallError;
use super::language::Language;
use super::messages::Message;

/// What a step of a run or a command yields.
pub type Result<T, E = RunError> = std::result::Result<T, E>;

/// How a run ended: `last_run.outcome` of the status document and the exit code, as the README
/// lists them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Display, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Outcome {
    /// All was done; exit 0.
    Ok,
    /// Done, but something that was tried failed or a guard holds something back; exit 1.
    Partial,
    /// Configuration, mirror or state unusable, nothing was sent; exit 3.
    Failed,
    /// The portal refuses us, an administrator must act; exit 4.
    Refused,
    /// The portal could not be reached or asked us to wait, or a signal or the time limit came;
    /// exit 5.
    Interrupted,
}

impl Outcome {
    /// The word of the status document.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The exit code of the process.
    pub fn exit_code(self) -> ExitCode {
        ExitCode::from(match self {
            Outcome::Ok => 0,
            Outcome::Partial => 1,
            Outcome::Failed => 3,
            Outcome::Refused => 4,
            Outcome::Interrupted => 5,
        })
    }
}

/// The work ended before it was done. Where the error comes from decides the exit code; what
/// happened and what to do next is said to the person who reads it.
#[derive(Clone, PartialEq, Debug)]
pub enum RunError {
    /// The configuration does not hold: exit 3.
    Config(Message),
    /// The mirror, or a report that fills it, cannot be used: exit 3.
    Mirror(Message),
    /// The state, its lock, or another file of the program cannot be used: exit 3.
    State(Message),
    /// The terminal, standard output or the system failed: exit 3.
    System(Message),
    /// A call to the portal had no proper answer: exit 4 where an administrator must act, else 5.
    Portal(CallError),
    /// The portal refuses us, and an administrator must act: exit 4.
    Refused(Message),
    /// A signal, the time limit or another process came between, and the same may succeed later:
    /// exit 5.
    Interrupted(Message),
    /// A record or a word that is not known, or a command line that makes no sense: exit 2.
    Usage(Message),
}

impl RunError {
    /// Nobody has to act: the same may succeed later.
    pub fn interrupted(message: impl Into<Message>) -> RunError {
        RunError::Interrupted(message.into())
    }

    /// The portal refuses us.
    pub fn refused(message: impl Into<Message>) -> RunError {
        RunError::Refused(message.into())
    }

    /// A command line that makes no sense.
    pub fn usage(message: impl Into<Message>) -> RunError {
        RunError::Usage(message.into())
    }

    /// The outcome of a run that ends so.
    pub fn outcome(&self) -> Outcome {
        match self {
            RunError::Config(_)
            | RunError::Mirror(_)
            | RunError::State(_)
            | RunError::System(_)
            | RunError::Usage(_) => Outcome::Failed,
            RunError::Portal(error) => error.outcome(),
            RunError::Refused(_) => Outcome::Refused,
            RunError::Interrupted(_) => Outcome::Interrupted,
        }
    }

    /// The exit code of the process.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            RunError::Usage(_) => ExitCode::from(2),
            other => other.outcome().exit_code(),
        }
    }

    /// What happened and what to do next.
    pub fn message(&self) -> Message {
        match self {
            RunError::Config(message)
            | RunError::Mirror(message)
            | RunError::State(message)
            | RunError::System(message)
            | RunError::Refused(message)
            | RunError::Interrupted(message)
            | RunError::Usage(message) => message.clone(),
            RunError::Portal(error) => error.message(),
        }
    }

    /// The message of a cron run: what happened, then what the next runs do about the rest.
    pub fn full_message(&self) -> Message {
        let followup = match self {
            RunError::Portal(error) => error.followup(),
            _ => None,
        };
        match followup {
            Some(followup) => Message::Several(vec![self.message(), followup.into()]),
            None => self.message(),
        }
    }
}

impl fmt::Display for RunError {
    /// In English, for logs. People get the message in their language.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message().text(Language::En))
    }
}

impl Error for RunError {}

impl From<CallError> for RunError {
    fn from(error: CallError) -> RunError {
        RunError::Portal(error)
    }
}

impl From<io::Error> for RunError {
    fn from(error: io::Error) -> RunError {
        RunError::System(message_of_io(&error))
    }
}

impl From<serde_json::Error> for RunError {
    fn from(error: serde_json::Error) -> RunError {
        RunError::System(error.to_string().into())
    }
}

/// What could not be done, and after a colon the error that says why.
pub fn explained(message: impl Into<Message>, cause: impl Into<Message>) -> Message {
    Message::Chain(vec![message.into(), cause.into()])
}

/// What an error of a file or a connection says. The program puts its own message into one as a
/// [`RunError`], because other errors do not pass through what the standard library reads.
pub fn message_of_io(error: &io::Error) -> Message {
    match error.get_ref().and_then(|own| own.downcast_ref::<RunError>()) {
        Some(own) => own.message(),
        None => Message::Foreign(error.to_string()),
    }
}

impl From<io::Error> for Message {
    fn from(error: io::Error) -> Message {
        message_of_io(&error)
    }
}
