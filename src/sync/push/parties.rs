//! A booking's people: who of them stands in the CRM, who is still to come, and whom the deal has to wait for.

use std::hash::Hasher;

use anyhow::Result;

use super::{Push, Target};
use crate::crm::objects;
use crate::domain::record::{Id, Kind};
use crate::mapping::deal::Links;
use crate::mirror::{Body, Booking};
use crate::platform::hash::Fingerprint;
use crate::state::settings::POINTED_AT;
use crate::sync::plan::Step;

/// A booking's people as the deal will have them.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct People {
    /// As the CRM knows them.
    pub(crate) links: Links,
    /// Who has no object yet.
    pub(crate) missing: Vec<(Kind, Id)>,
    /// Whom the booking names and no row has.
    pub(crate) strangers: Vec<(Kind, Id)>,
    /// The booking's guest, when the deal has to wait for them.
    pub(crate) waits_for: Option<Id>,
    /// Objects that were not seen a moment ago.
    unsure: Vec<(Kind, i64)>,
}

impl People {
    /// What of the people a deal shows: when it differs, the deal is sent again.
    pub(crate) fn fingerprint(&self) -> u64 {
        let mut fingerprint = Fingerprint::default();
        fingerprint.text(&self.links.last_name);
        for crm_id in self.links.contacts.iter().copied().chain([0]).chain(self.links.company) {
            fingerprint.write(&crm_id.to_le_bytes());
        }
        fingerprint.finish()
    }
}

/// What is known of one person or company of a booking.
pub(crate) enum Person {
    /// No row of the mirror has this id.
    Nobody,
    /// It has no object yet.
    Coming,
    Here {
        crm_id: i64,
        label: String,
        seen: bool,
    },
}

impl Push<'_, '_> {
    /// Finds the people of bookings. What has to wait, or would read the same, goes no further.
    pub(super) fn find_people(&mut self, kind: Kind, targets: Vec<Target>) -> Result<Vec<Target>> {
        if kind != Kind::Booking {
            return Ok(targets);
        }
        let targets = self.with_people(targets)?;
        let unsure: Vec<(Kind, i64)> = targets
            .iter()
            .filter_map(|target| target.people.as_ref())
            .flat_map(|people| &people.unsure)
            .copied()
            .collect();
        if self.check_alive(Kind::Guest, &unsure)? | self.check_alive(Kind::Company, &unsure)? {
            return self.with_people(targets);
        }
        Ok(targets)
    }

    fn with_people(&mut self, targets: Vec<Target>) -> Result<Vec<Target>> {
        let writer = self.state.writer()?;
        let now = self.gate.clock().now();
        let mut ready = Vec::new();
        for mut target in targets {
            let Some(booking) = target.sendable_booking() else {
                ready.push(target);
                continue;
            };
            let people = self.people(booking)?;
            let todo = target.record.known.todo;
            // The warning names who is missing, and only sending the deal updates it.
            let misses_as_before = todo.recheck != people.missing.is_empty();
            let is_same = misses_as_before && people.fingerprint() == target.record.links;
            if let (Some(guest), Some(row)) = (&people.waits_for, target.row()) {
                writer.waiting(row, &format!("guest {guest}"), now)?;
            } else if target.planned.step == Step::Recheck && is_same {
                writer.unchanged(Kind::Booking, target.id(), todo)?;
            } else {
                target.people = Some(people);
                ready.push(target);
            }
        }
        writer.commit()?;
        Ok(ready)
    }

    fn people(&self, booking: &Booking) -> Result<People> {
        People::of(booking, |kind, id| self.person(kind, id))
    }

    fn person(&self, kind: Kind, id: &Id) -> Result<Person> {
        let Some(record) = self.state.record(kind, id)? else {
            return Ok(if self.is_coming(kind, id)? { Person::Coming } else { Person::Nobody });
        };
        Ok(match record.known.crm_id {
            _ if record.known.gone => Person::Nobody,
            Some(crm_id) if !self.dead.contains(&(kind, crm_id)) => {
                let seen = record.is_alive(self.run, self.gate.clock().now());
                Person::Here { crm_id, label: record.known.label, seen }
            }
            Some(_) | None => Person::Coming,
        })
    }

    /// Whom the deals of an earlier pass point at, which was cut short before it looked back.
    pub(super) fn recall_pointed_at(&mut self) -> Result<()> {
        let before: Vec<(Kind, i64)> = self.state.recall(POINTED_AT)?.unwrap_or_default();
        self.pointed_at.extend(before);
        Ok(())
    }

