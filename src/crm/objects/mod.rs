//! Objects as they stand in the portal: found by their id, by the origin that we wrote, by phone
//! and e-mail.
//!
//! Everything here only asks. A list never goes out with an empty filter, and what comes back is
//! checked, because a portal drops a filter that it does not understand and answers with everything
//! (docs/bitrix24.md, Lists).

pub mod card;
pub mod first_look;
pub(crate) mod spoiled_lists;
mod stored;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::domain::failure_code::FailureCode;
use crate::domain::messages::{CrmMessage, Message};
use crate::domain::record::{Kind, RecordId};
use crate::mapping::multifield::MultifieldRow;
use crate::portal::batch::{Command, Reply};
use crate::portal::client::Client;
use crate::portal::{ApiError, CallError, ErrorClass};
use spoiled_lists::{Question, Reading, Scope, ask_in_parts, list_reply};

/// Rows on a page of a list.
pub(crate) const PAGE: usize = 50;
/// Values in one filter: fewer than a page, so that a full page always means that there is more.
const FILTER_CHUNK: usize = 40;

/// No object has this id, nor a higher one: the portal's numbers stay exact in JSON.
pub(crate) const UNREACHED: i64 = (1 << 53) - 1;

/// Asked for in every list. A row that leaves them out would pass for one of nobody.
pub(crate) const MARKS: [&str; 2] = ["ORIGINATOR_ID", "ORIGIN_ID"];

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
    pub phones: Vec<MultifieldRow>,
    /// `EMAIL`
    pub emails: Vec<MultifieldRow>,
}

/// What a look at some objects found; what is in neither map does not exist.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Look {
    /// Those that the lists show.
    pub seen: BTreeMap<i64, Object>,
    /// Those that exist all the same.
    pub unseen: BTreeMap<i64, Unseen>,
}

/// Why no list shows an object that exists.
#[derive(Clone, PartialEq, Debug)]
pub enum Unseen {
    /// The webhook's user may not see it.
    Denied,
    /// The portal cannot show it, and why.
    Unreadable(Message),
}

impl Unseen {
    /// Our own word for it.
    pub fn code(&self) -> FailureCode {
        match self {
            Unseen::Denied => FailureCode::AccessDenied,
            Unseen::Unreadable(_) => FailureCode::CardUnreadable,
        }
    }

    /// The object, and what the portal said of it.
    pub fn message(&self, crm_id: i64) -> String {
        match self {
            Unseen::Denied => crm_id.to_string(),
            Unseen::Unreadable(reason) => format!("{crm_id}: {reason}"),
        }
    }
}

/// Looks at the objects of these ids.
pub fn look(gate: &mut Client<'_>, kind: Kind, ids: &[i64]) -> Result<Look, CallError> {
    let Listing { seen, spoiled } = listed_by_id(gate, kind, ids)?;
    let unseen = unseen(gate, kind, ids.iter().copied(), &seen, spoiled)?;
    Ok(Look { seen, unseen })
}

/// The objects of these ids that the lists show.
pub fn by_id(
    gate: &mut Client<'_>,
    kind: Kind,
    ids: &[i64],
) -> Result<BTreeMap<i64, Object>, CallError> {
    Ok(listed_by_id(gate, kind, ids)?.seen)
}

/// Of these ids those whose objects exist, seen or not.
pub fn existing(
    gate: &mut Client<'_>,
    kind: Kind,
    ids: &[i64],
) -> Result<BTreeSet<i64>, CallError> {
    let Look { seen, unseen } = look(gate, kind, ids)?;
    Ok(seen.into_keys().chain(unseen.into_keys()).collect())
}

/// What the lists show, and the cards that spoil every list that shows them.
struct Listing {
    seen: BTreeMap<i64, Object>,
    spoiled: BTreeMap<i64, String>,
}

/// The objects of these ids, and those that spoil every list that shows them.
fn listed_by_id(gate: &mut Client<'_>, kind: Kind, ids: &[i64]) -> Result<Listing, CallError> {
    let of = |ids: &[i64]| of_ids(kind, ids, &json!(select(kind)));
    let questions = ids.chunks(FILTER_CHUNK).map(of).collect();
    let answers = ask_in_parts(gate, kind, questions, |command, reply| {
        list_reply(command, reply, |page| rows(kind, page))
    })?;
    let mut found = BTreeMap::new();
    for (_, page) in answers.read {
        // Fewer ids than a page holds were asked for, so this is all there is, in whatever order.
        if !page.iter().all(|object| ids.contains(&object.crm_id)) {
            return Err(not_filtered(kind));
        }
        found.extend(page.into_iter().map(|object| (object.crm_id, object)));
    }
    Ok(Listing { seen: found, spoiled: spoiled_ids(answers.spoiled) })
}

/// The question for objects by their ids.
fn of_ids(kind: Kind, ids: &[i64], select: &Value) -> Question {
    let ids = ids.iter().copied().map(Value::from).collect();
    Question::list(kind, &json!({}), Scope::Values("@ID", ids), select)
}

