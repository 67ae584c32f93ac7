//! The command `check`: would a run work, and if not, what to mend and where.
//!
//! One line a check, and every check that still makes sense is made, so that an administrator mends everything at
//! once. Nothing is sent that changes anything, but for `--probe`. Neither the secret nor people's data is shown.

mod local;
mod mirror;
mod modified_at;
mod next;
mod portal;
pub mod probe;
mod references;
mod result_line;
mod rights;
mod rows;

use std::path::Path;

use anyhow::Result;
use chrono::TimeDelta;

pub use next::Next;
pub use result_line::{CheckResult, CheckStatus, outcome};

use crate::config::{Config, PortalConfig};
use crate::domain::run_error::Outcome;
use crate::platform::clock::Clock;
use crate::platform::sqlite_temp_store;
use crate::portal::Portal;
use crate::portal::client::Client;
use crate::portal::limits::RateLimits;
use crate::say;
use crate::state::State;

/// Longer than this nobody waits for a check.
const CHECK_DEADLINE: TimeDelta = TimeDelta::minutes(3);

/// What the command line says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// `--config`
    pub config: Option<&'a Path>,
    /// The value of `$ECVI_B24_WEBHOOK`.
    pub webhook: Option<&'a str>,
    /// `--json`
    pub json: bool,
    /// `--probe`
    pub probe: bool,
}

/// How the portal is reached: [`crate::portal::http::Http`], or a test's own.
pub type Connect<'c> = &'c dyn Fn(&PortalConfig) -> Result<Box<dyn Portal>>;

/// What the checks came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checks {
    /// One line a check.
    pub lines: Vec<CheckResult>,
    /// What comes next, where nothing has to be mended first.
    pub next: Option<Next>,
}

/// Makes all checks: how they are shown, and the outcome of the gravest finding.
pub fn run(options: &Options<'_>, connect: Connect<'_>, clock: &Clock) -> (String, Outcome) {
    let checks = check(options, connect, clock);
    let shown = if options.json { result_line::json(&checks) } else { result_line::text(&checks) };
    (shown, outcome(&checks.lines))
}

/// Makes all checks.
pub fn check(options: &Options<'_>, connect: Connect<'_>, clock: &Clock) -> Checks {
    let (mut lines, config) = local::configuration(options);
    let Some(config) = config else { return Checks { lines, next: None } };
    sqlite_temp_store::choose_folder(&config.state);
    lines.extend(mirror::check(&config, clock));
    let (found, state) = local::state(&config, clock.now());
    lines.extend(found);
    if outcome(&lines) == Outcome::Ok {
        lines.extend(local::plan(&config, state.as_ref(), clock));
    }
    match connect(&config.portal) {
        Ok(mut portal) => {
            lines.extend(portal::proxy(&config));
            lines.extend(ask(&config, state.as_ref(), &mut *portal, clock));
            if options.probe {
                lines.extend(probe(&lines, &config, state.as_ref(), &mut *portal, clock));
            } else {
                lines.extend(state.as_ref().and_then(probe::last));
            }
        }
        Err(error) => lines.push(unusable_webhook(&error)),
    }
    let next = if outcome(&lines) == Outcome::Ok { Next::of(state.as_ref()) } else { None };
    Checks { lines, next }
}

fn unusable_webhook(error: &anyhow::Error) -> CheckResult {
    let remedy = say!("Исправьте [portal] в конфигурации", "Correct [portal] in the configuration");
    local::unusable("webhook", &say!("Вебхук", "Webhook"), error, remedy)
}

fn ask(config: &Config, state: Option<&State>, portal: &mut dyn Portal, clock: &Clock) -> Vec<CheckResult> {
    let deadline = Some(clock.now() + CHECK_DEADLINE);
    let mut gate = Client::new(portal, clock.clone(), &config.portal, RateLimits::default(), deadline);
    let mut lines = Vec::new();
    if portal::webhook(config, &mut gate, &mut lines) {
        lines.extend(state.and_then(|state| portal::wrong_portal(config, state, &mut gate)));
        rights::rights(config, &mut gate, &mut lines);
        portal::dictionary(config, state, &mut gate, &mut lines);
    }
    lines
}

/// The trial comes last, and on sound ground only.
fn probe(
    before: &[CheckResult],
    config: &Config,
    state: Option<&State>,
    portal: &mut dyn Portal,
    clock: &Clock,
) -> Vec<CheckResult> {
    if outcome(before) == Outcome::Ok {
        return probe::probe(config, state, portal, clock);
    }
    let detail = say!("Проба: не проводилась", "Probe: was not made");
    vec![CheckResult::warning(
        "probe",
        detail,
        say!("Сначала исправьте отмеченное выше", "Mend what stands above first"),
    )]
}
