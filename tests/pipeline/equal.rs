//! Hotels that grow and change at random: after each run the portal equals the mirror, field by
//! field.

use chrono::{TimeDelta, Utc};
use ecvi_b24::domain::run_error::Outcome;
use ecvi_b24::platform::clock::Clock;
use ecvi_b24::sync::options::{RunKind, RunOptions};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::checker::differences;
use crate::hotel::Hotel;

/// What happens at the desk.
#[derive(Clone, Debug)]
enum Event {
    Guest(u32, String),
    Company(u32, String),
    Booking(u32, String),
    /// A change that moves no `modified_at`: within the second of the newest one.
    Again(u32, String),
    Stay(u32, Vec<u32>),
    GuestGone(u32),
    CompanyGone(u32),
    BookingGone(u32),
}

impl Event {
    fn happen(&self, hotel: &Hotel) {
        match self {
            Event::Guest(id, values) => hotel.guest(*id, values),
            Event::Company(id, values) => hotel.company(*id, values),
            Event::Booking(id, values) => hotel.booking(*id, values),
            Event::Again(id, values) => {
                hotel.booking(*id, values);
                hotel.sql(&format!("UPDATE bookings SET comment = 'ещё раз' WHERE id = {id}"));
            }
            Event::Stay(booking, guests) => hotel.stay(*booking, guests),
            Event::GuestGone(id) => {
                hotel.sql(&format!("DELETE FROM guests WHERE id = {id} AND id > 1"));
            }
            Event::CompanyGone(id) => {
                hotel.sql(&format!("DELETE FROM companies WHERE id = {id} AND id > 1"));
            }
            Event::BookingGone(id) => {
                hotel.sql(&format!("DELETE FROM bookings WHERE id = {id} AND id > 1"));
            }
        }
    }
}

/// One of these, as an assignment of SQL.
fn one_of(column: &'static str, values: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(values).prop_map(move |value| format!("{column} = {value}"))
}

fn texts(column: &'static str) -> impl Strategy<Value = String> {
    one_of(
        column,
        &[
            "NULL",
            "''",
            "'  '",
            "'Белова'",
            "'О''Нил [VIP] & <x@y.ru>'",
            "'$result[r1] $next[0]'",
            "'0'",
            "'(c) 100% + # 🎄'",
            "'две  строки\nи &amp;'",
        ],
    )
}

fn assignments(columns: Vec<BoxedStrategy<String>>) -> impl Strategy<Value = String> {
    vec(prop::strategy::Union::new(columns), 1..4).prop_map(|mut all| {
        // Of two values for one column the first counts.
        all.sort_by_key(|text| text.split(" = ").next().unwrap().to_owned());
        all.dedup_by_key(|text| text.split(" = ").next().unwrap().to_owned());
        all.join(", ")
    })
}

fn reach() -> Vec<BoxedStrategy<String>> {
    let phones = &["NULL", "'+71'", "'+72; +71'", "'8 (900) 1, +73'"];
    let emails = &["NULL", "'a@b.ru'", "'c@d.ru, нет'", "'a@b.ru;c@d.ru'"];
    vec![one_of("phone", phones).boxed(), one_of("email", emails).boxed(), texts("comment").boxed()]
}

fn guest() -> impl Strategy<Value = Event> {
    let mut columns = reach();
    columns.extend(["last_name", "first_name", "middle_name"].map(|column| texts(column).boxed()));
    columns.extend([
        one_of("birth_date", &["NULL", "'1990-01-31'", "'1971-12-01'"]).boxed(),
        one_of("sex", &["NULL", "'M'", "'F'"]).boxed(),
        one_of("city", &["NULL", "'Омск'", "'Рига'"]).boxed(),
        one_of("country", &["NULL", "'Россия'"]).boxed(),
        one_of("region", &["NULL", "'Омская область'"]).boxed(),
        one_of("is_vip", &["0", "1"]).boxed(),
        one_of("is_blacklisted", &["0", "1"]).boxed(),
    ]);
    (1..7_u32, assignments(columns)).prop_map(|(id, values)| Event::Guest(id, values))
}

