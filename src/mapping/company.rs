//! A company of Ecvi as a company of the CRM.

use serde_json::{Map, Value};

use super::{CrmFields, text};
use crate::config::PartyConfig;
use crate::domain::record::{Kind, RecordId};
use crate::mapping::custom_fields::FieldTypes;
use crate::mirror::Company;

/// The fields of a company.
pub fn company(
    id: &RecordId,
    company: &Company,
    extra: &Map<String, Value>,
    config: &PartyConfig,
    types: &FieldTypes,
) -> CrmFields {
    let Company { name, address, city, country, postal_code, phones, emails, comment } = company;
    let mut mapped = CrmFields::default();
    let name = if name.trim().is_empty() { &format!("Компания №{id}") } else { name };
    mapped.text("TITLE", name, 255);
    let comments = config.comments.fill(&|name| match name {
        "comment" => comment.clone(),
        column => super::column(extra, column),
    });
    mapped.fields.insert("COMMENTS".into(), text::comment(&comments).into());
    mapped.address(&[
        ("ADDRESS", address, 1024),
        ("ADDRESS_CITY", city, 128),
        ("ADDRESS_COUNTRY", country, 128),
        ("ADDRESS_POSTAL_CODE", postal_code, 16),
    ]);
    mapped.set_contact_points(phones, emails);
    mapped.custom(&config.fields, extra, types.of(Kind::Company));
    mapped
}
