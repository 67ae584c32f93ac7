//! What the steps of a plan would change in the CRM: for a dry run, through list calls alone.
//!
//! A portal that does not answer ends the questions and not the dry run: what is not known is not shown.

mod card;
mod correction;
pub mod plan_report;
mod takeover;

use std::collections::BTreeSet;

use anyhow::Result;
pub use card::CardField;

use crate::config::{Config, OnMissing};
use crate::crm::deal_parties::{DealParties, Party, PartyOutlook, PartyRow};
use crate::crm::diff::{Difference, differences, without_foreign_stage};
use crate::crm::objects::Unseen;
use crate::crm::objects::card::{Cards, ObjectWithFields, cards};
use crate::domain::record::{Kind, RecordKey};
use crate::mapping::custom_fields::FieldTypes;
use crate::mapping::deal::DealLinks;
use crate::mapping::{CrmFields, mapped};
use crate::mirror::{Booking, Entity, Row};
use crate::portal::CallError;
use crate::portal::client::Client;
use crate::say;
use crate::state::{State, StoredRecord};
use crate::sync::plan::{PlanStore, Planned, Step};
use crate::sync::preflight::config_check::fetch_and_check;
use crate::sync::push::{Owner, owner_of};

/// New records that are looked for in the CRM: an initial export plans a million, and each costs a question.
const SOUGHT: usize = 500;

/// The only record that a dry run shows.
#[derive(Clone, PartialEq, Debug)]
pub struct Only {
    /// Which record.
    pub key: RecordKey,
    /// The name that people know it by.
    pub name: String,
}

/// What is known of one step.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct StepPreview {
    /// The object that would be taken over instead of a new one.
    pub taken: Option<i64>,
    /// The fields that would change; none where that is not known.
    pub changes: Option<Vec<Difference>>,
    /// The object is gone from the CRM, and what is done then.
    pub gone: Option<OnMissing>,
    /// The object that the record had is gone, or its number is another record's by now: it is made anew.
    pub lost: Option<i64>,
    /// No list shows the object, for this reason.
    pub unseen: Option<Unseen>,
    /// The object does not carry our mark any more.
    pub is_not_ours: bool,
    /// The object that Ecvi names is another record's already.
    pub is_taken: bool,
    /// The booking waits for this guest, who is not sent in this run either.
    pub waits_for: Option<RecordKey>,
    /// What the card will look like; of the first new one of each kind, and of the record that was asked for.
    pub card: Vec<CardField>,
}

/// Sees what steps would change.
pub struct ChangePreview<'a, 'p> {
    config: &'a Config,
    state: &'a State,
    queue: &'a PlanStore,
    gate: Client<'p>,
    /// Learnt with the first question.
    types: Option<FieldTypes>,
    sought: usize,
    notes: Vec<String>,
    blind: bool,
    /// The only record that is shown.
    only: Option<Only>,
    /// The kinds of which a sample card is still to be shown.
    unsampled: Vec<Kind>,
}

impl<'a, 'p> ChangePreview<'a, 'p> {
    /// Asks nothing yet.
    pub fn new(
        config: &'a Config,
        state: &'a State,
        queue: &'a PlanStore,
        gate: Client<'p>,
    ) -> ChangePreview<'a, 'p> {
        ChangePreview {
            config,
            state,
            queue,
            gate,
            types: None,
            sought: 0,
            notes: Vec::new(),
            blind: false,
            only: None,
            unsampled: Vec::new(),
        }
    }

    /// Shows a sample card of each kind.
    #[must_use]
    pub fn with_samples(self) -> ChangePreview<'a, 'p> {
        ChangePreview { unsampled: Kind::SEND_ORDER.to_vec(), ..self }
    }

    /// Shows this record alone, with its whole card.
    #[must_use]
    pub fn only(self, only: Option<Only>) -> ChangePreview<'a, 'p> {
        ChangePreview { only, ..self }
    }

