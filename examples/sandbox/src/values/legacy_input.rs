//! What a legacy method makes of the values it is given (facts, sections 1.3 to 1.5).

use crate::data::record::Kind;
use crate::data::schema::{self, Access, Field, Type};
use crate::php::Php;
use crate::portal::Portal;
use crate::rules::multifield::{self, RowChange};
use crate::values::dates;

/// What a call is about to change, in stored form.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Change {
    /// Fields by their legacy names.
    pub(crate) fields: Vec<(String, Php)>,
    /// Phones and the like.
    pub(crate) rows: Vec<RowChange>,
    /// A deal's contacts or a contact's companies, all of them.
    pub(crate) links: Option<Vec<i64>>,
    /// `CONTACT_ID` of a deal or `COMPANY_ID` of a contact, when the whole set is not given.
    pub(crate) link: Option<i64>,
}

impl Change {
    /// The value that a field is about to get.
    pub(crate) fn get(&self, name: &str) -> Option<&Php> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value)
    }

    pub(crate) fn set(&mut self, name: &str, value: impl Into<Php>) {
        self.drop(name);
        self.fields.push((name.to_owned(), value.into()));
    }

    pub(crate) fn drop(&mut self, name: &str) {
        self.fields.retain(|(field, _)| field != name);
    }
}

impl Portal {
    /// Reads the `fields` of a legacy call: unknown names, read-only fields and dates that are none
    /// are dropped without a word.
    pub(crate) fn read_legacy(&self, kind: Kind, fields: &Php, adding: bool) -> Change {
        let mut change = Change::default();
        for (name, value) in fields.entries() {
            if let Some(field) = schema::find(kind, name) {
                self.read_field(kind, field, value, adding, &mut change);
            } else if let Some(user_field) = self.dictionaries.user_field(kind, name)
                && let Some(value) = self.read_user_field(user_field, value)
            {
                change.set(name, value);
            }
        }
        change
    }

    fn read_field(
        &self,
        kind: Kind,
        field: &Field,
        value: &Php,
        adding: bool,
        change: &mut Change,
    ) {
        let writable = match field.access {
            Access::Open => true,
            Access::ReadOnly => false,
            Access::Once => adding,
        };
        if !writable {
            return;
        }
        match field.holds {
            Type::Multi => change.rows.extend(multifield::read(field.name, value)),
            Type::Contacts | Type::Companies => read_links(value, change),
            Type::Contact => change.link = Some(value.int()),
            Type::Company if kind == Kind::Contact => change.link = Some(value.int()),
            _ => {
                if let Some(stored) = self.store_value(field.holds, value) {
                    change.set(field.name, stored);
                }
            }
        }
    }

    /// The stored form of a value; `None` when it is ignored.
    pub(crate) fn store_value(&self, holds: Type, value: &Php) -> Option<Php> {
        Some(Php::Str(match holds {
            Type::Date => self.read_date(value, dates::day)?,
            Type::DateTime => self.read_date(value, dates::stamp)?,
            Type::Money => money(value),
            Type::Flag => flag(value),
            Type::Integer | Type::User | Type::Company | Type::Contact | Type::Category => {
                value.int().to_string()
            }
            Type::Text(max) => cut(&value.text(), max),
            Type::Status(_) => cut(&value.text(), 128),
            Type::Comments | Type::Currency => value.text(),
            Type::Location => value.text(),
            Type::Multi | Type::Contacts | Type::Companies => return None,
            Type::File | Type::Lead | Type::Quote => return None,
        }))
    }

    /// `""` clears, `null` and arrays are ignored, and so is what is no date.
    fn read_date(
        &self,
        value: &Php,
        parse: fn(&str, chrono::FixedOffset) -> Option<String>,
    ) -> Option<String> {
        if value.is_null() || value.is_array() {
            return None;
        }
        let text = value.text();
        if text.is_empty() {
            Some(text)
        } else {
            parse(&text, dates::zone(self.settings.utc_offset_hours))
        }
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

fn flag(value: &Php) -> String {
    let text = value.text();
    if matches!(text.as_str(), "Y" | "y" | "1" | "true") { "Y".to_owned() } else { "N".to_owned() }
}

/// `1000` as `1000.00`; the digits before anything that is no number.
fn money(value: &Php) -> String {
    let text = value.text();
    let number = text.trim_start();
    let end = number
        .find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '-'))
        .unwrap_or(number.len());
    format!("{:.2}", number[..end].parse::<f64>().unwrap_or(0.0))
}

/// Over-long texts are cut in silence, in characters.
pub(crate) fn cut(text: &str, max: usize) -> String {
    text.chars().take(max).collect()
}
