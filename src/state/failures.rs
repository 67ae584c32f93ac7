//! Putting records aside: failures with growing pauses, bookings that wait, and warnings.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::params;

use super::columns::Time;
use super::statements::query_first;
use super::writer::Writer;
use super::{Event, Operation, Result, Severity};
use crate::domain::failure_code::FailureCode;
use crate::domain::issue_detail::IssueDetail;
use crate::domain::record::{Kind, RecordKey};
use crate::domain::warning::Warning;
use crate::mirror::Row;

/// A failed record is tried again after a day at the latest.
pub const LONGEST_PAUSE: TimeDelta = TimeDelta::days(1);

/// Why a record was not sent.
#[derive(Clone, Debug)]
pub struct Failure<'a> {
    /// The kind of the failure.
    pub code: FailureCode,
    /// What was tried; none where the row cannot be read.
    pub operation: Option<Operation>,
    /// The portal's own text, or the column.
    pub message: &'a str,
    /// The row, where there is one.
    pub row: Option<&'a Row>,
}

/// What the state remembers of a record that is not sent, or not whole.
struct NewIssue<'a> {
    severity: Severity,
    code: FailureCode,
    /// None for a row that cannot be read, and for a deal without a booking.
    operation: Option<Operation>,
    message: &'a str,
    /// The row that it came with, where there is one.
    row: Option<&'a Row>,
    attempts: u32,
    /// When it was like this first.
    first_at: DateTime<Utc>,
}

