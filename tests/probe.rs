//! `check --probe` before a small portal with a memory, which a test can make behave in another
//! way.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails it")]

#[path = "shared/env.rs"]
mod env;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use chrono::DateTime;
use ecvi_b24::commands::check::probe::PROBE;
use ecvi_b24::commands::check::probe::{Findings, PortalAssumption};
use ecvi_b24::commands::check::{CheckResult, CheckStatus, Start, check};
use ecvi_b24::commands::cli::Check;
use ecvi_b24::config::{ConfigFile, PortalConfig};
use ecvi_b24::domain::language::Language;
use ecvi_b24::domain::run_error::Outcome;
use ecvi_b24::domain::run_error::Result;
use ecvi_b24::platform::clock::Clock;
use ecvi_b24::portal::{CallError, Portal, Response};
use env::{CONFIG, TestEnv};
use serde_json::{Map, Value, json};

/// How a portal may behave in another way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Quirk {
    None,
    NoImport,
    PhonesPileUp,
    KeepsTodayAsClosingDate,
    DropsBrackets,
    DeletesNothing,
    TakesAnyStage,
}

/// The objects by entity and id, each with its fields as they were sent: `PHONE[0][VALUE]` and the
/// like.
#[derive(Clone)]
struct Fake {
    quirk: Quirk,
    objects: Rc<RefCell<Objects>>,
    last: Rc<RefCell<i64>>,
}

type Params = BTreeMap<String, String>;
type Objects = BTreeMap<(String, i64), Params>;

impl Portal for Fake {
    fn call(&mut self, method: &str, params: &Value) -> Result<Response, CallError> {
        if method == "scope" {
            return Ok(Response { result: json!(["crm"]), time: Value::Null });
        }
        let (mut results, mut errors, mut times) = (Map::new(), Map::new(), Map::new());
        for (name, command) in params["cmd"].as_object().unwrap() {
            let (method, query) = command.as_str().unwrap().split_once('?').unwrap();
            match self.reply(method, &decode(query)) {
                Some(result) => drop(results.insert(name.clone(), result)),
                None => drop(errors.insert(
                    name.clone(),
                    json!({"error": "", "error_description": "Access denied."}),
                )),
            }
            times.insert(name.clone(), json!({"operating": 0.25}));
        }
        let result = json!({"result": results, "result_error": errors, "result_time": times});
        Ok(Response { result, time: json!({"operating": 0}) })
    }
}

/// The query of a command, its keys without `fields` around them.
fn decode(query: &str) -> Params {
    let percent = |text: &str| {
        let mut bytes = Vec::new();
        let mut rest = text.bytes();
        while let Some(byte) = rest.next() {
            let digits = |rest: &mut std::str::Bytes| [rest.next().unwrap(), rest.next().unwrap()];
            bytes.push(match byte {
                b'%' => u8::from_str_radix(std::str::from_utf8(&digits(&mut rest)).unwrap(), 16)
                    .unwrap(),
                other => other,
            });
        }
        String::from_utf8(bytes).unwrap()
    };
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(key, value)| {
            (percent(key).replacen("fields[", "", 1).replacen(']', "", 1), percent(value))
        })
        .collect()
}

impl Fake {
    fn new(quirk: Quirk) -> Fake {
        Fake { quirk, objects: Rc::default(), last: Rc::new(RefCell::new(100)) }
    }

    fn reply(&self, method: &str, params: &Params) -> Option<Value> {
        let status = |id: &str, semantics: Value| json!({"STATUS_ID": id, "NAME": id, "SEMANTICS": semantics});
        let id = params.get("id").and_then(|id| id.parse().ok()).unwrap_or_default();
        let entity = method.split('.').nth(1).unwrap_or_default().to_owned();
        Some(match method {
            "profile" => json!({"ID": "1", "ADMIN": true}),
            "server.time" => json!("2000-01-01T12:00:00Z"),
            "method.get" => json!({"isExisting": true, "isAvailable": true}),
            "crm.contact.fields" | "crm.company.fields" | "crm.deal.fields" => json!({}),
            "crm.currency.list" => json!([{"CURRENCY": "RUB"}]),
            "crm.status.list" => {
                let ids = ["HNR_RU_1", "HNR_RU_2", "CLIENT", "NEW", "EXECUTING"];
                let mut rows: Vec<Value> = ids.iter().map(|id| status(id, Value::Null)).collect();
                rows.extend([status("WON", "S".into()), status("LOSE", "F".into())]);
                json!(rows)
            }
            "crm.item.import" if self.quirk == Quirk::NoImport => return None,
            "crm.item.import" => {
                let get = |key: &str| params[key].clone();
                let origin =
                    [("ORIGINATOR_ID", get("originatorId")), ("ORIGIN_ID", get("originId"))];
                let fields = origin.map(|(key, value)| (key.to_owned(), value)).into();
                json!({"item": {"id": self.store("deal", fields)}})
            }
            "crm.contact.add" | "crm.company.add" | "crm.deal.add" => {
                json!(self.store(&entity, params.clone()))
            }
            "crm.contact.update" | "crm.deal.update" => self.update(&entity, id, params),
            "crm.contact.get" | "crm.deal.get" => self.get(&entity, id),
            "crm.contact.list" | "crm.company.list" | "crm.deal.list" => self.list(&entity, params),
            "crm.contact.delete" | "crm.company.delete" | "crm.deal.delete" => {
                if self.quirk != Quirk::DeletesNothing {
                    self.objects.borrow_mut().remove(&(entity, id))?;
                }
                json!(true)
            }
            "crm.deal.contact.items.get" => {
                let objects = self.objects.borrow();
                let bound = objects[&("deal".to_owned(), id)]
                    .keys()
                    .filter(|key| key.starts_with("CONTACT_IDS["));
                json!(bound.collect::<Vec<_>>())
            }
            other => panic!("{other}"),
        })
    }

