//! `booking_guests`, read along with the bookings: a merge of two lists, so that no booking costs a query of its own.
//! Hence both are ordered by the booking's id.

use anyhow::Result;
use rusqlite::types::ValueRef;

use super::rows::as_text;
use crate::record::Id;

/// `booking_guests`, read along with the bookings.
pub(super) struct Residents<'s> {
    rows: rusqlite::Rows<'s>,
    ahead: Option<(Id, i64, Id)>,
}

impl<'s> Residents<'s> {
    pub(super) fn new(rows: rusqlite::Rows<'s>) -> Residents<'s> {
        Residents { rows, ahead: None }
    }

    /// Those of one booking. Bookings must be asked for in the order of their ids.
    pub(super) fn of(&mut self, booking: &Id) -> Result<Vec<Id>> {
        let mut found = Vec::new();
        while let Some((owner, position, guest)) = self.peek()? {
            if owner > *booking {
                self.ahead = Some((owner, position, guest));
                break;
            }
            if owner == *booking {
                found.push((position, guest));
            }
        }
        found.sort();
        Ok(found.into_iter().map(|(_, guest)| guest).collect())
    }

    fn peek(&mut self) -> Result<Option<(Id, i64, Id)>> {
        if let Some(ahead) = self.ahead.take() {
            return Ok(Some(ahead));
        }
        while let Some(row) = self.rows.next()? {
            if let (Ok(booking), Ok(guest)) = (row.get(0), row.get(1)) {
                return Ok(Some((booking, position(row.get_ref(2)?), guest)));
            }
        }
        Ok(None)
    }
}

/// Whole, or as text or decimal; what is none counts as the first.
fn position(value: ValueRef<'_>) -> i64 {
    match value {
        ValueRef::Integer(position) => position,
        other => as_text(other).trim().split('.').next().and_then(|whole| whole.parse().ok()).unwrap_or(0),
    }
}
