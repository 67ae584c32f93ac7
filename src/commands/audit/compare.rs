//! The settled records beside their cards, a chunk at a time.

use std::collections::BTreeSet;

use super::drift::{Drift, Problem, Subject};
use super::{Audit, CHUNK};
use crate::crm::deal_parties::{DealParties, PartyOutlook};
use crate::crm::diff::{differences, without_foreign_stage};
use crate::crm::objects::Unseen;
use crate::crm::objects::card::{Cards, cards};
use crate::domain::record::{Kind, RecordId, RecordKey};
use crate::domain::run_error::Result;
use crate::mapping::deal::DealLinks;
use crate::mapping::stays::StaySummary;
use crate::mapping::{CrmFields, mapped, origin};
use crate::mirror::{Booking, Row};
use crate::state::StoredRecord;
use crate::sync::plan::{Lane, PlanStore, Planned, Step, references_any};
use crate::sync::push::{Owner, ProgressObserver, owner_of};

/// A record, and what its card should hold.
struct Expected {
    key: RecordKey,
    crm_id: i64,
    /// As it was when the comparison began.
    record: StoredRecord,
    /// What the bookings say of a guest, as it was then.
    stays: Option<StaySummary>,
    /// None where several records share the card: each writes its own values into it.
    mapped: Option<CrmFields>,
}