    /// Looks once more at the cards that deals were pointed at: one that people merged or deleted while the deals were
    /// on their way leaves these on a dead id, and nothing else would tell.
    pub(super) fn look_back(&mut self) -> Result<()> {
        if self.pointed_at.is_empty() {
            return Ok(());
        }
        let people: Vec<(Kind, i64)> = std::mem::take(&mut self.pointed_at).into_iter().collect();
        let dead = self.check_alive(Kind::Guest, &people)? | self.check_alive(Kind::Company, &people)?;
        self.done.dead_links |= dead;
        self.state.remember(POINTED_AT, &Vec::<(Kind, i64)>::new())
    }

    /// A portal accepts dead ids in silence, so those that a deal is about to point at are looked up. Returns
    /// whether one of them is gone.
    fn check_alive(&mut self, kind: Kind, unsure: &[(Kind, i64)]) -> Result<bool> {
        let mut ids: Vec<i64> =
            unsure.iter().filter(|(of, _)| *of == kind).map(|(_, crm_id)| *crm_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let alive = objects::existing(self.gate, kind, &ids)?;
        let gone: Vec<i64> = ids.into_iter().filter(|crm_id| !alive.contains(crm_id)).collect();
        let writer = self.state.writer()?;
        let now = self.gate.clock().now();
        for crm_id in alive {
            writer.alive(kind, crm_id, self.run, now)?;
        }
        writer.commit()?;
        for crm_id in &gone {
            for id in self.state.holders(kind, *crm_id)? {
                let record = self.state.record(kind, &id)?.unwrap_or_default();
                self.vanished(kind, &id, &record, None)?;
                self.touch(kind, &id)?;
            }
            self.dead.insert((kind, *crm_id));
        }
        Ok(!gone.is_empty())
    }

    /// The next pass looks at the bookings of this person or company.
    fn touch(&self, kind: Kind, id: &Id) -> Result<()> {
        let writer = self.state.writer()?;
        writer.touch(kind, id)?;
        writer.commit()
    }
}

impl Target {
    /// The booking, where its people are about to be sent.
    fn sendable_booking(&self) -> Option<&Booking> {
        match (self.planned.step, self.body()) {
            (Step::Create | Step::Update | Step::Recheck, Some(Body::Booking(booking))) => Some(booking),
            _ => None,
        }
    }
}

impl People {
    /// The booking's guest first, then all who stay; the company, or where there is none the payer. `person` says
    /// what is known of each.
    pub(crate) fn of(booking: &Booking, person: impl Fn(Kind, &Id) -> Result<Person>) -> Result<People> {
        // A reference may be kept as a text where the id is a number, or the other way round.
        let person = |kind: Kind, id: &Id| match (person(kind, id)?, id.namesake()) {
            (Person::Nobody, Some(namesake)) => person(kind, &namesake),
            (found, _) => Ok(found),
        };
        let mut people = People::default();
        for (at, id) in booking.guest.iter().chain(&booking.residents).enumerate() {
            let main = at == 0 && booking.guest.is_some();
            match person(Kind::Guest, id)? {
                Person::Nobody => people.name_stranger(Kind::Guest, id),
                Person::Coming if main => people.waits_for = Some(id.clone()),
                Person::Coming => people.missing.push((Kind::Guest, id.clone())),
                Person::Here { crm_id, label, seen } => {
                    if main {
                        people.links.last_name = label;
                    }
                    people.meet(Kind::Guest, crm_id, seen);
                }
            }
        }
        let mut has_company = false;
        for id in booking.company.iter().chain(&booking.payer) {
            match person(Kind::Company, id)? {
                Person::Nobody => people.name_stranger(Kind::Company, id),
                _ if has_company => {}
                Person::Coming => {
                    has_company = true;
                    people.missing.push((Kind::Company, id.clone()));
                }
                Person::Here { crm_id, seen, .. } => {
                    has_company = true;
                    people.meet(Kind::Company, crm_id, seen);
                }
            }
        }
        Ok(people)
    }

    /// The cards that the deal points at.
    pub(crate) fn cards(&self) -> impl Iterator<Item = (Kind, i64)> {
        let Links { contacts, company, .. } = &self.links;
        let contacts = contacts.iter().map(|crm_id| (Kind::Guest, *crm_id));
        contacts.chain(company.iter().map(|crm_id| (Kind::Company, *crm_id)))
    }

    /// A 0 names nobody on purpose, as NULL does.
    fn name_stranger(&mut self, kind: Kind, id: &Id) {
        let stranger = (kind, id.clone());
        if id.to_string() != "0" && !self.strangers.contains(&stranger) {
            self.strangers.push(stranger);
        }
    }

    fn meet(&mut self, kind: Kind, crm_id: i64, seen: bool) {
        if !seen {
            self.unsure.push((kind, crm_id));
        }
        if kind == Kind::Company {
            self.links.company = Some(crm_id);
        } else if !self.links.contacts.contains(&crm_id) {
            self.links.contacts.push(crm_id);
        }
    }
}
