//! The options of a run.

use std::time::Duration;

use strum::IntoStaticStr;

/// What kind of run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum RunKind {
    /// The run of cron.
    Sync,
    /// A run of cron's kind that somebody asked for, to try failed records.
    Retry,
    /// A run of cron's kind that sends what an audit found to differ.
    Audit,
    /// Everything there is, without a time limit and without deletions.
    InitialExport,
}

impl RunKind {
    /// The command that it comes from.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The options of the command line.
#[derive(Clone, PartialEq, Debug)]
pub struct RunOptions {
    /// What kind of run.
    pub kind: RunKind,
    /// Send every record again.
    pub full: bool,
    /// Try failed records whatever their pause.
    pub retry_failed: bool,
    /// Instead of the configuration's.
    pub max_deletes: Option<u64>,
    /// Instead of the configuration's.
    pub time_limit: Option<Duration>,
}

impl RunOptions {
    /// A run without any options.
    pub fn new(kind: RunKind) -> RunOptions {
        RunOptions { kind, full: false, retry_failed: false, max_deletes: None, time_limit: None }
    }
}
