//! Cards of people and companies who stood in the CRM before us: found by phone and e-mail, where the configuration says
//! to look for them.

use std::collections::HashSet;

use anyhow::Result;

use super::{Push, WorkItem};
use crate::config::{MatchBy, PartyConfig};
use crate::crm::contact_match::{ContactPoints, find_by_contact, unique_name_match};
use crate::crm::objects::Object;
use crate::domain::failure_code::FailureCode;
use crate::domain::issue_detail::IssueDetail;
use crate::domain::record::Kind;
use crate::domain::warning::Warning;
use crate::state::Operation;
use crate::sync::plan::Step;

/// All by which a record can be reached.
const ANY: [MatchBy; 2] = [MatchBy::Phone, MatchBy::Email];

impl Push<'_, '_> {
    /// People and companies who stood in the CRM before us, where the configuration says to look for them.
    pub(super) fn find_by_reach(&mut self, kind: Kind, targets: Vec<WorkItem>) -> Result<Vec<WorkItem>> {
        let Some(PartyConfig { match_existing: by, .. }) = self.config.person(kind) else {
            return Ok(targets);
        };
        let mut claimed: HashSet<i64> = targets.iter().filter_map(WorkItem::crm_id).collect();
        let reaches: Vec<ContactPoints> = targets.iter().map(|target| target.sought(by)).collect();
        if reaches.iter().all(ContactPoints::is_empty) {
            return Ok(targets);
        }
        let mut ready = Vec::new();
        for (mut target, found) in targets.into_iter().zip(find_by_contact(self.gate, kind, &reaches)?) {
            let found = match found {
                Ok(found) => found,
                Err(refusal) => {
                    self.fail(&target, FailureCode::PortalRefused, Operation::Create, &refusal.to_string())?;
                    continue;
                }
            };
            let similar = self.similar(&target, found)?;
            match target.matching(by, &similar) {
                Some(object)
                    if self.state.records_of_object(kind, object.crm_id)?.is_empty()
                        && claimed.insert(object.crm_id) =>
                {
                    target.take_over(object.crm_id);
                    target.object = Some(object);
                }
                _ if similar.is_empty() => {}
                _ => {
                    let ids = similar.iter().map(|object| object.crm_id).collect();
                    let message = IssueDetail::Cards(ids).to_string();
                    target.warnings.push(Warning { code: FailureCode::DoubtfulMatch, message });
                }
            }
            ready.push(target);
        }
        Ok(ready)
    }

    /// Of the cards that the portal names those that may be the record's. Another guest of ours may share the phone:
    /// that is nobody's doubt, unless the record's own card may have been merged into that guest's.
    fn similar(&self, target: &WorkItem, found: Vec<Object>) -> Result<Vec<Object>> {
        let originator = &self.config.portal.originator;
        let (ours, mut similar): (Vec<Object>, Vec<Object>) =
            found.into_iter().partition(|object| object.originator == *originator);
        for object in ours.into_iter().filter(|_| target.is_lost()) {
            if self.is_free(target.key(), &target.reach(&ANY), &object)? {
                similar.push(object);
            }
        }
        Ok(similar)
    }
}

impl WorkItem {
    fn reach(&self, by: &[MatchBy]) -> ContactPoints {
        self.body().map(|body| ContactPoints::of(body, by)).unwrap_or_default()
    }

    /// What the record's card is looked for by. Where the record had one that is gone, and none was clearly the one it
    /// was merged into, the similar ones are to be named.
    fn sought(&self, by: &[MatchBy]) -> ContactPoints {
        match (self.planned.step, &self.object) {
            (Step::Create, None) if self.is_lost() => self.reach(&ANY),
            (Step::Create, None) => self.reach(by),
            _ => ContactPoints::default(),
        }
    }

    /// The record had an object, which is gone from the CRM.
    fn is_lost(&self) -> bool {
        self.record.plan_record.parted && !self.record.released
    }

    /// The one card that is taken for the record's own.
    fn matching(&self, by: &[MatchBy], found: &[Object]) -> Option<Object> {
        self.row().and_then(|row| unique_name_match(&row.display_name, &self.reach(by), found)).cloned()
    }
}
