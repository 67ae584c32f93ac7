//! The heartbeat: an address fetched after each good run. Whoever watches it raises the alarm when
//! it falls silent.
//!
//! Good is a run in which nothing failed and no guard holds anything back. One bad record does not
//! silence it: a failed record is tried with growing pauses, and the runs between are good. What
//! fails in every run (a full disk of the portal, deletions that nobody has allowed yet) must be
//! looked at, and this is what calls somebody.

use std::time::Duration;

use crate::config::Config;
use crate::domain::run_error::Outcome;
use crate::portal::http;

const HEARTBEAT_TIMEOUT: Duration = Duration::from_secs(5);

/// Fetches the address, where there is one and the run was good. It says nothing about the run, and
/// what it answers does not matter to the run.
pub fn ping(config: &Config, outcome: Outcome) {
    let Some(url) = config.monitoring.heartbeat.as_deref().filter(|_| outcome == Outcome::Ok)
    else {
        return;
    };
    match http::fetch(url, HEARTBEAT_TIMEOUT) {
        Ok(()) => log::debug!("the heartbeat was taken"),
        Err(reason) => log::info!("the heartbeat was not taken: {reason}"),
    }
}
