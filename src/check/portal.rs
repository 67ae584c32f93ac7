//! What the portal says: does it know the webhook, what may its user do, and does it have what the configuration
//! names.

use std::collections::BTreeMap;

use chrono::DateTime;
use serde_json::{Value, json};

use super::Line;
use crate::config::{Config, Method};
use crate::portal::Trouble;
use crate::portal::batch::{Command, Reply};
use crate::portal::gate::Gate;
use crate::record::Kind;
use crate::say;
use crate::state::State;
use crate::stop::Outcome;
use crate::verify;

/// A clock that is further off makes waiting times and the history wrong.
const CLOCK_OFF: i64 = 60;

/// Reaches the portal and asks for the webhook's rights. False: nothing more can be asked.
pub(super) fn webhook(config: &Config, gate: &mut Gate<'_>, lines: &mut Vec<Line>) -> bool {
    let host = config.portal.webhook.host();
    let asked = gate.clock().now();
    let answer = match gate.read("scope", &json!({})) {
        Ok(answer) => answer,
        Err(trouble) => {
            lines.push(unanswered("webhook", trouble));
            return false;
        }
    };
    let took = (gate.clock().now() - asked).num_milliseconds();
    lines.push(Line::fine(
        "webhook",
        say!("Вебхук: {host} отвечает за {took} мс", "Webhook: {host} answers in {took} ms"),
    ));
    let has_crm = answer.result.as_array().is_some_and(|scopes| scopes.iter().any(|scope| scope == "crm"));
    if !has_crm {
        lines.push(Line::bad(
            "scope",
            Outcome::Refused,
            say!("Права вебхука: нет CRM (crm)", "Rights of the webhook: CRM (crm) is missing"),
            say!(
                "Отметьте CRM (crm) в правах входящего вебхука в Bitrix24",
                "Tick CRM (crm) among the rights of the inbound webhook in Bitrix24"
            ),
        ));
    }
    has_crm
}

/// A question that the portal did not answer as it should.
fn unanswered(name: &'static str, trouble: Trouble) -> Line {
    match trouble {
        Trouble::NotSent(reason) | Trouble::Lost(reason) => Line::bad(
            name,
            Outcome::Interrupted,
            say!("Портал не отвечает: {reason}", "The portal does not answer: {reason}"),
            say!(
                "Проверьте сеть, адрес портала и сертификат ([portal] webhook, ca_file), затем повторите",
                "Check the network, the portal's address and its certificate ([portal] webhook, ca_file), then try again"
            ),
        ),
        other => {
            let stop = other.stop();
            Line::bad(name, stop.outcome, stop.message, String::new())
        }
    }
}

/// The methods that a pass calls.
fn methods(config: &Config) -> Vec<String> {
    let each = |kind: Kind| ["add", "update", "list"].map(|verb| format!("crm.{}.{verb}", kind.entity()));
    let mut methods: Vec<String> = Kind::ALL.into_iter().flat_map(each).collect();
    methods.push("crm.deal.delete".into());
    if config.export == Method::Import {
        methods.extend(["crm.item.import".into(), "crm.item.batchimport".into()]);
    }
    methods
}

/// The webhook's user, his rights, the clocks, the pace.
pub(super) fn rights(config: &Config, gate: &mut Gate<'_>, lines: &mut Vec<Line>) {
    let methods = methods(config);
    let mut commands =
        vec![command("profile", "profile", json!({})), command("time", "server.time", json!({}))];
    commands.extend(Kind::ALL.map(|kind| {
        let method = format!("crm.{}.list", kind.entity());
        command(kind.name(), &method, json!({"select": ["ID"], "start": -1, "filter": {"<ID": 1}}))
    }));
    commands
        .extend(methods.iter().map(|method| command(&named(method), "method.get", json!({"name": method}))));
    let replies = match gate.read_batch(&commands) {
        Ok(replies) => replies,
        Err(trouble) => return lines.push(unanswered("rights", trouble)),
    };
    lines.push(user(&replies));
    lines.extend(Kind::ALL.into_iter().filter_map(|kind| access(kind, &replies)));
    lines.push(available(&methods, &replies));
    lines.extend(clock(gate, &replies));
    lines.push(rate(config));
}

/// A method's name as the name of a command.
fn named(method: &str) -> String {
    method.replace('.', "_")
}

fn command(name: &str, method: &str, params: Value) -> Command {
    Command { name: name.into(), method: method.into(), params }
}

fn done<'r>(replies: &'r BTreeMap<String, Reply>, name: &str) -> Option<&'r Value> {
    match replies.get(name) {
        Some(Reply::Done(value)) => Some(value),
        Some(Reply::Refused(_) | Reply::Silent) | None => None,
    }
}

