//! A booking's people: who of them stands in the CRM, who is still to come, and whom the deal has to wait for.

use std::hash::Hasher;

use anyhow::Result;

use super::{Push, WorkItem};
use crate::crm::objects;
use crate::domain::record::{Kind, RecordKey};
use crate::mapping::deal::DealLinks;
use crate::mirror::{Booking, Entity};
use crate::platform::hash::Fingerprint;
use crate::state::settings::POINTED_AT;
use crate::sync::plan::Step;

/// A booking's people as the deal will have them.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct DealParties {
    /// As the CRM knows them.
    pub(crate) links: DealLinks,
    /// Who has no object yet.
    pub(crate) missing: Vec<RecordKey>,
    /// Whom the booking names and no row has.
    pub(crate) strangers: Vec<RecordKey>,
    /// The booking's guest, when the deal has to wait for them.
    pub(crate) waits_for: Option<RecordKey>,
    /// Objects that were not seen a moment ago.
    unverified: Vec<(Kind, i64)>,
}

impl DealParties {
    /// What of the people a deal shows, and whom its warning names: when it differs, the deal is sent again.
    pub(crate) fn fingerprint(&self) -> u64 {
        let mut fingerprint = Fingerprint::default();
        fingerprint.text(&self.links.last_name);
        for crm_id in self.links.contacts.iter().copied().chain([0]).chain(self.links.company) {
            fingerprint.write(&crm_id.to_le_bytes());
        }
        for key in &self.strangers {
            fingerprint.text(&key.to_string());
        }
        fingerprint.finish()
    }
}

/// What is known of one person or company of a booking.
pub(crate) enum Party {
    /// No row of the mirror has this id.
    NotInMirror,
    /// It has no object yet.
    NotInCrm,
    InCrm {
        crm_id: i64,
        label: String,
        seen: bool,
    },
}

impl Push<'_, '_> {
    /// Finds the people of bookings. What has to wait, or would read the same, goes no further.
    pub(super) fn find_people(&mut self, kind: Kind, targets: Vec<WorkItem>) -> Result<Vec<WorkItem>> {
        if kind != Kind::Booking {
            return Ok(targets);
        }
        let targets = self.with_people(targets)?;
        let unsure: Vec<(Kind, i64)> = targets
            .iter()
            .filter_map(|target| target.people.as_ref())
            .flat_map(|people| &people.unverified)
            .copied()
            .collect();
        if self.check_alive(Kind::Guest, &unsure)? | self.check_alive(Kind::Company, &unsure)? {
            return self.with_people(targets);
        }
        Ok(targets)
    }

    fn with_people(&mut self, targets: Vec<WorkItem>) -> Result<Vec<WorkItem>> {
        let writer = self.state.writer()?;
        let now = self.gate.clock().now();
        let mut ready = Vec::new();
        for mut target in targets {
            let Some(booking) = target.sendable_booking() else {
                ready.push(target);
                continue;
            };
            let people = self.people(booking)?;
            let todo = target.record.plan_record.pending;
            // The warning names who is missing, and only sending the deal updates it.
            let misses_as_before = todo.recheck != people.missing.is_empty();
            let is_same = misses_as_before && people.fingerprint() == target.record.links_hash;
            if let (Some(guest), Some(row)) = (&people.waits_for, target.row()) {
                writer.waiting(row, &guest.to_string(), now)?;
            } else if target.planned.step == Step::Recheck && is_same {
                writer.update_pending(target.key(), todo)?;
            } else {
                target.people = Some(people);
                ready.push(target);
            }
        }
        writer.commit()?;
        Ok(ready)
    }

    fn people(&self, booking: &Booking) -> Result<DealParties> {
        DealParties::of(booking, |key| self.person(key))
    }

    fn person(&self, key: &RecordKey) -> Result<Party> {
        let Some(record) = self.state.record(key)? else {
            return Ok(if self.is_coming(key)? { Party::NotInCrm } else { Party::NotInMirror });
        };
        Ok(match record.plan_record.crm_id {
            _ if record.plan_record.absent_in_mirror => Party::NotInMirror,
            Some(crm_id) if !self.missing_in_crm.contains(&(key.kind, crm_id)) => {
                let seen = record.is_alive(self.run, self.gate.clock().now());
                Party::InCrm { crm_id, label: record.plan_record.display_name, seen }
            }
            Some(_) | None => Party::NotInCrm,
        })
    }

