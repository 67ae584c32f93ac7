//! What must never happen in the CRM: every object that appears, changes or goes, through us or
//! through people, and which promise that breaks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bitrix24_sandbox::{Kind, Portal, Record};
use chrono::{DateTime, Utc};

use crate::edits::Edits;

pub(crate) const ORIGINATOR: &str = "ECVI";

/// An object of the CRM.
pub(crate) type Object = (Kind, u64);
/// A record of Ecvi, by the origin that its object carries.
pub(crate) type Origin = (Kind, String);

/// What happened in the CRM over the portal's whole life.
#[derive(Clone, Debug, Default)]
pub(crate) struct Invariants {
    pub(crate) created: BTreeMap<Origin, u32>,
    /// When our objects appeared.
    pub(crate) born: BTreeMap<Object, DateTime<Utc>>,
    /// How often a record may be created once more: its object was deleted or merged away.
    licences: BTreeMap<Origin, u32>,
    restored: BTreeMap<Origin, DateTime<Utc>>,
    /// Bookings that were missing from Ecvi at some time.
    pub(crate) once_gone: BTreeSet<String>,
    /// Records that are missing from Ecvi now.
    pub(crate) missing: BTreeSet<Origin>,
    /// Records that were missing when the run began, which goes by what it read then.
    pub(crate) missed: BTreeSet<Origin>,
    /// Objects that Ecvi or an administrator named, and survivors of merges: they may be changed.
    pub(crate) named: BTreeSet<Object>,
    /// What people changed.
    pub(crate) edited: Edits,
    /// Broken promises.
    pub(crate) wrongs: Vec<String>,
}

/// All objects as they stood.
pub(crate) type Snapshot = BTreeMap<Object, Arc<Record>>;

pub(crate) fn snapshot(portal: &Portal) -> Snapshot {
    let of = |kind| {
        portal.shared_records(kind).map(move |record| ((kind, record.id), Arc::clone(record)))
    };
    Kind::ALL.into_iter().flat_map(of).collect()
}

/// The record that an object belongs to, by its mark.
pub(crate) fn origin_of(kind: Kind, record: &Record) -> Option<Origin> {
    (record.text("ORIGINATOR_ID") == ORIGINATOR)
        .then(|| (kind, record.text("ORIGIN_ID").to_owned()))
}

impl Invariants {
    /// Compares the portal after a call of ours with how it stood before. `since`: when the run
    /// began.
    pub(crate) fn compare(&mut self, before: &Snapshot, portal: &Portal, since: DateTime<Utc>) {
        let after = snapshot(portal);
        for (object, record) in &after {
            match before.get(object) {
                None => {
                    self.born.insert(*object, portal.now());
                    self.appeared(*object, record, (before, portal), since);
                }
                Some(old) if !Arc::ptr_eq(old, record) && old != record => {
                    self.changed(*object, old, record);
                }
                Some(_) => {}
            }
        }
        for (object, record) in before {
            if !after.contains_key(object) {
                self.vanished(*object, record);
            }
        }
    }

    fn appeared(
        &mut self,
        object: Object,
        record: &Record,
        (before, portal): (&Snapshot, &Portal),
        since: DateTime<Utc>,
    ) {
        let (kind, id) = object;
        let Some(origin) = origin_of(kind, record) else {
            return self.wrongs.push(format!("{kind:?} {id} was created without our mark"));
        };
        let twin = before.iter().find(|((of, _), other)| {
            *of == kind && origin_of(*of, other).as_ref() == Some(&origin)
        });
        let is_hidden = |(object, _): &(&Object, _)| portal.settings.hidden.contains(object);
        let raced = self.restored.get(&origin).is_some_and(|at| *at >= since);
        if let Some(((_, twin), _)) = twin.filter(|twin| !raced && !is_hidden(twin)) {
            self.wrongs.push(format!(
                "{kind:?} {id} was created for {}, though {twin} stands there",
                origin.1
            ));
        }
        let count = self.created.entry(origin.clone()).or_default();
        *count += 1;
        let allowed = 1 + self.licences.get(&origin).copied().unwrap_or(0);
        if *count > allowed {
            self.wrongs.push(format!(
                "{kind:?} {id} is number {count} of {}, allowed are {allowed}",
                origin.1
            ));
        }
    }

    fn changed(&mut self, object: Object, old: &Record, new: &Record) {
        let (kind, id) = object;
        let owner = origin_of(kind, old);
        if owner.is_none() && !self.named.contains(&object) {
            self.wrongs.push(format!("{kind:?} {id} is not ours and was changed"));
        }
        // The object of a record that Ecvi no longer has goes to another one: Ecvi named it, or the
        // other's own object went and this one is its double.
        let heir = origin_of(kind, new).filter(|heir| owner.as_ref() != Some(heir));
        let is_heir =
            |heir: &Origin| self.named.contains(&object) || self.licences.contains_key(heir);
        let gone = |owner: &Origin| self.missing.contains(owner) || self.missed.contains(owner);
        if let Some(owner) = owner.filter(|owner| heir.as_ref().is_some_and(is_heir) && gone(owner))
        {
            self.permit(owner);
        }
    }

    fn vanished(&mut self, object: Object, old: &Record) {
        let (kind, id) = object;
        match origin_of(kind, old) {
            Some(origin) if kind == Kind::Deal && self.once_gone.contains(&origin.1) => {
                self.permit(origin);
            }
            _ => self.wrongs.push(format!("{kind:?} {id} was deleted, which nobody asked for")),
        }
    }

    /// Whether the record's object was made for the first time.
    pub(crate) fn made_once(&self, (kind, id): (Kind, &str)) -> bool {
        self.created.get(&(kind, id.to_owned())) == Some(&1)
    }

    /// The record may be created once more.
    pub(crate) fn permit(&mut self, origin: Origin) {
        *self.licences.entry(origin).or_default() += 1;
    }

    /// People brought an object back from the bin.
    pub(crate) fn restored(&mut self, origin: Origin, now: DateTime<Utc>) {
        self.restored.insert(origin, now);
    }

    /// Whether people brought an object of this record back, which may then stand there twice.
    pub(crate) fn was_restored(&self, origin: &Origin) -> bool {
        self.restored.contains_key(origin)
    }
}
