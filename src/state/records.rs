//! The records of the state: read by the plan as a stream, by the push one at a time.

use std::collections::{HashMap, HashSet, VecDeque};

use rusqlite::types::Value;
use rusqlite::{CachedStatement, Row};

use super::columns::{Stored, Time};
use super::missing_rows::Stay;
use super::statements::{execute, exists, query_all, query_first};
use super::stored_record::{
    Doubt, Operation, PendingWork, PlanRecord, RecordFlag, RetryBackoff, StoredRecord,
};
use super::{Result, State};
use crate::domain::record::{IdRange, Kind, RecordId, RecordKey};
use crate::mirror::WriteBack;

pub(super) const COLUMNS: &str = "id, crm_id, modified_at, content, people, label, todo, flags,
                                  missing_since, arrival, departure";

/// The key of a row that begins with kind and id.
pub(crate) fn record_key(row: &Row<'_>) -> rusqlite::Result<RecordKey> {
    Ok(RecordKey { kind: row.get(0)?, id: row.get(1)? })
}

fn plan_record(row: &Row<'_>) -> rusqlite::Result<(RecordId, PlanRecord)> {
    let flags = row.get(7)?;
    let record = PlanRecord {
        crm_id: row.get(1)?,
        modified_at: row.get(2)?,
        content_hash: row.get::<_, i64>(3)?.cast_unsigned(),
        parties_hash: row.get::<_, i64>(4)?.cast_unsigned(),
        display_name: row.get(5)?,
        pending: PendingWork::from_bits(row.get(6)?),
        absent_in_mirror: RecordFlag::AbsentInMirror.is_in(flags),
        had_object: RecordFlag::Detached.is_in(flags) || RecordFlag::MissingInCrm.is_in(flags),
        missing_since: row.get::<_, Option<Time>>(8)?.map(|Time(since)| since),
        stay: Stay::of(row.get(9)?, row.get(10)?),
    };
    Ok((row.get(0)?, record))
}

fn stored_record(row: &Row<'_>) -> rusqlite::Result<StoredRecord> {
    let flags = row.get(7)?;
    let owned_values: String = row.get(12)?;
    Ok(StoredRecord {
        plan_record: plan_record(row)?.1,
        links_hash: row.get::<_, i64>(11)?.cast_unsigned(),
        owned_values: serde_json::from_str(&owned_values).unwrap_or_default(),
        detached: RecordFlag::Detached.is_in(flags),
        carries_origin: RecordFlag::CarriesOrigin.is_in(flags),
        shared: RecordFlag::Shared.is_in(flags),
        last_seen_run: row.get(13)?,
        unanswered_calls: row.get(14)?,
        last_seen_at: row.get(15)?,
    })
}

/// Rows read at once: between two pages another process can write.
pub(super) const PAGE: usize = 2_000;
/// Smaller than every id in `SQLite`'s order.
pub(super) const BEFORE_ALL: Value = Value::Real(f64::NEG_INFINITY);
/// Greater than every id.
pub(super) const AFTER_ALL: Value = Value::Blob(Vec::new());

/// A prepared stream over the records of one kind.
pub struct RecordScan<'s> {
    statement: CachedStatement<'s>,
    kind: Kind,
    page: VecDeque<(RecordId, PlanRecord)>,
}

impl RecordScan<'_> {
    /// The records that lie in these spans, ordered by id.
    pub fn rows(
        &mut self,
        spans: &[IdRange],
    ) -> impl Iterator<Item = Result<(RecordId, PlanRecord)>> {
        self.page.clear();
        let mut rest: VecDeque<(Value, Value)> = spans.iter().map(bounds).collect();
        std::iter::from_fn(move || self.next_row(&mut rest).transpose())
    }

    fn next_row(
        &mut self,
        rest: &mut VecDeque<(Value, Value)>,
    ) -> Result<Option<(RecordId, PlanRecord)>> {
        while self.page.is_empty()
            && let Some((from, upto)) = rest.pop_front()
        {
            let rows = self
                .statement
                .query_map((self.kind, &from, &upto, PAGE as u64 + 1), plan_record)?;
            self.page = rows.collect::<rusqlite::Result<_>>()?;
            // One row more than a page was read: the next page begins with it.
            if self.page.len() > PAGE
                && let Some((next, _)) = self.page.pop_back()
            {
                rest.push_front((next.into(), upto));
            }
        }
        Ok(self.page.pop_front())
    }
}

/// The first id of a span and the first one after it, as `SQLite` compares them.
pub(super) fn bounds(span: &IdRange) -> (Value, Value) {
    let start = span.start.clone().map_or(BEFORE_ALL, Value::from);
    let end = span.end.clone().map_or(AFTER_ALL, Value::from);
    (start, end)
}

