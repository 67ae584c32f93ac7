//! The first request of a small run: everything that its steps will ask the portal, in one batch.
//!
//! An answer counts for a moment only, and each object for one step: people may change it in
//! between. Whatever is not clearly answered is asked for again where it is needed.

use chrono::{DateTime, TimeDelta, Utc};

use super::{CreateMode, Push, step_for};
use crate::crm::objects::first_look::{FirstLook, Wanted, first_look};
use crate::crm::objects::{Look, Marked, by_origin, look};
use crate::domain::record::{Kind, RecordId, RecordKey};
use crate::domain::run_error::Result;
use crate::mirror::{Booking, Row};
use crate::portal::CallError;
use crate::sync::plan::{Planned, Step};

/// So many steps fit into one batch of questions, whatever they are.
const MAX_STEPS: u64 = 40;
/// How long an answer counts.
const VALID_FOR: TimeDelta = TimeDelta::seconds(30);

/// What the first request found.
pub(super) struct FirstAnswers {
    answers: FirstLook,
    seen_at: DateTime<Utc>,
}

impl Push<'_, '_> {
    /// Asks for everything at once, where there is little to ask.
    pub(super) fn ask_first(&mut self) -> Result<()> {
        if self.create_mode != CreateMode::Sync || self.queue.count_left()?.sum() > MAX_STEPS {
            return Ok(());
        }
        let wanted = self.collect_questions()?;
        if wanted.questions() < 2 {
            return Ok(());
        }
        let originator = &self.config.portal.originator;
        match first_look(self.client, originator, &wanted) {
            Ok(look) => {
                self.first_answers =
                    Some(FirstAnswers { answers: look, seen_at: self.client.clock().now() });
                Ok(())
            }
            // What can go without an exhausted budget goes all the same.
            Err(CallError::LimitedUntil(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn collect_questions(&self) -> Result<Wanted> {
        let mut wanted = Wanted::default();
        for kind in Kind::SEND_ORDER {
            self.queue.each(kind, |planned| self.add_questions(&mut wanted, planned))?;
        }
        Ok(wanted)
    }

    fn add_questions(&self, wanted: &mut Wanted, planned: &Planned) -> Result<()> {
        let Planned { key, row, .. } = planned;
        let record = self.state.record(key)?.unwrap_or_default();
        let step = step_for(planned.step, &record);
        if let Some(booking) = row.as_ref().and_then(Row::booking) {
            if !self.is_likely_to_go(step, booking)? {
                return Ok(());
            }
            for party in booking.parties().flat_map(RecordKey::with_other_type) {
                let known = self.state.record(&party)?;
                wanted.ids[party.kind].extend(known.and_then(|known| known.plan_record.crm_id));
            }
        }
        match step {
            Step::Create => {
                wanted.origins[key.kind].insert(key.id.clone());
                wanted.ids[key.kind].extend(record.named_by(row.as_ref()));
            }
            Step::Update | Step::Recheck | Step::SendCloseDate | Step::Delete => {
                wanted.ids[key.kind].extend(record.plan_record.crm_id);
            }
            Step::Fail | Step::MarkAbsent | Step::DropRecord => {}
        }
        Ok(())
    }

    /// Leaves out a booking that waits for a guest who is not sent in this run, and a rechecked one
    /// whose parties are not sent in this run: they cost no request.
    fn is_likely_to_go(&self, step: Step, booking: &Booking) -> Result<bool> {
        match step {
            Step::Recheck => self.has_planned(booking.parties()),
            Step::Create | Step::Update => match self.resolve_parties(booking)?.waits_for {
                Some(guest) => self.has_planned(std::iter::once(guest)),
                None => Ok(true),
            },
            _ => Ok(step != Step::Fail),
        }
    }

    fn has_planned(&self, parties: impl Iterator<Item = RecordKey>) -> Result<bool> {
        for party in parties.flat_map(RecordKey::with_other_type) {
            if self.queue.has(&party)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn fresh_answers(&mut self) -> Option<&mut FirstLook> {
        let now = self.client.clock().now();
        let first_answers = self.first_answers.as_mut()?;
        ((now - first_answers.seen_at).abs() <= VALID_FOR).then_some(&mut first_answers.answers)
    }

    /// Looks at objects that are about to be changed.
    pub(super) fn look_at_objects(&mut self, kind: Kind, ids: &[i64]) -> Result<Look, CallError> {
        let mut seen = Vec::new();
        let mut open = Vec::new();
        for id in ids {
            match self.fresh_answers().and_then(|look| look.objects.remove(&(kind, *id))) {
                Some(object) => seen.push((*id, object)),
                None => open.push(*id),
            }
        }
        let mut found = look(self.client, kind, &open)?;
        found.seen.extend(seen);
        Ok(found)
    }

    /// Of these objects those that were not seen alive a moment ago.
    pub(super) fn not_just_seen(&mut self, kind: Kind, ids: &[i64]) -> Vec<i64> {
        let Some(look) = self.fresh_answers() else { return ids.to_vec() };
        ids.iter().copied().filter(|id| !look.objects.contains_key(&(kind, *id))).collect()
    }

    /// The objects that carry the origins of these records.
    pub(super) fn look_for_origins(
        &mut self,
        kind: Kind,
        ids: &[RecordId],
    ) -> Result<Marked, CallError> {
        let mut marked = Marked::default();
        let mut open = Vec::new();
        for id in ids {
            let key = RecordKey::new(kind, id.clone());
            match self.fresh_answers().and_then(|look| look.origins.remove(&key)) {
                Some(found) => drop(marked.found.insert(id.clone(), found)),
                None => open.push(id.clone()),
            }
        }
        let asked = by_origin(self.client, kind, &self.config.portal.originator, &open)?;
        marked.found.extend(asked.found);
        marked.unclear = asked.unclear;
        Ok(marked)
    }

    /// Of these cards those that one request does not show.
    pub(super) fn not_shown(
        &mut self,
        cards: &[(Kind, i64)],
    ) -> Result<Vec<(Kind, i64)>, CallError> {
        let mut wanted = Wanted::default();
        for (kind, crm_id) in cards {
            wanted.ids[*kind].insert(*crm_id);
        }
        let shown = first_look(self.client, &self.config.portal.originator, &wanted)?.objects;
        Ok(cards.iter().copied().filter(|card| !shown.contains_key(card)).collect())
    }
}
