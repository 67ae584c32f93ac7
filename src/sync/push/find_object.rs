//! Which object a step is about: found by origin, by the id that Ecvi knows, by phone and e-mail,
//! or none.
//!
//! Nothing is created before the portal was asked in this run, by origin, whether it exists
//! already.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};

use super::missing_object::Relinked;
use super::{Push, WorkItem, carries_mark};
use crate::crm::objects::{Look, Marked, Unseen, by_origin, look};
use crate::domain::failure_code::FailureCode;
use crate::domain::issue_detail::IssueDetail;
use crate::domain::record::{Kind, RecordId, RecordKey};
use crate::domain::run_error::Result;
use crate::domain::warning::Warning;
use crate::state::Operation;
use crate::sync::plan::{Planned, Step};

/// Objects, at either end of what was made, by which it is seen whether the webhook's user sees
/// all.
const SAMPLE: u32 = 20;

impl Push<'_, '_> {
    /// Finds the objects. What has to be left for later, or turned out to be done, goes no further.
    pub(super) fn find_objects(
        &mut self,
        kind: Kind,
        items: Vec<WorkItem>,
    ) -> Result<Vec<WorkItem>> {
        let items = self.find_by_origin(kind, items)?;
        let items = self.fetch_objects(kind, items)?;
        self.match_by_contact(kind, items)
    }

    /// An object that is to be created may exist already, with our origin or with the id that Ecvi
    /// knows.
    fn find_by_origin(&mut self, kind: Kind, items: Vec<WorkItem>) -> Result<Vec<WorkItem>> {
        let created = items.iter().filter(|item| item.planned.step == Step::Create);
        let new: Vec<RecordId> = created.clone().map(|item| item.id().clone()).collect();
        let taken_ids = self.ids_taken_by_other_type(kind, &new)?;
        let Marked { mut found, unclear } = self.find_existing(kind, &new)?;
        found.retain(|_, objects| !objects.is_empty());
        let unfound: Vec<&WorkItem> =
            created.filter(|item| !found.contains_key(item.id())).collect();
        let hidden = self.find_hidden_candidates(kind, &unfound)?;
        let mut claimed = HashSet::new();
        let mut ready = Vec::new();
        for mut item in items {
            if let Some((crm_id, unseen)) = hidden.get(item.id()) {
                self.fail(&item, unseen.code(), Operation::Create, &unseen.message(*crm_id))?;
                continue;
            }
            if let Some(reason) = unclear.get(item.id()) {
                self.fail(&item, FailureCode::CardUnreadable, Operation::Create, reason)?;
                continue;
            }
            if taken_ids.contains(item.id()) {
                let id = item.id().to_string();
                self.fail(&item, FailureCode::DuplicateId, Operation::Create, &id)?;
                continue;
            }
            if let Some(cards @ [first, others @ ..]) = found.get(item.id()).map(Vec::as_slice) {
                item.take_over(*first);
                if !others.is_empty() {
                    let message = IssueDetail::Cards(cards.to_vec()).to_string();
                    item.warnings.push(Warning { code: FailureCode::SeveralInCrm, message });
                }
            } else if let (Step::Create, Some(crm_id)) = (item.planned.step, item.known_by_ecvi()) {
                let holders = self.ecvi().other_holders(item.key(), crm_id)?;
                if !holders.is_empty() || !claimed.insert(crm_id) {
                    let message = match holders.first() {
                        Some(owner) => format!("crm_id {crm_id}: {owner}"),
                        None => format!("crm_id {crm_id}"),
                    };
                    self.fail(&item, FailureCode::CrmIdTaken, Operation::Create, &message)?;
                    continue;
                }
                item.record.plan_record.crm_id = Some(crm_id);
            }
            ready.push(item);
        }
        Ok(ready)
    }

    /// Records whose object may exist but is invisible to the webhook's user, each with an object
    /// that this user may not see: `reset-id` detached it, or an unanswered call made it.
    fn find_hidden_candidates(
        &mut self,
        kind: Kind,
        unfound: &[&WorkItem],
    ) -> Result<BTreeMap<RecordId, (i64, Unseen)>> {
        let mut suspects = Vec::new();
        for item in unfound.iter().filter(|item| item.record.detached) {
            suspects.extend(self.state.last_object(item.key())?.map(|crm_id| (item.id(), crm_id)));
        }
        let let_go: Vec<i64> = suspects.iter().map(|(_, crm_id)| *crm_id).collect();
        let unseen = look(self.client, kind, &let_go)?.unseen;
        let mut hidden = BTreeMap::new();
        for (id, crm_id) in suspects {
            if let Some(why) = unseen.get(&crm_id) {
                hidden.insert(id.clone(), (crm_id, why.clone()));
            }
        }
        let mut called = unfound.iter().filter(|item| item.record.unanswered_calls > 0).peekable();
        if called.peek().is_some() {
            // If the user does not see objects that were made before, an object that such a call
            // made would be invisible too.
            let ours = self.state.sample_linked(kind, SAMPLE)?;
            let unseen = look(self.client, kind, &ours)?.unseen;
            if let Some((crm_id, why)) = unseen.iter().find(|(_, why)| **why == Unseen::Denied) {
                hidden.extend(called.map(|item| (item.id().clone(), (*crm_id, why.clone()))));
            }
        }
        Ok(hidden)
    }

