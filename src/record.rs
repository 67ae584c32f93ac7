//! What a record is called: its kind and its id in Ecvi.
//!
//! The pair is the identity everything else hangs on. Ids are ordered as `SQLite` orders them, so that the
//! mirror and the state, both read by id, can be merged like two sorted lists.

use std::cmp::Ordering;
use std::fmt;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, Value, ValueRef};
use serde::{Deserialize, Serialize};

/// The three kinds of records that are carried over.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
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
    pub const ALL: [Kind; 3] = [Kind::Company, Kind::Guest, Kind::Booking];

    /// The word for the command line, the state and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Guest => "guest",
            Kind::Company => "company",
            Kind::Booking => "booking",
        }
    }

    /// The portal's word, as in `crm.deal.add` and in the address of a card.
    pub fn entity(self) -> &'static str {
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
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
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

/// An id in Ecvi: a number, or a text such as a UUID.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Id {
    /// An INTEGER of the mirror.
    Number(i64),
    /// A TEXT of the mirror.
    Text(String),
}

impl Id {
    /// The id as people write it on a command line: digits are a number, all else is text.
    pub fn parse(text: &str) -> Id {
        match text.parse::<i64>() {
            Ok(number) if number.to_string() == text => Id::Number(number),
            _ => Id::Text(text.to_owned()),
        }
    }
}

impl Ord for Id {
    /// `SQLite`'s order: numbers before texts, texts by their bytes.
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Id::Number(a), Id::Number(b)) => a.cmp(b),
            (Id::Number(_), Id::Text(_)) => Ordering::Less,
            (Id::Text(_), Id::Number(_)) => Ordering::Greater,
            (Id::Text(a), Id::Text(b)) => a.as_bytes().cmp(b.as_bytes()),
        }
    }
}

impl PartialOrd for Id {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Id::Number(number) => number.fmt(f),
            Id::Text(text) => f.pad(text),
        }
    }
}

impl ToSql for Id {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Id::Number(number) => (*number).into(),
            Id::Text(text) => text.as_str().into(),
        })
    }
}

impl From<Id> for Value {
    fn from(id: Id) -> Value {
        match id {
            Id::Number(number) => Value::Integer(number),
            Id::Text(text) => Value::Text(text),
        }
    }
}

impl FromSql for Id {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value {
            ValueRef::Integer(number) => Ok(Id::Number(number)),
            ValueRef::Text(_) => Ok(Id::Text(value.as_str()?.to_owned())),
            ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => Err(FromSqlError::InvalidType),
        }
    }
}
