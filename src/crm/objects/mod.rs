//! Objects of the portal: found by their id, by the origin that we wrote, by phone and e-mail.
//!
//! Nothing here changes an object. No list is asked for with an empty filter, and every answer is
//! checked: a portal drops a filter that it does not understand and answers with everything
//! (docs/bitrix24.md, Lists).

pub mod card;
pub mod first_look;
pub(crate) mod spoiled_lists;
mod stored;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use icu_normalizer::DecomposingNormalizer;
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
/// Signs above and below a letter, once it is taken apart.
const ACCENTS: RangeInclusive<char> = '\u{300}'..='\u{36f}';

/// No object has this id, nor a higher one: the portal's numbers stay exact in JSON.
pub(crate) const UNREACHED: i64 = (1 << 53) - 1;

/// Asked for in every list. A row without them would look like an object that has no origin.
pub(crate) const MARKS: [&str; 2] = ["ORIGINATOR_ID", "ORIGIN_ID"];

/// An object of the portal.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Object {
    /// `ID` in the portal.
    pub crm_id: i64,
    /// `ORIGINATOR_ID`: the program that created it, empty for people.
    pub originator: String,
    /// `ORIGIN_ID`: the Ecvi id, where it is ours.
    pub origin: String,
    /// `LAST_NAME` of a contact, `TITLE` of the others.
    pub name: String,
    /// `NAME` of a contact.
    pub first_name: String,
    /// `CATEGORY_ID`: the funnel of a deal.
    pub category: u64,
    /// The rows of `PHONE`.
    pub phones: Vec<MultifieldRow>,
    /// The rows of `EMAIL`.
    pub emails: Vec<MultifieldRow>,
}

/// What was found of some objects, by id. An object that is in neither map does not exist.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Look {
    /// Those that the lists show.
    pub seen: BTreeMap<i64, Object>,
    /// Those that exist, though no list shows them.
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
    /// The failure code of a record whose card is like this.
    pub fn code(&self) -> FailureCode {
        match self {
            Unseen::Denied => FailureCode::AccessDenied,
            Unseen::Unreadable(_) => FailureCode::CardUnreadable,
        }
    }

    /// The object's id, and what the portal said of it.
    pub fn message(&self, crm_id: i64) -> String {
        match self {
            Unseen::Denied => crm_id.to_string(),
            Unseen::Unreadable(reason) => format!("{crm_id}: {reason}"),
        }
    }
}

/// Looks at the objects of these ids.
pub fn look(client: &mut Client<'_>, kind: Kind, ids: &[i64]) -> Result<Look, CallError> {
    let Listing { seen, spoiled } = listed_by_id(client, kind, ids)?;
    let unseen = unseen(client, kind, ids, &seen, spoiled)?;
    Ok(Look { seen, unseen })
}

/// The objects of these ids that the lists show.
pub fn by_id(
    client: &mut Client<'_>,
    kind: Kind,
    ids: &[i64],
) -> Result<BTreeMap<i64, Object>, CallError> {
    Ok(listed_by_id(client, kind, ids)?.seen)
}

/// The ids whose objects exist, whether a list shows them or not.
pub fn existing(
    client: &mut Client<'_>,
    kind: Kind,
    ids: &[i64],
) -> Result<BTreeSet<i64>, CallError> {
    let Look { seen, unseen } = look(client, kind, ids)?;
    Ok(seen.into_keys().chain(unseen.into_keys()).collect())
}

/// Objects by id, and the cards that spoil every list that shows them, with the reason.
struct Listing {
    seen: BTreeMap<i64, Object>,
    spoiled: BTreeMap<i64, String>,
}

