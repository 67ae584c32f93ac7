//! What the configuration names and a portal does not have, as an administrator reads it.

use std::path::Path;

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::*;
use crate::domain::record::Kind;
use crate::domain::run_error::Outcome;
use crate::mapping::custom_fields::{FieldType, Item, ValueFormat};
use crate::platform::clock::Clock;
use crate::portal::limits::RateLimits;
use crate::portal::{ApiError, Portal, Response};

/// A portal with the dictionaries of a fresh Russian one; `refused` methods answer so in a batch.
#[derive(Default)]
struct Fake {
    batches: u32,
    refused: Vec<(&'static str, &'static str)>,
}

impl Portal for Fake {
    fn call(&mut self, method: &str, params: &Value) -> Result<Response, CallError> {
        assert_eq!(method, "batch");
        self.batches += 1;
        let mut result = serde_json::Map::new();
        let mut errors = serde_json::Map::new();
        for (name, command) in params["cmd"].as_object().unwrap() {
            let command = command.as_str().unwrap();
            match self.refused.iter().find(|(method, _)| command.starts_with(method)) {
                Some((_, code)) => {
                    errors.insert(name.clone(), json!({"error": code, "error_description": "?"}))
                }
                None => result.insert(name.clone(), reply(command)),
            };
        }
        let result = json!({"result": result, "result_error": errors});
        Ok(Response { result, time: Value::Null })
    }
}

fn reply(command: &str) -> Value {
    let (method, query) = command.split_once('?').unwrap();
    let entity = query
        .split_once("filter[ENTITY_ID]=")
        .map_or("", |(_, rest)| rest.split('&').next().unwrap());
    let status = |id: &str, name: &str| json!({"STATUS_ID": id, "NAME": name, "SEMANTICS": null});
    match (method, entity) {
        ("crm.status.list", "HONORIFIC") => {
            json!([status("HNR_RU_1", "г-н"), status("HNR_RU_2", "г-жа")])
        }
        ("crm.status.list", "CONTACT_TYPE") => json!([status("CLIENT", "Клиенты")]),
        ("crm.status.list", "SOURCE") => json!([status("WEB", "Веб-сайт")]),
        ("crm.status.list", "DEAL_STAGE") => stages(""),
        ("crm.status.list", "DEAL_STAGE_5") => stages("C5:"),
        ("crm.status.list", "INDUSTRY") => json!([status("IT", "ИТ")]),
        ("crm.status.list", _) => json!([]),
        ("crm.category.list", _) => json!({"categories": [
            {"id": 0, "name": "Общая"}, {"id": 5, "name": "Гостиница"}]}),
        ("crm.currency.list", _) => {
            json!([{"CURRENCY": "RUB", "FULL_NAME": "Российский рубль", "BASE": "Y"}])
        }
        ("user.get", _) => match query {
            "ID=1" => json!([{"ID": "1", "ACTIVE": true}]),
            "ID=8" => json!([{"ID": "8", "ACTIVE": false}]),
            _ => json!([]),
        },
        ("crm.deal.fields" | "crm.company.fields", _) => fields(),
        _ => panic!("{command}"),
    }
}

fn stages(prefix: &str) -> Value {
    let stage = |id: &str, name: &str, semantics: Value| json!({"STATUS_ID": format!("{prefix}{id}"), "NAME": name, "SEMANTICS": semantics});
    json!([
        stage("NEW", "Новая", Value::Null),
        stage("EXECUTING", "В работе", Value::Null),
        stage("WON", "Сделка успешна", "S".into()),
        stage("LOSE", "Сделка провалена", "F".into()),
    ])
}

fn fields() -> Value {
    json!({
        "ID": {"type": "integer", "isReadOnly": true, "isMultiple": false, "title": "ID"},
        "TITLE": {"type": "string", "isReadOnly": false, "title": "Название"},
        "INDUSTRY": {"type": "crm_status", "isReadOnly": false, "statusType": "INDUSTRY", "title": "Сфера"},
        "UF_CRM_MEALS": {"type": "enumeration", "isReadOnly": false, "isMultiple": true,
            "items": [{"ID": "79", "VALUE": "Завтрак"}], "title": "UF_CRM_MEALS", "formLabel": "Питание"},
        "UF_CRM_PRICE": {"type": "money", "isReadOnly": false, "isMultiple": false, "formLabel": "Цена"},
        "UF_CRM_SCAN": {"type": "file", "isReadOnly": false, "isMultiple": false, "formLabel": "Скан"},
    })
}

