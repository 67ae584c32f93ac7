//! Exports of several mixes beside the bound of the portal's time budgets, in time that passes only
//! by waiting.
//!
//! A call takes as long as it is charged for, or none: then the budgets alone are the limit. Counts
//! are asserted, times are printed.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Result, ensure};
use bitrix24_sandbox::{Kind, Portal as Sandbox, Settings};
use chrono::{DateTime, Utc};
use ecvi_b24::domain::run_error::Outcome;
use ecvi_b24::platform::clock::Clock;
use ecvi_b24::portal::{CallError, Portal, Response, decode};
use ecvi_b24::sync::options::{RunKind, RunOptions};
use ecvi_b24::sync::run::run_locked;
use rusqlite::Connection;
use serde_json::Value;

use crate::hotel::Hotel;

/// Seconds of one call that makes or changes something.
const COST: f64 = 0.5;
/// What the portal allows a method in ten minutes, and what the program uses of it at most.
const LIMIT: f64 = 480.0;
const USED: f64 = 410.0;
const WINDOW: f64 = 600.0;
/// Deals that a hotel looks for first.
const NEWEST: usize = 50;
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
        sql: "UPDATE bookings SET status = 'checked_out', arrival = '2020-05-20', departure = '2020-05-29'",
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

/// A portal of this process.
struct Timed {
    portal: Sandbox,
    clock: Clock,
    /// A call takes the time that it is charged for.
    takes_time: bool,
    /// When so many deals were there.
    newest_at: Rc<Cell<Option<DateTime<Utc>>>>,
    /// Nothing of what comes behind them is of interest.
    ends_then: bool,
}

impl Portal for Timed {
    fn call(&mut self, method: &str, params: &Value) -> Result<Response, CallError> {
        if self.ends_then && self.newest_at.get().is_some() {
            return Err(CallError::Cancelled);
        }
        let reply = self.portal.call(method, params.clone(), self.clock.now());
        if self.takes_time {
            self.clock.sleep(Duration::from_secs_f64(reply.seconds));
        }
        if self.newest_at.get().is_none() && self.portal.count(Kind::Deal) >= NEWEST {
            self.newest_at.set(Some(self.clock.now()));
        }
        decode(reply.status, reply.body.as_bytes(), method == "batch")
    }
}

/// What an export took.
struct Measured {
    seconds: f64,
    outcome: Outcome,
    portal: Sandbox,
    /// Seconds for the guests whom the first deals wait for.
    first_guests: f64,
}

fn export(mix: &Mix, takes_time: bool, ends_then: bool) -> Result<Measured> {
    let folder = tempfile::tempdir()?;
    let webhook = "webhook = 'http://127.0.0.1/rest/1/bench/'";
    let hotel = Hotel::new(folder.path(), mix.guests, 0, mix.bookings, webhook)?;
    let mirror = Connection::open(&hotel.config.mirror.path)?;
    mirror.execute_batch(mix.sql)?;
    let first_guests = first_guests(&mirror, mix.bookings)?;
    drop(mirror);
    let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap_or_default();
    let clock = Clock::virtual_at(start);
    let newest_at = Rc::new(Cell::new(None));
    let mut portal = Sandbox::new();
    portal.settings = Settings {
        cost: 0.05,
        costs: METHODS.map(|method| (method.to_owned(), COST)).into(),
        operating: Some(LIMIT),
        max_request_seconds: if takes_time { 60.0 } else { f64::INFINITY },
        ..Settings::default()
    };
    let mut timed = Timed {
        portal,
        clock: clock.clone(),
        takes_time,
        newest_at: Rc::clone(&newest_at),
        ends_then,
    };
    let options = RunOptions::new(RunKind::InitialExport);
    let lock = hotel.lock()?;
    let report = run_locked(&lock, &hotel.config, &options, &mut timed, &clock, &mut ())?;
    let outcome = report.outcome;
    let counters = &timed.portal.counters;
    ensure!((counters.blocked, counters.refused) == (0, 0), "{}: the portal was angered", mix.name);
    let end = newest_at.get().filter(|_| ends_then).unwrap_or_else(|| clock.now());
    let seconds = (end - start).num_milliseconds() as f64 / 1000.0;
    Ok(Measured { seconds, outcome, portal: timed.portal, first_guests })
}

