//! What a card will look like, field by field: one sample of each kind, or the record that was
//! asked for.

use super::ChangePreview;
use super::change_preview::MappedRow;
use crate::crm::diff::display_value;
use crate::domain::record::{Kind, RecordKey};
use crate::domain::run_error::Result;
use crate::mapping::custom_fields::FieldTypes;
use crate::mapping::deal::funnel_of;
use crate::mapping::{creation_fields, origin};
use crate::mirror::Row;
use crate::sync::plan::{Planned, Step};

/// A field of a card that is not empty.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CardField {
    /// Its name in the portal.
    pub field: String,
    /// What it will hold, as people read it.
    pub value: String,
    /// The guests or the company that will be added to the value, once they have a card.
    pub coming: Vec<RecordKey>,
}

impl ChangePreview<'_, '_> {
    /// The fields of the card where it is to be shown whole. A sample is a new card: an existing
    /// one that is linked shows its changes instead.
    pub(super) fn sample(
        &mut self,
        planned: &Planned,
        takeover: Option<i64>,
        types: &FieldTypes,
    ) -> Result<Vec<CardField>> {
        let Some(row) = &planned.row else { return Ok(Vec::new()) };
        let is_new = planned.step == Step::Create && takeover.is_none() && row.crm_id.is_none();
        let is_sample = is_new && self.unsampled.contains(&planned.key.kind);
        if self.only.is_none() && !is_sample {
            return Ok(Vec::new());
        }
        self.unsampled.retain(|kind| *kind != planned.key.kind);
        self.card(&planned.key, row, types)
    }

    fn card(&self, key: &RecordKey, row: &Row, types: &FieldTypes) -> Result<Vec<CardField>> {
        let Some(MappedRow { fields: mapped, coming }) = self.mapped(key, row, types)? else {
            return Ok(Vec::new());
        };
        let mut fields = mapped.fields;
        fields.append(&mut creation_fields(
            key.kind,
            funnel_of(row, &self.config.deal),
            self.config,
        ));
        fields.append(&mut origin(&self.config.portal.originator, &key.id));
        fields.insert("PHONE".into(), mapped.phones.into());
        fields.insert("EMAIL".into(), mapped.emails.into());
        let mut card = Vec::new();
        for (field, value) in &fields {
            let coming = match field.as_str() {
                "CONTACT_IDS" => coming.clone(),
                "COMPANY_ID" => self.coming_companies(row)?,
                _ => Vec::new(),
            };
            card.push(CardField {
                field: field.clone(),
                value: display_value(field, value),
                coming,
            });
        }
        card.retain(|field| !field.value.is_empty() || !field.coming.is_empty());
        Ok(card)
    }

    /// The company of a booking, where it has no card yet.
    fn coming_companies(&self, row: &Row) -> Result<Vec<RecordKey>> {
        let Some(booking) = row.booking() else { return Ok(Vec::new()) };
        let mut coming = self.parties(booking)?.missing;
        coming.retain(|missing| missing.kind == Kind::Company);
        Ok(coming)
    }
}
