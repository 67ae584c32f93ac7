//! What the bookings say of a guest stands in fields of the contact: how often they stayed, when,
//! and for how much.

use bitrix24_sandbox::Kind;
use chrono::{DateTime, Local, NaiveDate, TimeZone, Utc};
use ecvi_b24::platform::clock::Clock;
use ecvi_b24::sync::options::{RunKind, RunOptions};
use rusqlite::Connection;
use serde_json::json;

use crate::hotel::{Hotel, fields};

const FIELDS: [(&str, &str, &str); 8] = [
    ("STAYS", "integer", "stays"),
    ("NIGHTS", "integer", "nights"),
    ("SPENT", "money", "sum"),
    ("FIRST", "date", "first_stay"),
    ("LAST", "date", "last_stay"),
    ("NEXT", "date", "next_arrival"),
    ("CANCELLED", "integer", "cancelled"),
    ("NOSHOW", "double", "not_shown"),
];

/// A stay that is over.
const LONG_AGO: &str = "status = 'checked_out', arrival = '2019-01-01', departure = '2019-01-03'";

/// The portal has the fields, and the configuration does not name them yet.
fn hotel() -> Hotel {
    let hotel = Hotel::new();
    for (name, kind, _) in FIELDS {
        hotel.portal().add_user_field(Kind::Contact, name, kind, false, &[]);
    }
    for (id, name) in [(1, "Приходько"), (2, "Белова"), (3, "Орлов")] {
        hotel.guest(id, &format!("last_name = '{name}'"));
    }
    hotel
}

fn switch_on(hotel: &Hotel) {
    hotel.configure("[contact.stays]");
    for (name, _, figure) in FIELDS {
        hotel.configure(&format!("UF_CRM_{name} = '{figure}'"));
    }
}

/// A hotel whose contacts show stays: guest 1 was there once, with 2; guest 3 never was.
fn running() -> Hotel {
    let hotel = hotel();
    switch_on(&hotel);
    hotel.booking(
        1,
        "guest_id = 1, status = 'checked_out', amount = '13050.50',
         arrival = '2025-05-20 14:00', departure = '2025-05-29 12:00'",
    );
    hotel.stay(1, &[2, 1]);
    // Somebody else's, so that no table is ever emptied.
    hotel.guest(9, "");
    hotel.booking(90, "guest_id = 9");
    hotel.stay(90, &[9]);
    hotel.export();
    hotel
}

/// Stays, nights, sum, first and last stay, next arrival, cancelled, not shown.
fn shown(hotel: &Hotel, guest: u32) -> String {
    let contact = hotel.contact(guest);
    let names = FIELDS.map(|(name, ..)| format!("UF_CRM_{name}"));
    let values =
        names.map(|name| contact.text(&name).split('T').next().unwrap_or_default().to_owned());
    values.join(" ")
}

/// Updates of contacts while this was done.
fn updates(hotel: &Hotel) -> String {
    let said = hotel.sync();
    let guests =
        said.split_once("гости ").map(|(_, rest)| rest.split([',', ';', '\n']).next().unwrap());
    guests.unwrap_or("0").to_owned()
}

fn kept_stays(hotel: &Hotel) -> u32 {
    let state = Connection::open(hotel.path("state.db")).unwrap();
    state.query_row("SELECT count(*) FROM stays", [], |row| row.get(0)).unwrap()
}

#[test]
fn a_contact_shows_what_its_bookings_say_from_its_creation_on() {
    let hotel = running();
    assert_eq!(shown(&hotel, 1), "1 9 13050.50|RUB 2025-05-20 2025-05-20  0 0");
    assert_eq!(shown(&hotel, 2), "1 9 0.00|RUB 2025-05-20 2025-05-20  0 0");
    assert_eq!(shown(&hotel, 3), "0 0 0.00|RUB    0 0");
    assert_eq!(hotel.issues("warnings"), [""; 0]);
    hotel.says("audit");
    hotel.runs_idle();
}

