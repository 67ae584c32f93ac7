//! `crm.duplicate.findbycomm` and `crm.entity.mergeBatch` (facts, section 9).

use crate::answer::{Outcome, Refusal, ok};
use crate::php::Php;
use crate::portal::Portal;
use crate::record::{Kind, Record};
use crate::schema::{self, Access, Type};
use crate::store::fold;
use crate::universal::kind_of;

/// Values in a search, and ids of one kind in its answer.
const MAX: usize = 20;

/// The handler of a method after `crm.`.
pub(crate) fn find(method: &str) -> Option<fn(&mut Portal, &Php) -> Outcome> {
    Some(match method {
        "duplicate.findbycomm" => find_by_comm,
        "entity.mergebatch" => merge_batch,
        _ => return None,
    })
}

/// Which contacts and companies have one of these phones or e-mails; not which has which.
fn find_by_comm(portal: &mut Portal, params: &Php) -> Outcome {
    let type_id = params.argument("type").text();
    if !matches!(type_id.as_str(), "PHONE" | "EMAIL") {
        return Err(sentence("Communication type is not defined"));
    }
    let values = params.argument("values");
    let single = [values.clone()];
    let values: Vec<&Php> =
        if values.is_array() { values.values().collect() } else { single.iter().collect() };
    let wanted: Vec<String> = values.iter().take(MAX).map(|value| normal(&type_id, &value.text())).collect();
    if wanted.iter().all(String::is_empty) {
        return Err(sentence("Communication values is not defined"));
    }
    let only = params.argument("entity_type").text();
    let mut out = Php::empty();
    for kind in [Kind::Contact, Kind::Company] {
        let word = kind.word().to_uppercase();
        if only.is_empty() || only.eq_ignore_ascii_case(&word) {
            let ids = portal.with_value(kind, &type_id, &wanted);
            let full = ids.len() == MAX;
            if !ids.is_empty() {
                out.set(&word, Php::list(ids));
            }
            if full {
                break;
            }
        }
    }
    ok(out)
}

/// The "code" of these errors is the sentence.
fn sentence(text: &str) -> Refusal {
    Refusal::new(400, text, text)
}

/// Phones by their digits, a Russian 8 as 7, without an extension; e-mails without regard to case.
fn normal(type_id: &str, value: &str) -> String {
    if type_id == "EMAIL" {
        return fold(value.trim());
    }
    let main = value.split([';', ',', '#', 'д', 'e', 'x']).next().unwrap_or_default();
    let digits: String = main.chars().filter(char::is_ascii_digit).collect();
    match digits.strip_prefix('8') {
        Some(rest) if digits.len() == 11 => format!("7{rest}"),
        _ => digits,
    }
}

/// The first survives; two different values of one field are a conflict, and nothing happens.
fn merge_batch(portal: &mut Portal, params: &Php) -> Outcome {
    let params = params.argument("params");
    let kind = kind_of(params)?;
    let ids: Vec<u64> =
        params.argument("entityIds").values().filter_map(|id| id.int().try_into().ok()).collect();
    let [keep, drops @ ..] = ids.as_slice() else { return Err(Refusal::legacy("entityIds is not defined")) };
    let found: Vec<&Record> = ids.iter().filter_map(|id| portal.get(kind, *id)).collect();
    if found.len() < ids.len() || drops.is_empty() {
        return status("ERROR", &[]);
    }
    if found.iter().any(|record| conflicts(kind, found[0], record)) {
        return status("CONFLICT", &[]);
    }
    for drop in drops {
        let now = portal.now;
        portal.merge(kind, *keep, *drop, now);
    }
    portal.counters.writes += 1;
    status("SUCCESS", drops)
}

fn status(word: &str, ids: &[u64]) -> Outcome {
    ok(Php::map([("STATUS", Php::from(word)), ("ENTITY_IDS", Php::list(ids.iter().copied()))]))
}

fn conflicts(kind: Kind, keep: &Record, drop: &Record) -> bool {
    let compared = |field: &&schema::Field| {
        field.access == Access::Open
            && matches!(field.holds, Type::Text(_) | Type::Date)
            && !schema::is_address(field.name)
    };
    schema::fields(kind).filter(compared).any(|field| {
        let (a, b) = (keep.text(field.name), drop.text(field.name));
        !a.is_empty() && !b.is_empty() && fold(a) != fold(b)
    })
}

impl Portal {
    fn with_value(&self, kind: Kind, type_id: &str, wanted: &[String]) -> Vec<u64> {
        let has = |record: &&Record| {
            record.values(type_id).iter().any(|value| wanted.contains(&normal(type_id, value)))
        };
        self.records(kind).filter(has).map(|record| record.id).take(MAX).collect()
    }
}
