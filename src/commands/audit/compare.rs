//! The settled records beside their objects, a chunk at a time.

use std::collections::{BTreeSet, HashSet};

use anyhow::Result;

use super::drift::Drift;
use super::report::Report;
use super::{CHUNK, Findings};
use crate::config::Config;
use crate::crm::deal_parties::{DealParties, PartyOutlook};
use crate::crm::diff::{differences, without_foreign_stage};
use crate::crm::objects::Unseen;
use crate::crm::objects::card::{Cards, ObjectWithFields, cards};
use crate::domain::record::{Kind, RecordId, RecordKey};
use crate::mapping::custom_fields::FieldTypes;
use crate::mapping::deal::DealLinks;
use crate::mapping::{CrmFields, mapped, origin};
use crate::mirror::{Booking, Entity, Row};
use crate::portal::client::Client;
use crate::state::{State, StoredRecord};
use crate::sync::plan::{Lane, PlanStore, Planned, Step, references_any};
use crate::sync::push::{Owner, ProgressObserver, owner_of};

/// A comparison under way.
pub(super) struct Comparison<'a, 'p> {
    pub(super) config: &'a Config,
    pub(super) types: &'a FieldTypes,
    pub(super) state: &'a State,
    /// Whose deals are about to be looked at.
    pub(super) touched: HashSet<RecordKey>,
    pub(super) gate: &'a mut Client<'p>,
}

/// A record, and what its object should read.
struct Expected {
    key: RecordKey,
    label: String,
    crm_id: i64,
    /// As it was when the comparison began.
    record: StoredRecord,
    /// None where several records share the object: each writes its own into it.
    mapped: Option<CrmFields>,
}

impl Comparison<'_, '_> {
    pub(super) fn all(
        &mut self,
        queue: &PlanStore,
        findings: &mut Findings,
        report: &mut Report<'_>,
        watch: &mut dyn ProgressObserver,
    ) -> Result<()> {
        for kind in Kind::SEND_ORDER {
            loop {
                self.gate.check_time()?;
                let chunk = queue.take_some(Lane::of(kind, Step::Update), CHUNK)?;
                if chunk.is_empty() {
                    break;
                }
                let size = chunk.len() as u64;
                self.chunk(kind, chunk, findings, report)?;
                watch.done(kind, size, self.gate);
            }
        }
        Ok(())
    }

    fn chunk(
        &mut self,
        kind: Kind,
        chunk: Vec<Planned>,
        findings: &mut Findings,
        report: &mut Report<'_>,
    ) -> Result<()> {
        let mut records = Vec::new();
        for planned in chunk {
            match self.expected(&planned)? {
                Some(expected) => records.push(expected),
                None => findings.tally.pending[kind] += 1,
            }
        }
        let cards = self.cards(kind, &records)?;
        for expected in records {
            let drift = self.drift(&expected, &cards)?;
            if drift.is_some() && !self.still_holds(&expected)? {
                findings.tally.pending[kind] += 1;
                continue;
            }
            findings.tally.compared[kind] += 1;
            findings.note_unread(kind, expected.unread(&cards));
            let Some(drift) = drift else { continue };
            if drift.is_mendable() {
                findings.shelf.repair(&expected.key)?;
                findings.tally.mendable += 1;
            } else {
                findings.tally.other += 1;
            }
            report.drift(&drift)?;
        }
        Ok(())
    }

    /// Whether no run has touched the record while the portal was asked.
    fn still_holds(&self, expected: &Expected) -> Result<bool> {
        let key = &expected.key;
        let record = self.state.record(key)?.unwrap_or_default();
        let StoredRecord { plan_record: known, .. } = record;
        Ok(known.crm_id == Some(expected.crm_id)
            && known.modified_at == expected.record.plan_record.modified_at
            && !self.state.doubts(key.kind)?.contains_key(&key.id))
    }

