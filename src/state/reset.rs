//! What `reset-id` changes: it detaches records from their objects, or links them with others.

use chrono::{DateTime, Utc};

use super::columns::Time;
use super::stored_record::RecordFlag;
use super::writer::{RESET_LINK_COLUMNS, Writer};
use super::{Event, Result};
use crate::domain::record::{Kind, RecordKey};

impl Writer<'_> {
    /// `reset-id` links the record with another object. A call without an answer stays in doubt: an
    /// object that it made is still to be found.
    pub fn relink_manually(&self, key: &RecordKey, crm_id: i64) -> Result<()> {
        let detached = RecordFlag::Detached.bit();
        self.execute(
            "UPDATE records SET crm_id = ?3, todo = todo | 1, seen_run = 0, seen_at = 0,
               flags = flags & ~?5 | ?4 WHERE kind = ?1 AND id = ?2",
            (key.kind, &key.id, crm_id, detached, RecordFlag::OF_OBJECT),
        )?;
        self.mark_dirty(key)
    }

    /// Detaches all records of a kind from their objects, as [`Writer::detach`] does for one.
    /// Returns how many.
    pub fn detach_all(&self, kind: Kind, now: DateTime<Utc>) -> Result<usize> {
        self.execute(
            "INSERT INTO history (at, kind, id, event, crm_id)
             SELECT ?2, kind, id, ?3, crm_id FROM records WHERE kind = ?1 AND crm_id IS NOT NULL",
            (kind, Time(now), Event::Reset),
        )?;
        if kind != Kind::Booking {
            let sql = "INSERT INTO touched (kind, id)
                       SELECT kind, id FROM records WHERE kind = ?1 AND crm_id IS NOT NULL";
            self.execute(sql, [kind])?;
        }
        self.execute("DELETE FROM troubles WHERE kind = ?1 AND severity = 'failure'", [kind])?;
        let sql = format!(
            "UPDATE records SET {RESET_LINK_COLUMNS}, flags = flags & ~?3 | ?2
             WHERE kind = ?1 AND crm_id IS NOT NULL"
        );
        let parameters = (kind, RecordFlag::Detached.bit(), RecordFlag::OF_OBJECT);
        Ok(self.transaction.execute(&sql, parameters)?)
    }
}
