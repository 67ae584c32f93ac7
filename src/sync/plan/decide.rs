//! Decides what is to be done about one record: pure, one `match` of its row against what was sent
//! last. The rule that decides has a name ([`Rule`]).

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::Serialize;
use strum::{Display, EnumIter, FromRepr};

use super::{MirrorStats, Rule, StayRules};
use crate::domain::per_kind::PerKind;
use crate::domain::record::{Kind, RecordId, RecordKey};
use crate::mirror::{Entity, Row};
use crate::state::{Doubt, Operation, PendingWork, PlanRecord, RetryBackoff, is_pause_over};

/// A step towards the portal, in the order in which a plan counts them.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Display, EnumIter, FromRepr,
)]
#[repr(u8)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Step {
    /// The record has no object.
    Create,
    /// All fields are sent again.
    Update,
    /// People of the booking may have changed in the CRM: send it if its deal would read
    /// differently.
    Recheck,
    /// Only the closing date, which the portal overwrote when the deal was created in a final
    /// stage.
    #[serde(rename = "close")]
    #[strum(serialize = "close")]
    SendCloseDate,
    /// The row cannot be read.
    Fail,
    /// A guest or a company is gone from the mirror: its object is left alone.
    #[serde(rename = "gone")]
    #[strum(serialize = "gone")]
    MarkAbsent,
    /// A booking that never had a deal is gone, or is history by now.
    #[serde(rename = "forget")]
    #[strum(serialize = "forget")]
    DropRecord,
    /// A booking is gone, and its deal goes with it.
    Delete,
}

/// The order in which steps are taken. A hotel whose every record is sent again, after a change of
/// the configuration, still sees today's bookings today.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, FromRepr)]
#[repr(u8)]
pub enum Priority {
    /// Something is new or different.
    Changes,
    /// Unchanged records that are sent again.
    Resends,
    /// Deals of bookings that are gone: last, because each takes the portal seconds.
    Deletions,
}

impl Priority {
    /// The priority of a step that was decided on.
    pub fn of(step: Step, pair: &Pair, options: &PlanOptions) -> Priority {
        match (step, &pair.row, &pair.stored) {
            (Step::Delete, ..) => Priority::Deletions,
            (Step::Update, Some(row), Some(stored))
                if (options.resend != Resend::Marked || is_for_stays(row, stored, options))
                    && is_as_sent(row, stored) =>
            {
                Priority::Resends
            }
            _ => Priority::Changes,
        }
    }
}

/// Which records are sent again though nothing about them changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Resend {
    /// Those that are marked for it, each for a reason of its own.
    #[default]
    Marked,
    /// Those that are marked, most of them by a run that was to send all and did not get to them.
    Rest,
    /// All of them, changed or not.
    All,
}

/// What holds for the whole run.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct PlanOptions {
    /// The time of the run.
    pub now: DateTime<Utc>,
    /// What is sent again.
    pub resend: Resend,
    /// Try failed records whatever their pause.
    pub retry_failed: bool,
    /// Delete the deals of bookings that are gone.
    pub deletes: bool,
    /// The kinds of which the mirror shows a sliding window: what is missing there is not gone.
    pub windows: PerKind<bool>,
    /// Bookings that were over before this day and never had a deal are left alone.
    pub bookings_from: Option<NaiveDate>,
    /// What the mirror looked like in the last run that completed.
    pub previous_stats: MirrorStats,
    /// The kinds whose content hashes are made of other columns than those of the rows that were
    /// sent: they are saved again, and only `modified_at` shows a change in this run.
    pub changed_columns: PerKind<bool>,
    /// How long a record has to be missing before it is given up, by [`Kind`]; none: it is given up
    /// at once, whatever the guards say.
    pub removal_delay: Option<PerKind<TimeDelta>>,
    /// Records without a row whose object another row means. They are not missing, so they are
    /// given up at once, whatever a guard holds back.
    pub moved_records: HashSet<RecordKey>,
    /// The number of records that an administrator has allowed to be gone, or to have other names.
    pub allowed_removals: u64,
    /// Read every row, also in blocks that look as they did when all their records were as sent.
    pub full_read: bool,
    /// How stays are compared; none where the configuration does not ask for them.
    pub stays: Option<StayRules>,
    /// A fingerprint of everything that decides what a row means: with another one every block is
    /// read.
    pub reading_fingerprint: u64,
}

