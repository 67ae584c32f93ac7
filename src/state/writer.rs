//! What is written down about records: each method is one fact, and a transaction holds all facts of one answer.

use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use rusqlite::{OptionalExtension, Transaction, params};

use super::records::{GONE, LOST, RELEASED};
use super::{Operation, Severity, Todo, stamp};
use crate::code::Code;
use crate::mapping::Warning;
use crate::mapping::multifield::Written;
use crate::mirror::Row;
use crate::record::{Id, Kind};

/// A failed record is tried again after a day at the latest.
const LONGEST_PAUSE: TimeDelta = TimeDelta::days(1);

/// A transaction on the state.
pub struct Writer<'s> {
    transaction: Transaction<'s>,
}

/// A record that reached the portal.
#[derive(Clone, Debug)]
pub struct Sent<'a> {
    /// The row as it was sent.
    pub row: &'a Row,
    /// The object.
    pub crm_id: i64,
    /// Fingerprint of the deal's title and people; 0 for the other kinds.
    pub links: u64,
    /// Phones and e-mails that are ours now.
    pub written: &'a Written,
    /// What is still to be done.
    pub todo: Todo,
    /// What was left out.
    pub warnings: &'a [Warning],
    /// The run.
    pub run: i64,
}

/// What is about to be tried.
#[derive(Clone, Debug)]
pub struct Attempt<'a> {
    /// Create, update or delete.
    pub operation: Operation,
    /// The row that is sent.
    pub row: Option<&'a Row>,
    /// Phones and e-mails that are ours, or may be ours after the call.
    pub written: &'a Written,
}

impl<'s> Writer<'s> {
    pub(super) fn new(transaction: Transaction<'s>) -> Writer<'s> {
        Writer { transaction }
    }

    /// Saves everything that was written through it.
    pub fn commit(self) -> Result<()> {
        Ok(self.transaction.commit()?)
    }

    /// Before a call: what is tried with which row, and what of phones and e-mails may be ours from now on.
    pub fn doubt(&self, kind: Kind, id: &Id, attempt: &Attempt<'_>, now: DateTime<Utc>) -> Result<()> {
        let Attempt { operation, row, written } = attempt;
        self.transaction
            .prepare_cached(
                "INSERT OR REPLACE INTO doubts (kind, id, operation, at, modified_at, content, people)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute((
                kind,
                id,
                operation.name(),
                now.to_rfc3339_opts(SecondsFormat::Millis, true),
                row.map_or("", |row| row.modified_at.as_str()),
                row.map_or(0, |row| row.content.cast_signed()),
                row.map_or(0, |row| row.people.cast_signed()),
            ))?;
        self.transaction
            .prepare_cached(
                "INSERT INTO records (kind, id, written) VALUES (?1, ?2, ?3)
                 ON CONFLICT DO UPDATE SET written = excluded.written",
            )?
            .execute((kind, id, json(written)?))?;
        Ok(())
    }

    /// The record's call was never answered.
    pub fn strike(&self, kind: Kind, id: &Id) -> Result<()> {
        self.transaction
            .prepare_cached("UPDATE records SET strikes = strikes + 1 WHERE kind = ?1 AND id = ?2")?
            .execute((kind, id))?;
        Ok(())
    }

    /// The clock went back: the doubt is as young as can be.
    pub fn redate_doubt(&self, kind: Kind, id: &Id, now: DateTime<Utc>) -> Result<()> {
        self.transaction
            .prepare_cached("UPDATE doubts SET at = ?3 WHERE kind = ?1 AND id = ?2")?
            .execute((kind, id, now.to_rfc3339_opts(SecondsFormat::Millis, true)))?;
        Ok(())
    }

    /// The call left no doubt, or the doubt is settled.
    pub fn clear_doubt(&self, kind: Kind, id: &Id) -> Result<()> {
        self.transaction
            .prepare_cached("DELETE FROM doubts WHERE kind = ?1 AND id = ?2")?
            .execute((kind, id))?;
        Ok(())
    }

    /// The record stands in the portal as its row says.
    pub fn sent(&self, kind: Kind, sent: &Sent<'_>, now: DateTime<Utc>) -> Result<()> {
        let Sent { row, crm_id, links, written, todo, warnings, run } = sent;
        self.transaction
            .prepare_cached(
                "INSERT INTO records
                   (kind, id, crm_id, modified_at, content, people, links, label, written, todo, seen_run)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
                 ON CONFLICT DO UPDATE SET crm_id = ?3, modified_at = ?4, content = ?5, people = ?6, links = ?7,
                   label = ?8, written = ?9, todo = ?10, seen_run = ?11, flags = flags & ?12,
                   strikes = 0",
            )?
            .execute(params![
                kind,
                row.id,
                crm_id,
                row.modified_at,
                row.content.cast_signed(),
                row.people.cast_signed(),
                links.cast_signed(),
                row.label,
                json(written)?,
                todo.bits(),
                run,
                RELEASED
            ])?;
        self.clear_doubt(kind, &row.id)?;
        self.clear_troubles(kind, &row.id)?;
        for warning in *warnings {
            self.warn(kind, row, warning, now)?;
        }
        Ok(())
    }

