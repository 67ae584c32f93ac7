//! Which existing cards new records would be linked to: by origin, by the id that Ecvi knows, by
//! phone and e-mail.

use std::collections::BTreeMap;

use super::ChangePreview;
use super::change_preview::MAX_LOOKUPS;
use crate::crm::objects::by_origin;
use crate::domain::messages::CommandMessage;
use crate::domain::record::{Kind, RecordId};
use crate::domain::run_error::Result;
use crate::state::StoredRecord;
use crate::sync::card_lookup::{ContactMatch, Seeker};
use crate::sync::plan::{Planned, Step};

impl ChangePreview<'_, '_> {
    pub(super) fn takeovers(
        &mut self,
        kind: Kind,
        steps: &[Planned],
    ) -> Result<BTreeMap<RecordId, i64>> {
        let new = self.within_limit(steps);
        let ids: Vec<RecordId> = new.iter().map(|planned| planned.key.id.clone()).collect();
        let existing =
            by_origin(&mut self.client, kind, &self.config.portal.originator, &ids)?.found;
        let mut takeovers = BTreeMap::new();
        for (id, cards) in existing {
            if let Some(oldest) = cards.first() {
                takeovers.insert(id, *oldest);
            }
        }
        self.claimed[kind].extend(takeovers.values());
        let mut others = Vec::new();
        for planned in new {
            if takeovers.contains_key(&planned.key.id) {
                continue;
            }
            let record = self.state.record(&planned.key)?.unwrap_or_default();
            let Some(crm_id) = named_by_ecvi(planned, &record) else {
                others.push((planned, record));
                continue;
            };
            let holders = self.lookup().ecvi.other_holders(&planned.key, crm_id)?;
            // Of two rows that name one card the second fails.
            if self.claimed[kind].insert(crm_id) && holders.is_empty() {
                takeovers.insert(planned.key.id.clone(), crm_id);
            }
        }
        let seekers: Vec<Seeker<'_>> =
            others.iter().map(|(planned, record)| Seeker::new(planned, record)).collect();
        let claimed = self.claimed[kind].clone();
        for (id, matched) in self.lookup().match_by_contact(kind, &seekers, claimed)? {
            if let ContactMatch::Card(card) = matched {
                self.claimed[kind].insert(card.crm_id);
                takeovers.insert(id, card.crm_id);
            }
        }
        Ok(takeovers)
    }

    /// The new records, up to the limit of those that are looked for.
    fn within_limit<'s>(&mut self, steps: &'s [Planned]) -> Vec<&'s Planned> {
        let mut new: Vec<&Planned> =
            steps.iter().filter(|planned| planned.step == Step::Create).collect();
        let limit = MAX_LOOKUPS.saturating_sub(self.lookups);
        if new.len() > limit && limit > 0 {
            self.notes.push(CommandMessage::OnlyFirstLookedFor { records: MAX_LOOKUPS }.into());
        }
        self.lookups += new.len();
        new.truncate(limit);
        new
    }
}

/// A record that has lost its card is not linked to that one again.
fn named_by_ecvi(planned: &Planned, record: &StoredRecord) -> Option<i64> {
    let named = record.named_by(planned.row.as_ref());
    named.filter(|crm_id| record.plan_record.crm_id != Some(*crm_id))
}
