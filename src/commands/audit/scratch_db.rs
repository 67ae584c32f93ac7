//! What an audit has to keep until its end, in a temporary file: a hotel of a million bookings does not stand in
//! memory.

use rusqlite::Connection;

use crate::domain::record::{Kind, RecordId, RecordKey};
use crate::state::Result;

/// Ids that Ecvi or the state knows, objects of ours in the portal, and records to be sent again.
pub(super) struct ScratchDb {
    connection: Connection,
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
             CREATE TABLE repairs (kind TEXT, id ANY, PRIMARY KEY (kind, id)) STRICT, WITHOUT ROWID;",
        )?;
        Ok(ScratchDb { connection })
    }

    /// Ecvi or the state knows this record, the state perhaps its object.
    pub(super) fn know(&self, kind: Kind, id: &RecordId, crm_id: Option<i64>) -> Result<()> {
        let sql = "INSERT OR IGNORE INTO known (kind, origin, crm_id) VALUES (?1, ?2, ?3)";
        self.connection.prepare_cached(sql)?.execute((kind, id.to_string(), crm_id))?;
        Ok(())
    }

    /// This object stands in the portal under our originator.
    pub(super) fn stock(&self, kind: Kind, origin: &str, crm_id: i64) -> Result<()> {
        let sql = "INSERT OR IGNORE INTO objects (kind, origin, crm_id) VALUES (?1, ?2, ?3)";
        self.connection.prepare_cached(sql)?.execute((kind, origin, crm_id))?;
        Ok(())
    }

    /// The record is to be sent again.
    pub(super) fn repair(&self, key: &RecordKey) -> Result<()> {
        let sql = "INSERT OR IGNORE INTO repairs (kind, id) VALUES (?1, ?2)";
        self.connection.prepare_cached(sql)?.execute((key.kind, &key.id))?;
        Ok(())
    }

    /// The objects of a kind whose origin nobody knows, with it.
    pub(super) fn unknown(
        &self,
        kind: Kind,
        mut each: impl FnMut(String, i64) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let sql = "SELECT origin, crm_id FROM objects o WHERE kind = ?1
                     AND NOT EXISTS (SELECT 1 FROM known k WHERE k.kind = o.kind AND k.origin = o.origin)
                   ORDER BY origin, crm_id";
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query([kind])?;
        while let Some(row) = rows.next()? {
            each(row.get(0)?, row.get(1)?)?;
        }
        Ok(())
    }

    /// The known origins of a kind that more than one object carries, or another object than the record's.
    pub(super) fn duplicates(
        &self,
        kind: Kind,
        mut each: impl FnMut(String) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let sql = "SELECT origin FROM objects o JOIN known k USING (kind, origin) WHERE kind = ?1
                   GROUP BY origin HAVING count(*) > 1 OR max(o.crm_id <> k.crm_id) = 1 ORDER BY origin";
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query([kind])?;
        while let Some(row) = rows.next()? {
            each(row.get(0)?)?;
        }
        Ok(())
    }

    /// The records to be sent again.
    pub(super) fn repairs(
        &self,
        mut each: impl FnMut(RecordKey) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut statement = self.connection.prepare("SELECT kind, id FROM repairs ORDER BY kind, id")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            each(RecordKey { kind: row.get(0)?, id: row.get(1)? })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_of_nobody_and_objects_that_are_several_are_told_apart() {
        let shelf = ScratchDb::new().unwrap();
        for (id, crm_id) in [(1, Some(11)), (3, Some(31)), (4, Some(49)), (5, None)] {
            shelf.know(Kind::Guest, &RecordId::Number(id), crm_id).unwrap();
        }
        let objects =
            [("1", 11), ("1", 12), ("1", 12), ("2", 21), ("2", 22), ("3", 31), ("4", 41), ("5", 51)];
        for (origin, crm_id) in objects {
            shelf.stock(Kind::Guest, origin, crm_id).unwrap();
        }
        let (mut unknown, mut twice) = (Vec::new(), Vec::new());
        let note = |origin, crm_id| {
            unknown.push((origin, crm_id));
            Ok(())
        };
        shelf.unknown(Kind::Guest, note).unwrap();
        let note = |origin| {
            twice.push(origin);
            Ok(())
        };
        shelf.duplicates(Kind::Guest, note).unwrap();
        assert_eq!(unknown, [("2".to_owned(), 21), ("2".to_owned(), 22)]);
        assert_eq!(twice, ["1", "4"]);
    }
}
