//! Why a run or a command ends before its work is done, and the exit code that says so.

use std::error::Error;
use std::fmt;
use std::io;
use std::process::ExitCode;

use strum::{Display, EnumIter, EnumString, IntoStaticStr};

use super::language::Language;
use super::messages::Message;

/// How a run ended: `last_run.outcome` of the status document and the exit code, as the README
/// lists them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Display, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Outcome {
    /// Done; exit 0.
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

/// The work ended before it was done: what happened, for the person who reads it.
///
/// It travels as an `anyhow` error. An error without one comes from what the program was given
/// (configuration, mirror, state), and its outcome is [`Outcome::Failed`].
#[derive(Clone, PartialEq, Debug)]
pub struct RunError {
    /// The exit code's meaning.
    pub outcome: Outcome,
    /// What happened and what to do next.
    pub message: Message,
    /// What the next runs of cron do about the rest, where the work of a run was cut short.
    pub followup: Option<Box<Message>>,
}

impl RunError {
    /// The portal refuses us: an administrator must act.
    pub fn refused(message: impl Into<Message>) -> RunError {
        RunError::new(Outcome::Refused, message)
    }

    /// Nobody has to act: the same may succeed later.
    pub fn interrupted(message: impl Into<Message>) -> RunError {
        RunError::new(Outcome::Interrupted, message)
    }

    /// Configuration, mirror or state cannot be used.
    pub fn failed(message: impl Into<Message>) -> RunError {
        RunError::new(Outcome::Failed, message)
    }

    /// Says the message, and after a colon the error that is its cause.
    pub fn explaining(message: impl Into<Message>, cause: impl Into<anyhow::Error>) -> RunError {
        RunError::failed(Message::Chain(vec![message.into(), message_of(&cause.into())]))
    }

    fn new(outcome: Outcome, message: impl Into<Message>) -> RunError {
        RunError { outcome, message: message.into(), followup: None }
    }

    /// Adds what the next runs of cron do about the rest.
    #[must_use]
    pub fn with_followup(self, followup: impl Into<Message>) -> RunError {
        RunError { followup: Some(Box::new(followup.into())), ..self }
    }

    /// The message of a cron run: what happened, then what becomes of the rest.
    pub fn full_message(self) -> Message {
        match self.followup {
            Some(followup) => Message::WithFollowup(Box::new(self.message), followup),
            None => self.message,
        }
    }
}

impl fmt::Display for RunError {
    /// In English, for logs. People get the message in their language.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message.text(Language::En))
    }
}

impl Error for RunError {}

/// Puts a message before an error: what could not be done, and with the error why.
pub trait Explain<T> {
    /// The error becomes a [`RunError`] that says the message and after a colon its cause.
    fn explain<M: Into<Message>>(self, message: impl FnOnce() -> M) -> Result<T, RunError>;
}

impl<T, E: Into<anyhow::Error>> Explain<T> for Result<T, E> {
    fn explain<M: Into<Message>>(self, message: impl FnOnce() -> M) -> Result<T, RunError> {
        self.map_err(|error| RunError::explaining(message(), error))
    }
}

/// What an error says to people: its message, and after a colon each of its causes.
pub fn message_of(error: &anyhow::Error) -> Message {
    let mut links: Vec<Message> = error.chain().map(message_of_link).collect();
    match links.len() {
        1 => links.remove(0),
        _ => Message::Chain(links),
    }
}

fn message_of_link(link: &(dyn Error + 'static)) -> Message {
    if let Some(error) = link.downcast_ref::<RunError>() {
        return error.message.clone();
    }
    if let Some(UsageError(message)) = link.downcast_ref() {
        return message.clone();
    }
    match link.downcast_ref::<io::Error>() {
        Some(error) => message_of_io(error),
        None => Message::Foreign(link.to_string()),
    }
}

/// What an error of a file or a connection says. The program puts its own message into one as a
/// [`RunError`].
pub fn message_of_io(error: &io::Error) -> Message {
    match error.get_ref().and_then(|own| own.downcast_ref::<RunError>()) {
        Some(own) => own.message.clone(),
        None => Message::Foreign(error.to_string()),
    }
}

/// The outcome that an error stands for.
pub fn outcome_of(error: &anyhow::Error) -> Outcome {
    error.downcast_ref::<RunError>().map_or(Outcome::Failed, |error| error.outcome)
}

/// A record or a word that nobody knows, or a command line that makes no sense: exit 2.
#[derive(Debug)]
pub struct UsageError(pub Message);

impl fmt::Display for UsageError {
    /// In English, as [`RunError`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text(Language::En))
    }
}

impl Error for UsageError {}
