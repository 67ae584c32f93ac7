//! What a record is called: the identity that everything else hangs on.

use std::fmt;

use super::{Kind, RecordId};

/// The kind of a record and its id in Ecvi; guest 41 and company 41 are two records.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct RecordKey {
    /// What the record is.
    pub kind: Kind,
    /// Its id in Ecvi.
    pub id: RecordId,
}

impl RecordKey {
    /// The key of the record of this kind that has this id.
    pub fn new(kind: Kind, id: impl Into<RecordId>) -> RecordKey {
        RecordKey { kind, id: id.into() }
    }

    /// The key of the record whose origin in the portal reads the same: guest '41' of guest 41.
    pub fn other_type_key(&self) -> Option<RecordKey> {
        Some(RecordKey { kind: self.kind, id: self.id.other_type_id()? })
    }

    /// The key, then the one whose origin reads the same: a booking may name somebody by either.
    pub fn with_other_type(self) -> impl Iterator<Item = RecordKey> {
        let other = self.other_type_key();
        std::iter::once(self).chain(other)
    }

    /// The records that an origin in the portal may mean: 41 and '41' read the same.
    pub fn for_origin(kind: Kind, origin: &str) -> impl Iterator<Item = RecordKey> {
        RecordKey { kind, id: RecordId::parse(origin) }.with_other_type()
    }
}

impl fmt::Display for RecordKey {
    /// `guest 41`, as the log names records.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.id)
    }
}
