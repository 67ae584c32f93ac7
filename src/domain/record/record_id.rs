//! The ids of records in Ecvi.
//!
//! They are ordered as `SQLite` orders them, so that the mirror and the state, both read by id, can
//! be merged like two sorted lists.

use std::cmp::Ordering;
use std::fmt;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, Value, ValueRef};
use serde::{Deserialize, Serialize};

/// An id in Ecvi: a number, or a text such as a UUID.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RecordId {
    /// An INTEGER of the mirror.
    Number(i64),
    /// A TEXT of the mirror.
    Text(String),
}

impl RecordId {
    /// The id as people write it on a command line: digits are a number, all else is text.
    pub fn parse(text: &str) -> RecordId {
        match text.parse::<i64>() {
            Ok(number) if number.to_string() == text => RecordId::Number(number),
            _ => RecordId::Text(text.to_owned()),
        }
    }

    /// The id whose mark in the portal reads the same: '41' of 41, and 41 of '41'.
    pub fn other_type_id(&self) -> Option<RecordId> {
        match self {
            RecordId::Number(number) => Some(RecordId::Text(number.to_string())),
            RecordId::Text(text) => Some(RecordId::parse(text)).filter(|other| other != self),
        }
    }

    /// The id, then the one that reads the same: a booking may name somebody by a text where the id
    /// is a number, or the other way round.
    pub fn with_other_type(self) -> impl Iterator<Item = RecordId> {
        let other = self.other_type_id();
        std::iter::once(self).chain(other)
    }

    /// The same id, to be compared with a borrowed one.
    pub fn borrowed(&self) -> RecordIdRef<'_> {
        match self {
            RecordId::Number(number) => RecordIdRef::Number(*number),
            RecordId::Text(text) => RecordIdRef::Text(text),
        }
    }
}

/// An id under a cursor of the mirror, in `SQLite`'s order: numbers before texts, texts by their
/// bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum RecordIdRef<'r> {
    /// An INTEGER of the mirror.
    Number(i64),
    /// A TEXT of the mirror.
    Text(&'r str),
}

impl<'r> RecordIdRef<'r> {
    /// The id in a cell; none where the cell cannot be one.
    pub(crate) fn from_cell(value: ValueRef<'r>) -> Option<RecordIdRef<'r>> {
        match value {
            ValueRef::Integer(number) => Some(RecordIdRef::Number(number)),
            // What fills a mirror may keep a column of whole numbers with gaps as 42.0.
            ValueRef::Real(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
                Some(RecordIdRef::Number(number as i64))
            }
            ValueRef::Text(bytes) => std::str::from_utf8(bytes).ok().map(RecordIdRef::Text),
            ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => None,
        }
    }
}

impl From<RecordIdRef<'_>> for RecordId {
    fn from(id: RecordIdRef<'_>) -> RecordId {
        match id {
            RecordIdRef::Number(number) => RecordId::Number(number),
            RecordIdRef::Text(text) => RecordId::Text(text.to_owned()),
        }
    }
}

impl Ord for RecordId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.borrowed().cmp(&other.borrowed())
    }
}

impl PartialOrd for RecordId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl From<i64> for RecordId {
    fn from(number: i64) -> RecordId {
        RecordId::Number(number)
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecordId::Number(number) => number.fmt(f),
            RecordId::Text(text) => f.pad(text),
        }
    }
}

impl ToSql for RecordId {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            RecordId::Number(number) => (*number).into(),
            RecordId::Text(text) => text.as_str().into(),
        })
    }
}

impl From<RecordId> for Value {
    fn from(id: RecordId) -> Value {
        match id {
            RecordId::Number(number) => Value::Integer(number),
            RecordId::Text(text) => Value::Text(text),
        }
    }
}

impl FromSql for RecordId {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        RecordIdRef::from_cell(value).map(RecordId::from).ok_or(FromSqlError::InvalidType)
    }
}
