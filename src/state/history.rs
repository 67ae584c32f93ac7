//! The history: of runs, and of what was done to each record. Both are trimmed, so the state does
//! not grow for ever.

use rusqlite::Row;
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr};

use super::columns::{Stored, Time};
use super::statements::{execute, query_all, query_first};
use super::{Result, State};
use crate::domain::messages::Message;
use crate::domain::per_kind::PerKind;
use crate::domain::record::RecordKey;
use crate::domain::run_error::Outcome;
use crate::state::settings::INPUTS;
use chrono::{DateTime, Utc};

/// More than a week of runs, one every minute: the status page shows a week.
const RUNS_KEPT: i64 = 12_000;
const EVENTS_KEPT: i64 = 500_000;

/// What a run did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Objects created, by kind.
    pub created: PerKind<u64>,
    /// Objects updated, by kind.
    pub updated: PerKind<u64>,
    /// Deals that were deleted.
    pub deleted: u64,
    /// Records that were tried and failed.
    pub failed: u64,
}

impl Counts {
    /// Whether anything was changed in the portal.
    pub fn changed(&self) -> bool {
        self.created.sum() + self.updated.sum() + self.deleted > 0
    }
}

/// One execution of a command that sends something.
#[derive(Clone, PartialEq, Debug)]
pub struct Run {
    /// `sync`, `initial-export`, `retry` or `audit`.
    pub command: String,
    /// When the run began.
    pub started_at: DateTime<Utc>,
    /// When it ended; none while it runs, or when it was killed.
    pub finished_at: Option<DateTime<Utc>>,
    /// How it ended; none while it runs.
    pub outcome: Option<Stored<Outcome>>,
    /// Why it ended early.
    pub message: Option<Message>,
    /// What it created, updated and deleted.
    pub counts: Counts,
    /// How many requests it made.
    pub requests: u64,
}

/// What happens to a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Display, EnumString, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Event {
    /// Its object was made.
    Created,
    /// Its object was sent again.
    Updated,
    /// Its object was deleted, or found deleted.
    Deleted,
    /// An existing object became its own.
    #[strum(serialize = "adopted")]
    TakenOver,
    /// The object was gone, and another one is its own now.
    Relinked,
    /// A creation without an answer had taken effect.
    Settled,
    /// Its object is gone from the CRM.
    Missing,
    /// It failed, and waits for its next attempt.
    Failed,
    /// An audit found a difference.
    Audited,
    /// `reset-id` detached its object.
    Reset,
    /// `reset-id` pointed it at an object.
    Pointed,
}

impl Event {
    /// The word of the state and of JSON.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A line of a record's history.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct HistoryEntry {
    /// The time of the event.
    pub at: DateTime<Utc>,
    /// What happened to the record.
    pub event: Stored<Event>,
    /// The object in the CRM, where there was one.
    pub crm_id: Option<i64>,
    /// The former object, the failure code or the booking's number.
    pub detail: String,
}

/// The columns that [`read_run`] reads.
pub(super) const RUN_COLUMNS: &str =
    "command, started_at, finished_at, outcome, message, counts, requests";

pub(super) fn read_run(row: &Row<'_>) -> rusqlite::Result<Run> {
    let counts: String = row.get(5)?;
    Ok(Run {
        command: row.get(0)?,
        started_at: row.get::<_, Time>(1)?.0,
        finished_at: row.get::<_, Option<Time>>(2)?.map(|Time(at)| at),
        outcome: row.get(3)?,
        message: row.get(4)?,
        counts: serde_json::from_str(&counts).unwrap_or_default(),
        requests: row.get(6)?,
    })
}

impl State {
    /// The object that a record's history names last.
    pub fn last_object(&self, key: &RecordKey) -> Result<Option<i64>> {
        let sql = "SELECT crm_id FROM history WHERE kind = ?1 AND id = ?2 AND crm_id IS NOT NULL
                   ORDER BY seq DESC LIMIT 1";
        query_first(&self.connection, sql, (key.kind, &key.id), |row| row.get(0))
    }

