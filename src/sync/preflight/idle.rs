//! Whether a run has anything to do at all.
//!
//! Nothing to do as long as the mirror's files, the configuration and the program are unchanged
//! since a run that found everything sent, and the state is unchanged too. Such a run reads no row.

use chrono::{DateTime, Utc};

use crate::config::Config;
use crate::domain::run_error::{Outcome, Result};
use crate::mirror::file_stamp;
use crate::platform::clock::local_day;
use crate::state::State;
use crate::state::settings::{INPUTS, InputFingerprint};
use crate::sync::options::{RunKind, RunOptions};
use crate::sync::plan::MIRROR_STATS;

/// What a run would find now; none where nothing can be concluded from it. To be taken before the
/// mirror is read.
pub fn current_inputs(config: &Config, now: DateTime<Utc>) -> Option<InputFingerprint> {
    let mirror = file_stamp(&config.mirror.path, now)?;
    // A guest who was expected yesterday is not expected any more, though nothing was written.
    let day = Some(local_day(now)).filter(|_| !config.contact.stays.is_empty());
    let config = config.fingerprint(&format!("{config:?} {day:?}"));
    Some(InputFingerprint { mirror, config })
}

/// Whether a run of cron would find nothing to do.
pub fn can_skip(
    config: &Config,
    options: &RunOptions,
    state: &State,
    now: DateTime<Utc>,
) -> Result<bool> {
    if options.kind != RunKind::Sync || options.full || options.retry_failed {
        return Ok(false);
    }
    let fingerprint = current_inputs(config, now);
    if fingerprint.is_none() || fingerprint != state.get(&INPUTS)?.flatten() {
        return Ok(false);
    }
    let went_well = state.last_run()?.is_some_and(|run| run.outcome == Some(Outcome::Ok.into()));
    let read_today = state.get(&MIRROR_STATS)?.is_some_and(|stats| !stats.is_full_read_due(now));
    Ok(went_well && read_today && state.is_clean()?)
}
