//! The push: takes the planned steps, a batch at a time, to the portal, and saves every answer
//! before the next request.
//!
//! The newest bookings go first, each behind its own guests and companies, so that it finds their
//! ids; the time budgets of the portal work side by side ([`schedule`], [`turns`]). For each step
//! its object is found ([`find_object`]), for a booking its people ([`parties`]); then the calls
//! are made up ([`prepare_call`]) and sent ([`send`]).

mod closing_dates;
mod find_object;
mod first_look;
mod gone_cards;
mod match_contact;
mod missing_object;
mod ownership;
mod parties;
mod prepare_call;
mod refusals;
mod schedule;
mod send;
mod trial;
mod turns;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use enum_map::EnumMap;

use crate::config::{Config, ExportMethod};
use crate::crm::deal_parties::DealParties;
use crate::crm::objects::Object;
use crate::domain::display;
use crate::domain::failure_code::FailureCode;
use crate::domain::messages::Message;
use crate::domain::per_kind::PerKind;
use crate::domain::record::{Kind, RecordId, RecordKey};
use crate::domain::run_error::Result;
use crate::domain::warning::Warning;
use crate::mapping::custom_fields::FieldTypes;
use crate::mirror::Row;
use crate::platform::lock::Lock;
use crate::portal::client::{BudgetHold, Client, WaitCallback};
use crate::state::{Counts, Failure, Operation, State, StoredRecord, Writer};
use crate::sync::card_lookup::{CardLookup, EcviRecords, Seeker};
use crate::sync::plan::{Lane, PlanStore, Planned, Step};
pub use closing_dates::{IMPORTED_DATES, ImportedDates};
use first_look::FirstAnswers;
use gone_cards::GoneCards;
pub(crate) use ownership::{Owner, carries_mark, owner_of};
use refusals::Refusals;

/// Shows the progress of a long run.
pub trait ProgressObserver {
    /// Another object that stands in the portal was seen.
    fn on_object_seen(&mut self, _: Kind) {}
    /// So many records are still to be sent, by [`Kind`].
    fn on_planned(&mut self, records: PerKind<u64>);
    /// Records were sent, or failed.
    fn on_batch_done(&mut self, kind: Kind, records: u64, client: &Client<'_>);
    /// The run sends nothing any more.
    fn on_end(&mut self) {}
    /// The function that is called when the run waits.
    fn wait_callback(&self) -> Option<WaitCallback> {
        None
    }
}

/// An observer that shows nothing.
impl ProgressObserver for () {
    fn on_planned(&mut self, _: PerKind<u64>) {}
    fn on_batch_done(&mut self, _: Kind, _: u64, _: &Client<'_>) {}
}

/// How objects are created.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CreateMode {
    /// `sync`: the plain way, with the hotel's automation rules.
    Sync,
    /// `initial-export`, which waits out every outage.
    Export {
        /// By the portal's methods that start no automation rule, or the plain way.
        method: ExportMethod,
        /// The queue holds an inventory of the portal: objects are looked up there, and the portal
        /// is not asked.
        has_inventory: bool,
    },
}

impl CreateMode {
    fn has_inventory(self) -> bool {
        matches!(self, CreateMode::Export { has_inventory: true, .. })
    }
}

/// What a run has done so far.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct RunStats {
    /// What was sent, and how much failed.
    pub counts: Counts,
    /// What failed, by reason.
    pub failures: Failures,
    /// Something was sent that was not answered.
    pub unanswered: bool,
    /// Guests or companies went after bookings, so deals may show old data of them.
    pub parties_late: bool,
    /// Deals were sent that point at cards which were gone by then.
    pub has_dead_links: bool,
}

impl RunStats {
    /// Counts a failure. Names and the portal's words stay in the state, for `status`.
    pub(crate) fn fail(&mut self, code: FailureCode, record: Message) {
        self.counts.failed += 1;
        self.failures.add(code, record);
    }
}

/// What failed, by reason.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Failures(pub BTreeMap<FailureCode, Failed>);

/// The records that failed for one reason.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Failed {
    /// How many records failed for it.
    pub count: u64,
    /// The first of them, as messages call them.
    pub first: Vec<Message>,
}

impl Failures {
    /// Records that a message names.
    const NAMED: usize = 5;

