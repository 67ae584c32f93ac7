//! What the runs did: those of the last days one by one, and all of them together.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::columns::Time;
use super::history::{Counts, RUN_COLUMNS, read_run};
use super::settings::TOTALS;
use super::statements::query_all;
use super::{Result, Run, State};
use crate::domain::per_kind::PerKind;

/// What all runs did since this state was made, or since a version of the program that counts it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Totals {
    /// The number of runs, by the name of their outcome.
    pub runs: BTreeMap<String, u64>,
    /// Objects that these runs created, by kind.
    pub created: PerKind<u64>,
    /// Objects that they updated, by kind.
    pub updated: PerKind<u64>,
    /// Deals that they deleted.
    pub deleted: u64,
    /// Records that they tried and that failed.
    pub failed: u64,
    /// Requests that they made.
    pub requests: u64,
}

impl Totals {
    fn add(&mut self, ended: &Run) {
        let Counts { created, updated, deleted, failed } = ended.counts;
        if let Some(outcome) = &ended.outcome {
            *self.runs.entry(outcome.to_string()).or_default() += 1;
        }
        for (kind, count) in created.iter() {
            self.created[kind] += count;
        }
        for (kind, count) in updated.iter() {
            self.updated[kind] += count;
        }
        self.deleted += deleted;
        self.failed += failed;
        self.requests += ended.requests;
    }
}

impl State {
    /// The runs that began at this time or later, oldest first.
    pub fn runs_since(&self, at: DateTime<Utc>) -> Result<Vec<Run>> {
        let sql = format!("SELECT {RUN_COLUMNS} FROM runs WHERE started_at >= ?1 ORDER BY id");
        query_all(&self.connection, &sql, [Time(at)], read_run)
    }

    /// What all runs did.
    pub fn totals(&self) -> Result<Totals> {
        Ok(self.get(&TOTALS)?.unwrap_or_default())
    }

    /// Called in the transaction that saves how the run ended, so that each run counts once.
    pub(super) fn add_to_totals(&self, ended: &Run) -> Result<()> {
        let mut totals = self.totals()?;
        totals.add(ended);
        self.set(&TOTALS, &totals)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::domain::run_error::Outcome;

    fn ended(started_at: DateTime<Utc>, outcome: Outcome) -> Run {
        let counts =
            Counts { created: [1, 0, 2].into(), updated: [0, 1, 0].into(), deleted: 3, failed: 4 };
        Run {
            command: "sync".to_owned(),
            started_at,
            finished_at: Some(started_at),
            outcome: Some(outcome.into()),
            message: None,
            counts,
            requests: 5,
        }
    }

    #[test]
    fn all_runs_are_counted_also_those_that_the_history_has_forgotten() {
        let state = State::in_memory().unwrap();
        let start = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        for (minute, outcome) in [(0, Outcome::Ok), (3, Outcome::Refused), (6, Outcome::Ok)] {
            state.log_run(&ended(start + TimeDelta::minutes(minute), outcome)).unwrap();
        }
        state.connection.execute("DELETE FROM runs", []).unwrap();
        let totals = Totals {
            runs: BTreeMap::from([("ok".to_owned(), 2), ("refused".to_owned(), 1)]),
            created: [3, 0, 6].into(),
            updated: [0, 3, 0].into(),
            deleted: 9,
            failed: 12,
            requests: 15,
        };
        assert_eq!(state.totals().unwrap(), totals);
    }

    #[test]
    fn the_runs_of_the_last_days_are_told_oldest_first() {
        let state = State::in_memory().unwrap();
        let start = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        for minute in [0, 3, 6] {
            state.log_run(&ended(start + TimeDelta::minutes(minute), Outcome::Ok)).unwrap();
        }
        let since = state.runs_since(start + TimeDelta::minutes(3)).unwrap();
        let minutes: Vec<i64> =
            since.iter().map(|run| (run.started_at - start).num_minutes()).collect();
        assert_eq!(minutes, [3, 6]);
        assert_eq!((since[0].requests, since[0].counts.deleted), (5, 3));
    }
}
