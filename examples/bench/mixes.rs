//! Exports of several mixes beside the bound of the portal's time budgets, in time that passes only
//! by waiting.
//!
//! A call takes as long as it is charged for, or none: then the budgets alone are the limit. Counts
//! are asserted, times are printed.

use anyhow::{Result, ensure};
use bitrix24_sandbox::{Kind, Portal as Sandbox, Settings};
use ecvi_b24::domain::run_error::Outcome;
use ecvi_b24::sync::options::RunKind;
use rusqlite::Connection;

use crate::hotel::{Hotel, Size};
use crate::timed_portal::{NEWEST, TimedPortal, WEBHOOK, virtual_clock};

/// Seconds of one call that makes or changes something.
const COST: f64 = 0.5;
/// Seconds that the portal allows a method in each window.
const LIMIT: f64 = 480.0;
/// Seconds that the program uses of them at most.
const USED: f64 = 410.0;
/// The length of the window in seconds.
const WINDOW: f64 = 600.0;
const METHODS: [&str; 4] =
    ["crm.contact.add", "crm.company.add", "crm.item.import", "crm.deal.update"];

/// A hotel: how it differs from one booking for each guest, all to come.
struct Mix {
    name: &'static str,
    guests: u64,
    bookings: u64,
    sql: &'static str,
}

const MIXES: [Mix; 5] = [
    Mix { name: "all new", guests: 2_000, bookings: 2_000, sql: "" },
    Mix {
        name: "all closed",
        guests: 2_000,
        bookings: 2_000,
        sql: "UPDATE bookings SET status = 'checked_out', arrival = '2020-05-20',
                                  departure = '2020-05-29'",
    },
    Mix { name: "guests without bookings", guests: 4_000, bookings: 1_000, sql: "" },
    Mix {
        name: "groups of twenty",
        guests: 3_000,
        bookings: 150,
        sql: "DELETE FROM booking_guests;
              UPDATE bookings SET guest_id = id * 20;
              INSERT INTO booking_guests (booking_id, guest_id, position)
              SELECT (id + 19) / 20, id, id % 20 FROM guests",
    },
    Mix { name: "guests who come again", guests: 800, bookings: 3_000, sql: "" },
];

/// What an export took.
struct Measured {
    seconds: f64,
    outcome: Outcome,
    portal: Sandbox,
    /// Seconds for the guests whom the first deals wait for.
    first_guests: f64,
}

fn export(mix: &Mix, takes_time: bool, stops_at_newest: bool) -> Result<Measured> {
    let folder = tempfile::tempdir()?;
    let size = Size { guests: mix.guests, companies: 0, bookings: mix.bookings };
    let hotel = Hotel::new(folder.path(), size, WEBHOOK)?;
    let mirror = Connection::open(&hotel.config.mirror.path)?;
    mirror.execute_batch(mix.sql)?;
    let first_guests = seconds_for_first_guests(&mirror, mix.bookings)?;
    drop(mirror);
    let clock = virtual_clock();
    let start = clock.now();
    let mut sandbox = Sandbox::new();
    sandbox.settings = settings_of_portal(takes_time);
    let mut portal = TimedPortal::new(sandbox, &clock);
    portal.takes_time = takes_time;
    portal.stops_at_newest = stops_at_newest;
    let report = hotel.run(RunKind::InitialExport, &mut portal, &clock)?;
    let counters = &portal.sandbox.counters;
    ensure!((counters.blocked, counters.refused) == (0, 0), "{}: a limit was exceeded", mix.name);
    let newest_at = if stops_at_newest { portal.newest_at } else { None };
    let end = newest_at.unwrap_or_else(|| clock.now());
    let seconds = (end - start).as_seconds_f64();
    Ok(Measured { seconds, outcome: report.outcome, portal: portal.sandbox, first_guests })
}

fn settings_of_portal(takes_time: bool) -> Settings {
    Settings {
        cost: 0.05,
        costs: METHODS.map(|method| (method.to_owned(), COST)).into(),
        operating: Some(LIMIT),
        max_request_seconds: if takes_time { 60.0 } else { f64::INFINITY },
        ..Settings::default()
    }
}

/// No export can be quicker: each method has its budget in every window, one request follows
/// another, and a deal follows its guests.
fn lower_bound(measured: &Measured, takes_time: bool) -> f64 {
    let charged = METHODS.map(|method| measured.portal.counters.of(method) as f64 * COST);
    let mut bound: f64 = 0.0;
    for seconds in charged {
        let full = full_windows(seconds) * WINDOW;
        bound = bound.max(if takes_time { full + in_last_window(seconds) } else { full });
    }
    if takes_time {
        let deals = measured.portal.counters.of("crm.item.import") as f64 * COST;
        let deals_after_guests =
            full_windows(deals) * WINDOW + in_last_window(deals) + measured.first_guests;
        let one_after_another = charged.iter().sum();
        bound = bound.max(deals_after_guests).max(one_after_another);
    }
    bound
}

