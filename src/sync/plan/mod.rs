//! The plan: mirror and state are merged, and what differs becomes a step. Nothing here touches the
//! portal.

mod blocks;
mod decide;
#[cfg(test)]
mod fast_and_whole;
mod guards;
mod lane;
mod merge;
mod mirror_stats;
mod observations;
mod options;
mod removals;
mod renamed_records;
mod rule;
mod stays;
mod store;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashSet};
use std::iter::Peekable;

use blocks::BlockComparison;
pub(crate) use decide::is_history;
pub use decide::{
    Deferred, Pair, PlanOptions, Priority, Resend, Step, decide, is_skippable, rule_of,
};
pub use guards::{HoldReason, Limits, SuppressedRemoval};
pub use lane::{Lane, Turn};
pub use merge::merge;
pub use mirror_stats::{MIRROR_STATS, MirrorStats};
pub use observations::{MissingForNow, RemovalVerdict};
pub use rule::Rule;
pub use stays::{STAYS, ShownStays, StayRules};
pub use store::{PlanStore, Planned};

use crate::domain::failure_code::FailureCode;
use crate::domain::per_kind::PerKind;
use crate::domain::record::{IdRange, Kind, RecordId, RecordKey};
use crate::domain::run_error::Result;
use crate::mirror::{ChangeInputs, Mirror, Row, RowError};
use crate::state::{BlockChange, BookingStays, Note, Result as StateResult, State};
use observations::{is_missing, note_of};
use rule::RuleCounts;
use stays::StayComparison;

/// The plan of a run.
pub struct Plan {
    /// The steps and the rows that they send.
    pub queue: PlanStore,
    /// What the comparison of mirror and state saw on the way.
    pub compared: Compared,
    /// Removals that a guard left out of the plan until an administrator confirms them.
    pub held_back: Vec<SuppressedRemoval>,
    /// What becomes of those who are given up, by [`Kind`].
    pub removal_verdicts: PerKind<RemovalVerdict>,
    /// How stays were looked at, where somebody asks for them.
    pub stays: Option<StayRules>,
}

/// What a comparison saw, beside what differs.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Compared {
    /// What the mirror looked like.
    pub mirror_stats: MirrorStats,
    /// Guests and companies that changed, so that their bookings differ too, and that the state
    /// does not have as dirty yet.
    pub dirty: Vec<RecordKey>,
    /// What the state is to know of the mirror's blocks before anything is sent, by [`Kind`].
    pub blocks: PerKind<Vec<BlockChange>>,
    /// Who is missing and not given up yet, by [`Kind`].
    pub missing_for_now: PerKind<MissingForNow>,
    /// The guests whose contacts show something else of their stays by now, unless all are filled.
    pub stay_guests: BTreeSet<RecordId>,
    /// The kinds with rows that have no usable id: a record that seems missing may be one of them.
    has_rows_without_id: PerKind<bool>,
}

impl Plan {
    /// Reads mirror and state to the end and writes down what differs.
    ///
    /// # Errors
    /// A mirror that is damaged, empty, or not the one it was: nothing may be sent or deleted then.
    pub fn build(mirror: &Mirror, state: &State, options: &PlanOptions) -> Result<Plan> {
        let queue = PlanStore::new()?.with_stays_on(options.stays.map(StayRules::today))?;
        let compared = compare(
            mirror,
            state,
            options,
            |kind, step, pair| {
                let priority = Priority::of(step, &pair, options);
                Ok(queue.add(&Planned::new(pair.key(kind), step, priority, pair.row))?)
            },
            |key, note| Ok(queue.note(key, note)?),
            |stays| queue.change_stays(stays),
        )?;
        Ok(Plan {
            queue,
            compared,
            held_back: Vec::new(),
            removal_verdicts: PerKind::default(),
            stays: options.stays,
        })
    }
}

/// Compares mirror and state in the order of the ids. Passes each record that needs a step to
/// `found`, what the state has to remember about a record to `note`, and bookings whose stays have
/// changed to `stays`. A block of the mirror is not read if it looks as it did when all its records
/// were as sent.
///
/// # Errors
/// As [`Plan::build`], which keeps what is found.
pub fn compare(
    mirror: &Mirror,
    state: &State,
    options: &PlanOptions,
    found: impl FnMut(Kind, Step, Pair) -> Result<()>,
    note: impl FnMut(&RecordKey, Note) -> Result<()>,
    stays: impl FnMut(&BookingStays) -> Result<()>,
) -> Result<Compared> {
    let full_read_at =
        if options.reads_all() { options.now } else { options.previous_stats.full_read_at };
    let mut comparison = Comparison {
        seen: Compared {
            mirror_stats: MirrorStats {
                full_read_at,
                reading_fingerprint: options.reading_fingerprint,
                ..MirrorStats::default()
            },
            ..Compared::default()
        },
        dirty_parties: HashSet::new(),
        has_deals: state.has_linked(Kind::Booking)?,
        found,
        note,
        stays: StayComparison::new(options, stays),
    };
    for party in state.dirty_parties()? {
        comparison.dirty_parties.extend(party.with_other_type());
    }
    for kind in Kind::SEND_ORDER {
        comparison.compare_kind(kind, mirror, state, options)?;
    }
    comparison.seen.mirror_stats.refuse_unusable(options, mirror.are_booking_guests_windowed())?;
    comparison.guests_for_stays(mirror, state, options)
}

