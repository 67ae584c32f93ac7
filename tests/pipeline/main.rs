//! The rules, one test each, through the program itself: a hotel's mirror on one side, a portal on the other.
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

mod bookings;
mod companies;
mod deletion;
mod guests;
mod hotel;
mod phones;
mod texts;
mod when;
