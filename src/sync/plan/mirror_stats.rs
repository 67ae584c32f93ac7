//! What the mirror looked like, and from which mirror nothing may be concluded.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::decide::{Pair, PlanOptions};
use crate::domain::messages::SyncMessage;
use crate::domain::per_kind::PerKind;
use crate::domain::record::Kind;
use crate::domain::run_error::{Result, RunError};
use crate::mirror::Outline;
use crate::state::settings::Setting;
use crate::sync::plan::renamed_records::{NameChanges, renamed_mirror};

/// Every row is read at least once a day, whatever its block looks like.
const FULL_READ_INTERVAL: TimeDelta = TimeDelta::hours(23);

/// What the mirror looked like in the last run that completed.
pub const MIRROR_STATS: Setting<MirrorStats> = Setting::new("survey");

/// What the mirror looked like.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct MirrorStats {
    /// The number of rows, by [`Kind`].
    pub rows: PerKind<u64>,
    /// The number of rows of `booking_guests`.
    #[serde(rename = "residents")]
    pub booking_guests: u64,
    /// By what terms the rows were read: digests of other terms cannot be compared.
    #[serde(default, rename = "terms")]
    pub reading_fingerprint: u64,
    /// When every row was last read, and not only those whose block looked otherwise.
    #[serde(default)]
    pub full_read_at: DateTime<Utc>,
    /// Records that have an object and are in the mirror, by [`Kind`].
    #[serde(skip)]
    pub(super) linked: PerKind<u64>,
    /// Records that have an object and are not in the mirror any more, by [`Kind`].
    #[serde(skip)]
    pub(super) missing: PerKind<u64>,
    /// What known records are called now, by [`Kind`].
    #[serde(skip)]
    pub(super) names: PerKind<NameChanges>,
}

/// A table of the mirror that had rows and is empty now.
struct EmptiedTable {
    name: &'static str,
    /// The kind to reset if it is right that the table is empty.
    kind: Kind,
    /// The number of rows before.
    had: u64,
}

impl EmptiedTable {
    fn message(&self) -> SyncMessage {
        let EmptiedTable { name, kind, had } = *self;
        let then = match name {
            "bookings" => SyncMessage::DealsStay,
            "guests" | "companies" => SyncMessage::DealsGoWithoutThemIfAllowed { had },
            _ => SyncMessage::DealsGoWithoutThem,
        };
        let table = name.to_owned();
        let kind = kind.name().to_owned();
        SyncMessage::TableEmptied { table, kind, then: then.into() }
    }
}

impl MirrorStats {
    /// The records of a kind were detached: that their table is empty now means nothing.
    pub fn forget(&mut self, kind: Kind) {
        self.rows[kind] = 0;
        if kind == Kind::Booking {
            self.booking_guests = 0;
        }
    }

    /// Whether it is time to read every row again.
    pub fn is_full_read_due(&self, now: DateTime<Utc>) -> bool {
        (now - self.full_read_at).abs() >= FULL_READ_INTERVAL
    }

    /// Takes note of a kind's table.
    pub(super) fn note_table(&mut self, kind: Kind, outline: &Outline) {
        self.rows[kind] = outline.rows;
        self.booking_guests = self.booking_guests.max(outline.booking_guests);
    }

    /// Takes note of a record that is known.
    pub(super) fn note_pair(&mut self, kind: Kind, pair: &Pair) {
        let Some(stored) = &pair.stored else { return };
        let is_linked = stored.crm_id.is_some();
        match &pair.row {
            Some(row) => {
                self.linked[kind] += u64::from(is_linked);
                self.names[kind].compare(kind, stored, &row.display_name);
            }
            None => self.missing[kind] += u64::from(is_linked && !stored.absent_in_mirror),
        }
    }

    /// The first table that had rows and is empty now. One that is seen through a window may be
    /// empty for a season.
    fn find_emptied_table(
        &self,
        previous: &MirrorStats,
        windows: PerKind<bool>,
        are_booking_guests_windowed: bool,
    ) -> Option<EmptiedTable> {
        for kind in Kind::DISPLAY_ORDER {
            let had = previous.rows[kind];
            if had > 0 && self.rows[kind] == 0 && !windows[kind] {
                return Some(EmptiedTable { name: kind.table().name(), kind, had });
            }
        }
        let had = previous.booking_guests;
        let is_windowed = are_booking_guests_windowed || windows[Kind::Booking];
        if had > 0 && self.booking_guests == 0 && !is_windowed {
            return Some(EmptiedTable { name: "booking_guests", kind: Kind::Booking, had });
        }
        None
    }

