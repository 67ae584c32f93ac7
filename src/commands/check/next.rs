//! What an administrator does next, once nothing is left to mend.

use std::fmt::{self, Display, Formatter};

use crate::say;
use crate::state::State;
use crate::sync::options::RunKind;

/// The command that comes next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// No initial export was completed.
    InitialExport,
    /// It was, and no run of cron followed yet.
    Sync,
}

impl Next {
    /// Nothing, where cron is at work; and where the state cannot be read, which has a line of its own.
    pub(super) fn of(state: Option<&State>) -> Option<Next> {
        let Some(state) = state else { return Some(Next::InitialExport) };
        if state.initial_export().ok()?.is_none() {
            return Some(Next::InitialExport);
        }
        let last = state.last_run().ok()??;
        (last.command == RunKind::InitialExport.name()).then_some(Next::Sync)
    }

    /// As on the command line.
    pub fn command(self) -> &'static str {
        match self {
            Next::InitialExport => RunKind::InitialExport.name(),
            Next::Sync => RunKind::Sync.name(),
        }
    }
}

impl Display for Next {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let command = self.command();
        f.write_str(&match self {
            Next::InitialExport => say!(
                "Дальше: ecvi-b24 {command} (сначала с --dry-run).",
                "Next: ecvi-b24 {command} (with --dry-run first)."
            ),
            Next::Sync => say!(
                "Дальше: ecvi-b24 {command} каждые три минуты, из cron или по таймеру.",
                "Next: ecvi-b24 {command} every three minutes, by cron or a timer."
            ),
        })
    }
}