    /// Nothing had to be sent: only the people were looked at again.
    pub fn unchanged(&self, kind: Kind, id: &Id, todo: Todo) -> Result<()> {
        self.transaction
            .prepare_cached("UPDATE records SET todo = ?3 WHERE kind = ?1 AND id = ?2")?
            .execute((kind, id, todo.bits()))?;
        self.clear_doubt(kind, id)
    }

    /// The record's object is known now; all fields have to be sent again.
    pub fn linked(&self, kind: Kind, id: &Id, crm_id: i64) -> Result<()> {
        self.transaction
            .prepare_cached(
                "INSERT INTO records (kind, id, crm_id, todo) VALUES (?1, ?2, ?3, 1)
                 ON CONFLICT DO UPDATE SET crm_id = ?3, todo = 1",
            )?
            .execute((kind, id, crm_id))?;
        self.clear_doubt(kind, id)
    }

    /// The record has to be sent again, whatever its row says.
    pub fn resend(&self, kind: Kind, id: &Id) -> Result<()> {
        self.transaction
            .prepare_cached("UPDATE records SET todo = todo | 1 WHERE kind = ?1 AND id = ?2")?
            .execute((kind, id))?;
        Ok(())
    }

    /// The record's object is gone or let go of. Released by `reset-id`, the mirror's own `crm_id` counts no more.
    pub fn unlinked(&self, kind: Kind, id: &Id, released: bool) -> Result<()> {
        self.transaction
            .prepare_cached(
                "UPDATE records SET crm_id = NULL, modified_at = NULL, links = 0, written = '', todo = 0,
                   flags = flags | ?3 WHERE kind = ?1 AND id = ?2",
            )?
            .execute((kind, id, if released { RELEASED } else { LOST }))?;
        self.touch(kind, id)
    }

    /// `reset-id` points the record at another object. A call without an answer stays in doubt: what it made is
    /// still to be found.
    pub fn pointed(&self, kind: Kind, id: &Id, crm_id: i64) -> Result<()> {
        self.transaction
            .prepare_cached(
                "UPDATE records SET crm_id = ?3, todo = todo | 1, seen_run = 0, flags = flags | ?4
                 WHERE kind = ?1 AND id = ?2",
            )?
            .execute((kind, id, crm_id, RELEASED))?;
        self.touch(kind, id)
    }

    /// The record is known from now on, if it was not.
    pub fn meet(&self, kind: Kind, id: &Id, label: &str) -> Result<()> {
        self.transaction
            .prepare_cached("INSERT OR IGNORE INTO records (kind, id, label) VALUES (?1, ?2, ?3)")?
            .execute((kind, id, label))?;
        Ok(())
    }

    /// A failed record is tried with the next pass, whatever its pause.
    pub fn try_now(&self, kind: Kind, id: &Id, now: DateTime<Utc>) -> Result<()> {
        self.transaction
            .prepare_cached(
                "UPDATE troubles SET next_at = ?3 WHERE kind = ?1 AND id = ?2 AND severity = 'failure'",
            )?
            .execute((kind, id, stamp(now)))?;
        Ok(())
    }

    /// What was reported of deals without a booking is about to be reported anew.
    pub fn forget_orphans(&self) -> Result<()> {
        self.transaction
            .execute("DELETE FROM troubles WHERE code = ?1", [Code::DealWithoutBooking.name()])?;
        Ok(())
    }

    /// A failure is forgotten: the record is tried with the next pass.
    pub fn forgive(&self, kind: Kind, id: &Id) -> Result<()> {
        self.clear_severity(kind, id, Severity::Failure)
    }

