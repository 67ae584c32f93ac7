//! The webhook: where it is kept, whether the portal accepts it, whose it is and what it may do.

use chrono::TimeDelta;
use serde_json::json;

use super::Interview;
use super::asker::{tell, tell_problem, tell_text, usage};
use super::questions::Question;
use crate::commands::check::{self, CheckStatus, Checks};
use crate::config::Webhook;
use crate::domain::messages::{CheckMessage, InitMessage, Message, QuestionMessage};
use crate::domain::run_error::{Outcome, Result, RunError};
use crate::msg;
use crate::portal::client::Client;
use crate::portal::http::Http;
use crate::portal::limits::RateLimits;
use crate::sync::preflight::config_check::{PortalOptions, fetch_options};

/// A person waits for the answers of the portal.
const DEADLINE: TimeDelta = TimeDelta::minutes(3);

/// Asks until the portal takes the webhook, and returns what the portal has to offer.
pub(super) fn ask(interview: &mut Interview<'_>) -> Result<PortalOptions> {
    let mut is_answered = take_given(interview)?;
    loop {
        if !is_answered {
            ask_on_terminal(interview)?;
        }
        match examine(interview) {
            Ok(options) => return Ok(options),
            Err(error) if interview.asker.is_terminal && !interview.clock.interrupted() => {
                tell_problem(&error.message(), interview.asker.language);
                interview.draft.remove(&["portal", "webhook"]);
                interview.draft.remove(&["portal", "webhook_file"]);
                is_answered = false;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Takes the webhook that an option names, or that is in the file or in the environment already.
/// False: a person may name another one.
fn take_given(interview: &mut Interview<'_>) -> Result<bool> {
    if let Some(path) = &interview.options.webhook_file {
        let path = interview.as_written(path)?;
        interview.draft.remove(&["portal", "webhook"]);
        let comment = msg!(
            interview.asker.language,
            "адрес вебхука: пароль ко всей CRM",
            "the webhook: a password to the whole CRM"
        );
        interview.draft.set(&["portal", "webhook_file"], path, &comment);
        return Ok(true);
    }
    if interview.options.webhook_stdin && !interview.asker.is_terminal {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line)?;
        if line.trim().is_empty() {
            return Err(usage(InitMessage::NoWebhookOnInput));
        }
        keep(interview, &line)?;
        return Ok(true);
    }
    let stands_somewhere = webhook_key(interview).is_some() || interview.environment.is_some();
    Ok(stands_somewhere && (!interview.asker.is_terminal || interview.asker.takes_proposals))
}

fn webhook_key(interview: &Interview<'_>) -> Option<&'static str> {
    ["webhook", "webhook_file"]
        .into_iter()
        .find(|key| interview.draft.get(&["portal", key]).is_some())
}

fn ask_on_terminal(interview: &mut Interview<'_>) -> Result<()> {
    let known = interview.config().ok().map(|config| config.portal.webhook.host().to_owned());
    let is_known = known.is_some();
    let text = match known {
        None => QuestionMessage::Webhook,
        Some(host) => QuestionMessage::WebhookOrKept { host },
    };
    let question = Question::new(text, "--webhook-file FILE, --webhook-stdin")
        .with_help(QuestionMessage::HelpWithWebhook);
    let typed = interview.asker.secret(&question)?;
    if typed.trim().is_empty() && is_known {
        return Ok(());
    }
    match keep(interview, &typed) {
        Ok(()) => Ok(()),
        Err(error) => {
            tell_problem(&error.message(), interview.asker.language);
            ask_on_terminal(interview)
        }
    }
}

/// Keeps a webhook in the file, if it looks like one.
fn keep(interview: &mut Interview<'_>, typed: &str) -> Result<()> {
    if let Err(reason) = Webhook::parse(typed) {
        return Err(usage(CheckMessage::WebhookUnusable { reason: reason.into() }));
    }
    let address = typed.trim_start_matches('\u{feff}').trim();
    let comment =
        msg!(interview.asker.language, "пароль ко всей CRM", "a password to the whole CRM");
    interview.draft.remove(&["portal", "webhook_file"]);
    interview.draft.set(&["portal", "webhook"], address, &comment);
    Ok(())
}

/// Asks the portal with this webhook: what `check` says of it, then what there is to choose from.
fn examine(interview: &Interview<'_>) -> Result<PortalOptions> {
    let config = interview.config()?;
    let mut portal = Http::new(&config.portal)?;
    let deadline = Some(interview.clock.now() + DEADLINE);
    let clock = interview.clock.clone();
    let mut client =
        Client::new(&mut portal, clock, &config.portal, RateLimits::default(), deadline);
    let results = check::check_webhook(&config, &mut client);
    let checks = Checks { results, next: None };
    refuse_unusable(&checks)?;
    tell_text(&check::lines(&checks.results, interview.asker.language).join("\n"));
    tell_plan(interview, &mut client);
    let options = fetch_options(&mut client, &config.portal.originator);
    Ok(options?)
}

/// The portal does not answer as it should, or the webhook has not the right to the CRM.
fn refuse_unusable(checks: &Checks) -> Result<(), RunError> {
    for result in checks.results.iter().filter(|result| ["webhook", "scope"].contains(&result.name))
    {
        if let CheckStatus::Error(outcome) = result.status {
            let said = [Some(result.detail.clone()), result.remedy.clone()];
            let message = Message::Lines(said.into_iter().flatten().collect());
            return Err(match outcome {
                Outcome::Refused => RunError::Refused(message),
                Outcome::Interrupted => RunError::Interrupted(message),
                Outcome::Ok | Outcome::Partial | Outcome::Failed => RunError::Config(message),
            });
        }
    }
    Ok(())
}

/// The plan of the portal, where it is told to webhooks.
fn tell_plan(interview: &Interview<'_>, client: &mut Client<'_>) {
    let Ok(answer) = client.read("app.info", &json!({})) else { return };
    if let Some(plan) = answer.result["LICENSE"].as_str() {
        tell(&msg!(
            interview.asker.language,
            "✓ Тариф портала: {plan}",
            "✓ The portal's plan: {plan}"
        ));
    }
}