struct Comparison<F, N, S> {
    seen: Compared,
    /// Those of the state, and those that this comparison found; with both types of their ids.
    dirty_parties: HashSet<RecordKey>,
    /// Some booking has a deal. It may lack a guest who is new now.
    has_deals: bool,
    found: F,
    note: N,
    stays: StayComparison<S>,
}

/// One kind, while its records are compared.
struct KindComparison<'o> {
    kind: Kind,
    options: &'o PlanOptions,
    deferred: Deferred,
    blocks: BlockComparison,
    rules: RuleCounts,
    /// All rows without an id, as one row.
    row_without_id: Option<Row>,
}

impl<F, N, S> Comparison<F, N, S>
where
    F: FnMut(Kind, Step, Pair) -> Result<()>,
    N: FnMut(&RecordKey, Note) -> Result<()>,
    S: FnMut(&BookingStays) -> Result<()>,
{
    fn compare_kind(
        &mut self,
        kind: Kind,
        mirror: &Mirror,
        state: &State,
        options: &PlanOptions,
    ) -> Result<()> {
        let seed = options.reading_fingerprint;
        let inputs = ChangeInputs { seed, dirty_parties: &self.dirty_parties };
        let outline = mirror.outline(kind, &inputs)?;
        self.seen.mirror_stats.note_table(kind, &outline);
        let rows_without_id = outline.rows_without_id;
        let blocks = BlockComparison::new(outline, state.blocks(kind)?, options.look(kind));
        self.seen.mirror_stats.linked[kind] = blocks.linked();
        let spans = blocks.ranges_to_read();
        let mut records = KindComparison {
            kind,
            options,
            deferred: Deferred::for_kind(kind, state)?,
            blocks,
            rules: RuleCounts::of(kind),
            row_without_id: row_without_id(rows_without_id),
        };
        // Each span is read by itself if the mirror has an index for that, else all spans in one
        // query.
        let at_once = if spans.len() < 2 || mirror.can_seek(kind)? { 1 } else { spans.len() };
        let mut stored = state.scan_records(kind)?;
        let has_stays = kind == Kind::Booking && options.stays.is_some();
        let mut ledger = if has_stays { Some(state.stay_scan()?) } else { None };
        for spans in spans.chunks(at_once) {
            let mut scan = mirror.scan_of(kind, &bounding_range(spans))?;
            let mut ledger = ledger.as_mut().map(|ledger| ledger.rows(spans).peekable());
            for pair in merge(scan.rows(spans)?, stored.rows(spans)) {
                self.compare_pair(&mut records, pair?, ledger.as_mut())?;
            }
            self.stays.end(&mut records.blocks, ledger.into_iter().flatten())?;
        }
        records.rules.log();
        self.seen.blocks[kind] = records.blocks.changes();
        self.seen.has_rows_without_id[kind] |= rows_without_id > 0;
        if let Some(row) = records.row_without_id {
            let pair = Pair { id: no_id(), row: Some(row), stored: None };
            if let Some(step) = decide(kind, &pair, &records.deferred, false, options) {
                (self.found)(kind, step, pair)?;
            }
        }
        Ok(())
    }

    fn compare_pair(
        &mut self,
        records: &mut KindComparison<'_>,
        pair: Pair,
        ledger: Option<&mut Peekable<impl Iterator<Item = StateResult<BookingStays>>>>,
    ) -> Result<()> {
        let KindComparison { kind, options, deferred, blocks, rules, row_without_id } = records;
        let kind = *kind;
        if row_without_id.is_some() && pair.id == no_id() {
            // The state has it because it failed. It is not a record that is missing.
            blocks.note_pair(&pair, false);
            return Ok(());
        }
        self.seen.mirror_stats.note_pair(kind, &pair);
        self.seen.has_rows_without_id[kind] |= has_no_usable_id(pair.row.as_ref());
        self.note(kind, &pair, options)?;
        if let Some(ledger) = ledger {
            self.stays.compare_booking(&pair, blocks, ledger)?;
        }
        let rule = self.rule(kind, &pair, deferred, options);
        rules.count(rule);
        let step = rule.step();
        let is_settled = step.is_none() && is_skippable(kind, &pair, deferred, options);
        blocks.note_pair(&pair, is_settled);
        match step {
            Some(step) => (self.found)(kind, step, pair),
            None => Ok(()),
        }
    }

    /// The guests whose stays have changed, and for whom nothing else is to be done.
    fn guests_for_stays(
        mut self,
        mirror: &Mirror,
        state: &State,
        options: &PlanOptions,
    ) -> Result<Compared> {
        let guests = self.stays.guests(state, options)?;
        let deferred = Deferred::for_kind(Kind::Guest, state)?;
        stays::each_guest(&guests, mirror, state, |mut pair| {
            if decide(Kind::Guest, &pair, &deferred, false, options).is_some() {
                return Ok(());
            }
            if let Some(stored) = &mut pair.stored {
                stored.pending.stays = true;
            }
            match decide(Kind::Guest, &pair, &deferred, false, options) {
                Some(step) => (self.found)(Kind::Guest, step, pair),
                None => Ok(()),
            }
        })?;
        self.seen.stay_guests = guests;
        Ok(self.seen)
    }

    fn note(&mut self, kind: Kind, pair: &Pair, options: &PlanOptions) -> Result<()> {
        if let (None, Some(stored)) = (&pair.row, &pair.stored)
            && is_missing(kind, stored, options)
        {
            self.seen.missing_for_now[kind].count(&pair.key(kind), stored, options);
        }
        match note_of(kind, pair, options) {
            Some(note) => (self.note)(&pair.key(kind), note),
            None => Ok(()),
        }
    }

    fn rule(
        &mut self,
        kind: Kind,
        pair: &Pair,
        deferred: &Deferred,
        options: &PlanOptions,
    ) -> Rule {
        let has_dirty_party =
            kind == Kind::Booking && references_any(pair.row.as_ref(), &self.dirty_parties);
        let rule = rule_of(kind, pair, deferred, has_dirty_party, options);
        if rule.step().is_some() && self.changes_deals(kind, pair) {
            let party = pair.key(kind);
            if !self.dirty_parties.contains(&party) {
                self.dirty_parties.extend(party.clone().with_other_type());
                self.seen.dirty.push(party);
            }
        }
        rule
    }

    /// Whether a deal would read differently after this: another last name, a person who came, left
    /// or came back.
    fn changes_deals(&self, kind: Kind, pair: &Pair) -> bool {
        match (kind, &pair.stored) {
            (Kind::Booking, _) => false,
            (Kind::Guest | Kind::Company, None) => self.has_deals,
            (Kind::Guest | Kind::Company, Some(stored)) => {
                stored.absent_in_mirror
                    || pair.row.as_ref().is_none_or(|row| row.display_name != stored.display_name)
            }
        }
    }
}

