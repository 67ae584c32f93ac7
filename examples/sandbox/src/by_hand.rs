//! What people do in the CRM, past any limit and without being counted as calls.

use chrono::{DateTime, Utc};

use crate::data::record::{Kind, Link, Record, Row};
use crate::php::Php;
use crate::portal::Portal;
use crate::rules::draft::MethodFamily;
use crate::rules::save::SaveMode;

const BY_HAND: SaveMode = SaveMode { family: MethodFamily::Legacy, automation: false };

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
        let change = self.read_legacy_fields(kind, &fields.into(), true);
        self.create_object(kind, change, BY_HAND).ok()
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
        let change = self.read_legacy_fields(kind, &fields.into(), false);
        self.get(kind, id).is_some() && self.change_object(kind, id, change, BY_HAND).is_ok()
    }

    /// A phone or e-mail that stands on an object from before the portal checked such values
    /// (facts, section 14.3).
    pub fn add_unchecked_row(&mut self, kind: Kind, id: u64, type_id: &str, value: &str) -> bool {
        if self.get(kind, id).is_none() {
            return false;
        }
        let row = Row {
            id: self.store.next_row(),
            type_id: type_id.to_owned(),
            value_type: "WORK".to_owned(),
            value: value.to_owned(),
        };
        self.edit_stored(kind, id, |record| record.rows.push(row))
    }

    /// Somebody deletes an object: to the bin, or for good. Its links in other objects go (facts,
    /// section 7.3).
    pub fn delete(&mut self, kind: Kind, id: u64) -> bool {
        let Some(record) = self.store.table_mut(kind).take(id) else { return false };
        self.store.edit_linked_to(kind, id, |other| other.links.retain(|link| link.id != id));
        if kind == Kind::Company {
            self.store.replace_company_of_deals(id, &Php::Null);
        }
        if self.settings.recycle_bin {
            self.store.table_mut(kind).put_into_bin(record);
        }
        true
    }

    /// Somebody restores an object from the bin: it gets a new id, which is returned (facts,
    /// section 9.1).
    pub fn restore(&mut self, kind: Kind, id: u64) -> Option<u64> {
        let mut record = self.store.table_mut(kind).take_from_bin(id)?;
        let new_id = self.store.table_mut(kind).next_id();
        record.id = new_id;
        for row in &mut record.rows {
            row.id = self.store.next_row();
        }
        self.store.table_mut(kind).put(record);
        Some(new_id)
    }

    /// Somebody merges two objects: links and rows move to `keep`, empty fields of it are filled
    /// (ORIGIN_ID among them), `drop` goes to the bin, and nothing records that `keep` replaced it
    /// (facts, section 9.1).
    pub fn merge(&mut self, kind: Kind, keep: u64, drop: u64, now: DateTime<Utc>) -> bool {
        self.now = now;
        if keep == drop {
            return false;
        }
        let Some(kept) = self.get(kind, keep) else { return false };
        let Some(dropped) = self.get(kind, drop) else { return false };
        let merged = unite_records(kept.clone(), dropped);
        self.store.edit_linked_to(kind, drop, |other| move_link(other, drop, keep));
        if kind == Kind::Company {
            self.store.replace_company_of_deals(drop, &Php::Str(keep.to_string()));
        }
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
        if self.get(Kind::Deal, deal).is_none_or(|deal| deal.is_linked_to(contact)) {
            return false;
        }
        self.edit_stored(Kind::Deal, deal, |deal| {
            let last_sort = deal.links.iter().map(|link| link.sort).max().unwrap_or(0);
            let primary = deal.links.is_empty();
            deal.links.push(Link { id: contact, sort: last_sort + 10, primary });
        })
    }

    /// Somebody takes a contact off a deal; the next one becomes the primary.
    pub fn unbind(&mut self, deal: u64, contact: u64) -> bool {
        let mut is_changed = false;
        self.edit_stored(Kind::Deal, deal, |deal| {
            is_changed = deal.is_linked_to(contact);
            let others = deal.links.iter().filter(|link| link.id != contact);
            let left: Vec<i64> = others.map(|link| link.id.cast_signed()).collect();
            deal.link_to(&left);
        });
        is_changed
    }
}

/// Puts the link to one object in the place of the link to another, unless both are there.
fn move_link(record: &mut Record, from: u64, to: u64) {
    let was_primary = record.primary() == Some(from);
    if record.is_linked_to(to) {
        record.links.retain(|link| link.id != from);
    }
    for link in &mut record.links {
        if link.id == from {
            link.id = to;
        }
        if link.id == to && was_primary {
            link.primary = true;
        }
    }
}

/// The values of the one that is kept stay, its empty ones are filled; rows and links of both.
fn unite_records(mut kept: Record, dropped: &Record) -> Record {
    for (name, value) in dropped.fields() {
        if kept.field(name).is_blank() {
            kept.set(name, value.clone());
        }
    }
    for row in &dropped.rows {
        if !kept.rows_of(&row.type_id).any(|known| known.value == row.value) {
            kept.rows.push(row.clone());
        }
    }
    for link in &dropped.links {
        if !kept.is_linked_to(link.id) {
            let primary = kept.links.is_empty();
            kept.links.push(Link { primary, ..*link });
        }
    }
    kept
}
