//! The objects of the CRM as they are stored.

use std::collections::BTreeMap;

use crate::php::{NULL, Php};

/// Contact, company or deal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A person: a guest of the hotel.
    Contact,
    /// A firm that sends or pays for guests.
    Company,
    /// A sale: a booking of the hotel.
    Deal,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 3] = [Kind::Contact, Kind::Company, Kind::Deal];

    /// `entityTypeId` of the universal methods.
    pub fn entity_type_id(self) -> i64 {
        match self {
            Kind::Deal => 2,
            Kind::Contact => 3,
            Kind::Company => 4,
        }
    }

    /// The word in method names and links.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Contact => "contact",
            Kind::Company => "company",
            Kind::Deal => "deal",
        }
    }

    /// The kind that this word of a method's name stands for.
    pub fn of_word(word: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// The kind of this `entityTypeId`.
    pub fn of_entity_type_id(id: i64) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.entity_type_id() == id)
    }
}

/// One phone, e-mail, site or messenger of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Unique over the rows of all objects.
    pub id: u64,
    /// `PHONE`, `EMAIL`, `WEB`, `IM`, `LINK`.
    pub type_id: String,
    /// What it is used for: `WORK`, `MOBILE`...
    pub value_type: String,
    /// As it was sent, without blanks around it.
    pub value: String,
}

/// A deal's contact, or a contact's company.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The other object; it need not exist (facts, section 7.3).
    pub id: u64,
    /// Its place among the links: 10, 20, 30...
    pub sort: i64,
    /// Shown in `CONTACT_ID` (`COMPANY_ID`).
    pub primary: bool,
}

/// An object with all stored fields.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Record {
    /// Unique within its kind.
    pub id: u64,
    /// Its phones, e-mails and so on, in the order of their ids.
    pub rows: Vec<Row>,
    /// A deal's contacts, a contact's companies, in order.
    pub links: Vec<Link>,
    pub(crate) fields: BTreeMap<String, Php>,
    /// A deal's products, as they were sent.
    pub(crate) products: Vec<Php>,
}

impl Record {
    /// A stored field by its legacy name; `null` for what was never set.
    pub fn field(&self, name: &str) -> &Php {
        self.fields.get(name).unwrap_or(&NULL)
    }

    /// A stored field as text, empty for `null`. Dates are `YYYY-MM-DD`, COMMENTS is what the
    /// portal made of it.
    pub fn text(&self, name: &str) -> &str {
        if let Php::Str(text) = self.field(name) { text } else { "" }
    }

    /// All stored fields by their legacy names, without rows and links.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &Php)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The values of the rows of a type, `PHONE` or `EMAIL`.
    pub fn values(&self, type_id: &str) -> Vec<&str> {
        self.rows_of(type_id).map(|row| row.value.as_str()).collect()
    }

    /// The rows of a type, in the order of their ids.
    pub(crate) fn rows_of(&self, type_id: &str) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| row.type_id == type_id)
    }

    /// Whether it has a row of this type.
    pub(crate) fn has_row(&self, type_id: &str) -> bool {
        self.rows_of(type_id).next().is_some()
    }

    /// Whether it is linked to the object of this id.
    pub(crate) fn is_linked_to(&self, id: u64) -> bool {
        self.links.iter().any(|link| link.id == id)
    }

    /// The ids of the links in order: a deal's contacts, a contact's companies.
    pub fn link_ids(&self) -> Vec<u64> {
        self.links.iter().map(|link| link.id).collect()
    }

    /// The primary link: a deal's `CONTACT_ID`, a contact's `COMPANY_ID`.
    pub fn primary(&self) -> Option<u64> {
        let primary = self.links.iter().find(|link| link.primary)?;
        Some(primary.id)
    }

    /// Replaces all links; the first is the primary one. Ids below 1 and repetitions are dropped.
    pub(crate) fn link_to(&mut self, ids: &[i64]) {
        self.links.clear();
        for id in ids {
            let id = u64::try_from(*id).unwrap_or(0);
            if id == 0 || self.is_linked_to(id) {
                continue;
            }
            let place = self.links.len() as i64 + 1;
            self.links.push(Link { id, sort: place * 10, primary: place == 1 });
        }
    }

    pub(crate) fn set(&mut self, name: &str, value: impl Into<Php>) {
        self.fields.insert(name.to_owned(), value.into());
    }
}
