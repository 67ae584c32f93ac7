//! The command `check`: would a run work, and if not, what to correct and where.
//!
//! Every check that still makes sense is made, so that an administrator corrects everything at
//! once. Only `--probe` changes anything in the CRM. Neither the secret nor people's data is shown.

mod local;
mod mirror;
mod modified_at;
mod next;
mod notify_user;
mod portal;
pub mod probe;
mod references;
mod reports;
mod result;
mod rights;
mod rows;
mod text;

use chrono::TimeDelta;

pub use next::Next;
pub use result::{CheckResult, CheckStatus, outcome};
pub use text::lines;

use crate::commands::cli;
use crate::config::{Config, ConfigFile, PortalConfig};
use crate::domain::language::Language;
use crate::domain::messages::CheckMessage;
use crate::domain::run_error::{Outcome, Result};
use crate::platform::clock::Clock;
use crate::platform::sqlite_temp_store;
use crate::portal::Portal;
use crate::portal::client::Client;
use crate::portal::http::Http;
use crate::portal::limits::RateLimits;
use crate::state::State;

/// A person waits for the answers of the portal.
const CHECK_DEADLINE: TimeDelta = TimeDelta::minutes(3);

/// What a command is given that reads the configuration itself.
#[derive(Clone, Copy, Debug)]
pub struct Start<'a> {
    /// The configuration's file, as it was when the command began.
    pub config: &'a ConfigFile,
    /// The value of `$ECVI_B24_WEBHOOK`.
    pub webhook: Option<&'a str>,
    /// The reader's language, until another one is chosen.
    pub language: Language,
}

/// How the portal is reached: [`over_http`], or a test's own way.
pub type Connect<'c> = &'c dyn Fn(&PortalConfig) -> Result<Box<dyn Portal>>;

/// [`Connect`] for the portal itself.
pub fn over_http(portal: &PortalConfig) -> Result<Box<dyn Portal>> {
    Ok(Box::new(Http::new(portal)?))
}

/// What the checks found.
#[derive(Clone, PartialEq, Debug)]
pub struct Checks {
    /// One for each check.
    pub results: Vec<CheckResult>,
    /// What comes next, where nothing has to be corrected first.
    pub next: Option<Next>,
}

/// Makes all checks: the text or JSON to print, and the outcome of the gravest finding.
pub fn run(
    start: &Start<'_>,
    options: &cli::Check,
    connect: Connect<'_>,
    clock: &Clock,
) -> (String, Outcome) {
    let checks = check(start, options, connect, clock);
    let render = if options.json { text::json } else { text::text };
    (render(&checks, start.language), outcome(&checks.results))
}

/// Makes all checks, and keeps them as data.
pub fn check(
    start: &Start<'_>,
    options: &cli::Check,
    connect: Connect<'_>,
    clock: &Clock,
) -> Checks {
    let mut results = Vec::new();
    let Some(config) = local::check_configuration(start, &mut results) else {
        return Checks { results, next: None };
    };
    sqlite_temp_store::choose_folder(&config.state);
    results.extend(reports::check(&config, clock.now()));
    mirror::check(&config, clock, &mut results);
    let state = local::check_state(&config, clock.now(), &mut results);
    results.extend(local::check_originator(&config.portal.originator, state.as_ref()));
    if outcome(&results) == Outcome::Ok {
        results.extend(local::check_plan(&config, state.as_ref(), clock));
    }
    results.extend(portal::shared_bucket(&config, clock.now()));
    match connect(&config.portal) {
        Ok(mut portal) => {
            check_portal(&config, state.as_ref(), &mut *portal, clock, &mut results);
            if options.probe {
                probe(&config, state.as_ref(), &mut *portal, clock, &mut results);
            } else {
                results.extend(state.as_ref().and_then(probe::last));
            }
        }
        Err(error) => {
            let reason = error.message().into();
            let unusable =
                CheckResult::unusable("webhook", &error, CheckMessage::WebhookUnusable { reason });
            results.push(unusable.with_remedy(CheckMessage::CorrectPortal));
        }
    }
    let next = if outcome(&results) == Outcome::Ok { Next::after(state.as_ref()) } else { None };
    Checks { results, next }
}

/// Checks the webhook alone: is it answered, whose is it, and what may it do?
pub fn check_webhook(config: &Config, client: &mut Client<'_>) -> Vec<CheckResult> {
    let mut results: Vec<CheckResult> = portal::proxy(config).into_iter().collect();
    if portal::check_webhook(config, client, &mut results) {
        rights::check(config, client, &mut results);
    }
    results
}

fn check_portal(
    config: &Config,
    state: Option<&State>,
    portal: &mut dyn Portal,
    clock: &Clock,
    results: &mut Vec<CheckResult>,
) {
    results.extend(portal::proxy(config));
    let deadline = Some(clock.now() + CHECK_DEADLINE);
    let mut client =
        Client::new(portal, clock.clone(), &config.portal, RateLimits::default(), deadline);
    if portal::check_webhook(config, &mut client, results) {
        results.extend(state.and_then(|state| portal::wrong_portal(config, state, &mut client)));
        rights::check(config, &mut client, results);
        results.extend(notify_user::check(config, &mut client));
        portal::check_dictionaries(config, state, &mut client, results);
    }
}

/// The probe comes last, and only where everything else is in order.
fn probe(
    config: &Config,
    state: Option<&State>,
    portal: &mut dyn Portal,
    clock: &Clock,
    results: &mut Vec<CheckResult>,
) {
    if outcome(results) == Outcome::Ok {
        results.extend(probe::probe(config, state, portal, clock));
    } else {
        let not_made = CheckResult::warning("probe", CheckMessage::ProbeNotMade);
        results.push(not_made.with_remedy(CheckMessage::MendFirst));
    }
}