    fn store(&self, entity: &str, mut fields: Params) -> i64 {
        *self.last.borrow_mut() += 1;
        let id = *self.last.borrow();
        self.rewrite(&mut fields);
        fields.insert("CLOSEDATE".into(), "2000-01-01T03:00:00+03:00".into());
        self.objects.borrow_mut().insert((entity.to_owned(), id), fields);
        id
    }

    fn rewrite(&self, fields: &mut Params) {
        if let Some(comment) = fields.get_mut("COMMENTS") {
            *comment = comment.replace('&', "&amp;").replace('"', "&quot;");
            if self.quirk == Quirk::DropsBrackets {
                *comment = comment.replace("(VIP)", "");
            }
        }
    }

    fn update(&self, entity: &str, id: i64, params: &Params) -> Value {
        let mut objects = self.objects.borrow_mut();
        let object = objects.get_mut(&(entity.to_owned(), id)).unwrap();
        for (key, value) in params {
            match key.as_str() {
                "STAGE_ID" if self.quirk != Quirk::TakesAnyStage => {}
                "CLOSEDATE" if self.quirk == Quirk::KeepsTodayAsClosingDate => {}
                "CONTACT_IDS" => object.retain(|key, _| !key.starts_with("CONTACT_IDS[")),
                "PHONE[0][VALUE]" if self.quirk == Quirk::PhonesPileUp => {
                    object.insert("PHONE[1][VALUE]".into(), value.clone());
                }
                key => drop(object.insert(key.to_owned(), value.clone())),
            }
        }
        json!(true)
    }

    fn get(&self, entity: &str, id: i64) -> Value {
        let objects = self.objects.borrow();
        let object = &objects[&(entity.to_owned(), id)];
        let phones =
            object.iter().filter(|(key, _)| key.starts_with("PHONE[") && key.ends_with("[VALUE]"));
        let phones: Vec<Value> =
            phones.map(|(_, value)| json!({"ID": "5", "VALUE": value})).collect();
        let mut card = json!(object);
        card["PHONE"] = json!(phones);
        card
    }

    fn list(&self, entity: &str, params: &Params) -> Value {
        let get = |key: &str| params.get(key).map(String::as_str);
        // `replacen` in `decode` took the first bracket off.
        let (mark, origin) = (get("filter[ORIGINATOR_ID"), get("filter[@ORIGIN_ID[0]"));
        let objects = self.objects.borrow();
        let rows = objects.iter().filter(|((of, _), fields)| {
            of == entity
                && mark.is_some_and(|mark| fields["ORIGINATOR_ID"] == mark)
                && origin.is_none_or(|origin| fields["ORIGIN_ID"] == origin)
        });
        rows.map(|((_, id), fields)| json!({"ID": id.to_string(), "ORIGINATOR_ID": fields["ORIGINATOR_ID"]}))
            .collect()
    }
}

/// A folder with a mirror, a state, and a configuration with some lines more.
fn place(more: &str) -> TestEnv {
    let place = TestEnv::empty();
    let head = "mirror = {path='mirror.db'}\nportal = {webhook='https://h/rest/1/x/'}";
    place.write(CONFIG, format!("{head}\n{more}"));
    place.sql(include_str!("mirror.sql"));
    place.state();
    place
}

