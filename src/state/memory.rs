//! What is remembered from pass to pass beside the records, and under which key of [`State::recall`].

use anyhow::Result;

use super::State;

/// When the initial export was completed: RFC 3339.
pub const INITIAL_EXPORT: &str = "initial_export";

/// The [`crate::plan::Survey`] of the last pass that ran through.
pub const SURVEY: &str = "survey";

/// The [`crate::idle::Sight`] of that pass; null where nothing can be concluded from it.
pub const SIGHT: &str = "sight";

/// Whether every record was marked to be sent again, and no pass has run through since.
pub const RESENDING: &str = "resending";

/// The host of the portal that the ids belong to.
pub const PORTAL: &str = "portal";
/// The mark of everything that was sent: a changed one would be found on nothing.
pub const ORIGINATOR: &str = "originator";

/// What was learned of the portal's limits: a [`crate::portal::pace::Pace`].
pub const PACE: &str = "pace";

impl State {
    /// When the initial export was completed, RFC 3339.
    pub fn initial_export(&self) -> Result<Option<String>> {
        self.recall(INITIAL_EXPORT)
    }
}
