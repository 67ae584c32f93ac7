//! Checks that the portal has what the configuration names, before anything is sent: a portal
//! ignores an unknown stage or field without an error.
//!
//! The result is valid for a day, so that an idle run costs no request; a changed configuration is
//! checked at once. The answers also have the types of the configured fields
//! ([`crate::mapping::custom_fields`]).

mod compare;
mod fields;
mod finding;
mod notices;
mod options;
mod queries;
mod responses;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

pub use fields::field_label;
pub use finding::{Finding, Problem, SettingKind, describe};
pub use notices::{ask_notified, notified};
pub use options::{PortalOptions, fetch_options};
pub use responses::PortalOption;

use crate::config::Config;
use crate::domain::language::Language;
use crate::domain::messages::SettingMessage;
use crate::domain::run_error::{Result, RunError};
use crate::mapping::custom_fields::FieldTypes;
use crate::portal::batch::Command;
use crate::portal::client::Client;
use crate::portal::{CallError, ErrorClass};
use crate::state::State;
use crate::state::settings::Setting;
use responses::Responses;

/// How long a verification holds.
const VALID_FOR: TimeDelta = TimeDelta::days(1);

const VERIFIED: Setting<Verified> = Setting::new("verified");
/// The types of the configured fields, as the portal told them.
const FIELDS: Setting<FieldTypes> = Setting::new("fields");

/// What the state remembers of the last verification that found no error.
#[derive(Serialize, Deserialize)]
struct Verified {
    fingerprint: u64,
    at: DateTime<Utc>,
}

/// What the portal's answers mean for the configuration.
#[derive(Clone, PartialEq, Debug)]
pub struct Report {
    /// What is wrong or could not be checked, in the order of the configuration.
    pub findings: Vec<Finding>,
    /// The types of the configured fields.
    pub fields: FieldTypes,
}

/// Verifies the configuration unless that was done already, and returns the types of its fields.
///
/// `needed`: something will be sent. Without need only a changed configuration is verified.
///
/// # Errors
/// [`RunError::Config`]: the portal lacks what the configuration names. [`RunError::Portal`]: it
/// cannot be asked.
pub fn verify_config(
    config: &Config,
    client: &mut Client<'_>,
    state: &State,
    needed: bool,
) -> Result<FieldTypes> {
    let now = client.clock().now();
    if let Some(fields) = remembered(config, state, now, needed)? {
        return Ok(fields);
    }
    let verdict = fetch_and_check(config, client)?;
    for finding in verdict.findings.iter().filter(|finding| !finding.is_error()) {
        log::info!("configuration: {}", finding.message().text(Language::En));
    }
    verdict.into_result()?;
    remember(config, state, &verdict.fields, now)?;
    Ok(verdict.fields)
}

/// Asks the portal about everything that the configuration names.
pub fn fetch_and_check(config: &Config, client: &mut Client<'_>) -> Result<Report, CallError> {
    let mut answers = ask(client, &queries::first_queries(config))?;
    answers.extend(ask(client, &queries::dependent_queries(config, &answers))?);
    Ok(Report {
        findings: compare::findings(config, &answers),
        fields: fields::types(config, &answers),
    })
}

fn ask(client: &mut Client<'_>, commands: &[Command]) -> Result<Responses, CallError> {
    Responses::read(commands, &client.read_batch(commands)?)
}

/// Remembers a verification that found no error.
pub fn remember(
    config: &Config,
    state: &State,
    fields: &FieldTypes,
    now: DateTime<Utc>,
) -> Result<()> {
    state.set(&FIELDS, fields)?;
    Ok(state.set(&VERIFIED, &Verified { fingerprint: fingerprint(config), at: now })?)
}

fn remembered(
    config: &Config,
    state: &State,
    now: DateTime<Utc>,
    needed: bool,
) -> Result<Option<FieldTypes>> {
    let Some(verified) = state.get(&VERIFIED)? else { return Ok(None) };
    let fresh = (now - verified.at).abs() < VALID_FOR;
    if verified.fingerprint == fingerprint(config) && (fresh || !needed) {
        return Ok(state.get(&FIELDS)?);
    }
    Ok(None)
}

/// Changes with every setting that is checked against the portal, and with the version of the
/// program: a newer one may check more.
fn fingerprint(config: &Config) -> u64 {
    let Config { portal, contact, company, deal, .. } = config;
    config.fingerprint(&format!("{portal:?} {contact:?} {company:?} {deal:?}"))
}

impl Report {
    /// Whether the configuration can be used.
    ///
    /// # Errors
    /// Every error with what to mend, as one [`RunError`].
    pub fn into_result(&self) -> Result<(), RunError> {
        let mut errors = self.findings.clone();
        errors.retain(Finding::is_error);
        if errors.is_empty() {
            return Ok(());
        }
        Err(SettingMessage::ConfigurationWrong { findings: describe(&errors).into() }.into())
    }
}

/// Whether a refused question ends the verification: it must be asked again, or an administrator
/// must act.
fn is_fatal(meaning: ErrorClass) -> bool {
    match meaning {
        ErrorClass::RateLimited | ErrorClass::BudgetExceeded | ErrorClass::Administrator => true,
        ErrorClass::Record => false,
    }
}

#[cfg(test)]
mod tests;
