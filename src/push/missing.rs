//! Objects that vanished from the CRM: deleted, merged into another, or restored under a new id.
//!
//! They are found again by their origin, then by one unambiguous match of phone and e-mail (a merge leaves those on
//! the survivor); else the record is created anew, or reported, as `on_missing` says.

use anyhow::Result;

use super::Push;
use crate::config::{Match, OnMissing};
use crate::mirror::{Body, Row};
use crate::objects::reach::{Reach, by_reach, same_name};
use crate::objects::{Object, by_origin};
use crate::portal::Refusal;
use crate::record::{Id, Kind};
use crate::state::{Event, Record};

/// What becomes of a record whose object is gone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    /// It is on this object from now on.
    Relinked(i64),
    /// It is created anew.
    Released,
    /// Its own turn decides.
    Deferred,
    /// The portal does not look for its phone or e-mail.
    Refused(Refusal),
}

impl Push<'_, '_> {
    /// The object of this record was looked for and is not there.
    pub(super) fn vanished(
        &mut self,
        kind: Kind,
        id: &Id,
        record: &Record,
        row: Option<&Row>,
    ) -> Result<Fate> {
        let Some(old) = record.known.crm_id else { return Ok(Fate::Released) };
        if row.is_none() && (self.config.sync.on_missing == OnMissing::Fail || !record.known.todo.resend) {
            // A booking came upon it. Its own turn, with its row, is the next pass; where it had that, the row is of no
            // use.
            let writer = self.state.writer()?;
            writer.resend(kind, id)?;
            writer.commit()?;
            return Ok(Fate::Deferred);
        }
        let fate = self.fate(kind, id, record, row, old)?;
        match &fate {
            Fate::Relinked(crm_id) => self.relink(kind, id, old, *crm_id)?,
            Fate::Released => self.release(kind, id, old)?,
            Fate::Deferred | Fate::Refused(_) => return Ok(fate),
        }
        log::info!("{kind} {id}: object {old} is gone from the CRM ({fate:?})");
        Ok(fate)
    }

    /// From now on the record is on another object than the `old` one.
    pub(super) fn relink(&self, kind: Kind, id: &Id, old: i64, crm_id: i64) -> Result<()> {
        let writer = self.state.writer()?;
        writer.linked(kind, id, crm_id)?;
        writer.touch(kind, id)?;
        writer.event(kind, id, Event::Relinked, Some(crm_id), &old.to_string(), self.gate.clock().now())?;
        writer.commit()
    }

    /// The object beside the `old` one that carries the record's mark.
    pub(super) fn marked_elsewhere(&mut self, kind: Kind, id: &Id, old: i64) -> Result<Option<i64>> {
        let originator = &self.config.portal.originator;
        let found = by_origin(self.gate, kind, originator, std::slice::from_ref(id))?;
        Ok(found.get(id).into_iter().flatten().copied().find(|crm_id| *crm_id != old))
    }

    /// From now on the record has no object.
    fn release(&self, kind: Kind, id: &Id, old: i64) -> Result<()> {
        let writer = self.state.writer()?;
        writer.lost(kind, id)?;
        writer.event(kind, id, Event::Missing, Some(old), "", self.gate.clock().now())?;
        writer.commit()
    }

    fn fate(&mut self, kind: Kind, id: &Id, record: &Record, row: Option<&Row>, old: i64) -> Result<Fate> {
        if let Some(crm_id) = self.marked_elsewhere(kind, id, old)? {
            return Ok(Fate::Relinked(crm_id));
        }
        let reach = reach(record, row);
        if reach.is_empty() {
            return Ok(Fate::Released);
        }
        let candidates = match by_reach(self.gate, kind, std::slice::from_ref(&reach))?.remove(0) {
            Ok(candidates) => candidates,
            Err(refusal) => return Ok(Fate::Refused(refusal)),
        };
        let mut free = Vec::new();
        for object in candidates {
            // With the mark of somebody else, another hotel of the chain perhaps, it stays theirs.
            let is_foreign =
                !object.originator.is_empty() && object.originator != self.config.portal.originator;
            let is_namesake = is_namesake(record, row, &object);
            if !is_foreign && (is_namesake || self.is_free(kind, id, &reach, &object)?) {
                free.push(object.crm_id);
            }
        }
        Ok(if let [one] = free[..] { Fate::Relinked(one) } else { Fate::Released })
    }

    /// Whether a card of another name may be the one that the record's was merged into.
    fn is_free(&self, kind: Kind, id: &Id, reach: &Reach, object: &Object) -> Result<bool> {
        let owner = self.state.named(kind, &object.origin)?.filter(|(owner, _)| owner != id);
        let Some((_, owner)) = owner else {
            // Whom the state does not know yet may be about to be found by the mark.
            return Ok(self.owner(kind, &object.origin)?.is_none_or(|owner| owner == *id));
        };
        // The card of another guest, in Ecvi or not any more, has what it shows from a merge, or the two share a
        // phone, as a family does.
        Ok(reach.clone().beyond(&owner.written).meets(object))
    }
}

/// What the record's card is looked for by.
fn reach(record: &Record, row: Option<&Row>) -> Reach {
    let body = row.and_then(|row| row.body.as_ref().ok());
    let mut reach = body.map(|body| Reach::of(body, &[Match::Phone, Match::Email])).unwrap_or_default();
    // What stood there before us counts as people's, so it is not among what we wrote.
    reach.phones.extend(record.written.phones.iter().cloned());
    reach.emails.extend(record.written.emails.iter().cloned());
    reach.askable()
}

/// By the name as last sent; a guest whose row is at hand by the first name too.
fn is_namesake(record: &Record, row: Option<&Row>, object: &Object) -> bool {
    let same_first_name = match row.map(|row| &row.body) {
        Some(Ok(Body::Guest(guest))) => same_name(&object.first_name, &guest.first_name),
        Some(_) | None => true,
    };
    same_first_name && same_name(&object.name, &record.known.label)
}
