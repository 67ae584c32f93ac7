//! In which order an export sends, and what it does while the portal's time budgets are used up.

use std::cell::RefCell;
use std::rc::Rc;

use bitrix24_sandbox::{Call, Fault, Kind, Settings};
use chrono::{DateTime, TimeDelta, Utc};
use ecvi_b24::domain::per_kind::PerKind;
use ecvi_b24::domain::record::Kind as RecordKind;
use ecvi_b24::domain::run_error::Outcome;
use ecvi_b24::platform::clock::Clock;
use ecvi_b24::portal::client::{Client, WaitCallback, WaitReason};
use ecvi_b24::sync::options::{RunKind, RunOptions};
use ecvi_b24::sync::push::ProgressObserver;
use serde_json::json;

use crate::hotel::Hotel;

const MADE: [&str; 3] = ["crm.company.add", "crm.contact.add", "crm.item.import"];

/// So many guests with a booking each: the higher the number, the older the stay.
fn stays(count: u32) -> Hotel {
    let hotel = Hotel::new();
    hotel.sql(&format!(
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT {count})
         INSERT INTO guests (id, last_name, modified_at) SELECT x, 'Гостев', '2026' FROM n;
         INSERT INTO bookings (id, number, status, arrival, departure, guest_id, modified_at)
         SELECT id, id, 'confirmed', date('2026-12-01', '-' || id || ' days') || ' 14:00',
                date('2026-12-03', '-' || id || ' days') || ' 12:00', id, '2026' FROM guests"
    ));
    hotel
}

/// The day on which a booking ends.
fn departure(hotel: &Hotel, booking: usize) -> String {
    hotel.asked(&format!("SELECT substr(departure, 1, 10) FROM bookings WHERE id = {booking}"))
}

/// What was created, in order: the method, and the id in Ecvi.
fn made(hotel: &Hotel) -> Vec<(String, String)> {
    let portal = hotel.portal();
    let is_made = |call: &&Call| MADE.contains(&call.method.as_str());
    let origin = |call: &Call| {
        let fields = call.params.argument("fields");
        let key = if call.method == "crm.item.import" { "originId" } else { "ORIGIN_ID" };
        (call.method.clone(), fields.get(key).text())
    };
    portal.calls().iter().filter(is_made).map(origin).collect()
}

/// Where in the order of creation this stands.
fn place(made: &[(String, String)], method: &str, id: u32) -> usize {
    let found = made.iter().position(|call| *call == (method.to_owned(), id.to_string()));
    found.unwrap_or_else(|| panic!("{method} {id}"))
}

#[test]
fn the_fifty_newest_bookings_are_there_before_any_older_guest() {
    let hotel = stays(300);
    hotel.portal().record_calls(true);
    hotel.export();
    let made = made(&hotel);
    let fiftieth = (1..=50).map(|id| place(&made, "crm.item.import", id)).max().unwrap();
    // While they are made, at most the guests of the next two batches are ahead.
    let ahead = (151..=300).map(|id| place(&made, "crm.contact.add", id)).min().unwrap();
    assert!(fiftieth < ahead, "{fiftieth} {ahead}");
    for id in 1..=300 {
        assert!(place(&made, "crm.contact.add", id) < place(&made, "crm.item.import", id), "{id}");
    }
}

#[test]
fn guests_of_no_booking_come_last() {
    let hotel = stays(60);
    hotel.sql("UPDATE bookings SET guest_id = guest_id + 100; UPDATE guests SET id = id + 100");
    (1..=20).for_each(|id| hotel.guest(id, ""));
    hotel.portal().record_calls(true);
    hotel.export();
    let made = made(&hotel);
    let needed = (101..=160).map(|id| place(&made, "crm.contact.add", id)).max().unwrap();
    let others = (1..=20).map(|id| place(&made, "crm.contact.add", id)).min().unwrap();
    let bookings = (1..=60).map(|id| place(&made, "crm.item.import", id)).max().unwrap();
    assert!(needed < others && bookings < place(&made, "crm.contact.add", 20), "{made:?}");
}