    /// None when the record was sent, changed or let go of since it was read.
    fn expected(&self, planned: &Planned) -> Result<Option<Expected>> {
        let key = &planned.key;
        let (Some(row), Some(record)) = (&planned.row, self.state.record(key)?) else {
            return Ok(None);
        };
        let known = &record.plan_record;
        let Some(crm_id) = known.crm_id else { return Ok(None) };
        if known.modified_at.as_ref() != Some(&row.modified_at) || known.people != row.parties_hash {
            return Ok(None);
        }
        let Some(links) = self.links(row, &record)? else { return Ok(None) };
        let shared =
            record.shared || (!record.marked && self.state.records_of_object(key.kind, crm_id)?.len() > 1);
        let mapped = mapped(row, &links, self.config, self.types).filter(|_| !shared);
        let mapped = mapped.map(|mapped| self.with_origin(mapped, &row.id));
        Ok(Some(Expected { key: key.clone(), label: known.display_name.clone(), crm_id, record, mapped }))
    }

    /// The people that the deal should show; none when it is about to be sent with others.
    fn links(&self, row: &Row, record: &StoredRecord) -> Result<Option<DealLinks>> {
        let Ok(Entity::Booking(booking)) = &row.body else { return Ok(Some(DealLinks::default())) };
        let people = self.people(booking)?;
        let is_as_sent = people.fingerprint() == record.links_hash;
        let is_due = record.plan_record.pending.recheck || references_any(Some(row), &self.touched);
        Ok((is_as_sent || !is_due).then_some(people.links))
    }

    fn people(&self, booking: &Booking) -> Result<DealParties> {
        let now = self.gate.clock().now();
        DealParties::of(booking, |key| {
            Ok(PartyOutlook::default().resolve(key.kind, self.state.record(key)?, now))
        })
    }

    fn with_origin(&self, mut mapped: CrmFields, id: &RecordId) -> CrmFields {
        mapped.fields.append(&mut origin(&self.config.portal.originator, id));
        mapped
    }

    fn cards(&mut self, kind: Kind, records: &[Expected]) -> Result<Cards> {
        let ids: BTreeSet<i64> = records.iter().map(|expected| expected.crm_id).collect();
        let wanted = records.iter().filter_map(|expected| expected.mapped.as_ref());
        let fields: BTreeSet<String> = wanted.flat_map(|mapped| mapped.fields.keys().cloned()).collect();
        Ok(cards(self.gate, kind, &ids.into_iter().collect::<Vec<_>>(), &fields)?)
    }

    fn drift(&self, expected: &Expected, cards: &Cards) -> Result<Option<Drift>> {
        let Expected { key, label, crm_id, record, mapped } = expected;
        let (key, label, crm_id) = (key.clone(), label.clone(), *crm_id);
        match cards.unseen.get(&crm_id) {
            Some(Unseen::Denied) => return Ok(Some(Drift::Hidden { key, label, crm_id })),
            Some(Unseen::Unreadable(reason)) => {
                let reason = reason.to_string();
                return Ok(Some(Drift::Unreadable { key, label, crm_id, reason }));
            }
            None => {}
        }
        let Some(card) = cards.seen.get(&crm_id) else {
            return Ok(Some(Drift::Missing { key, label, crm_id }));
        };
        match owner_of(self.state, &self.config.portal.originator, &key, record, &card.object)? {
            Owner::Record => {}
            Owner::AnotherRecord => {
                let origin = card.object.origin.clone();
                return Ok(Some(Drift::OthersCard { key, label, crm_id, origin }));
            }
            Owner::Unknown => return Ok(Some(Drift::NotOurs { key, label, crm_id })),
        }
        let Some(mut mapped) = mapped.clone() else { return Ok(None) };
        without_foreign_stage(key.kind, &self.config.deal, &card.object, &mut mapped);
        let fields = differences(&mapped, &record.owned_values, card, self.types.of(key.kind));
        Ok((!fields.is_empty()).then_some(Drift::Different { key, label, crm_id, fields }))
    }
}

impl Expected {
    /// The fields that the portal did not answer with, so that they were not compared.
    fn unread(&self, cards: &Cards) -> Vec<String> {
        let (Some(card), Some(mapped)) = (cards.seen.get(&self.crm_id), &self.mapped) else {
            return Vec::new();
        };
        let fields = mapped.fields.keys().filter(|field| is_unread(card, field));
        fields.cloned().collect()
    }
}

fn is_unread(card: &ObjectWithFields, field: &str) -> bool {
    !card.fields.contains_key(field)
}
