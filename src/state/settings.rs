//! What is remembered from run to run beside the records, and under which key of [`State::get`].

use chrono::{DateTime, TimeDelta, Utc};

use super::{Result, State};
use crate::domain::per_kind::PerKind;

/// When the initial export was completed: RFC 3339.
pub const INITIAL_EXPORT: &str = "initial_export";

/// The [`crate::sync::plan::MirrorStats`] of the last run that completed.
pub const MIRROR_STATS: &str = "survey";

/// Of what the contents of the records are made, by kind: those made of other columns cannot be
/// compared.
pub const CONTENTS: &str = "contents";

/// Since when a guard holds back who is missing, by kind; null where none does.
pub const HELD_SINCE: &str = "held_since";

/// What is remembered there.
pub type HeldSince = PerKind<Option<DateTime<Utc>>>;

/// The [`crate::sync::preflight::idle::InputFingerprint`] of that run; null where nothing can be
/// concluded from it.
pub const INPUTS: &str = "inputs";

/// What the contacts of all guests show of their stays, and of which day; null where nobody asks
/// for it. A
/// [`crate::sync::plan::ShownStays`].
pub const STAYS: &str = "stays";

/// Whether somebody ordered that every record is sent again, and no run has marked them yet.
pub const FULL: &str = "full";

/// Whether every record was marked to be sent again, and no run has completed since.
pub const RESENDING: &str = "resending";

/// The host of the portal that the ids belong to.
pub const PORTAL: &str = "portal";
/// The mark of everything that was sent: a changed one would be found on nothing.
pub const ORIGINATOR: &str = "originator";

/// The cards that the deals of the last batches point at, until somebody has looked whether they
/// are still there.
pub const POINTED_AT: &str = "pointed_at";

/// When the last call was made that changes something; the lock's file says it too.
pub const LAST_CALL: &str = "last_call";

/// When it was last told that the mapping has changed.
pub const MAPPING_TOLD: &str = "mapping_told";
/// When it was last told that a secret can be read by others.
pub const EXPOSED_TOLD: &str = "exposed_told";
/// When it was last told that nobody writes the mirror any more.
pub const MIRROR_AGE_TOLD: &str = "mirror_age_told";
/// When it was last told that another state lies beside the link to the configuration.
pub const LINK_TOLD: &str = "link_told";

/// A [`crate::sync::health::Health`]: whether all is well, and since when.
pub const HEALTH: &str = "health";
/// What the user of `[monitoring] notify_user` was told.
pub const NOTIFIED: &str = "notified";
/// What all runs did: a [`super::Totals`].
pub const TOTALS: &str = "totals";
/// When it was last told that the status page cannot be written.
pub const PAGE_TOLD: &str = "page_told";
/// When it was last told that the metrics file cannot be written.
pub const METRICS_TOLD: &str = "metrics_told";

/// By which mapping everything was sent, as a fingerprint; null until a full run has verified its
/// own.
pub const MAPPING: &str = "mapping";
/// When the configuration was found good, with its fingerprint.
pub const VERIFIED: &str = "verified";
/// The types of the configured fields, as the portal told them.
pub const FIELDS: &str = "fields";
/// When `check` last wrote to the state, the proof that it can.
pub const CHECKED: &str = "checked_at";
/// What `check --probe` found out.
pub const PROBE: &str = "probe";

/// Whether imported deals keep their closing dates: a [`crate::sync::push::ImportedDates`].
pub const IMPORTED_DATES: &str = "imported_dates";

/// What was learned of the portal's limits: a [`crate::portal::limits::RateLimits`].
pub const PACE: &str = "pace";

const DAY: TimeDelta = TimeDelta::days(1);

impl State {
    /// Whether a once-a-day notice is due; `key` holds when it was last given.
    pub fn once_a_day(&self, key: &str, now: DateTime<Utc>) -> Result<bool> {
        let told: Option<DateTime<Utc>> = self.get(key)?;
        let is_due = told.is_none_or(|told| (now - told).abs() >= DAY);
        if is_due {
            self.set(key, &now)?;
        }
        Ok(is_due)
    }

    /// When the initial export was completed.
    pub fn initial_export(&self) -> Result<Option<DateTime<Utc>>> {
        self.get(INITIAL_EXPORT)
    }
}
