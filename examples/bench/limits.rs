//! An export against the portal's limits, in time that passes only by waiting: how much of them it
//! uses.

use anyhow::Result;
use bitrix24_sandbox::{Portal as Sandbox, Settings};
use ecvi_b24::sync::options::RunKind;
use ecvi_b24::sync::run_report::RunReport;

use crate::hotel::{Hotel, Size};
use crate::timed_portal::{TimedPortal, WEBHOOK, virtual_clock};

struct Export {
    report: RunReport,
    portal: Sandbox,
    seconds: f64,
}

fn export(guests: u64, bookings: u64, settings: Settings) -> Result<Export> {
    let folder = tempfile::tempdir()?;
    let size = Size { guests, companies: 0, bookings };
    let hotel = Hotel::new(folder.path(), size, WEBHOOK)?;
    let clock = virtual_clock();
    let start = clock.now();
    let mut sandbox = Sandbox::new();
    sandbox.settings = settings;
    let mut portal = TimedPortal::new(sandbox, &clock);
    let report = hotel.run(RunKind::InitialExport, &mut portal, &clock)?;
    let seconds = (clock.now() - start).as_seconds_f64();
    Ok(Export { report, portal: portal.sandbox, seconds })
}

/// The leaky bucket is the limit: calls cost the portal nothing.
pub(crate) fn measure_bucket() -> Result<()> {
    let settings = Settings { cost: 0.0001, operating: Some(f64::INFINITY), ..Settings::default() };
    let Export { report, portal, seconds } = export(12_000, 8_000, settings)?;
    let refused = portal.counters.refused;
    let allowed = seconds * 2.0 + 50.0;
    println!("export of 20000 records, bucket of 50 and 2 a second: {:?}", report.outcome);
    println!("  {} requests in {seconds:.0} s, {refused} refused", report.requests);
    println!("  {:.1} % of what the bucket allows", report.requests as f64 / allowed * 100.0);
    Ok(())
}

/// The time budget of one method is the limit: a contact takes 0.4 s.
pub(crate) fn measure_budget() -> Result<()> {
    let costs = [("crm.contact.add".to_owned(), 0.4)].into();
    let settings = Settings { costs, ..Settings::default() };
    let limit = settings.operating.unwrap_or_default();
    let Export { report, portal, seconds } = export(20_000, 0, settings)?;
    let blocked = portal.counters.blocked;
    let spent = portal.counters.of("crm.contact.add") as f64 * 0.4;
    // The window is ten minutes long, and full when the export ends.
    let allowed = limit * (seconds / 600.0).max(1.0);
    println!("export of 20000 contacts, budget of {limit} s in ten minutes: {:?}", report.outcome);
    println!("  {spent:.0} s used in {seconds:.0} s, {blocked} calls blocked");
    println!("  {:.1} % of what the budget allows", spent / allowed * 100.0);
    Ok(())
}
