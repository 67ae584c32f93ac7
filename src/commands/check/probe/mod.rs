//! `check --probe`: does this portal behave as the program relies on? No document guarantees it.
//!
//! Trial cards are made under an originator of their own, tried, and deleted. The cards of a probe
//! that was killed are deleted by the next one. The portal's own automation may react to the trial
//! deal.

mod assumption;
mod charge_recorder;
mod required_fields;
mod trial_objects;
mod trials;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

pub use assumption::PortalAssumption;

use super::CheckResult;
use super::local::unusable_state;
use super::portal::unanswered;
use crate::config::{Config, ExportMethod};
use crate::domain::messages::{CheckMessage, Message};
use crate::domain::run_error::{Outcome, Result};
use crate::platform::clock::Clock;
use crate::portal::client::Client;
use crate::portal::limits::RateLimits;
use crate::portal::{ApiError, CallError, Portal};
use crate::state::settings::Setting;
use crate::state::{State, StateError};
use crate::sync::preflight::config_check::fetch_and_check;
use crate::sync::push::{IMPORTED_DATES, ImportedDates};
use charge_recorder::{ChargeRecorder, Charges};
use required_fields::{RequiredField, is_about_required};
use trial_objects::TrialObjects;
use trials::TRIALS;

/// Deleting a contact alone can take a minute and a half.
const DEADLINE: TimeDelta = TimeDelta::minutes(10);

/// What the last probe found.
pub const PROBE: Setting<Findings> = Setting::new("probe");

/// What a probe found, as the state remembers it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Findings {
    /// When the probe was made.
    pub at: DateTime<Utc>,
    /// Whether each assumption holds; absent where it could not be tried.
    pub holds: BTreeMap<PortalAssumption, bool>,
    /// Seconds that the portal charged to `batch` itself.
    pub charged_to_batch: f64,
    /// Seconds that it charged to the commands in it.
    pub charged_to_commands: f64,
}

/// What came of one trial: whether the assumption holds, or why it could not be tried.
struct Trial {
    assumption: PortalAssumption,
    holds: Result<bool, CallError>,
}

/// What the last probe found, for a check that makes none.
pub(super) fn last(state: &State) -> Option<CheckResult> {
    let Findings { at, holds, .. } = state.get(&PROBE).ok().flatten()?;
    let mut broken: Vec<Message> = Vec::new();
    for (assumption, _) in holds.iter().filter(|(_, holds)| !**holds) {
        let (title, _) = assumption.title_and_consequence();
        broken.push(title.into());
    }
    if broken.is_empty() {
        return Some(CheckResult::ok("probe", CheckMessage::LastProbeHeld { at }));
    }
    let broken = Message::Several(broken).into();
    let failed = CheckResult::warning("probe", CheckMessage::LastProbeFailed { at, broken });
    Some(failed.with_remedy(CheckMessage::ProbeAgain))
}

/// Makes the trial cards, tries every assumption, deletes the cards.
pub(super) fn probe(
    config: &Config,
    state: Option<&State>,
    portal: &mut dyn Portal,
    clock: &Clock,
) -> Vec<CheckResult> {
    let mut recorder = ChargeRecorder::new(portal);
    let charges = recorder.charges();
    let deadline = Some(clock.now() + DEADLINE);
    let mut client =
        Client::new(&mut recorder, clock.clone(), &config.portal, RateLimits::default(), deadline);
    let mut objects = TrialObjects::new(&mut client, config);
    let trials = try_all(&mut objects);
    let are_dates_kept = objects.are_dates_kept;
    let refusal = refusal_of_creation(&trials);
    let marked = required_fields::marked(&mut objects).unwrap_or_default();
    let is_explained = refusal.is_some_and(|refusal| is_about_required(&marked, refusal));
    let demanded = required_fields::demanded(marked, refusal, &objects);
    let mut results: Vec<CheckResult> =
        trials.iter().map(|trial| result(trial, config, is_explained)).collect();
    results.extend(check_required(config, &mut client, &demanded));
    let charges = charges.get();
    results.push(charged(charges));
    let findings = findings(&trials, charges, clock.now());
    let seen_at = findings.at;
    let dates = are_dates_kept.map(|are_kept| ImportedDates { are_kept, seen_at });
    results.extend(dates.map(imported_dates));
    if let Some(Err(error)) = state.map(|state| remember(state, &findings, dates)) {
        results.push(unusable_state(error));
    }
    results
}