/// The question for objects by their origins.
fn of_origins(kind: Kind, originator: &str, origins: &[Value]) -> Question {
    let scope = Scope::Values("@ORIGIN_ID", origins.to_vec());
    Question::list(kind, &json!({"ORIGINATOR_ID": originator}), scope, &json!(select(kind)))
}

pub(crate) fn spoiled_ids(spoiled: Vec<(Question, Message)>) -> BTreeMap<i64, String> {
    let mut ids = BTreeMap::new();
    for (question, reason) in spoiled {
        let single = match question.scope {
            Scope::Values(_, values) => values.first().and_then(Value::as_i64),
            Scope::Range(range) => Some(range.upto),
            Scope::Card(crm_id) => Some(crm_id),
        };
        ids.extend(single.map(|crm_id| (crm_id, reason.to_string())));
    }
    ids
}

/// Of these ids those that the lists did not show whose objects exist all the same; `spoiled` are
/// known to. A list leaves an object that the user may not see out as if it were gone;
/// `crm.item.get` looks for it before it looks at the user's rights.
fn unseen<T>(
    gate: &mut Client<'_>,
    kind: Kind,
    ids: impl IntoIterator<Item = i64>,
    seen: &BTreeMap<i64, T>,
    spoiled: BTreeMap<i64, String>,
) -> Result<BTreeMap<i64, Unseen>, CallError> {
    // Several records may share an object.
    let ids: BTreeSet<i64> =
        ids.into_iter().filter(|id| !seen.contains_key(id) && !spoiled.contains_key(id)).collect();
    let one = |id: i64| Question::universal("crm.item.get", json!({}), kind, Scope::Card(id));
    let answers = ask_in_parts(gate, kind, ids.into_iter().map(one).collect(), card_reply)?;
    let mut unseen = BTreeMap::new();
    for (question, found) in answers.read {
        let Scope::Card(crm_id) = question.scope else { continue };
        unseen.extend(found.into_iter().map(|why| (crm_id, why)));
    }
    let unreadable = spoiled.into_iter().chain(spoiled_ids(answers.spoiled));
    unseen.extend(unreadable.map(|(crm_id, reason)| (crm_id, Unseen::Unreadable(reason.into()))));
    Ok(unseen)
}

/// What `crm.item.get` says of an object that no list showed. Only a refusal of rights is a matter
/// of rights.
fn card_reply(command: &Command, reply: Option<Reply>) -> Result<Reading<Unseen>, CallError> {
    Ok(match reply {
        Some(Reply::Err(refusal)) if refusal.code.eq_ignore_ascii_case("NOT_FOUND") => {
            Reading::Rows(Vec::new())
        }
        Some(Reply::Err(refusal)) if refusal.is_access_denied() => {
            Reading::Rows(vec![Unseen::Denied])
        }
        reply => match result(command, reply)? {
            Ok(_) => Reading::Rows(vec![Unseen::Unreadable(CrmMessage::NotListed.into())]),
            Err(refusal) => Reading::Spoiled(refusal.message()),
        },
    })
}

/// What was found by the marks of some records.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Marked {
    /// The objects that carry a record's mark, the lowest id first.
    pub found: BTreeMap<RecordId, Vec<i64>>,
    /// The records of which the portal cannot say it, and why: a card of theirs spoils every list.
    pub unclear: BTreeMap<RecordId, String>,
}

/// The objects that carry our origin for these records.
pub fn by_origin(
    gate: &mut Client<'_>,
    kind: Kind,
    originator: &str,
    ids: &[RecordId],
) -> Result<Marked, CallError> {
    let wanted: BTreeMap<String, &RecordId> = ids.iter().map(|id| (id.to_string(), id)).collect();
    let origins: Vec<Value> = wanted.keys().map(|origin| Value::from(origin.as_str())).collect();
    let of = |origins: &[Value]| of_origins(kind, originator, origins);
    let mut marked = Marked::default();
    let mut open: Vec<Question> = origins.chunks(FILTER_CHUNK).map(of).collect();
    while !open.is_empty() {
        let answers = ask_in_parts(gate, kind, std::mem::take(&mut open), |command, reply| {
            list_reply(command, reply, |page| rows(kind, page))
        })?;
        for (question, reason) in answers.spoiled {
            let Scope::Values(_, origins) = question.scope else { continue };
            let origin = origins.first().and_then(Value::as_str).unwrap_or_default();
            marked.unclear.extend(wanted.get(origin).map(|id| ((*id).clone(), reason.to_string())));
        }
        for (question, page) in answers.read {
            if !is_read_to_its_end(question.above(), &page) {
                return Err(not_filtered(kind));
            }
            if let Some(last) = page.last().filter(|_| page.len() >= PAGE) {
                open.push(question.behind(last.crm_id));
            }
            note_origins(&mut marked, kind, originator, &wanted, &page)?;
        }
    }
    Ok(marked)
}

