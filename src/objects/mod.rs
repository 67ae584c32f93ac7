//! Objects as they stand in the portal: found by their id, by the origin that we wrote, by phone and e-mail.
//!
//! Everything here only asks. A list never goes out with an empty filter, and what comes back is checked, because
//! a portal drops a filter that it does not understand and answers with everything (docs/bitrix24.md, Lists).

pub mod card;
pub mod inventory;
pub mod reach;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::mapping::multifield::Listed;
use crate::portal::batch::{Command, Reply};
use crate::portal::gate::Gate;
use crate::portal::{CallError, Meaning, Refusal};
use crate::record::{Id, Kind};

/// Rows on a page of a list.
const PAGE: usize = 50;
/// Values in one filter: fewer than a page, so that a full page always means that there is more.
const ASKED: usize = 40;

/// Asked for in every list. A row that leaves them out would pass for one of nobody.
const MARKS: [&str; 2] = ["ORIGINATOR_ID", "ORIGIN_ID"];

/// An object of the portal.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Object {
    /// `ID`
    pub crm_id: i64,
    /// `ORIGINATOR_ID`: whose it is.
    pub originator: String,
    /// `ORIGIN_ID`: the Ecvi id, where it is ours.
    pub origin: String,
    /// `LAST_NAME` of a contact, `TITLE` of the others.
    pub name: String,
    /// `NAME` of a contact.
    pub first_name: String,
    /// The funnel of a deal.
    pub category: u64,
    /// `PHONE`
    pub phones: Vec<Listed>,
    /// `EMAIL`
    pub emails: Vec<Listed>,
}

/// The objects of these ids that the webhook's user may see.
pub fn by_id(gate: &mut Gate<'_>, kind: Kind, ids: &[i64]) -> Result<BTreeMap<i64, Object>, CallError> {
    let filters = ids.chunks(ASKED).map(|ids| json!({"@ID": ids})).collect();
    let mut found = BTreeMap::new();
    for object in list(gate, kind, filters)? {
        if !ids.contains(&object.crm_id) {
            return Err(not_filtered(kind));
        }
        found.insert(object.crm_id, object);
    }
    Ok(found)
}

/// Of these ids those whose objects exist, seen or not.
pub fn existing(gate: &mut Gate<'_>, kind: Kind, ids: &[i64]) -> Result<BTreeSet<i64>, CallError> {
    let seen = by_id(gate, kind, ids)?;
    let hidden = hidden(gate, kind, ids.iter().copied(), &seen)?;
    Ok(seen.into_keys().chain(hidden).collect())
}

/// Of these ids those that the list did not show whose objects exist all the same: the webhook's user may not see them.
/// A list leaves such an object out as if it were gone; `crm.item.get` looks for it before it looks at the user's rights.
pub fn hidden<T>(
    gate: &mut Gate<'_>,
    kind: Kind,
    ids: impl IntoIterator<Item = i64>,
    seen: &BTreeMap<i64, T>,
) -> Result<BTreeSet<i64>, CallError> {
    // Several records may share an object.
    let ids: BTreeSet<i64> = ids.into_iter().filter(|id| !seen.contains_key(id)).collect();
    let command = |id: &i64| {
        let params = json!({"entityTypeId": kind.entity_type_id(), "id": id});
        Command::new(format!("q{id}"), "crm.item.get", params)
    };
    let commands: Vec<Command> = ids.iter().map(command).collect();
    let mut replies = gate.read_batch(&commands)?;
    let mut hidden = BTreeSet::new();
    for (id, command) in ids.into_iter().zip(&commands) {
        match replies.remove(&command.name) {
            Some(Reply::Refused(refusal)) if refusal.code.eq_ignore_ascii_case("NOT_FOUND") => continue,
            Some(Reply::Refused(refusal)) if refusal.is_access_denied() => {}
            reply => drop(result(command, reply)?),
        }
        hidden.insert(id);
    }
    Ok(hidden)
}

