//! Steps whose objects are gone: a run finds that out when it looks at them, a dry run says so beforehand.

use std::collections::BTreeSet;

use anyhow::Result;

use super::ChangePreview;
use crate::config::OnMissing;
use crate::crm::objects::{Look, by_origin, look};
use crate::domain::record::{Kind, RecordId, RecordKey};
use crate::portal::CallError;
use crate::state::StoredRecord;
use crate::sync::plan::{Planned, Step};
use crate::sync::push::{Owner, owner_of};

/// Objects that are looked at in one go.
const CHUNK: usize = 400;

/// A step, and the record that it is about.
struct Doubtful {
    planned: Planned,
    record: StoredRecord,
    crm_id: i64,
}

impl ChangePreview<'_, '_> {
    /// Plans anew what a run would plan anew: changes of objects that are not there any more, or whose numbers are
    /// other records' by now.
    ///
    /// # Errors
    /// The state or the plan cannot be read. A portal that does not answer leaves the plan as it is.
    pub fn correct(&mut self) -> Result<()> {
        if self.config.sync.on_missing == OnMissing::Fail {
            return Ok(());
        }
        for kind in Kind::SEND_ORDER {
            match self.correct_kind(kind) {
                Err(error) if error.is::<CallError>() => return self.give_up(error),
                corrected => corrected?,
            }
        }
        Ok(())
    }

    fn correct_kind(&mut self, kind: Kind) -> Result<()> {
        let mut changes = Vec::new();
        self.queue.each(kind, |planned| {
            let is_change = matches!(planned.step, Step::Update | Step::Recheck | Step::Close);
            if is_change && planned.row.is_some() {
                changes.push(planned.key.clone());
            }
            Ok(())
        })?;
        for keys in changes.chunks(CHUNK) {
            for planned in self.replanned(kind, keys)? {
                self.queue.add(&Planned { step: Step::Create, ..planned })?;
            }
        }
        Ok(())
    }

    /// Of these records those whose objects would be made anew.
    fn replanned(&mut self, kind: Kind, keys: &[RecordKey]) -> Result<Vec<Planned>> {
        let mut doubtful = Vec::new();
        for key in keys {
            let record = self.state.record(key)?.unwrap_or_default();
            let planned = self.queue.step_of(key)?;
            if let (Some(crm_id), Some(planned)) = (record.plan_record.crm_id, planned) {
                doubtful.push(Doubtful { planned, record, crm_id });
            }
        }
        let crm_ids: BTreeSet<i64> = doubtful.iter().map(|one| one.crm_id).collect();
        let there = look(&mut self.gate, kind, &crm_ids.into_iter().collect::<Vec<_>>())?;
        let mut lost = Vec::new();
        for one in doubtful {
            if self.is_lost(&one, &there)? {
                lost.push(one.planned);
            }
        }
        let lost_ids: Vec<RecordId> = lost.iter().map(|planned| planned.key.id.clone()).collect();
        let marked = by_origin(&mut self.gate, kind, &self.config.portal.originator, &lost_ids)?;
        lost.retain(|planned| !marked.found.contains_key(&planned.key.id));
        Ok(lost)
    }

    fn is_lost(&self, one: &Doubtful, there: &Look) -> Result<bool> {
        let Some(object) = there.seen.get(&one.crm_id) else {
            return Ok(!there.unseen.contains_key(&one.crm_id));
        };
        let originator = &self.config.portal.originator;
        let owner = owner_of(self.state, originator, &one.planned.key, &one.record, object)?;
        Ok(owner == Owner::AnotherRecord)
    }
}