    /// What could not be found out, in words.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// What is known of each step; all are of one kind.
    pub fn see(&mut self, kind: Kind, steps: &[Planned]) -> Result<Vec<StepPreview>> {
        if self.blind || !steps.iter().any(|planned| self.asks(planned)) {
            return Ok(vec![StepPreview::default(); steps.len()]);
        }
        match self.look(kind, steps) {
            Err(error) => {
                self.give_up(error)?;
                Ok(vec![StepPreview::default(); steps.len()])
            }
            seen => seen,
        }
    }

    /// The portal does not answer: it is asked no more.
    fn give_up(&mut self, error: anyhow::Error) -> Result<()> {
        let error: CallError = error.downcast()?;
        self.blind = true;
        let reason = error.into_run_error().message;
        self.notes
            .push(say!("Прежние значения не показаны: {reason}.", "Old values are not shown: {reason}."));
        Ok(())
    }

    fn asks(&self, planned: &Planned) -> bool {
        match planned.step {
            Step::Update | Step::Recheck => true,
            Step::Create => self.sought < SOUGHT,
            Step::Close | Step::Fail | Step::Gone | Step::Forget | Step::Delete => false,
        }
    }

    fn look(&mut self, kind: Kind, steps: &[Planned]) -> Result<Vec<StepPreview>> {
        let types = self.types()?;
        let taken = self.takeovers(kind, steps)?;
        let mut wanted = Vec::new();
        let mut cards_to_be = Vec::new();
        for planned in steps {
            let record = self.state.record(&planned.key)?.unwrap_or_default();
            let known =
                record.plan_record.crm_id.filter(|_| matches!(planned.step, Step::Update | Step::Recheck));
            let crm_id = known.or(taken.get(&planned.key.id).copied());
            let row = planned.row.as_ref().filter(|_| crm_id.is_some());
            let mapped = row.map(|row| self.mapped(row, &types)).transpose()?.flatten();
            cards_to_be.push(self.sample(planned, crm_id, &types)?);
            wanted.push((crm_id, record, mapped));
        }
        let ids: BTreeSet<i64> = wanted.iter().filter_map(|(crm_id, ..)| *crm_id).collect();
        let named = wanted.iter().filter_map(|(.., mapped)| Some(mapped.as_ref()?.0.fields.keys().cloned()));
        let fields: BTreeSet<String> = named.flatten().chain(["CONTACT_IDS".to_owned()]).collect();
        let ids: Vec<i64> = ids.into_iter().collect();
        let Cards { seen: cards, unseen } = cards(&mut self.gate, kind, &ids, &fields)?;
        let mut prospects = Vec::new();
        for ((planned, (crm_id, record, mapped)), card_to_be) in steps.iter().zip(wanted).zip(cards_to_be) {
            let card = crm_id.and_then(|crm_id| cards.get(&crm_id));
            let unseen = crm_id.and_then(|crm_id| unseen.get(&crm_id)).cloned();
            let is_gone = crm_id.is_some() && card.is_none() && unseen.is_none();
            let lost = record.plan_record.crm_id.filter(|_| planned.step == Step::Create);
            let is_not_ours = self.is_not_ours(planned, &record, card)?;
            let named = record.named_by(planned.row.as_ref()).filter(|_| planned.step == Step::Create);
            prospects.push(StepPreview {
                gone: is_gone.then_some(self.config.sync.on_missing),
                lost,
                unseen,
                is_not_ours,
                taken: crm_id.filter(|_| planned.step == Step::Create),
                is_taken: crm_id.is_none()
                    && named.is_some_and(|named| taken.values().any(|id| *id == named)),
                waits_for: self.waits_for(planned)?,
                changes: self.changes(kind, &record, mapped, card, &types),
                card: card_to_be,
            });
        }
        Ok(prospects)
    }

    fn is_not_ours(
        &self,
        planned: &Planned,
        record: &StoredRecord,
        card: Option<&ObjectWithFields>,
    ) -> Result<bool> {
        let is_change = matches!(planned.step, Step::Update | Step::Recheck);
        let Some(card) = card.filter(|_| is_change) else { return Ok(false) };
        let originator = &self.config.portal.originator;
        Ok(owner_of(self.state, originator, &planned.key, record, &card.object)? == Owner::Unknown)
    }

