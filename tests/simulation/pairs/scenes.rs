//! What is harmed: the hotels of the kill tests, in which something is to be sent.

use std::path::Path;

use bitrix24_sandbox::{Kind as Entity, Portal};
use chrono::{DateTime, TimeDelta};
use ecvi_b24::config::{Config, parse};
use ecvi_b24::domain::record::{Kind, RecordId, RecordKey};
use ecvi_b24::state::State;
use ecvi_b24::sync::options::{RunKind, RunOptions};
use serde_json::json;

use super::player::Player;
use crate::hotel::{Booking, Company, Guest, Hotel};
use crate::invariants::origin_of;
use crate::world::{SECRET, World, entity_of};

/// A hotel in which something is to be sent.
pub(super) struct Scene {
    pub(super) name: &'static str,
    /// Lines of the configuration.
    more: &'static str,
    /// The command that is harmed first.
    pub(super) command: RunKind,
    /// What happened since the run before.
    happens: fn(&mut World),
}

/// When something changed in Ecvi.
const LATER: &str = "2026-11-20 10:00:00";

/// A booking that is gone from Ecvi has its deal deleted by the run that sees it first.
const AT_ONCE: &str = "[sync]\ndelete_after = '0s'\n";

pub(super) const SCENES: &[Scene] = &[
    scene("export", "", RunKind::InitialExport, |_| ()),
    scene("plain-export", "[export]\nmethod = 'add'\n", RunKind::InitialExport, |_| ()),
    scene("newcomers", "", RunKind::Sync, newcomers),
    scene("newcomers-written-back", "mirror.write_back = true\n", RunKind::Sync, newcomers),
    scene("changes", "", RunKind::Sync, changes),
    scene("removed", AT_ONCE, RunKind::Sync, removed),
    scene("removed-with-a-pause", "", RunKind::Sync, removed),
    scene("merged-into-a-stranger", "", RunKind::Sync, merged_into_a_stranger),
    scene("merged-into-one-another", "", RunKind::Sync, merged_into_one_another),
    scene("reset", "", RunKind::Sync, reset),
    scene("deleted-by-hand", "", RunKind::Sync, deleted_by_hand),
    scene("renamed-portal", "", RunKind::Sync, renamed),
    scene("repair", "", RunKind::Audit, overwritten_by_hand),
];

const fn scene(
    name: &'static str,
    more: &'static str,
    command: RunKind,
    happens: fn(&mut World),
) -> Scene {
    Scene { name, more, command, happens }
}

impl Scene {
    /// The scene before its first run, in this folder.
    pub(super) fn set(&self, folder: &Path, telling: bool) -> Player {
        let mut portal = Portal::new();
        let funnel = portal.add_funnel("Банкеты");
        add_strangers(&mut portal);
        let config = config(folder, self.more, "hotel");
        let mut world = World::bare(config, hotel(), portal, telling);
        world.funnel = funnel;
        world.watching = true;
        world.fill_mirror();
        let mut player = Player::new(world);
        if self.command == RunKind::InitialExport {
            return player;
        }
        player.run(&RunOptions::new(RunKind::InitialExport), None);
        // A copy from two runs ago does not know these.
        let world = player.world();
        world.wait(TimeDelta::minutes(3));
        arrive(&mut world.hotel, 40, None, 4);
        world.fill_mirror();
        player.run(&RunOptions::new(RunKind::Sync), None);
        let world = player.world();
        world.wait(TimeDelta::minutes(3));
        (self.happens)(world);
        player
    }
}

fn config(folder: &Path, more: &str, host: &str) -> Config {
    let toml = format!(
        "mirror.path = 'mirror.db'\nstate.path = 'state.db'\n
         portal.webhook = 'https://{host}.bitrix24.ru/rest/1/{SECRET}/'\n{more}"
    );
    parse(&toml, folder, None).expect("the configuration")
}

/// Cards of another hotel of the chain, whose Ecvi gives the same ids.
fn add_strangers(portal: &mut Portal) {
    for (kind, origin) in [(Entity::Contact, "41"), (Entity::Company, "7"), (Entity::Deal, "5")] {
        let fields = json!({
            "LAST_NAME": "Чужой", "TITLE": "Чужая", "ORIGINATOR_ID": "ECVI2", "ORIGIN_ID": origin,
        });
        let now = DateTime::from_timestamp(1_795_000_000, 0).expect("a time");
        portal.add_by_hand(kind, fields, now).expect("a card");
    }
}

/// A couple, the company that pays for one of them, a stay to come and one that is over.
fn hotel() -> Hotel {
    let mut hotel = Hotel::default();
    hotel.guests.extend([guest(41, "Приходько"), guest(42, "Лебедев")]);
    hotel.companies.push(company(7, "Ромашка"));
    hotel
        .bookings
        .extend([booking(5, "confirmed", 41, Some(7)), booking(6, "checked_out", 42, None)]);
    hotel.bookings[0].residents.push(RecordId::Number(42));
    hotel
}

fn guest(id: i64, last_name: &'static str) -> Guest {
    Guest {
        id: RecordId::Number(id),
        last_name: (last_name, last_name),
        first_name: ("Анна", "Анна"),
        birth_date: "1980-02-29",
        phone: format!("+791611122{id}"),
        email: format!("guest{id}@example.ru"),
        city: "Тверь",
        sex: "F",
        comment: ("", ""),
        vip: false,
        modified_at: Some("2026-11-01 10:00:00".to_owned()),
        crm_id: None,
    }
}

