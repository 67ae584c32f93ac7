//! What the state knows of a record: what was sent of it, where its object is, what is still to be
//! done, and what keeps it from being done.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use strum::{EnumString, IntoStaticStr};

use super::missing_rows::Stay;
use crate::domain::owned_values::OwnedValues;
use crate::mirror::Row as MirrorRow;

/// A call that changes something in the portal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, EnumString, IntoStaticStr, Serialize)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Operation {
    /// A new object is made.
    Create,
    /// All fields of an object are sent, or its closing date.
    Update,
    /// The deal of a booking that is gone is deleted.
    Delete,
}

impl Operation {
    /// The word of the state and of JSON.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// What is still to be done though the row did not change.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the bits of one column, each due for a reason of its own"
)]
pub struct PendingWork {
    /// All fields have to be sent again.
    pub resend: bool,
    /// The portal put its own closing date over ours.
    pub close: bool,
    /// A party of the booking had no card: look for it again.
    pub recheck: bool,
    /// The stays of the guest have changed since the contact was sent.
    pub stays: bool,
}

impl PendingWork {
    pub(super) fn bits(self) -> i64 {
        i64::from(self.resend)
            | i64::from(self.close) << 1
            | i64::from(self.recheck) << 2
            | i64::from(self.stays) << 3
    }

    pub(super) fn from_bits(bits: i64) -> PendingWork {
        PendingWork {
            resend: bits & 1 != 0,
            close: bits & 2 != 0,
            recheck: bits & 4 != 0,
            stays: bits & 8 != 0,
        }
    }
}

/// A bit of the column `flags`.
#[derive(Clone, Copy)]
#[repr(i64)]
pub(super) enum RecordFlag {
    AbsentInMirror = 1,
    /// `reset-id` detached the object.
    Detached = 2,
    MissingInCrm = 4,
    CarriesOrigin = 8,
    /// The object has the origin of another record, on purpose.
    Shared = 16,
}

impl RecordFlag {
    /// The flags that hold only for the record's present object.
    pub(super) const OF_OBJECT: i64 = RecordFlag::CarriesOrigin.bit() | RecordFlag::Shared.bit();

    pub(super) const fn bit(self) -> i64 {
        self as i64
    }

    pub(super) fn is_in(self, flags: i64) -> bool {
        flags & self.bit() != 0
    }
}

/// What the plan has to know of a record.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct PlanRecord {
    /// Its object in the CRM, once it exists.
    pub crm_id: Option<i64>,
    /// `modified_at` of the row as last sent.
    pub modified_at: Option<String>,
    /// Fingerprint of the row as last sent.
    pub content_hash: u64,
    /// Fingerprint of the people as last sent.
    pub parties_hash: u64,
    /// Last name or number.
    pub display_name: String,
    /// What is still to be done.
    pub pending: PendingWork,
    /// No row of the mirror has this id any more.
    pub absent_in_mirror: bool,
    /// It had an object once, which is gone from the CRM or was detached by `reset-id`.
    pub had_object: bool,
    /// When a run that trusted the mirror first missed its row.
    pub missing_since: Option<DateTime<Utc>>,
    /// A booking's stay, as last read.
    pub stay: Option<Stay>,
}

/// A record with everything the push has to know.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct StoredRecord {
    /// The part that the plan reads too.
    pub plan_record: PlanRecord,
    /// Fingerprint of the deal's people, and of the name in its title, as last sent.
    pub links_hash: u64,
    /// Phones and e-mails that are ours.
    pub owned_values: OwnedValues,
    /// `reset-id` detached the object: the mirror's own `crm_id` does not count any more.
    pub detached: bool,
    /// Something was sent to the object, so it has our origin.
    pub carries_origin: bool,
    /// The object has the origin of another record, on purpose: after a merge, or by `reset-id`.
    pub shared: bool,
    /// The run that last saw the object in the portal.
    pub last_seen_run: i64,
    /// When that was, in seconds of Unix time.
    pub last_seen_at: i64,
    /// Calls in a row that were never answered: after two the record is sent alone, so that no
    /// other record suffers.
    pub unanswered_calls: u32,
}

/// An object that was seen longer ago may be gone by now: people merge and delete cards at any
/// time.
const ALIVE_FOR: TimeDelta = TimeDelta::minutes(2);

/// When the portal last showed an object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sighting {
    /// The run that saw it.
    pub run: i64,
    /// How long ago; after a clock that went back, how long ahead.
    pub ago: TimeDelta,
}

impl Sighting {
    /// Whether it was in this run, and a moment ago.
    pub fn is_recent(self, run: i64) -> bool {
        self.run == run && self.ago <= ALIVE_FOR
    }
}

impl StoredRecord {
    /// When the portal last showed the object.
    pub fn sighting(&self, now: DateTime<Utc>) -> Sighting {
        let seconds = now.timestamp().abs_diff(self.last_seen_at).cast_signed();
        let ago = TimeDelta::try_seconds(seconds).unwrap_or(TimeDelta::MAX);
        Sighting { run: self.last_seen_run, ago }
    }

    /// Whether the portal showed the object in this run, and a moment ago.
    pub fn is_alive(&self, run: i64, now: DateTime<Utc>) -> bool {
        self.sighting(now).is_recent(run)
    }

    /// The object that the mirror names in a row of this record, unless `reset-id` detached it.
    pub fn named_by(&self, row: Option<&MirrorRow>) -> Option<i64> {
        if self.detached { None } else { row?.crm_id }
    }
}

/// A call without an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Doubt {
    /// What the call was to do.
    pub operation: Operation,
    /// When it was written down, just before the call.
    pub at: DateTime<Utc>,
}

/// A failed record that is left alone for a while, unless it changes.
#[derive(Clone, PartialEq, Debug)]
pub struct RetryBackoff {
    /// When it is tried again.
    pub until: DateTime<Utc>,
    /// `modified_at` of the row that failed.
    pub modified_at: String,
    /// Fingerprint of its content.
    pub content_hash: u64,
    /// Fingerprint of its guests and companies.
    pub parties_hash: u64,
    /// What failed; none where the row could not be read.
    pub operation: Option<Operation>,
}
