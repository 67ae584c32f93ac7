//! The configured fields: what the portal says about their types.

use serde_json::Value;

use crate::config::{Config, is_program_field};
use crate::domain::record::Kind;
use crate::mapping::custom_fields::{FieldType, FieldTypes, Item, ValueFormat};
use crate::sync::preflight::config_check::queries::{dictionary, fields_of};
use crate::sync::preflight::config_check::responses::{PortalOption, Responses, parse_flag, words};

/// A field that the configuration fills.
#[derive(Clone, Debug)]
pub(super) struct ConfiguredField<'c> {
    /// Where it stands in the configuration: `[contact.fields]`.
    pub(super) section: String,
    /// As the portal calls it.
    pub(super) name: &'c str,
    /// What it is filled with: a column, or what the bookings say of a guest.
    pub(super) value: &'c str,
    /// The types that it may have; any that can be filled where there are none.
    pub(super) types: &'static [&'static str],
}

/// What the configuration fills of a kind.
pub(super) fn configured_fields(config: &Config, kind: Kind) -> Vec<ConfiguredField<'_>> {
    let (fields, stays) = match kind {
        Kind::Guest => (&config.contact.fields, Some(&config.contact.stays)),
        Kind::Company => (&config.company.fields, None),
        Kind::Booking => (&config.deal.fields, None),
    };
    let section = format!("[{}.fields]", kind.crm_entity());
    let columns = fields.iter().map(|(name, column)| ConfiguredField {
        section: section.clone(),
        name,
        value: column,
        types: &[],
    });
    let figures = stays.into_iter().flatten().map(|(name, figure)| ConfiguredField {
        section: "[contact.stays]".to_owned(),
        name,
        value: figure.word(),
        types: figure.field_types(),
    });
    columns.chain(figures).collect()
}

/// The dictionaries that configured fields take their values from.
pub(super) fn dictionaries(config: &Config, answers: &Responses) -> impl Iterator<Item = String> {
    let told = move |kind| {
        let fields = configured_fields(config, kind).into_iter();
        fields.filter_map(move |field| answers.get(&fields_of(kind)).ok()?.get(field.name))
    };
    Kind::SEND_ORDER.into_iter().flat_map(told).filter_map(entity)
}

/// The types of all configured fields that exist and can be filled.
pub(super) fn types(config: &Config, answers: &Responses) -> FieldTypes {
    let mut types = FieldTypes::default();
    for kind in Kind::SEND_ORDER {
        let Ok(told) = answers.get(&fields_of(kind)) else { continue };
        for ConfiguredField { name, .. } in configured_fields(config, kind) {
            let field = told.get(name).and_then(|meta| field_type(meta, config, answers));
            types.0[kind].extend(field.map(|field| (name.to_owned(), field)));
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

/// The portal's word for a field's type.
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
    let items = meta["items"].as_array().into_iter().flatten();
    items.map(|item| Item { id: words(&item["ID"]), text: words(&item["VALUE"]) }).collect()
}

fn dictionary_items(meta: &Value, answers: &Responses) -> Option<Vec<Item>> {
    let choices = answers.statuses(&dictionary(&entity(meta)?)).ok()?;
    Some(choices.into_iter().map(|PortalOption { id, name, .. }| Item { id, text: name }).collect())
}

/// The dictionary of a `crm_status` field: told by a standard field itself, by a custom one in its
/// settings.
fn entity(meta: &Value) -> Option<String> {
    if portal_type(meta) != "crm_status" {
        return None;
    }
    let own = [&meta["statusType"], &meta["settings"]["ENTITY_TYPE"]].map(words);
    own.into_iter().find(|entity| !entity.is_empty())
}

/// The fields that an administrator could choose, by what people call them: the hotel's own first.
pub(super) fn choices(kind: Kind, told: &Value) -> Vec<PortalOption> {
    let is_free = |name: &str, meta: &Value| {
        !parse_flag(&meta["isReadOnly"])
            && !is_unfillable(&portal_type(meta))
            && !is_program_field(kind, name)
    };
    let fields = told.as_object().into_iter().flatten().filter(|(name, meta)| is_free(name, meta));
    let mut choices: Vec<PortalOption> = fields.map(|(name, meta)| choice(name, meta)).collect();
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
