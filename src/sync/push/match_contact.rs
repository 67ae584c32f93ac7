//! Cards of people and companies who stood in the CRM before us: found by phone and e-mail, where
//! the configuration says to look for them.

use std::collections::HashSet;

use super::{Push, WorkItem};
use crate::config::{MatchBy, PartyConfig};
use crate::crm::contact_match::{ContactPoints, find_by_contact, unique_name_match};
use crate::crm::objects::Object;
use crate::domain::failure_code::FailureCode;
use crate::domain::issue_detail::IssueDetail;
use crate::domain::record::Kind;
use crate::domain::run_error::Result;
use crate::domain::warning::Warning;
use crate::state::Operation;
use crate::sync::plan::Step;

/// All by which a record can be reached.
const PHONE_AND_EMAIL: [MatchBy; 2] = [MatchBy::Phone, MatchBy::Email];

impl Push<'_, '_> {
    /// People and companies who stood in the CRM before us, where the configuration says to look
    /// for them.
    pub(super) fn match_by_contact(
        &mut self,
        kind: Kind,
        items: Vec<WorkItem>,
    ) -> Result<Vec<WorkItem>> {
        let Some(PartyConfig { match_existing: by, .. }) = self.config.party(kind) else {
            return Ok(items);
        };
        let mut claimed: HashSet<i64> = items.iter().filter_map(WorkItem::crm_id).collect();
        let reaches: Vec<ContactPoints> =
            items.iter().map(|item| item.searched_points(by)).collect();
        if reaches.iter().all(ContactPoints::is_empty) {
            return Ok(items);
        }
        let mut ready = Vec::new();
        for (mut item, found) in
            items.into_iter().zip(find_by_contact(self.client, kind, &reaches)?)
        {
            let found = match found {
                Ok(found) => found,
                Err(refusal) => {
                    self.fail(
                        &item,
                        FailureCode::PortalRefused,
                        Operation::Create,
                        &refusal.to_string(),
                    )?;
                    continue;
                }
            };
            let similar = self.similar_cards(&item, found)?;
            match item.matching_card(by, &similar) {
                Some(object)
                    if self.state.records_of_object(kind, object.crm_id)?.is_empty()
                        && claimed.insert(object.crm_id) =>
                {
                    item.take_over(object.crm_id);
                    item.object = Some(object);
                }
                _ if similar.is_empty() => {}
                _ => {
                    let ids = similar.iter().map(|object| object.crm_id).collect();
                    let message = IssueDetail::Cards(ids).to_string();
                    item.warnings.push(Warning { code: FailureCode::DoubtfulMatch, message });
                }
            }
            ready.push(item);
        }
        Ok(ready)
    }

    /// Of the cards that the portal names those that may be the record's. Another guest of ours may
    /// share the phone: that is nobody's doubt, unless the record's own card may have been merged
    /// into that guest's.
    fn similar_cards(&self, item: &WorkItem, found: Vec<Object>) -> Result<Vec<Object>> {
        let originator = &self.config.portal.originator;
        let (ours, mut similar): (Vec<Object>, Vec<Object>) =
            found.into_iter().partition(|object| object.originator == *originator);
        for object in ours.into_iter().filter(|_| item.has_lost_object()) {
            if self.may_be_taken(item.key(), &item.contact_points(&PHONE_AND_EMAIL), &object)? {
                similar.push(object);
            }
        }
        Ok(similar)
    }
}

impl WorkItem {
    fn contact_points(&self, by: &[MatchBy]) -> ContactPoints {
        self.row()
            .and_then(|row| row.body.as_ref().ok())
            .map(|body| ContactPoints::of(body, by))
            .unwrap_or_default()
    }

    /// What the record's card is looked for by. Where the record had one that is gone, and none was
    /// clearly the one it was merged into, the similar ones are to be named.
    fn searched_points(&self, by: &[MatchBy]) -> ContactPoints {
        match (self.planned.step, &self.object) {
            (Step::Create, None) if self.has_lost_object() => self.contact_points(&PHONE_AND_EMAIL),
            (Step::Create, None) => self.contact_points(by),
            _ => ContactPoints::default(),
        }
    }

    /// The record had an object, which is gone from the CRM.
    fn has_lost_object(&self) -> bool {
        self.record.plan_record.had_object && !self.record.detached
    }

    /// The one card that is taken for the record's own.
    fn matching_card(&self, by: &[MatchBy], found: &[Object]) -> Option<Object> {
        self.row()
            .and_then(|row| unique_name_match(&row.display_name, &self.contact_points(by), found))
            .cloned()
    }
}