/// The objects that carry our origin for these records, the lowest id first.
pub fn by_origin(
    gate: &mut Gate<'_>,
    kind: Kind,
    originator: &str,
    ids: &[Id],
) -> Result<BTreeMap<Id, Vec<i64>>, CallError> {
    let wanted: BTreeMap<String, &Id> = ids.iter().map(|id| (id.to_string(), id)).collect();
    let origins: Vec<&String> = wanted.keys().collect();
    let filter = |origins: &[&String]| json!({"ORIGINATOR_ID": originator, "@ORIGIN_ID": origins});
    let mut found: BTreeMap<Id, Vec<i64>> = BTreeMap::new();
    for object in list(gate, kind, origins.chunks(ASKED).map(filter).collect())? {
        if !collates(&object.originator, originator) || object.origin.is_empty() {
            return Err(not_filtered(kind));
        }
        // The portal compares without regard to case; two ids of Ecvi may differ in nothing else.
        if let Some(id) = wanted.get(&object.origin).filter(|_| object.originator == originator) {
            found.entry((*id).clone()).or_default().push(object.crm_id);
        }
    }
    for ids in found.values_mut() {
        ids.sort_unstable();
    }
    Ok(found)
}

/// All objects that match the filters; each filter is walked to its end.
fn list(gate: &mut Gate<'_>, kind: Kind, filters: Vec<Value>) -> Result<Vec<Object>, CallError> {
    let (mut objects, mut open) = (Vec::new(), filters);
    while !open.is_empty() {
        let pages = pages(gate, kind, &open)?;
        let mut more = Vec::new();
        for (mut filter, page) in open.into_iter().zip(pages) {
            if !goes_on(filter.get(">ID").and_then(Value::as_i64).unwrap_or(0), &page) {
                return Err(not_filtered(kind));
            }
            if let Some(last) = page.last().filter(|_| page.len() >= PAGE) {
                filter[">ID"] = last.crm_id.into();
                more.push(filter);
            }
            objects.extend(page);
        }
        open = more;
    }
    Ok(objects)
}

/// Whether a page begins behind `above` and rises: without that its successors would be asked for for ever.
fn goes_on(above: i64, page: &[Object]) -> bool {
    page.first().is_none_or(|first| first.crm_id > above)
        && page.windows(2).all(|pair| pair[0].crm_id < pair[1].crm_id)
}

/// The first page of each filter.
fn pages(gate: &mut Gate<'_>, kind: Kind, filters: &[Value]) -> Result<Vec<Vec<Object>>, CallError> {
    let commands: Vec<Command> = filters
        .iter()
        .enumerate()
        .map(|(at, filter)| {
            let params =
                json!({"filter": filter, "order": {"ID": "ASC"}, "select": select(kind), "start": -1});
            Command::new(format!("q{at}"), format!("crm.{}.list", kind.entity()), params)
        })
        .collect();
    ask(gate, &commands)?.iter().map(|page| rows(kind, page)).collect()
}

/// Whether the portal's database takes the two marks for one: it knows neither case nor blanks at the end.
fn collates(found: &str, asked: &str) -> bool {
    found.trim_end().to_lowercase() == asked.trim_end().to_lowercase()
}

/// The results of questions, in their order.
fn ask(gate: &mut Gate<'_>, commands: &[Command]) -> Result<Vec<Value>, CallError> {
    let answers = commands.iter().zip(ask_each(gate, commands)?);
    // The portal's words may repeat what was asked for, a phone perhaps.
    let unclear = |command: &Command, refusal: Refusal| {
        CallError::Lost(format!("{} was refused: {}", command.method, refusal.code))
    };
    answers.map(|(command, answer)| answer.map_err(|refusal| unclear(command, refusal))).collect()
}