    fn add(&mut self, code: FailureCode, record: Message) {
        let failed = self.0.entry(code).or_default();
        failed.count += 1;
        if failed.first.len() < Failures::NAMED {
            failed.first.push(record);
        }
    }
}

/// What a push works with.
#[derive(Clone, Copy)]
pub struct PushContext<'a> {
    /// What goes where, and how.
    pub config: &'a Config,
    /// Of the custom fields.
    pub types: &'a FieldTypes,
    /// Where every answer is saved.
    pub state: &'a State,
    /// Where it is noted that a call is made, should the state be lost.
    pub lock: &'a Lock,
    /// What is to be done.
    pub queue: &'a PlanStore,
    /// How objects are created.
    pub create_mode: CreateMode,
    /// The number of the run.
    pub run: i64,
}

/// A push under way.
pub struct Push<'a, 'p> {
    config: &'a Config,
    types: &'a FieldTypes,
    state: &'a State,
    lock: &'a Lock,
    queue: &'a PlanStore,
    create_mode: CreateMode,
    run: i64,
    client: &'a mut Client<'p>,
    stats: &'a mut RunStats,
    /// Batches in a row that were not answered.
    lost_batches: u32,
    refusals: Refusals,
    /// Objects that are known to be gone.
    missing_in_crm: HashSet<(Kind, i64)>,
    /// Cards that are gone and not looked for in every run.
    gone_cards: GoneCards,
    /// Records with a row that were taken out of the queue and perhaps not written down yet: Ecvi
    /// has them.
    in_flight: HashSet<RecordKey>,
    /// Whom the deals that were just sent point at.
    linked_cards: BTreeSet<(Kind, i64)>,
    /// Lanes whose budgets are used up.
    budget_holds: EnumMap<Lane, Option<BudgetHold>>,
    /// Batches of guests and companies since the last one of bookings.
    party_batches: u32,
    /// Records that were taken and put back, because a budget turned out to be used up.
    put_back: u64,
    /// Whether imported deals keep their closing dates, as far as that was seen.
    are_dates_kept: Option<bool>,
    /// What the first request of a small run found.
    first_answers: Option<FirstAnswers>,
}

/// A step on its way: what is known of its record and of its object.
struct WorkItem {
    planned: Planned,
    record: StoredRecord,
    object: Option<Object>,
    /// A booking's guests and companies, once they are resolved.
    parties: Option<DealParties>,
    /// The object was found, not made by the record's last call.
    is_taken_over: bool,
    warnings: Vec<Warning>,
}

impl WorkItem {
    fn new(planned: Planned, record: StoredRecord) -> WorkItem {
        WorkItem {
            planned,
            record,
            object: None,
            parties: None,
            is_taken_over: false,
            warnings: Vec::new(),
        }
    }

    fn key(&self) -> &RecordKey {
        &self.planned.key
    }

    fn kind(&self) -> Kind {
        self.planned.key.kind
    }

    fn id(&self) -> &RecordId {
        &self.planned.key.id
    }

    /// The row; of the steps that get here, only deletions have none.
    fn row(&self) -> Option<&Row> {
        self.planned.row.as_ref()
    }

    /// The record, which has no card yet or has lost it.
    fn seeker(&self) -> Seeker<'_> {
        Seeker::new(&self.planned, &self.record)
    }

    fn crm_id(&self) -> Option<i64> {
        self.object.as_ref().map(|object| object.crm_id).or(self.record.plan_record.crm_id)
    }
}

impl<'a, 'p> Push<'a, 'p> {
    /// A push that adds to what the run has done so far.
    pub fn new(
        context: PushContext<'a>,
        client: &'a mut Client<'p>,
        stats: &'a mut RunStats,
    ) -> Push<'a, 'p> {
        let PushContext { config, types, state, lock, queue, create_mode, run } = context;
        Push {
            config,
            types,
            state,
            lock,
            queue,
            create_mode,
            run,
            client,
            stats,
            lost_batches: 0,
            refusals: Refusals::default(),
            missing_in_crm: HashSet::new(),
            gone_cards: GoneCards::default(),
            in_flight: HashSet::new(),
            linked_cards: BTreeSet::new(),
            budget_holds: EnumMap::default(),
            party_batches: 0,
            put_back: 0,
            are_dates_kept: None,
            first_answers: None,
        }
    }

