//! What people changed in the CRM, field by field: everything else has to read as Ecvi wants it.

use std::collections::{BTreeMap, BTreeSet};

use crate::invariants::Object;

/// The links of a deal to its contacts, which are no field.
pub(crate) const CONTACTS: &str = "contacts";

/// The fields of each object that people changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Edits(BTreeMap<Object, Touched>);

#[derive(Clone, Debug)]
enum Touched {
    Fields(BTreeSet<&'static str>),
    /// Nobody knows any more what of it was people's.
    All,
}

impl Edits {
    /// People changed these fields.
    pub(crate) fn note(&mut self, object: Object, fields: &[&'static str]) {
        let touched = self.0.entry(object).or_insert(Touched::Fields(BTreeSet::new()));
        if let Touched::Fields(known) = touched {
            known.extend(fields);
        }
    }

    /// Any field may be people's.
    pub(crate) fn note_all(&mut self, object: Object) {
        self.0.insert(object, Touched::All);
    }

    pub(crate) fn has(&self, object: Object, field: &str) -> bool {
        match self.0.get(&object) {
            Some(Touched::Fields(known)) => known.contains(field),
            Some(Touched::All) => true,
            None => false,
        }
    }
}
