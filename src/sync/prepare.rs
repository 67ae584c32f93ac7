//! What a run is to do: its options completed by what the state remembers, and its plan.

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};

use crate::config::Config;
use crate::domain::messages::SyncMessage;
use crate::mirror::Mirror;
use crate::platform::clock::{Clock, saturating_add};
use crate::state::State;
use crate::state::settings::{FULL, RESENDING};
use crate::sync::options::{RunKind, RunOptions};
use crate::sync::plan::{Limits, Plan, PlanOptions, Resend};
use crate::sync::preflight::{mapping_version, portal_identity};

/// The plan that a run would follow now. Nothing is written, and the portal is not asked.
pub fn preview(config: &Config, orders: &RunOptions, clock: &Clock) -> Result<(State, Plan)> {
    let state = State::open_readonly(&config.state)?;
    require_initial_export(orders.kind, &state)?;
    portal_identity::verify_originator(config, &state)?;
    let now = clock.now();
    let limit = clock.read_limit(deadline(config, orders, now));
    let mirror = Mirror::open_within(&config.mirror, &limit)?;
    let plan = build_plan(config, &mirror, &state, &effective_options(config, orders, &state)?, now)?;
    Ok((state, plan))
}

/// Before an initial export was completed, nobody has said that the portal is to be filled.
pub(super) fn require_initial_export(errand: RunKind, state: &State) -> Result<()> {
    if errand == RunKind::InitialExport || state.initial_export()?.is_some() {
        return Ok(());
    }
    Err(SyncMessage::InitialExportMissing.into())
}

/// A completed initial export that is asked for again sends every record again, and goes on where such a one was
/// interrupted: what it did not get to is marked. After another change of the mapping it begins anew.
pub(super) fn effective_options(config: &Config, orders: &RunOptions, state: &State) -> Result<RunOptions> {
    let again = orders.kind == RunKind::InitialExport && state.initial_export()?.is_some();
    let goes_on =
        again && state.get(RESENDING)? == Some(true) && !mapping_version::has_changed(config, state)?;
    let full = orders.full || (again && !goes_on) || state.get(FULL)? == Some(true);
    // As in a full run, the pause of a failed record does not matter.
    Ok(RunOptions { full, retry_failed: orders.retry_failed || goes_on, ..orders.clone() })
}

pub(super) fn build_plan(
    config: &Config,
    mirror: &Mirror,
    state: &State,
    orders: &RunOptions,
    now: DateTime<Utc>,
) -> Result<Plan> {
    let usual = PlanOptions::for_sync(config, mirror, state, now)?;
    let deletes = usual.deletes && orders.kind != RunKind::InitialExport;
    let resend = match state.get(RESENDING)? {
        _ if orders.full => Resend::All,
        Some(true) => Resend::Rest,
        Some(false) | None => Resend::Marked,
    };
    let limits = Limits {
        max_deletes: config.sync.max_deletes,
        vouched: orders.max_deletes,
        delete_after: TimeDelta::from_std(config.sync.delete_after)?,
    };
    let rules = PlanOptions { resend, retry_failed: orders.retry_failed, deletes, ..usual };
    Plan::build_guarded(mirror, state, rules, limits)
}

pub(super) fn deadline(
    config: &Config,
    orders: &RunOptions,
    started: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let limit = orders.time_limit.unwrap_or(config.sync.time_limit);
    (orders.kind != RunKind::InitialExport).then(|| saturating_add(started, limit))
}
