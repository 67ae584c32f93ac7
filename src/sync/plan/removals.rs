//! Who is missing by a plan, and what that looks like beside those who went before.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Plan, Planned, Step};
use crate::domain::record::{Kind, RecordId, RecordKey};
use crate::domain::run_error::Result;
use crate::state::{GivenUp, Oldest, State};
use crate::sync::plan::guards::{HoldReason, Limits, SuppressedRemoval};

/// So many bookings make a range.
const MIN_RANGE: usize = 3;

const DAY: TimeDelta = TimeDelta::days(1);

/// How long it counts who was given up, where a range of stays is looked for.
const GIVEN_UP_COUNTS_FOR: TimeDelta = TimeDelta::days(31);

/// Who is missing of a kind.
#[derive(Clone, Copy)]
pub(super) struct Losses {
    pub(super) kind: Kind,
    /// How many are missing now.
    pub(super) missing: u64,
    /// Given up within the last day.
    pub(super) given_up: u64,
    /// How many there were.
    pub(super) all: u64,
}

/// How many of these bookings have a stay that is older than all that are left, if any are.
fn count_older(records: &[GivenUp], by: Oldest, border: Option<i64>) -> usize {
    let mut count = 0;
    for record in records {
        if let Some(stay) = record.stay
            && border.is_none_or(|border| stay.by(by) < border)
        {
            count += 1;
        }
    }
    count
}

/// The step by which those who are missing go.
pub(super) fn removal_step(kind: Kind) -> Step {
    match kind {
        Kind::Guest | Kind::Company => Step::MarkAbsent,
        Kind::Booking => Step::Delete,
    }
}

impl Plan {
    /// Who is missing now, and who went before within a day.
    pub(super) fn count_losses(
        &self,
        kind: Kind,
        state: &State,
        now: DateTime<Utc>,
    ) -> Result<Losses> {
        let missing = self.count_removals(kind, state)?;
        let given_up_lately = state.given_up_since(kind, now - DAY)?;
        let mut given_up = 0;
        for record in given_up_lately.iter().filter(|record| record.at <= now) {
            let key = RecordKey::new(kind, record.id.clone());
            given_up += u64::from(!self.queue.has_no_row(&key)?);
        }
        let all = self.compared.mirror_stats.linked[kind] + missing + given_up;
        Ok(Losses { kind, missing, given_up, all })
    }

    /// Bookings that are missing and look like the begin of the hotel's history, cut off: an export
    /// of some months does that to one that was older, day by day. One or two old bookings may well
    /// be deleted.
    pub(super) fn oldest_removed(
        &self,
        state: &State,
        now: DateTime<Utc>,
        limits: Limits,
    ) -> Result<Option<SuppressedRemoval>> {
        let missing = self.given_up_now(Kind::Booking, state, now)?;
        if missing.is_empty() {
            return Ok(None);
        }
        let gone: HashSet<&RecordId> = missing.iter().map(|record| &record.id).collect();
        let mut before = state.given_up_since(Kind::Booking, now - GIVEN_UP_COUNTS_FOR)?;
        before.retain(|record| !gone.contains(&record.id));
        for by in [Oldest::Arrival, Oldest::Departure] {
            let stays = state.oldest_stays(by, missing.len() as u64 + 1)?;
            let oldest_left = stays.iter().find(|(id, _)| !gone.contains(id));
            let border = oldest_left.map(|(_, time)| *time);
            let cut = count_older(&missing, by, border);
            if cut > 0 && cut + count_older(&before, by, border) >= MIN_RANGE {
                let losses = self.count_losses(Kind::Booking, state, now)?;
                return Ok(Some(SuppressedRemoval {
                    kind: Kind::Booking,
                    gone: losses.missing + losses.given_up,
                    limit: limits.max_deletes,
                    reason: HoldReason::Oldest,
                }));
            }
        }
        Ok(None)
    }

    /// Who goes by this plan.
    pub(super) fn given_up_now(
        &self,
        kind: Kind,
        state: &State,
        now: DateTime<Utc>,
    ) -> Result<Vec<GivenUp>> {
        let mut leaving = Vec::new();
        self.each_removal(kind, |planned| {
            if !self.has_moved(planned, state)? {
                let stay = state.record(&planned.key)?.and_then(|record| record.plan_record.stay);
                leaving.push(GivenUp { id: planned.key.id.clone(), at: now, stay });
            }
            Ok(())
        })?;
        Ok(leaving)
    }

