//! What the webhook's user may do, as far as the portal tells; whether the clocks agree; how fast
//! we ask.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta};
use serde_json::{Value, json};

use super::CheckResult;
use super::portal::unanswered;
use crate::config::{Config, ExportMethod, OnMissing};
use crate::domain::display;
use crate::domain::messages::CheckMessage;
use crate::domain::record::Kind;
use crate::domain::run_error::Outcome;
use crate::portal::batch::{Command, Reply};
use crate::portal::client::Client;
use crate::sync::preflight::config_check;

type Replies = BTreeMap<String, Reply>;

/// A clock that is further off makes waiting times and the history wrong.
const MAX_CLOCK_OFFSET: i64 = 60;

/// The methods by which records are found and sent, in the lower case that `method.get` wants. The
/// methods that verify the configuration are called by this check anyway.
fn methods(config: &Config) -> Vec<String> {
    let mut methods = Vec::new();
    for kind in Kind::SEND_ORDER {
        methods.extend(["add", "update", "list"].map(|verb| kind.method(verb)));
    }
    methods.extend(["crm.deal.delete", "crm.item.get"].map(str::to_owned));
    if config.deal.funnels().len() > 1 {
        methods.push("crm.item.update".into());
    }
    if config.export.method == ExportMethod::Import {
        methods.push("crm.item.import".into());
    }
    let matches_existing =
        [&config.contact, &config.company].iter().any(|party| !party.match_existing.is_empty());
    if config.sync.on_missing == OnMissing::Relink || matches_existing {
        methods.push("crm.duplicate.findbycomm".into());
    }
    methods
}

/// The webhook's user and his rights, the clocks, the request rate.
pub(super) fn check(config: &Config, client: &mut Client<'_>, results: &mut Vec<CheckResult>) {
    let methods = methods(config);
    let mut commands = vec![
        Command::new("profile", "profile", json!({})),
        Command::new("time", "server.time", json!({})),
    ];
    for kind in Kind::SEND_ORDER {
        let params = json!({"select": ["ID"], "start": -1, "filter": {"<ID": 1}});
        commands.push(Command::new(kind.name(), kind.method("list"), params));
    }
    for method in &methods {
        commands.push(Command::new(command_name(method), "method.get", json!({"name": method})));
    }
    let replies = match client.read_batch(&commands) {
        Ok(replies) => replies,
        Err(error) => return results.push(unanswered("rights", error)),
    };
    results.push(user(&replies));
    results.extend(notices(config, &replies));
    results.extend(Kind::SEND_ORDER.into_iter().filter_map(|kind| access(kind, &replies)));
    results.push(available(&methods, &replies));
    results.extend(clock(client, &replies));
    results.push(rate(config));
}

/// A method's name as the name of a command of the batch.
fn command_name(method: &str) -> String {
    method.replace('.', "_")
}

fn result<'r>(replies: &'r Replies, name: &str) -> Option<&'r Value> {
    match replies.get(name) {
        Some(Reply::Ok(value)) => Some(value),
        Some(Reply::Err(_) | Reply::Missing) | None => None,
    }
}

/// By his number only: a name is personal data.
fn user(replies: &Replies) -> CheckResult {
    let profile = result(replies, "profile");
    let id = profile.map(|profile| profile["ID"].to_string().replace('"', "")).unwrap_or_default();
    match profile.and_then(|profile| profile["ADMIN"].as_bool()) {
        Some(true) => CheckResult::ok("user", CheckMessage::UserIsAdministrator { id }),
        Some(false) => {
            let limited = CheckResult::warning("user", CheckMessage::UserIsNoAdministrator { id });
            limited.with_remedy(CheckMessage::RightsNeeded)
        }
        None => CheckResult::warning("user", CheckMessage::UserUnknown),
    }
}

/// The responsible users to whom the portal sends a notice of each card.
fn notices(config: &Config, replies: &Replies) -> Vec<CheckResult> {
    let Some(profile) = result(replies, "profile") else { return Vec::new() };
    let mut results = Vec::new();
    for user in config_check::notified(config, profile) {
        results.push(CheckResult::warning("notices", user.detail()).with_remedy(user.remedy()));
    }
    results
}

fn access(kind: Kind, replies: &Replies) -> Option<CheckResult> {
    let Some(Reply::Err(refusal)) = replies.get(kind.name()) else { return None };
    let detail =
        CheckMessage::CrmClosed { method: kind.method("list"), refusal: refusal.message().into() };
    Some(CheckResult::error("access", Outcome::Refused, detail).with_remedy(CheckMessage::GiveRole))
}

fn available(methods: &[String], replies: &Replies) -> CheckResult {
    let mut missing = Vec::new();
    for method in methods {
        let known = result(replies, &command_name(method));
        if known.is_some_and(|it| it["isExisting"] == false || it["isAvailable"] == false) {
            missing.push(method.as_str());
        }
    }
    if missing.is_empty() {
        return CheckResult::ok("methods", CheckMessage::MethodsAvailable { count: methods.len() });
    }
    let remedy = if missing.iter().all(|method| method.contains("import")) {
        CheckMessage::ExportByAdding
    } else {
        CheckMessage::UpdatePortal
    };
    let detail = CheckMessage::MethodsMissing { methods: missing.join(", ") };
    CheckResult::error("methods", Outcome::Refused, detail).with_remedy(remedy)
}

fn clock(client: &Client<'_>, replies: &Replies) -> Option<CheckResult> {
    let time = result(replies, "time")?.as_str()?;
    let portal = DateTime::parse_from_rfc3339(time).ok()?.to_utc();
    let ahead = (client.clock().now() - portal).num_seconds();
    if ahead.abs() <= MAX_CLOCK_OFFSET {
        return Some(CheckResult::ok("clock", CheckMessage::ClockAgrees));
    }
    let by = display::format_duration(TimeDelta::seconds(ahead.abs())).into();
    let detail =
        if ahead > 0 { CheckMessage::ClockAhead { by } } else { CheckMessage::ClockBehind { by } };
    Some(CheckResult::warning("clock", detail).with_remedy(CheckMessage::SynchroniseTime))
}

fn rate(config: &Config) -> CheckResult {
    let rate = config.portal.requests_per_second;
    let burst = config.portal.burst;
    let detail =
        CheckMessage::RequestRate { per_second: rate.to_string(), burst: burst.to_string() };
    if rate <= 2.0 && burst <= 50 {
        return CheckResult::ok("rate", detail);
    }
    CheckResult::warning("rate", detail).with_remedy(CheckMessage::RateOfEnterprise)
}