/// Windows that a budget of so many seconds fills before its last one.
fn full_windows(seconds: f64) -> f64 {
    ((seconds / USED).ceil() - 1.0).max(0.0)
}

fn in_last_window(seconds: f64) -> f64 {
    seconds - full_windows(seconds) * USED
}

/// Seconds for the guests of the newest bookings, as many bookings as the last window has.
///
/// What is sent in the last window follows, by whole windows, what was sent first. So the last
/// window cannot end before as many of the newest bookings are there, which follow their guests.
fn seconds_for_first_guests(mirror: &Connection, bookings: u64) -> Result<f64> {
    let in_window = in_last_window(bookings as f64 * COST) / COST;
    let sql = "WITH newest AS (SELECT id FROM bookings ORDER BY arrival DESC, id LIMIT ?)
               SELECT count(DISTINCT guest_id) FROM booking_guests WHERE booking_id IN newest";
    let guests: f64 = mirror.query_row(sql, [in_window], |row| row.get(0))?;
    Ok(guests * COST)
}

/// Exports all mixes, by a portal whose calls take no time, and by one whose calls do.
pub(crate) fn measure_all() -> Result<()> {
    for takes_time in [false, true] {
        let calls = if takes_time { "calls take that time" } else { "calls take no time" };
        println!("exports, {COST} s a call, {LIMIT} s in ten minutes, {calls}");
        for mix in &MIXES {
            measure_mix(mix, takes_time)?;
        }
    }
    Ok(())
}

fn measure_mix(mix: &Mix, takes_time: bool) -> Result<()> {
    let name = mix.name;
    let measured = export(mix, takes_time, false)?;
    let bound = lower_bound(&measured, takes_time);
    let Measured { seconds, outcome, portal, .. } = measured;
    let made = [Kind::Contact, Kind::Deal].map(|kind| portal.count(kind) as u64);
    let is_whole = outcome == Outcome::Ok && made == [mix.guests, mix.bookings];
    ensure!(is_whole, "{name}: {made:?}");
    let ratio = seconds / bound;
    let requests = portal.counters.requests;
    println!(
        "  {name:24} {seconds:6.0} s   bound {bound:6.0} s   {ratio:5.2}   {requests} requests"
    );
    Ok(())
}

/// When the newest deals of a big hotel are there.
pub(crate) fn measure_newest(guests: u64) -> Result<()> {
    let mix = Mix { name: "big", guests, bookings: guests, sql: "" };
    let seconds = export(&mix, true, true)?.seconds;
    println!("the {NEWEST} newest deals of a hotel with {guests} guests: after {seconds:.0} s");
    Ok(())
}

/// Requests of runs with few changes, and how many they may be.
const SMALL_CHANGES: [(&str, &str, u64); 2] = [
    (
        "one changed booking",
        "UPDATE bookings SET comment = 'x', modified_at = '2030-01-01' WHERE id = 1",
        3,
    ),
    (
        "a new guest with a booking",
        "INSERT INTO guests (id, last_name, modified_at)
         VALUES (99, 'Новиков', '2030-01-02');
         INSERT INTO bookings (id, number, status, arrival, departure, guest_id, modified_at)
         VALUES (99, '99', 'confirmed', '2030-02-01 14:00', '2030-02-02 12:00', 99, '2030-01-02')",
        4,
    ),
];

/// What a run with few changes asks of the bucket that all programs of a host share.
pub(crate) fn measure_requests() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let size = Size { guests: 20, companies: 2, bookings: 20 };
    let hotel = Hotel::new(folder.path(), size, WEBHOOK)?;
    let clock = virtual_clock();
    let mut portal = TimedPortal::new(Sandbox::unlimited(), &clock);
    portal.takes_time = false;
    hotel.run(RunKind::InitialExport, &mut portal, &clock)?;
    for (name, sql, allowed) in SMALL_CHANGES {
        Connection::open(&hotel.config.mirror.path)?.execute_batch(sql)?;
        let requests = hotel.run(RunKind::Sync, &mut portal, &clock)?.requests;
        println!("requests of a run with {name}: {requests}");
        ensure!(requests == allowed, "{name}: {requests} requests, {allowed} are enough");
    }
    Ok(())
}
