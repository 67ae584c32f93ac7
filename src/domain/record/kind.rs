//! The three kinds of records, and how each is called in the mirror and in the portal.

use std::fmt;

use enum_map::Enum;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use serde::{Deserialize, Serialize};

/// The three kinds of records that are carried over.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Enum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// гость, a contact in Bitrix24
    Guest,
    /// компания, a company in Bitrix24
    Company,
    /// заявка (бронь), a deal in Bitrix24
    Booking,
}

impl Kind {
    /// In the order in which they are sent: a booking needs the ids of its people.
    pub const SEND_ORDER: [Kind; 3] = [Kind::Company, Kind::Guest, Kind::Booking];

    /// In the order in which people read them, and in which numbers by kind are kept.
    pub const DISPLAY_ORDER: [Kind; 3] = [Kind::Guest, Kind::Company, Kind::Booking];

    /// The word for the command line, the state and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Guest => "guest",
            Kind::Company => "company",
            Kind::Booking => "booking",
        }
    }

    /// The mirror's table, and the key of `[mirror.queries]`.
    pub fn table(self) -> &'static str {
        match self {
            Kind::Guest => "guests",
            Kind::Company => "companies",
            Kind::Booking => "bookings",
        }
    }

    /// The portal's word, as in `crm.deal.add` and in the address of a card.
    pub fn crm_entity(self) -> &'static str {
        match self {
            Kind::Guest => "contact",
            Kind::Company => "company",
            Kind::Booking => "deal",
        }
    }

    /// The portal's number for the entity, as `crm.item.*` wants it.
    pub fn entity_type_id(self) -> u8 {
        match self {
            Kind::Booking => 2,
            Kind::Guest => 3,
            Kind::Company => 4,
        }
    }

    /// The kind of a [`Kind::name`].
    pub fn from_name(name: &str) -> Option<Kind> {
        Kind::SEND_ORDER.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl ToSql for Kind {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.name().into())
    }
}

impl FromSql for Kind {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Kind::from_name(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}
