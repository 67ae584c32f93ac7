//! When a step is taken: the lane that it goes in, and its turn in that lane.
//!
//! The lanes go side by side, each at the speed of its own time budget in the portal. In every lane
//! the newest bookings come first, and people and companies come in the order of the first booking
//! that needs them.

use enum_map::Enum;

use super::decide::{Priority, Step};
use crate::domain::record::{Kind, RecordId, RecordKey};
use crate::mirror::Row;

/// Steps that are held back together when the time budget of their method is used up.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Enum)]
pub enum Lane {
    /// Companies, in every step.
    Companies,
    /// Guests, in every step.
    Guests,
    /// Bookings, but for the next two.
    Bookings,
    /// Closing dates that the portal overwrote.
    ClosingDates,
    /// Deals of bookings that are gone.
    Deletions,
}

impl Lane {
    /// All lanes, parties before bookings.
    pub const ALL: [Lane; 5] =
        [Lane::Companies, Lane::Guests, Lane::Bookings, Lane::ClosingDates, Lane::Deletions];

    /// The lane of a step.
    pub fn of(kind: Kind, step: Step) -> Lane {
        match (kind, step) {
            (Kind::Company, _) => Lane::Companies,
            (Kind::Guest, _) => Lane::Guests,
            (Kind::Booking, Step::SendCloseDate) => Lane::ClosingDates,
            (Kind::Booking, Step::Delete) => Lane::Deletions,
            (Kind::Booking, _) => Lane::Bookings,
        }
    }

    /// What the records in it are.
    pub fn kind(self) -> Kind {
        match self {
            Lane::Companies => Kind::Company,
            Lane::Guests => Kind::Guest,
            Lane::Bookings | Lane::ClosingDates | Lane::Deletions => Kind::Booking,
        }
    }

    /// What its batches are called: those of one lane are alike enough to learn their speed
    /// together. A deletion takes seconds where an update takes tenths.
    pub fn label(self) -> &'static str {
        match self {
            Lane::Companies | Lane::Guests | Lane::Bookings => self.kind().name(),
            Lane::ClosingDates => "closing dates",
            Lane::Deletions => "deletions",
        }
    }
}

/// Sorts behind every arrival.
const LAST: i64 = i64::MAX;

/// The place of a step in its lane; the least comes first.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Turn {
    /// What is new or different goes before what is sent once more.
    pub priority: Priority,
    /// Minus the arrival, in seconds, of the newest booking that needs the record.
    pub newest_first: i64,
    /// That booking: of two that arrive together the lower id comes first.
    pub booking: Option<RecordId>,
}

impl Turn {
    /// The turn of a booking by its arrival. All others come last, until a booking that needs them
    /// brings them forward.
    pub fn new(key: &RecordKey, priority: Priority, row: Option<&Row>) -> Turn {
        let newest_first = match row.and_then(Row::booking) {
            Some(booking) => -booking.arrival.or_midnight().and_utc().timestamp(),
            None => LAST,
        };
        let booking = (key.kind == Kind::Booking).then(|| key.id.clone());
        Turn { priority, newest_first, booking }
    }

    /// Whether a booking of the plan needs the record.
    pub fn is_needed(&self) -> bool {
        self.newest_first != LAST
    }
}