#[test]
fn a_guest_and_a_company_come_with_the_newest_booking_that_names_them() {
    let hotel = stays(40);
    hotel.configure("portal.batch_size = 10");
    // The guest of the oldest stay is also among those of the newest, as a text; its company pays
    // for it.
    hotel.stay(1, &[40]);
    hotel.sql("UPDATE booking_guests SET guest_id = ' 40 '");
    hotel.company(7, "");
    hotel.booking(1, "payer_company_id = 7");
    hotel.booking(40, "company_id = 7");
    hotel.portal().record_calls(true);
    hotel.export();
    let made = made(&hotel);
    let newest = place(&made, "crm.item.import", 1);
    assert!(
        place(&made, "crm.contact.add", 40) < newest && place(&made, "crm.company.add", 7) < newest
    );
    assert!(newest < place(&made, "crm.contact.add", 39));
    assert_eq!(hotel.deal(1).link_ids().len(), 2);
    hotel.runs_idle();
}

#[test]
fn of_two_that_arrive_together_the_lower_id_comes_first() {
    let hotel = stays(30);
    hotel.sql("UPDATE bookings SET arrival = '2026-12-01', guest_id = 31 - id");
    hotel.portal().record_calls(true);
    hotel.export();
    let made = made(&hotel);
    let order: Vec<usize> = (1..=30).map(|id| place(&made, "crm.item.import", id)).collect();
    assert!(order.is_sorted(), "{order:?}");
}

#[test]
fn a_restart_goes_on_in_the_same_order() {
    let hotel = stays(60);
    hotel.configure("portal.settle_time = '1s'\nportal.batch_size = 10");
    hotel.portal().record_calls(true);
    let mut imports = 0;
    hotel.server().faults(move |exchange| {
        imports += usize::from(exchange.calls("crm.item.import"));
        (imports > 2).then(|| Fault::status(401, "expired_token"))
    });
    hotel.exits(4, "initial-export");
    let begun = hotel.portal().count(Kind::Deal);
    assert!((1..60).contains(&begun), "{begun}");
    hotel.server().faults(|_| None);
    hotel.export();
    let made = made(&hotel);
    let order: Vec<usize> = (1..=60).map(|id| place(&made, "crm.item.import", id)).collect();
    assert!(order.is_sorted(), "{order:?}");
    assert_eq!([Kind::Contact, Kind::Deal].map(|kind| hotel.portal().count(kind)), [60, 60]);
}

/// The portal charges four seconds for each call of these methods, which takes none.
fn charge(hotel: &Hotel, methods: impl IntoIterator<Item = &'static str>) {
    hotel.portal().settings = Settings {
        cost: 0.1,
        bucket: None,
        max_request_seconds: f64::INFINITY,
        costs: methods.into_iter().map(|method| (method.to_owned(), 4.0)).collect(),
        ..Settings::default()
    };
}

/// An export into a portal that charges for what it makes, and the minutes that it took.
fn charged(hotel: &Hotel, observer: &mut Waits) -> i64 {
    charge(hotel, MADE.into_iter().chain(["crm.deal.update"]));
    let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    let clock = Clock::virtual_at(start);
    let tick = |_| hotel.server().set_time(clock.now());
    let ended =
        hotel.run_disturbed(tick, &RunOptions::new(RunKind::InitialExport), &clock, observer);
    assert_eq!(ended.outcome, Outcome::Ok, "{:?}", ended.message);
    let counters = &hotel.portal().counters;
    assert_eq!((counters.blocked, counters.refused), (0, 0));
    (clock.now() - start).num_minutes()
}

/// What was waited for.
#[derive(Default)]
struct Waits(Rc<RefCell<Vec<String>>>);

