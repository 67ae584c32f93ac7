//! Guards against removals by accident: if many records are missing, no deal is deleted and no
//! guest is removed from a deal until an administrator confirms it.
//!
//! A run may see a mirror that is being filled row by row and is only half full. A mirror without
//! any known record may belong to another hotel: then nothing is sent.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Plan, PlanOptions, Planned, Step};
use crate::domain::display;
use crate::domain::messages::{Message, SyncMessage};
use crate::domain::per_kind::PerKind;
use crate::domain::record::{Kind, RecordKey};
use crate::domain::run_error::{Result, RunError};
use crate::mirror::Mirror;
use crate::state::State;
use crate::state::settings::HELD_SINCE;
use crate::sync::plan::observations::RemovalVerdict;
use crate::sync::plan::references_any;
use crate::sync::plan::removals::{Losses, removal_step};

/// What is gone and counts as being there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SuppressedRemoval {
    /// The kind of the records.
    pub kind: Kind,
    /// So many are gone.
    pub gone: u64,
    /// At most so many may go unasked.
    pub limit: u64,
    /// Why they are kept.
    pub reason: HoldReason,
}

/// Why somebody who is gone counts as being there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HoldReason {
    /// More are gone than is likely.
    Many,
    /// There are rows without a usable id, which may be theirs.
    RowsWithoutId,
    /// They are the oldest stays of all: an export of some months would leave them out.
    Oldest,
}

/// So many records may be removed without a confirmation, however small the hotel is.
const ALWAYS_ALLOWED: u64 = 3;

/// How long a record has to be missing before it is removed, by [`Kind`]. If an administrator has
/// allowed removals, the time during which a guard held them back counts.
fn waiting_times(state: &State, now: DateTime<Utc>, limits: Limits) -> Result<PerKind<TimeDelta>> {
    let held_since = state.get(&HELD_SINCE)?.unwrap_or_default();
    Ok(held_since.map(|since| match since {
        Some(since) if limits.allowed.is_some() && (now - since).abs() >= limits.delete_after => {
            TimeDelta::zero()
        }
        Some(_) | None => limits.delete_after,
    }))
}

/// How many records may be removed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Without a confirmation, within a day.
    pub max_deletes: u64,
    /// The number that an administrator has allowed.
    pub allowed: Option<u64>,
    /// How long a record has to be missing before it is removed.
    pub delete_after: TimeDelta,
}

impl Limits {
    /// The most that one run may remove.
    fn per_run(&self) -> u64 {
        self.allowed.unwrap_or(self.max_deletes)
    }
}

impl Plan {
    /// Builds the plan, holds back removals that look like an accident, and delays all other
    /// removals until the records have been missing for some time.
    ///
    /// # Errors
    /// As [`Plan::build`]; and a mirror in which no record of a kind is known, though at least
    /// three were.
    pub fn build_guarded(
        mirror: &Mirror,
        state: &State,
        mut options: PlanOptions,
        limits: Limits,
    ) -> Result<Plan> {
        options.allowed_removals = limits.allowed.unwrap_or(0);
        let plan = Plan::build_keeping_retyped(mirror, state, &options, limits)?;
        plan.refuse_foreign_mirror(&options, state)?;
        if !plan.has_removals()? {
            return Ok(plan);
        }
        let held_back = plan.find_held_back(state, &options, limits)?;
        for held in &held_back {
            // As with a window: what is missing is not gone.
            options.windows[held.kind] = true;
        }
        options.removal_delay = Some(waiting_times(state, options.now, limits)?);
        options.moved_records = plan.moved_records(state)?;
        let mut patient = Plan::build_keeping_retyped(mirror, state, &options, limits)?;
        patient.judge_removals(state, &plan, &held_back, limits, options.now)?;
        patient.held_back = held_back;
        Ok(patient)
    }

    fn build_keeping_retyped(
        mirror: &Mirror,
        state: &State,
        options: &PlanOptions,
        limits: Limits,
    ) -> Result<Plan> {
        let plan = Plan::build(mirror, state, options)?;
        if options.bookings_from.is_some() {
            plan.keep_retyped(mirror, limits.per_run())?;
        }
        Ok(plan)
    }