fn config(more: &str) -> Config {
    let toml = format!("mirror = {{path='m'}}\nportal = {{webhook='https://h/rest/1/x/'}}\n{more}");
    crate::config::parse(&toml, Path::new(""), None).unwrap()
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).unwrap()
}

fn verdict(more: &str, fake: &mut Fake) -> Result<Report, CallError> {
    let config = config(more);
    let mut client =
        Client::new(fake, Clock::virtual_at(now()), &config.portal, RateLimits::default(), None);
    fetch_and_check(&config, &mut client)
}

fn found(more: &str) -> Vec<String> {
    let findings = verdict(more, &mut Fake::default()).unwrap().findings;
    findings.iter().map(|finding| format!("{} {:?}", finding.key, finding.problem)).collect()
}

/// Runs a run's verification and counts the batches.
fn verify_at(
    config: &Config,
    state: &State,
    hours: i64,
    needed: bool,
) -> (Result<FieldTypes>, u32) {
    let mut fake = Fake::default();
    let now = now() + TimeDelta::hours(hours);
    let mut client =
        Client::new(&mut fake, Clock::virtual_at(now), &config.portal, RateLimits::default(), None);
    let fields = verify_config(config, &mut client, state, needed);
    (fields, fake.batches)
}

#[test]
fn the_defaults_fit_a_fresh_russian_portal_and_cost_one_request() {
    let mut fake = Fake::default();
    assert_eq!(verdict("", &mut fake).unwrap().findings, []);
    assert_eq!(fake.batches, 1);
}