    /// Whom the deals of an earlier run point at, which was cut short before it looked back.
    pub(super) fn recall_pointed_at(&mut self) -> Result<()> {
        let before: Vec<(Kind, i64)> = self.state.get(POINTED_AT)?.unwrap_or_default();
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
        self.state.set(POINTED_AT, &Vec::<(Kind, i64)>::new())
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
            writer.mark_seen(kind, crm_id, self.run, now)?;
        }
        writer.commit()?;
        for crm_id in &gone {
            for key in self.state.records_of_object(kind, *crm_id)? {
                let record = self.state.record(&key)?.unwrap_or_default();
                self.resolve_missing(&key, &record, None)?;
                self.touch(&key)?;
            }
            self.missing_in_crm.insert((kind, *crm_id));
        }
        Ok(!gone.is_empty())
    }

    /// The next run looks at the bookings of this person or company.
    fn touch(&self, key: &RecordKey) -> Result<()> {
        let writer = self.state.writer()?;
        writer.mark_dirty(key)?;
        writer.commit()
    }
}

impl WorkItem {
    /// The booking, where its people are about to be sent.
    fn sendable_booking(&self) -> Option<&Booking> {
        match (self.planned.step, self.body()) {
            (Step::Create | Step::Update | Step::Recheck, Some(Entity::Booking(booking))) => Some(booking),
            _ => None,
        }
    }
}

impl DealParties {
    /// The booking's guest first, then all who stay; the company, or where there is none the payer. `person` says
    /// what is known of each.
    pub(crate) fn of(booking: &Booking, person: impl Fn(&RecordKey) -> Result<Party>) -> Result<DealParties> {
        // A reference may be kept as a text where the id is a number, or the other way round.
        let person = |key: &RecordKey| match (person(key)?, key.other_type_key()) {
            (Party::NotInMirror, Some(other)) => person(&other),
            (found, _) => Ok(found),
        };
        let mut people = DealParties::default();
        for (at, id) in booking.guest.iter().chain(&booking.residents).enumerate() {
            let main = at == 0 && booking.guest.is_some();
            let guest = RecordKey::new(Kind::Guest, id.clone());
            match person(&guest)? {
                Party::NotInMirror => people.name_stranger(guest),
                Party::NotInCrm if main => people.waits_for = Some(guest),
                Party::NotInCrm => people.missing.push(guest),
                Party::InCrm { crm_id, label, seen } => {
                    if main {
                        people.links.last_name = label;
                    }
                    people.meet(Kind::Guest, crm_id, seen);
                }
            }
        }
        let mut has_company = false;
        for id in booking.company.iter().chain(&booking.payer) {
            let company = RecordKey::new(Kind::Company, id.clone());
            match person(&company)? {
                Party::NotInMirror => people.name_stranger(company),
                _ if has_company => {}
                Party::NotInCrm => {
                    has_company = true;
                    people.missing.push(company);
                }
                Party::InCrm { crm_id, seen, .. } => {
                    has_company = true;
                    people.meet(Kind::Company, crm_id, seen);
                }
            }
        }
        Ok(people)
    }

    /// The cards that the deal points at.
    pub(crate) fn cards(&self) -> impl Iterator<Item = (Kind, i64)> {
        let DealLinks { contacts, company, .. } = &self.links;
        let contacts = contacts.iter().map(|crm_id| (Kind::Guest, *crm_id));
        contacts.chain(company.iter().map(|crm_id| (Kind::Company, *crm_id)))
    }

    /// A 0 names nobody on purpose, as NULL does.
    fn name_stranger(&mut self, stranger: RecordKey) {
        if stranger.id.to_string() != "0" && !self.strangers.contains(&stranger) {
            self.strangers.push(stranger);
        }
    }

    fn meet(&mut self, kind: Kind, crm_id: i64, seen: bool) {
        if !seen {
            self.unverified.push((kind, crm_id));
        }
        if kind == Kind::Company {
            self.links.company = Some(crm_id);
        } else if !self.links.contacts.contains(&crm_id) {
            self.links.contacts.push(crm_id);
        }
    }
}
