//! What an audit keeps until its end, in a temporary file: a hotel of a million bookings does not
//! fit in memory.

use rusqlite::Connection;

use crate::domain::record::{Kind, RecordId, RecordKey};
use crate::domain::run_error;
use crate::state::statements::{execute, for_each, query_all};
use crate::state::{Result, record_key};

/// The ids that Ecvi or the state has, the cards under our originator, and the records to be sent
/// again.
pub(super) struct ScratchDb {
    connection: Connection,
}

/// A card under our originator.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct OwnCard {
    pub(super) origin: String,
    pub(super) crm_id: i64,
}

impl ScratchDb {
    pub(super) fn new() -> Result<ScratchDb> {
        let connection = Connection::open("")?;
        connection.execute_batch(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
             CREATE TABLE known (kind TEXT, origin TEXT, crm_id INTEGER,
                                 PRIMARY KEY (kind, origin)) STRICT, WITHOUT ROWID;
             CREATE TABLE objects (kind TEXT, origin TEXT, crm_id INTEGER,
                                   PRIMARY KEY (kind, origin, crm_id)) STRICT, WITHOUT ROWID;
             CREATE TABLE repairs (kind TEXT, id ANY,
                                   PRIMARY KEY (kind, id)) STRICT, WITHOUT ROWID;",
        )?;
        Ok(ScratchDb { connection })
    }

    /// Ecvi or the state has this record, and the state perhaps its card.
    pub(super) fn add_record(&self, kind: Kind, id: &RecordId, crm_id: Option<i64>) -> Result<()> {
        let sql = "INSERT OR IGNORE INTO known (kind, origin, crm_id) VALUES (?1, ?2, ?3)";
        execute(&self.connection, sql, (kind, id.to_string(), crm_id))
    }

    /// The portal has this card under our originator.
    pub(super) fn add_card(&self, kind: Kind, origin: &str, crm_id: i64) -> Result<()> {
        let sql = "INSERT OR IGNORE INTO objects (kind, origin, crm_id) VALUES (?1, ?2, ?3)";
        execute(&self.connection, sql, (kind, origin, crm_id))
    }

    /// The record is to be sent again.
    pub(super) fn add_repair(&self, key: &RecordKey) -> Result<()> {
        let sql = "INSERT OR IGNORE INTO repairs (kind, id) VALUES (?1, ?2)";
        execute(&self.connection, sql, (key.kind, &key.id))
    }

    /// The next cards whose origin no record has, after this one.
    pub(super) fn orphans(
        &self,
        kind: Kind,
        after: &OwnCard,
        limit: usize,
    ) -> Result<Vec<OwnCard>> {
        let sql = "SELECT origin, crm_id FROM objects o
                   WHERE kind = ?1 AND (origin, crm_id) > (?2, ?3)
                     AND NOT EXISTS (SELECT 1 FROM known k
                                     WHERE k.kind = o.kind AND k.origin = o.origin)
                   ORDER BY origin, crm_id LIMIT ?4";
        let place = (kind, &after.origin, after.crm_id, limit as i64);
        query_all(&self.connection, sql, place, |row| {
            Ok(OwnCard { origin: row.get(0)?, crm_id: row.get(1)? })
        })
    }

    /// The origins of records that more than one card carries, or another card than the record's.
    pub(super) fn duplicates(&self, kind: Kind) -> Result<Vec<String>> {
        let sql = "SELECT origin FROM objects o JOIN known k USING (kind, origin) WHERE kind = ?1
                   GROUP BY origin HAVING count(*) > 1 OR max(o.crm_id <> k.crm_id) = 1
                   ORDER BY origin";
        query_all(&self.connection, sql, [kind], |row| row.get(0))
    }

    /// The records to be sent again.
    pub(super) fn repairs(
        &self,
        each: impl FnMut(RecordKey) -> run_error::Result<()>,
    ) -> run_error::Result<()> {
        let sql = "SELECT kind, id FROM repairs ORDER BY kind, id";
        for_each(&self.connection, sql, [], |row| Ok(record_key(row)?), each)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_without_a_record_and_records_with_several_cards_are_told_apart() {
        let scratch = ScratchDb::new().unwrap();
        for (id, crm_id) in [(1, Some(11)), (3, Some(31)), (4, Some(49)), (5, None)] {
            scratch.add_record(Kind::Guest, &RecordId::Number(id), crm_id).unwrap();
        }
        let cards = [
            ("1", 11),
            ("1", 12),
            ("1", 12),
            ("2", 21),
            ("2", 22),
            ("3", 31),
            ("4", 41),
            ("5", 51),
        ];
        for (origin, crm_id) in cards {
            scratch.add_card(Kind::Guest, origin, crm_id).unwrap();
        }
        let first = scratch.orphans(Kind::Guest, &OwnCard::default(), 1).unwrap();
        assert_eq!(first, [OwnCard { origin: "2".to_owned(), crm_id: 21 }]);
        let rest = scratch.orphans(Kind::Guest, &first[0], 10).unwrap();
        assert_eq!(rest, [OwnCard { origin: "2".to_owned(), crm_id: 22 }]);
        assert_eq!(scratch.duplicates(Kind::Guest).unwrap(), ["1", "4"]);
    }
}
