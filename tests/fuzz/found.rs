//! What the random cases found, kept by name.

use ecvi_b24::config::parse;
use ecvi_b24::domain::run_error::Outcome;
use ecvi_b24::portal::{CallError, Portal, Response};
use ecvi_b24::sync::options::{RunKind, RunOptions};
use serde_json::{Value, json};

use crate::hotel::{Hotel, fill, sql, sync, toml};
use crate::invariants::snapshot;
use crate::once::run_once;
use crate::rng::Rng;
use crate::run::folder;
use crate::wire::Wire;

/// Every answer arrives twisted in one way.
struct Twisted<'w>(&'w mut Wire, fn(&mut Value));

impl Portal for Twisted<'_> {
    fn call(&mut self, method: &str, params: &Value) -> Result<Response, CallError> {
        let mut answer = self.0.call(method, params)?;
        if let Some(results) = answer.result.get_mut("result").and_then(Value::as_object_mut) {
            results.values_mut().for_each(self.1);
        }
        Ok(answer)
    }
}

/// A hotel of this configuration; `before` happens to it, then comes a run with twisted answers,
/// then quiet.
fn after_twisted(
    more: &str,
    before: fn(&mut Hotel),
    options: &RunOptions,
    twist: fn(&mut Value),
) -> Hotel {
    let dir = folder();
    fill(dir.path());
    let config = parse(&toml(more), dir.path(), None).unwrap();
    let mut hotel = Hotel::with(config, &mut Rng::new(1), 0);
    before(&mut hotel);
    let mut portal = Twisted(&mut hotel.wire, twist);
    let ended = run_once(&hotel.config, options, &mut portal, &hotel.clock, &mut ()).unwrap();
    assert_eq!(ended.outcome, Outcome::Interrupted, "{ended:?}");
    hotel.rest().unwrap();
    hotel
}

fn exported(hotel: &mut Hotel) {
    hotel.run(&RunOptions::new(RunKind::InitialExport)).unwrap();
}

fn rows(list: &mut Value) -> impl Iterator<Item = &mut Value> {
    list.as_array_mut().into_iter().flatten()
}

fn contact_41(hotel: &Hotel) -> String {
    snapshot(&hotel.wire.portal)
        .remove(&(bitrix24_sandbox::Kind::Contact, "41".to_owned()))
        .unwrap()
}

#[test]
fn phones_that_cannot_be_read_are_not_taken_for_none() {
    let moved = |hotel: &mut Hotel| {
        exported(hotel);
        let dir = hotel.config.mirror.path.parent().unwrap().to_owned();
        sql(&dir, "UPDATE guests SET phone = '+79160000000', modified_at = '2027' WHERE id = 41");
    };
    let hotel = after_twisted("", moved, &sync(), |list| {
        rows(list)
            .filter(|row| row.get("PHONE").is_some())
            .for_each(|row| row["PHONE"] = json!([[null]]));
    });
    let contact = contact_41(&hotel);
    assert!(contact.contains("+79160000000") && !contact.contains("+79161112233"), "{contact}");
}

/// The state is lost, and the inventory would show objects of nobody.
#[test]
fn a_row_without_its_mark_is_not_taken_for_somebody_elses() {
    let lost = |hotel: &mut Hotel| {
        exported(hotel);
        hotel.lose_state();
    };
    for twist in [
        |list: &mut Value| {
            rows(list).for_each(|row| drop(row.as_object_mut().unwrap().remove("ORIGIN_ID")));
        },
        |list: &mut Value| rows(list).for_each(|row| row["ORIGIN_ID"] = json!([41])),
    ] {
        after_twisted("", lost, &RunOptions::new(RunKind::InitialExport), twist);
    }
}

/// `invariants` finds whoever stands there twice, and the wire counts requests.
#[test]
fn a_list_that_never_goes_on_ends_the_run() {
    let newcomer = |hotel: &mut Hotel| {
        exported(hotel);
        let dir = hotel.config.mirror.path.parent().unwrap().to_owned();
        sql(&dir, "INSERT INTO guests (id, last_name, modified_at) VALUES (43, 'Смирнов', '2027')");
    };
    let twists: [fn(&mut Value); 2] = [
        |list| {
            if list.is_array() {
                let row = |id| json!({"ID": id, "ORIGINATOR_ID": "ECVI", "ORIGIN_ID": "43"});
                *list = (1..=50).map(row).collect();
            }
        },
        |list| {
            if list.is_array() {
                let row = json!({"ID": 7, "ORIGINATOR_ID": "ECVI", "ORIGIN_ID": "43"});
                *list = std::iter::repeat_n(row, 50).collect();
            }
        },
    ];
    for twist in twists {
        after_twisted("", newcomer, &sync(), twist);
    }
}

