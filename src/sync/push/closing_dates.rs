//! Closing dates that an import may have kept.
//!
//! Most portals put today's date over the closing date of a deal that is created in a final stage,
//! so the departure goes in a second call. A setting of the portal switches that off. The first
//! closed deals of an export show it; where the import keeps the date, the second call is not made.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{CreateMode, Push, WorkItem};
use crate::config::ExportMethod;
use crate::crm::diff::values_equal;
use crate::crm::objects::card::cards;
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
    /// Whether the date that was sent stands.
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

    /// Nobody knows yet whether the closing dates of imported deals have to be sent.
    pub(super) fn is_closing_unknown(&self) -> bool {
        self.is_import() && self.are_dates_kept.is_none()
    }

    /// Of deals whose closing date is to be sent those in which it does not stand.
    pub(super) fn without_kept_dates(&mut self, items: Vec<WorkItem>) -> Result<Vec<WorkItem>> {
        if !self.is_import() || self.are_dates_kept == Some(false) {
            return Ok(items);
        }
        let ids: Vec<i64> = items.iter().filter_map(WorkItem::crm_id).collect();
        let found =
            cards(self.client, Kind::Booking, &ids, &BTreeSet::from([FIELD.to_owned()]))?.seen;
        let is_kept = |item: &WorkItem| {
            let stored = item.crm_id().and_then(|crm_id| found.get(&crm_id)?.fields.get(FIELD));
            let booking = item.closing_booking();
            booking.zip(stored).is_some_and(|(booking, stored)| is_stored(booking, stored))
        };
        let (kept, others): (Vec<_>, Vec<_>) = items.into_iter().partition(is_kept);
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
        let is_imported = |item: &&WorkItem| item.record.last_seen_run == run;
        let is_far = |item: &WorkItem| {
            let departure = item.closing_booking().map(|booking| booking.departure.day);
            departure.is_some_and(|departure| is_far_from(now.date_naive(), departure))
        };
        let are_kept = if others.iter().any(|item| is_imported(&item)) {
            false
        } else if kept.iter().filter(is_imported).any(is_far) {
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
        self.row().filter(|_| self.planned.step == Step::SendCloseDate).and_then(Row::booking)
    }
}

fn is_stored(booking: &Booking, stored: &serde_json::Value) -> bool {
    values_equal(FIELD, None, &closedate(booking), stored)
}

fn is_far_from(today: NaiveDate, departure: NaiveDate) -> bool {
    (departure - today).abs() > NEAR_TODAY
}
