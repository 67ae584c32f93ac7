//! What people do in Ecvi.

use chrono::{DateTime, Utc};
use ecvi_b24::domain::record::{Kind, RecordId};

use crate::hotel::{Booking, Company, Guest, Hotel, Text};
use crate::rng::Rng;

/// What happens in Ecvi.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum HotelAction {
    New(Kind),
    Change(Kind),
    /// Other people or another company in a booking.
    Rebook,
    Drop(Kind),
    /// The row becomes unreadable until it is changed again.
    Spoil(Kind),
}

const NAMES: &[Text] = &[
    ("Приходько", "Приходько"),
    ("Иванова", "Иванова"),
    ("O'Нил & сын", "O'Нил & сын"),
    ("$result[r0]", "$\u{2060}result[r0]"),
    ("Ли 😀", "Ли 😀"),
    ("", ""),
];
const COMMENTS: &[Text] = &[
    ("", ""),
    ("тихий номер", "тихий номер"),
    ("[VIP] <a@b.ru> цена <100", "(VIP) ‹a@b.ru› цена ‹100"),
    ("$result[r1] $total[r0]", "$result(r1) $total(r0)"),
    ("100% + 1 #5\nвторая строка 😀", "100% + 1 #5\nвторая строка 😀"),
    ("R&D (c)", "R&amp;D (\u{2060}c)"),
];
const CITIES: &[&str] = &["Омск", "Тверь", "São Paulo", ""];
const AMOUNTS: &[&str] = &["13050.00", "0.00", "99.90"];
const STATUSES: &[&str] =
    &["temporary", "confirmed", "checked_in", "checked_out", "cancelled", "no_show"];

/// The ids that records of a kind may have; few, so that they are used again.
fn ids(kind: Kind, size: i64) -> Vec<RecordId> {
    let text = |word: &str| RecordId::Text(word.into());
    let numbers = |most: i64| (1..=most).map(RecordId::Number);
    match kind {
        Kind::Guest => numbers(size).chain([text("k7"), text("K7")]).collect(),
        Kind::Company => numbers(3).collect(),
        Kind::Booking => numbers(size).chain([text("r-1")]).collect(),
    }
}

/// Does it; returns what was done, in words. `standing` are ids of the CRM that Ecvi's own
/// exchange may know.
pub(crate) fn apply(
    hotel: &mut Hotel,
    hotel_action: HotelAction,
    rng: &mut Rng,
    now: DateTime<Utc>,
    standing: &[i64],
) -> Option<(Kind, RecordId, String)> {
    let second = now.format("%Y-%m-%d %H:%M:%S").to_string();
    match hotel_action {
        HotelAction::New(kind) => {
            let free: Vec<RecordId> =
                ids(kind, hotel.size).into_iter().filter(|id| !hotel.has(kind, id)).collect();
            let id = (!free.is_empty()).then(|| rng.one_of(&free))?;
            let crm_id = (rng.chance(15) && !standing.is_empty()).then(|| rng.one_of(standing));
            hotel.add(kind, &id, crm_id, rng, &second);
            let known =
                crm_id.map(|crm_id| format!(", known as object {crm_id}")).unwrap_or_default();
            Some((kind, id.clone(), format!("Ecvi: new {kind} {id}{known}")))
        }
        HotelAction::Change(kind) => {
            let id = hotel.any(kind, rng)?;
            hotel.change(kind, &id, rng, &second);
            Some((kind, id.clone(), format!("Ecvi: {kind} {id} changes")))
        }
        HotelAction::Rebook => {
            let id = hotel.any(Kind::Booking, rng)?;
            let people = hotel.people(rng);
            let booking = hotel.bookings.iter_mut().find(|row| row.id == id)?;
            (booking.guest, booking.residents, booking.company, booking.payer) = people;
            if rng.chance(70) {
                booking.modified_at = Some(second);
            }
            let people = format!("guest {:?}, {:?}", booking.guest, booking.residents);
            Some((
                Kind::Booking,
                id.clone(),
                format!("Ecvi: booking {id} has other people: {people}"),
            ))
        }
        HotelAction::Drop(kind) => {
            // An emptied table is refused, and that is another story.
            let id = hotel.any(kind, rng).filter(|_| hotel.ids(kind).len() > 1)?;
            hotel
                .remove(kind, &id)
                .then(|| (kind, id.clone(), format!("Ecvi: {kind} {id} is removed")))
        }
        HotelAction::Spoil(kind) => {
            let id = hotel.any(kind, rng)?;
            hotel.spoil(kind, &id, rng);
            Some((kind, id.clone(), format!("Ecvi: {kind} {id} becomes unreadable")))
        }
    }
}

impl Hotel {
    fn any(&self, kind: Kind, rng: &mut Rng) -> Option<RecordId> {
        let ids = self.ids(kind);
        (!ids.is_empty()).then(|| rng.one_of(&ids))
    }

    pub(crate) fn add(
        &mut self,
        kind: Kind,
        id: &RecordId,
        crm_id: Option<i64>,
        rng: &mut Rng,
        second: &str,
    ) {
        let id = id.clone();
        match kind {
            Kind::Guest => self.guests.push(Guest { id, crm_id, ..guest(rng, second) }),
            Kind::Company => self.companies.push(Company { id, crm_id, ..company(rng, second) }),
            Kind::Booking => {
                let (guest, residents, company, payer) = self.people(rng);
                let booking = booking(rng, second);
                self.bookings.push(Booking {
                    id,
                    guest,
                    company,
                    payer,
                    residents,
                    crm_id,
                    ..booking
                });
            }
        }
    }

