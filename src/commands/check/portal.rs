//! What the portal says: does it know the webhook, and does it have what the configuration names.

use serde_json::json;

use super::CheckResult;
use crate::config::Config;
use crate::domain::run_error::{Outcome, outcome_of};
use crate::portal::CallError;
use crate::portal::client::Client;
use crate::portal::proxy::Proxy;
use crate::say;
use crate::state::State;
use crate::sync::preflight::{config_check, portal_identity};

/// The proxy that stands between us and the portal.
pub(super) fn proxy(config: &Config) -> Option<CheckResult> {
    let proxy = Proxy::of_environment(&config.portal.webhook.address()).ok()??;
    Some(CheckResult::ok("proxy", say!("Прокси: {proxy}", "Proxy: {proxy}")))
}

/// Reaches the portal and asks for the webhook's rights. False: nothing more can be asked.
pub(super) fn webhook(config: &Config, gate: &mut Client<'_>, lines: &mut Vec<CheckResult>) -> bool {
    let host = config.portal.webhook.host();
    let asked = gate.clock().now();
    let answer = match gate.read("scope", &json!({})) {
        Ok(answer) => answer,
        Err(error) => {
            lines.push(unanswered("webhook", error));
            return false;
        }
    };
    let took = (gate.clock().now() - asked).num_milliseconds();
    lines.push(CheckResult::ok(
        "webhook",
        say!("Вебхук: {host} отвечает за {took} мс", "Webhook: {host} answers in {took} ms"),
    ));
    let has_crm = answer.result.as_array().is_some_and(|scopes| scopes.iter().any(|scope| scope == "crm"));
    if !has_crm {
        lines.push(CheckResult::error(
            "scope",
            Outcome::Refused,
            say!("Права вебхука: нет CRM (crm)", "Rights of the webhook: CRM (crm) is missing"),
            say!(
                "Отметьте CRM (crm) в правах входящего вебхука в Битрикс24",
                "Tick CRM (crm) among the rights of the inbound webhook in Bitrix24"
            ),
        ));
    }
    has_crm
}

/// The portal is not the one that the state belongs to.
pub(super) fn wrong_portal(config: &Config, state: &State, gate: &mut Client<'_>) -> Option<CheckResult> {
    let error = portal_identity::verify_portal(config, state, gate).err()?;
    Some(match error.downcast() {
        Ok(error) => unanswered("portal", error),
        Err(error) => CheckResult::error("portal", outcome_of(&error), format!("{error:#}"), String::new()),
    })
}

/// A question that the portal did not answer as it should.
pub(super) fn unanswered(name: &'static str, error: CallError) -> CheckResult {
    match error {
        CallError::UnknownOutcome(reason) => CheckResult::error(
            name,
            Outcome::Interrupted,
            say!(
                "Портал ответил не как Битрикс24: {reason}",
                "The portal did not answer as Bitrix24: {reason}"
            ),
            say!(
                "Проверьте адрес в [portal] webhook; если он верен, повторите позже",
                "Check the address in [portal] webhook; if it is right, try again later"
            ),
        ),
        CallError::NotSent(reason) => CheckResult::error(
            name,
            Outcome::Interrupted,
            say!("Портал не отвечает: {reason}", "The portal does not answer: {reason}"),
            say!(
                "Проверьте сеть, адрес портала и сертификат ([portal] webhook, ca_file), затем повторите",
                "Check the network, the portal's address and its certificate ([portal] webhook, ca_file), then try again"
            ),
        ),
        CallError::Misconfigured(reason) => CheckResult::error(
            name,
            Outcome::Interrupted,
            say!("Нет соединения с порталом: {reason}", "No connection to the portal: {reason}"),
            String::new(),
        ),
        other => {
            let stop = other.into_run_error();
            CheckResult::error(name, stop.outcome, stop.message.to_string(), String::new())
        }
    }
}

/// Does the portal have what the configuration names? Success is remembered, so that the next run need not ask.
pub(super) fn dictionary(
    config: &Config,
    state: Option<&State>,
    gate: &mut Client<'_>,
    lines: &mut Vec<CheckResult>,
) {
    let verdict = match config_check::fetch_and_check(config, gate) {
        Ok(verdict) => verdict,
        Err(error) => return lines.push(unanswered("dictionary", error)),
    };
    if !verdict.findings.iter().any(|finding| finding.is_error() || finding.is_open()) {
        lines.push(CheckResult::ok(
            "dictionary",
            say!(
                "Справочники: всё, что названо в конфигурации, в портале есть",
                "Dictionaries: the portal has what the configuration names"
            ),
        ));
    }
    lines.extend(verdict.findings.iter().map(found));
    let Some(state) = state.filter(|_| verdict.into_result().is_ok()) else { return };
    if let Err(error) = config_check::remember(config, state, &verdict.fields, gate.clock().now()) {
        lines.push(super::local::unusable_state(error));
    }
}

fn found(finding: &config_check::Finding) -> CheckResult {
    let (detail, choices, key) = (finding.to_string(), finding.alternatives(), &finding.key);
    let choices =
        if choices.is_empty() { choices } else { say!(" Есть: {choices}", " There are: {choices}") };
    if finding.is_error() {
        let remedy = say!(
            "Исправьте {key} в конфигурации или заведите недостающее в Битрикс24.{choices}",
            "Correct {key} in the configuration, or add what is missing to Bitrix24.{choices}"
        );
        CheckResult::error("dictionary", Outcome::Failed, detail, remedy)
    } else {
        CheckResult::warning("dictionary", detail, choices.trim().to_owned())
    }
}