impl Audit<'_, '_, '_> {
    /// Compares the records of a queue.
    pub(super) fn compare(
        &mut self,
        queue: &PlanStore,
        observer: &mut dyn ProgressObserver,
    ) -> Result<()> {
        for kind in Kind::SEND_ORDER {
            loop {
                self.client.check_time()?;
                let chunk = queue.take_some(Lane::of(kind, Step::Update), CHUNK)?;
                if chunk.is_empty() {
                    break;
                }
                self.compare_chunk(kind, &chunk, queue)?;
                observer.on_batch_done(kind, chunk.len() as u64, self.client);
            }
        }
        Ok(())
    }

    fn compare_chunk(&mut self, kind: Kind, chunk: &[Planned], queue: &PlanStore) -> Result<()> {
        let mut records = Vec::new();
        for planned in chunk {
            match self.expected(planned, queue)? {
                Some(expected) => records.push(expected),
                None => self.findings.counts.pending[kind] += 1,
            }
        }
        let cards = self.cards(kind, &records)?;
        for expected in records {
            let problem = self.problem(&expected, &cards)?;
            if problem.is_some() && !self.is_unchanged(&expected, queue)? {
                self.findings.counts.pending[kind] += 1;
                continue;
            }
            self.findings.counts.compared[kind] += 1;
            for field in expected.fields_not_shown(&cards) {
                *self.findings.unread.entry((kind, field)).or_default() += 1;
            }
            if let Some(problem) = problem {
                self.report_drift(expected, problem)?;
            }
        }
        Ok(())
    }

    fn report_drift(&mut self, expected: Expected, problem: Problem) -> Result<()> {
        let Expected { key, crm_id, record, stays: _, mapped: _ } = expected;
        let subject =
            Subject::Record { key: key.clone(), display_name: record.plan_record.display_name };
        let drift = Drift { subject, crm_ids: vec![crm_id], problem };
        if drift.is_repairable() {
            self.findings.scratch.add_repair(&key)?;
        }
        self.report(&drift)
    }

    /// Whether no run has sent the record while the portal was asked.
    fn is_unchanged(&self, expected: &Expected, queue: &PlanStore) -> Result<bool> {
        let key = &expected.key;
        if queue.stay_summary(self.state, key)? != expected.stays {
            return Ok(false);
        }
        let now = self.state.record(key)?.unwrap_or_default().plan_record;
        Ok(now.crm_id == Some(expected.crm_id)
            && now.modified_at == expected.record.plan_record.modified_at
            && !self.state.doubts(key.kind)?.contains_key(&key.id))
    }

    /// None when the record was sent, changed or unlinked since it was read.
    fn expected(&self, planned: &Planned, queue: &PlanStore) -> Result<Option<Expected>> {
        let key = &planned.key;
        let (Some(row), Some(record)) = (&planned.row, self.state.record(key)?) else {
            return Ok(None);
        };
        let sent = &record.plan_record;
        let Some(crm_id) = sent.crm_id else { return Ok(None) };
        if sent.modified_at.as_ref() != Some(&row.modified_at)
            || sent.parties_hash != row.parties_hash
        {
            return Ok(None);
        }
        let Some(links) = self.links(row, &record)? else { return Ok(None) };
        let is_shared = record.shared
            || (!record.carries_origin
                && self.state.records_of_object(key.kind, crm_id)?.len() > 1);
        let stays = queue.stay_summary(self.state, key)?;
        let fields = mapped(row, &links, stays.as_ref(), self.config, self.types);
        let mapped = match fields {
            Some(fields) if !is_shared => Some(self.with_origin(fields, &row.id)),
            Some(_) | None => None,
        };
        Ok(Some(Expected { key: key.clone(), crm_id, record, stays, mapped }))
    }

    /// The cards that the deal should name; none when the deal is about to be sent with others.
    fn links(&self, row: &Row, record: &StoredRecord) -> Result<Option<DealLinks>> {
        let Some(booking) = row.booking() else { return Ok(Some(DealLinks::default())) };
        let parties = self.parties(booking)?;
        let is_as_sent = parties.fingerprint() == record.links_hash;
        let is_due = record.plan_record.pending.recheck || references_any(Some(row), &self.dirty);
        Ok((is_as_sent || !is_due).then_some(parties.links))
    }

    fn parties(&self, booking: &Booking) -> Result<DealParties> {
        let now = self.client.clock().now();
        DealParties::of(booking, |key| {
            Ok(PartyOutlook::default().resolve(key.kind, self.state.record(key)?, now))
        })
    }

    fn with_origin(&self, mut mapped: CrmFields, id: &RecordId) -> CrmFields {
        mapped.fields.append(&mut origin(&self.config.portal.originator, id));
        mapped
    }

    fn cards(&mut self, kind: Kind, records: &[Expected]) -> Result<Cards> {
        let mut ids = BTreeSet::new();
        let mut fields = BTreeSet::new();
        for Expected { crm_id, mapped, .. } in records {
            ids.insert(*crm_id);
            if let Some(mapped) = mapped {
                fields.extend(mapped.fields.keys().cloned());
            }
        }
        let ids: Vec<i64> = ids.into_iter().collect();
        Ok(cards(self.client, kind, &ids, &fields)?)
    }

    fn problem(&self, expected: &Expected, cards: &Cards) -> Result<Option<Problem>> {
        let Expected { key, crm_id, record, mapped, stays: _ } = expected;
        match cards.unseen.get(crm_id) {
            Some(Unseen::Denied) => return Ok(Some(Problem::Hidden)),
            Some(Unseen::Unreadable(reason)) => {
                return Ok(Some(Problem::Unreadable { reason: reason.clone() }));
            }
            None => {}
        }
        let Some(card) = cards.seen.get(crm_id) else { return Ok(Some(Problem::Missing)) };
        match owner_of(self.state, &self.config.portal.originator, key, record, &card.object)? {
            Owner::Record => {}
            Owner::AnotherRecord => {
                return Ok(Some(Problem::OthersCard { origin: card.object.origin.clone() }));
            }
            Owner::Unknown => return Ok(Some(Problem::NotOurs)),
        }
        let Some(mut mapped) = mapped.clone() else { return Ok(None) };
        without_foreign_stage(key.kind, &self.config.deal, &card.object, &mut mapped);
        let fields = differences(&mapped, &record.owned_values, card, self.types.of(key.kind));
        Ok((!fields.is_empty()).then_some(Problem::Different { fields }))
    }
}

impl Expected {
    /// The fields that the portal does not show, so that they cannot be compared.
    fn fields_not_shown(&self, cards: &Cards) -> Vec<String> {
        let (Some(card), Some(mapped)) = (cards.seen.get(&self.crm_id), &self.mapped) else {
            return Vec::new();
        };
        mapped.fields.keys().filter(|field| !card.fields.contains_key(*field)).cloned().collect()
    }
}
