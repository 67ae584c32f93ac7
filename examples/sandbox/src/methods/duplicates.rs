//! `crm.duplicate.findbycomm` and `crm.entity.mergeBatch` (facts, section 9).

use crate::answer::{Outcome, Refusal, ok};
use crate::data::record::{Kind, Record};
use crate::data::schema::{self, Access, Type};
use crate::data::store::fold;
use crate::methods::universal::kind_of;
use crate::php::Php;
use crate::portal::Portal;
use crate::rules::phone;

/// Values of a search, and objects found for each of them.
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
    let type_id = params.argument("type").text().to_uppercase();
    match type_id.as_str() {
        "PHONE" | "EMAIL" => {}
        "" => return Err(sentence("Communication type is not defined")),
        other => {
            let text = format!("Communication type '{other}' is not supported in current context.");
            return Err(Refusal::legacy(text));
        }
    }
    let wanted = searched_values(&type_id, params.argument("values"));
    if wanted.is_empty() {
        return Err(sentence("Communication values is not defined"));
    }
    let only = params.argument("entity_type").text();
    let mut out = Php::empty();
    for value in wanted {
        for (kind, ids) in portal.with_value(&type_id, &value, &only) {
            let word = kind.word().to_uppercase();
            let mut known: Vec<Php> = out.get(&word).values().cloned().collect();
            let new = ids.into_iter().map(Php::from).filter(|id| !known.contains(id));
            known.extend(new.collect::<Vec<_>>());
            out.set(&word, Php::list(known));
        }
    }
    ok(out)
}

/// The normal forms of the first twenty different values; a plain text is no list of values.
fn searched_values(type_id: &str, values: &Php) -> Vec<String> {
    let mut wanted: Vec<String> = Vec::new();
    for value in values.values().map(Php::text).filter(|value| !value.is_empty()) {
        let value = normal(type_id, &value);
        if !wanted.contains(&value) {
            wanted.push(value);
        }
    }
    wanted.truncate(MAX);
    wanted
}

/// The "code" of these errors is the sentence.
fn sentence(text: &str) -> Refusal {
    Refusal::new(400, text, text)
}

/// E-mails are compared without regard to case.
fn normal(type_id: &str, value: &str) -> String {
    if type_id == "EMAIL" { value.trim().to_lowercase() } else { phone::normal(value) }
}

/// The first survives; two different values of one field are a conflict, and nothing happens.
fn merge_batch(portal: &mut Portal, params: &Php) -> Outcome {
    let params = params.argument("params");
    let kind = kind_of(params)?;
    let ids: Vec<u64> =
        params.argument("entityIds").values().filter_map(|id| id.int().try_into().ok()).collect();
    let [keep, drops @ ..] = ids.as_slice() else {
        return Err(Refusal::legacy("entityIds is not defined"));
    };
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
    /// The objects with a value: twenty at most, so that where the contacts are as many no company
    /// follows.
    fn with_value(&self, type_id: &str, wanted: &str, only: &str) -> Vec<(Kind, Vec<u64>)> {
        let has = |record: &&Record| {
            record.values(type_id).iter().any(|value| normal(type_id, value) == wanted)
        };
        let mut left = MAX;
        let mut found = Vec::new();
        for kind in [Kind::Contact, Kind::Company] {
            if !only.is_empty() && !only.eq_ignore_ascii_case(kind.word()) {
                continue;
            }
            let ids: Vec<u64> =
                self.records(kind).filter(has).map(|record| record.id).take(left).collect();
            left -= ids.len();
            if !ids.is_empty() {
                found.push((kind, ids));
            }
        }
        found
    }
}
