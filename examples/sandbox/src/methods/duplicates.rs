//! `crm.duplicate.findbycomm` and `crm.entity.mergeBatch` (facts, section 9).

use crate::answer::{Outcome, Refusal, ok};
use crate::data::record::{Kind, Record};
use crate::data::schema::{self, Access, Field, Type};
use crate::data::store::fold;
use crate::methods::universal::kind_argument;
use crate::php::Php;
use crate::portal::Portal;
use crate::rules::phone;

/// Values of a search, and objects found for each of them.
const MAX_FOUND: usize = 20;

/// Which contacts and companies have one of these phones or e-mails; not which has which.
pub(crate) fn find_by_communication(portal: &mut Portal, params: &Php) -> Outcome {
    let type_id = params.argument("type").text().to_uppercase();
    match type_id.as_str() {
        "PHONE" | "EMAIL" => {}
        "" => return Err(text_as_code("Communication type is not defined")),
        other => {
            let text = format!("Communication type '{other}' is not supported in current context.");
            return Err(Refusal::without_code(text));
        }
    }
    let wanted = searched_values(&type_id, params.argument("values"));
    if wanted.is_empty() {
        return Err(text_as_code("Communication values is not defined"));
    }
    let only_kind = params.argument("entity_type").text();
    let mut out = Php::empty();
    for value in wanted {
        for (kind, id) in portal.objects_with_value(&type_id, &value, &only_kind) {
            add_found(&mut out, kind, id);
        }
    }
    ok(out)
}

/// Adds an id to the list of its kind, `CONTACT` or `COMPANY`, unless it is there.
fn add_found(out: &mut Php, kind: Kind, id: u64) {
    let name = kind.word().to_uppercase();
    let id = Php::from(id);
    let mut ids: Vec<Php> = out.get(&name).values().cloned().collect();
    if !ids.contains(&id) {
        ids.push(id);
        out.set(&name, Php::list(ids));
    }
}

/// The normal forms of the first twenty different values; a plain text is no list of values.
fn searched_values(type_id: &str, values: &Php) -> Vec<String> {
    let mut wanted: Vec<String> = Vec::new();
    for value in values.texts() {
        if value.is_empty() {
            continue;
        }
        let normal = normal_form(type_id, &value);
        if !wanted.contains(&normal) {
            wanted.push(normal);
        }
    }
    wanted.truncate(MAX_FOUND);
    wanted
}

/// The code of these errors is their text.
fn text_as_code(text: &str) -> Refusal {
    Refusal::new(400, text, text)
}

/// E-mails are compared without regard to case.
fn normal_form(type_id: &str, value: &str) -> String {
    if type_id == "EMAIL" { value.trim().to_lowercase() } else { phone::normal_form(value) }
}

/// The first survives; two different values of one field are a conflict, and nothing happens.
pub(crate) fn merge_batch(portal: &mut Portal, params: &Php) -> Outcome {
    let params = params.argument("params");
    let kind = kind_argument(params)?;
    let mut ids: Vec<u64> = Vec::new();
    for id in params.argument("entityIds").values() {
        if let Ok(id) = id.int().try_into() {
            ids.push(id);
        }
    }
    let [keep, merged @ ..] = ids.as_slice() else {
        return Err(Refusal::without_code("entityIds is not defined"));
    };
    if merged.is_empty() || ids.iter().any(|id| portal.get(kind, *id).is_none()) {
        return merge_status("ERROR", &[]);
    }
    if merged.iter().any(|id| portal.has_conflict(kind, *keep, *id)) {
        return merge_status("CONFLICT", &[]);
    }
    for id in merged {
        portal.merge(kind, *keep, *id, portal.now());
    }
    portal.counters.writes += 1;
    merge_status("SUCCESS", merged)
}

fn merge_status(status: &str, ids: &[u64]) -> Outcome {
    let ids = Php::list(ids.iter().copied());
    ok(Php::map([("STATUS", Php::from(status)), ("ENTITY_IDS", ids)]))
}

/// Whether two values of a field keep its objects from being merged.
fn is_compared(field: &Field) -> bool {
    field.access == Access::Writable
        && matches!(field.holds, Type::Text(_) | Type::Date)
        && !schema::is_address(field.name)
}

impl Portal {
    /// Whether two objects have different values of one field.
    fn has_conflict(&self, kind: Kind, keep: u64, other: u64) -> bool {
        let (Some(keep), Some(other)) = (self.get(kind, keep), self.get(kind, other)) else {
            return false;
        };
        for field in schema::fields_of(kind).filter(|field| is_compared(field)) {
            let kept = keep.text(field.name);
            let merged = other.text(field.name);
            if !kept.is_empty() && !merged.is_empty() && fold(kept) != fold(merged) {
                return true;
            }
        }
        false
    }

    /// The objects with a value: twenty at most, so that where the contacts are as many no company
    /// follows.
    fn objects_with_value(&self, type_id: &str, wanted: &str, only_kind: &str) -> Vec<(Kind, u64)> {
        let mut found = Vec::new();
        for kind in [Kind::Contact, Kind::Company] {
            if !only_kind.is_empty() && !only_kind.eq_ignore_ascii_case(kind.word()) {
                continue;
            }
            for record in self.records(kind) {
                if found.len() == MAX_FOUND {
                    return found;
                }
                if has_value(record, type_id, wanted) {
                    found.push((kind, record.id));
                }
            }
        }
        found
    }
}

fn has_value(record: &Record, type_id: &str, wanted: &str) -> bool {
    record.rows_of(type_id).any(|row| normal_form(type_id, &row.value) == wanted)
}