fn listed_by_id(client: &mut Client<'_>, kind: Kind, ids: &[i64]) -> Result<Listing, CallError> {
    let select = json!(select(kind));
    let questions = ids.chunks(FILTER_CHUNK).map(|ids| of_ids(kind, ids, &select)).collect();
    let answers = ask_in_parts(client, kind, questions, |command, reply| {
        list_reply(command, reply, |page| rows(kind, page))
    })?;
    let mut seen = BTreeMap::new();
    // Fewer ids than a page holds were asked for, so one page has all of them, in any order.
    for (_, page) in answers.read {
        for object in page {
            if !ids.contains(&object.crm_id) {
                return Err(not_filtered(kind));
            }
            seen.insert(object.crm_id, object);
        }
    }
    Ok(Listing { seen, spoiled: spoiled_ids(answers.spoiled) })
}

/// The question for objects by their ids.
fn of_ids(kind: Kind, ids: &[i64], select: &Value) -> Question {
    Question::list(kind, &json!({}), Scope::Values("@ID", json_ids(ids)), select)
}

fn json_ids(ids: &[i64]) -> Vec<Value> {
    ids.iter().map(|id| Value::from(*id)).collect()
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
        if let Some(crm_id) = single {
            ids.insert(crm_id, reason.to_string());
        }
    }
    ids
}

/// The objects of these ids that exist, though no list showed them; those in `spoiled` are known to
/// exist. A list leaves out an object that the user may not see, as if it were gone; `crm.item.get`
/// looks for it before it looks at the user's rights.
fn unseen<T>(
    client: &mut Client<'_>,
    kind: Kind,
    ids: &[i64],
    seen: &BTreeMap<i64, T>,
    mut spoiled: BTreeMap<i64, String>,
) -> Result<BTreeMap<i64, Unseen>, CallError> {
    // Several records may share an object.
    let ids: BTreeSet<i64> = ids.iter().copied().collect();
    let mut questions = Vec::new();
    for id in ids {
        if !seen.contains_key(&id) && !spoiled.contains_key(&id) {
            let scope = Scope::Card(id);
            questions.push(Question::universal("crm.item.get", json!({}), kind, scope));
        }
    }
    let answers = ask_in_parts(client, kind, questions, card_reply)?;
    let mut unseen = BTreeMap::new();
    for (question, mut found) in answers.read {
        let Scope::Card(crm_id) = question.scope else { continue };
        if let Some(reason) = found.pop() {
            unseen.insert(crm_id, reason);
        }
    }
    spoiled.extend(spoiled_ids(answers.spoiled));
    for (crm_id, reason) in spoiled {
        unseen.insert(crm_id, Unseen::Unreadable(reason.into()));
    }
    Ok(unseen)
}

/// What `crm.item.get` says of an object that no list showed: none where it does not exist.
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

/// What was found by the origins of some records.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Marked {
    /// The objects that have a record's origin, the lowest id first.
    pub found: BTreeMap<RecordId, Vec<i64>>,
    /// Records for which the portal gives no answer, and why: a card of theirs spoils every list.
    pub unclear: BTreeMap<RecordId, String>,
}

/// The objects that carry our origin for these records.
pub fn by_origin(
    client: &mut Client<'_>,
    kind: Kind,
    originator: &str,
    ids: &[RecordId],
) -> Result<Marked, CallError> {
    let wanted: BTreeMap<String, &RecordId> = ids.iter().map(|id| (id.to_string(), id)).collect();
    let origins: Vec<Value> = wanted.keys().map(|origin| Value::from(origin.as_str())).collect();
    let mut marked = Marked::default();
    let mut open = Vec::new();
    for origins in origins.chunks(FILTER_CHUNK) {
        open.push(of_origins(kind, originator, origins));
    }
    while !open.is_empty() {
        let answers = ask_in_parts(client, kind, std::mem::take(&mut open), |command, reply| {
            list_reply(command, reply, |page| rows(kind, page))
        })?;
        for (question, reason) in answers.spoiled {
            let origin = question.values().first().and_then(Value::as_str).unwrap_or_default();
            if let Some(id) = wanted.get(origin) {
                marked.unclear.insert((*id).clone(), reason.to_string());
            }
        }
        for (question, page) in answers.read {
            if !is_read_to_its_end(question.above(), &page) {
                return Err(not_filtered(kind));
            }
            if let Some(last) = page.last()
                && page.len() >= PAGE
            {
                open.push(question.behind(last.crm_id));
            }
            note_origins(&mut marked, kind, originator, &wanted, &page)?;
        }
    }
    Ok(marked)
}

