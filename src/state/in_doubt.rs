//! Calls that have no answer yet, or never got one: saved before the call, cleared after its
//! answer.

use chrono::{DateTime, SecondsFormat, Utc};

use super::statements::query_first;
use super::writer::{Writer, json};
use super::{Operation, Result, State};
use crate::domain::owned_values::OwnedValues;
use crate::domain::record::RecordKey;
use crate::mirror::Row;

/// What is about to be tried.
#[derive(Clone, Debug)]
pub struct InDoubtCall<'a> {
    /// Create, update or delete.
    pub operation: Operation,
    /// The row that is sent.
    pub row: Option<&'a Row>,
    /// Phones and e-mails that are ours, or may be ours after the call.
    pub owned_values: &'a OwnedValues,
}

impl State {
    /// Why the call in doubt had no answer; empty where that is not known.
    pub fn reason_of_doubt(&self, key: &RecordKey) -> Result<String> {
        let sql = "SELECT reason FROM doubts WHERE kind = ?1 AND id = ?2";
        let reason = query_first(&self.connection, sql, (key.kind, &key.id), |row| row.get(0))?;
        Ok(reason.unwrap_or_default())
    }
}

impl Writer<'_> {
    /// Saves why the call in doubt had no answer.
    pub fn save_reason_of_doubt(&self, key: &RecordKey, reason: &str) -> Result<()> {
        let sql = "UPDATE doubts SET reason = ?3 WHERE kind = ?1 AND id = ?2";
        self.execute(sql, (key.kind, &key.id, reason))
    }

    /// Before a call: what is tried with which row, and which phones and e-mails may be ours from
    /// now on.
    pub fn mark_in_doubt(
        &self,
        key: &RecordKey,
        call: &InDoubtCall<'_>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let InDoubtCall { operation, row, owned_values } = call;
        let doubt = (
            key.kind,
            &key.id,
            operation,
            call_time(now),
            row.map_or("", |row| row.modified_at.as_str()),
            row.map_or(0, |row| row.content_hash.cast_signed()),
            row.map_or(0, |row| row.parties_hash.cast_signed()),
        );
        self.execute(
            "INSERT OR REPLACE INTO doubts (kind, id, operation, at, modified_at, content, people)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            doubt,
        )?;
        let label = row.map_or("", |row| row.display_name.as_str());
        self.execute(
            "INSERT INTO records (kind, id, label, written) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET written = excluded.written",
            (key.kind, &key.id, label, json(owned_values)?),
        )
    }

    /// The record's call was never answered.
    pub fn count_unanswered(&self, key: &RecordKey) -> Result<()> {
        let sql = "UPDATE records SET strikes = strikes + 1 WHERE kind = ?1 AND id = ?2";
        self.execute(sql, (key.kind, &key.id))
    }

    /// Dates the doubt at this moment: the call may have been under way until now, or the clock
    /// went back.
    pub fn refresh_doubt(&self, key: &RecordKey, now: DateTime<Utc>) -> Result<()> {
        let sql = "UPDATE doubts SET at = ?3 WHERE kind = ?1 AND id = ?2";
        self.execute(sql, (key.kind, &key.id, call_time(now)))
    }

    /// The portal did nothing: the phones and e-mails from before the call are ours.
    pub fn revert_attempt(&self, key: &RecordKey, owned_values: &OwnedValues) -> Result<()> {
        let sql = "UPDATE records SET written = ?3 WHERE kind = ?1 AND id = ?2";
        self.execute(sql, (key.kind, &key.id, json(owned_values)?))?;
        self.clear_doubt(key)
    }

    /// The record's call was answered.
    pub fn reset_unanswered(&self, key: &RecordKey) -> Result<()> {
        let sql = "UPDATE records SET strikes = 0 WHERE kind = ?1 AND id = ?2";
        self.execute(sql, (key.kind, &key.id))
    }

    /// The call left no doubt, or the doubt is settled.
    pub fn clear_doubt(&self, key: &RecordKey) -> Result<()> {
        self.execute("DELETE FROM doubts WHERE kind = ?1 AND id = ?2", (key.kind, &key.id))
    }
}

/// To the millisecond: a doubt is compared with the time that the lock's file holds.
fn call_time(now: DateTime<Utc>) -> String {
    now.to_rfc3339_opts(SecondsFormat::Millis, true)
}
