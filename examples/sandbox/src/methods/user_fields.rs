//! `crm.contact.userfield.*` and the like.

use crate::answer::{Outcome, Refusal, ok};
use crate::data::record::Kind;
use crate::data::user_field::{UserField, by_language, prefixed};
use crate::methods::legacy::id_of;
use crate::methods::plain_list;
use crate::php::Php;
use crate::portal::Portal;

/// The handler of a verb after `userfield.`.
pub(crate) fn find(verb: &str) -> Option<fn(&mut Portal, Kind, &Php) -> Outcome> {
    Some(match verb {
        "add" => add,
        "update" => update,
        "get" => get,
        "list" => list,
        "delete" => delete,
        _ => return None,
    })
}

fn add(portal: &mut Portal, kind: Kind, params: &Php) -> Outcome {
    let fields = params.argument("fields");
    let (name, type_id) = (fields.get("FIELD_NAME").text(), fields.get("USER_TYPE_ID").text());
    if name.is_empty() || type_id.is_empty() {
        return Err(Refusal::core("Не заполнено обязательное поле."));
    }
    if portal.dictionaries.user_field(kind, &prefixed(&name)).is_some() {
        let text = format!("Поле {} для объекта {} уже существует.", prefixed(&name), entity(kind));
        return Err(Refusal::core(text));
    }
    let multiple = fields.get("MULTIPLE").text() == "Y";
    portal.add_user_field(kind, &name, &type_id, multiple, &[]);
    portal.counters.writes += 1;
    let Some(field) = portal.dictionaries.user_fields.last_mut() else { return ok(false) };
    take(field, fields);
    ok(field.id)
}

fn update(portal: &mut Portal, kind: Kind, params: &Php) -> Outcome {
    let field = portal.own_field(kind, params)?;
    take(field, params.argument("fields"));
    portal.counters.writes += 1;
    ok(true)
}

fn get(portal: &mut Portal, kind: Kind, params: &Php) -> Outcome {
    let field = portal.own_field(kind, params)?;
    ok(row(field))
}

fn list(portal: &mut Portal, kind: Kind, params: &Php) -> Outcome {
    Ok(plain_list::page(portal.dictionaries.user_fields(kind).map(row), params))
}

fn delete(portal: &mut Portal, kind: Kind, params: &Php) -> Outcome {
    let id = portal.own_field(kind, params)?.id;
    portal.dictionaries.user_fields.retain(|field| field.id != id);
    portal.counters.writes += 1;
    ok(true)
}

impl Portal {
    fn own_field(&mut self, kind: Kind, params: &Php) -> Result<&mut UserField, Refusal> {
        let id = id_of(params)?;
        let mut fields = self.dictionaries.user_fields.iter_mut();
        fields.find(|field| field.id == id && field.kind == kind).ok_or_else(|| {
            Refusal::new(400, "ERROR_NOT_FOUND", format!("The entity with ID '{id}' is not found."))
        })
    }
}

/// Name, type and multiplicity of a field never change.
fn take(field: &mut UserField, fields: &Php) {
    for (name, value) in fields.entries() {
        match name.as_str() {
            "FIELD_NAME" | "USER_TYPE_ID" | "MULTIPLE" | "ID" | "ENTITY_ID" => {}
            "LIST" => take_items(field, value),
            label if label.ends_with("_LABEL") => field.extra.set(name, by_language(value)),
            _ => field.extra.set(name, value.clone()),
        }
    }
}

fn take_items(field: &mut UserField, list: &Php) {
    for item in list.values() {
        let id = u64::try_from(item.get("ID").int()).unwrap_or(0);
        field.items.retain(|(known, _)| *known != id);
        let next = field.items.iter().map(|(id, _)| id + 1).max().unwrap_or(field.id * 100 + 1);
        if item.get("DEL").text() != "Y" {
            field.items.push((if id > 0 { id } else { next }, item.get("VALUE").text()));
        }
    }
}

fn entity(kind: Kind) -> String {
    format!("CRM_{}", kind.word().to_uppercase())
}

fn row(field: &UserField) -> Php {
    let mut out = Php::map([
        ("ID", field.id.to_string()),
        ("ENTITY_ID", entity(field.kind)),
        ("FIELD_NAME", field.name.clone()),
        ("USER_TYPE_ID", field.type_id.clone()),
        ("XML_ID", String::new()),
        ("SORT", "100".to_owned()),
        ("MULTIPLE", if field.multiple { "Y" } else { "N" }.to_owned()),
        ("MANDATORY", "N".to_owned()),
        ("SHOW_FILTER", "N".to_owned()),
        ("SHOW_IN_LIST", "Y".to_owned()),
        ("EDIT_IN_LIST", "Y".to_owned()),
        ("IS_SEARCHABLE", "N".to_owned()),
    ]);
    out.set("SETTINGS", Php::empty());
    for (name, value) in field.extra.entries() {
        out.set(name, value.clone());
    }
    if field.type_id == "enumeration" {
        let item = |(id, value): &(u64, String)| {
            Php::map([
                ("ID", id.to_string()),
                ("SORT", "100".to_owned()),
                ("VALUE", value.clone()),
                ("DEF", "N".to_owned()),
            ])
        };
        out.set("LIST", Php::list(field.items.iter().map(item)));
    }
    out
}
