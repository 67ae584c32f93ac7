//! The turns of a push: one lane after another takes a batch of its steps, in the order of the
//! [`schedule`].
//!
//! [`schedule`]: super::schedule

use chrono::{DateTime, Utc};
use enum_map::EnumMap;

use super::refusals::WithoutTrial;
use super::schedule::{LaneState, NextStep, Schedule};
use super::{ProgressObserver, Push, WorkItem};
use crate::domain::record::Kind;
use crate::domain::run_error::{Result, RunError};
use crate::portal::CallError;
use crate::portal::client::{BudgetHold, WaitReason};
use crate::sync::plan::{Lane, Planned, Step, Turn};
use crate::sync::push::prepare_call::PreparedStep;

/// Cards that deals were pointed at are looked at once more when there are so many of them.
const RECHECK_CARDS_AT: usize = 1_000;

/// After this many batches of guests and companies, bookings go even if they do not fill a batch,
/// while the cards of their guests still count as just seen.
const PARTY_BATCHES: u32 = 4;

impl Push<'_, '_> {
    /// Takes every step there is. `observer` is told of each batch.
    ///
    /// # Errors
    /// The error that ends the run; what was answered is saved. A limit that holds back one lane
    /// does not hold back the others.
    pub fn run(&mut self, observer: &mut dyn ProgressObserver) -> Result<()> {
        for (kind, crm_id) in self.state.missing_objects()? {
            // A deal that was missing may have been restored since.
            if kind != Kind::Booking {
                self.missing_in_crm.insert((kind, crm_id));
            }
        }
        self.load_gone_cards()?;
        self.load_linked_cards()?;
        self.recall_imported_dates()?;
        self.ask_first()?;
        // Guests who all change with every run must not keep a cancellation waiting for ever.
        let half_time = self.client.half_time_mark();
        loop {
            let schedule = self.current_schedule(half_time)?;
            match schedule.next_step() {
                NextStep::Go(lane, before) => {
                    // Their deals may show old data.
                    self.stats.parties_late |=
                        lane.kind() == Kind::Booking && schedule.are_parties_late();
                    self.take_turn(lane, before.as_ref(), observer)?;
                }
                NextStep::Wait(lane, until) => self.wait_for_budget(lane, until)?,
                NextStep::End => break,
            }
        }
        self.judge_held(WithoutTrial::EndRun)?;
        self.recheck_linked_cards()?;
        match self.budget_holds.values().flatten().map(|hold| hold.until).min() {
            Some(until) => Err(CallError::LimitedUntil(until).into()),
            None => Ok(()),
        }
    }

    fn current_schedule(&mut self, half_time: Option<DateTime<Utc>>) -> Result<Schedule> {
        let now = self.client.clock().now();
        for hold in self.budget_holds.values_mut() {
            hold.take_if(|hold| hold.until <= now);
        }
        let mut lanes: EnumMap<Lane, LaneState> = EnumMap::default();
        for (lane, state) in &mut lanes {
            state.next = self.queue.next_turn(lane)?;
            state.held_until = self.budget_holds[lane].as_ref().map(|hold| hold.until);
            state.is_closed = state.held_until.is_some_and(|until| self.is_after_the_run(until));
        }
        let is_half_time = half_time.is_some_and(|half_time| now >= half_time);
        let mut schedule = Schedule { lanes, is_half_time, ..Schedule::default() };
        schedule.is_batch_full = self.fills_a_batch(&schedule)?;
        schedule.is_closing_unknown = self.is_closing_unknown();
        Ok(schedule)
    }

    fn is_after_the_run(&self, until: DateTime<Utc>) -> bool {
        self.client.deadline().is_some_and(|deadline| until > deadline)
    }

    /// Whether the bookings that can go are worth a request. They are when no more of them can
    /// become ready soon.
    fn fills_a_batch(&self, schedule: &Schedule) -> Result<bool> {
        let (Some(next), Some(barrier)) =
            (&schedule.lanes[Lane::Bookings].next, schedule.barrier())
        else {
            return Ok(true);
        };
        if next.priority < barrier.priority
            || !barrier.is_needed()
            || self.party_batches >= PARTY_BATCHES
        {
            return Ok(true);
        }
        let batch = self.client.batch_size(Lane::Bookings.label());
        Ok(self.queue.has_before(Lane::Bookings, barrier, batch)?)
    }

