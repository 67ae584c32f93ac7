//! Records whose rows are missing: since when, who was given up lately, and which stays are the
//! oldest.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::columns::Time;
use super::statements::query_all;
use super::writer::Writer;
use super::{Result, State};
use crate::domain::record::{Kind, RecordId, RecordKey};
use crate::mirror::{Entity, Row};

/// When a stay is, in minutes of the hotel's wall clock since 1970.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Stay {
    /// The begin of the stay.
    pub arrival: i64,
    /// The end of the stay.
    pub departure: i64,
}

/// What a reading says of a record that is as it was sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Note {
    /// It has no row.
    Missing,
    /// It has one, with this content.
    Read {
        /// The row's [`Row::content_hash`].
        content: u64,
        /// When a booking's stay is.
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
    /// Of a booking, where it is known.
    pub stay: Option<Stay>,
}

/// By what stays are old.
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

    /// Of a booking that can be read.
    pub fn of_row(row: &Row) -> Option<Stay> {
        let Ok(Entity::Booking(booking)) = &row.body else { return None };
        let minutes = |time: chrono::NaiveDateTime| time.and_utc().timestamp() / 60;
        Some(Stay {
            arrival: minutes(booking.arrival.or_midnight()),
            departure: minutes(booking.departure.or_midnight()),
        })
    }

    /// The time that counts.
    pub fn by(self, oldest: Oldest) -> i64 {
        match oldest {
            Oldest::Arrival => self.arrival,
            Oldest::Departure => self.departure,
        }
    }
}

impl State {
    /// Who was given up since then without anybody's word.
    pub fn given_up_since(&self, kind: Kind, since: DateTime<Utc>) -> Result<Vec<GivenUp>> {
        let sql = "SELECT id, at, arrival, departure FROM departures WHERE kind = ?1 AND at >= ?2";
        query_all(&self.connection, sql, (kind, Time(since)), |row| {
            let Time(at) = row.get(1)?;
            let stay = Stay::of(row.get(2)?, row.get(3)?);
            Ok(GivenUp { id: row.get(0)?, at, stay })
        })
    }

    /// The bookings with a deal whose stays are the oldest, the oldest first, with the time that
    /// counts.
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
    /// Writes down what a sound reading says of a record.
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

    /// Nothing is concluded from who is missing now: a record that stays away is missing from the
    /// next sound reading on.
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

    /// Those who were given up before then count no more.
    pub fn forget_given_up_before(&self, kind: Kind, before: DateTime<Utc>) -> Result<()> {
        self.execute("DELETE FROM departures WHERE kind = ?1 AND at < ?2", (kind, Time(before)))
    }
}
