//! How a run ended: what the caller is told, and what the state keeps of it.

use chrono::{DateTime, Utc};

use crate::domain::messages::{Message, SyncMessage};
use crate::domain::per_kind::PerKind;
use crate::domain::run_error::Outcome;
use crate::state::{Counts, Run};
use crate::sync::options::RunOptions;
use crate::sync::push::{Failures, RunStats};

/// How a run ended.
#[derive(Clone, PartialEq, Debug)]
pub struct RunReport {
    /// The exit code's meaning.
    pub outcome: Outcome,
    /// Why it ended early, or what a guard holds back.
    pub message: Option<Message>,
    /// What it created, updated and deleted.
    pub counts: Counts,
    /// What failed, by reason.
    pub failures: Failures,
    /// How many requests it made.
    pub requests: u64,
    /// What it left for the next run; none where it did not get so far as to know.
    pub pending: Option<PerKind<u64>>,
}

impl RunReport {
    /// Nothing was to be done.
    pub(super) fn idle() -> RunReport {
        let RunStats { counts, failures, .. } = RunStats::default();
        let pending = Some(PerKind::default());
        RunReport { outcome: Outcome::Ok, message: None, counts, failures, requests: 0, pending }
    }

    /// What the state keeps of the run.
    pub(super) fn record(
        &self,
        options: &RunOptions,
        started: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Run {
        Run {
            command: options.kind.name().to_owned(),
            started_at: started,
            finished_at: Some(now),
            outcome: Some(self.outcome.into()),
            message: self.message.clone(),
            counts: self.counts,
            requests: self.requests,
        }
    }
}

/// How an initial export that did not come to its end goes on: no run of cron does that.
pub(super) fn resume_hint(cause: Message, stopped: bool) -> Message {
    if stopped {
        return SyncMessage::ExportInterrupted.into();
    }
    SyncMessage::ExportStopped { cause: Box::new(cause) }.into()
}
