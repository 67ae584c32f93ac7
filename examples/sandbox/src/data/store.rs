//! The tables of the CRM, with an index on ORIGIN_ID (not unique) and the recycle bin.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::data::record::{Kind, Record};
use crate::php::Php;

/// The objects of one kind.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    /// Shared, so that a snapshot of the portal copies no records.
    live: BTreeMap<u64, Arc<Record>>,
    bin: BTreeMap<u64, Record>,
    /// Ids of records by their ORIGIN_ID, folded.
    origins: HashMap<String, BTreeSet<u64>>,
    last_id: u64,
}

/// The objects of all kinds, and the number of the last row of any of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Store {
    contacts: Table,
    companies: Table,
    deals: Table,
    last_row: u64,
}

/// How the database compares texts: case does not matter, nor do trailing blanks (facts, section
/// 9.2).
pub(crate) fn fold(text: &str) -> String {
    text.trim_end_matches(' ').to_lowercase()
}

impl Table {
    pub(crate) fn get(&self, id: u64) -> Option<&Record> {
        self.live.get(&id).map(Arc::as_ref)
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Record> {
        self.live.values().map(Arc::as_ref)
    }

    pub(crate) fn shared(&self) -> impl Iterator<Item = &Arc<Record>> {
        self.live.values()
    }

    /// Records with an id above this one, in the order of ids.
    pub(crate) fn above(&self, id: u64) -> impl DoubleEndedIterator<Item = &Record> {
        let above = self.live.range(id.saturating_add(1)..);
        above.map(|(_, record)| record.as_ref())
    }

    pub(crate) fn len(&self) -> usize {
        self.live.len()
    }

    /// The records whose ORIGIN_ID is one of these, by the database's comparison.
    pub(crate) fn of_origins<'a>(&'a self, origins: &[String]) -> Vec<&'a Record> {
        let mut ids = BTreeSet::new();
        for origin in origins {
            if let Some(of_origin) = self.origins.get(&fold(origin)) {
                ids.extend(of_origin);
            }
        }
        self.get_all(&ids)
    }

    /// The records with these ids that exist, in the order of ids.
    pub(crate) fn get_all(&self, ids: &BTreeSet<u64>) -> Vec<&Record> {
        ids.iter().filter_map(|id| self.get(*id)).collect()
    }

    pub(crate) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Stores a record, in the place of the one with its id.
    pub(crate) fn put(&mut self, record: Record) {
        self.take(record.id);
        self.origins.entry(fold(record.text("ORIGIN_ID"))).or_default().insert(record.id);
        self.last_id = self.last_id.max(record.id);
        self.live.insert(record.id, Arc::new(record));
    }

    pub(crate) fn take(&mut self, id: u64) -> Option<Record> {
        let record = Arc::unwrap_or_clone(self.live.remove(&id)?);
        let origin = fold(record.text("ORIGIN_ID"));
        if let Some(ids) = self.origins.get_mut(&origin) {
            ids.remove(&id);
            if ids.is_empty() {
                self.origins.remove(&origin);
            }
        }
        Some(record)
    }

    pub(crate) fn put_into_bin(&mut self, record: Record) {
        self.bin.insert(record.id, record);
    }

    pub(crate) fn take_from_bin(&mut self, id: u64) -> Option<Record> {
        self.bin.remove(&id)
    }
}

impl Store {
    pub(crate) fn table(&self, kind: Kind) -> &Table {
        match kind {
            Kind::Contact => &self.contacts,
            Kind::Company => &self.companies,
            Kind::Deal => &self.deals,
        }
    }

    pub(crate) fn table_mut(&mut self, kind: Kind) -> &mut Table {
        match kind {
            Kind::Contact => &mut self.contacts,
            Kind::Company => &mut self.companies,
            Kind::Deal => &mut self.deals,
        }
    }

    pub(crate) fn next_row(&mut self) -> u64 {
        self.last_row += 1;
        self.last_row
    }

    /// Changes every record that has a link to this object: deals link to contacts, contacts to
    /// companies.
    pub(crate) fn edit_linked_to(
        &mut self,
        kind: Kind,
        id: u64,
        mut edit: impl FnMut(&mut Record),
    ) {
        let linking = match kind {
            Kind::Contact => &mut self.deals,
            Kind::Company => &mut self.contacts,
            Kind::Deal => return,
        };
        for record in linking.live.values_mut() {
            if record.is_linked_to(id) {
                edit(Arc::make_mut(record));
            }
        }
    }

    /// Puts another `COMPANY_ID` into every deal of a company.
    pub(crate) fn replace_company_of_deals(&mut self, company: u64, replacement: &Php) {
        let company = company.to_string();
        for deal in self.deals.live.values_mut() {
            if deal.text("COMPANY_ID") == company {
                Arc::make_mut(deal).set("COMPANY_ID", replacement.clone());
            }
        }
    }
}