fn remember(
    state: &State,
    findings: &Findings,
    dates: Option<ImportedDates>,
) -> Result<(), StateError> {
    state.set(&PROBE, findings)?;
    if let Some(dates) = dates {
        state.set(&IMPORTED_DATES, &dates)?;
    }
    Ok(())
}

/// Portals differ here too, and the program follows both ways.
fn imported_dates(dates: ImportedDates) -> CheckResult {
    let kept = CheckMessage::ImportKeepsDates;
    let overwritten = CheckMessage::ImportOverwritesDates;
    CheckResult::ok("probe", if dates.are_kept { kept } else { overwritten })
}

fn try_all(objects: &mut TrialObjects<'_, '_>) -> Vec<Trial> {
    let mut trials = Vec::new();
    match objects.clear().and_then(|_| objects.make()) {
        Ok(()) => {
            for (assumption, holds) in TRIALS {
                trials.push(Trial { assumption, holds: holds(objects) });
            }
        }
        Err(error) => {
            trials.push(Trial { assumption: PortalAssumption::Creation, holds: Err(error) });
        }
    }
    let holds = objects.clear().map(|left| left == 0);
    trials.push(Trial { assumption: PortalAssumption::Deletion, holds });
    trials
}

fn findings(trials: &[Trial], charges: Charges, at: DateTime<Utc>) -> Findings {
    let mut holds = BTreeMap::new();
    for trial in trials {
        if let Ok(it_holds) = trial.holds {
            holds.insert(trial.assumption, it_holds);
        }
    }
    Findings { at, holds, charged_to_batch: charges.batch, charged_to_commands: charges.commands }
}

/// How the portal refused the trial cards.
fn refusal_of_creation(trials: &[Trial]) -> Option<&ApiError> {
    trials.iter().find_map(|trial| match &trial.holds {
        Err(CallError::Refused(refusal)) if trial.assumption == PortalAssumption::Creation => {
            Some(refusal)
        }
        _ => None,
    })
}

fn check_required(
    config: &Config,
    client: &mut Client<'_>,
    demanded: &[RequiredField],
) -> Vec<CheckResult> {
    if demanded.is_empty() {
        return Vec::new();
    }
    match fetch_and_check(config, client) {
        Ok(verdict) => {
            let limit = client.clock().limit_of(config.sync.time_limit);
            required_fields::check(config, &verdict.fields, demanded, &limit)
        }
        Err(error) => vec![unanswered("probe", error)],
    }
}

/// `is_explained`: the trial cards were refused for a required field, which says nothing about the
/// hotel's records.
fn result(trial: &Trial, config: &Config, is_explained: bool) -> CheckResult {
    let Trial { assumption, holds } = trial;
    let (title, consequence) = assumption.title_and_consequence();
    let title = title.into();
    match holds {
        Ok(true) => CheckResult::ok("probe", CheckMessage::Holds { assumption: title }),
        Ok(false) => {
            let is_needed = *assumption == PortalAssumption::Import
                && config.export.method == ExportMethod::Import;
            let broken = broken(is_needed, CheckMessage::DoesNotHold { assumption: title });
            broken.with_remedy(consequence)
        }
        Err(error) => {
            let is_refused = *assumption == PortalAssumption::Creation
                && matches!(error, CallError::Refused(_))
                && !is_explained;
            let reason = reason(error).into();
            let not_tried =
                broken(is_refused, CheckMessage::NotTried { assumption: title, reason });
            if is_refused { not_tried.with_remedy(consequence) } else { not_tried }
        }
    }
}

fn reason(error: &CallError) -> Message {
    match error {
        CallError::Refused(refusal) => refusal.message(),
        CallError::NotSent(reason)
        | CallError::Misconfigured(reason)
        | CallError::UnknownOutcome(reason)
        | CallError::NoteFailed(reason) => reason.clone(),
        CallError::Redirected(_) | CallError::LimitedUntil(_) | CallError::Cancelled => {
            error.message()
        }
    }
}

fn broken(is_needed: bool, detail: CheckMessage) -> CheckResult {
    if is_needed {
        CheckResult::error("probe", Outcome::Refused, detail)
    } else {
        CheckResult::warning("probe", detail)
    }
}

/// Portals differ in what they charge a batch to. The program follows all ways; this line is for
/// those who help.
fn charged(charges: Charges) -> CheckResult {
    let Charges { batch, commands } = charges;
    if batch + commands == 0.0 {
        return CheckResult::ok("probe", CheckMessage::NothingCharged);
    }
    let detail =
        CheckMessage::Charged { batch: format!("{batch:.1}"), commands: format!("{commands:.1}") };
    CheckResult::ok("probe", detail)
}