/// Records that are not touched, or not yet, whatever their rows say.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Deferred {
    /// Records in doubt are left alone.
    pub doubts: HashMap<RecordId, Doubt>,
    /// Failed records are left alone for a while.
    pub backoffs: HashMap<RecordId, RetryBackoff>,
}

impl Deferred {
    /// Whether a call for this record has no answer. 41 and '41' have one origin: as long as the
    /// creation of one is in doubt, the other cannot be told from it.
    fn is_in_doubt(&self, id: &RecordId) -> bool {
        if self.doubts.is_empty() {
            return false;
        }
        let other = id.other_type_id();
        self.doubts.contains_key(id) || other.is_some_and(|id| self.doubts.contains_key(&id))
    }

    /// Whether this record is one of them, its pause over or not.
    pub fn has(&self, id: &RecordId) -> bool {
        self.doubts.contains_key(id) || self.backoffs.contains_key(id)
    }
}

/// One record on both sides.
#[derive(Clone, PartialEq, Debug)]
pub struct Pair {
    /// The id on both sides.
    pub id: RecordId,
    /// Its row in the mirror.
    pub row: Option<Row>,
    /// What the state has of it.
    pub stored: Option<PlanRecord>,
}

impl Pair {
    /// Its key, where it is a record of this kind.
    pub fn key(&self, kind: Kind) -> RecordKey {
        RecordKey::new(kind, self.id.clone())
    }
}

/// What to do about a record, if anything. `has_dirty_party`: one of its people may have changed
/// in the CRM.
pub fn decide(
    kind: Kind,
    pair: &Pair,
    deferred: &Deferred,
    has_dirty_party: bool,
    options: &PlanOptions,
) -> Option<Step> {
    rule_of(kind, pair, deferred, has_dirty_party, options).step()
}

/// The rule that decides about a record.
pub fn rule_of(
    kind: Kind,
    pair: &Pair,
    deferred: &Deferred,
    has_dirty_party: bool,
    options: &PlanOptions,
) -> Rule {
    if deferred.is_in_doubt(&pair.id) {
        return Rule::InDoubt;
    }
    let backoff = deferred.backoffs.get(&pair.id);
    if backoff.is_some_and(|backoff| is_paused(backoff, pair.row.as_ref(), options)) {
        return Rule::OnHold;
    }
    match (&pair.row, &pair.stored) {
        (None, None) => Rule::Nowhere,
        (None, Some(stored)) => on_absent(&pair.key(kind), stored, options),
        (Some(row), _) if row.body.is_err() => Rule::Unreadable,
        (Some(row), None) if is_history(row, options) => Rule::History,
        (Some(row), Some(PlanRecord { crm_id: None, had_object: false, .. }))
            if is_history(row, options) =>
        {
            Rule::WaitingHistory
        }
        (Some(_), None | Some(PlanRecord { crm_id: None, .. })) => Rule::New,
        (Some(row), Some(stored)) if changed(kind, row, stored, options) => Rule::Changed,
        // An update has the closing date with it; the date alone would leave the people as they
        // are.
        (Some(_), Some(stored))
            if stored.pending.close && (has_dirty_party || stored.pending.recheck) =>
        {
            Rule::CloseWithPeople
        }
        (Some(_), Some(stored)) if stored.pending.close => Rule::CloseAlone,
        (Some(_), Some(stored)) if has_dirty_party || stored.pending.recheck => {
            Rule::PartiesChanged
        }
        (Some(_), Some(_)) => Rule::AsSent,
    }
}