#[test]
fn however_many_bookings_change_a_contact_is_updated_once() {
    let hotel = running();
    for id in 2..=9 {
        let status = ["checked_in", "cancelled", "no_show", "confirmed"][id as usize % 4];
        let days = "arrival = '2096-12-01 14:00', departure = '2096-12-05 12:00'";
        hotel.booking(id, &format!("guest_id = 1, status = '{status}', amount = '100', {days}"));
    }
    hotel.guest(1, "city = 'Омск'");
    let plan = hotel.says("sync --dry-run");
    assert!(plan.contains("UF_CRM_CANCELLED"), "{plan}");
    assert_eq!(updates(&hotel), "1");
    assert_eq!(shown(&hotel, 1), "3 17 13250.50|RUB 2025-05-20 2096-12-01 2096-12-01 2 2");
    assert_eq!(fields(&hotel.contact(1), ["ADDRESS_CITY"]), ["Омск"]);
    hotel.says("audit");
    assert_eq!(hotel.sync(), "");
}

#[test]
fn each_change_of_a_booking_reaches_its_guests() {
    let hotel = running();
    hotel.booking(2, "guest_id = 1, arrival = '2096-12-01 14:00', departure = '2096-12-05 12:00'");
    hotel.stay(2, &[1, 3]);
    hotel.sync();
    assert_eq!(shown(&hotel, 3), "0 0 0.00|RUB   2096-12-01 0 0");
    hotel.booking(2, "arrival = '2096-12-03 14:00'");
    assert_eq!(updates(&hotel), "2");
    assert_eq!(shown(&hotel, 3), "0 0 0.00|RUB   2096-12-03 0 0");
    hotel.booking(2, "status = 'cancelled'");
    hotel.sync();
    assert_eq!(shown(&hotel, 3), "0 0 0.00|RUB    1 0");
    // Another guest than the one who made it.
    hotel.booking(2, "guest_id = 2, status = 'checked_in', amount = '70.00'");
    hotel.stay(2, &[2]);
    hotel.sync();
    assert_eq!(shown(&hotel, 1), "1 9 13050.50|RUB 2025-05-20 2025-05-20  0 0");
    assert_eq!(shown(&hotel, 2), "2 11 70.00|RUB 2025-05-20 2096-12-03  0 0");
    assert_eq!(shown(&hotel, 3), "0 0 0.00|RUB    0 0");
    hotel.says("audit");
    assert_eq!(hotel.sync(), "");
}

#[test]
fn the_guests_who_stay_change_without_the_booking() {
    let hotel = running();
    hotel.stay(1, &[3]);
    assert_eq!(updates(&hotel), "2");
    assert_eq!(shown(&hotel, 2), "0 0 0.00|RUB    0 0");
    assert_eq!(shown(&hotel, 3), "1 9 0.00|RUB 2025-05-20 2025-05-20  0 0");
}

#[test]
fn a_booking_that_is_gone_counts_until_its_deal_goes() {
    let hotel = running();
    hotel.be_patient();
    hotel.remove_booking(1);
    hotel.booking(2, "guest_id = 3");
    hotel.sync();
    assert_eq!(shown(&hotel, 1), "1 9 13050.50|RUB 2025-05-20 2025-05-20  0 0");
}

#[test]
fn with_its_deal_a_booking_stops_counting() {
    let hotel = running();
    hotel.booking(2, "guest_id = 3");
    hotel.sync();
    hotel.remove_booking(1);
    hotel.sync();
    hotel.sync();
    assert_eq!(shown(&hotel, 1), "0 0 0.00|RUB    0 0");
    assert_eq!(shown(&hotel, 2), "0 0 0.00|RUB    0 0");
    hotel.says("audit");
    assert_eq!(hotel.sync(), "");
}

#[test]
fn a_stay_of_long_ago_counts_though_its_booking_is_not_carried_over() {
    let hotel = hotel();
    hotel.configure("export.bookings_from = '2026-01-01'");
    switch_on(&hotel);
    hotel.booking(1, &format!("guest_id = 1, {LONG_AGO}"));
    hotel.booking(2, "guest_id = 2");
    hotel.export();
    assert!(hotel.objects(Kind::Deal, &1).is_empty());
    assert_eq!(shown(&hotel, 1), "1 2 0.00|RUB 2019-01-01 2019-01-01  0 0");
    hotel.remove_booking(1);
    hotel.sync();
    assert_eq!(shown(&hotel, 1), "0 0 0.00|RUB    0 0");
}