    /// Refuses a mirror in which nothing of what was sent is known.
    fn refuse_foreign_mirror(&self, options: &PlanOptions, state: &State) -> Result<()> {
        let mut knows_any = false;
        for kind in Kind::DISPLAY_ORDER {
            // What slid out of a window is not missing, and what has no usable id may be what is.
            let slid = options.windows[kind] || self.compared.has_rows_without_id[kind];
            let knows = slid || self.any_row_known(kind, state)?;
            if self.compared.mirror_stats.looks_foreign(kind, options.allowed_removals) && !knows {
                return Err(foreign_mirror(kind, self.compared.mirror_stats.missing[kind]));
            }
            knows_any |= knows;
        }
        if self.compared.mirror_stats.looks_foreign_throughout(options.allowed_removals)
            && !knows_any
        {
            let missing = self.compared.mirror_stats.missing.sum();
            let message = SyncMessage::OtherHotelsMirrorThroughout { missing };
            return Err(RunError::Mirror(message.into()));
        }
        Ok(())
    }

    /// Records that are not missing, because another row means their object.
    fn moved_records(&self, state: &State) -> Result<HashSet<RecordKey>> {
        let mut moved = HashSet::new();
        for kind in Kind::DISPLAY_ORDER {
            self.each_removal(kind, |planned| {
                if self.has_moved(planned, state)? {
                    moved.insert(planned.key.clone());
                }
                Ok(())
            })?;
        }
        Ok(moved)
    }

    fn has_removals(&self) -> Result<bool> {
        Ok(self.queue.count(Kind::Booking, Step::Delete)? > 0
            || self.queue.count(Kind::Guest, Step::MarkAbsent)? > 0
            || self.queue.count(Kind::Company, Step::MarkAbsent)? > 0)
    }

    /// What is held back of all that is missing.
    fn find_held_back(
        &self,
        state: &State,
        options: &PlanOptions,
        limits: Limits,
    ) -> Result<Vec<SuppressedRemoval>> {
        let most = limits.per_run();
        let mut held_back = Vec::new();
        for kind in Kind::DISPLAY_ORDER {
            if self.compared.has_rows_without_id[kind] {
                held_back.extend(self.held_for_rows_without_id(kind, most)?);
            } else {
                let losses = self.count_losses(kind, state, options.now)?;
                held_back.extend(self.too_many(losses, most, limits.allowed.is_some())?);
            }
        }
        let are_bookings_held = held_back.iter().any(|held| held.kind == Kind::Booking);
        if limits.allowed.is_none() && !are_bookings_held {
            held_back.extend(self.oldest_removed(state, options.now, limits)?);
        }
        Ok(held_back)
    }

    /// More than is likely: more than the limit, or more than a third. Whom no booking names may go
    /// in any number.
    fn too_many(
        &self,
        losses: Losses,
        most: u64,
        is_allowed: bool,
    ) -> Result<Option<SuppressedRemoval>> {
        let Losses { kind, missing, given_up, all } = losses;
        let limit = if is_allowed { most } else { most.min(ALWAYS_ALLOWED.max(all / 3)) };
        let gone = missing + given_up;
        let is_held = missing > 0
            && gone > limit
            && (kind == Kind::Booking || self.referenced_by_bookings(kind)?);
        Ok(is_held.then_some(SuppressedRemoval { kind, gone, limit, reason: HoldReason::Many }))
    }

    /// Whether these losses would be held back unasked.
    fn is_unlikely(
        &self,
        losses: Losses,
        state: &State,
        now: DateTime<Utc>,
        limits: Limits,
    ) -> Result<bool> {
        if self.too_many(losses, limits.max_deletes, false)?.is_some() {
            return Ok(true);
        }
        Ok(losses.kind == Kind::Booking && self.oldest_removed(state, now, limits)?.is_some())
    }

    /// Notes who goes now. `all` has everybody who is missing.
    fn judge_removals(
        &mut self,
        state: &State,
        all: &Plan,
        held_back: &[SuppressedRemoval],
        limits: Limits,
        now: DateTime<Utc>,
    ) -> Result<()> {
        for kind in Kind::DISPLAY_ORDER {
            let is_held = held_back.iter().any(|held| held.kind == kind);
            let goes = !is_held && self.queue.count(kind, removal_step(kind))? > 0;
            let losses = all.count_losses(kind, state, now)?;
            let is_allowed =
                goes && limits.allowed.is_some() && all.is_unlikely(losses, state, now, limits)?;
            let counts = goes
                && !is_allowed
                && (kind == Kind::Booking || self.referenced_by_bookings(kind)?);
            let given_up = if counts { self.given_up_now(kind, state, now)? } else { Vec::new() };
            self.removal_verdicts[kind] = RemovalVerdict { given_up, is_allowed, is_held };
        }
        Ok(())
    }