    /// Lets go of the objects of all records of a kind, as [`Writer::unlinked`] does of one. Returns how many.
    pub fn release_all(&self, kind: Kind, now: DateTime<Utc>) -> Result<usize> {
        let linked = "FROM records WHERE kind = ?1 AND crm_id IS NOT NULL";
        let history = "INSERT INTO history (at, kind, id, event, crm_id)";
        self.transaction.execute(
            &format!("{history} SELECT ?2, kind, id, 'reset', crm_id {linked}"),
            (kind, stamp(now)),
        )?;
        self.transaction
            .execute(&format!("INSERT INTO touched (kind, id) SELECT kind, id {linked}"), [kind])?;
        self.transaction.execute("DELETE FROM troubles WHERE kind = ?1 AND severity = 'failure'", [kind])?;
        let released = self.transaction.execute(
            "UPDATE records SET crm_id = NULL, modified_at = NULL, links = 0, written = '', todo = 0,
               flags = flags | ?2 WHERE kind = ?1 AND crm_id IS NOT NULL",
            (kind, RELEASED),
        )?;
        Ok(released)
    }

    /// The bookings of this person or company have to be looked at again.
    pub fn touch(&self, kind: Kind, id: &Id) -> Result<()> {
        self.transaction
            .prepare_cached("INSERT INTO touched (kind, id) VALUES (?1, ?2)")?
            .execute((kind, id))?;
        Ok(())
    }

    /// The mirror is to learn the record's id.
    pub fn owe_write_back(&self, kind: Kind, id: &Id) -> Result<()> {
        self.transaction
            .prepare_cached("INSERT OR IGNORE INTO write_backs (kind, id) VALUES (?1, ?2)")?
            .execute((kind, id))?;
        Ok(())
    }

    /// The mirror knows these ids now.
    pub fn wrote_back(&self, links: &[(Kind, Id, Option<i64>)]) -> Result<()> {
        let mut statement =
            self.transaction.prepare_cached("DELETE FROM write_backs WHERE kind = ?1 AND id = ?2")?;
        for (kind, id, _) in links {
            statement.execute((kind, id))?;
        }
        Ok(())
    }

    /// All bookings were looked at for the people that were read up to this mark.
    pub fn untouch(&self, mark: i64) -> Result<()> {
        self.transaction.prepare_cached("DELETE FROM touched WHERE seq <= ?1")?.execute([mark])?;
        Ok(())
    }

    /// The object was seen in the portal in this run.
    pub fn alive(&self, kind: Kind, crm_id: i64, run: i64) -> Result<()> {
        self.transaction
            .prepare_cached("UPDATE records SET seen_run = ?3 WHERE kind = ?1 AND crm_id = ?2")?
            .execute((kind, crm_id, run))?;
        Ok(())
    }

    /// The row of a guest or a company is gone from the mirror: its object is left alone.
    pub fn gone(&self, kind: Kind, id: &Id) -> Result<()> {
        self.transaction
            .prepare_cached("UPDATE records SET flags = flags | ?3 WHERE kind = ?1 AND id = ?2")?
            .execute((kind, id, GONE))?;
        self.clear_troubles(kind, id)?;
        self.touch(kind, id)
    }

    /// The record is known no more: its booking and its deal are gone.
    pub fn forget(&self, kind: Kind, id: &Id) -> Result<()> {
        self.transaction
            .prepare_cached("DELETE FROM records WHERE kind = ?1 AND id = ?2")?
            .execute((kind, id))?;
        self.clear_troubles(kind, id)?;
        self.clear_doubt(kind, id)
    }

