//! An export against the portal's limits, in time that passes only by waiting: how much of them it
//! uses.

use std::time::Duration;

use anyhow::Result;
use bitrix24_sandbox::{Portal as Sandbox, Settings};
use chrono::DateTime;
use ecvi_b24::platform::clock::Clock;
use ecvi_b24::portal::{CallError, Portal, Response, decode};
use ecvi_b24::sync::options::{RunKind, RunOptions};
use ecvi_b24::sync::run::{RunReport, run_locked};
use serde_json::Value;

use crate::hotel::Hotel;

/// A portal of this process: a call takes as long as it says.
struct Timed {
    portal: Sandbox,
    clock: Clock,
}

impl Portal for Timed {
    fn call(&mut self, method: &str, params: &Value) -> Result<Response, CallError> {
        let reply = self.portal.call(method, params.clone(), self.clock.now());
        self.clock.sleep(Duration::from_secs_f64(reply.seconds));
        decode(reply.status, reply.body.as_bytes(), method == "batch")
    }
}

fn export(guests: u64, bookings: u64, settings: Settings) -> Result<(RunReport, Sandbox, f64)> {
    let folder = tempfile::tempdir()?;
    let hotel = Hotel::new(
        folder.path(),
        guests,
        0,
        bookings,
        "webhook = 'http://127.0.0.1/rest/1/bench/'",
    )?;
    let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap_or_default();
    let clock = Clock::virtual_at(start);
    let mut portal = Timed { portal: Sandbox::new(), clock: clock.clone() };
    portal.portal.settings = settings;
    let ended = run_locked(
        &hotel.lock()?,
        &hotel.config,
        &RunOptions::new(RunKind::InitialExport),
        &mut portal,
        &clock,
        &mut (),
    )?;
    let seconds = seconds(clock.now() - start);
    Ok((ended, portal.portal, seconds))
}

/// The leaky bucket is the limit: calls cost the portal nothing.
pub(crate) fn bucket() -> Result<()> {
    let settings = Settings { cost: 0.0001, operating: Some(f64::INFINITY), ..Settings::default() };
    let (ended, portal, seconds) = export(12_000, 8_000, settings)?;
    let allowed = seconds * 2.0 + 50.0;
    println!("export of 20000 records, bucket of 50 and 2 a second: {:?}", ended.outcome);
    println!(
        "  {} requests in {seconds:.0} s, {} refused",
        ended.requests, portal.counters.refused
    );
    println!("  {:.1} % of what the bucket allows", ended.requests as f64 / allowed * 100.0);
    Ok(())
}

/// The time budget of one method is the limit: a contact takes 0.4 s.
pub(crate) fn budget() -> Result<()> {
    let settings =
        Settings { costs: [("crm.contact.add".to_owned(), 0.4)].into(), ..Settings::default() };
    let limit = settings.operating.unwrap_or_default();
    let (ended, portal, seconds) = export(20_000, 0, settings)?;
    let spent = portal.counters.of("crm.contact.add") as f64 * 0.4;
    // The window is ten minutes long, and full when the export ends.
    let allowed = limit * (seconds / 600.0).max(1.0);
    println!("export of 20000 contacts, budget of {limit} s in ten minutes: {:?}", ended.outcome);
    println!("  {spent:.0} s used in {seconds:.0} s, {} calls blocked", portal.counters.blocked);
    println!("  {:.1} % of what the budget allows", spent / allowed * 100.0);
    Ok(())
}

fn seconds(delta: chrono::TimeDelta) -> f64 {
    delta.num_milliseconds() as f64 / 1000.0
}
