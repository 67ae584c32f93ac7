//! Whom the bookings of the mirror name.

use anyhow::Result;

use super::CheckResult;
use crate::domain::failure_code::FailureCode;
use crate::domain::language::current_language;
use crate::mirror::{Mirror, Strangers};
use crate::say;

/// What is to be said of it.
pub(super) fn lines(mirror: &Mirror) -> Result<Vec<CheckResult>> {
    let (bookings, without) = mirror.bookings_without_guests()?;
    let mut lines: Vec<CheckResult> =
        mirror.strangers()?.iter().map(|strangers| named_in_vain(strangers, bookings)).collect();
    if without > 0 {
        lines.push(CheckResult::ok(
            "mirror_references",
            say!(
                "Зеркало, заявки: без гостей {without} из {bookings}",
                "Mirror, bookings: {without} of {bookings} without guests"
            ),
        ));
    }
    Ok(lines)
}

fn named_in_vain(strangers: &Strangers, bookings: u64) -> CheckResult {
    let Strangers { column, count, booking, named } = strangers;
    let text = if *column == "booking_guests.booking_id" {
        say!(
            "Зеркало, booking_guests: в booking_id названо заявок, которых нет: {count} (например, {named})",
            "Mirror, booking_guests: booking_id names bookings that no row has: {count} (such as {named})"
        )
    } else {
        say!(
            "Зеркало, заявки: {count} из {bookings} называют в {column} того, кого нет (например, заявка с id {booking}: {named})",
            "Mirror, bookings: {count} of {bookings} name somebody in {column} whom no row has (such as the booking with id {booking}: {named})"
        )
    };
    CheckResult::warning(
        "mirror_references",
        text,
        FailureCode::UnknownReference.remedy(current_language()).to_owned(),
    )
}