impl ProgressObserver for Waits {
    fn on_planned(&mut self, _: PerKind<u64>) {}
    fn on_batch_done(&mut self, _: RecordKind, _: u64, _: &Client<'_>) {}
    fn wait_callback(&self) -> Option<WaitCallback> {
        let waits = Rc::clone(&self.0);
        Some(Box::new(move |reason, _| {
            if let WaitReason::Budget(method) = reason {
                waits.borrow_mut().push(method.to_owned());
            }
        }))
    }
}

/// Each of the three budgets has room for 100 calls in ten minutes. One after another they would
/// take thirty.
#[test]
fn while_one_budget_is_waited_for_the_others_work() {
    let hotel = stays(150);
    hotel.sql("UPDATE bookings SET status = 'checked_out'");
    let mut waits = Waits::default();
    let minutes = charged(&hotel, &mut waits);
    assert!((10..=12).contains(&minutes), "{minutes}");
    assert_eq!([Kind::Contact, Kind::Deal].map(|kind| hotel.portal().count(kind)), [150, 150]);
    assert_eq!(hotel.deal(150).text("CLOSEDATE"), "2026-07-06");
    let said = waits.0.borrow();
    assert!(!said.is_empty() && said.iter().all(|method| method.starts_with("crm.")), "{said:?}");
    drop(said);
    hotel.runs_idle();
}

#[test]
fn guests_go_ahead_while_bookings_wait_and_none_goes_before_its_guest() {
    let hotel = stays(60);
    hotel.sql(
        "INSERT INTO bookings (id, number, status, arrival, departure, guest_id, modified_at)
               SELECT id + 100, number + 100, status, arrival, departure, guest_id, '2026' FROM bookings",
    );
    hotel.portal().record_calls(true);
    let minutes = charged(&hotel, &mut Waits::default());
    assert!((10..=12).contains(&minutes), "{minutes}");
    let made = made(&hotel);
    let guest = |id| place(&made, "crm.contact.add", id);
    assert!((1..=60).all(|id| guest(id) < place(&made, "crm.item.import", id)));
    // The budget of bookings is used up after a hundred of them; then all guests are there.
    assert!(guest(60) < place(&made, "crm.item.import", 60));
}

/// Calls of this method.
fn calls(hotel: &Hotel, method: &str) -> u64 {
    hotel.portal().counters.of(method)
}

#[test]
fn where_the_import_keeps_the_closing_date_no_second_call_is_made() {
    let hotel = stays(60);
    hotel.sql("UPDATE bookings SET status = 'checked_out'");
    hotel.portal().settings.close_date_sync = false;
    hotel.export();
    assert_eq!(calls(&hotel, "crm.deal.update"), 0);
    assert_eq!(hotel.deal(60).text("CLOSEDATE"), "2026-10-04");
    hotel.runs_idle();
    // What was seen holds for a day.
    hotel.lose_state();
    let deal = hotel.deal(60).id;
    hotel.portal().delete(Kind::Deal, deal);
    hotel.export();
    assert_eq!(hotel.deal(60).text("CLOSEDATE"), "2026-10-04");
    hotel.runs_idle();
}

#[test]
fn where_the_import_overwrites_the_closing_date_every_closed_deal_gets_it_back() {
    let hotel = stays(60);
    hotel.sql(
        "UPDATE bookings SET arrival = '2020-05-20', departure = '2020-05-29';
         UPDATE bookings SET status = 'checked_out' WHERE id % 2 = 0",
    );
    hotel.export();
    assert_eq!(calls(&hotel, "crm.deal.update"), 30);
    for id in 1..=60 {
        assert_eq!(hotel.deal(id).text("CLOSEDATE"), "2020-05-29", "{id}");
    }
    hotel.runs_idle();
}

#[test]
fn a_departure_of_today_does_not_tell_whether_the_import_keeps_dates() {
    let hotel = stays(40);
    // The newest leave today, so their closing dates read right either way.
    let today = chrono::Utc::now().format("%Y-%m-%d 12:00").to_string();
    hotel.sql(&format!(
        "UPDATE bookings SET status = 'checked_out';
         UPDATE bookings SET arrival = '2030-01-01', departure = '{today}' WHERE id <= 20"
    ));
    hotel.export();
    for id in [1, 40] {
        assert_eq!(hotel.deal(id).text("CLOSEDATE"), departure(&hotel, id), "{id}");
    }
    hotel.runs_idle();
}

#[test]
fn what_a_probe_saw_of_closing_dates_is_not_asked_again() {
    let hotel = stays(30);
    hotel.sql("UPDATE bookings SET status = 'checked_out'");
    hotel.portal().settings.close_date_sync = false;
    hotel.says("check --probe");
    let updates = calls(&hotel, "crm.deal.update");
    let lists = |hotel: &Hotel| calls(hotel, "crm.deal.list");
    let before = lists(&hotel);
    hotel.export();
    assert_eq!(calls(&hotel, "crm.deal.update"), updates);
    // The inventory: the newest deal, and the ranges of ids.
    assert!(lists(&hotel) - before <= 4, "{}", lists(&hotel) - before);
    assert_eq!(hotel.deal(30).text("CLOSEDATE"), "2026-11-03");
}

/// The portal puts today's date over the closing date, which then must not be the departure.
const LONG_OVER: &str =
    "status = 'checked_out', arrival = '2020-05-01 14:00', departure = '2020-05-05 12:00'";

#[test]
fn what_a_probe_saw_of_closing_dates_counts_for_a_day() {
    for (days, is_sent) in [(0, false), (2, true)] {
        let hotel = Hotel::running();
        hotel.portal().settings.close_date_sync = false;
        hotel.says("check --probe");
        // An administrator sets the portal otherwise.
        hotel.portal().settings.close_date_sync = true;
        hotel.booking(2, LONG_OVER);
        let clock = Clock::virtual_at(Utc::now() + TimeDelta::days(days));
        let ended = hotel.run_at(&RunOptions::new(RunKind::InitialExport), &clock);
        assert_eq!(ended.outcome, Outcome::Ok, "{ended:?}");
        assert_eq!(hotel.deal(2).text("CLOSEDATE") == "2020-05-05", is_sent, "{days}");
    }
}

#[test]
fn what_a_probe_saw_of_imports_says_nothing_of_deals_that_a_run_makes() {
    let hotel = Hotel::running();
    hotel.portal().settings.close_date_sync = false;
    hotel.says("check --probe");
    hotel.portal().settings.close_date_sync = true;
    hotel.booking(2, LONG_OVER);
    hotel.sync();
    assert_eq!(hotel.deal(2).text("CLOSEDATE"), "2020-05-05");
}

/// Staff set the dates of what an interrupted export left.
#[test]
fn a_closing_date_that_people_set_does_not_tell_that_the_import_keeps_dates() {
    let hotel = stays(8);
    hotel.sql("UPDATE bookings SET status = 'checked_out'");
    hotel.configure("portal.batch_size = 2");
    hotel.server().faults(|exchange| {
        let asks = exchange.params.json().contains("CLOSEDATE");
        (asks && !exchange.calls("crm.item.import")).then(|| Fault::status(401, "expired_token"))
    });
    hotel.exits(4, "initial-export");
    let begun = hotel.portal().count(Kind::Deal);
    assert!((1..8).contains(&begun), "{begun}");
    for id in 1..=begun {
        let day = departure(&hotel, id);
        hotel.edit(Kind::Deal, hotel.deal(id).id, json!({"CLOSEDATE": day}));
    }
    hotel.server().faults(|_| None);
    hotel.export();
    assert_eq!(hotel.deal(8).text("CLOSEDATE"), "2026-11-25");
}

/// A run that lasts long enough waits for the budgets of guests and bookings.
#[test]
fn a_budget_that_is_free_again_before_the_end_of_a_run_is_waited_for() {
    let hotel = stays(1);
    hotel.export();
    hotel.sql(
        "WITH RECURSIVE n(x) AS (SELECT 2 UNION ALL SELECT x + 1 FROM n LIMIT 119)
         INSERT INTO guests (id, last_name, modified_at) SELECT x, 'Гостев', '2026' FROM n",
    );
    charge(&hotel, ["crm.contact.add"]);
    let clock = Clock::virtual_at(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
    let options = RunOptions {
        time_limit: Some(std::time::Duration::from_secs(3600)),
        ..RunOptions::new(RunKind::Sync)
    };
    let tick = |_| hotel.server().set_time(clock.now());
    let ended = hotel.run_disturbed(tick, &options, &clock, &mut ());
    assert_eq!((ended.outcome, hotel.portal().count(Kind::Contact)), (Outcome::Ok, 120));
}
