//! Which existing cards new records would be linked to: by origin, by the id that Ecvi knows, by
//! phone and e-mail.

use std::collections::BTreeMap;

use super::ChangePreview;
use super::change_preview::MAX_LOOKUPS;
use crate::config::PartyConfig;
use crate::crm::contact_match::{ContactPoints, find_by_contact, not_ours, unique_name_match};
use crate::crm::objects::{Object, by_origin};
use crate::domain::messages::CommandMessage;
use crate::domain::record::{Kind, RecordId};
use crate::domain::run_error::Result;
use crate::mirror::Row;
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
        let mut others = Vec::new();
        for planned in new {
            if takeovers.contains_key(&planned.key.id) {
                continue;
            }
            match self.named_by_ecvi(planned)? {
                // Of two rows that name one card the second fails.
                Some(crm_id) if takeovers.values().any(|taken| *taken == crm_id) => {}
                Some(crm_id) => drop(takeovers.insert(planned.key.id.clone(), crm_id)),
                None => others.push(planned),
            }
        }
        takeovers.append(&mut self.contact_matches(kind, &others)?);
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

    fn named_by_ecvi(&self, planned: &Planned) -> Result<Option<i64>> {
        let record = self.state.record(&planned.key)?.unwrap_or_default();
        // A record that has lost its card is not linked to that one again.
        let named = record.named_by(planned.row.as_ref());
        Ok(named.filter(|crm_id| record.plan_record.crm_id != Some(*crm_id)))
    }

    /// Those that `match_existing` would take for the same.
    fn contact_matches(&mut self, kind: Kind, new: &[&Planned]) -> Result<BTreeMap<RecordId, i64>> {
        let Some(PartyConfig { match_existing: by, .. }) = self.config.party(kind) else {
            return Ok(BTreeMap::new());
        };
        let mut rows = Vec::new();
        let mut points = Vec::new();
        for row in new.iter().filter_map(|planned| planned.row.as_ref()) {
            let of_row =
                row.body.as_ref().map(|body| ContactPoints::of(body, by)).unwrap_or_default();
            if !of_row.is_empty() {
                rows.push(row);
                points.push(of_row);
            }
        }
        let answers = find_by_contact(&mut self.client, kind, &points)?;
        let mut matches: BTreeMap<RecordId, i64> = BTreeMap::new();
        for ((row, points), found) in rows.into_iter().zip(&points).zip(answers) {
            let Some(crm_id) = self.contact_match(kind, row, points, found.unwrap_or_default())?
            else {
                continue;
            };
            if !matches.values().any(|other| *other == crm_id) {
                matches.insert(row.id.clone(), crm_id);
            }
        }
        Ok(matches)
    }

    /// The card of the same name among those that nobody has linked yet.
    fn contact_match(
        &self,
        kind: Kind,
        row: &Row,
        points: &ContactPoints,
        found: Vec<Object>,
    ) -> Result<Option<i64>> {
        let candidates = not_ours(found, &self.config.portal.originator);
        let Some(card) = unique_name_match(&row.display_name, points, &candidates) else {
            return Ok(None);
        };
        Ok(self.state.records_of_object(kind, card.crm_id)?.is_empty().then_some(card.crm_id))
    }
}