#[test]
fn a_booking_that_cannot_be_read_counts_as_it_did() {
    let hotel = running();
    hotel.booking(1, "status = 'what?'");
    hotel.exits(1, "sync");
    assert_eq!(shown(&hotel, 1), "1 9 13050.50|RUB 2025-05-20 2025-05-20  0 0");
}

/// Noon of a day by this machine's clock.
fn noon(day: &str) -> DateTime<Utc> {
    let day: NaiveDate = day.parse().unwrap();
    Local.from_local_datetime(&day.and_hms_opt(12, 0, 0).unwrap()).unwrap().to_utc()
}

#[test]
fn the_first_run_of_a_day_finds_who_is_expected_no_more_and_nobody_else() {
    let hotel = hotel();
    switch_on(&hotel);
    hotel.booking(1, "guest_id = 1, arrival = '2026-03-10', departure = '2026-03-12'");
    hotel.booking(2, "guest_id = 1, arrival = '2026-03-20', departure = '2026-03-22'");
    hotel.booking(
        3,
        "guest_id = 2, arrival = '2026-03-12', departure = '2026-03-14', status = 'temporary'",
    );
    let run = |kind, day| {
        let report = hotel.run_at(&RunOptions::new(kind), &Clock::virtual_at(noon(day)));
        report.counts.updated.sum()
    };
    let next = || [1, 2].map(|guest| shown(&hotel, guest).split(' ').nth(5).unwrap().to_owned());
    run(RunKind::InitialExport, "2026-03-10");
    assert_eq!(next(), ["2026-03-10", "2026-03-12"]);
    run(RunKind::Sync, "2026-03-10");
    assert_eq!(run(RunKind::Sync, "2026-03-11"), 1);
    assert_eq!(next(), ["2026-03-20", "2026-03-12"]);
    assert_eq!(run(RunKind::Sync, "2026-03-12"), 0);
    assert_eq!(run(RunKind::Sync, "2026-03-15"), 1);
    assert_eq!(next(), ["2026-03-20", ""]);
    // The clock is set back.
    assert_eq!(run(RunKind::Sync, "2026-03-09"), 2);
    assert_eq!(next(), ["2026-03-10", "2026-03-12"]);
}

#[test]
fn switched_on_later_it_fills_every_contact_once_and_touches_no_deal() {
    let hotel = hotel();
    hotel.booking(
        1,
        "guest_id = 1, status = 'checked_out', arrival = '2025-05-20', departure = '2025-05-29'",
    );
    hotel.export();
    hotel.runs_idle();
    assert_eq!(kept_stays(&hotel), 0);
    switch_on(&hotel);
    assert_eq!(hotel.status()["records"]["guest"]["pending"], 3);
    assert_eq!(hotel.sync(), "sync: изменено: гости 3\n");
    assert_eq!(shown(&hotel, 1), "1 9 0.00|RUB 2025-05-20 2025-05-20  0 0");
    assert_eq!(shown(&hotel, 3), "0 0 0.00|RUB    0 0");
    assert_eq!(hotel.sync(), "");
    hotel.runs_idle();
    hotel.says("audit");
}

#[test]
fn a_contact_that_the_run_had_no_time_for_goes_with_the_next() {
    let hotel = hotel();
    hotel.export();
    switch_on(&hotel);
    hotel.answers_each(
        "crm.contact.update",
        "result_error",
        json!({"error": "QUERY_LIMIT_EXCEEDED"}),
    );
    hotel.exits(5, "sync --time-limit 1s");
    hotel.server().faults(|_| None);
    hotel.sync();
    assert_eq!(shown(&hotel, 3), "0 0 0.00|RUB    0 0");
    assert_eq!(hotel.sync(), "");
}