/// Notes which cards of a page carry the marks that were asked for, the lowest id first.
fn note_origins(
    marked: &mut Marked,
    kind: Kind,
    originator: &str,
    wanted: &BTreeMap<String, &RecordId>,
    page: &[Object],
) -> Result<(), CallError> {
    for object in page {
        if !equal_under_collation(&object.originator, originator) || object.origin.is_empty() {
            return Err(not_filtered(kind));
        }
        // The portal compares without regard to case; two ids of Ecvi may differ in nothing else.
        if let Some(id) = wanted.get(&object.origin).filter(|_| object.originator == originator) {
            let found = marked.found.entry((*id).clone()).or_default();
            // A card that a list shows twice is one card.
            if let Err(place) = found.binary_search(&object.crm_id) {
                found.insert(place, object.crm_id);
            }
        }
    }
    Ok(())
}

/// Whether a page lies behind `above`, and is the last one or can be followed by the next. The
/// order of its rows matters only where there is a next page: some portals ignore the order that
/// they are asked for.
fn is_read_to_its_end(above: i64, page: &[Object]) -> bool {
    if page.len() < PAGE {
        page.iter().all(|object| object.crm_id > above)
    } else {
        is_next_page(above, page)
    }
}

/// Whether a page begins behind `above` and rises: without that its successors would be asked for
/// for ever.
pub(crate) fn is_next_page(above: i64, page: &[Object]) -> bool {
    page.first().is_none_or(|first| first.crm_id > above)
        && page.windows(2).all(|pair| pair[0].crm_id < pair[1].crm_id)
}

/// Whether the portal's database takes the two marks for one: it knows neither case nor blanks at
/// the end.
pub(crate) fn equal_under_collation(found: &str, asked: &str) -> bool {
    found.trim_end().to_lowercase() == asked.trim_end().to_lowercase()
}

/// The results of questions, in their order, where each may be refused by itself.
pub(crate) fn query_each(
    gate: &mut Client<'_>,
    commands: &[Command],
) -> Result<Vec<Result<Value, ApiError>>, CallError> {
    let mut replies = gate.read_batch(commands)?;
    commands.iter().map(|command| result(command, replies.remove(&command.name))).collect()
}

/// What a question was answered with.
fn result(command: &Command, reply: Option<Reply>) -> Result<Result<Value, ApiError>, CallError> {
    match reply {
        Some(Reply::Ok(value)) => Ok(Ok(value)),
        // Without the right to ask an administrator must act; any other refusal is this question's.
        Some(Reply::Err(refusal))
            if refusal.class() == ErrorClass::Record && !refusal.is_access_denied() =>
        {
            Ok(Err(refusal))
        }
        Some(Reply::Err(refusal)) => Err(CallError::Refused(refusal)),
        Some(Reply::Missing) | None => {
            Err(CallError::unknown_outcome(format!("{} was not answered", command.method)))
        }
    }
}

fn select(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Guest => &["ID", "ORIGINATOR_ID", "ORIGIN_ID", "LAST_NAME", "NAME", "PHONE", "EMAIL"],
        Kind::Company => &["ID", "ORIGINATOR_ID", "ORIGIN_ID", "TITLE", "PHONE", "EMAIL"],
        Kind::Booking => &["ID", "ORIGINATOR_ID", "ORIGIN_ID", "TITLE", "CATEGORY_ID"],
    }
}

pub(crate) fn rows(kind: Kind, page: &Value) -> Result<Vec<Object>, CallError> {
    let rows = page
        .as_array()
        .ok_or_else(|| CallError::unknown_outcome(format!("a list of {kind}s is no list")))?;
    rows.iter()
        .map(|row| {
            object(row)
                .ok_or_else(|| CallError::unknown_outcome(format!("a {kind} that cannot be read")))
        })
        .collect()
}

/// None where a value has another type than it ever has: taken for nothing it would be a mark or a
/// phone that the object does not have, and the next step would build on that.
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

/// Legacy methods answer in texts, but not for ever and not everywhere; what is empty comes as null
/// or not at all.
fn text(row: &Map<String, Value>, key: &str) -> Option<String> {
    match row.get(key) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        Some(Value::Null) | None => Some(String::new()),
        Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => None,
    }
}

fn multifield(row: &Map<String, Value>, key: &str) -> Option<Vec<MultifieldRow>> {
    let rows: Vec<&Value> = match row.get(key) {
        Some(Value::Array(rows)) => rows.iter().collect(),
        // A list of PHP with gaps.
        Some(Value::Object(rows)) => rows.values().collect(),
        Some(Value::Null) | None => Vec::new(),
        Some(Value::String(text)) if text.is_empty() => Vec::new(),
        Some(Value::String(_) | Value::Number(_) | Value::Bool(_)) => return None,
    };
    rows.into_iter().map(multifield_row).collect()
}

fn multifield_row(row: &Value) -> Option<MultifieldRow> {
    let row = row.as_object()?;
    let is_whole = row.contains_key("ID") && row.contains_key("VALUE");
    is_whole.then_some(MultifieldRow {
        id: text(row, "ID")?,
        value: text(row, "VALUE")?,
        value_type: text(row, "VALUE_TYPE")?,
    })
}

pub(crate) fn not_filtered(kind: Kind) -> CallError {
    CallError::unknown_outcome(format!(
        "crm.{}.list answered with objects that were not asked for",
        kind.crm_entity()
    ))
}

#[cfg(test)]
mod tests;
