//! The plan as data: the records that differ, with their rows, in a temporary database of their own.
//!
//! The mirror is let go of as soon as it was read, because a reader of hours would block whatever fills it; and
//! an initial export plans a million records, which must not stand in memory.

use rusqlite::{Connection, Row};

use super::decide::{Priority, Step};
use crate::domain::per_kind::PerKind;
use crate::domain::record::{Kind, RecordKey};
use crate::mirror::{Entity, Row as MirrorRow};
use crate::state::{Result, enable_stable_query_plans};

/// A planned step.
#[derive(Clone, PartialEq, Debug)]
pub struct Planned {
    /// Which record.
    pub key: RecordKey,
    /// What to do.
    pub step: Step,
    /// When.
    pub wave: Priority,
    /// Its row, unless it is gone.
    pub row: Option<MirrorRow>,
}

/// Planned steps, and what stands in the portal under our origin where that was asked for.
pub struct PlanStore {
    pub(super) connection: Connection,
}

fn planned(kind: Kind, cells: &Row<'_>) -> Result<Planned> {
    let row: Option<String> = cells.get(2)?;
    let row = row.map(|row| serde_json::from_str(&row)).transpose()?;
    let step = from_number(Step::from_repr, cells, 1)?;
    let wave = from_number(Priority::from_repr, cells, 3)?;
    Ok(Planned { key: RecordKey { kind, id: cells.get(0)? }, step, wave, row })
}

/// Steps and waves stand in the plan as numbers.
fn from_number<T>(of: fn(u8) -> Option<T>, cells: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let number: u8 = cells.get(column)?;
    of(number).ok_or(rusqlite::Error::IntegralValueOutOfRange(column, number.into()))
}