    /// Ids such as 41 and '41' in one table: they have one origin in the portal, and each record
    /// would overwrite the object of the other. A record that already has an object keeps it; of
    /// two new ones the number gets it.
    fn ids_taken_by_other_type(&self, kind: Kind, new: &[RecordId]) -> Result<HashSet<RecordId>> {
        let _at_once = self.state.snapshot()?;
        let mut namesakes = HashSet::new();
        for id in new {
            if self.is_taken_by_other_type(&RecordKey::new(kind, id.clone()))? {
                namesakes.insert(id.clone());
            }
        }
        Ok(namesakes)
    }

    fn is_taken_by_other_type(&self, key: &RecordKey) -> Result<bool> {
        let Some(other) = key.other_type_key() else { return Ok(false) };
        // The hotel moved from texts to numbers: the one goes as the other comes.
        if !self.ecvi().has_row(&other)? {
            return Ok(false);
        }
        let has_object =
            self.state.record(&other)?.is_some_and(|record| record.plan_record.crm_id.is_some());
        Ok(has_object || matches!(key.id, RecordId::Text(_)))
    }

    fn find_existing(&mut self, kind: Kind, ids: &[RecordId]) -> Result<Marked> {
        let originator = &self.config.portal.originator;
        if !self.create_mode.has_inventory() {
            return Ok(self.look_for_origins(kind, ids)?);
        }
        let mut found = BTreeMap::new();
        for id in ids {
            found.insert(id.clone(), self.queue.find_inventory(kind, &id.to_string())?);
        }
        if !self.queue.has_gap(kind)? {
            return Ok(Marked { found, ..Marked::default() });
        }
        // A card that the inventory could not read may be the record's own.
        let unfound: Vec<RecordId> =
            ids.iter().filter(|id| found[id].is_empty()).cloned().collect();
        let mut marked = by_origin(self.client, kind, originator, &unfound)?;
        found.retain(|_, objects| !objects.is_empty());
        marked.found.append(&mut found);
        Ok(marked)
    }

    /// Fetches every object that is about to be changed: whether it exists, its origin, its phones
    /// and e-mails.
    fn fetch_objects(&mut self, kind: Kind, items: Vec<WorkItem>) -> Result<Vec<WorkItem>> {
        let run = self.run;
        let now = self.client.clock().now();
        let looked_at = items.iter().filter(|item| !item.is_just_sent(run, now));
        let ids: Vec<i64> = looked_at.filter_map(|item| item.record.plan_record.crm_id).collect();
        let Look { seen, unseen } = self.look_at_objects(kind, &ids)?;
        let mut ready = Vec::new();
        for mut item in items {
            let crm_id = item.record.plan_record.crm_id;
            if let Some(crm_id) = crm_id
                && let Some(unseen) = unseen.get(&crm_id)
            {
                let is_deletion = item.planned.step == Step::Delete;
                let operation = if is_deletion { Operation::Delete } else { Operation::Update };
                self.fail(&item, unseen.code(), operation, &unseen.message(crm_id))?;
                continue;
            }
            item.object = crm_id.and_then(|crm_id| seen.get(&crm_id)).cloned();
            match (item.planned.step, crm_id, &item.object) {
                _ if item.is_just_sent(run, now) => ready.push(item),
                (_, None, _) => ready.push(item),
                (_, Some(_), Some(_)) if !self.is_still_marked(&item) => self.note_coming(&item)?,
                (_, Some(_), Some(_)) => ready.extend(self.check_deletion(item)?),
                (Step::Delete, Some(_), None) => self.resolve_missing_deal(&item)?,
                // The object that the search by origin just found is gone: left to the next run.
                (Step::Create, Some(_), None) if item.is_taken_over => self.note_coming(&item)?,
                (Step::Create, Some(_), None) => {
                    item.record.plan_record.crm_id = None;
                    ready.push(item);
                }
                (_, Some(_), None) => self.handle_missing(&item)?,
            }
        }
        Ok(ready)
    }

    /// A deal that is to be deleted is gone already, unless somebody has restored it under another
    /// id.
    fn resolve_missing_deal(&mut self, item: &WorkItem) -> Result<()> {
        let key = item.key();
        let old = item.crm_id().unwrap_or_default();
        let crm_id = match self.other_object_by_origin(key, old)? {
            Ok(Some(crm_id)) => crm_id,
            Ok(None) => return self.save_deleted(item),
            Err(reason) => {
                return self.fail(item, FailureCode::CardUnreadable, Operation::Delete, &reason);
            }
        };
        // One that vanishes twice in a run is left to the next one.
        if !self.missing_in_crm.insert((key.kind, old)) {
            return Ok(());
        }
        self.relink(key, old, Relinked { crm_id, is_marked: true })?;
        Ok(self.queue.add(&item.planned)?)
    }

