//! The program's own processor time for each record of an export, as a whole process over real HTTP.

use anyhow::Result;
use bitrix24_sandbox::{Portal, Server};

use crate::hotel::Hotel;
use crate::measure::run;

/// An export of so many guests into a portal that refuses nothing; the portal works in another process.
pub(crate) fn contacts(guests: u64) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = Server::start(Portal::unlimited(), 0)?;
    let portal = format!("webhook = '{}'\nrequests_per_second = 10000\nburst = 10000", server.webhook());
    let hotel = Hotel::new(folder.path(), guests, 0, 0, &portal)?;
    let (program, words) = hotel.program(&["-q", "initial-export"])?;
    let cost = run(&program, &words)?;
    println!("export of {guests} contacts over HTTP, the program's own cost");
    println!(
        "  {:.2} s of CPU, {:.0} us a contact, {:.1} MB",
        cost.cpu,
        cost.cpu * 1e6 / guests as f64,
        cost.megabytes
    );
    Ok(())
}
