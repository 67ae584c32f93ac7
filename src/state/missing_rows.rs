//! Records whose rows are missing: since when, which were given up recently, and which stays are
//! the oldest.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::columns::Time;
use super::statements::query_all;
use super::writer::Writer;
use super::{Result, State};
use crate::domain::record::{Kind, RecordId, RecordKey};
use crate::mirror::{Moment, Row};

/// Begin and end of a stay, in minutes of the hotel's wall clock since 1970.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Stay {
    /// The begin of the stay.
    pub arrival: i64,
    /// The end of the stay.
    pub departure: i64,
}

/// What a run saw of a record in the mirror, to be saved.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Note {
    /// It has no row.
    Missing,
    /// It has a row with this content.
    Read {
        /// The row's [`Row::content_hash`].
        content: u64,
        /// The stay of a booking.
        stay: Option<Stay>,
    },
}

/// A record that was given up: its deal was deleted, or it left its deals.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GivenUp {
    /// The id of the record.
    pub id: RecordId,
    /// When it was given up.
    pub at: DateTime<Utc>,
    /// The stay of a booking, where it is known.
    pub stay: Option<Stay>,
}

/// The time by which stays are ordered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Oldest {
    /// The stays that begin first.
    Arrival,
    /// The stays that end first.
    Departure,
}

impl Stay {
    pub(super) fn of(arrival: Option<i64>, departure: Option<i64>) -> Option<Stay> {
        Some(Stay { arrival: arrival?, departure: departure? })
    }

    /// The stay of a row, if it is a booking that can be read.
    pub fn of_row(row: &Row) -> Option<Stay> {
        let booking = row.booking()?;
        Some(Stay { arrival: minutes(booking.arrival), departure: minutes(booking.departure) })
    }

    /// The begin or the end of the stay.
    pub fn by(self, oldest: Oldest) -> i64 {
        match oldest {
            Oldest::Arrival => self.arrival,
            Oldest::Departure => self.departure,
        }
    }
}

fn minutes(moment: Moment) -> i64 {
    moment.or_midnight().and_utc().timestamp() / 60
}

impl State {
    /// The records that were given up since then, and that no administrator allowed to go.
    pub fn given_up_since(&self, kind: Kind, since: DateTime<Utc>) -> Result<Vec<GivenUp>> {
        let sql = "SELECT id, at, arrival, departure FROM departures WHERE kind = ?1 AND at >= ?2";
        query_all(&self.connection, sql, (kind, Time(since)), |row| {
            let Time(at) = row.get(1)?;
            let stay = Stay::of(row.get(2)?, row.get(3)?);
            Ok(GivenUp { id: row.get(0)?, at, stay })
        })
    }

    /// The bookings with a deal whose stays are the oldest, the oldest first, with the time by
    /// which they are ordered.
    pub fn oldest_stays(&self, by: Oldest, most: u64) -> Result<Vec<(RecordId, i64)>> {
        let sql = match by {
            Oldest::Arrival => {
                "SELECT id, arrival FROM records
                 WHERE arrival IS NOT NULL AND crm_id IS NOT NULL ORDER BY arrival, id LIMIT ?1"
            }
            Oldest::Departure => {
                "SELECT id, departure FROM records
                 WHERE departure IS NOT NULL AND crm_id IS NOT NULL
                 ORDER BY departure, id LIMIT ?1"
            }
        };
        query_all(&self.connection, sql, [most], |row| Ok((row.get(0)?, row.get(1)?)))
    }
}

impl Writer<'_> {
    /// Saves what a run saw of a record in a mirror that can be trusted.
    pub fn save_note(&self, key: &RecordKey, note: Note, now: DateTime<Utc>) -> Result<()> {
        let RecordKey { kind, id } = key;
        match note {
            Note::Missing => self.execute(
                "UPDATE records SET missing_since = ?3 WHERE kind = ?1 AND id = ?2",
                (kind, id, Time(now)),
            ),
            Note::Read { content, stay } => {
                let arrival = stay.map(|stay| stay.arrival);
                let departure = stay.map(|stay| stay.departure);
                self.execute(
                    "UPDATE records SET missing_since = NULL, content = ?3, arrival = ?4,
                       departure = ?5 WHERE kind = ?1 AND id = ?2",
                    (kind, id, content.cast_signed(), arrival, departure),
                )
            }
        }
    }

    /// What is missing now does not count: a record counts as missing from the next run on that
    /// trusts the mirror.
    pub fn clear_missing_since(&self, kind: Kind) -> Result<()> {
        let sql =
            "UPDATE records SET missing_since = NULL WHERE kind = ?1 AND missing_since IS NOT NULL";
        self.execute(sql, [kind])
    }

    /// A record is about to be given up.
    pub fn save_given_up(&self, kind: Kind, record: &GivenUp) -> Result<()> {
        let GivenUp { id, at, stay } = record;
        let arrival = stay.map(|stay| stay.arrival);
        let departure = stay.map(|stay| stay.departure);
        self.execute(
            "INSERT OR REPLACE INTO departures (kind, id, at, arrival, departure)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            (kind, id, Time(*at), arrival, departure),
        )
    }

    /// Records that were given up before then do not count any more.
    pub fn forget_given_up_before(&self, kind: Kind, before: DateTime<Utc>) -> Result<()> {
        self.execute("DELETE FROM departures WHERE kind = ?1 AND at < ?2", (kind, Time(before)))
    }
}
