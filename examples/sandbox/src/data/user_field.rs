//! User fields: `UF_CRM_...` of contacts, companies and deals, with their types.

use chrono::FixedOffset;

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

/// A user field, with its entries if it is an enumeration.
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
    /// The entries of an enumeration: id and text.
    pub(crate) items: Vec<(u64, String)>,
    /// What else was given when it was made: `SORT`, `XML_ID`, `SETTINGS`...
    pub(crate) extra: Php,
}

impl UserField {
    /// Its entry in `*.fields`.
    pub(crate) fn describe(&self) -> Php {
        let mut out = Php::map([
            ("type", Php::from(self.type_id.as_str())),
            ("isRequired", Php::Bool(self.extra.get("MANDATORY").is_yes())),
            ("isReadOnly", Php::Bool(false)),
            ("isImmutable", Php::Bool(false)),
            ("isMultiple", Php::Bool(self.multiple)),
            ("isDynamic", Php::Bool(true)),
            ("title", Php::from(self.name.as_str())),
            ("listLabel", self.label("LIST_COLUMN_LABEL")),
            ("formLabel", self.label("EDIT_FORM_LABEL")),
            ("filterLabel", self.label("LIST_FILTER_LABEL")),
            ("settings", self.extra.get("SETTINGS").clone()),
        ]);
        if self.type_id == "enumeration" {
            out.set("items", self.describe_items());
        }
        out
    }

    fn label(&self, name: &str) -> Php {
        self.extra.get(name).get(LANGUAGE).clone()
    }

    fn describe_items(&self) -> Php {
        Php::list(
            self.items
                .iter()
                .map(|(id, text)| Php::map([("ID", id.to_string()), ("VALUE", text.clone())])),
        )
    }

    /// The stored form of one value; `None` when it is ignored.
    fn read_single(&self, value: &Php, zone: FixedOffset) -> Option<String> {
        let text = if value.is_array() { String::new() } else { value.text() };
        if text.is_empty() {
            return Some(text);
        }
        match self.type_id.as_str() {
            "date" => dates::read_day(&text, zone),
            "datetime" => dates::read_moment(&text, zone),
            "integer" => Some(value.int().to_string()),
            "double" => Some(value.number().unwrap_or(0.0).to_string()),
            "boolean" => {
                let yes = matches!(text.as_str(), "1" | "Y" | "true");
                Some(if yes { "1" } else { "0" }.to_owned())
            }
            "enumeration" => {
                let is_known = self.items.iter().any(|(id, _)| id.to_string() == text);
                if is_known { Some(text) } else { None }
            }
            _ => Some(text),
        }
    }
}

impl Portal {
    /// The stored form of a value; `None` when it is ignored: what is no date, an enumeration's
    /// unknown entry.
    pub(crate) fn read_user_field(&self, field: &UserField, value: &Php) -> Option<Php> {
        let zone = self.zone();
        if !field.multiple {
            let first = if value.is_array() { value.values().next() } else { Some(value) };
            let stored = field.read_single(first.unwrap_or(&Php::Null), zone)?;
            return Some(Php::Str(stored));
        }
        let values: Vec<&Php> =
            if value.is_array() { value.values().collect() } else { vec![value] };
        let mut stored = Vec::new();
        for value in values {
            match field.read_single(value, zone) {
                Some(value) if !value.is_empty() => stored.push(value),
                Some(_) | None => {}
            }
        }
        Some(Php::list(stored))
    }

    /// A value as the legacy methods write it.
    pub(crate) fn write_user_field(&self, field: &UserField, record: &Record) -> Php {
        match record.field(&field.name) {
            Php::Null if field.multiple => Php::Bool(false),
            Php::Null => Php::Null,
            Php::Array(values) if values.is_empty() => Php::Bool(false),
            list @ Php::Array(_) => {
                Php::list(list.values().map(|value| self.write_single(field, value)))
            }
            single => self.write_single(field, single),
        }
    }

    fn write_single(&self, field: &UserField, value: &Php) -> Php {
        if field.type_id == "date" {
            Php::Str(dates::write_day(&value.text(), self.settings.utc_offset_hours))
        } else {
            value.clone()
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
        let item_ids = id * 100 + 1..;
        let items = items.iter().map(|item| (*item).to_owned());
        self.dictionaries.user_fields.push(UserField {
            id,
            kind,
            name: name.clone(),
            type_id: type_id.to_owned(),
            multiple,
            items: item_ids.zip(items).collect(),
            extra: Php::empty(),
        });
        name
    }
}

/// A name with the prefix that every user field of the CRM has.
pub(crate) fn prefixed(name: &str) -> String {
    let name = name.to_uppercase();
    if name.starts_with("UF_CRM_") { name } else { format!("UF_CRM_{name}") }
}
