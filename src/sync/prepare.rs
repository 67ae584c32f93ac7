//! What a run is to do: its options completed by what the state remembers, and its plan.

use chrono::{DateTime, TimeDelta, Utc};

use crate::config::Config;
use crate::domain::messages::SyncMessage;
use crate::domain::run_error::{Result, RunError};
use crate::mirror::Mirror;
use crate::platform::clock::{Clock, saturating_add};
use crate::state::State;
use crate::state::settings::{FULL, RESENDING};
use crate::sync::options::{RunKind, RunOptions};
use crate::sync::plan::{Limits, Plan, PlanOptions, Resend};
use crate::sync::preflight::{mapping_version, portal_identity};

/// The plan that a run would follow now. Nothing is written, and the portal is not asked.
pub fn preview(config: &Config, options: &RunOptions, clock: &Clock) -> Result<(State, Plan)> {
    let state = State::open_readonly(&config.state)?;
    require_initial_export(options.kind, &state)?;
    portal_identity::verify_originator(config, &state)?;
    let now = clock.now();
    let limit = clock.read_limit(deadline(config, options, now));
    let mirror = Mirror::open_within(&config.mirror, &limit)?;
    let plan =
        build_plan(config, &mirror, &state, &effective_options(config, options, &state)?, now)?;
    Ok((state, plan))
}

/// Refuses every other run until an initial export was completed: only that command says that the
/// portal is to be filled.
pub(super) fn require_initial_export(kind: RunKind, state: &State) -> Result<()> {
    if kind == RunKind::InitialExport || state.initial_export()?.is_some() {
        return Ok(());
    }
    Err(RunError::State(SyncMessage::InitialExportMissing.into()))
}

/// An initial export that is repeated sends every record again. If a repeat was interrupted, it
/// sends only the records that are still marked, unless the mapping has changed since: then it
/// starts over.
pub(super) fn effective_options(
    config: &Config,
    options: &RunOptions,
    state: &State,
) -> Result<RunOptions> {
    let again = options.kind == RunKind::InitialExport && state.initial_export()?.is_some();
    let goes_on = again
        && state.get(&RESENDING)? == Some(true)
        && !mapping_version::has_changed(config, state)?;
    let full = options.full || (again && !goes_on) || state.get(&FULL)? == Some(true);
    // As in a full run, the pause of a failed record does not matter.
    Ok(RunOptions { full, retry_failed: options.retry_failed || goes_on, ..options.clone() })
}

pub(super) fn build_plan(
    config: &Config,
    mirror: &Mirror,
    state: &State,
    options: &RunOptions,
    now: DateTime<Utc>,
) -> Result<Plan> {
    let usual = PlanOptions::for_sync(config, mirror, state, now)?;
    let deletes = usual.deletes && options.kind != RunKind::InitialExport;
    let resend = match state.get(&RESENDING)? {
        _ if options.full => Resend::All,
        Some(true) => Resend::Rest,
        Some(false) | None => Resend::Marked,
    };
    let limits = Limits {
        max_deletes: config.sync.max_deletes,
        allowed: options.max_deletes,
        delete_after: TimeDelta::from_std(config.sync.delete_after).unwrap_or(TimeDelta::MAX),
    };
    let plan_options = PlanOptions { resend, retry_failed: options.retry_failed, deletes, ..usual };
    Plan::build_guarded(mirror, state, plan_options, limits)
}

pub(super) fn deadline(
    config: &Config,
    options: &RunOptions,
    started: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let limit = options.time_limit.unwrap_or(config.sync.time_limit);
    (options.kind != RunKind::InitialExport).then(|| saturating_add(started, limit))
}
