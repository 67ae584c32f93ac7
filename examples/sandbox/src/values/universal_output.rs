//! Objects as the universal methods write them: `camelCase`, numbers as numbers (facts, section
//! 1.3).

use crate::data::record::{Kind, Record};
use crate::data::schema::{self, Field, Type};
use crate::data::user_field::UserField;
use crate::php::Php;
use crate::portal::Portal;
use crate::values::legacy_output::{self, ROW_TYPES};
use crate::values::names::camel_case;

/// An object without its rows; `params` may ask for user fields by their original names.
pub(crate) fn item_without_rows(portal: &Portal, kind: Kind, record: &Record, params: &Php) -> Php {
    let original_names = params.argument("useOriginalUfNames").text().eq_ignore_ascii_case("y");
    let mut entries = Vec::new();
    for field in schema::fields_of(kind) {
        if field.holds != Type::Multi && !schema::is_address(field.name) {
            let value = typed_value(portal, kind, record, field);
            entries.push((camel_case(field.name), value));
        }
    }
    for field in portal.dictionaries.user_fields(kind) {
        let name = if original_names { field.name.clone() } else { camel_case(&field.name) };
        entries.push((name, typed_user_value(portal, field, record)));
    }
    entries.push(("entityTypeId".to_owned(), Php::Int(kind.entity_type_id())));
    Php::Array(entries)
}

/// The fields that `select` names, in `camelCase` or `UPPER_CASE`, and no other; `fm` comes with
/// its name or `*`, and deals have none (facts, section 14.4).
pub(crate) fn selected_item(portal: &Portal, kind: Kind, record: &Record, params: &Php) -> Php {
    let selected = params.argument("select").texts();
    let has_star = is_selected(&selected, "*");
    let mut item = item_without_rows(portal, kind, record, params);
    if !has_star
        && !selected.is_empty()
        && let Php::Array(entries) = &mut item
    {
        entries.retain(|(name, _)| is_selected(&selected, name));
    }
    if kind != Kind::Deal && (has_star || is_selected(&selected, "fm")) {
        item.set("fm", write_fm(record));
    }
    item
}

fn is_selected(selected: &[String], name: &str) -> bool {
    selected.iter().any(|asked| asked == name || camel_case(asked) == name)
}

/// Phones, e-mails and the other rows, by their types.
pub(crate) fn write_fm(record: &Record) -> Php {
    let mut rows = Vec::new();
    for type_id in ROW_TYPES {
        for row in record.rows_of(type_id) {
            rows.push(Php::map([
                ("id", Php::from(row.id)),
                ("valueType", Php::from(row.value_type.as_str())),
                ("value", Php::from(row.value.as_str())),
                ("typeId", Php::from(row.type_id.as_str())),
            ]));
        }
    }
    Php::list(rows)
}

/// The answer of `crm.item.fields`.
pub(crate) fn describe_fields(portal: &Portal, kind: Kind) -> Php {
    let mut entries = Vec::new();
    for (name, description) in legacy_output::describe_fields(portal, kind).entries() {
        if !schema::is_address(name) {
            let mut description = description.clone();
            description.set("upperName", name.as_str());
            entries.push((camel_case(name), description));
        }
    }
    Php::Array(entries)
}

fn typed_value(portal: &Portal, kind: Kind, record: &Record, field: &Field) -> Php {
    if matches!(field.holds, Type::Contacts | Type::Companies) {
        return Php::list(record.link_ids());
    }
    let value = legacy_output::field_value(portal, kind, record, field);
    match field.holds {
        Type::Money => as_number(&value),
        Type::Flag if value.is_blank() => Php::yes_no(false),
        Type::Contact | Type::Company | Type::User | Type::Integer if value.is_blank() => {
            Php::Int(0)
        }
        holds if holds.is_number() => Php::Int(value.int()),
        Type::Date | Type::DateTime if value.is_blank() => Php::Null,
        _ => value,
    }
}

fn typed_user_value(portal: &Portal, field: &UserField, record: &Record) -> Php {
    let value = portal.write_user_field(field, record);
    if field.multiple {
        Php::list(value.values().map(|value| typed_single(field, value)))
    } else {
        typed_single(field, &value)
    }
}

fn typed_single(field: &UserField, value: &Php) -> Php {
    match field.type_id.as_str() {
        "double" => as_number(value),
        "integer" | "enumeration" if !value.is_blank() => Php::Int(value.int()),
        "boolean" => Php::yes_no(value.truthy()),
        _ => value.clone(),
    }
}

/// `null` where a text spells no number.
fn as_number(value: &Php) -> Php {
    Php::from(value.text().parse::<f64>().ok())
}
