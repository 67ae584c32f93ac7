//! Warnings of a run that can go on. In cron's mail once a day is enough.

use chrono::{DateTime, Utc};

use crate::config::{Config, Link};
use crate::domain::messages::{Message, ShellArgument, SyncMessage};
use crate::domain::run_error::Result;
use crate::mirror::written_at;
use crate::platform::clock::is_older;
use crate::state::State;
use crate::state::settings::{EXPOSED_TOLD, LINK_TOLD, MIRROR_AGE_TOLD};

/// A file that holds the password to the CRM can be read by everyone.
pub(super) fn of_exposed(config: &Config, state: &State, now: DateTime<Utc>) -> Result<()> {
    if !config.exposed.is_empty() && state.once_a_day(&EXPOSED_TOLD, now)? {
        for path in &config.exposed {
            warn(
                config,
                &SyncMessage::FileExposed { path: ShellArgument(path.display().to_string()) }
                    .into(),
            );
        }
    }
    Ok(())
}

/// The mirror is not written any more.
pub(super) fn of_mirror_age(config: &Config, state: &State, now: DateTime<Utc>) -> Result<()> {
    let Some(limit) = config.monitoring.max_mirror_age else { return Ok(()) };
    let Some(written) = written_at(&config.mirror.path) else { return Ok(()) };
    if is_older(written, limit, now) && state.once_a_day(&MIRROR_AGE_TOLD, now)? {
        let path = config.mirror.path.display().to_string();
        warn(config, &SyncMessage::MirrorOld { path, written }.into());
    }
    Ok(())
}

/// The configuration was opened by a link, and another state is beside that link.
pub(super) fn of_link(config: &Config, state: &State, now: DateTime<Utc>) -> Result<()> {
    let unused = config.link.as_ref().and_then(Link::unused_state);
    if let Some(warning) = unused
        && state.once_a_day(&LINK_TOLD, now)?
    {
        warn(config, &warning);
    }
    Ok(())
}

fn warn(config: &Config, warning: &Message) {
    log::warn!("{}", warning.text(config.language));
}
