//! What a run warns of though it can go on. In cron's mail once a day is enough.

use anyhow::Result;
use chrono::{DateTime, Utc};

use crate::config::{Config, Link};
use crate::domain::display;
use crate::domain::language::current_language;
use crate::mirror::written_at;
use crate::platform::clock::is_older;
use crate::say;
use crate::state::State;
use crate::state::settings::{LINK_TOLD, MIRROR_AGE_TOLD};

/// Nobody writes the mirror any more.
pub(super) fn of_mirror_age(config: &Config, state: &State, now: DateTime<Utc>) -> Result<()> {
    let Some(limit) = config.max_mirror_age else { return Ok(()) };
    let Some(written) = written_at(&config.mirror.path) else { return Ok(()) };
    if is_older(written, limit, now) && state.once_a_day(MIRROR_AGE_TOLD, now)? {
        let (shown, time) = (config.mirror.path.display(), display::format_time(written, current_language()));
        let warning = say!(
            "зеркало Ecvi {shown} не обновлялось с {time}: проверьте программу, которая его наполняет",
            "the mirror {shown} was not written since {time}: check what fills it"
        );
        log::warn!("{warning}");
    }
    Ok(())
}

/// The configuration was reached by a link that another state lies beside.
pub(super) fn of_link(config: &Config, state: &State, now: DateTime<Utc>) -> Result<()> {
    let unused = config.link.as_ref().and_then(Link::unused_state);
    if let Some(warning) = unused
        && state.once_a_day(LINK_TOLD, now)?
    {
        log::warn!("{warning}");
    }
    Ok(())
}
