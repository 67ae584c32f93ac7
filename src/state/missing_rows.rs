//! Records whose rows are missing: since when, who was given up lately, and which stays are the
//! oldest.

use chrono::{DateTime, Utc};
use rusqlite::Row as SqlRow;
use serde::{Deserialize, Serialize};

use super::columns::Time;
use super::statements::execute;
use super::writer::Writer;
use super::{Result, State};
use crate::domain::record::{Kind, RecordId, RecordKey};
use crate::mirror::{Entity, Row};

/// When a stay is, in minutes of the hotel's wall clock since 1970.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Stay {
    /// Its begin.
    pub arrival: i64,
    /// Its end.
    pub departure: i64,
}

/// What a reading says of a record that is as it was sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Note {
    /// It has no row.
    Missing,
    /// It has one, with this content.
    Read {
        /// As [`Row::content_hash`].
        content: u64,
        /// Of a booking.
        stay: Option<Stay>,
    },
}

/// A record that was given up: its deal was deleted, or it left its deals.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Departure {
    /// Its id.
    pub id: RecordId,
    /// When.
    pub at: DateTime<Utc>,
    /// Of a booking, where it is known.
    pub stay: Option<Stay>,
}

/// By what stays are old.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Oldest {
    /// By arrival.
    Arrival,
    /// By departure.
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
    pub fn departures(&self, kind: Kind, since: DateTime<Utc>) -> Result<Vec<Departure>> {
        let sql = "SELECT id, at, arrival, departure FROM departures WHERE kind = ?1 AND at >= ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let found = statement.query_map((kind, Time(since)), |row| {
            let Time(at) = row.get(1)?;
            let stay = Stay::of(row.get(2)?, row.get(3)?);
            Ok(Departure { id: row.get(0)?, at, stay })
        })?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }

    /// The bookings with a deal whose stays are the oldest, the oldest first, with the time that
    /// counts.
    pub fn oldest_stays(&self, by: Oldest, most: u64) -> Result<Vec<(RecordId, i64)>> {
        let arrival = "SELECT id, arrival FROM records
                       WHERE arrival IS NOT NULL AND crm_id IS NOT NULL ORDER BY arrival, id LIMIT ?1";
        let departure = "SELECT id, departure FROM records
                         WHERE departure IS NOT NULL AND crm_id IS NOT NULL ORDER BY departure, id LIMIT ?1";
        let sql = match by {
            Oldest::Arrival => arrival,
            Oldest::Departure => departure,
        };
        let mut statement = self.connection.prepare_cached(sql)?;
        let pair = |row: &SqlRow<'_>| Ok((row.get(0)?, row.get(1)?));
        let found = statement.query_map([most], pair)?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }
}

impl Writer<'_> {
    /// Writes down what a sound reading says of a record.
    pub fn save_note(&self, key: &RecordKey, note: Note, now: DateTime<Utc>) -> Result<()> {
        match note {
            Note::Missing => self
                .transaction
                .prepare_cached("UPDATE records SET missing_since = ?3 WHERE kind = ?1 AND id = ?2")?
                .execute((key.kind, &key.id, Time(now)))?,
            Note::Read { content, stay } => self
                .transaction
                .prepare_cached(
                    "UPDATE records SET missing_since = NULL, content = ?3, arrival = ?4, departure = ?5
                     WHERE kind = ?1 AND id = ?2",
                )?
                .execute((
                    key.kind,
                    &key.id,
                    content.cast_signed(),
                    stay.map(|stay| stay.arrival),
                    stay.map(|stay| stay.departure),
                ))?,
        };
        Ok(())
    }

    /// Nothing is concluded from who is missing now: whoever stays away is missing from the next
    /// sound reading on.
    pub fn clear_missing_since(&self, kind: Kind) -> Result<()> {
        let sql =
            "UPDATE records SET missing_since = NULL WHERE kind = ?1 AND missing_since IS NOT NULL";
        execute(&self.transaction, sql, [kind])
    }

    /// A record is about to be given up.
    pub fn save_departure(&self, kind: Kind, departure: &Departure) -> Result<()> {
        let Departure { id, at, stay } = departure;
        let (arrival, end) = (stay.map(|stay| stay.arrival), stay.map(|stay| stay.departure));
        let sql = "INSERT OR REPLACE INTO departures (kind, id, at, arrival, departure)
                 VALUES (?1, ?2, ?3, ?4, ?5)";
        execute(&self.transaction, sql, (kind, id, Time(*at), arrival, end))
    }

    /// Those who were given up before then count no more.
    pub fn delete_departures(&self, kind: Kind, before: DateTime<Utc>) -> Result<()> {
        let sql = "DELETE FROM departures WHERE kind = ?1 AND at < ?2";
        execute(&self.transaction, sql, (kind, Time(before)))
    }
}