/// Likewise, where each may be refused by itself.
fn ask_each(gate: &mut Gate<'_>, commands: &[Command]) -> Result<Vec<Result<Value, Refusal>>, CallError> {
    let mut replies = gate.read_batch(commands)?;
    commands.iter().map(|command| result(command, replies.remove(&command.name))).collect()
}

/// What a question was answered with.
fn result(command: &Command, reply: Option<Reply>) -> Result<Result<Value, Refusal>, CallError> {
    match reply {
        Some(Reply::Done(value)) => Ok(Ok(value)),
        // Without the right to ask an administrator must act; any other refusal is this question's.
        Some(Reply::Refused(refusal))
            if refusal.meaning() == Meaning::Record && !refusal.is_access_denied() =>
        {
            Ok(Err(refusal))
        }
        Some(Reply::Refused(refusal)) => Err(CallError::Refused(refusal)),
        Some(Reply::Silent) | None => Err(CallError::Lost(format!("{} was not answered", command.method))),
    }
}

fn select(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Guest => &["ID", "ORIGINATOR_ID", "ORIGIN_ID", "LAST_NAME", "NAME", "PHONE", "EMAIL"],
        Kind::Company => &["ID", "ORIGINATOR_ID", "ORIGIN_ID", "TITLE", "PHONE", "EMAIL"],
        Kind::Booking => &["ID", "ORIGINATOR_ID", "ORIGIN_ID", "TITLE", "CATEGORY_ID"],
    }
}

fn rows(kind: Kind, page: &Value) -> Result<Vec<Object>, CallError> {
    let rows = page.as_array().ok_or_else(|| CallError::Lost(format!("a list of {kind}s is no list")))?;
    rows.iter()
        .map(|row| object(row).ok_or_else(|| CallError::Lost(format!("a {kind} that cannot be read"))))
        .collect()
}

/// None where a value has another type than it ever has: taken for nothing it would be a mark or a phone that the
/// object does not have, and the next step would build on that.
fn object(row: &Value) -> Option<Object> {
    let row = row.as_object().filter(|row| MARKS.iter().all(|mark| row.contains_key(*mark)))?;
    Some(Object {
        crm_id: text(row, "ID")?.parse().ok().filter(|id| *id > 0)?,
        originator: text(row, "ORIGINATOR_ID")?,
        origin: text(row, "ORIGIN_ID")?,
        name: text(row, "LAST_NAME")? + &text(row, "TITLE")?,
        first_name: text(row, "NAME")?,
        category: text(row, "CATEGORY_ID")?.parse().unwrap_or(0),
        phones: multifield(row, "PHONE")?,
        emails: multifield(row, "EMAIL")?,
    })
}

/// Legacy methods answer in texts, but not for ever and not everywhere; what is empty comes as null or not at all.
fn text(row: &Map<String, Value>, key: &str) -> Option<String> {
    match row.get(key) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        Some(Value::Null) | None => Some(String::new()),
        Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => None,
    }
}

fn multifield(row: &Map<String, Value>, key: &str) -> Option<Vec<Listed>> {
    let rows: Vec<&Value> = match row.get(key) {
        Some(Value::Array(rows)) => rows.iter().collect(),
        // A list of PHP with gaps.
        Some(Value::Object(rows)) => rows.values().collect(),
        Some(Value::Null) | None => Vec::new(),
        Some(Value::String(text)) if text.is_empty() => Vec::new(),
        Some(Value::String(_) | Value::Number(_) | Value::Bool(_)) => return None,
    };
    let standing = |row: &Value| {
        let row = row.as_object().filter(|row| row.contains_key("ID") && row.contains_key("VALUE"))?;
        Some(Listed { id: text(row, "ID")?, value: text(row, "VALUE")? })
    };
    rows.into_iter().map(standing).collect()
}

fn not_filtered(kind: Kind) -> CallError {
    CallError::Lost(format!("crm.{}.list answered with objects that were not asked for", kind.entity()))
}