#[test]
fn an_absent_value_is_found_with_what_exists_instead() {
    let wrong = "contact = {honorific={M='HNR_EN_1'}}\ndeal = {currency='EUR', stages={confirmed='EXECUTNG', no_show='APOLOGY'}}";
    let verdict = verdict(wrong, &mut Fake::default()).unwrap();
    let stop = verdict.into_result().unwrap_err();
    assert_eq!(stop.outcome(), Outcome::Failed);
    assert_snapshot!(stop.message().text(Language::Ru), @"
    в конфигурации указано то, чего нет на портале; ничего не передано.
    - [contact] honorific M = HNR_EN_1: такого обращения на портале нет
      Есть: HNR_RU_1 «г-н», HNR_RU_2 «г-жа»
    - [deal] currency = EUR: такой валюты на портале нет
      Есть: RUB «Российский рубль»
    - [deal.stages] confirmed = EXECUTNG: такой стадии в воронке нет
    - [deal.stages] no_show = APOLOGY: такой стадии в воронке нет
      Есть: NEW «Новая», EXECUTING «В работе», WON «Сделка успешна», LOSE «Сделка провалена»
    Исправьте файл конфигурации или заведите недостающее в Битрикс24
    ");
}

#[test]
fn in_a_funnel_of_its_own_stages_are_taken_with_and_without_the_prefix() {
    assert!(found("deal = {category_id=5, stages={temporary='C5:NEW'}}").is_empty());
    let other = found("deal = {category_id=5, stages={temporary='C3:NEW'}}");
    assert_eq!(other, ["[deal.stages] temporary Absent"]);
}

#[test]
fn a_funnel_that_is_not_there_is_one_finding() {
    assert_eq!(found("deal = {category_id=7}"), ["[deal] category_id Absent"]);
}

#[test]
fn a_stay_that_is_over_on_an_open_stage_is_a_warning() {
    let odd = "deal = {stages={checked_out='EXECUTING', cancelled='WON', no_show='NEW'}}";
    let verdict = verdict(odd, &mut Fake::default()).unwrap();
    assert!(verdict.into_result().is_ok());
    assert_eq!(verdict.findings.len(), 3);
    let alternatives = verdict.findings[0].alternatives().unwrap();
    assert_eq!(alternatives.text(Language::En), "There are: WON «Сделка успешна»");
}

#[test]
fn sources_and_users_are_looked_up() {
    let found = found(
        "contact = {assigned_by_id=1, source_id='WEB'}\ncompany = {assigned_by_id=8}\ndeal = {assigned_by_id=9, source_id='ADS'}",
    );
    assert_eq!(
        found,
        [
            "[deal] source_id Absent",
            "[company] assigned_by_id Dismissed",
            "[deal] assigned_by_id Absent"
        ]
    );
}

#[test]
fn without_the_scope_user_a_user_cannot_be_checked_and_that_is_no_error() {
    let mut fake = Fake { refused: vec![("user.get", "insufficient_scope")], ..Fake::default() };
    let verdict = verdict("contact = {assigned_by_id=9}", &mut fake).unwrap();
    assert!(matches!(verdict.findings[0].problem, Problem::Unchecked(_)));
    assert!(verdict.into_result().is_ok());
}

#[test]
fn without_the_scope_crm_the_portal_refuses_us() {
    let mut fake = Fake { refused: vec![("crm.", "insufficient_scope")], ..Fake::default() };
    let error = verdict("", &mut fake).unwrap_err();
    assert_eq!(error, CallError::Refused(ApiError::new("insufficient_scope", "?")));
}

#[test]
fn a_field_must_exist_be_writable_and_of_a_type_that_a_text_can_fill() {
    let found = found("deal = {fields={UF_CRM_NO='a', ID='b', UF_CRM_SCAN='c', UF_CRM_MEALS='d'}}");
    let wanted = ["ID ReadOnly", "UF_CRM_NO Absent", "UF_CRM_SCAN Unfillable(\"file\")"];
    assert_eq!(found, wanted.map(|problem| format!("[deal.fields] {problem}")));
}

#[test]
fn fields_that_may_be_filled_are_shown_to_choose_from_the_hotels_own_first() {
    let verdict = verdict("deal = {fields={UF_CRM_NO='a'}}", &mut Fake::default()).unwrap();
    assert_snapshot!(describe(&verdict.findings).text(Language::Ru), @"
    - [deal.fields] UF_CRM_NO = a: такого поля на портале нет
      Есть: UF_CRM_MEALS «Питание», UF_CRM_PRICE «Цена», INDUSTRY «Сфера»
    ");
}

#[test]
fn the_types_of_the_fields_are_learnt() {
    let fields =
        "deal = {fields={UF_CRM_MEALS='d', UF_CRM_PRICE='p'}}\ncompany = {fields={INDUSTRY='i'}}";
    let types = verdict(fields, &mut Fake::default()).unwrap().fields;
    let item = |id: &str, text: &str| Item { id: id.into(), text: text.into() };
    let meals =
        FieldType { form: ValueFormat::List(vec![item("79", "Завтрак")]), multiple: true };
    assert_eq!(types.of(Kind::Booking)["UF_CRM_MEALS"], meals);
    assert_eq!(types.of(Kind::Booking)["UF_CRM_PRICE"].form, ValueFormat::Money("RUB".into()));
    assert_eq!(types.of(Kind::Company)["INDUSTRY"].form, ValueFormat::List(vec![item("IT", "ИТ")]));
}

#[test]
fn what_was_verified_holds_for_a_day_and_longer_when_nothing_is_sent() {
    let (state, config) =
        (State::in_memory().unwrap(), config("deal = {fields={UF_CRM_PRICE='p'}}"));
    let (fields, batches) = verify_at(&config, &state, 0, false);
    assert_eq!(batches, 1);
    let (remembered, batches) = verify_at(&config, &state, 23, true);
    assert_eq!((remembered.unwrap(), batches), (fields.unwrap(), 0));
    assert_eq!(verify_at(&config, &state, 25, false).1, 0);
    assert_eq!(verify_at(&config, &state, 25, true).1, 1);
    assert_eq!(verify_at(&config, &state, 48, true).1, 0);
}

#[test]
fn a_changed_setting_or_secret_is_verified_at_once() {
    let state = State::in_memory().unwrap();
    let mut config = config("");
    assert_eq!(verify_at(&config, &state, 0, false).1, 1);
    config.sync.max_deletes = 7;
    assert_eq!(verify_at(&config, &state, 0, false).1, 0);
    config.portal.webhook = crate::config::Webhook::parse("https://h/rest/1/y/").unwrap();
    assert_eq!(verify_at(&config, &state, 0, false).1, 1);
    config.contact.source_id = Some("WEB".into());
    assert_eq!(verify_at(&config, &state, 0, false).1, 1);
}

#[test]
fn only_success_is_remembered() {
    let state = State::in_memory().unwrap();
    let config = config("deal = {currency='EUR'}");
    for _ in 0..2 {
        let (fields, batches) = verify_at(&config, &state, 0, false);
        assert_eq!(fields.unwrap_err().outcome(), Outcome::Failed);
        assert_eq!(batches, 1);
    }
}