    /// It is not sent in this run, but its bookings know that it is coming.
    fn note_coming(&self, item: &WorkItem) -> Result<()> {
        let writer = self.state.writer()?;
        writer.insert_if_missing(item.key(), item.row().map_or("", |row| &row.display_name))?;
        Ok(writer.commit()?)
    }

    /// Nothing is deleted that another booking points at, or that does not carry our mark.
    fn check_deletion(&mut self, item: WorkItem) -> Result<Option<WorkItem>> {
        let (Step::Delete, Some(object)) = (item.planned.step, &item.object) else {
            return self.check_ownership(item);
        };
        let key = item.key();
        let mut others = self.state.records_of_object(key.kind, object.crm_id)?;
        others.retain(|holder| holder != key);
        if let Some(heir) = others.first() {
            let writer = self.state.writer()?;
            writer.delete(key)?;
            // It writes itself over what the other one left, its origin too.
            writer.resend(heir)?;
            writer.commit()?;
            return Ok(None);
        }
        // The deal carries the mark of that record too, which finds it as soon as it can be read.
        if self.ecvi().has_other_type(key)? {
            let writer = self.state.writer()?;
            writer.delete(key)?;
            writer.commit()?;
            return Ok(None);
        }
        let originator = &self.config.portal.originator;
        // A deal that several bookings shared carries the mark of one that may be gone by now.
        let was_shared = object.originator == *originator
            && (item.record.shared || !item.record.carries_origin)
            && self.ecvi().find_owner(key.kind, &object.origin)?.is_none();
        if was_shared || carries_mark(originator, &key.id, object) {
            return Ok(Some(item));
        }
        let message = format!("{} {}", object.originator, object.origin);
        self.fail(&item, FailureCode::NotOurs, Operation::Delete, message.trim())?;
        Ok(None)
    }

    /// An object that Ecvi names, and that carries the mark of another record, is not taken away
    /// from that record.
    pub(super) fn check_takeover(&mut self, item: WorkItem) -> Result<Option<WorkItem>> {
        let (Step::Create, false, Some(object)) =
            (item.planned.step, item.is_taken_over, &item.object)
        else {
            return Ok(Some(item));
        };
        let ours = object.originator == self.config.portal.originator;
        let other = ours && !object.origin.is_empty() && object.origin != item.id().to_string();
        if other && let Some(owner) = self.ecvi().find_owner(item.kind(), &object.origin)? {
            let message = IssueDetail::TakenCard { crm_id: object.crm_id, owner }.to_string();
            self.fail(&item, FailureCode::CrmIdTaken, Operation::Create, &message)?;
            return Ok(None);
        }
        Ok(Some(item))
    }

    /// The object is not the record's any more. The inventory of an export, which may be hours old,
    /// would still name it.
    fn remove_from_inventory(&self, kind: Kind, crm_id: i64) -> Result<()> {
        if self.create_mode.has_inventory() {
            self.queue.remove_inventory(kind, crm_id)?;
        }
        Ok(())
    }

    /// The object is gone: the step is planned anew for what came of that.
    pub(super) fn handle_missing(&mut self, item: &WorkItem) -> Result<()> {
        let kind = item.kind();
        let old = item.crm_id().unwrap_or_default();
        let first = self.missing_in_crm.insert((kind, old));
        self.remove_from_inventory(kind, old)?;
        let Some(step) = self.step_without_object(item, old)? else { return Ok(()) };
        // An object that vanishes twice in one run is left to the next one.
        if first {
            self.queue.add(&Planned { step, ..item.planned.clone() })?;
        }
        Ok(())
    }
}

impl WorkItem {
    pub(super) fn take_over(&mut self, crm_id: i64) {
        self.record.plan_record.crm_id = Some(crm_id);
        self.is_taken_over = true;
    }

    /// The card that the state does not know as the record's and that carries its mark.
    pub(super) fn card_found_by_mark(&self, originator: &str) -> Option<i64> {
        let object = self.object.as_ref().filter(|_| self.is_taken_over)?;
        carries_mark(originator, self.id(), object).then_some(object.crm_id)
    }

    /// Whether this run has just sent the deal. It is not looked at again for its closing date.
    fn is_just_sent(&self, run: i64, now: DateTime<Utc>) -> bool {
        self.planned.step == Step::SendCloseDate && self.record.is_alive(run, now)
    }

    /// The id that the built-in exchange of Ecvi knows, unless `reset-id` detached the record.
    fn known_by_ecvi(&self) -> Option<i64> {
        self.record.named_by(self.row())
    }
}
