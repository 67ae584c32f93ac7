//! Changes of records: each method saves one fact, and a transaction has all facts of one answer.

use chrono::{DateTime, Utc};
use rusqlite::{Params, Transaction, params};

use super::columns::Time;
use super::statements::execute;
use super::stored_record::RecordFlag;
use super::{Event, PendingWork, Result};
use crate::domain::owned_values::OwnedValues;
use crate::domain::record::{Kind, RecordKey};
use crate::domain::warning::Warning;
use crate::mirror::{Row, WriteBack};
use crate::state::missing_rows::Stay;

/// The columns of a record that has no object any more, as SQL.
pub(super) const RESET_LINK_COLUMNS: &str =
    "crm_id = NULL, modified_at = NULL, links = 0, written = '', todo = 0";

/// A transaction on the state.
pub struct Writer<'s> {
    pub(super) transaction: Transaction<'s>,
}

/// A record that reached the portal.
#[derive(Clone, Debug)]
pub struct SentRecord<'a> {
    /// The row as it was sent.
    pub row: &'a Row,
    /// The object in the CRM that it was sent to.
    pub crm_id: i64,
    /// Fingerprint of the deal's people, and of the name in its title; 0 for the other kinds.
    pub links_hash: u64,
    /// Phones and e-mails that are ours now.
    pub owned_values: &'a OwnedValues,
    /// What is still to be done.
    pub pending: PendingWork,
    /// What was left out of the object.
    pub warnings: &'a [Warning],
    /// The run that sent it.
    pub run: i64,
}

impl<'s> Writer<'s> {
    pub(super) fn new(transaction: Transaction<'s>) -> Writer<'s> {
        Writer { transaction }
    }

    /// Saves everything that was written through it.
    pub fn commit(self) -> Result<()> {
        Ok(self.transaction.commit()?)
    }

    pub(super) fn execute(&self, sql: &str, parameters: impl Params) -> Result<()> {
        execute(&self.transaction, sql, parameters)
    }

    /// The record's object has everything that its row says.
    pub fn save_sent(
        &self,
        key: &RecordKey,
        sent: &SentRecord<'_>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let SentRecord { row, crm_id, links_hash, owned_values, pending, warnings, run } = sent;
        let stay = Stay::of_row(row);
        let parameters = params![
            key.kind,
            key.id,
            crm_id,
            row.modified_at,
            row.content_hash.cast_signed(),
            row.parties_hash.cast_signed(),
            links_hash.cast_signed(),
            row.display_name,
            json(owned_values)?,
            pending.bits(),
            run,
            RecordFlag::Detached.bit(),
            RecordFlag::CarriesOrigin.bit(),
            now.timestamp(),
            stay.map(|stay| stay.arrival),
            stay.map(|stay| stay.departure),
        ];
        self.execute(
            "INSERT INTO records
               (kind, id, crm_id, modified_at, content, people, links, label, written, todo,
                seen_run, flags, seen_at, arrival, departure)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?13, ?14, ?15, ?16)
             ON CONFLICT DO UPDATE SET crm_id = ?3, modified_at = ?4, content = ?5, people = ?6,
               links = ?7, label = ?8, written = ?9, todo = ?10, seen_run = ?11,
               flags = flags & ?12 | ?13, strikes = 0, seen_at = ?14, arrival = ?15,
               departure = ?16, missing_since = NULL",
            parameters,
        )?;
        self.clear_doubt(key)?;
        self.clear_issues(key)?;
        for warning in *warnings {
            self.save_warning(key, row, warning, now)?;
        }
        Ok(())
    }

    /// Adds the record, if the state does not have it yet.
    pub fn insert_if_missing(&self, key: &RecordKey, label: &str) -> Result<()> {
        let sql = "INSERT OR IGNORE INTO records (kind, id, label) VALUES (?1, ?2, ?3)";
        self.execute(sql, (key.kind, &key.id, label))
    }

    /// Nothing had to be sent: only the people were looked at again.
    pub fn update_pending(&self, key: &RecordKey, pending: PendingWork) -> Result<()> {
        let sql = "UPDATE records SET todo = ?3 WHERE kind = ?1 AND id = ?2";
        self.execute(sql, (key.kind, &key.id, pending.bits()))?;
        self.clear_doubt(key)
    }

    /// Links the record with an object that may have another origin; all fields have to be sent
    /// again.
    pub fn link(&self, key: &RecordKey, crm_id: i64) -> Result<()> {
        self.set_object(key, crm_id, 0)
    }

    /// Links the record with an object that has the record's own origin.
    pub fn link_by_origin(&self, key: &RecordKey, crm_id: i64) -> Result<()> {
        self.set_object(key, crm_id, RecordFlag::CarriesOrigin.bit())
    }

    fn set_object(&self, key: &RecordKey, crm_id: i64, flags: i64) -> Result<()> {
        self.execute(
            "INSERT INTO records (kind, id, crm_id, todo, flags) VALUES (?1, ?2, ?3, 1, ?5)
             ON CONFLICT DO UPDATE SET crm_id = ?3, todo = 1, flags = flags & ~?4 | ?5",
            (key.kind, &key.id, crm_id, RecordFlag::OF_OBJECT, flags),
        )?;
        self.clear_doubt(key)
    }

    /// The record shares this object with another record, whose origin the object has.
    pub fn mark_shared(&self, key: &RecordKey, crm_id: i64) -> Result<()> {
        let sql =
            "UPDATE records SET flags = flags | ?4 WHERE kind = ?1 AND id = ?2 AND crm_id = ?3";
        self.execute(sql, (key.kind, &key.id, crm_id, RecordFlag::Shared.bit()))
    }

