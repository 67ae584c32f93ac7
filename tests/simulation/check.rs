//! The CRM beside the mirror, field by field. Independent of the program: only which record holds
//! which object, and what failed, is read from the state.

use std::collections::{BTreeMap, BTreeSet};

use bitrix24_sandbox::{Kind as Entity, Record};
use ecvi_b24::domain::failure_code::FailureCode;
use ecvi_b24::domain::record::{Kind, RecordId};
use ecvi_b24::state::{Severity, State};

use crate::hotel::{Booking, Company, Guest};
use crate::invariants::origin_of;
use crate::world::{World, entity_of};

/// What the state says.
pub(crate) struct Told {
    linked: BTreeMap<(Kind, RecordId), u64>,
    /// Records that failed or wait.
    held: BTreeSet<(Kind, RecordId)>,
    /// Objects that several records hold.
    shared: BTreeSet<(Kind, u64)>,
    /// Deals that were moved into another funnel, and the like.
    warned: BTreeSet<(Kind, RecordId)>,
}

impl Told {
    fn read(state: &State) -> anyhow::Result<Told> {
        let mut told = Told {
            linked: BTreeMap::new(),
            held: BTreeSet::new(),
            shared: BTreeSet::new(),
            warned: BTreeSet::new(),
        };
        for kind in Kind::SEND_ORDER {
            let mut seen = BTreeSet::new();
            for (id, crm_id) in state.newest_linked(kind, u32::MAX)? {
                let crm_id = crm_id.cast_unsigned();
                if !seen.insert(crm_id) {
                    told.shared.insert((kind, crm_id));
                }
                told.linked.insert((kind, id), crm_id);
            }
            told.held.extend(state.failed_or_waiting(kind)?.into_iter().map(|id| (kind, id)));
        }
        let funnel = state
            .issues(Severity::Warning)?
            .into_iter()
            .filter(|flaw| flaw.code == FailureCode::OtherFunnel);
        told.warned = funnel.map(|flaw| (flaw.key.kind, flaw.key.id)).collect();
        Ok(told)
    }

    /// Whether a booking failed or waits.
    pub(crate) fn holds_a_booking(&self) -> bool {
        self.held.iter().any(|(kind, _)| *kind == Kind::Booking)
    }
}

