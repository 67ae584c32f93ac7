//! What a card will look like, field by field: one sample of each kind, or the record that was asked for.

use anyhow::Result;
use serde_json::Value;

use super::ChangePreview;
use crate::crm::deal_parties::DealParties;
use crate::crm::diff::display_value;
use crate::domain::record::Kind;
use crate::mapping::custom_fields::FieldTypes;
use crate::mapping::{creation_fields, origin};
use crate::mirror::{Booking, Entity, Row};
use crate::sync::plan::{Planned, Step};

/// A field of a card that is not empty.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CardField {
    /// The portal's name.
    pub field: String,
    /// What will stand there.
    pub value: String,
}

impl ChangePreview<'_, '_> {
    /// The fields of the card where it is to be shown whole. A sample is a new card: one that is taken over shows its
    /// changes instead.
    pub(super) fn sample(
        &mut self,
        planned: &Planned,
        taken: Option<i64>,
        types: &FieldTypes,
    ) -> Result<Vec<CardField>> {
        let Some(row) = &planned.row else { return Ok(Vec::new()) };
        let is_new = planned.step == Step::Create && taken.is_none() && row.crm_id.is_none();
        let is_sample = is_new && self.unsampled.contains(&planned.key.kind);
        if self.only.is_none() && !is_sample {
            return Ok(Vec::new());
        }
        self.unsampled.retain(|kind| *kind != planned.key.kind);
        self.card(planned.key.kind, row, types)
    }

    fn card(&self, kind: Kind, row: &Row, types: &FieldTypes) -> Result<Vec<CardField>> {
        let Some((mapped, coming)) = self.mapped(row, types)? else { return Ok(Vec::new()) };
        let mut fields = mapped.fields;
        fields.append(&mut creation_fields(kind, self.funnel(row), self.config));
        fields.append(&mut origin(&self.config.portal.originator, &row.id));
        fields.insert("PHONE".into(), mapped.phones.into());
        fields.insert("EMAIL".into(), mapped.emails.into());
        let mut card: Vec<CardField> = fields
            .iter()
            .map(|(field, value)| CardField { field: field.clone(), value: display_value(field, value) })
            .collect();
        append(&mut card, "CONTACT_IDS", coming.iter().map(ToString::to_string).collect());
        if let Ok(Entity::Booking(booking)) = &row.body {
            append(&mut card, "COMPANY_ID", self.coming_company(booking)?);
        }
        card.retain(|field| !field.value.is_empty());
        Ok(card)
    }

    fn funnel(&self, row: &Row) -> Option<u64> {
        match &row.body {
            Ok(Entity::Booking(booking)) => Some(self.config.deal.funnel(booking.status)),
            Ok(Entity::Guest(_) | Entity::Company(_)) | Err(_) => None,
        }
    }

    /// The company of a booking that has no card yet.
    fn coming_company(&self, booking: &Booking) -> Result<Vec<String>> {
        let people = DealParties::of(booking, |key| self.party(key))?;
        let companies = people.missing.iter().filter(|missing| missing.kind == Kind::Company);
        Ok(companies.map(ToString::to_string).collect())
    }
}

/// Adds the records whose cards have no id yet.
fn append(card: &mut [CardField], name: &str, coming: Vec<String>) {
    let Some(field) = card.iter_mut().find(|field| field.field == name) else { return };
    let known = (!field.value.is_empty()).then(|| field.value.clone());
    field.value = known.into_iter().chain(coming).collect::<Vec<_>>().join(", ");
}

/// For programs: `{"LAST_NAME": "…"}`.
pub(super) fn document(card: &[CardField]) -> Value {
    card.iter().map(|CardField { field, value }| (field.clone(), Value::from(value.as_str()))).collect()
}
