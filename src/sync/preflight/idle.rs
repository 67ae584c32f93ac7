//! Whether a pass has anything to do at all.
//!
//! Nothing to do as long as the mirror's files, the configuration and the program are unchanged since a pass that found
//! everything sent, and the state is unchanged too. Such a pass reads no row.

use anyhow::Result;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::domain::run_error::Outcome;
use crate::mirror::footprint;
use crate::state::State;
use crate::state::settings::{SIGHT, SURVEY};
use crate::sync::options::{Errand, Orders};
use crate::sync::plan::Survey;

/// All that decides what a pass finds, but for the state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Sight {
    mirror: u64,
    config: u64,
}

impl Sight {
    /// What is there now; none where nothing can be concluded from it. To be taken before the mirror is read.
    pub fn of(config: &Config, now: DateTime<Utc>) -> Option<Sight> {
        let mirror = footprint(&config.mirror.path, now)?;
        Some(Sight { mirror, config: config.fingerprint(&format!("{config:?}")) })
    }
}

/// Whether a pass of cron would find nothing to do.
pub fn is_idle(config: &Config, orders: &Orders, state: &State, now: DateTime<Utc>) -> Result<bool> {
    if orders.errand != Errand::Sync || orders.full || orders.retry_failed {
        return Ok(false);
    }
    let sight = Sight::of(config, now);
    if sight.is_none() || sight != state.recall(SIGHT)? {
        return Ok(false);
    }
    let went_well = state.last_run()?.is_some_and(|run| run.outcome.as_deref() == Some(Outcome::Ok.name()));
    let read_today = state.recall::<Survey>(SURVEY)?.is_some_and(|survey| !survey.is_whole_due(now));
    Ok(went_well && read_today && state.is_at_rest()?)
}
