//! Which objects new records would take over: by origin, by the id that Ecvi knows, by phone and e-mail.

use std::collections::BTreeMap;

use anyhow::Result;

use super::{ChangePreview, SOUGHT};
use crate::config::PartyConfig;
use crate::crm::contact_match::{ContactPoints, find_by_contact, not_ours, unique_name_match};
use crate::crm::objects::{Object, by_origin};
use crate::domain::record::{Kind, RecordId};
use crate::mirror::Row;
use crate::say;
use crate::sync::plan::{Planned, Step};

impl ChangePreview<'_, '_> {
    pub(super) fn takeovers(&mut self, kind: Kind, steps: &[Planned]) -> Result<BTreeMap<RecordId, i64>> {
        let new: Vec<&Planned> = steps.iter().filter(|planned| planned.step == Step::Create).collect();
        let (new, left) = new.split_at(new.len().min(SOUGHT.saturating_sub(self.sought)));
        if !left.is_empty() && self.sought < SOUGHT {
            self.notes.push(say!(
                "Готовые объекты искались только для первых {SOUGHT} новых записей.",
                "Only the first {SOUGHT} new records were looked for in the CRM."
            ));
        }
        self.sought += new.len() + left.len();
        let ids: Vec<RecordId> = new.iter().map(|planned| planned.key.id.clone()).collect();
        let standing = by_origin(&mut self.gate, kind, &self.config.portal.originator, &ids)?.found;
        let oldest = |(id, objects): (RecordId, Vec<i64>)| Some((id, *objects.first()?));
        let mut taken: BTreeMap<RecordId, i64> = standing.into_iter().filter_map(oldest).collect();
        let mut others = Vec::new();
        for planned in
            new.iter().filter(|planned| !taken.contains_key(&planned.key.id)).copied().collect::<Vec<_>>()
        {
            match self.known_by_ecvi(planned)? {
                // Of two rows that name one object the second fails.
                Some(crm_id) if taken.values().any(|one| *one == crm_id) => {}
                Some(crm_id) => drop(taken.insert(planned.key.id.clone(), crm_id)),
                None => others.push(planned),
            }
        }
        taken.append(&mut self.contact_matches(kind, &others)?);
        Ok(taken)
    }

    fn known_by_ecvi(&self, planned: &Planned) -> Result<Option<i64>> {
        let record = self.state.record(&planned.key)?.unwrap_or_default();
        // A record that has lost its object is not put on that one again.
        let is_lost = |crm_id: &i64| record.plan_record.crm_id == Some(*crm_id);
        Ok(record.named_by(planned.row.as_ref()).filter(|crm_id| !is_lost(crm_id)))
    }

    /// Those that `match_existing` would take for the same.
    fn contact_matches(&mut self, kind: Kind, new: &[&Planned]) -> Result<BTreeMap<RecordId, i64>> {
        let Some(PartyConfig { match_existing: by, .. }) = self.config.person(kind) else {
            return Ok(BTreeMap::new());
        };
        let (mut rows, mut reaches) = (Vec::new(), Vec::new());
        for row in new.iter().filter_map(|planned| planned.row.as_ref()) {
            let reach = row.body.as_ref().map(|body| ContactPoints::of(body, by)).unwrap_or_default();
            if !reach.is_empty() {
                rows.push(row);
                reaches.push(reach);
            }
        }
        let answers = find_by_contact(&mut self.gate, kind, &reaches)?;
        let mut met = BTreeMap::new();
        for ((row, reach), found) in rows.into_iter().zip(&reaches).zip(answers) {
            if let Some(crm_id) = self
                .stranger(kind, row, reach, found.unwrap_or_default())?
                .filter(|id| !met.values().any(|one| one == id))
            {
                met.insert(row.id.clone(), crm_id);
            }
        }
        Ok(met)
    }

    fn stranger(
        &self,
        kind: Kind,
        row: &Row,
        reach: &ContactPoints,
        found: Vec<Object>,
    ) -> Result<Option<i64>> {
        let strangers = not_ours(found, &self.config.portal.originator);
        let Some(one) = unique_name_match(&row.display_name, reach, &strangers) else { return Ok(None) };
        Ok(self.state.records_of_object(kind, one.crm_id)?.is_empty().then_some(one.crm_id))
    }
}