    /// Writes down that a run begins; a run that never ended was killed. Returns the run's number.
    pub fn begin_run(&self, command: &str, now: DateTime<Utc>) -> Result<i64> {
        let transaction = self.connection.unchecked_transaction()?;
        let run = self.add_run(command, now)?;
        // Null until the run has completed. A mirror that looks again as it did before this run may
        // be on a disk that was restored.
        self.set(&INPUTS, &None)?;
        transaction.commit()?;
        Ok(run)
    }

    /// Writes down a run that is over already.
    pub fn log_run(&self, ended: &Run) -> Result<()> {
        let transaction = self.connection.unchecked_transaction()?;
        let run = self.add_run(&ended.command, ended.started_at)?;
        self.finish_run(run, ended)?;
        Ok(transaction.commit()?)
    }

    fn add_run(&self, command: &str, started_at: DateTime<Utc>) -> Result<i64> {
        let state = &self.connection;
        let sql = "UPDATE runs SET outcome = 'interrupted' WHERE outcome IS NULL";
        execute(state, sql, [])?;
        let sql = "INSERT INTO runs (command, started_at) VALUES (?1, ?2)";
        execute(state, sql, (command, Time(started_at)))?;
        let run = state.last_insert_rowid();
        // The last run that completed stays, however old it is.
        let sql = "DELETE FROM runs WHERE id <= ?1 AND id <> coalesce(
                     (SELECT max(id) FROM runs WHERE outcome IN ('ok', 'partial')), 0)";
        execute(state, sql, [run - RUNS_KEPT])?;
        let sql = "DELETE FROM history WHERE seq <= (SELECT max(seq) FROM history) - ?1";
        execute(state, sql, [EVENTS_KEPT])?;
        Ok(run)
    }

    /// Writes down how a run ended.
    pub fn finish_run(&self, run: i64, ended: &Run) -> Result<()> {
        let sql = "UPDATE runs SET finished_at = ?2, outcome = ?3, message = ?4, counts = ?5,
                     requests = ?6 WHERE id = ?1";
        let finished_at = ended.finished_at.map(Time);
        let counts = serde_json::to_string(&ended.counts)?;
        let parameters = (run, finished_at, &ended.outcome, &ended.message, counts, ended.requests);
        execute(&self.connection, sql, parameters)?;
        self.add_to_totals(ended)
    }

    /// The run that began last.
    pub fn last_run(&self) -> Result<Option<Run>> {
        let sql = format!("SELECT {RUN_COLUMNS} FROM runs ORDER BY id DESC LIMIT 1");
        query_first(&self.connection, &sql, [], read_run)
    }

    /// When the last run that completed (`ok` or `partial`) ended.
    pub fn last_success(&self) -> Result<Option<DateTime<Utc>>> {
        let sql = "SELECT finished_at FROM runs WHERE outcome IN ('ok', 'partial')
                   ORDER BY id DESC LIMIT 1";
        let found = query_first(&self.connection, sql, [], |row| row.get(0))?;
        Ok(found.map(|Time(at)| at))
    }

    /// What happened to a record, oldest first.
    pub fn history(&self, key: &RecordKey) -> Result<Vec<HistoryEntry>> {
        let sql = "SELECT at, event, crm_id, detail FROM history WHERE kind = ?1 AND id = ?2
                   ORDER BY seq";
        query_all(&self.connection, sql, (key.kind, &key.id), |row| {
            let Time(at) = row.get(0)?;
            Ok(HistoryEntry { at, event: row.get(1)?, crm_id: row.get(2)?, detail: row.get(3)? })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_run_that_ran_through_is_known_however_many_failed_since() {
        let state = State::in_memory().unwrap();
        let at = |run: i64| DateTime::from_timestamp(run * 180, 0).unwrap();
        let run = |id: i64, outcome: &str| {
            let sql = "INSERT INTO runs (id, command, started_at, finished_at, outcome) VALUES (?1, 'sync', '', ?2, ?3)";
            state.connection.execute(sql, (id, Time(at(id)), outcome)).unwrap();
        };
        run(1, "ok");
        run(2, "ok");
        run(3, "refused");
        run(RUNS_KEPT + 10, "refused");
        state.begin_run("sync", DateTime::default()).unwrap();
        assert_eq!(state.last_success().unwrap(), Some(at(2)));
    }
}