/// Whether this record stays settled until its outline or its entry in the state changes, or it is
/// touched. Only a block of such records may go unread.
pub fn is_skippable(kind: Kind, pair: &Pair, deferred: &Deferred, options: &PlanOptions) -> bool {
    if deferred.has(&pair.id) {
        return false;
    }
    match (&pair.row, &pair.stored) {
        (None, None) => true,
        (None, Some(stored)) => kind != Kind::Booking && stored.absent_in_mirror,
        (Some(row), _) if row.body.is_err() => false,
        (Some(row), None) => is_history(row, options),
        (Some(_), Some(PlanRecord { crm_id: None, .. })) => false,
        (Some(row), Some(stored)) => {
            !changed(kind, row, stored, options)
                && stored.pending == PendingWork::default()
                && stored.display_name == row.display_name
        }
    }
}

/// Whether the stay ended before `[export] bookings_from`.
pub(crate) fn is_history(row: &Row, options: &PlanOptions) -> bool {
    match (row.booking(), options.bookings_from) {
        (Some(booking), Some(from)) => booking.departure.day < from,
        _ => false,
    }
}

/// A failed record waits for its time, but goes at once when it changes in Ecvi or is gone from
/// there.
fn is_paused(backoff: &RetryBackoff, row: Option<&Row>, options: &PlanOptions) -> bool {
    let same = match row {
        Some(row) => {
            // Once the configuration knows its status word, the same row can be read.
            let is_mended = backoff.operation.is_none() && row.body.is_ok();
            let is_same_row = (row.content_hash, row.parties_hash)
                == (backoff.content_hash, backoff.parties_hash);
            row.modified_at == backoff.modified_at && is_same_row && !is_mended
        }
        // Without a row only a deletion has failed.
        None => backoff.operation == Some(Operation::Delete),
    };
    let pauses = !is_pause_over(backoff.until, options.now);
    same && pauses && !options.retry_failed && options.resend != Resend::All
}

fn on_absent(record: &RecordKey, stored: &PlanRecord, options: &PlanOptions) -> Rule {
    let is_booking = record.kind == Kind::Booking;
    if is_booking && stored.crm_id.is_none() {
        return Rule::GoneWithoutDeal;
    }
    if !is_booking && stored.absent_in_mirror {
        return Rule::KnownAsGone;
    }
    if options.windows[record.kind] && !options.moved_records.contains(record) {
        return Rule::OutsideTheWindow;
    }
    if is_too_early_to_give_up(record, stored, options) {
        return Rule::MayComeBack;
    }
    if !is_booking {
        return Rule::Gone;
    }
    if options.deletes { Rule::GoneWithDeal } else { Rule::DeletionsHeld }
}

/// Whether the record is missing, and it is too early to give it up.
pub(super) fn is_too_early_to_give_up(
    record: &RecordKey,
    stored: &PlanRecord,
    options: &PlanOptions,
) -> bool {
    let Some(removal_delay) = options.removal_delay else { return false };
    if options.moved_records.contains(record) {
        return false;
    }
    let removal_delay = removal_delay[record.kind];
    let is_over = stored.missing_since.is_some_and(|since| options.now - since >= removal_delay);
    !is_over && removal_delay > TimeDelta::zero()
}

/// Whether a contact is sent for what the bookings say of its guest alone.
fn is_for_stays(row: &Row, stored: &PlanRecord, options: &PlanOptions) -> bool {
    let fills_it = options.fills_all_stays() && matches!(row.body, Ok(Entity::Guest(_)));
    (stored.pending.stays || fills_it) && !stored.pending.resend
}

fn is_as_sent(row: &Row, stored: &PlanRecord) -> bool {
    !stored.absent_in_mirror
        && stored.modified_at.as_ref() == Some(&row.modified_at)
        && (stored.content_hash, stored.parties_hash) == (row.content_hash, row.parties_hash)
}

fn changed(kind: Kind, row: &Row, stored: &PlanRecord, options: &PlanOptions) -> bool {
    options.resend == Resend::All
        || stored.pending.resend
        || stored.pending.stays
        || kind == Kind::Guest && options.fills_all_stays()
        || stored.absent_in_mirror
        || stored.modified_at.as_ref() != Some(&row.modified_at)
        || stored.parties_hash != row.parties_hash
        || stored.content_hash != row.content_hash
            && (!options.changed_columns[kind] || row.modified_at.is_empty())
}

#[cfg(test)]
pub(super) mod tests;