#[test]
fn switched_off_nothing_is_kept_and_on_again_everything_is_filled_anew() {
    let hotel = running();
    let off = std::fs::read_to_string(hotel.path("ecvi-b24.toml")).unwrap();
    let (without, _) = off.split_once("[contact.stays]").unwrap();
    std::fs::write(hotel.path("ecvi-b24.toml"), without).unwrap();
    hotel.booking(2, "guest_id = 3, status = 'checked_in'");
    hotel.sync();
    assert_eq!((kept_stays(&hotel), shown(&hotel, 3).as_str()), (0, "0 0 0.00|RUB    0 0"));
    let id = hotel.contact(1).id;
    hotel.edit(Kind::Contact, id, json!({"UF_CRM_STAYS": "77"}));
    std::fs::write(hotel.path("ecvi-b24.toml"), &off).unwrap();
    hotel.sync();
    assert_eq!(shown(&hotel, 1), "1 9 13050.50|RUB 2025-05-20 2025-05-20  0 0");
    assert_eq!(shown(&hotel, 3), "1 4 0.00|RUB 2026-12-01 2026-12-01  0 0");
}

#[test]
fn what_people_wrote_there_is_drift_and_is_overwritten_with_the_next_change() {
    let hotel = running();
    let id = hotel.contact(1).id;
    hotel.edit(Kind::Contact, id, json!({"UF_CRM_STAYS": "77"}));
    let said = hotel.exits(1, "audit").out;
    assert!(said.contains("UF_CRM_STAYS"), "{said}");
    hotel.sync();
    assert!(shown(&hotel, 1).starts_with("77 "));
    hotel.guest(1, "city = 'Омск'");
    hotel.sync();
    assert!(shown(&hotel, 1).starts_with("1 9 "));
}

#[test]
fn the_guests_of_one_contact_are_added_up() {
    let hotel = running();
    hotel.booking(2, "guest_id = 3, status = 'checked_in', amount = '100.00'");
    hotel.sync();
    let card = hotel.contact(1).id;
    hotel.says(&format!("reset-id guest 3 --crm-id {card} --yes"));
    hotel.sync();
    assert_eq!(shown(&hotel, 1), "2 13 13150.50|RUB 2025-05-20 2026-12-01  0 0");
    hotel.booking(2, "amount = '200.00'");
    hotel.sync();
    assert_eq!(shown(&hotel, 1), "2 13 13250.50|RUB 2025-05-20 2026-12-01  0 0");
}

#[test]
fn after_a_lost_state_contacts_show_the_same() {
    let hotel = running();
    hotel.booking(2, "guest_id = 3, status = 'checked_in'");
    hotel.lose_state();
    hotel.export();
    assert_eq!(shown(&hotel, 1), "1 9 13050.50|RUB 2025-05-20 2025-05-20  0 0");
    assert_eq!(shown(&hotel, 3), "1 4 0.00|RUB 2026-12-01 2026-12-01  0 0");
    hotel.says("audit");
}

#[test]
fn a_state_of_before_finds_what_changed_since() {
    let hotel = running();
    let before = hotel.copy_of_state();
    hotel.booking(2, "guest_id = 3, status = 'checked_in'");
    hotel.sync();
    hotel.booking(2, "guest_id = 2");
    hotel.put_back(&before);
    hotel.sync();
    assert_eq!(shown(&hotel, 2), "2 13 0.00|RUB 2025-05-20 2026-12-01  0 0");
    hotel.sync();
    // Of guest 3 the old state knows nothing that changed.
    hotel.says("audit --repair");
    assert_eq!(shown(&hotel, 3), "0 0 0.00|RUB    0 0");
}

#[test]
fn a_field_that_is_not_there_or_holds_something_else_is_found_before_anything_is_sent() {
    let hotel = hotel();
    hotel.configure("[contact.stays]\nUF_CRM_FIRST = 'sum'\nUF_CRM_NONE = 'stays'");
    let said = hotel.exits(3, "check").out;
    assert!(said.contains("[contact.stays] UF_CRM_FIRST = sum"), "{said}");
    assert!(said.contains("money, double, string"), "{said}");
    assert!(said.contains("[contact.stays] UF_CRM_NONE = stays"), "{said}");
    hotel.exits(3, "initial-export");
    assert!(hotel.objects(Kind::Contact, &1).is_empty());
}