    /// The records that this run's mirror has.
    fn ecvi(&self) -> EcviRecords<'_> {
        EcviRecords { state: self.state, queue: self.queue, in_flight: Some(&self.in_flight) }
    }

    fn lookup(&mut self) -> CardLookup<'_, 'p> {
        let ecvi =
            EcviRecords { state: self.state, queue: self.queue, in_flight: Some(&self.in_flight) };
        CardLookup { config: self.config, ecvi, client: self.client }
    }

    /// Does what concerns the state alone; returns the steps that need the portal.
    fn apply_local(&mut self, chunk: Vec<Planned>) -> Result<Vec<WorkItem>> {
        let writer = self.state.writer()?;
        let now = self.client.clock().now();
        let mut items = Vec::new();
        for mut planned in chunk {
            let record = self.state.record(&planned.key)?.unwrap_or_default();
            planned.step = step_for(planned.step, &record);
            let Planned { key, step, turn: _, row } = &planned;
            if row.is_some() && record.plan_record.absent_in_mirror {
                writer.mark_present(key)?;
            }
            match step {
                Step::MarkAbsent => writer.mark_absent(key)?,
                Step::DropRecord => self.drop_record(&writer, &planned, &record)?,
                Step::Fail => {
                    let failure = read_failure(row.as_ref());
                    writer.save_failure(key, &failure, self.config.sync.retry_after, now)?;
                    self.count_failure(&planned, "", failure.code);
                }
                Step::Create
                | Step::Update
                | Step::Recheck
                | Step::SendCloseDate
                | Step::Delete => {
                    if row.is_some() {
                        self.in_flight.insert(key.clone());
                    }
                    items.push(WorkItem::new(planned, record));
                }
            }
        }
        writer.commit()?;
        Ok(items)
    }

    /// A booking without a deal counts among the stays until a run is sure that it is gone. One
    /// that goes on under an id of the other type counts there.
    fn drop_record(
        &self,
        writer: &Writer<'_>,
        planned: &Planned,
        record: &StoredRecord,
    ) -> Result<()> {
        let key = &planned.key;
        let has_deal = record.plan_record.crm_id.is_some();
        let is_gone = planned.row.is_none() && (has_deal || self.ecvi().has_other_type(key)?);
        if is_gone {
            writer.delete(key)?;
        } else {
            writer.forget(key)?;
        }
        Ok(())
    }

    /// Puts a record aside with the portal's words.
    fn fail(
        &mut self,
        item: &WorkItem,
        code: FailureCode,
        operation: Operation,
        message: &str,
    ) -> Result<()> {
        let failure = Failure { code, operation: Some(operation), message, row: item.row() };
        let now = self.client.clock().now();
        let writer = self.state.writer()?;
        writer.save_failure(item.key(), &failure, self.config.sync.retry_after, now)?;
        writer.commit()?;
        self.count_failure(&item.planned, &item.record.plan_record.display_name, code);
        Ok(())
    }

    /// For the end of the run; `known_as` where the row is gone.
    fn count_failure(&mut self, planned: &Planned, known_as: &str, code: FailureCode) {
        let label = planned.row.as_ref().map_or(known_as, |row| &row.display_name);
        log::info!("{}: {code}", planned.key);
        self.stats.fail(code, display::record_name(&planned.key, label));
    }
}

/// What is to be done for a record that may have lost its object since its step was planned: an
/// object is made only by a step that first asks whether there is one.
fn step_for(step: Step, record: &StoredRecord) -> Step {
    match step {
        Step::Update | Step::Recheck | Step::SendCloseDate
            if record.plan_record.crm_id.is_none() =>
        {
            Step::Create
        }
        step => step,
    }
}

fn read_failure(row: Option<&Row>) -> Failure<'_> {
    let bad = row.and_then(|row| row.body.as_ref().err());
    let code = bad.map_or(FailureCode::NoValue, |bad| bad.code);
    Failure { code, operation: None, message: bad.map_or("", |bad| &bad.message), row }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_the_first_five_that_failed_and_counts_all() {
        let mut failures = Failures::default();
        for number in 1..=7 {
            failures.add(FailureCode::PortalRefused, format!("guest {number}").into());
        }
        let failed = &failures.0[&FailureCode::PortalRefused];
        let named: Vec<String> = failed.first.iter().map(Message::to_string).collect();
        assert_eq!(
            (failed.count, named.join(", ").as_str()),
            (7, "guest 1, guest 2, guest 3, guest 4, guest 5")
        );
    }
}