    /// The record failed; it is tried again after a pause that doubles each time.
    pub fn failed(
        &self,
        kind: Kind,
        id: &Id,
        failure: &Failure<'_>,
        retry_after: Duration,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let Failure { code, operation, message, row } = failure;
        let before = self.before(kind, id, Severity::Failure)?;
        let (attempts, first_at) = before.unwrap_or((0, stamp(now)));
        let pause = TimeDelta::from_std(retry_after).unwrap_or(LONGEST_PAUSE);
        let pause = pause.checked_mul(1 << attempts.min(20)).unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE);
        self.remember_row(kind, id, *row)?;
        self.clear_severity(kind, id, Severity::Failure)?;
        self.trouble(
            kind,
            id,
            Severity::Failure,
            *code,
            operation,
            message,
            *row,
            attempts + 1,
            &first_at,
            now,
        )?;
        self.transaction
            .prepare_cached(
                "UPDATE troubles SET next_at = ?3 WHERE kind = ?1 AND id = ?2 AND severity = 'failure'",
            )?
            .execute((kind, id, stamp(now + pause)))?;
        self.clear_doubt(kind, id)?;
        self.event(kind, id, "failed", None, code.name(), now)
    }

    /// The booking waits for its guest.
    pub fn waiting(&self, row: &Row, message: &str, now: DateTime<Utc>) -> Result<()> {
        let (kind, code) = (Kind::Booking, Code::GuestWaiting);
        self.remember_row(kind, &row.id, Some(row))?;
        let since =
            self.before(kind, &row.id, Severity::Waiting)?.map_or_else(|| stamp(now), |(_, since)| since);
        self.clear_troubles(kind, &row.id)?;
        self.trouble(kind, &row.id, Severity::Waiting, code, "create", message, Some(row), 1, &since, now)
    }

    /// Something is not whole about the record.
    pub fn warn(&self, kind: Kind, row: &Row, warning: &Warning, now: DateTime<Utc>) -> Result<()> {
        let Warning { code, message } = warning;
        let first = stamp(now);
        self.trouble(kind, &row.id, Severity::Warning, *code, "update", message, Some(row), 1, &first, now)
    }

    /// A deal of ours that no booking stands behind.
    pub fn orphan(&self, id: &Id, crm_id: i64, now: DateTime<Utc>) -> Result<()> {
        let (code, message) = (Code::DealWithoutBooking, crm_id.to_string());
        let first = stamp(now);
        self.trouble(Kind::Booking, id, Severity::Warning, code, "read", &message, None, 1, &first, now)
    }

    /// A line in the record's history.
    pub fn event(
        &self,
        kind: Kind,
        id: &Id,
        event: &str,
        crm_id: Option<i64>,
        detail: &str,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.transaction
            .prepare_cached(
                "INSERT INTO history (at, kind, id, event, crm_id, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute((stamp(now), kind, id, event, crm_id, detail))?;
        Ok(())
    }

    /// Attempts until now, and since when.
    fn before(&self, kind: Kind, id: &Id, severity: Severity) -> Result<Option<(u32, String)>> {
        let sql = "SELECT attempts, first_at FROM troubles WHERE kind = ?1 AND id = ?2 AND severity = ?3";
        let mut statement = self.transaction.prepare_cached(sql)?;
        let found = statement.query_row((kind, id, severity.name()), |row| Ok((row.get(0)?, row.get(1)?)));
        Ok(found.optional()?)
    }

    fn clear_troubles(&self, kind: Kind, id: &Id) -> Result<()> {
        self.transaction
            .prepare_cached("DELETE FROM troubles WHERE kind = ?1 AND id = ?2")?
            .execute((kind, id))?;
        Ok(())
    }

    fn clear_severity(&self, kind: Kind, id: &Id, severity: Severity) -> Result<()> {
        self.transaction
            .prepare_cached("DELETE FROM troubles WHERE kind = ?1 AND id = ?2 AND severity = ?3")?
            .execute((kind, id, severity.name()))?;
        Ok(())
    }

    /// A record that is not sent is known by its name, and goes again when its pause is over. What was sent before
    /// keeps the name it was sent with: its bookings' titles are compared with that.
    fn remember_row(&self, kind: Kind, id: &Id, row: Option<&Row>) -> Result<()> {
        let label = row.map_or("", |row| row.label.as_str());
        self.transaction
            .prepare_cached(
                "INSERT INTO records (kind, id, label, todo) VALUES (?1, ?2, ?3, 1)
                 ON CONFLICT DO UPDATE SET todo = todo | 1,
                   label = iif(?3 = '' OR modified_at IS NOT NULL, label, ?3)",
            )?
            .execute((kind, id, label))?;
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "the columns of one table, written in one place")]
    fn trouble(
        &self,
        kind: Kind,
        id: &Id,
        severity: Severity,
        code: Code,
        operation: &str,
        message: &str,
        row: Option<&Row>,
        attempts: u32,
        first_at: &str,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.transaction
            .prepare_cached(
                "INSERT OR REPLACE INTO troubles (kind, id, severity, code, operation, message, attempts, first_at,
                   last_at, modified_at, content, people)
                 SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, coalesce(?10, d.modified_at, ''),
                        coalesce(?11, d.content, 0), coalesce(?12, d.people, 0)
                 FROM (SELECT 1) LEFT JOIN doubts d ON d.kind = ?1 AND d.id = ?2",
            )?
            .execute(params![
                kind,
                id,
                severity.name(),
                code.name(),
                operation,
                message,
                attempts,
                first_at,
                stamp(now),
                row.map(|row| row.modified_at.as_str()),
                row.map(|row| row.content.cast_signed()),
                row.map(|row| row.people.cast_signed()),
            ])?;
        Ok(())
    }
}

/// Why a record was not sent.
#[derive(Clone, Debug)]
pub struct Failure<'a> {
    /// Our own word for it.
    pub code: Code,
    /// `create`, `update`, `delete` or `read`.
    pub operation: &'static str,
    /// The portal's words, or the column.
    pub message: &'a str,
    /// The row, where there is one.
    pub row: Option<&'a Row>,
}

fn json(written: &Written) -> Result<String> {
    if *written == Written::default() { Ok(String::new()) } else { Ok(serde_json::to_string(written)?) }
}
