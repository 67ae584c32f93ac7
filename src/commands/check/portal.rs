//! What the portal says: does it accept the webhook, and does it have what the configuration names.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::CheckResult;
use super::local::unusable_state;
use crate::config::Config;
use crate::domain::messages::CheckMessage;
use crate::domain::run_error::{Outcome, RunError};
use crate::portal::client::Client;
use crate::portal::proxy::Proxy;
use crate::portal::{CallError, shared_bucket};
use crate::state::State;
use crate::sync::preflight::{config_check, portal_identity};

/// The proxy between this machine and the portal.
pub(super) fn proxy(config: &Config) -> Option<CheckResult> {
    let proxy = Proxy::from_environment(&config.portal.webhook.address()).ok()??;
    Some(CheckResult::ok("proxy", CheckMessage::ProxyUsed { proxy: proxy.to_string() }))
}

/// The file in which several hotels count their requests together.
pub(super) fn shared_bucket(config: &Config, now: DateTime<Utc>) -> Option<CheckResult> {
    const NAME: &str = "shared_bucket";
    let path = config.portal.shared_bucket.as_ref()?.display().to_string();
    let Some(reason) = shared_bucket::problem(&config.portal, now) else {
        return Some(CheckResult::ok(NAME, CheckMessage::SharedBucketUsable { path }));
    };
    let detail = CheckMessage::SharedBucketUnusable { path, reason: reason.into() };
    Some(CheckResult::warning(NAME, detail).with_remedy(CheckMessage::CorrectSharedBucket))
}

/// Reaches the portal and asks for the webhook's rights. False: nothing more can be asked.
pub(super) fn check_webhook(
    config: &Config,
    client: &mut Client<'_>,
    results: &mut Vec<CheckResult>,
) -> bool {
    let response = match client.read("scope", &json!({})) {
        Ok(response) => response,
        Err(error) => {
            results.push(unanswered("webhook", error));
            return false;
        }
    };
    let host = config.portal.webhook.host().to_owned();
    let milliseconds = client.last_duration().as_millis() as i64;
    results.push(CheckResult::ok("webhook", CheckMessage::WebhookAnswers { host, milliseconds }));
    let has_crm =
        response.result.as_array().is_some_and(|scopes| scopes.iter().any(|scope| scope == "crm"));
    if !has_crm {
        let missing = CheckResult::error("scope", Outcome::Refused, CheckMessage::ScopeMissing);
        results.push(missing.with_remedy(CheckMessage::TickScope));
    }
    has_crm
}

/// The portal is not the one that the state belongs to.
pub(super) fn wrong_portal(
    config: &Config,
    state: &State,
    client: &mut Client<'_>,
) -> Option<CheckResult> {
    let error = portal_identity::verify_portal(config, state, client).err()?;
    Some(match error {
        RunError::Portal(error) => unanswered("portal", error),
        error => CheckResult::error("portal", error.outcome(), error.message()),
    })
}

/// A question that the portal did not answer as it should.
pub(super) fn unanswered(name: &'static str, error: CallError) -> CheckResult {
    match error {
        CallError::UnknownOutcome(reason) => {
            let detail = CheckMessage::NotBitrix { reason: reason.into() };
            interrupted(name, detail).with_remedy(CheckMessage::CheckAddress)
        }
        CallError::NotSent(reason) => {
            let detail = CheckMessage::PortalSilent { reason: reason.into() };
            interrupted(name, detail).with_remedy(CheckMessage::CheckNetwork)
        }
        CallError::Misconfigured(reason) => {
            interrupted(name, CheckMessage::NoConnection { reason: reason.into() })
        }
        other => CheckResult::error(name, other.outcome(), other.message()),
    }
}

fn interrupted(name: &'static str, detail: CheckMessage) -> CheckResult {
    CheckResult::error(name, Outcome::Interrupted, detail)
}

/// Does the portal have what the configuration names? Success is remembered, so that the next run
/// need not ask.
pub(super) fn check_dictionaries(
    config: &Config,
    state: Option<&State>,
    client: &mut Client<'_>,
    results: &mut Vec<CheckResult>,
) {
    let verdict = match config_check::fetch_and_check(config, client) {
        Ok(verdict) => verdict,
        Err(error) => return results.push(unanswered("dictionary", error)),
    };
    if !verdict.findings.iter().any(|finding| finding.is_error() || finding.is_open()) {
        results.push(CheckResult::ok("dictionary", CheckMessage::DictionariesComplete));
    }
    results.extend(verdict.findings.iter().map(setting));
    let Some(state) = state else { return };
    if verdict.into_result().is_err() {
        return;
    }
    if let Err(error) = config_check::remember(config, state, &verdict.fields, client.clock().now())
    {
        results.push(unusable_state(error));
    }
}

/// A value of the configuration that the portal does not have, or does not let us check.
fn setting(finding: &config_check::Finding) -> CheckResult {
    let detail = finding.message();
    let key = finding.key.clone();
    match (finding.is_error(), finding.alternatives()) {
        (true, Some(alternatives)) => {
            let remedy = CheckMessage::CorrectSettingTo { key, alternatives: alternatives.into() };
            CheckResult::error("dictionary", Outcome::Failed, detail).with_remedy(remedy)
        }
        (true, None) => {
            let remedy = CheckMessage::CorrectSetting { key };
            CheckResult::error("dictionary", Outcome::Failed, detail).with_remedy(remedy)
        }
        (false, Some(alternatives)) => {
            CheckResult::warning("dictionary", detail).with_remedy(alternatives)
        }
        (false, None) => CheckResult::warning("dictionary", detail),
    }
}
