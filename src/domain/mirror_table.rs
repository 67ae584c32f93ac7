//! The four tables of the mirror and their columns, as they are read and as `load` fills them.

use enum_map::Enum;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use crate::domain::messages::{LoadMessage, Message, NameMessage};

/// A table of the mirror.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Enum, Serialize, Deserialize, IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum MirrorTable {
    /// A row for each guest.
    Guests,
    /// A row for each company.
    Companies,
    /// A row for each booking.
    Bookings,
    /// Who stays in which booking.
    BookingGuests,
}

impl MirrorTable {
    /// In the order in which they are filled and reported.
    pub const ALL: [MirrorTable; 4] = [
        MirrorTable::Guests,
        MirrorTable::Companies,
        MirrorTable::Bookings,
        MirrorTable::BookingGuests,
    ];

    /// The name of the table, and of its keys in the configuration.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// What its rows are called: `гости`, `guests`.
    pub fn plural_name(self) -> Message {
        match self {
            MirrorTable::Guests => NameMessage::Guests.into(),
            MirrorTable::Companies => NameMessage::Companies.into(),
            MirrorTable::Bookings => NameMessage::Bookings.into(),
            MirrorTable::BookingGuests => LoadMessage::GuestsWhoStay.into(),
        }
    }

    /// The columns that a row is known by.
    pub fn key_columns(self) -> &'static [&'static str] {
        match self {
            MirrorTable::Guests | MirrorTable::Companies | MirrorTable::Bookings => &["id"],
            MirrorTable::BookingGuests => &["booking_id", "guest_id"],
        }
    }

    /// The columns that the program itself reads. The order is that of a row's cells, and part of
    /// every fingerprint of a row's content.
    pub fn columns(self) -> &'static [&'static str] {
        match self {
            MirrorTable::Guests => &[
                "id", "modified_at", "last_name", "first_name", "middle_name", "birth_date",
                "phone", "email", "country", "region", "city", "sex", "comment", "is_vip",
                "is_blacklisted", "crm_id",
            ],
            MirrorTable::Companies => &[
                "id", "modified_at", "name", "address", "city", "country", "postal_code", "phone",
                "email", "comment", "crm_id",
            ],
            MirrorTable::Bookings => &[
                "id", "modified_at", "number", "status", "arrival", "departure", "amount",
                "comment", "guest_id", "company_id", "payer_company_id", "crm_id",
            ],
            MirrorTable::BookingGuests => &["booking_id", "guest_id", "room", "position"],
        }
    }

    /// The columns without which the table cannot be read.
    pub fn required_columns(self) -> &'static [&'static str] {
        match self {
            MirrorTable::Bookings => &["id", "number", "status", "arrival", "departure"],
            MirrorTable::Guests | MirrorTable::Companies | MirrorTable::BookingGuests => {
                self.key_columns()
            }
        }
    }

    /// The columns that a report has to fill: a booking's number can replace its id.
    pub fn required_of_reports(self) -> &'static [&'static str] {
        let columns = self.required_columns();
        if self == MirrorTable::Bookings { &columns[1..] } else { columns }
    }
}