impl Writer<'_> {
    /// The record failed; it is tried again after a pause that doubles each time.
    pub fn save_failure(
        &self,
        key: &RecordKey,
        failure: &Failure<'_>,
        retry_after: Duration,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let Failure { code, operation, message, row } = failure;
        let before = self.previous_attempts(key, Severity::Failure)?;
        let (attempts, first_at) = before.unwrap_or((0, now));
        self.keep_record(key, *row)?;
        self.clear_severity(key, Severity::Failure)?;
        self.clear_severity(key, Severity::Waiting)?;
        let issue = NewIssue {
            severity: Severity::Failure,
            code: *code,
            operation: *operation,
            message,
            row: *row,
            attempts: attempts + 1,
            first_at,
        };
        self.insert_issue(key, &issue, now)?;
        self.schedule_retry(key, now + pause_after(attempts, retry_after))?;
        self.clear_doubt(key)?;
        self.log_event(key, Event::Failed, None, code.name(), now)
    }

    /// The booking waits for its guest.
    pub fn save_waiting(&self, row: &Row, message: &str, now: DateTime<Utc>) -> Result<()> {
        let key = RecordKey::new(Kind::Booking, row.id.clone());
        self.keep_record(&key, Some(row))?;
        let (_, since) = self.previous_attempts(&key, Severity::Waiting)?.unwrap_or((0, now));
        self.clear_issues(&key)?;
        let issue = NewIssue {
            severity: Severity::Waiting,
            code: FailureCode::GuestWaiting,
            operation: Some(Operation::Create),
            message,
            row: Some(row),
            attempts: 1,
            first_at: since,
        };
        self.insert_issue(&key, &issue, now)
    }

    /// The record is sent, but not whole.
    pub fn save_warning(
        &self,
        key: &RecordKey,
        row: &Row,
        warning: &Warning,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let Warning { code, message } = warning;
        let issue = NewIssue {
            severity: Severity::Warning,
            code: *code,
            operation: Some(Operation::Update),
            message,
            row: Some(row),
            attempts: 1,
            first_at: now,
        };
        self.insert_issue(key, &issue, now)
    }

    /// The booking of these deals of ours does not exist.
    pub fn save_orphaned_deals(
        &self,
        booking: &RecordKey,
        deals: &[i64],
        now: DateTime<Utc>,
    ) -> Result<()> {
        let deals = IssueDetail::Cards(deals.to_vec()).to_string();
        let issue = NewIssue {
            severity: Severity::Warning,
            code: FailureCode::DealWithoutBooking,
            operation: None,
            message: &deals,
            row: None,
            attempts: 1,
            first_at: now,
        };
        self.insert_issue(booking, &issue, now)
    }

    /// A failed record is tried with the first run after this time.
    pub fn schedule_retry(&self, key: &RecordKey, at: DateTime<Utc>) -> Result<()> {
        let sql = "UPDATE troubles SET next_at = ?3
                   WHERE kind = ?1 AND id = ?2 AND severity = 'failure'";
        self.execute(sql, (key.kind, &key.id, Time(at)))
    }

    /// Removes all reports of deals without a booking: they are about to be reported again.
    pub fn clear_orphaned_deals(&self) -> Result<()> {
        let sql = "DELETE FROM troubles WHERE code = ?1";
        self.execute(sql, [FailureCode::DealWithoutBooking])
    }

    /// A failure is forgotten: the record is tried with the next run.
    pub fn clear_failure(&self, key: &RecordKey) -> Result<()> {
        self.clear_severity(key, Severity::Failure)
    }

    /// The number of attempts until now, and the time of the first.
    fn previous_attempts(
        &self,
        key: &RecordKey,
        severity: Severity,
    ) -> Result<Option<(u32, DateTime<Utc>)>> {
        let sql = "SELECT attempts, first_at FROM troubles
                   WHERE kind = ?1 AND id = ?2 AND severity = ?3";
        query_first(&self.transaction, sql, (key.kind, &key.id, severity), |row| {
            Ok((row.get(0)?, row.get::<_, Time>(1)?.0))
        })
    }

    pub(super) fn clear_issues(&self, key: &RecordKey) -> Result<()> {
        self.execute("DELETE FROM troubles WHERE kind = ?1 AND id = ?2", (key.kind, &key.id))
    }

    pub(super) fn clear_severity(&self, key: &RecordKey, severity: Severity) -> Result<()> {
        let sql = "DELETE FROM troubles WHERE kind = ?1 AND id = ?2 AND severity = ?3";
        self.execute(sql, (key.kind, &key.id, severity))
    }

    /// A record that is not sent is stored with its name, and is sent again when its pause is over.
    /// A record that was sent keeps the name with which it was sent: titles of its bookings are
    /// compared with that.
    fn keep_record(&self, key: &RecordKey, row: Option<&Row>) -> Result<()> {
        let label = row.map_or("", |row| row.display_name.as_str());
        self.execute(
            "INSERT INTO records (kind, id, label, todo) VALUES (?1, ?2, ?3, 1)
             ON CONFLICT DO UPDATE SET todo = todo | 1,
               label = iif(?3 = '' OR modified_at IS NOT NULL, label, ?3)",
            (key.kind, &key.id, label),
        )
    }

    fn insert_issue(
        &self,
        key: &RecordKey,
        issue: &NewIssue<'_>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let NewIssue { severity, code, operation, message, row, attempts, first_at } = issue;
        let parameters = params![
            key.kind,
            key.id,
            severity,
            code,
            operation.map_or("read", Operation::name),
            message,
            attempts,
            Time(*first_at),
            Time(now),
            row.map(|row| row.modified_at.as_str()),
            row.map(|row| row.content_hash.cast_signed()),
            row.map(|row| row.parties_hash.cast_signed()),
        ];
        self.execute(
            "INSERT OR REPLACE INTO troubles (kind, id, severity, code, operation, message,
               attempts, first_at, last_at, modified_at, content, people)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, coalesce(?10, d.modified_at, ''),
                    coalesce(?11, d.content, 0), coalesce(?12, d.people, 0)
             FROM (SELECT 1) LEFT JOIN doubts d ON d.kind = ?1 AND d.id = ?2",
            parameters,
        )
    }
}

/// Whether a pause until this time is over. One that is longer than the longest was set by a clock
/// that ran ahead.
pub fn is_pause_over(until: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    until <= now || until - now > LONGEST_PAUSE
}

/// The pause after so many failed attempts before this one.
fn pause_after(attempts: u32, retry_after: Duration) -> TimeDelta {
    let first = TimeDelta::from_std(retry_after).unwrap_or(LONGEST_PAUSE);
    let pause = first.checked_mul(1 << attempts.min(20)).unwrap_or(LONGEST_PAUSE);
    pause.min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::State;

    #[test]
    fn the_pause_of_a_record_that_fails_doubles_up_to_a_day() {
        let state = State::in_memory().unwrap();
        let now = DateTime::default();
        let guest = RecordKey::new(Kind::Guest, 1);
        let failure =
            Failure { code: FailureCode::PortalRefused, operation: None, message: "", row: None };
        let pause = |_| {
            let writer = state.writer().unwrap();
            writer.save_failure(&guest, &failure, Duration::from_secs(15 * 60), now).unwrap();
            writer.commit().unwrap();
            (state.retry_backoffs(Kind::Guest).unwrap()[&guest.id].until - now).num_minutes()
        };
        let pauses: Vec<i64> = (0..10).map(pause).collect();
        assert_eq!(pauses, [15, 30, 60, 120, 240, 480, 960, 1440, 1440, 1440]);
    }
}
