//! The parties of bookings that are sent: their cards are found, and looked up in the portal,
//! before a deal points at them.

use std::collections::BTreeSet;

use super::{Push, WorkItem};
use crate::crm::deal_parties::{DealParties, Party, PartyOutlook, PartyRow};
use crate::crm::objects;
use crate::domain::record::{Kind, RecordKey};
use crate::domain::run_error::Result;
use crate::mirror::{Booking, Row};
use crate::state::settings::POINTED_AT;
use crate::sync::plan::Step;

impl Push<'_, '_> {
    /// Finds the parties of bookings. Leaves out bookings that have to wait, and rechecked ones
    /// whose deal would not change.
    pub(super) fn find_parties(
        &mut self,
        kind: Kind,
        items: Vec<WorkItem>,
    ) -> Result<Vec<WorkItem>> {
        if kind != Kind::Booking {
            return Ok(items);
        }
        let items = self.with_parties(items)?;
        let mut unsure = BTreeSet::new();
        for parties in items.iter().filter_map(|item| item.parties.as_ref()) {
            for card in &parties.cards {
                if !card.sighting.is_recent(self.run) {
                    unsure.insert((card.kind, card.crm_id));
                }
            }
        }
        if self.check_all_alive(&unsure)? {
            return self.with_parties(items);
        }
        Ok(items)
    }

    fn with_parties(&mut self, items: Vec<WorkItem>) -> Result<Vec<WorkItem>> {
        let writer = self.state.writer()?;
        let now = self.client.clock().now();
        let mut ready = Vec::new();
        for mut item in items {
            let Some(booking) = item.sendable_booking() else {
                ready.push(item);
                continue;
            };
            let people = self.resolve_parties(booking)?;
            // The warning names who is missing, and only sending the deal updates it.
            let misses_as_before =
                item.record.plan_record.pending.recheck != people.missing.is_empty();
            let is_same = misses_as_before && people.fingerprint() == item.record.links_hash;
            if let (Some(guest), Some(row)) = (&people.waits_for, item.row()) {
                writer.save_waiting(row, &guest.to_string(), now)?;
            } else if item.planned.step != Step::Recheck || !is_same {
                item.parties = Some(people);
                ready.push(item);
            }
        }
        writer.commit()?;
        Ok(ready)
    }

    pub(super) fn resolve_parties(&self, booking: &Booking) -> Result<DealParties> {
        DealParties::of(booking, |key| self.resolve_party(key))
    }

    fn resolve_party(&self, key: &RecordKey) -> Result<Party> {
        let record = self.state.record(key)?;
        let crm_id = record.as_ref().and_then(|record| record.plan_record.crm_id);
        let is_new = record.is_none() && self.ecvi().is_coming(key)?;
        let now = self.client.clock().now();
        let card_is_gone = match crm_id {
            Some(crm_id) => {
                self.missing_in_crm.contains(&(key.kind, crm_id))
                    || self.gone_cards.has(key.kind, crm_id, now)
            }
            None => false,
        };
        let row = if is_new { PartyRow::Coming(String::new()) } else { PartyRow::AsStored };
        Ok(PartyOutlook { row, card_is_gone }.resolve(key.kind, record, now))
    }

    /// Loads the cards at which the deals of an earlier run point, if that run ended before it
    /// looked them up again.
    pub(super) fn load_linked_cards(&mut self) -> Result<()> {
        let before = self.state.get(&POINTED_AT)?.unwrap_or_default();
        self.linked_cards.extend(before);
        Ok(())
    }

    /// Looks up once more the cards at which deals were pointed. If people merged or deleted one
    /// while the deals were sent, the deals have a dead id, and nothing else would show that.
    pub(super) fn recheck_linked_cards(&mut self) -> Result<()> {
        if self.linked_cards.is_empty() {
            return Ok(());
        }
        // What was seen before the deals were sent says nothing of what happened meanwhile.
        self.first_answers = None;
        let cards: Vec<(Kind, i64)> = std::mem::take(&mut self.linked_cards).into_iter().collect();
        let not_shown = self.not_shown(&cards)?;
        let dead = self.check_all_alive(&BTreeSet::from_iter(not_shown))?;
        self.stats.has_dead_links |= dead;
        Ok(self.state.set(&POINTED_AT, &BTreeSet::default())?)
    }

    /// Looks up cards that a deal is about to point at, because a portal accepts the id of a card
    /// that is gone. Returns whether one of them is gone.
    fn check_all_alive(&mut self, cards: &BTreeSet<(Kind, i64)>) -> Result<bool> {
        let mut is_any_gone = false;
        for kind in [Kind::Guest, Kind::Company] {
            let cards_of_kind = cards.iter().filter(|(of, _)| *of == kind);
            let ids: Vec<i64> = cards_of_kind.map(|(_, crm_id)| *crm_id).collect();
            is_any_gone |= self.check_alive(kind, ids)?;
        }
        Ok(is_any_gone)
    }

    fn check_alive(&mut self, kind: Kind, ids: Vec<i64>) -> Result<bool> {
        let unseen = self.not_just_seen(kind, &ids);
        let mut gone = unseen.clone();
        let existing = objects::existing(self.client, kind, &unseen)?;
        gone.retain(|crm_id| !existing.contains(crm_id));
        let mut alive = ids;
        alive.retain(|crm_id| !gone.contains(crm_id));
        let writer = self.state.writer()?;
        let now = self.client.clock().now();
        for crm_id in alive {
            writer.mark_seen(kind, crm_id, self.run, now)?;
        }
        writer.commit()?;
        for crm_id in &gone {
            for key in self.state.records_of_object(kind, *crm_id)? {
                let record = self.state.record(&key)?.unwrap_or_default();
                let resolution = self.resolve_missing(&key, &record, None)?;
                if resolution.leaves_it_gone(&record) {
                    self.note_gone_card(kind, *crm_id)?;
                }
                self.mark_dirty(&key)?;
            }
            self.missing_in_crm.insert((kind, *crm_id));
        }
        Ok(!gone.is_empty())
    }

    /// The next run looks at the bookings of this person or company.
    fn mark_dirty(&self, key: &RecordKey) -> Result<()> {
        let writer = self.state.writer()?;
        writer.mark_dirty(key)?;
        Ok(writer.commit()?)
    }
}

impl WorkItem {
    /// The booking, where its people are about to be sent.
    fn sendable_booking(&self) -> Option<&Booking> {
        match self.planned.step {
            Step::Create | Step::Update | Step::Recheck => self.row().and_then(Row::booking),
            Step::SendCloseDate
            | Step::Fail
            | Step::MarkAbsent
            | Step::DropRecord
            | Step::Delete => None,
        }
    }
}
