//! The guests and companies that the bookings of the mirror name.

use super::CheckResult;
use crate::domain::failure_code::FailureCode;
use crate::domain::messages::{CheckMessage, Message};
use crate::domain::run_error::Result;
use crate::mirror::{Mirror, Strangers};

/// Looks for bookings without a guest, and for ids of guests and companies that no row has.
pub(super) fn check(mirror: &Mirror) -> Result<Vec<CheckResult>> {
    let (bookings, without) = mirror.bookings_without_guests()?;
    let mut results = Vec::new();
    for strangers in mirror.strangers()? {
        let unknown = CheckResult::warning("mirror_references", unknown(strangers, bookings));
        results.push(unknown.with_remedy(Message::Remedy(FailureCode::UnknownReference)));
    }
    if without > 0 {
        let detail = CheckMessage::BookingsWithoutGuests { count: without, bookings };
        results.push(CheckResult::ok("mirror_references", detail));
    }
    Ok(results)
}

fn unknown(strangers: Strangers, bookings: u64) -> CheckMessage {
    let Strangers { column, count, booking, named } = strangers;
    if column == "booking_guests.booking_id" {
        return CheckMessage::UnknownBookings { count, example: named };
    }
    let column = column.to_string();
    CheckMessage::UnknownParties { column, count, bookings, booking, example: named }
}
