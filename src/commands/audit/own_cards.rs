//! The cards under our originator: those that no list shows, those that several carry, and those
//! without a record.

use super::drift::{Drift, Problem, Subject};
use super::scratch_db::OwnCard;
use super::{Audit, CHUNK};
use crate::crm::inventory::{self, Gaps};
use crate::crm::objects::{by_id, by_origin};
use crate::domain::record::{Kind, RecordId, RecordKey};
use crate::domain::run_error::Result;
use crate::sync::push::ProgressObserver;

impl Audit<'_, '_, '_> {
    /// Lists all cards under our originator, and reports those that fit no record.
    pub(super) fn check_own_cards(&mut self, observer: &mut dyn ProgressObserver) -> Result<()> {
        let scratch = &self.findings.scratch;
        let gaps = inventory::for_each_object(
            self.client,
            &self.config.portal.originator,
            |kind, object| {
                observer.on_object_seen(kind);
                Ok(scratch.add_card(kind, &object.origin, object.crm_id)?)
            },
        )?;
        self.report_unreadable(gaps)?;
        for kind in Kind::SEND_ORDER {
            self.report_duplicates(kind)?;
        }
        for kind in Kind::SEND_ORDER {
            self.report_orphans(kind)?;
        }
        Ok(())
    }

    /// Cards that no list shows, unless a record has them: it was compared with its card already.
    fn report_unreadable(&mut self, gaps: Gaps) -> Result<()> {
        for ((kind, crm_id), reason) in gaps {
            if self.state.records_of_object(kind, crm_id)?.is_empty() {
                let problem = Problem::Unreadable { reason: reason.into() };
                self.report(&Drift::for_card(kind, crm_id, problem))?;
            }
        }
        Ok(())
    }

    /// Records that have several cards, looked at once more.
    fn report_duplicates(&mut self, kind: Kind) -> Result<()> {
        let mut ids = Vec::new();
        for origin in self.findings.scratch.duplicates(kind)? {
            let named = self.state.find_by_origin(kind, &origin)?;
            ids.push(named.map_or_else(|| RecordId::parse(&origin), |(key, _)| key.id));
        }
        for ids in ids.chunks(CHUNK) {
            let found = by_origin(self.client, kind, &self.config.portal.originator, ids)?.found;
            for (id, mut crm_ids) in found {
                let key = RecordKey { kind, id };
                let record = self.state.record(&key)?.unwrap_or_default().plan_record;
                crm_ids.extend(record.crm_id.filter(|crm_id| !crm_ids.contains(crm_id)));
                if crm_ids.len() > 1 {
                    let subject = Subject::Record { key, display_name: record.display_name };
                    self.report(&Drift { subject, crm_ids, problem: Problem::Duplicates })?;
                }
            }
        }
        Ok(())
    }

    /// Cards without a record, if they are still there and no run has linked them meanwhile.
    fn report_orphans(&mut self, kind: Kind) -> Result<()> {
        let mut last = OwnCard::default();
        loop {
            let cards = self.findings.scratch.orphans(kind, &last, CHUNK)?;
            let Some(end) = cards.last() else { return Ok(()) };
            last = end.clone();
            let ids: Vec<i64> = cards.iter().map(|card| card.crm_id).collect();
            let existing = by_id(self.client, kind, &ids)?;
            for OwnCard { origin, crm_id } in cards {
                let is_orphan = existing.contains_key(&crm_id)
                    && !self.state.has_record_for(kind, &origin, crm_id)?;
                if is_orphan {
                    self.report(&Drift::for_card(kind, crm_id, Problem::Orphan { origin }))?;
                }
            }
        }
    }
}
