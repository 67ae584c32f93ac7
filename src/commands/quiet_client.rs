//! The client of commands that ask the portal while runs may be under way.

use chrono::{DateTime, Utc};

use crate::config::Config;
use crate::domain::run_error::Result;
use crate::platform::clock::Clock;
use crate::portal::Portal;
use crate::portal::client::Client;
use crate::state::State;
use crate::state::settings::PACE;

/// A client that leaves half of the burst to a run, and knows the limits that the last one met.
pub(super) fn quiet_client<'p>(
    config: &Config,
    state: &State,
    portal: &'p mut dyn Portal,
    clock: &Clock,
    deadline: Option<DateTime<Utc>>,
) -> Result<Client<'p>> {
    let pace = state.get(&PACE)?.unwrap_or_default();
    let portal_config = config.portal.with_half_burst();
    Ok(Client::new(portal, clock.clone(), &portal_config, pace, deadline))
}
