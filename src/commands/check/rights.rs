//! What the webhook's user may do, as far as the portal tells; whether the clocks agree; at what pace we ask.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta};
use serde_json::{Value, json};

use super::CheckResult;
use super::portal::unanswered;
use crate::config::{Config, ExportMethod, OnMissing};
use crate::domain::display;
use crate::domain::record::Kind;
use crate::domain::run_error::Outcome;
use crate::portal::batch::{Command, Reply};
use crate::portal::client::Client;
use crate::say;
use crate::sync::preflight::config_check;

/// A clock that is further off makes waiting times and the history wrong.
const CLOCK_OFF: i64 = 60;

/// The methods by which records are found and carried over, in the lower case that `method.get` wants. Those that
/// verify the configuration tell of themselves.
fn methods(config: &Config) -> Vec<String> {
    let each = |kind: Kind| ["add", "update", "list"].map(|verb| format!("crm.{}.{verb}", kind.crm_entity()));
    let mut methods: Vec<String> = Kind::SEND_ORDER.into_iter().flat_map(each).collect();
    methods.extend(["crm.deal.delete", "crm.item.get"].map(str::to_owned));
    if config.deal.funnels().len() > 1 {
        methods.push("crm.item.update".into());
    }
    if config.export.method == ExportMethod::Import {
        methods.push("crm.item.import".into());
    }
    let matches = [&config.contact, &config.company].map(|person| !person.match_existing.is_empty());
    if config.sync.on_missing == OnMissing::Relink || matches.contains(&true) {
        methods.push("crm.duplicate.findbycomm".into());
    }
    methods
}

/// The webhook's user, his rights, the clocks, the pace.
pub(super) fn rights(config: &Config, gate: &mut Client<'_>, lines: &mut Vec<CheckResult>) {
    let methods = methods(config);
    let mut commands =
        vec![Command::new("profile", "profile", json!({})), Command::new("time", "server.time", json!({}))];
    commands.extend(Kind::SEND_ORDER.map(|kind| {
        let method = format!("crm.{}.list", kind.crm_entity());
        Command::new(kind.name(), method, json!({"select": ["ID"], "start": -1, "filter": {"<ID": 1}}))
    }));
    commands.extend(
        methods.iter().map(|method| Command::new(named(method), "method.get", json!({"name": method}))),
    );
    let replies = match gate.read_batch(&commands) {
        Ok(replies) => replies,
        Err(error) => return lines.push(unanswered("rights", error)),
    };
    lines.push(user(&replies));
    lines.extend(notices(config, &replies));
    lines.extend(Kind::SEND_ORDER.into_iter().filter_map(|kind| access(kind, &replies)));
    lines.push(available(&methods, &replies));
    lines.extend(clock(gate, &replies));
    lines.push(rate(config));
}

/// A method's name as the name of a command.
fn named(method: &str) -> String {
    method.replace('.', "_")
}

fn done<'r>(replies: &'r BTreeMap<String, Reply>, name: &str) -> Option<&'r Value> {
    match replies.get(name) {
        Some(Reply::Ok(value)) => Some(value),
        Some(Reply::Err(_) | Reply::Missing) | None => None,
    }
}

/// By his number alone: a name is a person's data.
fn user(replies: &BTreeMap<String, Reply>) -> CheckResult {
    let profile = done(replies, "profile");
    let id = profile.map(|profile| profile["ID"].to_string().replace('"', "")).unwrap_or_default();
    match profile.and_then(|profile| profile["ADMIN"].as_bool()) {
        Some(true) => CheckResult::ok(
            "user",
            say!("Пользователь вебхука: {id}, администратор", "The webhook's user: {id}, an administrator"),
        ),
        Some(false) => CheckResult::warning(
            "user",
            say!(
                "Пользователь вебхука: {id}, не администратор",
                "The webhook's user: {id}, no administrator"
            ),
            say!(
                "Ему нужны права на чтение, добавление, изменение всех контактов, компаний и сделок, удаление сделок и импорт; надёжнее вебхук администратора",
                "He needs the rights to read, add and change all contacts, companies and deals, to delete deals, and to import; an administrator's webhook is safer"
            ),
        ),
        None => CheckResult::warning(
            "user",
            say!(
                "Пользователь вебхука: портал не сказал, кто это",
                "The webhook's user: the portal did not say who"
            ),
            String::new(),
        ),
    }
}

