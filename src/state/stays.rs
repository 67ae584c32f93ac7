//! The ledger of stays: every booking with its guests, as last read. It is kept only where
//! `[contact.stays]` is on. With it a changed booking makes a run look at its own guests only, and
//! not at all bookings of the hotel.

use std::collections::VecDeque;

use chrono::NaiveDate;
use rusqlite::types::{FromSqlError, Value};
use rusqlite::{CachedStatement, Connection, Row, params};

use super::records::{BEFORE_ALL, PAGE, bounds};
use super::statements::{execute, query_all};
use super::writer::Writer;
use super::{Result, State};
use crate::domain::record::{BookingStatus, IdRange, Kind, RecordId, RecordKey};

/// A booking as it counts for one of its guests.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GuestStay {
    /// The guest's id, as the booking has it.
    pub guest: RecordId,
    /// The status of the booking.
    pub status: BookingStatus,
    /// The day of arrival.
    pub arrival: NaiveDate,
    /// The day of departure.
    pub departure: NaiveDate,
    /// The booking's amount in hundredths; 0 for all guests but one, so that it is counted once.
    pub amount: i64,
}

/// The stays of one booking.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BookingStays {
    /// The booking that they belong to.
    pub booking: RecordId,
    /// One for each of its guests.
    pub stays: Vec<GuestStay>,
}

impl GuestStay {
    /// The stay in the columns guest, status, arrival, departure and amount, from `first` on.
    pub fn from_cells(row: &Row<'_>, first: usize) -> rusqlite::Result<GuestStay> {
        let status: String = row.get(first + 1)?;
        Ok(GuestStay {
            guest: row.get(first)?,
            status: status.parse().map_err(|_| FromSqlError::InvalidType)?,
            arrival: day(row, first + 2)?,
            departure: day(row, first + 3)?,
            amount: row.get(first + 4)?,
        })
    }
}

fn day(row: &Row<'_>, at: usize) -> rusqlite::Result<NaiveDate> {
    let day = row.get_ref(at)?.as_str()?.parse();
    day.map_err(|_| FromSqlError::InvalidType.into())
}

/// The ledger as a stream, a booking at a time.
pub struct StayScan<'s> {
    statement: CachedStatement<'s>,
    page: VecDeque<(RecordId, GuestStay)>,
}

/// What is still to be read of a span.
struct Rest {
    /// Rows are read after this booking and guest.
    after: (Value, Value),
    /// Bookings are read before this one.
    before: Value,
}

impl StayScan<'_> {
    /// The bookings that lie in these spans, ordered by id.
    pub fn rows(&mut self, spans: &[IdRange]) -> impl Iterator<Item = Result<BookingStays>> {
        let mut rest: VecDeque<Rest> = spans.iter().map(Rest::of).collect();
        self.page.clear();
        std::iter::from_fn(move || self.next_booking(&mut rest).transpose())
    }

    fn next_booking(&mut self, rest: &mut VecDeque<Rest>) -> Result<Option<BookingStays>> {
        self.fill(rest)?;
        let Some((booking, first)) = self.page.pop_front() else { return Ok(None) };
        let mut stays = vec![first];
        loop {
            self.fill(rest)?;
            match self.page.pop_front() {
                Some((next, stay)) if next == booking => stays.push(stay),
                Some(other) => {
                    self.page.push_front(other);
                    break;
                }
                None => break,
            }
        }
        Ok(Some(BookingStays { booking, stays }))
    }

    /// Reads the next page once this one is used up.
    fn fill(&mut self, rest: &mut VecDeque<Rest>) -> Result<()> {
        while self.page.is_empty()
            && let Some(Rest { after: (booking, guest), before }) = rest.pop_front()
        {
            let place = params![booking, guest, before, PAGE as u64];
            let rows = self.statement.query_map(place, booking_and_stay)?;
            self.page = rows.collect::<rusqlite::Result<_>>()?;
            if self.page.len() == PAGE
                && let Some((booking, stay)) = self.page.back()
            {
                let after = (booking.clone().into(), stay.guest.clone().into());
                rest.push_front(Rest { after, before });
            }
        }
        Ok(())
    }
}

impl Rest {
    fn of(span: &IdRange) -> Rest {
        let (start, end) = bounds(span);
        // Before all guests of the first booking, since the span has all of them.
        Rest { after: (start, BEFORE_ALL), before: end }
    }
}

fn booking_and_stay(row: &Row<'_>) -> rusqlite::Result<(RecordId, GuestStay)> {
    Ok((row.get(0)?, GuestStay::from_cells(row, 1)?))
}

