//! What the steps of a plan would change in the CRM.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::card::CardField;
use super::correction::Relinked;
use super::{Only, StepPreview};
use crate::config::Config;
use crate::crm::deal_parties::{DealParties, Party, PartyOutlook, PartyRow};
use crate::crm::diff::{Difference, differences, without_foreign_stage};
use crate::crm::objects::card::{Cards, ObjectWithFields, cards};
use crate::domain::messages::{CommandMessage, Message};
use crate::domain::per_kind::PerKind;
use crate::domain::record::{Kind, RecordId, RecordKey};
use crate::domain::run_error::{Result, RunError};
use crate::mapping::custom_fields::FieldTypes;
use crate::mapping::deal::DealLinks;
use crate::mapping::{CrmFields, mapped};
use crate::mirror::{Booking, Row};
use crate::portal::CallError;
use crate::portal::client::Client;
use crate::state::{State, StoredRecord};
use crate::sync::card_lookup::{CardLookup, EcviRecords};
use crate::sync::plan::{PlanStore, Planned, Step};
use crate::sync::preflight::config_check::fetch_and_check;
use crate::sync::push::{Owner, owner_of};

/// New records that are looked for in the CRM. An initial export plans a million of them, and each
/// costs a question.
pub(super) const MAX_LOOKUPS: usize = 500;

/// Finds out what steps would change.
pub struct ChangePreview<'a, 'p> {
    pub(super) config: &'a Config,
    pub(super) state: &'a State,
    pub(super) queue: &'a PlanStore,
    pub(super) client: Client<'p>,
    /// Known since the first question.
    types: Option<FieldTypes>,
    /// New records that were looked for.
    pub(super) lookups: usize,
    /// Records whose cards are gone, and that are on another one.
    pub(super) relinked: HashMap<RecordKey, Relinked>,
    /// Cards that a record shown so far gets.
    pub(super) claimed: PerKind<HashSet<i64>>,
    pub(super) notes: Vec<Message>,
    /// The portal did not answer and is not asked again.
    portal_unavailable: bool,
    /// The one record that is shown, with its whole card.
    pub(super) only: Option<Only>,
    /// The kinds of which a sample card is still to be shown.
    pub(super) unsampled: Vec<Kind>,
}

/// What would be written of a row.
pub(super) struct MappedRow {
    pub(super) fields: CrmFields,
    /// The guests of the deal who have no card yet.
    pub(super) coming: Vec<RecordKey>,
}

/// A step, and the card that it is about.
struct Target<'s> {
    planned: &'s Planned,
    record: StoredRecord,
    crm_id: Option<i64>,
    mapped: Option<MappedRow>,
    sample: Vec<CardField>,
}

impl<'a, 'p> ChangePreview<'a, 'p> {
    /// The portal is not asked yet.
    pub fn new(
        config: &'a Config,
        state: &'a State,
        queue: &'a PlanStore,
        client: Client<'p>,
    ) -> ChangePreview<'a, 'p> {
        ChangePreview {
            config,
            state,
            queue,
            client,
            types: None,
            lookups: 0,
            relinked: HashMap::new(),
            claimed: PerKind::default(),
            notes: Vec::new(),
            portal_unavailable: false,
            only: None,
            unsampled: Vec::new(),
        }
    }

    pub(super) fn lookup(&mut self) -> CardLookup<'_, 'p> {
        let ecvi = EcviRecords { state: self.state, queue: self.queue, in_flight: None };
        CardLookup { config: self.config, ecvi, client: &mut self.client }
    }

    /// What is known of each step; all are of one kind.
    pub(super) fn preview(&mut self, steps: &[Planned]) -> Result<Vec<StepPreview>> {
        if !self.portal_unavailable && steps.iter().any(|planned| self.asks_about(planned)) {
            match self.fetch_preview(steps) {
                Err(RunError::Portal(error)) => self.give_up(&error),
                previews => return previews,
            }
        }
        Ok(vec![StepPreview::default(); steps.len()])
    }

    /// The portal does not answer: it is not asked again.
    pub(super) fn give_up(&mut self, error: &CallError) {
        self.portal_unavailable = true;
        let reason = error.message().into();
        self.notes.push(CommandMessage::OldValuesUnknown { reason }.into());
    }