#[test]
fn a_field_is_the_hotels_own_and_is_filled_by_one_table() {
    for (line, word) in [
        ("UF_CRM_X = 'visits'", "значение «visits» не подходит"),
        ("COMMENTS = 'stays'", "COMMENTS"),
        ("POST = 'stays'", "POST"),
        ("uf_crm_x = 'stays'", "uf_crm_x"),
        ("UF_CRM_X = 'stays'\n[contact.fields]\nUF_CRM_X = 'comment'", "UF_CRM_X"),
    ] {
        let hotel = hotel();
        hotel.configure(&format!("[contact.stays]\n{line}"));
        let said = hotel.exits(3, "check");
        assert!((said.out + &said.err).contains(word), "{line}");
    }
}

#[test]
fn where_nobody_asks_for_it_nothing_is_kept_and_the_plan_is_the_same() {
    let hotel = hotel();
    hotel.booking(1, "guest_id = 1, status = 'checked_out'");
    hotel.export();
    hotel.booking(1, "guest_id = 2");
    let said = hotel.says("sync --dry-run --json");
    assert!(!said.contains("\"guest\",") && !said.contains("UF_CRM"), "{said}");
    assert_eq!(hotel.sync(), "sync: изменено: заявки 1\n");
    assert_eq!(kept_stays(&hotel), 0);
    let state = Connection::open(hotel.path("state.db")).unwrap();
    let kept = state.prepare("SELECT 1 FROM meta WHERE key = 'stays'").unwrap().exists([]).unwrap();
    assert!(!kept);
}

/// The mirror's bookings are seen through a window, which leaves that stay out.
fn show_the_last_year(hotel: &Hotel) {
    let window = "SELECT * FROM bookings WHERE departure >= date('now', '-1 years')";
    hotel.configure(&format!("[mirror.queries]\nbookings = \"{window}\""));
}

/// That stay is still shown by this guest, who changes meanwhile.
#[track_caller]
fn counts_on(hotel: &Hotel, guest: u32) {
    hotel.guest(guest, "city = 'Омск'");
    hotel.sync();
    assert_eq!(fields(&hotel.contact(guest), ["ADDRESS_CITY"]), ["Омск"]);
    assert_eq!(shown(hotel, guest), "1 2 0.00|RUB 2019-01-01 2019-01-01  0 0");
}

/// Booking 9 is the last one, and too old to have a deal.
fn with_history() -> Hotel {
    let hotel = hotel();
    hotel.configure("export.bookings_from = '2026-01-01'");
    switch_on(&hotel);
    hotel.booking(9, &format!("guest_id = 1, {LONG_AGO}"));
    (2..=4).for_each(|id| hotel.booking(id, "guest_id = 2"));
    hotel.export();
    assert_eq!(shown(&hotel, 1), "1 2 0.00|RUB 2019-01-01 2019-01-01  0 0");
    hotel
}

#[test]
fn the_last_booking_too_stops_counting_where_it_never_had_a_deal() {
    let hotel = with_history();
    hotel.remove_booking(9);
    hotel.sync();
    assert_eq!(shown(&hotel, 1), "0 0 0.00|RUB    0 0");
}

#[test]
fn where_somebody_is_missing_a_booking_without_a_deal_counts_on() {
    let hotel = with_history();
    hotel.be_patient();
    hotel.remove_booking(2);
    hotel.remove_booking(9);
    counts_on(&hotel, 1);
}

/// Long after the last change, no row of a guest need be read any more.
#[test]
fn switched_on_when_no_guest_changed_for_long_it_fills_every_contact_too() {
    let hotel = hotel();
    hotel.export();
    let run = |hours: i64| {
        hotel.booking(u32::try_from(hours).unwrap(), "");
        let now = Utc::now() + chrono::TimeDelta::hours(hours);
        hotel.run_at(&RunOptions::new(RunKind::Sync), &Clock::virtual_at(now)).counts.updated.sum()
    };
    assert_eq!([1, 2, 3].map(run), [0, 0, 0]);
    switch_on(&hotel);
    assert_eq!(run(4), 3);
}