/// Rows without an id are reported as one row with the id `NULL`, and fail together.
fn row_without_id(count: u64) -> Option<Row> {
    if count == 0 {
        return None;
    }
    Some(Row {
        id: no_id(),
        // Not empty, so that their failure is over as soon as they have ids.
        modified_at: "NULL".into(),
        content_hash: count,
        parties_hash: 0,
        display_name: String::new(),
        crm_id: None,
        custom_columns: serde_json::Map::new(),
        body: Err(RowError::new(FailureCode::BadId, "id", &format!("NULL × {count}"))),
        warnings: Vec::new(),
    })
}

fn no_id() -> RecordId {
    RecordId::Text("NULL".into())
}

fn has_no_usable_id(row: Option<&Row>) -> bool {
    match row.map(|row| &row.body) {
        Some(Err(error)) => error.code == FailureCode::BadId && error.column == "id",
        Some(Ok(_)) | None => false,
    }
}

/// From the begin of the first span to the end of the last.
fn bounding_range(spans: &[IdRange]) -> IdRange {
    let start = spans.first().and_then(|span| span.start.clone());
    let end = spans.last().and_then(|span| span.end.clone());
    IdRange { start, end }
}

/// Whether the row is a booking that refers to one of these guests or companies.
pub(crate) fn references_any(row: Option<&Row>, parties: &HashSet<RecordKey>) -> bool {
    let Some(booking) = row.and_then(Row::booking) else { return false };
    !parties.is_empty() && booking.parties().any(|party| parties.contains(&party))
}

impl Deferred {
    /// The deferred records of a kind.
    pub fn for_kind(kind: Kind, state: &State) -> Result<Deferred> {
        Ok(Deferred { doubts: state.doubts(kind)?, backoffs: state.retry_backoffs(kind)? })
    }
}
