//! The three kinds of records, and how each is called in the mirror and in the portal.

use enum_map::Enum;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr};

use crate::domain::mirror_table::MirrorTable;

/// The three kinds of records that are carried over.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Debug,
    Enum,
    Serialize,
    Deserialize,
    Display,
    EnumString,
    IntoStaticStr,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
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
        self.into()
    }

    /// The mirror's table; its name is also the key of `[mirror.queries]`.
    pub fn table(self) -> MirrorTable {
        match self {
            Kind::Guest => MirrorTable::Guests,
            Kind::Company => MirrorTable::Companies,
            Kind::Booking => MirrorTable::Bookings,
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

    /// A method of the portal for these objects: `crm.contact.list`, `crm.deal.add`.
    pub fn method(self, verb: &str) -> String {
        format!("crm.{}.{verb}", self.crm_entity())
    }

    /// The portal's number for the entity, as `crm.item.*` wants it.
    pub fn entity_type_id(self) -> u8 {
        match self {
            Kind::Booking => 2,
            Kind::Guest => 3,
            Kind::Company => 4,
        }
    }
}

impl ToSql for Kind {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.name().into())
    }
}

impl FromSql for Kind {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map_err(|_| FromSqlError::InvalidType)
    }
}