/// By his number alone: a name is a person's data.
fn user(replies: &BTreeMap<String, Reply>) -> Line {
    let profile = done(replies, "profile");
    let id = profile.map(|profile| profile["ID"].to_string().replace('"', "")).unwrap_or_default();
    match profile.and_then(|profile| profile["ADMIN"].as_bool()) {
        Some(true) => Line::fine(
            "user",
            say!("Пользователь вебхука: {id}, администратор", "The webhook's user: {id}, an administrator"),
        ),
        Some(false) => Line::warning(
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
        None => Line::warning(
            "user",
            say!(
                "Пользователь вебхука: портал не сказал, кто это",
                "The webhook's user: the portal did not say who"
            ),
            String::new(),
        ),
    }
}

fn access(kind: Kind, replies: &BTreeMap<String, Reply>) -> Option<Line> {
    let Some(Reply::Refused(refusal)) = replies.get(kind.name()) else { return None };
    let entity = kind.entity();
    Some(Line::bad(
        "access",
        Outcome::Refused,
        say!("Доступ к CRM: crm.{entity}.list: {refusal}", "Access to the CRM: crm.{entity}.list: {refusal}"),
        say!(
            "Дайте пользователю вебхука роль в CRM с доступом ко всем записям",
            "Give the webhook's user a role in the CRM with access to all records"
        ),
    ))
}

fn available(methods: &[String], replies: &BTreeMap<String, Reply>) -> Line {
    let missing = |method: &&String| {
        done(replies, &named(method))
            .is_some_and(|told| told["isExisting"] == false || told["isAvailable"] == false)
    };
    let missing: Vec<&str> = methods.iter().filter(missing).map(String::as_str).collect();
    if missing.is_empty() {
        let count = methods.len();
        return Line::fine(
            "methods",
            say!("Методы портала: все {count}", "Methods of the portal: all {count}"),
        );
    }
    let only_import = missing.iter().all(|method| method.contains("import"));
    let missing = missing.join(", ");
    Line::bad(
        "methods",
        Outcome::Refused,
        say!("Методы портала: недоступны {missing}", "Methods of the portal: {missing} cannot be called"),
        if only_import {
            say!(
                "Без импорта первая выгрузка возможна только с [export] method = \"add\": она запустит роботов и правила портала",
                "Without the import an initial export needs [export] method = \"add\", which sets off the portal's automation"
            )
        } else {
            say!("Обновите портал или права вебхука", "Update the portal or the rights of the webhook")
        },
    )
}

fn clock(gate: &Gate<'_>, replies: &BTreeMap<String, Reply>) -> Option<Line> {
    let told = done(replies, "time")?.as_str()?;
    let portal = DateTime::parse_from_rfc3339(told).ok()?.to_utc();
    let off = (gate.clock().now() - portal).num_seconds();
    Some(if off.abs() > CLOCK_OFF {
        Line::warning(
            "clock",
            say!("Часы: расходятся с порталом на {off} с", "Clock: {off} s away from the portal's"),
            say!(
                "Включите синхронизацию времени на этой машине",
                "Turn on time synchronisation on this machine"
            ),
        )
    } else {
        Line::fine("clock", say!("Часы: как у портала", "Clock: agrees with the portal's"))
    })
}

fn rate(config: &Config) -> Line {
    let (rate, burst) = (config.portal.requests_per_second, config.portal.burst);
    let detail = say!(
        "Частота запросов: {rate} в секунду, не больше {burst} подряд",
        "Request rate: {rate} a second, {burst} at once at most"
    );
    if rate <= 2.0 && burst <= 50 {
        return Line::fine("rate", detail);
    }
    Line::warning(
        "rate",
        detail,
        say!(
            "Больше 2 и 50 портал допускает только на тарифе «Энтерпрайз» (5 и 250)",
            "More than 2 and 50 is for the plan Enterprise alone (5 and 250)"
        ),
    )
}

/// Does the portal have what the configuration names? Success is remembered, so that the next pass need not ask.
pub(super) fn dictionary(config: &Config, state: Option<&State>, gate: &mut Gate<'_>, lines: &mut Vec<Line>) {
    let verdict = match verify::examine(config, gate) {
        Ok(verdict) => verdict,
        Err(trouble) => return lines.push(unanswered("dictionary", trouble)),
    };
    if verdict.stand().is_ok() {
        lines.push(Line::fine(
            "dictionary",
            say!(
                "Справочники: всё, что названо в конфигурации, в портале есть",
                "Dictionaries: the portal has what the configuration names"
            ),
        ));
        let now = gate.clock().now();
        if let Some(Err(error)) = state.map(|state| verify::remember(config, state, &verdict.fields, now)) {
            lines.push(super::local::unusable("state", &error));
        }
    }
    lines.extend(verdict.findings.iter().map(found));
}

fn found(finding: &verify::Finding) -> Line {
    let (detail, choices, key) = (finding.to_string(), finding.alternatives(), &finding.key);
    let choices =
        if choices.is_empty() { choices } else { say!(" Есть: {choices}", " There are: {choices}") };
    if finding.is_error() {
        let remedy = say!(
            "Исправьте {key} в конфигурации или заведите недостающее в Bitrix24.{choices}",
            "Correct {key} in the configuration, or add what is missing to Bitrix24.{choices}"
        );
        Line::bad("dictionary", Outcome::Failed, detail, remedy)
    } else {
        Line::warning("dictionary", detail, choices.trim().to_owned())
    }
}