    /// The record has to be sent again, whatever its row says.
    pub fn resend(&self, key: &RecordKey) -> Result<()> {
        let sql = "UPDATE records SET todo = todo | 1 WHERE kind = ?1 AND id = ?2";
        self.execute(sql, (key.kind, &key.id))
    }

    /// The record's object is gone.
    pub fn mark_missing_in_crm(&self, key: &RecordKey) -> Result<()> {
        self.reset_object(key, RecordFlag::MissingInCrm)
    }

    /// `reset-id` detached the record from its object: the mirror's own `crm_id` does not count any
    /// more.
    pub fn detach(&self, key: &RecordKey) -> Result<()> {
        self.reset_object(key, RecordFlag::Detached)
    }

    fn reset_object(&self, key: &RecordKey, flag: RecordFlag) -> Result<()> {
        let sql = format!(
            "UPDATE records SET {RESET_LINK_COLUMNS}, flags = flags & ~?4 | ?3
             WHERE kind = ?1 AND id = ?2"
        );
        self.execute(&sql, (key.kind, &key.id, flag.bit(), RecordFlag::OF_OBJECT))?;
        self.mark_dirty(key)
    }

    /// The bookings of this guest or company have to be looked at again. Does nothing for a
    /// booking.
    pub fn mark_dirty(&self, key: &RecordKey) -> Result<()> {
        if key.kind == Kind::Booking {
            return Ok(());
        }
        self.execute("INSERT INTO touched (kind, id) VALUES (?1, ?2)", (key.kind, &key.id))
    }

    /// The id of the record's object is to be written into the mirror.
    pub fn queue_write_back(&self, key: &RecordKey) -> Result<()> {
        let sql = "INSERT OR IGNORE INTO write_backs (kind, id) VALUES (?1, ?2)";
        self.execute(sql, (key.kind, &key.id))
    }

    /// The mirror has these ids now.
    pub fn clear_write_back(&self, links: &[WriteBack]) -> Result<()> {
        let sql = "DELETE FROM write_backs WHERE kind = ?1 AND id = ?2";
        for WriteBack { key, .. } in links {
            self.execute(sql, (key.kind, &key.id))?;
        }
        Ok(())
    }

    /// Marks guests and companies whose bookings a plan looks at. Returns the number for
    /// [`Writer::clear_dirty`].
    pub fn mark_all_dirty(&self, parties: &[RecordKey]) -> Result<i64> {
        for key in parties {
            self.mark_dirty(key)?;
        }
        let sql = "SELECT coalesce(max(seq), 0) FROM touched";
        Ok(self.transaction.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
    }

    /// Clears the marks up to this number: the bookings of these guests and companies were looked
    /// at.
    pub fn clear_dirty(&self, up_to_seq: i64) -> Result<()> {
        self.execute("DELETE FROM touched WHERE seq <= ?1", [up_to_seq])
    }

    /// The object was seen in the portal in this run.
    pub fn mark_seen(&self, kind: Kind, crm_id: i64, run: i64, now: DateTime<Utc>) -> Result<()> {
        let sql = "UPDATE records SET seen_run = ?3, seen_at = ?4 WHERE kind = ?1 AND crm_id = ?2";
        self.execute(sql, (kind, crm_id, run, now.timestamp()))
    }

    /// The row of a guest or a company is gone from the mirror: its object is left alone.
    pub fn mark_absent(&self, key: &RecordKey) -> Result<()> {
        let sql = "UPDATE records SET flags = flags | ?3, missing_since = NULL
                   WHERE kind = ?1 AND id = ?2";
        self.execute(sql, (key.kind, &key.id, RecordFlag::AbsentInMirror.bit()))?;
        self.resend_others(key)?;
        self.clear_issues(key)
    }

    /// The row of a guest or a company is back in the mirror. Whatever becomes of its step, the
    /// record is there again for all others, and keeps its origin on a shared object; it is sent.
    pub fn mark_present(&self, key: &RecordKey) -> Result<()> {
        let sql = "UPDATE records SET flags = flags & ~?3, todo = todo | 1
                   WHERE kind = ?1 AND id = ?2";
        self.execute(sql, (key.kind, &key.id, RecordFlag::AbsentInMirror.bit()))
    }

    /// Resends all other records linked to this record's object: they replace the fields that it
    /// leaves there, and its origin.
    pub fn resend_others(&self, key: &RecordKey) -> Result<()> {
        let sql = "UPDATE records SET todo = todo | 1 WHERE kind = ?1 AND id <> ?2
                     AND crm_id = (SELECT crm_id FROM records WHERE kind = ?1 AND id = ?2)";
        self.execute(sql, (key.kind, &key.id))
    }

    /// Removes the record: its booking and its deal are gone, and its guests do not show it any
    /// more.
    pub fn delete(&self, key: &RecordKey) -> Result<()> {
        if key.kind == Kind::Booking {
            self.forget_stays(&key.id)?;
        }
        self.forget(key)
    }

    /// Removes the record of a booking without a deal. What the state has of its stays is left to
    /// the comparison of the mirror.
    pub fn forget(&self, key: &RecordKey) -> Result<()> {
        self.execute("DELETE FROM records WHERE kind = ?1 AND id = ?2", (key.kind, &key.id))?;
        self.clear_issues(key)?;
        self.clear_doubt(key)
    }

    /// A line in the record's history.
    pub fn log_event(
        &self,
        key: &RecordKey,
        event: Event,
        crm_id: Option<i64>,
        detail: &str,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let sql = "INSERT INTO history (at, kind, id, event, crm_id, detail)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        self.execute(sql, (Time(now), key.kind, &key.id, event, crm_id, detail))
    }
}

pub(super) fn json(values: &OwnedValues) -> Result<String> {
    if *values == OwnedValues::default() {
        return Ok(String::new());
    }
    Ok(serde_json::to_string(values)?)
}