    fn asks_about(&self, planned: &Planned) -> bool {
        match planned.step {
            Step::Update | Step::Recheck => true,
            Step::Create => self.lookups < MAX_LOOKUPS,
            Step::SendCloseDate
            | Step::Fail
            | Step::MarkAbsent
            | Step::DropRecord
            | Step::Delete => false,
        }
    }

    fn fetch_preview(&mut self, steps: &[Planned]) -> Result<Vec<StepPreview>> {
        let Some(kind) = steps.first().map(|planned| planned.key.kind) else {
            return Ok(Vec::new());
        };
        let types = self.types()?;
        let takeovers = self.takeovers(kind, steps)?;
        let mut targets = Vec::new();
        for planned in steps {
            targets.push(self.target(planned, &takeovers, &types)?);
        }
        let cards = self.cards(kind, &targets)?;
        targets.into_iter().map(|target| self.step_preview(target, &cards, &types)).collect()
    }

    fn target<'s>(
        &mut self,
        planned: &'s Planned,
        takeovers: &BTreeMap<RecordId, i64>,
        types: &FieldTypes,
    ) -> Result<Target<'s>> {
        let record = self.record(&planned.key)?.unwrap_or_default();
        let own = if is_change(planned) { record.plan_record.crm_id } else { None };
        let crm_id = own.or(takeovers.get(&planned.key.id).copied());
        let mapped = match &planned.row {
            Some(row) if crm_id.is_some() => self.mapped(&planned.key, row, types)?,
            Some(_) | None => None,
        };
        let sample = self.sample(planned, crm_id, types)?;
        Ok(Target { planned, record, crm_id, mapped, sample })
    }

    fn cards(&mut self, kind: Kind, targets: &[Target<'_>]) -> Result<Cards> {
        let mut ids = BTreeSet::new();
        let mut fields = BTreeSet::from(["CONTACT_IDS".to_owned()]);
        for target in targets {
            ids.extend(target.crm_id);
            if let Some(mapped) = &target.mapped {
                fields.extend(mapped.fields.fields.keys().cloned());
            }
        }
        let ids: Vec<i64> = ids.into_iter().collect();
        Ok(cards(&mut self.client, kind, &ids, &fields)?)
    }

    fn step_preview(
        &self,
        target: Target<'_>,
        cards: &Cards,
        types: &FieldTypes,
    ) -> Result<StepPreview> {
        let Target { planned, record, crm_id, mapped, sample } = target;
        let kind = planned.key.kind;
        let is_new = planned.step == Step::Create;
        let card = crm_id.and_then(|crm_id| cards.seen.get(&crm_id));
        let unseen = crm_id.and_then(|crm_id| cards.unseen.get(&crm_id)).cloned();
        let relinked = self.relinked.get(&planned.key);
        let is_missing = crm_id.is_some() && card.is_none() && unseen.is_none();
        let is_taken = match record.named_by(planned.row.as_ref()) {
            Some(named) => is_new && crm_id.is_none() && self.claimed[kind].contains(&named),
            None => false,
        };
        Ok(StepPreview {
            takeover: if is_new || relinked.is_some() { crm_id } else { None },
            missing: is_missing.then_some(self.config.sync.on_missing),
            former_card: match relinked {
                Some(relinked) => Some(relinked.former),
                None if is_new => record.plan_record.crm_id,
                None => None,
            },
            unseen,
            is_not_ours: self.is_not_ours(planned, &record, card)?,
            is_taken,
            waits_for: self.waits_for(planned)?,
            changes: self.changes(kind, &record, mapped, card, types),
            card: sample,
        })
    }

    fn is_not_ours(
        &self,
        planned: &Planned,
        record: &StoredRecord,
        card: Option<&ObjectWithFields>,
    ) -> Result<bool> {
        let Some(card) = card else { return Ok(false) };
        if !is_change(planned) {
            return Ok(false);
        }
        let originator = &self.config.portal.originator;
        let owner = owner_of(self.state, originator, &planned.key, record, &card.object)?;
        Ok(owner == Owner::Unknown)
    }

    /// The guest without whom the booking is not sent, unless this run sends the guest before it.
    fn waits_for(&self, planned: &Planned) -> Result<Option<RecordKey>> {
        let Some(booking) = planned.row.as_ref().and_then(Row::booking) else { return Ok(None) };
        let Some(guest) = self.parties(booking)?.waits_for else { return Ok(None) };
        let step = self.step_of_guest(&guest)?.map(|planned| planned.step);
        let guest_is_sent = matches!(step, Some(Step::Create | Step::Update));
        let booking_is_sent = planned.step == Step::Create || is_change(planned);
        Ok((booking_is_sent && !guest_is_sent).then_some(guest))
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
        let verdict = fetch_and_check(self.config, &mut self.client)?;
        if let Err(error) = verdict.into_result() {
            self.notes.push(error.message());
        }
        self.types = Some(verdict.fields.clone());
        Ok(verdict.fields)
    }

    /// What would be written of a row; none where it cannot be read.
    pub(super) fn mapped(
        &self,
        key: &RecordKey,
        row: &Row,
        types: &FieldTypes,
    ) -> Result<Option<MappedRow>> {
        let (links, coming) = match row.booking() {
            Some(booking) => self.links(booking)?,
            None => Default::default(),
        };
        let stays = self.queue.stay_summary(self.state, key)?;
        let fields = mapped(row, &links, stays.as_ref(), self.config, types);
        Ok(fields.map(|fields| MappedRow { fields, coming }))
    }

    /// The cards of a booking's guests and company, and the guests who have none yet.
    fn links(&self, booking: &Booking) -> Result<(DealLinks, Vec<RecordKey>)> {
        let mut parties = self.parties(booking)?;
        let mut coming = parties.missing;
        coming.retain(|missing| missing.kind == Kind::Guest);
        if let Some(guest) = parties.waits_for {
            let row = self.step_of_guest(&guest)?.and_then(|planned| planned.row);
            parties.links.last_name = row.map(|row| row.display_name).unwrap_or_default();
            coming.retain(|other| *other != guest);
            coming.insert(0, guest);
        }
        Ok((parties.links, coming))
    }

    pub(super) fn parties(&self, booking: &Booking) -> Result<DealParties> {
        DealParties::of(booking, |key| self.party(key))
    }

    /// As the run will find them after it has sent the people.
    fn party(&self, key: &RecordKey) -> Result<Party> {
        let planned = self.queue.step_of(key)?;
        let step = planned.as_ref().map(|planned| planned.step);
        let row = match planned.and_then(|planned| planned.row) {
            _ if step == Some(Step::MarkAbsent) => PartyRow::Gone,
            Some(row) => PartyRow::Coming(row.display_name),
            None => PartyRow::AsStored,
        };
        let outlook = PartyOutlook { row, card_is_gone: step == Some(Step::Create) };
        Ok(outlook.resolve(key.kind, self.record(key)?, self.client.clock().now()))
    }

    /// What is known of a record, on the card where a run will find it.
    fn record(&self, key: &RecordKey) -> Result<Option<StoredRecord>> {
        let mut record = self.state.record(key)?;
        if let (Some(record), Some(relinked)) = (&mut record, self.relinked.get(key)) {
            record.plan_record.crm_id = Some(relinked.crm_id);
            // Whatever mark the card carries, the run takes it.
            record.carries_origin = false;
        }
        Ok(record)
    }

    fn changes(
        &self,
        kind: Kind,
        record: &StoredRecord,
        mapped: Option<MappedRow>,
        card: Option<&ObjectWithFields>,
        types: &FieldTypes,
    ) -> Option<Vec<Difference>> {
        let MappedRow { mut fields, coming } = mapped?;
        let card = card?;
        without_foreign_stage(kind, &self.config.deal, &card.object, &mut fields);
        let mut changes = differences(&fields, &record.owned_values, card, types.of(kind));
        if !coming.is_empty() {
            changes.retain(|change| change.field != "CONTACT_IDS");
            changes.extend(Difference::of_people(&fields, card, &coming));
        }
        Some(changes)
    }
}

/// Whether the step changes a card that the record has.
fn is_change(planned: &Planned) -> bool {
    matches!(planned.step, Step::Update | Step::Recheck)
}
