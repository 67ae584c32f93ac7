//! `booking_guests`, read along with the bookings: a merge of two lists, so that no booking costs a
//! query of its own. Hence both are ordered by the booking's id.

use rusqlite::Result;
use rusqlite::types::ValueRef;

use super::cell::raw_text;
use super::ids::{IdType, as_type, id_of};
use super::values::trimmed;
use crate::domain::record::RecordId;

/// `booking_guests`, read along with the bookings.
pub(super) struct BookingGuests<'s> {
    rows: rusqlite::Rows<'s>,
    /// Bookings are named in another type than their own ids have.
    convert_to: Option<IdType>,
    ahead: Option<Stay>,
}

/// A row of `booking_guests`.
struct Stay {
    booking: RecordId,
    position: i64,
    /// None where nobody can say whom the row names.
    guest: Option<RecordId>,
}

/// Those who stay in one booking.
#[derive(Default)]
pub(super) struct Stays {
    /// By position, then by id.
    pub(super) guests: Vec<RecordId>,
    /// A row names somebody whom nobody can make out.
    pub(super) has_unreadable: bool,
}

impl<'s> BookingGuests<'s> {
    pub(super) fn new(rows: rusqlite::Rows<'s>, convert_to: Option<IdType>) -> BookingGuests<'s> {
        BookingGuests { rows, convert_to, ahead: None }
    }

    /// Those of one booking. Bookings must be asked for in the order of their ids.
    pub(super) fn of(&mut self, booking: &RecordId) -> Result<Stays> {
        let mut stays = Stays::default();
        let mut found = Vec::new();
        while let Some(stay) = self.peek()? {
            if stay.booking > *booking {
                self.ahead = Some(stay);
                break;
            }
            if stay.booking == *booking {
                match stay.guest {
                    Some(guest) => found.push((stay.position, guest)),
                    None => stays.has_unreadable = true,
                }
            }
        }
        found.sort();
        stays.guests = found.into_iter().map(|(_, guest)| guest).collect();
        Ok(stays)
    }

    fn peek(&mut self) -> Result<Option<Stay>> {
        if let Some(ahead) = self.ahead.take() {
            return Ok(Some(ahead));
        }
        while let Some(row) = self.rows.next()? {
            let Some(booking) = id_of(row.get_ref(0)?) else { continue };
            let booking = as_type(booking.into(), self.convert_to);
            let guest = id_of(row.get_ref(1)?).map(RecordId::from);
            return Ok(Some(Stay { booking, position: position(row.get_ref(2)?), guest }));
        }
        Ok(None)
    }
}

/// Whole, or as text or decimal; what is none counts as the first.
fn position(value: ValueRef<'_>) -> i64 {
    match value {
        ValueRef::Integer(position) => position,
        other => {
            let text = raw_text(other);
            let whole = trimmed(&text).split('.').next();
            whole.and_then(|whole| whole.parse().ok()).unwrap_or(0)
        }
    }
}