    /// Refuses a mirror from which nothing may be concluded.
    pub(super) fn refuse_unusable(
        &self,
        options: &PlanOptions,
        are_booking_guests_windowed: bool,
    ) -> Result<()> {
        let PlanOptions { previous_stats, windows, allowed_removals, .. } = options;
        if self.rows.sum() == 0 {
            return Err(RunError::Mirror(SyncMessage::MirrorEmpty.into()));
        }
        let emptied =
            self.find_emptied_table(previous_stats, *windows, are_booking_guests_windowed);
        if let Some(table) = emptied {
            return Err(RunError::Mirror(table.message().into()));
        }
        for kind in Kind::DISPLAY_ORDER {
            let names = self.names[kind].tally(self.linked[kind]);
            if names.looks_foreign(kind) && names.other > *allowed_removals {
                return Err(RunError::Mirror(renamed_mirror(kind, names).into()));
            }
        }
        Ok(())
    }

    /// Whether the mirror has records of this kind, and not one that is known, while at least three
    /// that have an object are missing: more than somebody said may be.
    pub(super) fn looks_foreign(&self, kind: Kind, allowed_removals: u64) -> bool {
        self.linked[kind] == 0
            && self.rows[kind] > 0
            && are_too_many_missing(self.missing[kind], allowed_removals)
    }

    /// As [`MirrorStats::looks_foreign`], for the missing records of all kinds together.
    pub(super) fn looks_foreign_throughout(&self, allowed_removals: u64) -> bool {
        self.linked.sum() == 0 && are_too_many_missing(self.missing.sum(), allowed_removals)
    }
}

/// Two or three records may well be deleted by hand; that none of so many is left is no accident of
/// one row.
const MIN_MISSING: u64 = 3;

fn are_too_many_missing(missing: u64, allowed_removals: u64) -> bool {
    missing >= MIN_MISSING && missing > allowed_removals
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::record::RecordId;
    use crate::state::PlanRecord;

    #[test]
    fn every_row_is_read_once_a_day_whichever_way_the_clock_was_set() {
        let full_read_at = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let seen = MirrorStats { full_read_at, ..MirrorStats::default() };
        let second = TimeDelta::seconds(1);
        assert!(!seen.is_full_read_due(full_read_at + FULL_READ_INTERVAL - second));
        assert!(seen.is_full_read_due(full_read_at + FULL_READ_INTERVAL));
        assert!(seen.is_full_read_due(full_read_at - FULL_READ_INTERVAL));
    }

    #[test]
    fn a_mirror_looks_foreign_where_three_are_missing_and_nobody_is_known() {
        let seen = |rows, linked, missing| MirrorStats {
            rows: PerKind::all(rows),
            linked: PerKind::all(linked),
            missing: PerKind::all(missing),
            ..MirrorStats::default()
        };
        for kind in Kind::SEND_ORDER {
            assert!(seen(1, 0, 3).looks_foreign(kind, 2));
            assert!(!seen(1, 0, 3).looks_foreign(kind, 3) && !seen(1, 0, 2).looks_foreign(kind, 0));
            assert!(!seen(1, 1, 3).looks_foreign(kind, 0) && !seen(0, 0, 3).looks_foreign(kind, 0));
        }
        assert!(seen(0, 0, 1).looks_foreign_throughout(2));
        assert!(!seen(0, 0, 1).looks_foreign_throughout(3));
        assert!(!seen(0, 1, 1).looks_foreign_throughout(0));
        assert!(!seen(0, 0, 0).looks_foreign_throughout(0));
    }

    #[test]
    fn whoever_has_an_object_is_known_or_missing_and_whoever_was_given_up_is_neither() {
        let count = |crm_id, absent_in_mirror| {
            let stored = PlanRecord { crm_id, absent_in_mirror, ..PlanRecord::default() };
            let pair = Pair { id: RecordId::Number(1), row: None, stored: Some(stored) };
            let mut seen = MirrorStats::default();
            seen.note_pair(Kind::Guest, &pair);
            (seen.linked[Kind::Guest], seen.missing[Kind::Guest])
        };
        assert_eq!(count(Some(7), false), (0, 1));
        assert_eq!(count(Some(7), true), (0, 0));
        assert_eq!(count(None, false), (0, 0));
    }

    #[test]
    fn what_is_seen_through_a_window_may_be_empty_and_a_table_that_had_rows_may_not() {
        let had =
            MirrorStats { rows: PerKind::all(5), booking_guests: 5, ..MirrorStats::default() };
        let emptied = |seen: MirrorStats, windows: PerKind<bool>, are_guests_windowed| {
            let emptied = seen.find_emptied_table(&had, windows, are_guests_windowed);
            emptied.map_or("none", |table| table.name)
        };
        let [whole, window] = [false, true].map(PerKind::all);
        let empty = MirrorStats::default;
        assert_eq!(emptied(empty(), whole, false), "guests");
        assert_eq!(emptied(empty(), window, false), "none");
        let without_guests = || MirrorStats { booking_guests: 0, ..had.clone() };
        assert_eq!(emptied(without_guests(), whole, false), "booking_guests");
        assert_eq!(emptied(without_guests(), whole, true), "none");
        assert_eq!(emptied(without_guests(), window, false), "none");
    }
}
