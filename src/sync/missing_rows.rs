//! What a run saves of missing records, before it sends anything.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::record::Kind;
use crate::domain::run_error::Result;
use crate::state::settings::HELD_SINCE;
use crate::state::{State, Writer};
use crate::sync::plan::{Plan, RemovalVerdict};

/// Records that were given up longer ago are not needed any more.
const KEPT: TimeDelta = TimeDelta::days(40);

/// Saves which records are missing, back or given up, and what a guard holds back.
pub(super) fn save_observations(
    state: &State,
    writer: &Writer<'_>,
    plan: &Plan,
    now: DateTime<Utc>,
) -> Result<()> {
    let mut held_since = state.get(&HELD_SINCE)?.unwrap_or_default();
    for kind in Kind::DISPLAY_ORDER {
        let RemovalVerdict { given_up, is_allowed, is_held } = &plan.removal_verdicts[kind];
        plan.queue.each_note(kind, |key, note| Ok(writer.save_note(key, note, now)?))?;
        let since = &mut held_since[kind];
        *since = is_held.then_some(since.unwrap_or(now));
        if *is_held {
            writer.clear_missing_since(kind)?;
        }
        let counted_from = if *is_allowed { now + KEPT } else { now - KEPT };
        writer.forget_given_up_before(kind, counted_from)?;
        for record in given_up {
            writer.save_given_up(kind, record)?;
        }
    }
    Ok(writer.set(&HELD_SINCE, &held_since)?)
}
