//! An object that is about to be saved.

use crate::answer::Refusal;
use crate::data::record::{Kind, Record};
use crate::php::Php;
use crate::rules::multifield::RowChange;

/// What a call is about to change, in stored form.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Change {
    /// Fields by their legacy names.
    pub(crate) fields: Vec<(String, Php)>,
    /// Changes of phones, e-mails and other rows.
    pub(crate) rows: Vec<RowChange>,
    /// A deal's contacts or a contact's companies, all of them.
    pub(crate) links: Option<Vec<i64>>,
    /// `CONTACT_ID` of a deal or `COMPANY_ID` of a contact, when the whole set is not given.
    pub(crate) link: Option<i64>,
}

impl Change {
    /// The value that a field is about to get.
    pub(crate) fn get(&self, name: &str) -> Option<&Php> {
        let (_, value) = self.fields.iter().find(|(field, _)| field == name)?;
        Some(value)
    }

    pub(crate) fn set(&mut self, name: &str, value: impl Into<Php>) {
        self.remove(name);
        self.fields.push((name.to_owned(), value.into()));
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.fields.retain(|(field, _)| field != name);
    }
}

/// The family of methods that a call came through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MethodFamily {
    /// `crm.contact.*`, `crm.company.*`, `crm.deal.*`
    Legacy,
    /// `crm.item.*`
    Universal,
}

/// A change beside what is stored of its object.
pub(crate) struct Draft<'a> {
    pub(crate) kind: Kind,
    /// `None` for a new object.
    pub(crate) old: Option<&'a Record>,
    pub(crate) change: Change,
    pub(crate) family: MethodFamily,
}

impl Draft<'_> {
    pub(crate) fn is_new(&self) -> bool {
        self.old.is_none()
    }

    /// The value that a field will have: the one that was sent, or else the stored one; `None`
    /// where there is neither.
    pub(crate) fn value(&self, name: &str) -> Option<&Php> {
        self.change.get(name).or_else(|| self.old.map(|old| old.field(name)))
    }

    /// The refusal of a value: the legacy methods have no code for it.
    pub(crate) fn field_error(&self, code: &str, text: &str) -> Refusal {
        match self.family {
            MethodFamily::Legacy => Refusal::without_code(text),
            MethodFamily::Universal => Refusal::new(400, code, text),
        }
    }
}
