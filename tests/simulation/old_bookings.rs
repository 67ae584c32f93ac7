//! `[export] bookings_from`: a booking that was over before that day and never had a deal gets
//! none.

use bitrix24_sandbox::Kind as Entity;
use ecvi_b24::domain::record::{Kind, RecordId};

use crate::hotel::Booking;
use crate::invariants::{Object, Snapshot, origin_of};
use crate::world::World;

impl World {
    /// Whether this booking is one that stays out of the CRM, unless it has a deal already.
    pub(crate) fn is_old(&self, booking: &Booking) -> bool {
        let Some(from) = self.config.export.bookings_from else { return false };
        let is_readable = booking.is_readable();
        is_readable && booking.departure[..10] < *from.to_string()
    }

    pub(crate) fn is_old_booking(&self, kind: Kind, id: &RecordId) -> bool {
        let booking = self.hotel.bookings.iter().find(|row| row.id == *id);
        kind == Kind::Booking && booking.is_some_and(|row| self.is_old(row))
    }

    /// The old bookings when a run begins.
    pub(crate) fn note_old_bookings(&mut self) {
        let old = self.hotel.bookings.iter().filter(|row| self.is_old(row));
        let old = old.map(|row| row.id.to_string());
        self.old_bookings = old.filter(|id| !self.asked_for.contains(id)).collect();
    }

    /// A deal that appeared was not made for a booking that is old, and was when the run began.
    pub(crate) fn check_new_deals(&mut self, before: &Snapshot) {
        if self.old_bookings.is_empty() {
            return;
        }
        let is_new = |id: u64| !before.contains_key(&(Entity::Deal, id) as &Object);
        let new: Vec<(u64, String)> = self
            .portal
            .records(Entity::Deal)
            .filter(|deal| is_new(deal.id))
            .filter_map(|deal| Some((deal.id, origin_of(Entity::Deal, deal)?.1)))
            .collect();
        for (id, origin) in new {
            if self.old_bookings.contains(&origin)
                && self.invariants.made_once((Entity::Deal, &origin))
            {
                self.wrong(format!("deal {id} was made for booking {origin}, which is history"));
            }
        }
    }
}
