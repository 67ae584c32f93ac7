//! `check --probe`: does this portal behave as the program relies on? No document can promise that.
//!
//! A contact, a company and a deal are made under a mark of their own, tried, and deleted. What a probe that was
//! killed left behind is deleted by the next one. The portal's own automation may react to the trial deal.

mod assumption;
mod charge_recorder;
mod required_fields;
mod trial_objects;
mod trials;

use std::collections::BTreeMap;

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

pub use assumption::PortalAssumption;

use super::CheckResult;
use crate::config::{Config, ExportMethod};
use crate::domain::display;
use crate::domain::language::current_language;
use crate::domain::run_error::Outcome;
use crate::platform::clock::Clock;
use crate::portal::client::Client;
use crate::portal::limits::RateLimits;
use crate::portal::{ApiError, CallError, Portal};
use crate::say;
use crate::state::State;
use crate::state::settings::PROBE;
use crate::sync::preflight::config_check::fetch_and_check;
use charge_recorder::{ChargeRecorder, Charges};
use required_fields::{RequiredField, is_about_required};
use trial_objects::TrialObjects;
use trials::TRIALS;

/// Deleting a contact alone can take a minute and a half.
const PATIENCE: TimeDelta = TimeDelta::minutes(10);

/// What a probe found, as the state remembers it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Findings {
    /// When.
    pub at: DateTime<Utc>,
    /// Whether each rule holds; absent where it could not be tried.
    pub holds: BTreeMap<PortalAssumption, bool>,
    /// Seconds that the portal charged to `batch` itself.
    pub charged_to_batch: f64,
    /// Seconds that it charged to the commands in it.
    pub charged_to_commands: f64,
}

/// What came of one trial: whether the rule holds, or why it could not be tried.
type Tried = (PortalAssumption, Result<bool, CallError>);

/// What the last probe found, for a check that makes none.
pub(super) fn last(state: &State) -> Option<CheckResult> {
    let Findings { at, holds, .. } = state.get(PROBE).ok().flatten()?;
    let at = display::format_time(at, current_language());
    let broken = holds.into_iter().filter(|(_, holds)| !holds);
    let broken: Vec<String> = broken.map(|(rule, _)| rule.title()).collect();
    if broken.is_empty() {
        return Some(CheckResult::ok(
            "probe",
            say!(
                "Проба от {at}: всё, что проверено, подтвердилось",
                "Probe of {at}: all that was tried holds"
            ),
        ));
    }
    let broken = broken.join("; ");
    Some(CheckResult::warning(
        "probe",
        say!("Проба от {at}: не подтвердилось: {broken}", "Probe of {at}: does not hold: {broken}"),
        say!(
            "Что это значит, скажет новая проба: ecvi-b24 check --probe",
            "A new probe says what it means: ecvi-b24 check --probe"
        ),
    ))
}

/// Makes the trial objects, tries every rule, deletes the objects.
pub(super) fn probe(
    config: &Config,
    state: Option<&State>,
    portal: &mut dyn Portal,
    clock: &Clock,
) -> Vec<CheckResult> {
    let mut meter = ChargeRecorder::new(portal);
    let charges = meter.charges();
    let deadline = Some(clock.now() + PATIENCE);
    let mut gate = Client::new(&mut meter, clock.clone(), &config.portal, RateLimits::default(), deadline);
    let mut bench = TrialObjects::new(&mut gate, config);
    let tried = try_all(&mut bench);
    let refusal = refusal_of_creation(&tried).cloned();
    let marked = required_fields::marked(&mut bench).unwrap_or_default();
    let is_explained = refusal.as_ref().is_some_and(|refusal| is_about_required(&marked, refusal));
    let demanded = required_fields::demanded(marked, refusal.as_ref(), &bench);
    let required = required_lines(config, &mut gate, &demanded);
    let Charges { batch: charged_to_batch, commands: charged_to_commands } = charges.get();
    let mut lines: Vec<CheckResult> =
        tried.iter().map(|(rule, outcome)| line(*rule, outcome, config, is_explained)).collect();
    lines.extend(required);
    lines.push(accounting(charged_to_batch, charged_to_commands));
    let known = tried.iter().filter_map(|(rule, outcome)| Some((*rule, *outcome.as_ref().ok()?)));
    let findings =
        Findings { at: clock.now(), holds: known.collect(), charged_to_batch, charged_to_commands };
    if let Some(Err(error)) = state.map(|state| state.set(PROBE, &findings)) {
        lines.push(super::local::unusable_state(error));
    }
    lines
}

fn try_all(bench: &mut TrialObjects<'_, '_>) -> Vec<Tried> {
    let made = bench.clear().and_then(|_| bench.make());
    let mut tried = match made {
        Ok(()) => TRIALS.map(|(rule, holds)| (rule, holds(bench))).into(),
        Err(error) => vec![(PortalAssumption::Creation, Err(error))],
    };
    tried.push((PortalAssumption::Deletion, bench.clear().map(|left| left == 0)));
    tried
}

/// In what words the trial objects were refused.
fn refusal_of_creation(tried: &[Tried]) -> Option<&ApiError> {
    tried.iter().find_map(|(rule, outcome)| match outcome {
        Err(CallError::Refused(refusal)) if *rule == PortalAssumption::Creation => Some(refusal),
        _ => None,
    })
}

fn required_lines(config: &Config, gate: &mut Client<'_>, demanded: &[RequiredField]) -> Vec<CheckResult> {
    if demanded.is_empty() {
        return Vec::new();
    }
    match fetch_and_check(config, gate) {
        Ok(verdict) => required_fields::lines(config, &verdict.fields, demanded),
        Err(error) => vec![super::portal::unanswered("probe", error)],
    }
}

/// `is_explained`: the trial objects were refused for a required field, which says nothing of the hotel's records.
fn line(
    rule: PortalAssumption,
    outcome: &Result<bool, CallError>,
    config: &Config,
    is_explained: bool,
) -> CheckResult {
    let title = rule.title();
    match outcome {
        Ok(true) => CheckResult::ok("probe", say!("Проба: {title}", "Probe: {title}")),
        Ok(false) => {
            let detail = say!("Проба: не подтвердилось: {title}", "Probe: does not hold: {title}");
            let needed = rule == PortalAssumption::Import && config.export.method == ExportMethod::Import;
            broken(needed, detail, rule.meaning())
        }
        Err(error) => {
            let detail = say!(
                "Проба: не удалось проверить: {title} ({error})",
                "Probe: could not be tried: {title} ({error})"
            );
            let refused =
                rule == PortalAssumption::Creation && matches!(error, CallError::Refused(_)) && !is_explained;
            broken(refused, detail, if refused { rule.meaning() } else { String::new() })
        }
    }
}

fn broken(is_needed: bool, detail: String, meaning: String) -> CheckResult {
    if is_needed {
        CheckResult::error("probe", Outcome::Refused, detail, meaning)
    } else {
        CheckResult::warning("probe", detail, meaning)
    }
}

/// Portals differ in what a batch is charged to; the program follows all ways, this is for those who help.
fn accounting(batch: f64, commands: f64) -> CheckResult {
    if batch + commands == 0.0 {
        let detail =
            say!("Проба: портал не засчитывает время вызовов", "Probe: the portal charges no time for calls");
        return CheckResult::ok("probe", detail);
    }
    CheckResult::ok(
        "probe",
        say!(
            "Проба: портал засчитал {batch:.1} с методу batch и {commands:.1} с командам в нём",
            "Probe: the portal charged {batch:.1} s to the method batch and {commands:.1} s to the commands in it"
        ),
    )
}