#[test]
fn a_booking_without_a_deal_that_slid_out_of_a_window_counts_on() {
    let hotel = with_history();
    show_the_last_year(&hotel);
    counts_on(&hotel, 1);
}

#[test]
fn a_booking_that_failed_and_is_history_once_corrected_counts_on() {
    let hotel = with_history();
    let year = "arrival = '2018-01-01', departure = '2018-01-04'";
    hotel.booking(8, &format!("guest_id = 1, status = 'checked_out', {year}"));
    hotel.booking(8, "amount = 'много'");
    hotel.exits(1, "sync");
    hotel.booking(8, "amount = '100'");
    hotel.sync();
    assert_eq!(shown(&hotel, 1), "2 5 100.00|RUB 2018-01-01 2019-01-01  0 0");
    hotel.runs_idle();
}

/// Booking 9 waits for its guest, whose row cannot be read; guest 3 stays too.
fn with_one_that_waits() -> Hotel {
    let hotel = hotel();
    switch_on(&hotel);
    hotel.guest(8, "birth_date = 'вчера'");
    hotel.booking(9, &format!("guest_id = 8, {LONG_AGO}"));
    hotel.stay(9, &[8, 3]);
    (2..=4).for_each(|id| hotel.booking(id, "guest_id = 2"));
    hotel.stay(4, &[2]);
    hotel.exits(1, "initial-export");
    assert_eq!(hotel.status()["records"]["booking"]["waiting"], 1);
    assert_eq!(shown(&hotel, 3), "1 2 0.00|RUB 2019-01-01 2019-01-01  0 0");
    hotel
}

#[test]
fn a_booking_that_waited_and_is_gone_stops_counting() {
    let hotel = with_one_that_waits();
    hotel.remove_booking(9);
    hotel.sync();
    hotel.sync();
    assert_eq!(shown(&hotel, 3), "0 0 0.00|RUB    0 0");
    hotel.runs_idle();
}

#[test]
fn a_booking_that_waited_and_slid_out_of_a_window_counts_on() {
    let hotel = with_one_that_waits();
    show_the_last_year(&hotel);
    hotel.sync();
    counts_on(&hotel, 3);
}

#[test]
fn where_somebody_is_missing_a_booking_that_waited_counts_on() {
    let hotel = with_one_that_waits();
    hotel.be_patient();
    hotel.remove_booking(2);
    hotel.remove_booking(9);
    hotel.sync();
    counts_on(&hotel, 3);
}

fn ids_become_texts(hotel: &Hotel) {
    hotel.configure(
        "[mirror.queries]
         bookings = '''SELECT CAST(id AS TEXT) AS id, number, status, arrival, departure, amount,
                       guest_id, modified_at FROM bookings'''
         booking_guests = '''SELECT CAST(booking_id AS TEXT) AS booking_id, guest_id
                             FROM booking_guests'''",
    );
}

/// The old records go, and the bookings go on under their new ids.
#[track_caller]
fn counts_once_when_its_id_becomes_a_text(hotel: &Hotel) {
    let before = (kept_stays(hotel), shown(hotel, 1));
    ids_become_texts(hotel);
    hotel.sync();
    assert_eq!((kept_stays(hotel), shown(hotel, 1)), before);
}

#[test]
fn a_booking_whose_id_becomes_a_text_counts_once() {
    counts_once_when_its_id_becomes_a_text(&running());
}

#[test]
fn history_whose_ids_become_texts_counts_once() {
    let hotel = running();
    hotel.configure("[export]\nbookings_from = '2026-01-01'");
    hotel.sync();
    counts_once_when_its_id_becomes_a_text(&hotel);
}

#[test]
fn a_waiting_booking_whose_id_becomes_a_text_counts_once_while_somebody_is_missing_too() {
    let hotel = with_one_that_waits();
    hotel.be_patient();
    hotel.remove_booking(2);
    ids_become_texts(&hotel);
    hotel.sync();
    counts_on(&hotel, 3);
}