/// No export can be quicker: each method has its budget in every window, one request follows
/// another, and a deal follows its guests.
fn bound(measured: &Measured, takes_time: bool) -> f64 {
    let charged = METHODS.map(|method| measured.portal.counters.of(method) as f64 * COST);
    if !takes_time {
        return charged
            .map(|seconds| full_windows(seconds) * WINDOW)
            .into_iter()
            .fold(0.0, f64::max);
    }
    let budgets = charged.map(|seconds| full_windows(seconds) * WINDOW + in_last_window(seconds));
    let deals = measured.portal.counters.of("crm.item.import") as f64 * COST;
    let in_order = full_windows(deals) * WINDOW + in_last_window(deals) + measured.first_guests;
    budgets.into_iter().chain([in_order, charged.iter().sum()]).fold(0.0, f64::max)
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
fn first_guests(mirror: &Connection, bookings: u64) -> Result<f64> {
    let in_window = in_last_window(bookings as f64 * COST) / COST;
    let sql = "WITH newest AS (SELECT id FROM bookings ORDER BY arrival DESC, id LIMIT ?)
               SELECT count(DISTINCT guest_id) FROM booking_guests WHERE booking_id IN newest";
    let guests: f64 = mirror.query_row(sql, [in_window], |row| row.get(0))?;
    Ok(guests * COST)
}

/// All mixes.
pub(crate) fn all() -> Result<()> {
    for takes_time in [false, true] {
        println!("exports, {COST} s a call, {LIMIT} s in ten minutes, {}", calls_take(takes_time));
        for mix in &MIXES {
            let measured = export(mix, takes_time, false)?;
            let bound = bound(&measured, takes_time);
            let Measured { seconds, outcome, portal, .. } = measured;
            let made = [Kind::Contact, Kind::Deal].map(|kind| portal.count(kind) as u64);
            ensure!(
                outcome == Outcome::Ok && made == [mix.guests, mix.bookings],
                "{}: {made:?}",
                mix.name
            );
            let ratio = seconds / bound;
            let requests = portal.counters.requests;
            println!(
                "  {:24} {seconds:6.0} s   bound {bound:6.0} s   {ratio:5.2}   {requests} requests",
                mix.name
            );
        }
    }
    Ok(())
}

/// When the newest deals of a big hotel are there.
pub(crate) fn newest(guests: u64) -> Result<()> {
    let mix = Mix { name: "big", guests, bookings: guests, sql: "" };
    let seconds = export(&mix, true, true)?.seconds;
    println!("the {NEWEST} newest deals of a hotel with {guests} guests: after {seconds:.0} s");
    Ok(())
}

/// Requests of runs with few changes, and how many they may be.
const SMALL: [(&str, &str, u64); 2] = [
    (
        "one changed booking",
        "UPDATE bookings SET comment = 'x', modified_at = '2030-01-01' WHERE id = 1",
        3,
    ),
    (
        "a new guest with a booking",
        "INSERT INTO guests (id, last_name, modified_at) VALUES (99, 'Новиков', '2030-01-02');
         INSERT INTO bookings (id, number, status, arrival, departure, guest_id, modified_at)
         VALUES (99, '99', 'confirmed', '2030-02-01 14:00', '2030-02-02 12:00', 99, '2030-01-02')",
        4,
    ),
];

/// What a run with few changes asks of the bucket that all programs of a host share.
pub(crate) fn requests() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let hotel = Hotel::new(folder.path(), 20, 2, 20, "webhook = 'http://127.0.0.1/rest/1/bench/'")?;
    let clock = Clock::virtual_at(DateTime::from_timestamp(1_800_000_000, 0).unwrap_or_default());
    let portal = Sandbox::unlimited();
    let newest_at = Rc::default();
    let mut timed =
        Timed { portal, clock: clock.clone(), takes_time: false, newest_at, ends_then: false };
    let lock = hotel.lock()?;
    let mut run = |kind| {
        run_locked(&lock, &hotel.config, &RunOptions::new(kind), &mut timed, &clock, &mut ())
    };
    run(RunKind::InitialExport)?;
    for (name, sql, allowed) in SMALL {
        Connection::open(&hotel.config.mirror.path)?.execute_batch(sql)?;
        let requests = run(RunKind::Sync)?.requests;
        println!("requests of a run with {name}: {requests}");
        ensure!(requests == allowed, "{name}: {requests} requests, {allowed} are enough");
    }
    Ok(())
}

fn calls_take(takes_time: bool) -> &'static str {
    if takes_time { "calls take that time" } else { "calls take no time" }
}
