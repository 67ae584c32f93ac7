//! One value for each kind of record.

use std::fmt;
use std::iter::Sum;
use std::ops::{Deref, DerefMut};

use enum_map::EnumMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::record::Kind;

/// One value for each [`Kind`], reached by `values[kind]`.
///
/// It is written as a list of three (guest, company, booking): every state has it so.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct PerKind<T>(EnumMap<Kind, T>);

impl<T> PerKind<T> {
    /// The value that `of` gives for each kind.
    pub fn from_fn(of: impl FnMut(Kind) -> T) -> PerKind<T> {
        PerKind(EnumMap::from_fn(of))
    }

    /// As [`PerKind::from_fn`], unless it fails for one of them.
    pub fn try_from_fn<E>(mut of: impl FnMut(Kind) -> Result<T, E>) -> Result<PerKind<T>, E> {
        Ok(PerKind::from([of(Kind::Guest)?, of(Kind::Company)?, of(Kind::Booking)?]))
    }

    /// Another value for each kind, made of this one.
    pub fn map<U>(self, mut make: impl FnMut(T) -> U) -> PerKind<U> {
        PerKind(self.0.map(|_, value| make(value)))
    }
}

impl<T> From<[T; 3]> for PerKind<T> {
    /// The values in the order guest, company, booking.
    fn from(values: [T; 3]) -> PerKind<T> {
        PerKind(EnumMap::from_array(values))
    }
}

impl<T: Copy> PerKind<T> {
    /// The same value for all kinds.
    pub fn all(value: T) -> PerKind<T> {
        PerKind::from_fn(|_| value)
    }
}

impl<T: Copy + Sum<T>> PerKind<T> {
    /// The values of all kinds together.
    pub fn sum(&self) -> T {
        self.values().copied().sum()
    }
}

impl<T> Deref for PerKind<T> {
    type Target = EnumMap<Kind, T>;

    fn deref(&self) -> &EnumMap<Kind, T> {
        &self.0
    }
}

impl<T> DerefMut for PerKind<T> {
    fn deref_mut(&mut self) -> &mut EnumMap<Kind, T> {
        &mut self.0
    }
}

impl<T: fmt::Debug> fmt::Debug for PerKind<T> {
    /// As it is written: settings are compared by what `Debug` shows of them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_array().fmt(f)
    }
}

impl<T: Serialize> Serialize for PerKind<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_array().serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for PerKind<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<PerKind<T>, D::Error> {
        <[T; 3]>::deserialize(deserializer).map(PerKind::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_each_kind_is_written_as_a_list_of_guest_company_and_booking() {
        let numbers = PerKind::from_fn(|kind| match kind {
            Kind::Guest => 1,
            Kind::Company => 2,
            Kind::Booking => 3,
        });
        assert_eq!(serde_json::to_string(&numbers).unwrap(), "[1,2,3]");
        assert_eq!(serde_json::from_str::<PerKind<u64>>("[1,2,3]").unwrap(), numbers);
        assert_eq!(format!("{numbers:?}"), "[1, 2, 3]");
    }
}