/// What `check`, with `--probe` or without, says of the probe.
fn lines(place: &TestEnv, fake: &Fake, probe: bool) -> Vec<CheckResult> {
    let config = ConfigFile::named(&place.path(CONFIG));
    let clock =
        Clock::virtual_at(DateTime::parse_from_rfc3339("2000-01-01T12:00:00Z").unwrap().to_utc());
    let connect = |_: &PortalConfig| Ok(Box::new(fake.clone()) as Box<dyn Portal>);
    let start = Start { config: &config, webhook: None, language: Language::default() };
    let options = Check { probe, ..Check::default() };
    check(&start, &options, &connect, &clock)
        .results
        .into_iter()
        .filter(|line| line.name == "probe")
        .collect()
}

/// Probes a portal; returns the lines of the probe and what the state remembers.
fn probe(fake: &Fake, more: &str) -> (Vec<CheckResult>, Option<Findings>) {
    let place = place(more);
    (lines(&place, fake, true), place.state().get(&PROBE).unwrap())
}

/// The rules that a portal with this quirk breaks.
fn broken(quirk: Quirk) -> Vec<PortalAssumption> {
    let (_, findings) = probe(&Fake::new(quirk), "");
    findings.unwrap().holds.into_iter().filter(|(_, holds)| !holds).map(|(rule, _)| rule).collect()
}

#[test]
fn a_portal_as_it_should_be_passes_and_is_left_as_it_was() {
    let fake = Fake::new(Quirk::None);
    let (lines, findings) = probe(&fake, "");
    assert!(lines.iter().all(|line| line.status == CheckStatus::Ok), "{lines:#?}");
    assert!(fake.objects.borrow().is_empty());
    let findings = findings.unwrap();
    assert_eq!(findings.holds.len(), 9);
    assert!(findings.charged_to_batch.abs() < 0.01 && findings.charged_to_commands > 1.0);
}

#[test]
fn each_quirk_is_found_and_no_other() {
    assert_eq!(broken(Quirk::None), []);
    assert_eq!(broken(Quirk::NoImport), [PortalAssumption::Import]);
    assert_eq!(broken(Quirk::PhonesPileUp), [PortalAssumption::Phones]);
    assert_eq!(broken(Quirk::KeepsTodayAsClosingDate), [PortalAssumption::ClosingDate]);
    assert_eq!(broken(Quirk::DropsBrackets), [PortalAssumption::Comments]);
    assert_eq!(broken(Quirk::DeletesNothing), [PortalAssumption::Deletion]);
    assert_eq!(broken(Quirk::TakesAnyStage), [PortalAssumption::UnknownStage]);
}

#[test]
fn without_the_right_to_import_the_export_must_add() {
    let bad = |more| {
        let (lines, _) = probe(&Fake::new(Quirk::NoImport), more);
        lines.into_iter().find(|line| line.status != CheckStatus::Ok).unwrap().status
    };
    assert_eq!(bad(""), CheckStatus::Error(Outcome::Refused));
    assert_eq!(bad("export = {method='add'}"), CheckStatus::Warning);
}

#[test]
fn what_a_killed_probe_left_behind_is_deleted_and_the_hotels_own_is_not() {
    let fake = Fake::new(Quirk::None);
    let origin = |mark: &str| {
        Params::from([("ORIGINATOR_ID".into(), mark.into()), ("ORIGIN_ID".into(), "probe".into())])
    };
    fake.store("contact", origin("PROBE ECVI"));
    let own = fake.store("contact", origin("ECVI"));
    probe(&fake, "");
    assert_eq!(fake.objects.borrow().keys().collect::<Vec<_>>(), [&("contact".to_owned(), own)]);
}

#[test]
fn nothing_is_tried_while_something_is_to_be_mended() {
    let fake = Fake::new(Quirk::None);
    let (lines, findings) = probe(&fake, "deal = {currency='EUR'}");
    assert_eq!(lines.len(), 1);
    assert_eq!((findings, *fake.last.borrow()), (None, 100));
}

#[test]
fn a_check_without_a_probe_tells_what_the_last_one_found() {
    let place = place("");
    let told = |quirk| {
        let probed = lines(&place, &Fake::new(quirk), true);
        let later = lines(&place, &Fake::new(quirk), false);
        assert_eq!(later.len(), 1, "{later:#?}");
        (probed, later.into_iter().next().unwrap())
    };
    assert_eq!(lines(&place, &Fake::new(Quirk::None), false), []);
    assert_eq!(told(Quirk::None).1.status, CheckStatus::Ok);
    let (probed, later) = told(Quirk::PhonesPileUp);
    let broken = probed.iter().find(|line| line.status == CheckStatus::Warning).unwrap();
    let rule = broken.detail.text(Language::Ru);
    let rule = rule.rsplit(": ").next().unwrap();
    assert!(
        later.status == CheckStatus::Warning && later.detail.text(Language::Ru).ends_with(rule),
        "{later:#?}"
    );
}
