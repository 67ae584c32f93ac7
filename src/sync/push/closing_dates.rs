//! Closing dates that an import may have kept.
//!
//! Most portals put today's date over the closing date of a deal that is created in a final stage,
//! so the departure goes in a second call. A setting of the portal switches that off. The first
//! closed deals of an export show it; where the import keeps the date, the second call is not made.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{CreateMode, Push, WorkItem};
use crate::config::ExportMethod;
use crate::crm::diff::values_equal;
use crate::crm::objects::card::{ObjectWithFields, cards};
use crate::domain::record::Kind;
use crate::domain::run_error::Result;
use crate::mapping::deal::closedate;
use crate::mirror::{Booking, Row};
use crate::state::PendingWork;
use crate::state::settings::Setting;
use crate::sync::plan::Step;

const FIELD: &str = "CLOSEDATE";
/// How long an answer counts: a setting of the portal may be changed.
const VALID_FOR: TimeDelta = TimeDelta::days(1);
/// A departure so near to today looks the same either way, whatever the portal's time zone is.
const NEAR_TODAY: TimeDelta = TimeDelta::days(1);

/// What is remembered of that.
pub const IMPORTED_DATES: Setting<ImportedDates> = Setting::new("imported_dates");

/// Whether the import keeps the closing date of a deal in a final stage, as the state remembers it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ImportedDates {
    /// Whether the deal has the date that was sent.
    pub are_kept: bool,
    /// When that was seen.
    pub seen_at: DateTime<Utc>,
}

impl Push<'_, '_> {
    /// What an export or a probe saw within the last day.
    pub(super) fn recall_imported_dates(&mut self) -> Result<()> {
        let now = self.client.clock().now();
        let seen = self.state.get(&IMPORTED_DATES)?;
        let seen = seen.filter(|seen| (now - seen.seen_at).abs() < VALID_FOR);
        self.are_dates_kept = seen.map(|seen| seen.are_kept);
        Ok(())
    }

    pub(super) fn is_import(&self) -> bool {
        matches!(self.create_mode, CreateMode::Export { method: ExportMethod::Import, .. })
    }

    /// It is not known yet whether the closing dates of imported deals have to be sent.
    pub(super) fn is_closing_unknown(&self) -> bool {
        self.is_import() && self.are_dates_kept.is_none()
    }

    /// Leaves out the deals that already have the closing date that is to be sent.
    pub(super) fn without_kept_dates(&mut self, items: Vec<WorkItem>) -> Result<Vec<WorkItem>> {
        if !self.is_import() || self.are_dates_kept == Some(false) {
            return Ok(items);
        }
        let ids: Vec<i64> = items.iter().filter_map(WorkItem::crm_id).collect();
        let fields = BTreeSet::from([FIELD.to_owned()]);
        let found = cards(self.client, Kind::Booking, &ids, &fields)?.seen;
        let mut kept = Vec::new();
        let mut others = Vec::new();
        for item in items {
            if item.has_its_closing_date(&found) { kept.push(item) } else { others.push(item) }
        }
        self.learn_imported_dates(&kept, &others)?;
        let writer = self.state.writer()?;
        for item in kept {
            let pending = PendingWork { close: false, ..item.record.plan_record.pending };
            writer.update_pending(item.key(), pending)?;
        }
        writer.commit()?;
        Ok(others)
    }

    fn learn_imported_dates(&mut self, kept: &[WorkItem], others: &[WorkItem]) -> Result<()> {
        let now = self.client.clock().now();
        let run = self.run;
        // A deal of another run may have been created or changed by another call.
        let mut imported_and_kept = kept.iter().filter(|item| item.record.last_seen_run == run);
        let are_kept = if others.iter().any(|item| item.record.last_seen_run == run) {
            false
        } else if imported_and_kept.any(|item| item.departs_far_from(now.date_naive())) {
            true
        } else {
            return Ok(());
        };
        if self.are_dates_kept != Some(are_kept) {
            self.state.set(&IMPORTED_DATES, &ImportedDates { are_kept, seen_at: now })?;
            self.are_dates_kept = Some(are_kept);
        }
        Ok(())
    }
}

impl WorkItem {
    fn closing_booking(&self) -> Option<&Booking> {
        match self.planned.step {
            Step::SendCloseDate => self.row().and_then(Row::booking),
            _ => None,
        }
    }

    /// Whether the item's card, if it is among these, has the closing date that is to be sent.
    fn has_its_closing_date(&self, cards: &BTreeMap<i64, ObjectWithFields>) -> bool {
        let Some(booking) = self.closing_booking() else { return false };
        let Some(card) = self.crm_id().and_then(|crm_id| cards.get(&crm_id)) else { return false };
        match card.fields.get(FIELD) {
            Some(stored) => values_equal(FIELD, None, &closedate(booking), stored),
            None => false,
        }
    }

    fn departs_far_from(&self, today: NaiveDate) -> bool {
        match self.closing_booking() {
            Some(booking) => is_far_from(today, booking.departure.day),
            None => false,
        }
    }
}

fn is_far_from(today: NaiveDate, departure: NaiveDate) -> bool {
    (departure - today).abs() > NEAR_TODAY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_departure_within_a_day_of_today_tells_nothing() {
        let day = |day| NaiveDate::from_ymd_opt(2026, 11, day).unwrap();
        let tells = [8, 9, 10, 11, 12].map(|departure| is_far_from(day(10), day(departure)));
        assert_eq!(tells, [true, false, false, false, true]);
    }
}
