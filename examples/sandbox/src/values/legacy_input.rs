//! What a legacy method makes of the values it is given (facts, sections 1.3 to 1.5).

use chrono::FixedOffset;

use crate::data::record::Kind;
use crate::data::schema::{self, Access, Field, Type};
use crate::php::Php;
use crate::portal::Portal;
use crate::rules::draft::Change;
use crate::rules::multifield;
use crate::values::dates;

/// Characters that the id of a dictionary's entry may have.
const MAX_STATUS: usize = 128;

impl Portal {
    /// Reads the `fields` of a legacy call: unknown names, read-only fields and dates that are none
    /// are dropped without a word.
    pub(crate) fn read_legacy_fields(&self, kind: Kind, fields: &Php, is_new: bool) -> Change {
        let mut change = Change::default();
        for (name, value) in fields.entries() {
            if let Some(field) = schema::find_field(kind, name) {
                if field.access == Access::Writable || (field.access == Access::Once && is_new) {
                    self.read_legacy_field(kind, field, value, &mut change);
                }
            } else if let Some(user_field) = self.dictionaries.user_field(kind, name)
                && let Some(value) = self.read_user_field(user_field, value)
            {
                change.set(name, value);
            }
        }
        change
    }

    fn read_legacy_field(&self, kind: Kind, field: &Field, value: &Php, change: &mut Change) {
        match field.holds {
            Type::Multi => change.rows.extend(multifield::read_rows(field.name, value)),
            Type::Contacts | Type::Companies => read_links(value, change),
            Type::Contact => change.link = Some(value.int()),
            Type::Company if kind == Kind::Contact => change.link = Some(value.int()),
            _ => {
                if let Some(stored) = self.stored_value(field.holds, value) {
                    change.set(field.name, stored);
                }
            }
        }
    }

    /// The stored form of a value; `None` when it is ignored.
    pub(crate) fn stored_value(&self, holds: Type, value: &Php) -> Option<Php> {
        let stored = match holds {
            Type::Date => self.stored_date(value, dates::read_day)?,
            Type::DateTime => self.stored_date(value, dates::read_moment)?,
            Type::Money => stored_money(value),
            Type::Flag => stored_flag(value),
            Type::Integer | Type::User | Type::Company | Type::Contact | Type::Category => {
                value.int().to_string()
            }
            Type::Text(max) => truncate(&value.text(), max),
            Type::Status(_) => truncate(&value.text(), MAX_STATUS),
            Type::Comments | Type::Currency | Type::Location => value.text(),
            Type::Multi | Type::Contacts | Type::Companies => return None,
            Type::File | Type::Lead | Type::Quote => return None,
        };
        Some(Php::Str(stored))
    }

    /// `""` clears, `null` and arrays are ignored, and so is what is no date.
    fn stored_date(
        &self,
        value: &Php,
        read: fn(&str, FixedOffset) -> Option<String>,
    ) -> Option<String> {
        if value.is_null() || value.is_array() {
            return None;
        }
        let text = value.text();
        if text.is_empty() { Some(text) } else { read(&text, self.zone()) }
    }
}

/// `null` is ignored, an empty text or array unbinds all.
fn read_links(value: &Php, change: &mut Change) {
    match value {
        Php::Null => {}
        Php::Array(_) => change.links = Some(value.values().map(Php::int).collect()),
        other => change.links = Some(vec![other.int()]),
    }
}

fn stored_flag(value: &Php) -> String {
    let yes = matches!(value.text().as_str(), "Y" | "y" | "1" | "true");
    if yes { "Y".to_owned() } else { "N".to_owned() }
}

/// `1000` as `1000.00`; the digits before anything that is no number.
fn stored_money(value: &Php) -> String {
    let text = value.text();
    let number = text.trim_start();
    let end = number.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '-'));
    let digits = &number[..end.unwrap_or(number.len())];
    let amount: f64 = digits.parse().unwrap_or(0.0);
    format!("{amount:.2}")
}

/// Over-long texts are cut in silence, in characters.
fn truncate(text: &str, max: usize) -> String {
    text.chars().take(max).collect()
}
