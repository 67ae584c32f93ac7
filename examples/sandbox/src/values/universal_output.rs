//! Objects as the universal methods write them: `camelCase`, numbers as numbers (facts, section
//! 1.3).

use crate::data::record::{Kind, Record};
use crate::data::schema::{self, Field, Type};
use crate::data::user_field::UserField;
use crate::methods::universal::original_names;
use crate::php::Php;
use crate::portal::Portal;
use crate::values::legacy_output::{self, ROW_TYPES};
use crate::values::names::camel;

/// Everything but the rows.
pub(crate) fn item(portal: &Portal, kind: Kind, record: &Record, original: bool) -> Php {
    let standard =
        written(kind).map(|field| (camel(field.name), typed(portal, kind, record, field)));
    let own = portal.dictionaries.user_fields(kind);
    let own = own.map(|field| (user_name(field, original), typed_user(portal, field, record)));
    let mut item = Php::map(standard.chain(own));
    item.set("entityTypeId", kind.entity_type_id());
    item
}

/// The fields that `select` names, in `camelCase` or `UPPER_CASE`, and no other; `fm` comes with
/// its name or `*`, and deals have none (facts, section 14.4).
pub(crate) fn selected(portal: &Portal, kind: Kind, record: &Record, params: &Php) -> Php {
    let names: Vec<String> = params.argument("select").values().map(Php::text).collect();
    let asks = |name: &str| names.iter().any(|asked| asked == name || camel(asked) == name);
    let mut item = item(portal, kind, record, original_names(params));
    let everything = asks("*");
    if let (Php::Array(entries), false) = (&mut item, everything || names.is_empty()) {
        entries.retain(|(name, _)| asks(name));
    }
    if kind != Kind::Deal && (everything || asks("fm")) {
        item.set("fm", rows(record));
    }
    item
}

/// Phones and the like.
pub(crate) fn rows(record: &Record) -> Php {
    let of_type =
        |type_id: &'static str| record.rows.iter().filter(move |row| row.type_id == type_id);
    Php::list(ROW_TYPES.into_iter().flat_map(of_type).map(|row| {
        Php::map([
            ("id", Php::from(row.id)),
            ("valueType", Php::from(row.value_type.as_str())),
            ("value", Php::from(row.value.as_str())),
            ("typeId", Php::from(row.type_id.as_str())),
        ])
    }))
}

/// The answer of `crm.item.fields`.
pub(crate) fn fields(portal: &Portal, kind: Kind) -> Php {
    let legacy = legacy_output::fields(portal, kind);
    let ours = legacy.entries().iter().filter(|(name, _)| !schema::is_address(name));
    Php::map(ours.map(|(name, about)| {
        let mut about = about.clone();
        about.set("upperName", name.as_str());
        (camel(name), about)
    }))
}

fn written(kind: Kind) -> impl Iterator<Item = &'static Field> {
    schema::fields(kind)
        .filter(|field| field.holds != Type::Multi && !schema::is_address(field.name))
}

fn user_name(field: &UserField, original: bool) -> String {
    if original { field.name.clone() } else { camel(&field.name) }
}

fn typed(portal: &Portal, kind: Kind, record: &Record, field: &Field) -> Php {
    if matches!(field.holds, Type::Contacts | Type::Companies) {
        return Php::list(record.link_ids());
    }
    let value = legacy_output::value(portal, kind, record, field.name, field.holds);
    match field.holds {
        Type::Money => number(&value),
        Type::Flag if value.is_blank() => Php::from("N"),
        Type::Contact | Type::Company | Type::User | Type::Integer if value.is_blank() => {
            Php::Int(0)
        }
        holds if holds.is_number() => Php::Int(value.int()),
        Type::Date | Type::DateTime if value.is_blank() => Php::Null,
        _ => value,
    }
}

fn typed_user(portal: &Portal, field: &UserField, record: &Record) -> Php {
    let one = |value: &Php| match field.type_id.as_str() {
        "double" => number(value),
        "integer" | "enumeration" if !value.is_blank() => Php::Int(value.int()),
        "boolean" => Php::from(if value.truthy() { "Y" } else { "N" }),
        _ => value.clone(),
    };
    let value = portal.write_user_field(field, record);
    if field.multiple { Php::list(value.values().map(one)) } else { one(&value) }
}

fn number(value: &Php) -> Php {
    value.text().parse::<f64>().ok().map(Php::Float).into()
}
