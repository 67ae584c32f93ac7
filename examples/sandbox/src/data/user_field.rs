//! User fields: `UF_CRM_...` of contacts, companies and deals, with their types.

use crate::data::record::{Kind, Record};
use crate::php::Php;
use crate::portal::Portal;
use crate::values::dates;

/// The portal's own language.
const LANGUAGE: &str = "ru";
/// The languages that labels are kept in.
const LANGUAGES: [&str; 2] = [LANGUAGE, "en"];

/// A label by language: a plain text is the label in every one (facts, section 14.4).
pub(crate) fn by_language(label: &Php) -> Php {
    if label.is_array() {
        label.clone()
    } else {
        Php::map(LANGUAGES.map(|language| (language, label.clone())))
    }
}

/// A user field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct UserField {
    pub(crate) id: u64,
    pub(crate) kind: Kind,
    /// With the prefix `UF_CRM_`.
    pub(crate) name: String,
    /// `string`, `integer`, `double`, `money`, `date`, `datetime`, `boolean`, `enumeration`,
    /// `url`...
    pub(crate) type_id: String,
    pub(crate) multiple: bool,
    /// The entries of an enumeration.
    pub(crate) items: Vec<(u64, String)>,
    /// What else was given when it was made: `SORT`, `XML_ID`, `SETTINGS`...
    pub(crate) extra: Php,
}

impl UserField {
    /// Its entry in `*.fields`.
    pub(crate) fn describe(&self) -> Php {
        let label = |name: &str| self.extra.get(name).get(LANGUAGE).clone();
        let mut out = Php::map([
            ("type", Php::from(self.type_id.as_str())),
            ("isRequired", Php::Bool(self.extra.get("MANDATORY").text() == "Y")),
            ("isReadOnly", Php::Bool(false)),
            ("isImmutable", Php::Bool(false)),
            ("isMultiple", Php::Bool(self.multiple)),
            ("isDynamic", Php::Bool(true)),
            ("title", Php::from(self.name.as_str())),
            ("listLabel", label("LIST_COLUMN_LABEL")),
            ("formLabel", label("EDIT_FORM_LABEL")),
            ("filterLabel", label("LIST_FILTER_LABEL")),
            ("settings", self.extra.get("SETTINGS").clone()),
        ]);
        if self.type_id == "enumeration" {
            let item = |(id, value): &(u64, String)| {
                Php::map([("ID", id.to_string()), ("VALUE", value.clone())])
            };
            out.set("items", Php::list(self.items.iter().map(item)));
        }
        out
    }

    fn read_one(&self, value: &Php, zone: chrono::FixedOffset) -> Option<String> {
        let text = if value.is_array() { String::new() } else { value.text() };
        if text.is_empty() {
            return Some(text);
        }
        Some(match self.type_id.as_str() {
            "date" => dates::day(&text, zone)?,
            "datetime" => dates::stamp(&text, zone)?,
            "integer" => value.int().to_string(),
            "double" => text.trim().parse::<f64>().unwrap_or(0.0).to_string(),
            "boolean" => {
                if matches!(text.as_str(), "1" | "Y" | "true") { "1" } else { "0" }.to_owned()
            }
            "enumeration" => {
                self.items.iter().find(|(id, _)| id.to_string() == text)?.0.to_string()
            }
            _ => text,
        })
    }
}

impl Portal {
    /// The stored form of a value; `None` when it is ignored: what is no date, an enumeration's
    /// unknown entry.
    pub(crate) fn read_user_field(&self, field: &UserField, value: &Php) -> Option<Php> {
        let zone = dates::zone(self.settings.utc_offset_hours);
        if !field.multiple {
            let first =
                if value.is_array() { value.values().next().unwrap_or(&Php::Null) } else { value };
            return field.read_one(first, zone).map(Php::Str);
        }
        let single = [value.clone()];
        let values: Vec<&Php> =
            if value.is_array() { value.values().collect() } else { single.iter().collect() };
        let stored = values.into_iter().filter_map(|value| field.read_one(value, zone));
        Some(Php::list(stored.filter(|value| !value.is_empty())))
    }

    /// A value as the legacy methods write it.
    pub(crate) fn write_user_field(&self, field: &UserField, record: &Record) -> Php {
        let write = |value: &Php| match field.type_id.as_str() {
            "date" => Php::Str(dates::day_written(&value.text(), self.settings.utc_offset_hours)),
            _ => value.clone(),
        };
        match record.field(&field.name) {
            Php::Null if field.multiple => Php::Bool(false),
            Php::Array(values) if values.is_empty() => Php::Bool(false),
            Php::Array(_) => Php::list(record.field(&field.name).values().map(write)),
            Php::Null => Php::Null,
            single => write(single),
        }
    }

    /// Adds a user field and returns its full name. `type_id`: `string`, `double`, `money`, `date`,
    /// `datetime`, `boolean`, `enumeration` (with `items`)...
    pub fn add_user_field(
        &mut self,
        kind: Kind,
        name: &str,
        type_id: &str,
        multiple: bool,
        items: &[&str],
    ) -> String {
        let id = self.dictionaries.next_user_field();
        let name = prefixed(name);
        let items = (id * 100 + 1..).zip(items.iter().map(|item| (*item).to_owned())).collect();
        let (type_id, extra) = (type_id.to_owned(), Php::empty());
        self.dictionaries.user_fields.push(UserField {
            id,
            kind,
            name: name.clone(),
            type_id,
            multiple,
            items,
            extra,
        });
        name
    }
}

/// A name with the prefix that every user field of the CRM has.
pub(crate) fn prefixed(name: &str) -> String {
    let name = name.to_uppercase();
    if name.starts_with("UF_CRM_") { name } else { format!("UF_CRM_{name}") }
}
