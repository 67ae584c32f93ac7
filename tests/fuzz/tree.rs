//! Damage to a JSON answer that keeps it JSON: types swapped, keys dropped, renamed and doubled,
//! rows repeated.
//!
//! Most of it can be noticed, and then nothing may go wrong. Some of it cannot: an answer that
//! names another object, or leaves a row out, is a lie that no client sees through. Those are told
//! apart here.

use serde_json::{Value, json};

use crate::rng::Rng;
use crate::values::json_value;

/// Damages an answer in one place. Returns whether it lies now.
pub(crate) fn damage(answer: &mut Value, rng: &mut Rng) -> bool {
    let pointers = pointers(answer);
    let pointer = rng.one_of(&pointers);
    let key = pointer.rsplit('/').next().unwrap_or_default().to_owned();
    match rng.roll(10) {
        0..4 => replace(answer, &pointer, json_value(rng)),
        4 => {
            let other = rng.one_of(&pointers);
            let value = answer.pointer(&other).cloned().unwrap_or_default();
            replace(answer, &pointer, value);
            true
        }
        5..7 => drop_part(answer, &pointer),
        7 => rename(answer, &pointer, &key.to_lowercase()),
        8 => repeat(answer, &pointer, rng),
        _ => insert(answer, &pointer, rng),
    }
}

/// Every place of a tree.
fn pointers(tree: &Value) -> Vec<String> {
    fn walk(value: &Value, at: &str, found: &mut Vec<String>) {
        found.push(at.to_owned());
        match value {
            Value::Object(members) => {
                members.iter().for_each(|(key, value)| walk(value, &format!("{at}/{key}"), found));
            }
            Value::Array(items) => {
                items
                    .iter()
                    .enumerate()
                    .for_each(|(key, value)| walk(value, &format!("{at}/{key}"), found));
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk(tree, "", &mut found);
    found
}

/// Where an id stands: of a row, of an item, or what a creation returns.
fn is_identity(pointer: &str) -> bool {
    let key = pointer.rsplit('/').next().unwrap_or_default();
    let command = key.len() == 3 && key.starts_with('c') && key[1..].parse::<u8>().is_ok();
    command || matches!(key, "ID" | "id" | "ORIGIN_ID" | "VALUE")
}

/// A list that is left out where it is empty: without it the object has no phone.
fn may_be_missing(pointer: &str) -> bool {
    pointer.ends_with("/PHONE") || pointer.ends_with("/EMAIL")
}

/// A mark that is null where there is none: with null the object is nobody's.
fn may_be_null(pointer: &str) -> bool {
    pointer.ends_with("/ORIGIN_ID") || pointer.ends_with("/ORIGINATOR_ID")
}

fn replace(answer: &mut Value, pointer: &str, new: Value) -> bool {
    let Some(place) = answer.pointer_mut(pointer) else { return false };
    let names = match &new {
        Value::String(text) => !text.is_empty(),
        Value::Number(_) => true,
        _ => false,
    };
    let emptied = place.is_array() && new == json!([]);
    let nobodys = may_be_null(pointer) && (new.is_null() || new == json!(""));
    *place = new;
    nobodys || emptied || may_be_missing(pointer) || (names && is_identity(pointer))
}

fn drop_part(answer: &mut Value, pointer: &str) -> bool {
    let Some((parent, key)) = pointer.rsplit_once('/') else { return false };
    match answer.pointer_mut(parent) {
        Some(Value::Object(members)) => {
            members.remove(key);
            may_be_missing(pointer)
        }
        Some(Value::Array(items)) => {
            let row = items.remove(key.parse().unwrap());
            row.get("ORIGIN_ID").is_some() || row.get("ID").is_some()
        }
        _ => false,
    }
}

fn rename(answer: &mut Value, pointer: &str, name: &str) -> bool {
    let Some((parent, key)) = pointer.rsplit_once('/') else { return false };
    if let Some(Value::Object(members)) = answer.pointer_mut(parent)
        && let Some(value) = members.remove(key)
    {
        members.insert(format!("{name}_"), value);
    }
    may_be_missing(pointer)
}

/// An element comes again, so often that a page is full, or a few times.
fn repeat(answer: &mut Value, pointer: &str, rng: &mut Rng) -> bool {
    let Some((parent, key)) = pointer.rsplit_once('/') else { return false };
    if let Some(Value::Array(items)) = answer.pointer_mut(parent) {
        let item = items[key.parse::<usize>().unwrap()].clone();
        items.extend(std::iter::repeat_n(item, rng.one_of(&[1, 3, 60])));
    }
    false
}

/// A member that should not be there: an error beside a result, a command that nobody sent.
fn insert(answer: &mut Value, pointer: &str, rng: &mut Rng) -> bool {
    let Some(Value::Object(members)) = answer.pointer_mut(pointer) else { return false };
    let (key, value) = rng.one_of(&[
        ("error", json!("INVALID_CREDENTIALS")),
        ("error", json!({"code": 5, "message": null})),
        ("error", json!("QUERY_LIMIT_EXCEEDED")),
        ("error_description", json!("<br>Access denied")),
        ("c00", json!({"error": "ERROR_CORE", "error_description": ["x"]})),
        ("c00", json!({"error": "OPERATION_TIME_LIMIT"})),
        ("c77", json!(1)),
        ("next", json!(50)),
        ("total", json!(-1)),
    ]);
    members.insert(key.to_owned(), value);
    // That nothing was done, where everything was: who believes it does it again.
    matches!(key, "c00") || answer["error"] == "QUERY_LIMIT_EXCEEDED"
}
