//! Objects with the values of their fields, as a portal reads them back: for an audit and for a dry
//! run.
//!
//! The people of a deal are no field of its list; the universal list knows them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{FILTER_CHUNK, Object, Unseen, not_filtered, object, of_ids, spoiled_ids, unseen};
use crate::crm::objects::spoiled_lists::{Question, Scope, ask_in_parts, list_reply};
use crate::domain::record::Kind;
use crate::portal::batch::Reply;
use crate::portal::client::Client;
use crate::portal::{CallError, object_id};

/// The field that holds a deal's people, the primary one first.
const CONTACTS: &str = "CONTACT_IDS";

/// An object and its fields.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ObjectWithFields {
    /// What is always read.
    pub object: Object,
    /// The fields that were asked for, by the portal's names.
    pub fields: Map<String, Value>,
}

/// What a look at some cards found; what is in neither map does not exist.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Cards {
    /// Those that the lists show.
    pub seen: BTreeMap<i64, ObjectWithFields>,
    /// Those that exist all the same.
    pub unseen: BTreeMap<i64, Unseen>,
}

/// The objects that exist, of these ids, with these fields.
pub fn cards(
    gate: &mut Client<'_>,
    kind: Kind,
    ids: &[i64],
    fields: &BTreeSet<String>,
) -> Result<Cards, CallError> {
    let fixed = super::select(kind).iter().map(|name| (*name).to_owned());
    let select: BTreeSet<String> = fixed.chain(fields.iter().cloned()).collect();
    let questions = ids.chunks(FILTER_CHUNK).map(|ids| of_ids(kind, ids, &json!(select))).collect();
    let answers = ask_in_parts(gate, kind, questions, |command, reply| {
        list_reply(command, reply, |page| rows(kind, page))
    })?;
    let mut seen = BTreeMap::new();
    for card in answers.read.into_iter().flat_map(|(_, page)| page) {
        if !ids.contains(&card.object.crm_id) {
            return Err(not_filtered(kind));
        }
        seen.insert(card.object.crm_id, card);
    }
    if kind == Kind::Booking && fields.contains(CONTACTS) {
        add_people(gate, &mut seen)?;
    }
    let spoiled = spoiled_ids(answers.spoiled);
    let unseen = unseen(gate, kind, ids.iter().copied(), &seen, spoiled)?;
    Ok(Cards { seen, unseen })
}

fn rows(kind: Kind, page: &Value) -> Result<Vec<ObjectWithFields>, CallError> {
    let unreadable = || CallError::unknown_outcome(format!("a {kind} that cannot be read"));
    items(page).map(|row| card(row).ok_or_else(unreadable)).collect()
}

fn items(page: &Value) -> impl Iterator<Item = &Value> {
    page.as_array().into_iter().flatten()
}

/// The people of deals, of which the portal may say nothing.
fn add_people(
    gate: &mut Client<'_>,
    cards: &mut BTreeMap<i64, ObjectWithFields>,
) -> Result<(), CallError> {
    let ids: Vec<i64> = cards.keys().copied().collect();
    let answers = ask_in_parts(
        gate,
        Kind::Booking,
        ids.chunks(FILTER_CHUNK).map(people).collect(),
        |command, reply| {
            let reply = reply.map(|reply| match reply {
                Reply::Ok(mut value) => {
                    Reply::Ok(value.get_mut("items").map(Value::take).unwrap_or_default())
                }
                other => other,
            });
            list_reply(command, reply, |page| Ok(items(page).cloned().collect()))
        },
    )?;
    for item in answers.read.iter().flat_map(|(_, items)| items) {
        add_contacts(cards, item);
    }
    Ok(())
}

fn people(ids: &[i64]) -> Question {
    let params = json!({
        "filter": {}, "order": {"id": "ASC"}, "select": ["id", "contactId", "contactIds"], "start": -1,
    });
    let ids = ids.iter().copied().map(Value::from).collect();
    Question::universal("crm.item.list", params, Kind::Booking, Scope::Values("@id", ids))
}

fn card(row: &Value) -> Option<ObjectWithFields> {
    Some(ObjectWithFields { object: object(row)?, fields: row.as_object()?.clone() })
}

/// A portal that does not tell a deal's people says nothing of them.
fn add_contacts(cards: &mut BTreeMap<i64, ObjectWithFields>, item: &Value) {
    let card = item.get("id").and_then(object_id).and_then(|id| cards.get_mut(&id));
    let (Some(card), Some(Value::Array(all))) = (card, item.get("contactIds")) else { return };
    let primary = item.get("contactId").and_then(object_id).unwrap_or(0);
    let all: Vec<i64> = all.iter().filter_map(object_id).collect();
    let first = (!all.is_empty()).then_some(primary);
    let others = all.iter().copied().filter(|id| *id != primary);
    card.fields.insert(CONTACTS.into(), first.into_iter().chain(others).collect());
}
