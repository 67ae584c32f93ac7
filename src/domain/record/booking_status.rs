//! How far a booking has come.

use enum_map::Enum;
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};

/// The state of a booking.
#[derive(
    Clone, Copy, PartialEq, Eq, Debug, Enum, EnumString, IntoStaticStr, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum BookingStatus {
    /// Held for a while.
    Temporary,
    /// The guests are expected.
    Confirmed,
    /// The guests are here.
    CheckedIn,
    /// The guests have left.
    CheckedOut,
    /// The guests will not come.
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
        self.into()
    }
}