    /// All fields may change; ids and people stay.
    fn change(&mut self, kind: Kind, id: &RecordId, rng: &mut Rng, second: &str) {
        for row in self.guests.iter_mut().filter(|row| kind == Kind::Guest && row.id == *id) {
            *row = Guest { id: id.clone(), crm_id: row.crm_id, ..guest(rng, second) };
        }
        for row in self.companies.iter_mut().filter(|row| kind == Kind::Company && row.id == *id) {
            *row = Company { id: id.clone(), crm_id: row.crm_id, ..company(rng, second) };
        }
        for row in self.bookings.iter_mut().filter(|row| kind == Kind::Booking && row.id == *id) {
            let Booking { guest, company, payer, residents, crm_id, .. } = row.clone();
            let people = Booking { guest, company, payer, residents, ..booking(rng, second) };
            *row = Booking { id: id.clone(), crm_id, ..people };
        }
    }

    fn people(
        &self,
        rng: &mut Rng,
    ) -> (Option<RecordId>, Vec<RecordId>, Option<RecordId>, Option<RecordId>) {
        let mut some = |ids: &[RecordId], percent| {
            (rng.chance(percent) && !ids.is_empty()).then(|| rng.one_of(ids).clone())
        };
        // Now and then somebody whom no row has.
        let guests: Vec<RecordId> =
            self.ids(Kind::Guest).into_iter().chain([RecordId::Number(99)]).collect();
        let companies = self.ids(Kind::Company);
        let guest = some(&guests, 90);
        let mut residents: Vec<RecordId> = (0..3).filter_map(|_| some(&guests, 60)).collect();
        residents.extend(guest.clone());
        if residents.is_empty() {
            // An emptied table is refused, and that is another story.
            residents.push(RecordId::Number(1));
        }
        residents.sort();
        residents.dedup();
        (guest, residents, some(&companies, 40), some(&companies, 40))
    }

    fn remove(&mut self, kind: Kind, id: &RecordId) -> bool {
        let others = self.bookings.iter().any(|row| row.id != *id && !row.residents.is_empty());
        match kind {
            Kind::Guest => self.guests.retain(|row| row.id != *id),
            Kind::Company => self.companies.retain(|row| row.id != *id),
            Kind::Booking if !others => return false,
            Kind::Booking => self.bookings.retain(|row| row.id != *id),
        }
        true
    }

    fn spoil(&mut self, kind: Kind, id: &RecordId, rng: &mut Rng) {
        let way = rng.roll(3);
        for row in self.guests.iter_mut().filter(|row| kind == Kind::Guest && row.id == *id) {
            match way {
                0 => row.modified_at = None,
                _ => row.birth_date = "вчера",
            }
        }
        for row in self.companies.iter_mut().filter(|row| kind == Kind::Company && row.id == *id) {
            row.modified_at = None;
        }
        for row in self.bookings.iter_mut().filter(|row| kind == Kind::Booking && row.id == *id) {
            match way {
                0 => row.status = "waitlist",
                1 => row.amount = "13.050",
                _ => row.arrival = "скоро".into(),
            }
        }
    }
}

fn guest(rng: &mut Rng, second: &str) -> Guest {
    let phone = |rng: &mut Rng| format!("+7 900 000-00-{:02}", rng.roll(12));
    let mut phones = vec![phone(rng)];
    if rng.chance(30) {
        phones.push(phone(rng));
    }
    Guest {
        id: RecordId::Number(0),
        last_name: rng.one_of(NAMES),
        first_name: rng.one_of(NAMES),
        birth_date: rng.one_of(&["1980-02-29", "2001-12-31", ""]),
        phone: if rng.chance(85) { phones.join("; ") } else { String::new() },
        email: (rng.one_of(&["a@b.ru", "нет", "c@d.travel, e@f.ru", "a b@c.ru", ""])).to_owned(),
        city: rng.one_of(CITIES),
        sex: rng.one_of(&["M", "F", ""]),
        comment: rng.one_of(COMMENTS),
        vip: rng.chance(20),
        modified_at: Some(second.to_owned()),
        crm_id: None,
    }
}

fn company(rng: &mut Rng, second: &str) -> Company {
    Company {
        id: RecordId::Number(0),
        name: rng.one_of(NAMES),
        city: rng.one_of(CITIES),
        phone: format!("+7 495 000-00-{:02}", rng.roll(4)),
        comment: rng.one_of(COMMENTS),
        modified_at: Some(second.to_owned()),
        crm_id: None,
    }
}

fn booking(rng: &mut Rng, second: &str) -> Booking {
    let arrival = 1 + rng.roll(20);
    Booking {
        id: RecordId::Number(0),
        status: rng.one_of(STATUSES),
        arrival: format!("2026-12-{arrival:02} 14:00"),
        departure: format!("2026-12-{:02}T12:00:00", arrival + 1 + rng.roll(8)),
        amount: rng.one_of(AMOUNTS),
        comment: rng.one_of(COMMENTS),
        guest: None,
        company: None,
        payer: None,
        residents: Vec::new(),
        modified_at: Some(second.to_owned()),
        crm_id: None,
    }
}