/// The responsible users whom the portal tells of each card.
fn notices(config: &Config, replies: &BTreeMap<String, Reply>) -> Vec<CheckResult> {
    let Some(profile) = done(replies, "profile") else { return Vec::new() };
    let notified = config_check::notified(config, profile);
    notified.iter().map(|user| CheckResult::warning("notices", user.detail(), user.remedy())).collect()
}

fn access(kind: Kind, replies: &BTreeMap<String, Reply>) -> Option<CheckResult> {
    let Some(Reply::Err(refusal)) = replies.get(kind.name()) else { return None };
    let entity = kind.crm_entity();
    Some(CheckResult::error(
        "access",
        Outcome::Refused,
        say!("Доступ к CRM: crm.{entity}.list: {refusal}", "Access to the CRM: crm.{entity}.list: {refusal}"),
        say!(
            "Дайте пользователю вебхука роль в CRM с доступом ко всем записям",
            "Give the webhook's user a role in the CRM with access to all records"
        ),
    ))
}

fn available(methods: &[String], replies: &BTreeMap<String, Reply>) -> CheckResult {
    let missing = |method: &&String| {
        done(replies, &named(method))
            .is_some_and(|told| told["isExisting"] == false || told["isAvailable"] == false)
    };
    let missing: Vec<&str> = methods.iter().filter(missing).map(String::as_str).collect();
    if missing.is_empty() {
        let count = methods.len();
        return CheckResult::ok(
            "methods",
            say!("Методы портала: все {count}", "Methods of the portal: all {count}"),
        );
    }
    let only_import = missing.iter().all(|method| method.contains("import"));
    let missing = missing.join(", ");
    CheckResult::error(
        "methods",
        Outcome::Refused,
        say!("Методы портала: недоступны {missing}", "Methods of the portal: {missing} cannot be called"),
        if only_import {
            say!(
                "Без импорта первичная выгрузка возможна только с [export] method = \"add\": она запустит роботов и правила портала",
                "Without the import an initial export needs [export] method = \"add\", which sets off the portal's automation"
            )
        } else {
            say!("Обновите портал или права вебхука", "Update the portal or the rights of the webhook")
        },
    )
}

fn clock(gate: &Client<'_>, replies: &BTreeMap<String, Reply>) -> Option<CheckResult> {
    let told = done(replies, "time")?.as_str()?;
    let portal = DateTime::parse_from_rfc3339(told).ok()?.to_utc();
    let off = (gate.clock().now() - portal).num_seconds();
    Some(if off.abs() > CLOCK_OFF {
        CheckResult::warning(
            "clock",
            {
                let span = display::format_duration(TimeDelta::seconds(off.abs()));
                if off > 0 {
                    say!("Часы: спешат на {span} против портала", "Clock: {span} ahead of the portal's")
                } else {
                    say!("Часы: отстают на {span} от портала", "Clock: {span} behind the portal's")
                }
            },
            say!(
                "Включите синхронизацию времени на этой машине",
                "Turn on time synchronisation on this machine"
            ),
        )
    } else {
        CheckResult::ok("clock", say!("Часы: как у портала", "Clock: agrees with the portal's"))
    })
}

fn rate(config: &Config) -> CheckResult {
    let (rate, burst) = (config.portal.requests_per_second, config.portal.burst);
    let detail = say!(
        "Частота запросов: {rate} в секунду, не больше {burst} подряд",
        "Request rate: {rate} a second, {burst} at once at most"
    );
    if rate <= 2.0 && burst <= 50 {
        return CheckResult::ok("rate", detail);
    }
    CheckResult::warning(
        "rate",
        detail,
        say!(
            "Больше 2 и 50 портал допускает только на тарифе «Энтерпрайз» (5 и 250)",
            "More than 2 and 50 is for the plan Enterprise alone (5 and 250)"
        ),
    )
}
