//! Steps whose cards are missing in the CRM: a run finds that out when it sends them, a dry run
//! says so beforehand.

use std::collections::BTreeSet;

use super::{CHUNK, ChangePreview};
use crate::config::OnMissing;
use crate::crm::objects::{Look, Marked, by_origin, look};
use crate::domain::record::{Kind, RecordId, RecordKey};
use crate::domain::run_error::{Result, RunError};
use crate::state::StoredRecord;
use crate::sync::card_lookup::Seeker;
use crate::sync::plan::{Planned, Step};
use crate::sync::push::{Owner, owner_of};

/// A step that changes a card, and the record that it is about.
struct Change {
    planned: Planned,
    record: StoredRecord,
    crm_id: i64,
}

/// A record that a run will find on another card than the one it had.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Relinked {
    pub(super) former: i64,
    pub(super) crm_id: i64,
}

impl ChangePreview<'_, '_> {
    /// Plans anew what a run would plan anew: changes of cards that are missing in the CRM, or
    /// whose numbers are other records' by now.
    ///
    /// # Errors
    /// The state or the plan cannot be read. A portal that does not answer leaves the plan as it
    /// is.
    pub(super) fn correct(&mut self) -> Result<()> {
        if self.config.sync.on_missing == OnMissing::Fail {
            return Ok(());
        }
        for kind in Kind::SEND_ORDER {
            match self.correct_kind(kind) {
                Err(RunError::Portal(error)) => {
                    self.give_up(&error);
                    return Ok(());
                }
                corrected => corrected?,
            }
        }
        Ok(())
    }

    fn correct_kind(&mut self, kind: Kind) -> Result<()> {
        let mut changes = Vec::new();
        self.queue.each(kind, |planned| {
            let is_change =
                matches!(planned.step, Step::Update | Step::Recheck | Step::SendCloseDate);
            if is_change && planned.row.is_some() {
                changes.push(planned.key.clone());
            }
            Ok(())
        })?;
        for keys in changes.chunks(CHUNK) {
            let lost = self.lost_cards(kind, keys)?;
            self.replan(kind, lost)?;
        }
        Ok(())
    }

    /// Of these records those whose cards are gone.
    fn lost_cards(&mut self, kind: Kind, keys: &[RecordKey]) -> Result<Vec<Change>> {
        let mut changes = Vec::new();
        for key in keys {
            let record = self.state.record(key)?.unwrap_or_default();
            let planned = self.queue.step_of(key)?;
            if let (Some(crm_id), Some(planned)) = (record.plan_record.crm_id, planned) {
                changes.push(Change { planned, record, crm_id });
            }
        }
        let crm_ids: BTreeSet<i64> = changes.iter().map(|change| change.crm_id).collect();
        let found = look(&mut self.client, kind, &crm_ids.into_iter().collect::<Vec<_>>())?;
        let mut lost = Vec::new();
        for change in changes {
            if self.has_lost_its_card(&change, &found)? {
                lost.push(change);
            }
        }
        Ok(lost)
    }

    /// A record whose card is gone is on another one that carries its mark, or that its own was
    /// merged into, or gets a new one. Where the portal cannot say which, its step stays as it is.
    fn replan(&mut self, kind: Kind, mut lost: Vec<Change>) -> Result<()> {
        let ids: Vec<RecordId> = lost.iter().map(|change| change.planned.key.id.clone()).collect();
        let originator = &self.config.portal.originator;
        let Marked { found, unclear } = by_origin(&mut self.client, kind, originator, &ids)?;
        lost.retain(|change| !unclear.contains_key(&change.planned.key.id));
        let mut unmarked = Vec::new();
        for change in lost {
            let cards = found.get(&change.planned.key.id).into_iter().flatten();
            match cards.copied().find(|crm_id| *crm_id != change.crm_id) {
                Some(crm_id) => self.relink(change, crm_id)?,
                None => unmarked.push(change),
            }
        }
        let seekers: Vec<Seeker<'_>> =
            unmarked.iter().map(|change| Seeker::new(&change.planned, &change.record)).collect();
        let merged = self.lookup().find_merged(kind, &seekers)?;
        for (change, card) in unmarked.into_iter().zip(merged) {
            match card {
                Ok(Some(crm_id)) => self.relink(change, crm_id)?,
                Ok(None) => {
                    self.queue.add(&Planned { step: Step::Create, ..change.planned })?;
                }
                Err(_refusal) => {}
            }
        }
        Ok(())
    }

    fn relink(&mut self, change: Change, crm_id: i64) -> Result<()> {
        let Change { planned, record: _, crm_id: former } = change;
        self.claimed[planned.key.kind].insert(crm_id);
        self.relinked.insert(planned.key.clone(), Relinked { former, crm_id });
        Ok(self.queue.add(&Planned { step: Step::Update, ..planned })?)
    }

    fn has_lost_its_card(&self, change: &Change, found: &Look) -> Result<bool> {
        let Change { planned, record, crm_id } = change;
        let Some(card) = found.seen.get(crm_id) else {
            return Ok(!found.unseen.contains_key(crm_id));
        };
        let originator = &self.config.portal.originator;
        let owner = owner_of(self.state, originator, &planned.key, record, card)?;
        Ok(owner == Owner::AnotherRecord)
    }
}
