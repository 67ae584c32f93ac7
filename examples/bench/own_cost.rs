//! What an export costs the machine that it runs on: processor time for a record, and memory, as a
//! whole process over real HTTP. The portal refuses nothing.

use anyhow::Result;
use bitrix24_sandbox::{Portal, Server};

use crate::hotel::{Hotel, Size};
use crate::measure::Cost;

/// An export of so many guests.
fn export(guests: u64) -> Result<Cost> {
    let folder = tempfile::tempdir()?;
    let mut portal = Portal::unlimited();
    // Else the program would wait for its time budget.
    portal.settings.cost = 0.0;
    let server = Server::start(portal, 0)?;
    let portal =
        format!("webhook = '{}'\nrequests_per_second = 10000\nburst = 10000", server.webhook());
    let hotel = Hotel::new(folder.path(), Size { guests, companies: 0, bookings: 0 }, &portal)?;
    hotel.program(&["-q", "initial-export"])?.run()
}

/// Processor time for a contact, the least of five exports.
pub(crate) fn measure_contacts(guests: u64) -> Result<()> {
    let mut cost = export(guests)?;
    for _ in 1..5 {
        cost = Cost::least(cost, export(guests)?);
    }
    println!("export of {guests} contacts over HTTP, the program's own cost");
    println!("  {:.2} s of CPU, {:.0} us a contact", cost.cpu, cost.cpu * 1e6 / guests as f64);
    Ok(())
}

/// The most memory that an export of many guests had in RAM, beside one of few.
pub(crate) fn measure_memory(few: u64, many: u64) -> Result<()> {
    println!("memory of an export");
    let of_few = export(few)?.megabytes;
    println!("  {few:8} contacts {of_few:6.1} MB");
    let of_many = export(many)?.megabytes;
    println!("  {many:8} contacts {of_many:6.1} MB, ratio {:.2}", of_many / of_few);
    Ok(())
}
