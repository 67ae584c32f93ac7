//! What people do in the CRM, past any limit and without being counted as calls.

use chrono::{DateTime, Utc};

use crate::data::record::{Kind, Link, Record, Row};
use crate::php::Php;
use crate::portal::Portal;
use crate::rules::save::{How, Style};

const BY_HAND: How = How { style: Style::Legacy, automation: false };

impl Portal {
    /// Somebody makes an object by hand, fields as in `crm.*.add`; `None` when the portal refuses
    /// it.
    pub fn add_by_hand(
        &mut self,
        kind: Kind,
        fields: impl Into<Php>,
        now: DateTime<Utc>,
    ) -> Option<u64> {
        self.now = now;
        let change = self.read_legacy(kind, &fields.into(), true);
        self.create(kind, change, BY_HAND).ok()
    }

    /// Somebody edits an object, fields as in `crm.*.update`; `false` when the portal refuses it.
    pub fn edit(
        &mut self,
        kind: Kind,
        id: u64,
        fields: impl Into<Php>,
        now: DateTime<Utc>,
    ) -> bool {
        self.now = now;
        let change = self.read_legacy(kind, &fields.into(), false);
        self.get(kind, id).is_some() && self.change(kind, id, change, BY_HAND).is_ok()
    }

    /// A phone or e-mail that stands on an object from before the portal checked such values
    /// (facts, section 14.3).
    pub fn add_unchecked_row(&mut self, kind: Kind, id: u64, type_id: &str, value: &str) -> bool {
        let Some(mut record) = self.get(kind, id).cloned() else { return false };
        let (type_id, value_type) = (type_id.to_owned(), "WORK".to_owned());
        record.rows.push(Row {
            id: self.store.next_row(),
            type_id,
            value_type,
            value: value.to_owned(),
        });
        self.store.table_mut(kind).put(record);
        true
    }

    /// Somebody deletes an object: to the bin, or for good. Its links in other objects go (facts,
    /// section 7.3).
    pub fn delete(&mut self, kind: Kind, id: u64) -> bool {
        let Some(record) = self.store.table_mut(kind).take(id) else { return false };
        let unlink = |record: &mut Record| record.links.retain(|link| link.id != id);
        match kind {
            Kind::Contact => self.store.relink(Kind::Deal, id, unlink),
            Kind::Company => {
                self.store.relink(Kind::Contact, id, unlink);
                self.store.recompany(&id.to_string(), |deal| deal.set("COMPANY_ID", Php::Null));
            }
            Kind::Deal => {}
        }
        if self.settings.recycle_bin {
            self.store.table_mut(kind).bury(record);
        }
        true
    }

    /// Somebody restores an object from the bin: it gets a new id, which is returned (facts,
    /// section 9.1).
    pub fn restore(&mut self, kind: Kind, id: u64) -> Option<u64> {
        let mut record = self.store.table_mut(kind).unbury(id)?;
        record.id = self.store.table_mut(kind).next_id();
        for row in &mut record.rows {
            row.id = self.store.next_row();
        }
        let new = record.id;
        self.store.table_mut(kind).put(record);
        Some(new)
    }

    /// Somebody merges two objects: links and rows move to `keep`, empty fields of it are filled
    /// (ORIGIN_ID among them), `drop` goes to the bin, and nothing tells who followed it (facts,
    /// section 9.1).
    pub fn merge(&mut self, kind: Kind, keep: u64, drop: u64, now: DateTime<Utc>) -> bool {
        self.now = now;
        let (Some(survivor), Some(dropped)) =
            (self.get(kind, keep).cloned(), self.get(kind, drop).cloned())
        else {
            return false;
        };
        if keep == drop {
            return false;
        }
        let merged = unite(survivor, &dropped);
        self.rebind(kind, drop, keep);
        self.delete(kind, drop);
        self.store.table_mut(kind).put(merged);
        true
    }

    /// The vendor puts back what a backup holds: all objects are as they were then, and ids are
    /// given out anew (facts, section 9.1).
    pub fn set_back_to(&mut self, backup: &Portal) {
        self.store = backup.store.clone();
    }

    /// Somebody binds a contact to a deal, as the last one.
    pub fn bind(&mut self, deal: u64, contact: u64) -> bool {
        let Some(mut record) = self.get(Kind::Deal, deal).cloned() else { return false };
        if record.links.iter().any(|link| link.id == contact) {
            return false;
        }
        let sort = record.links.iter().map(|link| link.sort).max().unwrap_or(0) + 10;
        record.links.push(Link { id: contact, sort, primary: record.links.is_empty() });
        self.store.table_mut(Kind::Deal).put(record);
        true
    }

    /// Somebody takes a contact off a deal; the next one becomes the primary.
    pub fn unbind(&mut self, deal: u64, contact: u64) -> bool {
        let Some(mut record) = self.get(Kind::Deal, deal).cloned() else { return false };
        let before = record.links.len();
        let left: Vec<i64> = record
            .link_ids()
            .iter()
            .filter(|id| **id != contact)
            .map(|id| id.cast_signed())
            .collect();
        record.link_to(&left);
        let changed = record.links.len() < before;
        self.store.table_mut(Kind::Deal).put(record);
        changed
    }

    fn rebind(&mut self, kind: Kind, from: u64, to: u64) {
        let move_link = |record: &mut Record| {
            let has = record.links.iter().any(|link| link.id == to);
            let primary = record.primary() == Some(from);
            if has {
                record.links.retain(|link| link.id != from);
            }
            for link in &mut record.links {
                link.id = if link.id == from { to } else { link.id };
                link.primary = link.primary || (primary && link.id == to);
            }
        };
        match kind {
            Kind::Contact => self.store.relink(Kind::Deal, from, move_link),
            Kind::Company => {
                self.store.relink(Kind::Contact, from, move_link);
                self.store
                    .recompany(&from.to_string(), |deal| deal.set("COMPANY_ID", to.to_string()));
            }
            Kind::Deal => {}
        }
    }
}

/// The survivor's values stay, its empty ones are filled; rows and links of both.
fn unite(mut survivor: Record, dropped: &Record) -> Record {
    for (name, value) in &dropped.fields {
        if survivor.field(name).is_blank() {
            survivor.set(name, value.clone());
        }
    }
    for row in &dropped.rows {
        let same = |other: &Row| other.type_id == row.type_id && other.value == row.value;
        if !survivor.rows.iter().any(same) {
            survivor.rows.push(row.clone());
        }
    }
    for link in &dropped.links {
        if !survivor.links.iter().any(|other| other.id == link.id) {
            survivor.links.push(Link { primary: survivor.links.is_empty(), ..*link });
        }
    }
    survivor
}
