//! What one check found.

use crate::domain::messages::Message;
use crate::domain::run_error::{Outcome, RunError};

/// What one check found.
#[derive(Clone, PartialEq, Debug)]
pub struct CheckResult {
    /// A stable word for scripts: `config`, `mirror`, `webhook` and the like.
    pub name: &'static str,
    /// Whether a run would work all the same.
    pub status: CheckStatus,
    /// What was found, as people read it.
    pub detail: Message,
    /// What to correct and where, if anything.
    pub remedy: Option<Message>,
}

/// How a check went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CheckStatus {
    /// Nothing has to be done.
    Ok,
    /// A run works, but somebody should know.
    Warning,
    /// A run would end with this outcome.
    Error(Outcome),
}

impl CheckResult {
    pub(super) fn ok(name: &'static str, detail: impl Into<Message>) -> CheckResult {
        CheckResult { name, status: CheckStatus::Ok, detail: detail.into(), remedy: None }
    }

    pub(super) fn warning(name: &'static str, detail: impl Into<Message>) -> CheckResult {
        CheckResult { name, status: CheckStatus::Warning, detail: detail.into(), remedy: None }
    }

    pub(super) fn error(
        name: &'static str,
        outcome: Outcome,
        detail: impl Into<Message>,
    ) -> CheckResult {
        CheckResult {
            name,
            status: CheckStatus::Error(outcome),
            detail: detail.into(),
            remedy: None,
        }
    }

    /// Something cannot be used because of this error.
    pub(super) fn unusable(
        name: &'static str,
        error: &RunError,
        detail: impl Into<Message>,
    ) -> CheckResult {
        let outcome = match error.outcome() {
            Outcome::Ok | Outcome::Partial => Outcome::Failed,
            other => other,
        };
        CheckResult::error(name, outcome, detail)
    }

    pub(super) fn with_remedy(self, remedy: impl Into<Message>) -> CheckResult {
        CheckResult { remedy: Some(remedy.into()), ..self }
    }
}

/// The outcome of all checks: what an administrator must correct comes before what may pass by
/// itself.
pub fn outcome(results: &[CheckResult]) -> Outcome {
    let mut gravest = Outcome::Ok;
    for result in results {
        match result.status {
            CheckStatus::Error(Outcome::Interrupted) => gravest = Outcome::Interrupted,
            CheckStatus::Error(lasting) => return lasting,
            CheckStatus::Ok | CheckStatus::Warning => {}
        }
    }
    gravest
}
