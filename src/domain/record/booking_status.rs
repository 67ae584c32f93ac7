//! How far a booking has come.

use serde::{Deserialize, Serialize};

/// The state of a booking.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BookingStatus {
    /// Held for a while.
    Temporary,
    /// Confirmed.
    Confirmed,
    /// The guests are here.
    CheckedIn,
    /// The guests have left.
    CheckedOut,
    /// Cancelled.
    Cancelled,
    /// The guests never came.
    NoShow,
}

impl BookingStatus {
    /// In the order of their declaration.
    pub const ALL: [BookingStatus; 6] = [
        BookingStatus::Temporary,
        BookingStatus::Confirmed,
        BookingStatus::CheckedIn,
        BookingStatus::CheckedOut,
        BookingStatus::Cancelled,
        BookingStatus::NoShow,
    ];

    /// The word of the mirror and of the configuration.
    pub fn word(self) -> &'static str {
        match self {
            BookingStatus::Temporary => "temporary",
            BookingStatus::Confirmed => "confirmed",
            BookingStatus::CheckedIn => "checked_in",
            BookingStatus::CheckedOut => "checked_out",
            BookingStatus::Cancelled => "cancelled",
            BookingStatus::NoShow => "no_show",
        }
    }

    /// The status of a [`BookingStatus::word`].
    pub fn from_word(word: &str) -> Option<BookingStatus> {
        BookingStatus::ALL.into_iter().find(|status| status.word() == word)
    }
}
