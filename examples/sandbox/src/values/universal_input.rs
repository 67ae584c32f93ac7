//! What a universal method makes of the values it is given (facts, sections 1.5 and 5.3).

use crate::data::record::Kind;
use crate::data::schema::{self, Access, Field, Type};
use crate::data::user_field::UserField;
use crate::php::Php;
use crate::portal::Portal;
use crate::rules::multifield::RowChange;
use crate::values::legacy_input::Change;

impl Portal {
    /// Reads `fields`: unknown names, addresses and read-only fields are dropped; empty values
    /// clear.
    pub(crate) fn read_universal(&self, kind: Kind, fields: &Php, adding: bool) -> Change {
        let mut change = Change::default();
        for (name, value) in fields.entries() {
            if name == "fm" {
                change.rows.extend(read_fm(value));
            } else if let Some(legacy) = self.legacy_name(kind, name) {
                self.read_item_field(kind, &legacy, value, adding, &mut change);
            }
        }
        change
    }

    fn read_item_field(
        &self,
        kind: Kind,
        name: &str,
        value: &Php,
        adding: bool,
        change: &mut Change,
    ) {
        if let Some(field) = schema::find(kind, name) {
            self.read_standard(kind, field, value, adding, change);
        } else if let Some(field) = self.dictionaries.user_field(kind, name)
            && let Some(stored) = self.read_user_field(field, &universal_value(field, value))
        {
            change.set(name, stored);
        }
    }

    /// A funnel may be changed here (facts, section 7.1).
    fn read_standard(
        &self,
        kind: Kind,
        field: &Field,
        value: &Php,
        adding: bool,
        change: &mut Change,
    ) {
        if field.access == Access::ReadOnly
            || (field.access == Access::Once && !adding && kind != Kind::Deal)
        {
            return;
        }
        match field.holds {
            Type::Multi => {}
            Type::Contacts | Type::Companies if value.is_array() || value.is_blank() => {
                change.links = Some(value.values().map(Php::int).collect());
            }
            Type::Contacts | Type::Companies => change.links = Some(vec![value.int()]),
            Type::Contact => change.link = Some(value.int()),
            Type::Company if kind == Kind::Contact => change.link = Some(value.int()),
            Type::Flag => change.set(field.name, if is_yes(value) { "Y" } else { "N" }),
            Type::Category => change.set(field.name, value.int().to_string()),
            _ if value.is_blank() => change.set(field.name, Php::Null),
            holds => {
                if let Some(stored) = self.store_value(holds, value) {
                    change.set(field.name, stored);
                }
            }
        }
    }
}

/// The value of a user field as the legacy methods would be given it: a yes is spelled otherwise
/// here, so that a `"1"` becomes a no (facts, section 14.3).
fn universal_value(field: &UserField, value: &Php) -> Php {
    let one = |value: &Php| Php::from(if is_yes(value) { "1" } else { "0" });
    match (field.type_id.as_str(), value) {
        ("boolean", Php::Array(_)) => Php::list(value.values().map(one)),
        ("boolean", single) => one(single),
        _ => value.clone(),
    }
}

fn is_yes(value: &Php) -> bool {
    *value == Php::Bool(true) || matches!(value.text().as_str(), "true" | "y" | "Y")
}

/// A list appends; in an object a key is a row's id or `n0`, `n1` for a new one. Without `typeId`:
/// skipped.
fn read_fm(value: &Php) -> Vec<RowChange> {
    let list = value.is_list();
    let read = |(key, row): &(String, Php)| {
        let type_id = row.get("typeId").text();
        let id = if list { row.get("id").int() } else { key.parse().unwrap_or(0) };
        let value_type = Some(row.get("valueType").text()).filter(|word| !word.is_empty());
        let value = row.get("value").text().trim().to_owned();
        let id = u64::try_from(id).ok().filter(|id| *id > 0);
        (!type_id.is_empty()).then_some(RowChange { id, type_id, value_type, value })
    };
    value.entries().iter().filter_map(read).collect()
}
