//! Why a run or a command ends before its work is done, and the exit code that says so.

use std::fmt;
use std::process::ExitCode;

/// How a run ended: `last_run.outcome` of the status document and the exit code, as the README lists them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Done; exit 0.
    Ok,
    /// Done, but something that was tried failed or a guard holds something back; exit 1.
    Partial,
    /// Configuration, mirror or state unusable, nothing was sent; exit 3.
    Failed,
    /// The portal refuses us, an administrator must act; exit 4.
    Refused,
    /// The portal could not be reached or asked us to wait, or a signal or the time limit came; exit 5.
    Interrupted,
}

impl Outcome {
    const ALL: [Outcome; 5] =
        [Outcome::Ok, Outcome::Partial, Outcome::Failed, Outcome::Refused, Outcome::Interrupted];

    /// The word of the status document.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::Partial => "partial",
            Outcome::Failed => "failed",
            Outcome::Refused => "refused",
            Outcome::Interrupted => "interrupted",
        }
    }

    /// The outcome of an [`Outcome::name`].
    pub fn from_name(name: &str) -> Option<Outcome> {
        Outcome::ALL.into_iter().find(|outcome| outcome.name() == name)
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

/// An end before the work was done, with the words for the person who reads it.
///
/// It travels as an `anyhow` error; where none is found in the chain, the cause lies in what the program was
/// given (configuration, mirror, state), and the outcome is [`Outcome::Failed`].
#[derive(Clone, Debug)]
pub struct RunError {
    /// The exit code's meaning.
    pub outcome: Outcome,
    /// What happened and what to do next.
    pub message: String,
    /// What the next runs of cron do about the rest, where the work of a run was cut short.
    pub followup: Option<String>,
}

impl RunError {
    /// The portal refuses us: an administrator must act.
    pub fn refused(message: String) -> RunError {
        RunError { outcome: Outcome::Refused, message, followup: None }
    }

    /// Nobody has to act: the same may succeed later.
    pub fn interrupted(message: String) -> RunError {
        RunError { outcome: Outcome::Interrupted, message, followup: None }
    }

    /// Configuration, mirror or state cannot be used.
    pub fn failed(message: String) -> RunError {
        RunError { outcome: Outcome::Failed, message, followup: None }
    }

    /// Adds what the next runs of cron do about the rest.
    #[must_use]
    pub fn with_followup(self, rest: String) -> RunError {
        RunError { followup: Some(rest), ..self }
    }

    /// The message of a cron pass: what happened, then what becomes of the rest.
    pub fn full_message(self) -> String {
        match self.followup {
            Some(rest) => format!("{}; {rest}", self.message),
            None => self.message,
        }
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for RunError {}

/// The outcome that an error stands for, once it is in words.
pub fn outcome_of(error: &anyhow::Error) -> Outcome {
    error.downcast_ref::<RunError>().map_or(Outcome::Failed, |stop| stop.outcome)
}

/// A record or a word that nobody knows, or a command line that makes no sense: exit 2.
#[derive(Debug)]
pub struct UsageError(pub String);

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}
