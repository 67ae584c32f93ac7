//! The plan as data: the records that differ, with their rows, in a temporary database of their
//! own.
//!
//! The mirror is closed as soon as it was read, because a reader that stays for hours would block
//! the program that fills it; and an initial export plans a million records, which do not fit into
//! memory.

use chrono::NaiveDate;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::decide::{Priority, Step};
use super::lane::{Lane, Turn};
use crate::domain::per_kind::PerKind;
use crate::domain::record::{Kind, RecordKey};
use crate::domain::run_error;
use crate::mirror::Row as MirrorRow;
use crate::state::statements::{execute, exists, for_each, query_all};
use crate::state::{Result, enable_stable_query_plans};

/// What is to be done about one record.
#[derive(Clone, PartialEq, Debug)]
pub struct Planned {
    /// The record that it is about.
    pub key: RecordKey,
    /// What is done with its object.
    pub step: Step,
    /// The place in its lane.
    pub turn: Turn,
    /// Its row, unless it is gone.
    pub row: Option<MirrorRow>,
}

/// More statements than there are: the usual cache of sixteen would drop the first before they are
/// needed again.
const STATEMENTS: usize = 32;

/// Planned steps, and the inventory of the portal in an initial export.
pub struct PlanStore {
    pub(super) connection: Connection,
    /// The day on which stays are counted; none where the configuration does not ask for them.
    pub(super) stays_on: Option<NaiveDate>,
}