impl State {
    /// Prepares to read the ledger.
    pub fn stay_scan(&self) -> Result<StayScan<'_>> {
        let sql = "SELECT booking, guest, status, arrival, departure, amount FROM stays
                   WHERE (booking, guest) > (?1, ?2) AND booking < ?3
                   ORDER BY booking, guest LIMIT ?4";
        Ok(StayScan { statement: self.connection.prepare_cached(sql)?, page: VecDeque::new() })
    }

    /// The stays of a guest, each with its booking.
    pub fn stays_of(&self, guest: &RecordId) -> Result<Vec<(RecordId, GuestStay)>> {
        let sql =
            "SELECT booking, guest, status, arrival, departure, amount FROM stays WHERE guest = ?1";
        query_all(&self.connection, sql, [guest], booking_and_stay)
    }

    /// The guests who are, or were, expected on one of these days.
    pub fn guests_expected(&self, from: NaiveDate, before: NaiveDate) -> Result<Vec<RecordId>> {
        let sql = "SELECT guest FROM stays WHERE status IN ('temporary', 'confirmed')
                     AND arrival >= ?1 AND arrival < ?2";
        query_all(&self.connection, sql, (from.to_string(), before.to_string()), |row| row.get(0))
    }
}

/// Replaces the stays of a booking in the table `stays`, which a plan has in the same form as the
/// state.
pub fn replace_stays(
    connection: &Connection,
    BookingStays { booking, stays }: &BookingStays,
) -> Result<()> {
    execute(connection, "DELETE FROM stays WHERE booking = ?1", [booking])?;
    let sql = "INSERT INTO stays (booking, guest, status, arrival, departure, amount)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    for stay in stays {
        let GuestStay { guest, status, arrival, departure, amount } = stay;
        let days = [arrival, departure].map(NaiveDate::to_string);
        let parameters = params![booking, guest, status.word(), days[0], days[1], amount];
        execute(connection, sql, parameters)?;
    }
    Ok(())
}

impl Writer<'_> {
    /// Saves the stays of a booking, in the place of those from before.
    pub fn keep_stays(&self, stays: &BookingStays) -> Result<()> {
        replace_stays(&self.transaction, stays)
    }

    /// Removes the stays of a booking that is deleted; its guests do not show it any more.
    pub(super) fn forget_stays(&self, booking: &RecordId) -> Result<()> {
        let sql = "DELETE FROM stays WHERE booking = ?1 RETURNING guest";
        let guests: Vec<RecordId> = query_all(&self.transaction, sql, [booking], |row| row.get(0))?;
        for guest in &guests {
            self.stays_changed(guest)?;
        }
        Ok(())
    }

    /// The contact of this guest is to be filled with its stays again.
    pub fn stays_changed(&self, guest: &RecordId) -> Result<()> {
        let sql = "UPDATE records SET todo = todo | 8 WHERE kind = ?1 AND id = ?2";
        for key in RecordKey::new(Kind::Guest, guest.clone()).with_other_type() {
            self.execute(sql, (key.kind, &key.id))?;
        }
        Ok(())
    }

    /// The contact of every guest is to show its stays.
    pub fn all_stays_changed(&self) -> Result<()> {
        let sql = "UPDATE records SET todo = todo | 8 WHERE kind = ?1 AND crm_id IS NOT NULL";
        self.execute(sql, [Kind::Guest])
    }

    /// Removes all stays: the configuration does not ask for them any more.
    pub fn clear_stays(&self) -> Result<()> {
        self.execute("DELETE FROM stays", [])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stay(guest: i64) -> GuestStay {
        let day = NaiveDate::from_ymd_opt(2026, 12, 1).unwrap();
        let status = BookingStatus::Confirmed;
        GuestStay { guest: guest.into(), status, arrival: day, departure: day, amount: 0 }
    }

    #[test]
    fn a_booking_is_never_cut_by_the_end_of_a_page() {
        let state = State::in_memory().unwrap();
        let writer = state.writer().unwrap();
        // One booking is larger than a page.
        let sizes = (0..1_500)
            .map(|booking| if booking == 700 { PAGE as i64 + 500 } else { 1 + booking % 3 });
        let all: Vec<BookingStays> = (0..)
            .zip(sizes)
            .map(|(booking, size)| BookingStays {
                booking: booking.into(),
                stays: (0..size).map(stay).collect(),
            })
            .collect();
        for stays in &all {
            writer.keep_stays(stays).unwrap();
        }
        writer.commit().unwrap();
        let mut scan = state.stay_scan().unwrap();
        let seen: Vec<BookingStays> = scan.rows(IdRange::ALL).map(Result::unwrap).collect();
        assert!(seen == all);
        let spans = [5, 900].map(|id| IdRange::one(&RecordId::Number(id)));
        let seen: Vec<BookingStays> = scan.rows(&spans).map(Result::unwrap).collect();
        assert_eq!(seen, [all[5].clone(), all[900].clone()]);
    }
}
