//! `booking_guests`, read together with the bookings: both are ordered by the booking's id and
//! merged, so that no booking costs a query of its own.

use rusqlite::Result;
use rusqlite::types::ValueRef;

use super::cell::raw_text;
use super::ids::{IdType, as_type, id_of};
use super::values::trimmed;
use crate::domain::record::RecordId;

/// No booking has so many people, but a join without its condition gives each booking all guests of
/// the hotel. So many could not be kept in memory or sent.
pub(super) const MAX_GUESTS: usize = 1_000;

/// A stream over `booking_guests`.
pub(super) struct BookingGuests<'s> {
    rows: rusqlite::Rows<'s>,
    /// The type of the bookings' own ids, where this table has another one.
    convert_to: Option<IdType>,
    /// A row that was read and belongs to a later booking.
    ahead: Option<Stay>,
}

/// A row of `booking_guests`.
struct Stay {
    booking: RecordId,
    position: i64,
    /// None where the cell is no id.
    guest: Option<RecordId>,
}

/// The guests who stay in one booking.
#[derive(Default)]
pub(super) struct Stays {
    /// By position, then by id.
    pub(super) guests: Vec<RecordId>,
    /// Whether a row has no usable guest id.
    pub(super) has_unreadable: bool,
    /// Whether there are more rows than [`MAX_GUESTS`]. Those beyond are not kept.
    pub(super) are_too_many: bool,
}

impl<'s> BookingGuests<'s> {
    pub(super) fn new(rows: rusqlite::Rows<'s>, convert_to: Option<IdType>) -> BookingGuests<'s> {
        BookingGuests { rows, convert_to, ahead: None }
    }

    /// The guests of one booking. Bookings must be asked for in the order of their ids.
    pub(super) fn of(&mut self, booking: &RecordId) -> Result<Stays> {
        let mut stays = Stays::default();
        let mut found = Vec::new();
        while let Some(stay) = self.next_stay()? {
            if stay.booking > *booking {
                self.ahead = Some(stay);
                break;
            }
            if stay.booking == *booking {
                match stay.guest {
                    Some(_) if found.len() == MAX_GUESTS => stays.are_too_many = true,
                    Some(guest) => found.push((stay.position, guest)),
                    None => stays.has_unreadable = true,
                }
            }
        }
        found.sort();
        stays.guests = found.into_iter().map(|(_, guest)| guest).collect();
        Ok(stays)
    }

    fn next_stay(&mut self) -> Result<Option<Stay>> {
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

/// A whole number, also as text or as a decimal; anything else counts as 0.
fn position(value: ValueRef<'_>) -> i64 {
    if let ValueRef::Integer(position) = value {
        return position;
    }
    let text = raw_text(value);
    let whole = trimmed(&text).split('.').next().unwrap_or_default();
    whole.parse().unwrap_or(0)
}
