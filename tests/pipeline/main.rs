//! The rules, one test each, through the program itself: a hotel's mirror on one side, a portal on the other.
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

mod bookings;
mod commands;
mod companies;
mod deletion;
mod export;
mod guards;
mod guests;
mod hotel;
mod missing;
mod phones;
mod quarantine;
mod secrets;
mod shapes;
mod takeover;
mod texts;
mod waiting;
mod when;