fn company() -> impl Strategy<Value = Event> {
    let mut columns = reach();
    columns.extend([
        texts("name").boxed(),
        one_of("address", &["NULL", "'0'", "'ул. Ленина, 1'", "'[двор] & <арка> $next[0]'"])
            .boxed(),
        one_of("city", &["NULL", "'Омск'"]).boxed(),
        one_of("postal_code", &["NULL", "'644000'"]).boxed(),
    ]);
    (1..4_u32, assignments(columns)).prop_map(|(id, values)| Event::Company(id, values))
}

fn booking() -> impl Strategy<Value = (u32, String)> {
    let statuses = &[
        "'temporary'", "'confirmed'", "'checked_in'", "'checked_out'", "'cancelled'", "'no_show'",
    ];
    let columns = vec![
        one_of("status", statuses).boxed(),
        one_of("status", statuses).boxed(),
        one_of("departure", &["'2026-12-05 12:00'", "'2026-12-24T18:30'", "'2027-01-09 12:00:00'"])
            .boxed(),
        one_of("amount", &["NULL", "'0.00'", "'13050.00'", "'98.50'"]).boxed(),
        one_of("guest_id", &["NULL", "1", "2", "3", "6", "77"]).boxed(),
        one_of("company_id", &["NULL", "1", "2", "77"]).boxed(),
        one_of("payer_company_id", &["NULL", "3"]).boxed(),
        texts("comment").boxed(),
    ];
    (1..7_u32, assignments(columns))
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        5 => guest(),
        2 => company(),
        6 => booking().prop_map(|(id, values)| Event::Booking(id, values)),
        1 => booking().prop_map(|(id, values)| Event::Again(id, values)),
        4 => (1..7_u32, vec(1..8_u32, 0..5)).prop_map(|(id, mut guests)| {
            guests.sort_unstable();
            guests.dedup();
            guests.reverse();
            Event::Stay(id, guests)
        }),
        1 => (1..7_u32).prop_map(Event::GuestGone),
        1 => (1..4_u32).prop_map(Event::CompanyGone),
        1 => (1..7_u32).prop_map(Event::BookingGone),
    ]
}

fn run_once_at(hotel: &Hotel, kind: RunKind, clock: &Clock) {
    let ended = hotel.run_at(&RunOptions::new(kind), clock);
    assert_eq!(ended.outcome, Outcome::Ok, "{ended:?}");
}

fn days_at_the_desk(days: &[Vec<Event>]) {
    let hotel = Hotel::new();
    hotel.guest(1, "");
    hotel.company(1, "");
    hotel.booking(1, "guest_id = 1, company_id = 1");
    hotel.stay(1, &[1]);
    let mut now = Utc::now();
    for (number, day) in days.iter().enumerate() {
        for event in day {
            event.happen(&hotel);
        }
        // A table that was emptied is another test's accident.
        hotel.sql("INSERT OR IGNORE INTO booking_guests (booking_id, guest_id, position) VALUES (1, 1, 9)");
        let kind = if number == 0 { RunKind::InitialExport } else { RunKind::Sync };
        let clock = Clock::virtual_at(now);
        run_once_at(&hotel, kind, &clock);
        assert_eq!(differences(&hotel), [""; 0], "after day {number}");
        let requests = hotel.requests(|hotel| run_once_at(hotel, RunKind::Sync, &clock));
        assert_eq!(requests, 0, "of an idle run after day {number}");
        now += TimeDelta::minutes(3);
    }
}

/// A number from the environment.
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// `SEED=…` repeats the trials that a failure printed, `CASES=…` makes more of them.
#[test]
fn after_each_run_the_portal_equals_the_mirror() {
    let seed = number("SEED").unwrap_or_else(|| Utc::now().timestamp_micros().cast_unsigned());
    let cases = number("CASES").map_or(48, |cases| cases as u32);
    println!("SEED={seed} CASES={cases}");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let trials =
        Config { cases, failure_persistence: None, max_shrink_iters: 600, ..Config::default() };
    let mut runner =
        TestRunner::new_with_rng(trials, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let history = vec(vec(event(), 0..10), 1..6);
    let outcome = runner.run(&history, |days| {
        days_at_the_desk(&days);
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}
