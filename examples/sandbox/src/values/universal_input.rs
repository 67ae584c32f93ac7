//! What a universal method makes of the values it is given (facts, sections 1.5 and 5.3).

use crate::data::record::Kind;
use crate::data::schema::{self, Access, Field, Type};
use crate::data::user_field::UserField;
use crate::php::Php;
use crate::portal::Portal;
use crate::rules::draft::Change;
use crate::rules::multifield::RowChange;

impl Portal {
    /// Reads `fields`: unknown names, addresses and read-only fields are dropped; empty values
    /// clear.
    pub(crate) fn read_universal_fields(&self, kind: Kind, fields: &Php, is_new: bool) -> Change {
        let mut change = Change::default();
        for (name, value) in fields.entries() {
            if name == "fm" {
                change.rows.extend(read_fm(value));
                continue;
            }
            let Some(name) = self.legacy_name(kind, name) else { continue };
            if let Some(field) = schema::find_field(kind, &name) {
                if is_writable(kind, field, is_new) {
                    self.read_universal_field(kind, field, value, &mut change);
                }
            } else if let Some(field) = self.dictionaries.user_field(kind, &name)
                && let Some(stored) = self.read_user_field(field, &as_legacy_value(field, value))
            {
                change.set(&name, stored);
            }
        }
        change
    }

    fn read_universal_field(&self, kind: Kind, field: &Field, value: &Php, change: &mut Change) {
        match field.holds {
            Type::Multi => {}
            Type::Contacts | Type::Companies if value.is_array() || value.is_blank() => {
                change.links = Some(value.values().map(Php::int).collect());
            }
            Type::Contacts | Type::Companies => change.links = Some(vec![value.int()]),
            Type::Contact => change.link = Some(value.int()),
            Type::Company if kind == Kind::Contact => change.link = Some(value.int()),
            Type::Flag => change.set(field.name, Php::yes_no(is_universal_yes(value))),
            Type::Category => change.set(field.name, value.int().to_string()),
            _ if value.is_blank() => change.set(field.name, Php::Null),
            holds => {
                if let Some(stored) = self.stored_value(holds, value) {
                    change.set(field.name, stored);
                }
            }
        }
    }
}

/// A deal's funnel may be changed here, which the legacy methods do not do (facts, section 7.1).
fn is_writable(kind: Kind, field: &Field, is_new: bool) -> bool {
    match field.access {
        Access::Writable => true,
        Access::Once => is_new || kind == Kind::Deal,
        Access::ReadOnly => false,
    }
}

/// The value of a user field as the legacy methods would be given it: a yes is spelled otherwise
/// here, so that a `"1"` becomes a no (facts, section 14.3).
fn as_legacy_value(field: &UserField, value: &Php) -> Php {
    if field.type_id != "boolean" {
        return value.clone();
    }
    match value {
        Php::Array(_) => Php::list(value.values().map(as_legacy_boolean)),
        single => as_legacy_boolean(single),
    }
}

fn as_legacy_boolean(value: &Php) -> Php {
    Php::from(if is_universal_yes(value) { "1" } else { "0" })
}

fn is_universal_yes(value: &Php) -> bool {
    *value == Php::Bool(true) || matches!(value.text().as_str(), "true" | "y" | "Y")
}

/// A list appends; in an object a key is a row's id or `n0`, `n1` for a new one. Without `typeId`:
/// skipped.
fn read_fm(value: &Php) -> Vec<RowChange> {
    let is_list = value.is_list();
    let mut changes = Vec::new();
    for (key, row) in value.entries() {
        let type_id = row.get("typeId").text();
        if type_id.is_empty() {
            continue;
        }
        let id = if is_list {
            row.get("id").positive_id()
        } else {
            key.parse().ok().filter(|id| *id > 0)
        };
        let value_type = row.get("valueType").text();
        changes.push(RowChange {
            id,
            type_id,
            value_type: if value_type.is_empty() { None } else { Some(value_type) },
            value: row.get("value").text().trim().to_owned(),
        });
    }
    changes
}