    /// A batch of a lane.
    fn take_turn(
        &mut self,
        lane: Lane,
        before: Option<&Turn>,
        observer: &mut dyn ProgressObserver,
    ) -> Result<()> {
        self.count_batch(lane);
        match self.take_batch(lane, before, observer) {
            // A question waits for a budget that is free only after this run.
            Err(RunError::Portal(CallError::LimitedUntil(until))) => {
                self.budget_holds[lane] = Some(BudgetHold { until, method: String::new() });
            }
            Err(error) => return Err(error),
            Ok(()) if !self.has_more(lane.kind())? => self.judge_held(WithoutTrial::KeepHolding)?,
            Ok(()) => {}
        }
        if self.linked_cards.len() >= RECHECK_CARDS_AT {
            self.recheck_linked_cards()?;
        }
        Ok(())
    }

    fn has_more(&self, kind: Kind) -> Result<bool> {
        for lane in Lane::ALL {
            if lane.kind() == kind && self.queue.next_turn(lane)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn count_batch(&mut self, lane: Lane) {
        match lane {
            Lane::Companies | Lane::Guests => self.party_batches += 1,
            Lane::Bookings => self.party_batches = 0,
            Lane::ClosingDates | Lane::Deletions => {}
        }
    }

    fn take_batch(
        &mut self,
        lane: Lane,
        before: Option<&Turn>,
        observer: &mut dyn ProgressObserver,
    ) -> Result<()> {
        let kind = lane.kind();
        let chunk = self.take_steps(lane, before)?;
        // The closing date of a deal that was just made is a second step of one record.
        let size = if lane == Lane::ClosingDates { 0 } else { chunk.len() as u64 };
        self.put_back = 0;
        let items = self.apply_local(chunk)?;
        if !items.is_empty() {
            self.client.check_time()?;
            let items =
                if lane == Lane::ClosingDates { self.without_kept_dates(items)? } else { items };
            let items = self.find_parties(kind, items)?;
            let items = self.find_objects(kind, items)?;
            self.send(lane, items)?;
        }
        self.in_flight.retain(|key| key.kind != kind);
        observer.on_batch_done(kind, size.saturating_sub(self.put_back), self.client);
        Ok(())
    }

    /// As many steps of one priority as their commands fit into one batch; one at least.
    fn take_steps(&mut self, lane: Lane, before: Option<&Turn>) -> Result<Vec<Planned>> {
        let room = self.client.batch_size(lane.label());
        let mut taken = 0;
        let mut priority = None;
        let steps = self.queue.take(lane, before, |planned| {
            let commands = match planned.step {
                Step::Update | Step::Recheck => self.commands_of_update(lane.kind()),
                _ => 1,
            };
            let is_alike = *priority.get_or_insert(planned.turn.priority) == planned.turn.priority;
            let fits = taken == 0 || (is_alike && taken + commands <= room);
            taken += commands;
            fits
        })?;
        Ok(steps)
    }

    /// Commands that one update may take: a deal's fields, its closing date, and a move where there
    /// are several funnels.
    fn commands_of_update(&self, kind: Kind) -> usize {
        match kind {
            Kind::Guest | Kind::Company => 1,
            Kind::Booking if self.config.deal.funnels().len() > 1 => 3,
            Kind::Booking => 2,
        }
    }

    /// Parts of what is to be sent, each as long as one batch may be. What was to be created and
    /// stands there is updated, which may take more commands.
    pub(super) fn in_batches(&self, lane: Lane, items: Vec<WorkItem>) -> Vec<Vec<WorkItem>> {
        let room = self.client.batch_size(lane.label());
        let mut batches = Vec::new();
        let mut batch = Vec::new();
        let mut commands = 0;
        for item in items {
            let is_update = lane == Lane::Bookings && item.crm_id().is_some();
            let needed = if is_update { self.commands_of_update(Kind::Booking) } else { 1 };
            if !batch.is_empty() && commands + needed > room {
                batches.push(std::mem::take(&mut batch));
                commands = 0;
            }
            commands += needed;
            batch.push(item);
        }
        if !batch.is_empty() {
            batches.push(batch);
        }
        batches
    }

    /// The budget of the lane turned out to be used up: the steps are taken again when there is
    /// room.
    pub(super) fn hold_lane(
        &mut self,
        lane: Lane,
        hold: BudgetHold,
        calls: &[PreparedStep],
    ) -> Result<()> {
        log::info!("{}: the portal's time budget holds until {}", hold.method, hold.until);
        self.put_back += calls.len() as u64;
        self.budget_holds[lane] = Some(hold);
        for call in calls {
            self.queue.add(&call.item.planned)?;
        }
        Ok(())
    }

    /// Nothing else can go: the first budget that is free again is waited for.
    fn wait_for_budget(&mut self, lane: Lane, until: DateTime<Utc>) -> Result<()> {
        let method = self.budget_holds[lane].take().map(|hold| hold.method).unwrap_or_default();
        Ok(self.client.wait_for(WaitReason::Budget(&method), until)?)
    }
}
