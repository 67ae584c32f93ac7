//! The heartbeat: an address that is fetched after each good run. A monitoring service raises the
//! alarm when it is not fetched any more.
//!
//! A run is good if nothing failed and no guard holds anything back. One bad record does not stop
//! the heartbeat: it is tried with growing pauses, and the runs between are good. A problem in
//! every run (a full disk of the portal, deletions that wait for a permission) stops it, so that an
//! administrator looks at it.

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
