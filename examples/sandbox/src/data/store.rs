//! The tables of the CRM, with an index on ORIGIN_ID (not unique) and the recycle bin.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::data::record::{Kind, Record};

/// The objects of one kind.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    /// Shared, so that whoever keeps a picture of the portal copies nothing.
    live: BTreeMap<u64, Arc<Record>>,
    bin: BTreeMap<u64, Record>,
    origins: HashMap<String, BTreeSet<u64>>,
    last: u64,
}

/// All objects.
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
        self.live.range(id.saturating_add(1)..).map(|(_, record)| record.as_ref())
    }

    pub(crate) fn len(&self) -> usize {
        self.live.len()
    }

    /// The records whose ORIGIN_ID is one of these, by the database's comparison.
    pub(crate) fn of_origins<'a>(&'a self, origins: &[String]) -> Vec<&'a Record> {
        let sets = origins.iter().filter_map(|origin| self.origins.get(&fold(origin)));
        let ids: BTreeSet<u64> = sets.flatten().copied().collect();
        ids.iter().filter_map(|id| self.get(*id)).collect()
    }

    pub(crate) fn next_id(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    pub(crate) fn put(&mut self, record: Record) {
        self.take(record.id);
        self.origins.entry(fold(record.text("ORIGIN_ID"))).or_default().insert(record.id);
        self.last = self.last.max(record.id);
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

    pub(crate) fn bury(&mut self, record: Record) {
        self.bin.insert(record.id, record);
    }

    pub(crate) fn unbury(&mut self, id: u64) -> Option<Record> {
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

    /// Changes every record of a kind that links to this id.
    pub(crate) fn relink(&mut self, kind: Kind, to: u64, mut change: impl FnMut(&mut Record)) {
        let records = self.table_mut(kind).live.values_mut();
        let touched = records.filter(|record| record.links.iter().any(|link| link.id == to));
        touched.for_each(|record| change(Arc::make_mut(record)));
    }

    /// Changes every deal whose `COMPANY_ID` is this one.
    pub(crate) fn recompany(&mut self, company: &str, mut change: impl FnMut(&mut Record)) {
        let deals = self.deals.live.values_mut();
        let touched = deals.filter(|deal| deal.text("COMPANY_ID") == company);
        touched.for_each(|deal| change(Arc::make_mut(deal)));
    }
}