fn company(id: i64, name: &'static str) -> Company {
    Company {
        id: RecordId::Number(id),
        name: (name, name),
        city: "Омск",
        phone: format!("+749512345{id:02}"),
        comment: ("", ""),
        modified_at: Some("2026-11-01 10:00:00".to_owned()),
        crm_id: None,
    }
}

fn booking(id: i64, status: &'static str, guest: i64, company: Option<i64>) -> Booking {
    Booking {
        id: RecordId::Number(id),
        status,
        arrival: format!("2026-12-{id:02} 14:00"),
        departure: format!("2026-12-{:02} 12:00", id + 7),
        amount: "13050.00",
        comment: ("вид на море", "вид на море"),
        guest: Some(RecordId::Number(guest)),
        company: company.map(RecordId::Number),
        payer: None,
        residents: vec![RecordId::Number(guest)],
        modified_at: Some("2026-11-01 10:00:00".to_owned()),
        crm_id: None,
    }
}

/// A guest comes, perhaps of a new company, with a booking that begins in a final stage.
fn arrive(hotel: &mut Hotel, id: i64, employer: Option<i64>, booked: i64) {
    hotel.guests.push(guest(id, "Смирнов"));
    hotel.companies.extend(employer.map(|id| company(id, "Василёк")));
    hotel.bookings.push(booking(booked, "checked_out", id, employer));
}

fn newcomers(world: &mut World) {
    arrive(&mut world.hotel, 43, Some(8), 8);
    world.fill_mirror();
}

/// A guest married and got another phone, the company moved, and a booking was checked out.
fn changes(world: &mut World) {
    let hotel = &mut world.hotel;
    hotel.guests[0].last_name = ("Иванова", "Иванова");
    "+79160000000".clone_into(&mut hotel.guests[0].phone);
    hotel.companies[0].city = "Тверь";
    hotel.bookings[0].status = "checked_out";
    hotel.guests[0].modified_at = Some(LATER.to_owned());
    hotel.companies[0].modified_at = Some(LATER.to_owned());
    hotel.bookings[0].modified_at = Some(LATER.to_owned());
    world.fill_mirror();
}

fn removed(world: &mut World) {
    world.hotel.bookings.remove(1);
    world.invariants.once_gone.insert("6".to_owned());
    world.invariants.missing.insert((Entity::Deal, "6".to_owned()));
    world.fill_mirror();
}

/// In the CRM guest 41 was merged into a contact that was not ours; then the guest changed in Ecvi.
fn merged_into_a_stranger(world: &mut World) {
    let fields = json!({"LAST_NAME": "Приходько", "PHONE": [{"VALUE": "+79161112241"}]});
    let now = world.portal_now();
    let stranger = world.portal.add_by_hand(Entity::Contact, fields, now).expect("a card");
    merge_guest_41(world, stranger);
}

/// In the CRM guest 41 was merged into guest 42.
fn merged_into_one_another(world: &mut World) {
    let survivor = object(world, Kind::Guest, "42");
    merge_guest_41(world, survivor);
}

fn merge_guest_41(world: &mut World, survivor: u64) {
    let lost = object(world, Kind::Guest, "41");
    world.merge_objects(Entity::Contact, survivor, lost);
    world.hotel.guests[0].first_name = ("Анна Ивановна", "Анна Ивановна");
    world.hotel.guests[0].modified_at = Some(LATER.to_owned());
    world.fill_mirror();
}

/// `reset-id --all`
fn reset(world: &mut World) {
    let state = State::open(&world.config.state).expect("the state");
    let writer = state.writer().expect("the state");
    for kind in Kind::SEND_ORDER {
        writer.detach_all(kind, world.clock.now()).expect("written");
    }
    writer.commit().expect("written");
}

/// Guest 41, the company and a deal were deleted in the CRM; then all three changed in Ecvi.
fn deleted_by_hand(world: &mut World) {
    for (kind, origin) in [(Kind::Guest, "41"), (Kind::Company, "7"), (Kind::Booking, "5")] {
        let id = object(world, kind, origin);
        world.delete_object(entity_of(kind), id);
    }
    let hotel = &mut world.hotel;
    hotel.guests[0].modified_at = Some(LATER.to_owned());
    hotel.companies[0].modified_at = Some(LATER.to_owned());
    hotel.bookings[0].modified_at = Some(LATER.to_owned());
    world.fill_mirror();
}

/// The portal has another address, and a guest changed.
fn renamed(world: &mut World) {
    changes(world);
    world.config = config(world.folder(), "", "otel");
}

/// Somebody wrote over a guest, the company and a booking, and an audit found it.
fn overwritten_by_hand(world: &mut World) {
    let state = State::open(&world.config.state).expect("the state");
    let writer = state.writer().expect("the state");
    for (kind, origin) in [(Kind::Guest, 41), (Kind::Company, 7), (Kind::Booking, 5)] {
        let id = object(world, kind, &origin.to_string());
        let fields = json!({"TITLE": "как попало", "LAST_NAME": "как попало"});
        world.portal.edit(entity_of(kind), id, fields, world.portal_now());
        writer.resend(&RecordKey::new(kind, RecordId::Number(origin))).expect("written");
    }
    writer.commit().expect("written");
}

/// The object of a record.
fn object(world: &World, kind: Kind, origin: &str) -> u64 {
    let entity = entity_of(kind);
    let mine = |(_, mark): &(_, String)| mark == origin;
    let found = world
        .portal
        .records(entity)
        .find(|card| origin_of(entity, card).as_ref().is_some_and(mine));
    found.expect("an object").id
}
