//! The configured fields: what the portal says about their types.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::config::{Config, is_program_field};
use crate::domain::record::Kind;
use crate::mapping::custom_fields::{FieldType, FieldTypes, Item, ValueFormat};
use crate::sync::preflight::config_check::queries::{dictionary, fields_of};
use crate::sync::preflight::config_check::responses::{PortalOption, Responses, parse_flag, words};

/// A field that the configuration fills.
#[derive(Clone, Debug)]
pub(super) struct ConfiguredField<'c> {
    /// The section of the configuration: `[contact.fields]`.
    pub(super) section: String,
    /// The portal's name of the field.
    pub(super) name: &'c str,
    /// Its value: a column, or a figure of a guest's stays.
    pub(super) value: &'c str,
    /// The types that it may have; empty where it may have every type that can be filled.
    pub(super) types: &'static [&'static str],
}

/// The fields of a kind that the configuration fills.
pub(super) fn configured_fields(config: &Config, kind: Kind) -> Vec<ConfiguredField<'_>> {
    let (fields, stays) = match kind {
        Kind::Guest => (&config.contact.fields, Some(&config.contact.stays)),
        Kind::Company => (&config.company.fields, None),
        Kind::Booking => (&config.deal.fields, None),
    };
    let mut configured = Vec::new();
    for (name, column) in fields {
        let section = format!("[{}.fields]", kind.crm_entity());
        configured.push(ConfiguredField { section, name, value: column, types: &[] });
    }
    for (name, figure) in stays.into_iter().flatten() {
        let section = "[contact.stays]".to_owned();
        let types = figure.field_types();
        configured.push(ConfiguredField { section, name, value: figure.word(), types });
    }
    configured
}

/// The dictionaries that configured fields take their values from.
pub(super) fn dictionaries(config: &Config, answers: &Responses) -> BTreeSet<String> {
    let mut dictionaries = BTreeSet::new();
    for kind in Kind::SEND_ORDER {
        let Ok(fields) = answers.get(&fields_of(kind)) else { continue };
        for field in configured_fields(config, kind) {
            dictionaries.extend(fields.get(field.name).and_then(entity));
        }
    }
    dictionaries
}

/// The types of all configured fields that exist and can be filled.
pub(super) fn types(config: &Config, answers: &Responses) -> FieldTypes {
    let mut types = FieldTypes::default();
    for kind in Kind::SEND_ORDER {
        let Ok(fields) = answers.get(&fields_of(kind)) else { continue };
        for ConfiguredField { name, .. } in configured_fields(config, kind) {
            let Some(meta) = fields.get(name) else { continue };
            if let Some(field) = field_type(meta, config, answers) {
                types.0[kind].insert(name.to_owned(), field);
            }
        }
    }
    types
}

fn field_type(meta: &Value, config: &Config, answers: &Responses) -> Option<FieldType> {
    Some(FieldType {
        form: form(meta, config, answers)?,
        multiple: parse_flag(&meta["isMultiple"]),
    })
}

fn form(meta: &Value, config: &Config, answers: &Responses) -> Option<ValueFormat> {
    Some(match portal_type(meta).as_str() {
        kind if is_unfillable(kind) => return None,
        "address" => ValueFormat::Address,
        "integer" | "int" | "user" | "employee" | "iblock_element" | "iblock_section" => {
            ValueFormat::Integer
        }
        "crm_lead" | "crm_deal" | "crm_contact" | "crm_company" | "crm_quote" => {
            ValueFormat::Integer
        }
        "double" | "float" => ValueFormat::Decimal,
        "money" => ValueFormat::Money(config.deal.currency.clone()),
        "date" => ValueFormat::Date,
        "datetime" => ValueFormat::DateTime,
        "boolean" => ValueFormat::Boolean,
        "char" => ValueFormat::Flag,
        "enumeration" => ValueFormat::List(items(meta)),
        "crm_status" => {
            dictionary_items(meta, answers).map_or(ValueFormat::Text, ValueFormat::List)
        }
        _ => ValueFormat::Text,
    })
}

/// A field's type, by the portal's name.
pub(super) fn portal_type(meta: &Value) -> String {
    words(&meta["type"])
}

/// Types that no text can fill.
pub(super) fn is_unfillable(kind: &str) -> bool {
    matches!(
        kind,
        "file" | "disk_file" | "crm_multifield" | "product_row" | "resourcebooking" | "recurring"
    )
}

fn items(meta: &Value) -> Vec<Item> {
    let mut items = Vec::new();
    for item in meta["items"].as_array().into_iter().flatten() {
        items.push(Item { id: words(&item["ID"]), text: words(&item["VALUE"]) });
    }
    items
}

fn dictionary_items(meta: &Value, answers: &Responses) -> Option<Vec<Item>> {
    let mut items = Vec::new();
    for PortalOption { id, name, .. } in answers.statuses(&dictionary(&entity(meta)?)).ok()? {
        items.push(Item { id, text: name });
    }
    Some(items)
}

/// The dictionary of a `crm_status` field. A standard field has it in `statusType`, a custom field
/// in its settings.
fn entity(meta: &Value) -> Option<String> {
    if portal_type(meta) != "crm_status" {
        return None;
    }
    let own = [&meta["statusType"], &meta["settings"]["ENTITY_TYPE"]].map(words);
    own.into_iter().find(|entity| !entity.is_empty())
}

/// The fields that an administrator can choose, with their labels: custom fields first.
pub(super) fn choices(kind: Kind, fields: &Value) -> Vec<PortalOption> {
    let mut choices = Vec::new();
    for (name, meta) in fields.as_object().into_iter().flatten() {
        let is_writable = !parse_flag(&meta["isReadOnly"]) && !is_unfillable(&portal_type(meta));
        if is_writable && !is_program_field(kind, name) {
            choices.push(choice(name, meta));
        }
    }
    choices.sort_by_key(|choice| (!choice.id.starts_with("UF_"), choice.id.clone()));
    choices
}

fn choice(name: &str, meta: &Value) -> PortalOption {
    let label = field_label(name, meta).unwrap_or_default();
    PortalOption { id: name.to_owned(), name: label, semantics: None }
}

/// What people call a field; none where it has no label but its name.
pub fn field_label(name: &str, meta: &Value) -> Option<String> {
    let labels = ["formLabel", "listLabel", "title"].map(|key| words(&meta[key]));
    labels.into_iter().find(|label| !label.is_empty() && label != name)
}