/// One field: its name, what must stand there, and what stands there.
pub(crate) type Field = (&'static str, String, String);

impl World {
    /// Compares every record with its object. `all`: also those that people changed, for everything
    /// was sent again.
    pub(crate) fn check(&mut self, all: bool) {
        if self.verdict().is_err() {
            return;
        }
        let state = State::open_readonly(&self.config.state).expect("a state");
        let told = Told::read(&state).expect("a state");
        let mut wrongs = Vec::new();
        for kind in Kind::SEND_ORDER {
            for id in self.hotel.ids(kind) {
                if let Err(wrong) = self.check_record(kind, &id, &told, all) {
                    wrongs.push(format!("{kind} {id}: {wrong}"));
                }
            }
        }
        if !self.forgot && !self.merged {
            wrongs.extend(self.deals_without_booking());
        }
        self.invariants.wrongs.extend(wrongs);
    }

    fn check_record(
        &self,
        kind: Kind,
        id: &RecordId,
        told: &Told,
        all: bool,
    ) -> Result<(), String> {
        let key = (kind, id.clone());
        if told.held.contains(&key) {
            return Ok(());
        }
        let Some(crm_id) = told.linked.get(&key).copied() else {
            if self.is_old_booking(kind, id) {
                return Ok(());
            }
            return Err("neither sent nor failed".into());
        };
        let entity = entity_of(kind);
        let Some(object) = self.portal.get(entity, crm_id) else {
            return if all { Err(format!("its object {crm_id} is gone")) } else { Ok(()) };
        };
        if self.forgot && !all || told.shared.contains(&(kind, crm_id)) {
            return Ok(());
        }
        let touched =
            |field: &str| self.invariants.edited.has((entity, crm_id), field) || self.forgot;
        let fields = match kind {
            Kind::Guest => self.hotel.guests.iter().find(|row| row.id == *id).map(|row| {
                let mut fields = guest(row, object);
                fields.extend(self.stays(id, object, told));
                fields
            }),
            Kind::Company => self
                .hotel
                .companies
                .iter()
                .find(|row| row.id == *id)
                .map(|row| company(row, object)),
            Kind::Booking => {
                let moved = told.warned.contains(&key);
                self.hotel
                    .bookings
                    .iter()
                    .find(|row| row.id == *id)
                    .map(|row| self.booking(row, object, told, moved))
            }
        };
        for (name, wanted, stands) in fields.unwrap_or_default() {
            if wanted != stands && (all || !touched(name)) {
                return Err(format!("{name} of {crm_id} is {stands:?}, not {wanted:?}"));
            }
        }
        let skipped = |field: &str| !all && touched(field);
        self.check_reach(kind, id, object, skipped, touched)
    }

    /// What Ecvi has stands there; where nobody else ever wrote, nothing else does.
    fn check_reach(
        &self,
        kind: Kind,
        id: &RecordId,
        object: &Record,
        skipped: impl Fn(&str) -> bool,
        touched: impl Fn(&str) -> bool,
    ) -> Result<(), String> {
        let (phones, emails) = match kind {
            Kind::Guest => {
                let Some(row) = self.hotel.guests.iter().find(|row| row.id == *id) else {
                    return Ok(());
                };
                (row.phone.as_str(), row.email.as_str())
            }
            Kind::Company => {
                let Some(row) = self.hotel.companies.iter().find(|row| row.id == *id) else {
                    return Ok(());
                };
                (row.phone.as_str(), "")
            }
            Kind::Booking => return Ok(()),
        };
        let named = self.invariants.named.contains(&(entity_of(kind), object.id));
        for (field, wanted) in [("PHONE", values(phones)), ("EMAIL", values(emails))] {
            if skipped(field) {
                continue;
            }
            let formed = |value: &str| self.after_robots(field, value);
            let wanted: BTreeSet<String> = wanted.into_iter().map(formed).collect();
            let stands: BTreeSet<String> = object.values(field).into_iter().map(formed).collect();
            let exact = !touched(field) && !named;
            if !wanted.is_subset(&stands) || (exact && wanted != stands) {
                return Err(format!("{field} of {} is {stands:?}, not {wanted:?}", object.id));
            }
        }
        Ok(())
    }

    fn booking(&self, row: &Booking, deal: &Record, told: &Told, moved: bool) -> Vec<Field> {
        // Whose object is gone, and is not to be made anew, is left out.
        let id_of = |kind: Kind, id: &RecordId| {
            let linked = told.linked.get(&(kind, id.clone())).filter(|_| self.hotel.has(kind, id));
            linked.copied().filter(|crm_id| self.portal.get(entity_of(kind), *crm_id).is_some())
        };
        let mut contacts: Vec<u64> = Vec::new();
        for id in row.guest.iter().chain(&row.residents) {
            contacts.extend(id_of(Kind::Guest, id).filter(|crm_id| !contacts.contains(crm_id)));
        }
        let company =
            row.company.iter().chain(&row.payer).find(|id| self.hotel.has(Kind::Company, id));
        let company = company.and_then(|id| id_of(Kind::Company, id));
        let (stage, probability) = match row.status {
            "temporary" => ("NEW", "30"),
            "confirmed" => ("EXECUTING", "60"),
            "checked_in" | "checked_out" => ("WON", "100"),
            _ => ("LOSE", "0"),
        };
        let mut fields = vec![
            (
                "contacts",
                format!("{contacts:?}"),
                format!("{:?}", self.alive(Kind::Guest, deal.link_ids())),
            ),
            ("COMPANY_ID", company.unwrap_or(0).to_string(), self.company(deal)),
            field("BEGINDATE", &row.arrival[..10], deal),
            field("CLOSEDATE", &row.departure[..10], deal),
            field("OPPORTUNITY", row.amount, deal),
            field("PROBABILITY", probability, deal),
            field("COMMENTS", row.comment.1, deal),
            field("CURRENCY_ID", "RUB", deal),
        ];
        if !moved {
            fields.push(field("STAGE_ID", stage, deal));
        }
        fields.extend(self.title(row, told).map(|title| field("TITLE", &title, deal)));
        fields
    }

    /// Somebody may delete a card between the moment when a run sees it alive and the moment when
    /// a deal names it: what such a deal keeps is no card any more.
    fn alive(&self, kind: Kind, ids: Vec<u64>) -> Vec<u64> {
        ids.into_iter()
            .filter(|crm_id| self.portal.get(entity_of(kind), *crm_id).is_some())
            .collect()
    }

    fn company(&self, deal: &Record) -> String {
        let id = number(deal.text("COMPANY_ID"));
        let alive =
            id.parse().is_ok_and(|crm_id| !self.alive(Kind::Company, vec![crm_id]).is_empty());
        if alive { id } else { "0".into() }
    }

    /// A guest who failed is still called as when they were last sent.
    fn title(&self, row: &Booking, told: &Told) -> Option<String> {
        let guest = row
            .guest
            .as_ref()
            .and_then(|id| self.hotel.guests.iter().find(|guest| guest.id == *id));
        if guest.is_some_and(|guest| told.held.contains(&(Kind::Guest, guest.id.clone()))) {
            return None;
        }
        let name = guest.map_or("", |guest| guest.last_name.1);
        let name = if name.is_empty() { String::new() } else { format!(" ({name})") };
        let time = |text: &str| {
            format!("{}.{}.{} {}", &text[8..10], &text[5..7], &text[..4], &text[11..16])
        };
        Some(format!(
            "Заявка №{}{name} {} - {}",
            row.number(),
            time(&row.arrival),
            time(&row.departure)
        ))
    }

    fn deals_without_booking(&self) -> Option<String> {
        let lonely = self.portal.records(Entity::Deal).find(|deal| {
            let Some(origin) = origin_of(Entity::Deal, deal) else { return false };
            let gone = !self.hotel.bookings.iter().any(|row| row.id.to_string() == origin.1);
            gone && !self.invariants.was_restored(&origin)
        });
        lonely.map(|deal| format!("deal {} stands there without its booking", deal.id))
    }
}

fn field(name: &'static str, wanted: &str, object: &Record) -> Field {
    (name, wanted.to_owned(), object.text(name).to_owned())
}

fn number(text: &str) -> String {
    if text.is_empty() { "0".into() } else { text.into() }
}

fn values(text: &str) -> BTreeSet<&str> {
    let parts = text.split([',', ';']).map(str::trim);
    // What is no address is left out: one with a blank, or without a dot behind the @.
    parts
        .filter(|part| part.starts_with('+') || (part.contains('@') && !part.contains(' ')))
        .collect()
}

fn guest(row: &Guest, object: &Record) -> Vec<Field> {
    let nameless = row.last_name.0.is_empty() && row.first_name.0.is_empty();
    let last_name =
        if nameless { format!("Гость №{}", row.id) } else { row.last_name.1.to_owned() };
    let honorific = match row.sex {
        "M" => "HNR_RU_1",
        "F" => "HNR_RU_2",
        _ => "",
    };
    let comment =
        if row.vip { format!("{{ VIP }} {}", row.comment.1) } else { row.comment.1.to_owned() };
    let mut fields = vec![
        field("LAST_NAME", &last_name, object),
        field("NAME", row.first_name.1, object),
        field("BIRTHDATE", row.birth_date, object),
        field("HONORIFIC", honorific, object),
        field("TYPE_ID", "CLIENT", object),
        field("COMMENTS", comment.trim(), object),
    ];
    // An address that lost every part stays.
    if !row.city.is_empty() {
        fields.push(field("ADDRESS_CITY", row.city, object));
    }
    fields
}

fn company(row: &Company, object: &Record) -> Vec<Field> {
    let name = if row.name.0.is_empty() {
        format!("Компания №{}", row.id)
    } else {
        row.name.1.to_owned()
    };
    let mut fields = vec![field("TITLE", &name, object), field("COMMENTS", row.comment.1, object)];
    if !row.city.is_empty() {
        fields.push(field("ADDRESS_CITY", row.city, object));
    }
    fields
}