/// Notes which cards of a page have the origins that were asked for, the lowest id first.
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
        // The portal compares without regard to case, but two ids of Ecvi may differ in case alone.
        if object.originator != originator {
            continue;
        }
        let Some(id) = wanted.get(&object.origin) else { continue };
        let found = marked.found.entry((*id).clone()).or_default();
        // A list may show one card twice.
        if let Err(place) = found.binary_search(&object.crm_id) {
            found.insert(place, object.crm_id);
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

/// Whether a page begins behind `above` and its ids rise: else asking for the next page might never
/// end.
pub(crate) fn is_next_page(above: i64, page: &[Object]) -> bool {
    page.first().is_none_or(|first| first.crm_id > above)
        && page.windows(2).all(|pair| pair[0].crm_id < pair[1].crm_id)
}

/// Whether two texts may be equal to the portal's database, which ignores case, accents and blanks
/// at the end.
pub(crate) fn equal_under_collation(found: &str, asked: &str) -> bool {
    base_letters(found) == base_letters(asked)
}

fn base_letters(text: &str) -> String {
    let decomposed = DecomposingNormalizer::new_nfkd().normalize(text.trim_end());
    let letters = decomposed.chars().filter(|letter| !ACCENTS.contains(letter));
    letters.flat_map(char::to_lowercase).collect()
}

/// The results of questions, in their order, where each may be refused by itself.
pub(crate) fn query_each(
    client: &mut Client<'_>,
    commands: &[Command],
) -> Result<Vec<Result<Value, ApiError>>, CallError> {
    let mut replies = client.read_batch(commands)?;
    commands.iter().map(|command| result(command, replies.remove(&command.name))).collect()
}

/// The answer of one question.
fn result(command: &Command, reply: Option<Reply>) -> Result<Result<Value, ApiError>, CallError> {
    match reply {
        Some(Reply::Ok(value)) => Ok(Ok(value)),
        // Without the right to ask, an administrator must act. Any other refusal concerns only this
        // question.
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
    let Some(rows) = page.as_array() else {
        return Err(CallError::unknown_outcome(format!("a list of {kind}s is no list")));
    };
    let mut objects = Vec::new();
    for row in rows {
        objects.push(object(row).ok_or_else(|| unreadable(kind))?);
    }
    Ok(objects)
}

fn unreadable(kind: Kind) -> CallError {
    CallError::unknown_outcome(format!("a {kind} that cannot be read"))
}

/// None where a value has an unknown type. Read as empty, it would be an origin or a phone that the
/// object does not have, and the next step would rely on that.
fn object(row: &Value) -> Option<Object> {
    let row = row.as_object()?;
    if !MARKS.iter().all(|mark| row.contains_key(*mark)) {
        return None;
    }
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

/// Legacy methods answer with texts, but some portals send numbers. An empty value comes as null or
/// not at all.
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
        // PHP writes a list with gaps as an object.
        Some(Value::Object(rows)) => rows.values().collect(),
        Some(Value::Null) | None => Vec::new(),
        Some(Value::String(text)) if text.is_empty() => Vec::new(),
        Some(Value::String(_) | Value::Number(_) | Value::Bool(_)) => return None,
    };
    rows.into_iter().map(multifield_row).collect()
}

fn multifield_row(row: &Value) -> Option<MultifieldRow> {
    let row = row.as_object()?;
    if !row.contains_key("ID") || !row.contains_key("VALUE") {
        return None;
    }
    Some(MultifieldRow {
        id: text(row, "ID")?,
        value: text(row, "VALUE")?,
        value_type: text(row, "VALUE_TYPE")?,
    })
}

pub(crate) fn not_filtered(kind: Kind) -> CallError {
    let method = kind.method("list");
    CallError::unknown_outcome(format!("{method} answered with objects that were not asked for"))
}

#[cfg(test)]
mod tests;
