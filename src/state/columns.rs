//! How times and names are stored in columns: RFC 3339, and the words of the status document.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use serde::{Serialize, Serializer};

use super::{Event, Operation, Severity};
use crate::domain::failure_code::FailureCode;
use crate::domain::run_error::Outcome;
use crate::domain::timestamp::{parse_rfc3339, to_rfc3339};

/// A time, to the second. Times are compared as texts, so all are written in one form.
#[derive(Clone, Copy)]
pub(super) struct Time(pub(super) DateTime<Utc>);

impl ToSql for Time {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(to_rfc3339(self.0).into())
    }
}

impl FromSql for Time {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Time> {
        Ok(Time(parse_rfc3339(value.as_str()?)))
    }
}

/// Names that are written by this program in every version: another one is an error.
macro_rules! written_by_name {
    ($($named:ty),*) => {$(
        impl ToSql for $named {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.name().into())
            }
        }

        impl FromSql for $named {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<$named> {
                value.as_str()?.parse().map_err(|_| FromSqlError::InvalidType)
            }
        }
    )*};
}

written_by_name!(Event, FailureCode, Operation, Outcome, Severity);

/// A name as it was read. After a return to an older version of the program the state may have
/// names that it does not know.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Stored<T> {
    /// A name that only another version knows.
    Unknown(String),
    /// The meaning of the name in this version.
    Known(T),
}

impl<T: Copy> Stored<T> {
    /// Its meaning in this version, if it has one.
    pub fn known(&self) -> Option<T> {
        match self {
            Stored::Known(value) => Some(*value),
            Stored::Unknown(_) => None,
        }
    }
}

impl<T> From<T> for Stored<T> {
    fn from(value: T) -> Stored<T> {
        Stored::Known(value)
    }
}

impl<T: PartialEq> PartialEq<T> for Stored<T> {
    fn eq(&self, other: &T) -> bool {
        matches!(self, Stored::Known(value) if value == other)
    }
}

impl<T: fmt::Display> fmt::Display for Stored<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stored::Known(value) => value.fmt(f),
            Stored::Unknown(name) => f.pad(name),
        }
    }
}

impl<T: fmt::Display> Serialize for Stored<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<T: fmt::Display> ToSql for Stored<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.to_string().into())
    }
}

impl<T: FromStr> FromSql for Stored<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Stored<T>> {
        let name = value.as_str()?;
        Ok(name.parse().map_or_else(|_| Stored::Unknown(name.to_owned()), Stored::Known))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_another_version_is_shown_as_it_stands() {
        let read = |name: &str| {
            Stored::<FailureCode>::column_result(ValueRef::Text(name.as_bytes())).unwrap()
        };
        assert_eq!(read("PORTAL_REFUSED"), FailureCode::PortalRefused);
        let unknown = read("OF_TOMORROW");
        assert_eq!((unknown.known(), unknown.to_string().as_str()), (None, "OF_TOMORROW"));
        assert_eq!(serde_json::to_string(&unknown).unwrap(), "\"OF_TOMORROW\"");
    }
}