    /// All removals of a kind with rows that have no usable id: they may be the missing records.
    fn held_for_rows_without_id(
        &self,
        kind: Kind,
        limit: u64,
    ) -> Result<Option<SuppressedRemoval>> {
        let gone = self.queue.count(kind, removal_step(kind))?;
        let reason = HoldReason::RowsWithoutId;
        Ok(if gone > 0 { Some(SuppressedRemoval { kind, gone, limit, reason }) } else { None })
    }

    /// A booking older than `bookings_from` whose id only changed type keeps its deal: its row
    /// needs no step, so nothing in the plan shows that it is still there. The search ends once
    /// more than `most` are really gone.
    fn keep_retyped(&self, mirror: &Mirror, most: u64) -> Result<()> {
        let mut gone = 0;
        let mut spared = Vec::new();
        self.queue.each(Kind::Booking, |planned| {
            if planned.step != Step::Delete || gone > most {
                return Ok(());
            }
            let Some(other) = planned.key.other_type_key() else { return Ok(()) };
            if self.has_row(&other)? {
                return Ok(());
            }
            if mirror.has(&other)? {
                spared.push(planned.clone());
            } else {
                gone += 1;
            }
            Ok(())
        })?;
        for planned in spared {
            self.queue.add(&Planned { step: Step::DropRecord, ..planned })?;
        }
        Ok(())
    }

    /// Whether a step is planned for a row of this record.
    pub(super) fn has_row(&self, key: &RecordKey) -> Result<bool> {
        Ok(self.queue.has(key)? && !self.queue.has_no_row(key)?)
    }

    /// Whether a booking names somebody who is gone.
    fn referenced_by_bookings(&self, kind: Kind) -> Result<bool> {
        let mut gone = HashSet::new();
        self.queue.each(kind, |planned| {
            if planned.step == Step::MarkAbsent {
                gone.extend(planned.key.clone().with_other_type());
            }
            Ok(())
        })?;
        let mut is_named = false;
        self.queue.each(Kind::Booking, |planned| {
            is_named |= references_any(planned.row.as_ref(), &gone);
            Ok(())
        })?;
        Ok(is_named)
    }

    /// Whether a row of the mirror means a record that was sent: with an id of another type, or by
    /// its `crm_id`.
    fn any_row_known(&self, kind: Kind, state: &State) -> Result<bool> {
        let mut knows = false;
        self.queue.each(kind, |Planned { key, row, .. }| {
            if let (false, Some(row)) = (knows, row) {
                knows = state.has_record_for(
                    kind,
                    &key.id.to_string(),
                    row.crm_id.unwrap_or_default(),
                )?;
            }
            Ok(())
        })?;
        Ok(knows)
    }

    /// A message about what is held back, if anything is.
    pub fn notice(&self) -> Option<Message> {
        if self.held_back.is_empty() {
            return None;
        }
        let removals = self.held_back.iter().map(SuppressedRemoval::message).collect();
        Some(Message::Several(removals))
    }
}

impl SuppressedRemoval {
    /// What is gone and kept, and what to do.
    pub fn message(&self) -> Message {
        let SuppressedRemoval { kind, gone, limit, reason } = *self;
        if reason == HoldReason::RowsWithoutId {
            let records = display::plural_name(kind).into();
            return SyncMessage::GoneOrWithoutId { records, gone }.into();
        }
        let kept = match kind {
            Kind::Booking if reason == HoldReason::Oldest => {
                SyncMessage::OldestBookingsGone { gone }
            }
            Kind::Booking => SyncMessage::ManyBookingsGone { gone, limit },
            Kind::Guest => SyncMessage::ManyGuestsGone { gone, limit },
            Kind::Company => SyncMessage::ManyCompaniesGone { gone, limit },
        };
        SyncMessage::ConfirmRemovals { kept: kept.into(), gone }.into()
    }
}

fn foreign_mirror(kind: Kind, missing: u64) -> RunError {
    let records = display::plural_name(kind).into();
    let kind = kind.name().to_owned();
    RunError::Mirror(SyncMessage::OtherHotelsMirror { records, missing, kind }.into())
}

#[cfg(test)]
mod tests;
