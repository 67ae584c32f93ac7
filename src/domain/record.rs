//! What a record is called: its kind and its id in Ecvi; and how far a booking has come.
//!
//! The pair is the identity everything else hangs on. Ids are ordered as `SQLite` orders them, so that the
//! mirror and the state, both read by id, can be merged like two sorted lists.

use std::cmp::Ordering;
use std::fmt;

use enum_map::Enum;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, Value, ValueRef};
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

    /// The ids that a mark in the portal may mean: those of 41 and '41' read the same.
    pub fn ids_for_origin(mark: &str) -> impl Iterator<Item = Id> {
        Id::parse(mark).with_other_type()
    }

    /// The id whose mark in the portal reads the same: '41' of 41, and 41 of '41'.
    pub fn other_type_id(&self) -> Option<Id> {
        match self {
            Id::Number(number) => Some(Id::Text(number.to_string())),
            Id::Text(text) => Some(Id::parse(text)).filter(|other| other != self),
        }
    }

    /// The id, then its namesake: a booking may name somebody by a text where the id is a number, or the other way
    /// round.
    pub fn with_other_type(self) -> impl Iterator<Item = Id> {
        let namesake = self.other_type_id();
        std::iter::once(self).chain(namesake)
    }

    /// The same id, to be compared with one that nobody owns.
    pub fn borrowed(&self) -> IdRef<'_> {
        match self {
            Id::Number(number) => IdRef::Number(*number),
            Id::Text(text) => IdRef::Text(text),
        }
    }
}

/// An id as it stands under a cursor of the mirror, in `SQLite`'s order: numbers before texts, texts by their bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum IdRef<'r> {
    /// An INTEGER of the mirror.
    Number(i64),
    /// A TEXT of the mirror.
    Text(&'r str),
}

impl<'r> IdRef<'r> {
    /// The id in a cell; none where the cell cannot be one.
    pub(crate) fn from_cell(value: ValueRef<'r>) -> Option<IdRef<'r>> {
        match value {
            ValueRef::Integer(number) => Some(IdRef::Number(number)),
            // What fills a mirror may keep a column of whole numbers with gaps as 42.0.
            ValueRef::Real(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
                Some(IdRef::Number(number as i64))
            }
            ValueRef::Text(bytes) => std::str::from_utf8(bytes).ok().map(IdRef::Text),
            ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => None,
        }
    }
}

impl From<IdRef<'_>> for Id {
    fn from(id: IdRef<'_>) -> Id {
        match id {
            IdRef::Number(number) => Id::Number(number),
            IdRef::Text(text) => Id::Text(text.to_owned()),
        }
    }
}

/// The ids from one on, up to but not including another; open where there is none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IdRange {
    /// The first.
    pub start: Option<Id>,
    /// The first that does not belong to it.
    pub end: Option<Id>,
}

impl IdRange {
    /// All ids.
    pub const ALL: &'static [IdRange] = &[IdRange { start: None, end: None }];

    /// Whether it ends before this id.
    pub fn ends_before(&self, id: &Id) -> bool {
        self.end.as_ref().is_some_and(|upto| upto <= id)
    }

    /// Whether it begins after this id.
    pub fn starts_after(&self, id: &Id) -> bool {
        self.start.as_ref().is_some_and(|from| from > id)
    }
}

impl Ord for Id {
    /// `SQLite`'s order.
    fn cmp(&self, other: &Self) -> Ordering {
        self.borrowed().cmp(&other.borrowed())
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
        IdRef::from_cell(value).map(Id::from).ok_or(FromSqlError::InvalidType)
    }
}

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