impl State {
    /// Prepares to read records of a kind.
    pub fn scan_records(&self, kind: Kind) -> Result<RecordScan<'_>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM records WHERE kind = ?1 AND id >= ?2 AND id < ?3
             ORDER BY id LIMIT ?4"
        );
        let statement = self.connection.prepare_cached(&sql)?;
        Ok(RecordScan { statement, kind, page: VecDeque::new() })
    }

    /// The record with this key, if the state has it.
    pub fn record(&self, key: &RecordKey) -> Result<Option<StoredRecord>> {
        let sql = format!(
            "SELECT {COLUMNS}, links, written, seen_run, strikes, seen_at FROM records
             WHERE kind = ?1 AND id = ?2"
        );
        query_first(&self.connection, &sql, (key.kind, &key.id), stored_record)
    }

    /// The record that an origin means. The ids 41 and '41' have the same origin.
    pub fn find_by_origin(
        &self,
        kind: Kind,
        origin: &str,
    ) -> Result<Option<(RecordKey, StoredRecord)>> {
        for key in RecordKey::for_origin(kind, origin) {
            if let Some(record) = self.record(&key)? {
                return Ok(Some((key, record)));
            }
        }
        Ok(None)
    }

    /// Whether the state has a record with this origin, or one that holds this object.
    pub fn has_record_for(&self, kind: Kind, origin: &str, crm_id: i64) -> Result<bool> {
        Ok(self.find_by_origin(kind, origin)?.is_some()
            || !self.records_of_object(kind, crm_id)?.is_empty())
    }

    /// The records that hold an object of the CRM, ordered by id; more than one after a merge.
    pub fn records_of_object(&self, kind: Kind, crm_id: i64) -> Result<Vec<RecordKey>> {
        let sql = "SELECT kind, id FROM records WHERE kind = ?1 AND crm_id = ?2 ORDER BY id";
        query_all(&self.connection, sql, (kind, crm_id), record_key)
    }

    /// The records of a kind with this id, and the bookings with this number.
    pub fn find_ids(&self, kind: Kind, word: &str) -> Result<Vec<RecordId>> {
        let sql = "SELECT id FROM records WHERE kind = ?1 AND id IN (?2, ?3) UNION
                   SELECT id FROM records WHERE kind = ?1 AND kind = 'booking' AND label = ?3
                   ORDER BY 1";
        query_all(&self.connection, sql, (kind, RecordId::parse(word), word), |row| row.get(0))
    }

    /// The bookings with this id or number whose deals were deleted, each with its number.
    pub fn find_deleted(&self, word: &str) -> Result<Vec<(RecordId, String)>> {
        let sql = "SELECT id, max(detail) FROM history WHERE kind = 'booking' AND event = 'deleted'
                     AND (CAST(id AS TEXT) = ?1 OR detail = ?1) GROUP BY id ORDER BY id";
        query_all(&self.connection, sql, [word], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// Ids of the CRM that are to be written into the mirror, at most so many.
    pub fn write_backs(&self, most: u32) -> Result<Vec<WriteBack>> {
        let sql = "SELECT w.kind, w.id, r.crm_id FROM write_backs w
                   LEFT JOIN records r ON r.kind = w.kind AND r.id = w.id LIMIT ?1";
        query_all(&self.connection, sql, [most], |row| {
            Ok(WriteBack { key: record_key(row)?, crm_id: row.get(2)? })
        })
    }

    /// Whether any record of a kind has an object.
    pub fn has_linked(&self, kind: Kind) -> Result<bool> {
        let sql = "SELECT 1 FROM records WHERE kind = ?1 AND crm_id IS NOT NULL LIMIT 1";
        exists(&self.connection, sql, [kind])
    }

    /// Marks every record to be sent again, in this run or in the next ones.
    pub fn resend_all(&self) -> Result<()> {
        let sql = "UPDATE records SET todo = todo | 1 WHERE crm_id IS NOT NULL";
        execute(&self.connection, sql, [])
    }

    /// Some records of a kind with the highest ids of the CRM.
    pub fn newest_linked(&self, kind: Kind, most: u32) -> Result<Vec<(RecordId, i64)>> {
        let sql = "SELECT id, crm_id FROM records WHERE kind = ?1 AND crm_id IS NOT NULL
                   ORDER BY crm_id DESC LIMIT ?2";
        query_all(&self.connection, sql, (kind, most), |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// Objects of a kind with the highest ids of the CRM, and with the lowest.
    pub fn sample_linked(&self, kind: Kind, most: u32) -> Result<Vec<i64>> {
        let sql = "SELECT DISTINCT crm_id FROM records WHERE kind = ?1 AND crm_id IS NOT NULL
                   ORDER BY crm_id LIMIT ?2";
        let mut ids: Vec<i64> = query_all(&self.connection, sql, (kind, most), |row| row.get(0))?;
        for (_, crm_id) in self.newest_linked(kind, most)? {
            ids.push(crm_id);
        }
        Ok(ids)
    }

    /// How many records of a kind have an object.
    pub fn count_linked(&self, kind: Kind) -> Result<u64> {
        let sql = "SELECT count(*) FROM records WHERE kind = ?1 AND crm_id IS NOT NULL";
        Ok(self.connection.prepare_cached(sql)?.query_row([kind], |row| row.get(0))?)
    }

    /// How many records of a kind are in the CRM with nothing left to do: not gone from Ecvi, no
    /// call without an answer, neither failed nor waiting.
    pub fn count_settled(&self, kind: Kind) -> Result<u64> {
        // The others are counted and subtracted, so that millions of records are not read.
        let sql = "SELECT (SELECT count(*) FROM records WHERE kind = ?1 AND crm_id IS NOT NULL)
                        - (SELECT count(crm_id) FROM records INDEXED BY records_gone
                             WHERE kind = ?1 AND flags & 1 = 1)
                        - (SELECT count(*) FROM records r
                             WHERE kind = ?1 AND crm_id IS NOT NULL AND flags & 1 = 0
                               AND id IN (SELECT id FROM doubts WHERE kind = ?1 UNION
                                          SELECT id FROM troubles WHERE kind = ?1
                                            AND severity IN ('failure', 'waiting')))";
        Ok(self.connection.prepare_cached(sql)?.query_row([kind], |row| row.get(0))?)
    }

    /// The records of a kind that are in doubt.
    pub fn doubts(&self, kind: Kind) -> Result<HashMap<RecordId, Doubt>> {
        let sql = "SELECT id, operation, at FROM doubts WHERE kind = ?1";
        query_all(&self.connection, sql, [kind], |row| {
            let Time(at) = row.get(2)?;
            Ok((row.get(0)?, Doubt { operation: row.get(1)?, at }))
        })
    }

    /// The failed records of a kind, and when each is tried again.
    pub fn retry_backoffs(&self, kind: Kind) -> Result<HashMap<RecordId, RetryBackoff>> {
        let sql = "SELECT id, next_at, modified_at, content, people, operation
                   FROM troubles WHERE kind = ?1 AND severity = 'failure'";
        query_all(&self.connection, sql, [kind], |row| {
            let until: Option<Time> = row.get(1)?;
            let backoff = RetryBackoff {
                until: until.map(|Time(until)| until).unwrap_or_default(),
                modified_at: row.get(2)?,
                content_hash: row.get::<_, i64>(3)?.cast_unsigned(),
                parties_hash: row.get::<_, i64>(4)?.cast_unsigned(),
                operation: row.get::<_, Stored<Operation>>(5)?.known(),
            };
            Ok((row.get(0)?, backoff))
        })
    }

    /// The people and companies whose bookings have to be looked at again.
    pub fn dirty_parties(&self) -> Result<HashSet<RecordKey>> {
        query_all(&self.connection, "SELECT kind, id FROM touched", [], record_key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_crosses_pages_and_knows_numbers_and_texts() {
        let state = State::in_memory().unwrap();
        let pages = i64::try_from(PAGE).unwrap() * 2;
        let numbers = [i64::MIN, -1].into_iter().chain(1..=pages).map(RecordId::Number);
        let ids: Vec<RecordId> =
            numbers.chain(["a", "b"].map(|text| RecordId::Text(text.into()))).collect();
        let writer = state.writer().unwrap();
        for id in &ids {
            let guest = RecordKey::new(Kind::Guest, id.clone());
            writer.insert_if_missing(&guest, "").unwrap();
        }
        writer.commit().unwrap();
        let mut scan = state.scan_records(Kind::Guest).unwrap();
        let seen: Vec<RecordId> = scan.rows(IdRange::ALL).map(|row| row.unwrap().0).collect();
        assert_eq!(seen, ids);
        let between = |from: i64, upto: &str| IdRange {
            start: Some(RecordId::Number(from)),
            end: Some(RecordId::parse(upto)),
        };
        let spans = [between(-1, "2"), between(PAGE as i64, "b")];
        let seen: Vec<RecordId> = scan.rows(&spans).map(|row| row.unwrap().0).collect();
        assert_eq!(
            (&seen[..3], &seen[3..]),
            (&[-1, 1, PAGE as i64].map(RecordId::Number)[..], &ids[PAGE + 2..ids.len() - 1])
        );
    }
}