    /// How many are missing: those whose object another row speaks for are not.
    fn count_removals(&self, kind: Kind, state: &State) -> Result<u64> {
        let mut missing = 0;
        if self.queue.count(kind, removal_step(kind))? > 0 {
            self.each_removal(kind, |planned| {
                missing += u64::from(!self.has_moved(planned, state)?);
                Ok(())
            })?;
        }
        Ok(missing)
    }

    /// Shows everybody who goes by this plan to `show`.
    pub(super) fn each_removal(
        &self,
        kind: Kind,
        mut show: impl FnMut(&Planned) -> Result<()>,
    ) -> Result<()> {
        let step = removal_step(kind);
        self.queue.each(kind, |planned| if planned.step == step { show(planned) } else { Ok(()) })
    }

    /// Whether a row of this mirror means the same record: its id only changed type, or the row
    /// names the object.
    pub(super) fn has_moved(&self, planned: &Planned, state: &State) -> Result<bool> {
        let key = &planned.key;
        if let Some(other) = key.other_type_key()
            && self.has_row(&other)?
        {
            return Ok(true);
        }
        match state.record(key)?.and_then(|record| record.plan_record.crm_id) {
            Some(crm_id) => Ok(self.queue.has_row_naming(key.kind, crm_id)?),
            None => Ok(false),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::domain::per_kind::PerKind;
    use crate::state::{Note, Stay};
    use crate::sync::plan::{Compared, PlanStore, Priority};

    pub(in crate::sync::plan) fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000, 0).unwrap()
    }

    pub(in crate::sync::plan) fn key(kind: Kind, id: i64) -> RecordKey {
        RecordKey::new(kind, RecordId::Number(id))
    }

    /// A plan in which these records are missing.
    pub(in crate::sync::plan) fn plan_without(missing: &[(Kind, i64)]) -> Plan {
        let queue = PlanStore::new().unwrap();
        for (kind, id) in missing {
            let step = removal_step(*kind);
            let planned = Planned::new(key(*kind, *id), step, Priority::Changes, None);
            queue.add(&planned).unwrap();
        }
        Plan {
            queue,
            compared: Compared::default(),
            held_back: Vec::new(),
            removal_verdicts: PerKind::default(),
            stays: None,
        }
    }

    fn given_up_an_hour_ago(state: &State, kind: Kind, id: i64, stay: Option<Stay>) {
        let writer = state.writer().unwrap();
        let record = GivenUp { id: RecordId::Number(id), at: now() - TimeDelta::hours(1), stay };
        writer.save_given_up(kind, &record).unwrap();
        writer.commit().unwrap();
    }

    #[test]
    fn whoever_was_given_up_within_a_day_counts_among_those_who_were_there() {
        let state = State::in_memory().unwrap();
        given_up_an_hour_ago(&state, Kind::Guest, 9, None);
        let mut plan = plan_without(&[(Kind::Guest, 1), (Kind::Guest, 2)]);
        plan.compared.mirror_stats.linked[Kind::Guest] = 10;
        let losses = plan.count_losses(Kind::Guest, &state, now()).unwrap();
        assert_eq!((losses.missing, losses.given_up, losses.all), (2, 1, 13));
    }

    #[test]
    fn of_the_oldest_stays_those_that_went_within_the_day_are_told_too() {
        let state = State::in_memory().unwrap();
        let stay = |day| Some(Stay { arrival: day, departure: day });
        given_up_an_hour_ago(&state, Kind::Booking, 1, stay(1));
        let writer = state.writer().unwrap();
        for id in [2, 3, 9] {
            let booking = key(Kind::Booking, id);
            writer.link(&booking, id).unwrap();
            let note = Note::Read { content: 0, stay: stay(id) };
            writer.save_note(&booking, note, now()).unwrap();
        }
        writer.commit().unwrap();
        let plan = plan_without(&[(Kind::Booking, 2), (Kind::Booking, 3)]);
        let limits = Limits { max_deletes: 25, allowed: None, delete_after: DAY };
        let held = SuppressedRemoval {
            kind: Kind::Booking,
            gone: 3,
            limit: 25,
            reason: HoldReason::Oldest,
        };
        assert_eq!(plan.oldest_removed(&state, now(), limits).unwrap(), Some(held));
    }

    #[test]
    fn without_an_object_nobody_has_moved_to_another_row() {
        let state = State::in_memory().unwrap();
        let plan = plan_without(&[(Kind::Guest, 1)]);
        let missing = plan.queue.step_of(&key(Kind::Guest, 1)).unwrap().unwrap();
        assert!(!plan.has_moved(&missing, &state).unwrap());
    }
}
