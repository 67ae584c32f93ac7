//! What an administrator does next, once nothing is left to correct.

use crate::domain::messages::CheckMessage;
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
    /// Nothing where runs of cron followed; and where the state cannot be read, which another check
    /// says.
    pub(super) fn after(state: Option<&State>) -> Option<Next> {
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

    pub(super) fn message(self) -> CheckMessage {
        match self {
            Next::InitialExport => CheckMessage::NextInitialExport,
            Next::Sync => CheckMessage::NextSync,
        }
    }
}