impl PlanStore {
    /// An empty queue, in a temporary file that nobody else sees.
    pub fn new() -> Result<PlanStore> {
        let connection = Connection::open("")?;
        enable_stable_query_plans(&connection)?;
        connection.execute_batch(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
             CREATE TABLE plan (kind TEXT, id ANY, step INTEGER, wave INTEGER, arrival TEXT, row TEXT,
                                names INTEGER,
                                PRIMARY KEY (kind, id)) STRICT, WITHOUT ROWID;
             CREATE INDEX plan_turn ON plan (kind, wave, arrival DESC, id);
             CREATE INDEX plan_names ON plan (kind, names) WHERE names IS NOT NULL;
             CREATE TABLE inventory (kind TEXT, origin TEXT, crm_id INTEGER,
                                     PRIMARY KEY (kind, origin, crm_id)) STRICT, WITHOUT ROWID;
             CREATE INDEX inventory_object ON inventory (kind, crm_id);
             CREATE TABLE gaps (kind TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
             CREATE TABLE gone (kind TEXT, id ANY, PRIMARY KEY (kind, id)) STRICT, WITHOUT ROWID;
             CREATE TABLE notes (kind TEXT, id ANY, note TEXT, PRIMARY KEY (kind, id)) STRICT, WITHOUT ROWID;
             -- Never committed: nobody else reads it, and it goes with the pass.
             BEGIN;",
        )?;
        Ok(PlanStore { connection })
    }

    /// Adds a step. Within a wave bookings go by arrival, the newest first.
    pub fn add(&self, planned: &Planned) -> Result<()> {
        let Planned { key, step, wave, row } = planned;
        let arrival = match row.as_ref().map(|row| &row.body) {
            Some(Ok(Entity::Booking(booking))) => booking.arrival.to_string(),
            _ => String::new(),
        };
        let cells = row.as_ref().map(serde_json::to_string).transpose()?;
        let names = row.as_ref().and_then(|row| row.crm_id);
        self.connection
            .prepare_cached(
                "INSERT OR REPLACE INTO plan (kind, id, step, wave, arrival, row, names)
                 VALUES (?1,?2,?3,?4,?5,?6,?7)",
            )?
            .execute((key.kind, &key.id, *step as u8, *wave as u8, arrival, cells, names))?;
        if row.is_none() {
            self.connection
                .prepare_cached("INSERT OR IGNORE INTO gone (kind, id) VALUES (?1, ?2)")?
                .execute((key.kind, &key.id))?;
        }
        Ok(())
    }

    /// Takes the next steps of a kind out of the queue, up to this wave.
    pub fn take(&self, kind: Kind, wave: Priority, most: usize) -> Result<Vec<Planned>> {
        let taken = self.next(kind, wave, most)?;
        let mut statement = self.connection.prepare_cached("DELETE FROM plan WHERE kind = ?1 AND id = ?2")?;
        for planned in &taken {
            statement.execute((kind, &planned.key.id))?;
        }
        Ok(taken)
    }

    fn next(&self, kind: Kind, wave: Priority, most: usize) -> Result<Vec<Planned>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, step, row, wave FROM plan WHERE kind = ?1 AND wave <= ?2
             ORDER BY wave, arrival DESC, id LIMIT ?3",
        )?;
        let mut rows = statement.query((kind, wave as u8, most as u64))?;
        let mut found = Vec::new();
        while let Some(cells) = rows.next()? {
            found.push(planned(kind, cells)?);
        }
        Ok(found)
    }

    /// Shows every step of a kind to `show`, in their order, and keeps them.
    pub fn each(
        &self,
        kind: Kind,
        mut show: impl FnMut(&Planned) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let sql = "SELECT id, step, row, wave FROM plan WHERE kind = ?1 ORDER BY wave, arrival DESC, id";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query([kind])?;
        while let Some(cells) = rows.next()? {
            show(&planned(kind, cells)?)?;
        }
        Ok(())
    }

    /// Whether a step of this record is still to be taken.
    pub fn has(&self, key: &RecordKey) -> Result<bool> {
        let mut statement =
            self.connection.prepare_cached("SELECT 1 FROM plan WHERE kind = ?1 AND id = ?2")?;
        Ok(statement.exists((key.kind, &key.id))?)
    }

    /// Whether a step is planned for a row that itself names this object.
    pub fn names(&self, kind: Kind, crm_id: i64) -> Result<bool> {
        let sql = "SELECT 1 FROM plan WHERE kind = ?1 AND names = ?2";
        Ok(self.connection.prepare_cached(sql)?.exists((kind, crm_id))?)
    }

    /// Whether a step of this kind, up to this wave, is still to be taken.
    pub fn has_any(&self, kind: Kind, wave: Priority) -> Result<bool> {
        let mut statement =
            self.connection.prepare_cached("SELECT 1 FROM plan WHERE kind = ?1 AND wave <= ?2 LIMIT 1")?;
        Ok(statement.exists((kind, wave as u8))?)
    }

    /// The step of this record, if one is planned.
    pub fn step_of(&self, key: &RecordKey) -> Result<Option<Planned>> {
        let sql = "SELECT id, step, row, wave FROM plan WHERE kind = ?1 AND id = ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query((key.kind, &key.id))?;
        rows.next()?.map(|cells| planned(key.kind, cells)).transpose()
    }

    /// Whether this record has no row in the mirror, taken out of the queue or not.
    pub fn is_gone(&self, key: &RecordKey) -> Result<bool> {
        let mut statement =
            self.connection.prepare_cached("SELECT 1 FROM gone WHERE kind = ?1 AND id = ?2")?;
        Ok(statement.exists((key.kind, &key.id))?)
    }

    /// How many steps of a kind are planned.
    pub fn count(&self, kind: Kind, step: Step) -> Result<u64> {
        let sql = "SELECT count(*) FROM plan WHERE kind = ?1 AND step = ?2";
        Ok(self.connection.query_row(sql, (kind, step as u8), |row| row.get(0))?)
    }

    /// How many records are left, by [`Kind`]; a closing date alone is none.
    pub fn left(&self) -> Result<PerKind<u64>> {
        let sql = "SELECT count(*) FROM plan WHERE kind = ?1 AND step <> ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(PerKind::try_from_fn(|kind| statement.query_row((kind, Step::Close as u8), |row| row.get(0)))?)
    }

    /// Whether nothing is left to do.
    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.connection.query_row("SELECT NOT EXISTS (SELECT 1 FROM plan)", [], |row| row.get(0))?)
    }

    /// Remembers an object that stands in the portal under our originator.
    pub fn add_inventory(&self, kind: Kind, origin: &str, crm_id: i64) -> Result<()> {
        self.connection
            .prepare_cached("INSERT OR IGNORE INTO inventory (kind, origin, crm_id) VALUES (?1, ?2, ?3)")?
            .execute((kind, origin, crm_id))?;
        Ok(())
    }

    /// The inventory of a kind has gaps: cards that no list shows.
    pub fn note_gap(&self, kind: Kind) -> Result<()> {
        self.connection.prepare_cached("INSERT OR IGNORE INTO gaps (kind) VALUES (?1)")?.execute([kind])?;
        Ok(())
    }

    /// Whether what the inventory of a kind does not show may stand in the portal all the same.
    pub fn has_gap(&self, kind: Kind) -> Result<bool> {
        Ok(self.connection.prepare_cached("SELECT 1 FROM gaps WHERE kind = ?1")?.exists([kind])?)
    }

    /// The object is not there any more.
    pub fn remove_inventory(&self, kind: Kind, crm_id: i64) -> Result<()> {
        self.connection
            .prepare_cached("DELETE FROM inventory WHERE kind = ?1 AND crm_id = ?2")?
            .execute((kind, crm_id))?;
        Ok(())
    }

    /// The objects that carried this origin when the inventory was taken, the oldest first.
    pub fn find_inventory(&self, kind: Kind, origin: &str) -> Result<Vec<i64>> {
        let sql = "SELECT crm_id FROM inventory WHERE kind = ?1 AND origin = ?2 ORDER BY crm_id";
        let mut statement = self.connection.prepare_cached(sql)?;
        let found = statement.query_map((kind, origin), |row| row.get(0))?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }

    /// Shows the objects of the inventory to `show`, each with its origin.
    pub fn each_inventory(
        &self,
        kind: Kind,
        mut show: impl FnMut(&str, i64) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let sql = "SELECT origin, crm_id FROM inventory WHERE kind = ?1 ORDER BY origin, crm_id";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query([kind])?;
        while let Some(cells) = rows.next()? {
            show(cells.get_ref(0)?.as_str()?, cells.get(1)?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::query_plans::assert_indexed;

    #[test]
    fn every_statement_goes_by_an_index_or_needs_the_whole_plan() {
        let queue = PlanStore::new().unwrap();
        let whole = [
            ("SELECT count(*) FROM plan", "once for a kind, before anything is sent"),
            ("SELECT NOT EXISTS (SELECT 1 FROM plan)", "the first row tells"),
        ];
        let seen = assert_indexed(
            &queue.connection,
            &[include_str!("store.rs"), include_str!("observations.rs")],
            &whole,
        );
        assert!(seen > 12, "{seen} statements");
    }
}