#[test]
fn an_answer_about_likenesses_that_cannot_be_read_makes_nobody_anew() {
    let standing = |hotel: &mut Hotel| {
        exported(hotel);
        let fields = json!({"LAST_NAME": "Смирнов", "PHONE": [{"VALUE": "+79167778899"}]});
        hotel.wire.portal.call("crm.contact.add", json!({"fields": fields}), hotel.clock.now());
        let dir = hotel.config.mirror.path.parent().unwrap().to_owned();
        sql(
            &dir,
            "INSERT INTO guests (id, last_name, phone, modified_at) VALUES (43, 'Смирнов', '+79167778899', '2027')",
        );
    };
    let twists: [fn(&mut Value); 2] = [
        |found| {
            if found.get("CONTACT").is_some() {
                *found = json!(true);
            }
        },
        |found| {
            if found.get("CONTACT").is_some() {
                *found = json!({"CONTACT": ["x"]});
            }
        },
    ];
    for twist in twists {
        let hotel =
            after_twisted("[contact]\nmatch_existing = ['phone']", standing, &sync(), twist);
        let same = |record: &&bitrix24_sandbox::Record| record.text("LAST_NAME") == "Смирнов";
        let contacts = hotel.wire.portal.records(bitrix24_sandbox::Kind::Contact);
        assert_eq!(contacts.filter(same).count(), 1);
    }
}

#[test]
fn a_number_and_a_text_that_reads_alike_do_not_share_an_object() {
    let dir = folder();
    fill(dir.path());
    sql(
        dir.path(),
        "CREATE TABLE loose AS SELECT * FROM guests; DROP TABLE guests; CREATE TABLE guests (id, last_name, phone, modified_at);
         INSERT INTO guests SELECT id, last_name, phone, modified_at FROM loose; DROP TABLE loose;
         UPDATE guests SET id = '41' WHERE id = 42",
    );
    let config = parse(&toml(""), dir.path(), None).unwrap();
    let mut hotel = Hotel::with(config, &mut Rng::new(1), 0);
    exported(&mut hotel);
    let contact = contact_41(&hotel);
    assert!(contact.contains("Приходько") && !contact.contains("Лебедев"), "{contact}");
    let state = ecvi_b24::state::State::open_readonly(&hotel.config.state).unwrap();
    let failures = state.issues(ecvi_b24::state::Severity::Failure).unwrap();
    let told: Vec<_> =
        failures.iter().map(|issue| (issue.key.id.to_string(), issue.code.to_string())).collect();
    assert_eq!(told, [("41".to_owned(), "DUPLICATE_ID".to_owned())]);
}

/// A portal whose database is away: requests are answered, and whatever they ask fails.
struct Failing<'w> {
    wire: &'w mut Wire,
    requests_left: u32,
}

impl Portal for Failing<'_> {
    fn call(&mut self, method: &str, params: &Value) -> Result<Response, CallError> {
        let mut answer = self.wire.call(method, params)?;
        if method != "batch" || self.requests_left == 0 {
            return Ok(answer);
        }
        self.requests_left -= 1;
        let names = params["cmd"].as_object().into_iter().flat_map(|commands| commands.keys());
        let refusal =
            json!({"error": "ERROR_CORE", "error_description": "MySQL server has gone away"});
        let refusals: serde_json::Map<String, Value> =
            names.map(|name| (name.clone(), refusal.clone())).collect();
        answer.result["result"] = json!([]);
        answer.result["result_error"] = refusals.into();
        Ok(answer)
    }
}

#[test]
fn an_export_waits_for_a_portal_that_answers_and_fails_at_every_question() {
    let dir = folder();
    fill(dir.path());
    let config = parse(&toml(""), dir.path(), None).unwrap();
    let mut hotel = Hotel::with(config, &mut Rng::new(1), 0);
    exported(&mut hotel);
    hotel.lose_state();
    let mut portal = Failing { wire: &mut hotel.wire, requests_left: 40 };
    let options = RunOptions::new(RunKind::InitialExport);
    let ended = run_once(&hotel.config, &options, &mut portal, &hotel.clock, &mut ()).unwrap();
    assert_eq!((ended.outcome, portal.requests_left), (Outcome::Ok, 0), "{ended:?}");
    hotel.rest().unwrap();
}
