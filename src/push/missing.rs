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

/// What became of a record whose object is gone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    /// It points at another object now.
    Relinked,
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
        let successor = match self.successor((kind, id), record, row, old)? {
            Ok(successor) => successor,
            Err(refusal) => return Ok(Fate::Refused(refusal)),
        };
        let fate = if let Some(crm_id) = successor {
            self.relink(kind, id, old, crm_id)?;
            Fate::Relinked
        } else {
            let writer = self.state.writer()?;
            writer.lost(kind, id)?;
            writer.event(kind, id, Event::Missing, Some(old), "", self.gate.clock().now())?;
            writer.commit()?;
            Fate::Released
        };
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

    fn successor(
        &mut self,
        (kind, id): (Kind, &Id),
        record: &Record,
        row: Option<&Row>,
        old: i64,
    ) -> Result<Result<Option<i64>, Refusal>> {
        let found = self.marked_elsewhere(kind, id, old)?;
        // What stood there before us counts as people's, so it is not among what we wrote.
        let body = row.and_then(|row| row.body.as_ref().ok());
        let mut reach = body.map(|body| Reach::of(body, &[Match::Phone, Match::Email])).unwrap_or_default();
        reach.phones.extend(record.written.phones.iter().cloned());
        reach.emails.extend(record.written.emails.iter().cloned());
        let reach = reach.askable();
        if found.is_some() || reach.is_empty() {
            return Ok(Ok(found));
        }
        let candidates = match by_reach(self.gate, kind, std::slice::from_ref(&reach))?.remove(0) {
            Ok(candidates) => candidates,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let name = (record.known.label.as_str(), first_name(row));
        let mut free = Vec::new();
        for object in candidates {
            if self.is_free((kind, id), name, &reach, &object)? {
                free.push(object.crm_id);
            }
        }
        Ok(Ok(if let [one] = free[..] { Some(one) } else { None }))
    }

    /// Whether a card may be the one that the record's was merged into.
    fn is_free(
        &self,
        (kind, id): (Kind, &Id),
        (last, first): (&str, Option<&str>),
        reach: &Reach,
        object: &Object,
    ) -> Result<bool> {
        // With the mark of somebody else, another hotel of the chain perhaps, it stays theirs.
        if !object.originator.is_empty() && object.originator != self.config.portal.originator {
            return Ok(false);
        }
        let is_namesake =
            same_name(&object.name, last) && first.is_none_or(|first| same_name(&object.first_name, first));
        let owner = self.state.named(kind, &object.origin)?.filter(|(owner, _)| owner != id);
        let Some((_, owner)) = owner else {
            // Whom the state does not know yet may be about to be found by the mark.
            let is_anothers = self.owner(kind, &object.origin)?.is_some_and(|owner| owner != *id);
            return Ok(is_namesake || !is_anothers);
        };
        // The card of another guest, in Ecvi or not any more, has what it shows from a merge, or the two share a
        // phone, as a family does.
        Ok(is_namesake || reach.clone().beyond(&owner.written).meets(object))
    }
}

fn first_name(row: Option<&Row>) -> Option<&str> {
    match row.map(|row| &row.body) {
        Some(Ok(Body::Guest(guest))) => Some(&guest.first_name),
        Some(_) | None => None,
    }
}
