//! `crm.contact.userfield.*` and the like.

use crate::answer::{Outcome, Refusal, ok};
use crate::data::record::Kind;
use crate::data::user_field::{UserField, by_language, prefixed};
use crate::methods::legacy::id_argument;
use crate::methods::plain_list;
use crate::php::Php;
use crate::portal::Portal;

pub(crate) fn add_field(portal: &mut Portal, kind: Kind, params: &Php) -> Outcome {
    let fields = params.argument("fields");
    let name = fields.get("FIELD_NAME").text();
    let type_id = fields.get("USER_TYPE_ID").text();
    if name.is_empty() || type_id.is_empty() {
        return Err(Refusal::core_error("Не заполнено обязательное поле."));
    }
    let name = prefixed(&name);
    if portal.dictionaries.user_field(kind, &name).is_some() {
        let object = entity_id(kind);
        let text = format!("Поле {name} для объекта {object} уже существует.");
        return Err(Refusal::core_error(text));
    }
    let multiple = fields.get("MULTIPLE").is_yes();
    portal.add_user_field(kind, &name, &type_id, multiple, &[]);
    portal.counters.writes += 1;
    let Some(field) = portal.dictionaries.user_fields.last_mut() else { return ok(false) };
    change_field(field, fields);
    ok(field.id)
}

pub(crate) fn update_field(portal: &mut Portal, kind: Kind, params: &Php) -> Outcome {
    let field = portal.own_field(kind, params)?;
    change_field(field, params.argument("fields"));
    portal.counters.writes += 1;
    ok(true)
}

pub(crate) fn get_field(portal: &mut Portal, kind: Kind, params: &Php) -> Outcome {
    let field = portal.own_field(kind, params)?;
    ok(write_row(field))
}

pub(crate) fn list_fields(portal: &mut Portal, kind: Kind, params: &Php) -> Outcome {
    let rows = portal.dictionaries.user_fields(kind).map(write_row);
    Ok(plain_list::find_page(rows, params))
}

pub(crate) fn delete_field(portal: &mut Portal, kind: Kind, params: &Php) -> Outcome {
    let id = portal.own_field(kind, params)?.id;
    portal.dictionaries.user_fields.retain(|field| field.id != id);
    portal.counters.writes += 1;
    ok(true)
}

impl Portal {
    /// The user field of this kind that the `id` of a call names.
    fn own_field(&mut self, kind: Kind, params: &Php) -> Result<&mut UserField, Refusal> {
        let id = id_argument(params)?;
        for field in &mut self.dictionaries.user_fields {
            if field.id == id && field.kind == kind {
                return Ok(field);
            }
        }
        let text = format!("The entity with ID '{id}' is not found.");
        Err(Refusal::new(400, "ERROR_NOT_FOUND", text))
    }
}

/// Name, type and multiplicity of a field never change.
fn change_field(field: &mut UserField, fields: &Php) {
    for (name, value) in fields.entries() {
        match name.as_str() {
            "FIELD_NAME" | "USER_TYPE_ID" | "MULTIPLE" | "ID" | "ENTITY_ID" => {}
            "LIST" => change_items(field, value),
            label if label.ends_with("_LABEL") => field.extra.set(name, by_language(value)),
            _ => field.extra.set(name, value.clone()),
        }
    }
}

/// Replaces, adds and (with `DEL`) removes entries of an enumeration.
fn change_items(field: &mut UserField, list: &Php) {
    for item in list.values() {
        let sent_id = item.get("ID").positive_id();
        field.items.retain(|(id, _)| Some(*id) != sent_id);
        if item.get("DEL").is_yes() {
            continue;
        }
        let id = sent_id.unwrap_or_else(|| next_item_id(field));
        field.items.push((id, item.get("VALUE").text()));
    }
}

fn next_item_id(field: &UserField) -> u64 {
    match field.items.iter().map(|(id, _)| *id).max() {
        Some(largest) => largest + 1,
        None => field.id * 100 + 1,
    }
}

/// `CRM_CONTACT`, `CRM_COMPANY`, `CRM_DEAL`.
fn entity_id(kind: Kind) -> String {
    format!("CRM_{}", kind.word().to_uppercase())
}

fn write_row(field: &UserField) -> Php {
    let mut out = Php::map([
        ("ID", Php::Str(field.id.to_string())),
        ("ENTITY_ID", Php::Str(entity_id(field.kind))),
        ("FIELD_NAME", Php::from(field.name.as_str())),
        ("USER_TYPE_ID", Php::from(field.type_id.as_str())),
        ("XML_ID", Php::from("")),
        ("SORT", Php::from("100")),
        ("MULTIPLE", Php::yes_no(field.multiple)),
        ("MANDATORY", Php::yes_no(false)),
        ("SHOW_FILTER", Php::yes_no(false)),
        ("SHOW_IN_LIST", Php::yes_no(true)),
        ("EDIT_IN_LIST", Php::yes_no(true)),
        ("IS_SEARCHABLE", Php::yes_no(false)),
        ("SETTINGS", Php::empty()),
    ]);
    for (name, value) in field.extra.entries() {
        out.set(name, value.clone());
    }
    if field.type_id == "enumeration" {
        out.set("LIST", Php::list(field.items.iter().map(write_item)));
    }
    out
}

fn write_item((id, text): &(u64, String)) -> Php {
    Php::map([
        ("ID", Php::Str(id.to_string())),
        ("SORT", Php::from("100")),
        ("VALUE", Php::from(text.as_str())),
        ("DEF", Php::yes_no(false)),
    ])
}