/// Only made in an initial export: making tables costs more than planning a few steps.
const INVENTORY: &str = "
    CREATE TABLE inventory (kind TEXT, origin TEXT, crm_id INTEGER,
                            PRIMARY KEY (kind, origin, crm_id)) STRICT, WITHOUT ROWID;
    CREATE INDEX inventory_object ON inventory (kind, crm_id);
    CREATE TABLE gaps (kind TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;";

const STAYS: &str = "
    CREATE TABLE changed_stays (booking ANY PRIMARY KEY) STRICT, WITHOUT ROWID;
    CREATE TABLE stays (booking ANY, guest ANY, status TEXT, arrival TEXT, departure TEXT,
                        amount INTEGER, PRIMARY KEY (booking, guest)) STRICT, WITHOUT ROWID;
    CREATE INDEX stays_by_guest ON stays (guest);";

impl Planned {
    /// A step of a record.
    pub fn new(key: RecordKey, step: Step, priority: Priority, row: Option<MirrorRow>) -> Planned {
        let turn = Turn::new(&key, priority, row.as_ref());
        Planned { key, step, turn, row }
    }

    /// The lane in which it goes.
    pub fn lane(&self) -> Lane {
        Lane::of(self.key.kind, self.step)
    }

    fn from_cells(kind: Kind, cells: &Row<'_>) -> Result<Planned> {
        let row: Option<String> = cells.get(2)?;
        let row = row.map(|row| serde_json::from_str(&row)).transpose()?;
        let step = from_number(Step::from_repr, cells, 1)?;
        Ok(Planned { key: RecordKey { kind, id: cells.get(0)? }, step, turn: turn(cells, 3)?, row })
    }
}

/// The turn that stands in three cells, from `first` on.
fn turn(cells: &Row<'_>, first: usize) -> rusqlite::Result<Turn> {
    let priority = from_number(Priority::from_repr, cells, first)?;
    Ok(Turn { priority, newest_first: cells.get(first + 1)?, booking: cells.get(first + 2)? })
}

/// Steps and priorities stand in the plan as numbers.
fn from_number<T>(of: fn(u8) -> Option<T>, cells: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let number: u8 = cells.get(column)?;
    of(number).ok_or(rusqlite::Error::IntegralValueOutOfRange(column, number.into()))
}

impl PlanStore {
    /// An empty queue, in a temporary file that nobody else sees.
    pub fn new() -> Result<PlanStore> {
        let connection = Connection::open("")?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        enable_stable_query_plans(&connection)?;
        connection.execute_batch(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
             CREATE TABLE plan (kind TEXT, id ANY, step INTEGER, lane INTEGER, priority INTEGER,
                                newest_first INTEGER, booking ANY, row TEXT, names INTEGER,
                                PRIMARY KEY (kind, id)) STRICT, WITHOUT ROWID;
             CREATE INDEX plan_turn ON plan (kind, lane, priority, newest_first, booking, id);
             CREATE INDEX plan_names ON plan (kind, names) WHERE names IS NOT NULL;
             CREATE TABLE gone (kind TEXT, id ANY, PRIMARY KEY (kind, id)) STRICT, WITHOUT ROWID;
             CREATE TABLE notes (kind TEXT, id ANY, note TEXT,
                                 PRIMARY KEY (kind, id)) STRICT, WITHOUT ROWID;
             -- Never committed: nobody else reads it, and it goes with the run.
             BEGIN;",
        )?;
        Ok(PlanStore { connection, stays_on: None })
    }

    /// The same, which counts stays on this day; without one it counts none.
    pub fn with_stays_on(self, day: Option<NaiveDate>) -> Result<PlanStore> {
        if day.is_some() {
            self.connection.execute_batch(STAYS)?;
        }
        Ok(PlanStore { stays_on: day, ..self })
    }

    /// Makes room for the inventory.
    pub fn begin_inventory(&self) -> Result<()> {
        Ok(self.connection.execute_batch(INVENTORY)?)
    }

    /// Adds a step. A booking brings the people and companies that it needs forward to its own
    /// turn.
    pub fn add(&self, planned: &Planned) -> Result<()> {
        let Planned { key, step, turn, row } = planned;
        let cells = row.as_ref().map(serde_json::to_string).transpose()?;
        let names = row.as_ref().and_then(|row| row.crm_id);
        self.connection
            .prepare_cached(
                "INSERT OR REPLACE INTO plan
                   (kind, id, step, lane, priority, newest_first, booking, row, names)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute(params![
                key.kind,
                key.id,
                *step as u8,
                planned.lane() as u8,
                turn.priority as u8,
                turn.newest_first,
                turn.booking,
                cells,
                names,
            ])?;
        if row.is_none() {
            let sql = "INSERT OR IGNORE INTO gone (kind, id) VALUES (?1, ?2)";
            execute(&self.connection, sql, (key.kind, &key.id))?;
        }
        self.bring_forward(planned)
    }

    fn bring_forward(&self, booking: &Planned) -> Result<()> {
        let Some(needs) = booking.row.as_ref().and_then(MirrorRow::booking) else { return Ok(()) };
        let mut statement = self.connection.prepare_cached(
            "UPDATE plan SET newest_first = ?3, booking = ?4 WHERE kind = ?1 AND id = ?2
               AND (newest_first > ?3 OR newest_first = ?3 AND booking > ?4)",
        )?;
        for RecordKey { kind, id } in needs.parties().flat_map(RecordKey::with_other_type) {
            statement.execute((kind, id, booking.turn.newest_first, &booking.key.id))?;
        }
        Ok(())
    }

    /// Takes the next steps of a lane out of the plan, for as long as one `fits`, and up to a turn
    /// where one is given.
    pub fn take(
        &self,
        lane: Lane,
        before: Option<&Turn>,
        mut fits: impl FnMut(&Planned) -> bool,
    ) -> Result<Vec<Planned>> {
        let kind = lane.kind();
        let mut statement = self.connection.prepare_cached(
            "SELECT id, step, row, priority, newest_first, booking FROM plan
             WHERE kind = ?1 AND lane = ?2 ORDER BY priority, newest_first, booking, id",
        )?;
        let mut rows = statement.query((kind, lane as u8))?;
        let mut taken = Vec::new();
        while let Some(cells) = rows.next()? {
            let planned = Planned::from_cells(kind, cells)?;
            if before.is_some_and(|before| planned.turn >= *before) || !fits(&planned) {
                break;
            }
            taken.push(planned);
        }
        drop(rows);
        let mut statement =
            self.connection.prepare_cached("DELETE FROM plan WHERE kind = ?1 AND id = ?2")?;
        for planned in &taken {
            statement.execute((kind, &planned.key.id))?;
        }
        Ok(taken)
    }

    /// Likewise, at most so many.
    pub fn take_some(&self, lane: Lane, limit: usize) -> Result<Vec<Planned>> {
        let mut left = limit;
        self.take(lane, None, |_| {
            let fits = left > 0;
            left = left.saturating_sub(1);
            fits
        })
    }

    /// The turn of a lane's next step; none where the lane is empty.
    pub fn next_turn(&self, lane: Lane) -> Result<Option<Turn>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT priority, newest_first, booking FROM plan WHERE kind = ?1 AND lane = ?2
             ORDER BY priority, newest_first, booking, id LIMIT 1",
        )?;
        Ok(statement.query_row((lane.kind(), lane as u8), |cells| turn(cells, 0)).optional()?)
    }

    /// Whether so many steps of a lane come before a turn.
    pub fn has_before(&self, lane: Lane, before: &Turn, count: usize) -> Result<bool> {
        let Some(last) = count.checked_sub(1) else { return Ok(true) };
        let mut statement = self.connection.prepare_cached(
            "SELECT priority, newest_first, booking FROM plan WHERE kind = ?1 AND lane = ?2
             ORDER BY priority, newest_first, booking, id LIMIT 1 OFFSET ?3",
        )?;
        let place = (lane.kind(), lane as u8, last as u64);
        let found = statement.query_row(place, |cells| turn(cells, 0)).optional()?;
        Ok(found.is_some_and(|turn| turn < *before))
    }

    /// Shows every step of a kind to `show`, in their order, and keeps them.
    pub fn each(
        &self,
        kind: Kind,
        mut show: impl FnMut(&Planned) -> run_error::Result<()>,
    ) -> run_error::Result<()> {
        let sql = "SELECT id, step, row, priority, newest_first, booking FROM plan WHERE kind = ?1
                   ORDER BY lane, priority, newest_first, booking, id";
        for_each(
            &self.connection,
            sql,
            [kind],
            |cells| Planned::from_cells(kind, cells),
            |planned| show(&planned),
        )
    }

    /// Whether a step of this record is still to be taken.
    pub fn has(&self, key: &RecordKey) -> Result<bool> {
        let sql = "SELECT 1 FROM plan WHERE kind = ?1 AND id = ?2";
        exists(&self.connection, sql, (key.kind, &key.id))
    }

    /// Whether a step is planned for a row that itself names this object.
    pub fn has_row_naming(&self, kind: Kind, crm_id: i64) -> Result<bool> {
        let sql = "SELECT 1 FROM plan WHERE kind = ?1 AND names = ?2";
        exists(&self.connection, sql, (kind, crm_id))
    }

    /// The step of this record, if one is planned.
    pub fn step_of(&self, key: &RecordKey) -> Result<Option<Planned>> {
        let sql = "SELECT id, step, row, priority, newest_first, booking FROM plan
                   WHERE kind = ?1 AND id = ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query((key.kind, &key.id))?;
        rows.next()?.map(|cells| Planned::from_cells(key.kind, cells)).transpose()
    }

    /// Whether this record has no row in the mirror, taken out of the queue or not.
    pub fn has_no_row(&self, key: &RecordKey) -> Result<bool> {
        let sql = "SELECT 1 FROM gone WHERE kind = ?1 AND id = ?2";
        exists(&self.connection, sql, (key.kind, &key.id))
    }

    /// How many steps of a kind are planned.
    pub fn count(&self, kind: Kind, step: Step) -> Result<u64> {
        let sql = "SELECT count(*) FROM plan WHERE kind = ?1 AND step = ?2";
        Ok(self.connection.prepare_cached(sql)?.query_row((kind, step as u8), |row| row.get(0))?)
    }

    /// How many records are left, by [`Kind`]; a closing date alone is none.
    pub fn count_left(&self) -> Result<PerKind<u64>> {
        let sql = "SELECT count(*) FROM plan WHERE kind = ?1 AND step <> ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(PerKind::try_from_fn(|kind| {
            statement.query_row((kind, Step::SendCloseDate as u8), |row| row.get(0))
        })?)
    }

    /// Whether nothing is left to do.
    pub fn is_empty(&self) -> Result<bool> {
        Ok(self
            .connection
            .query_row("SELECT NOT EXISTS (SELECT 1 FROM plan)", [], |row| row.get(0))?)
    }

    /// Remembers an object that stands in the portal under our originator.
    pub fn add_inventory(&self, kind: Kind, origin: &str, crm_id: i64) -> Result<()> {
        let sql = "INSERT OR IGNORE INTO inventory (kind, origin, crm_id) VALUES (?1, ?2, ?3)";
        execute(&self.connection, sql, (kind, origin, crm_id))
    }

    /// The inventory of a kind has gaps: cards that no list shows.
    pub fn note_gap(&self, kind: Kind) -> Result<()> {
        execute(&self.connection, "INSERT OR IGNORE INTO gaps (kind) VALUES (?1)", [kind])
    }

    /// Whether what the inventory of a kind does not show may stand in the portal all the same.
    pub fn has_gap(&self, kind: Kind) -> Result<bool> {
        exists(&self.connection, "SELECT 1 FROM gaps WHERE kind = ?1", [kind])
    }

    /// The object is not there any more.
    pub fn remove_inventory(&self, kind: Kind, crm_id: i64) -> Result<()> {
        let sql = "DELETE FROM inventory WHERE kind = ?1 AND crm_id = ?2";
        execute(&self.connection, sql, (kind, crm_id))
    }

    /// The objects that carried this origin when the inventory was taken, the oldest first.
    pub fn find_inventory(&self, kind: Kind, origin: &str) -> Result<Vec<i64>> {
        let sql = "SELECT crm_id FROM inventory WHERE kind = ?1 AND origin = ?2 ORDER BY crm_id";
        query_all(&self.connection, sql, (kind, origin), |row| row.get(0))
    }

    /// Shows the objects of the inventory to `show`, each with its origin.
    pub fn each_inventory(
        &self,
        kind: Kind,
        mut show: impl FnMut(&str, i64) -> run_error::Result<()>,
    ) -> run_error::Result<()> {
        let sql = "SELECT origin, crm_id FROM inventory WHERE kind = ?1 ORDER BY origin, crm_id";
        for_each(
            &self.connection,
            sql,
            [kind],
            |cells| Ok((cells.get::<_, String>(0)?, cells.get(1)?)),
            |(origin, crm_id)| show(&origin, crm_id),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::record::RecordId;
    use crate::state::query_plans::assert_indexed;

    #[test]
    fn every_statement_goes_by_an_index_or_needs_the_whole_plan() {
        let queue = PlanStore::new().unwrap().with_stays_on(Some(NaiveDate::MIN)).unwrap();
        queue.begin_inventory().unwrap();
        let whole = [
            ("SELECT booking FROM changed_stays", "all are written into the state"),
            ("SELECT count(*) FROM plan", "once for a kind, before anything is sent"),
            ("SELECT NOT EXISTS (SELECT 1 FROM plan)", "the first row tells"),
        ];
        let seen = assert_indexed(
            &queue.connection,
            &[include_str!("store.rs"), include_str!("observations.rs"), include_str!("stays.rs")],
            &whole,
        );
        assert!(seen > 12, "{seen} statements");
    }

    #[test]
    fn only_the_steps_before_a_turn_are_taken() {
        let queue = PlanStore::new().unwrap();
        for newest_first in 1..=3 {
            let key = RecordKey::new(Kind::Guest, RecordId::Number(newest_first));
            let new = Planned::new(key, Step::MarkAbsent, Priority::Changes, None);
            let turn = Turn { newest_first, ..new.turn.clone() };
            queue.add(&Planned { turn, ..new }).unwrap();
        }
        let before = Turn { newest_first: 2, ..queue.next_turn(Lane::Guests).unwrap().unwrap() };
        let take = |before| queue.take(Lane::Guests, before, |_| true).unwrap().len();
        assert_eq!((take(Some(&before)), take(Some(&before)), take(None)), (1, 0, 2));
    }
}