    /// The guest without whom the booking does not go, unless this run sends them before it.
    fn waits_for(&self, planned: &Planned) -> Result<Option<RecordKey>> {
        let Some(Ok(Entity::Booking(booking))) = planned.row.as_ref().map(|row| &row.body) else {
            return Ok(None);
        };
        let waits_for = DealParties::of(booking, |key| self.party(key))?.waits_for;
        let Some(guest) = waits_for else { return Ok(None) };
        let step = self.step_of_guest(&guest)?.map(|planned| planned.step);
        let is_due = matches!(planned.step, Step::Create | Step::Update | Step::Recheck);
        Ok((is_due && !matches!(step, Some(Step::Create | Step::Update))).then_some(guest))
    }

    fn step_of_guest(&self, guest: &RecordKey) -> Result<Option<Planned>> {
        for key in guest.clone().with_other_type() {
            if let Some(planned) = self.queue.step_of(&key)? {
                return Ok(Some(planned));
            }
        }
        Ok(None)
    }

    fn types(&mut self) -> Result<FieldTypes> {
        if let Some(types) = &self.types {
            return Ok(types.clone());
        }
        let verdict = fetch_and_check(self.config, &mut self.gate)?;
        if let Err(stop) = verdict.into_result() {
            self.notes.push(stop.message.to_string());
        }
        self.types = Some(verdict.fields.clone());
        Ok(verdict.fields)
    }

    /// What would be written, and which of a deal's guests have no object yet.
    fn mapped(&self, row: &Row, types: &FieldTypes) -> Result<Option<(CrmFields, Vec<RecordKey>)>> {
        let (links, coming) = match &row.body {
            Ok(Entity::Booking(booking)) => self.people(booking)?,
            Ok(Entity::Guest(_) | Entity::Company(_)) | Err(_) => Default::default(),
        };
        Ok(mapped(row, &links, self.config, types).map(|mapped| (mapped, coming)))
    }

    fn people(&self, booking: &Booking) -> Result<(DealLinks, Vec<RecordKey>)> {
        let mut people = DealParties::of(booking, |key| self.party(key))?;
        let mut coming = people.missing;
        coming.retain(|missing| missing.kind == Kind::Guest);
        if let Some(guest) = people.waits_for {
            let planned = self.step_of_guest(&guest)?.and_then(|planned| planned.row);
            people.links.last_name = planned.map(|row| row.display_name).unwrap_or_default();
            coming.retain(|other| *other != guest);
            coming.insert(0, guest);
        }
        Ok((people.links, coming))
    }

    /// As the run will find them after it has sent the people.
    fn party(&self, key: &RecordKey) -> Result<Party> {
        let planned = self.queue.step_of(key)?;
        let step = planned.as_ref().map(|planned| planned.step);
        let row = match planned.and_then(|planned| planned.row) {
            _ if step == Some(Step::Gone) => PartyRow::Gone,
            Some(row) => PartyRow::Coming(row.display_name),
            None => PartyRow::AsStored,
        };
        let outlook = PartyOutlook { row, card_is_gone: step == Some(Step::Create) };
        Ok(outlook.resolve(key.kind, self.state.record(key)?, self.gate.clock().now()))
    }

    fn changes(
        &self,
        kind: Kind,
        record: &StoredRecord,
        mapped: Option<(CrmFields, Vec<RecordKey>)>,
        card: Option<&ObjectWithFields>,
        types: &FieldTypes,
    ) -> Option<Vec<Difference>> {
        let ((mut mapped, coming), card) = (mapped?, card?);
        without_foreign_stage(kind, &self.config.deal, &card.object, &mut mapped);
        let mut changes = differences(&mapped, &record.owned_values, card, types.of(kind));
        if !coming.is_empty() {
            changes.retain(|change| change.field != "CONTACT_IDS");
            changes.extend(Difference::of_people(&mapped, card, &coming));
        }
        Some(changes)
    }
}
