//! Objects with the values of their fields, as a portal reads them back: for an audit and for a dry
//! run.
//!
//! The list of deals does not have their contacts; the universal list does.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{
    FILTER_CHUNK, Object, Unseen, json_ids, not_filtered, object, of_ids, spoiled_ids, unreadable,
    unseen,
};
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
    /// The fields that every list asks for.
    pub object: Object,
    /// The fields that were asked for, by the portal's names.
    pub fields: Map<String, Value>,
}

/// What was found of some cards, by id. A card that is in neither map does not exist.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Cards {
    /// Those that the lists show.
    pub seen: BTreeMap<i64, ObjectWithFields>,
    /// Those that exist, though no list shows them.
    pub unseen: BTreeMap<i64, Unseen>,
}

/// The objects that exist, of these ids, with these fields.
pub fn cards(
    client: &mut Client<'_>,
    kind: Kind,
    ids: &[i64],
    fields: &BTreeSet<String>,
) -> Result<Cards, CallError> {
    let mut select = fields.clone();
    select.extend(super::select(kind).iter().map(|name| (*name).to_owned()));
    let select = json!(select);
    let questions = ids.chunks(FILTER_CHUNK).map(|ids| of_ids(kind, ids, &select)).collect();
    let answers = ask_in_parts(client, kind, questions, |command, reply| {
        list_reply(command, reply, |page| rows(kind, page))
    })?;
    let mut seen = BTreeMap::new();
    for (_, page) in answers.read {
        for card in page {
            if !ids.contains(&card.object.crm_id) {
                return Err(not_filtered(kind));
            }
            seen.insert(card.object.crm_id, card);
        }
    }
    if kind == Kind::Booking && fields.contains(CONTACTS) {
        add_people(client, &mut seen)?;
    }
    let unseen = unseen(client, kind, ids, &seen, spoiled_ids(answers.spoiled))?;
    Ok(Cards { seen, unseen })
}

fn rows(kind: Kind, page: &Value) -> Result<Vec<ObjectWithFields>, CallError> {
    let mut cards = Vec::new();
    for row in page.as_array().into_iter().flatten() {
        let object = object(row).ok_or_else(|| unreadable(kind))?;
        let fields = row.as_object().cloned().unwrap_or_default();
        cards.push(ObjectWithFields { object, fields });
    }
    Ok(cards)
}

/// Adds the contacts of deals to their fields, where the portal tells them.
fn add_people(
    client: &mut Client<'_>,
    cards: &mut BTreeMap<i64, ObjectWithFields>,
) -> Result<(), CallError> {
    let ids: Vec<i64> = cards.keys().copied().collect();
    let questions = ids.chunks(FILTER_CHUNK).map(people).collect();
    let answers = ask_in_parts(client, Kind::Booking, questions, |command, reply| {
        list_reply(command, reply.map(items_of), |items| {
            Ok(items.as_array().cloned().unwrap_or_default())
        })
    })?;
    for (_, items) in answers.read {
        for item in items {
            add_contacts(cards, &item);
        }
    }
    Ok(())
}

/// The universal list has its rows under `items`.
fn items_of(reply: Reply) -> Reply {
    match reply {
        Reply::Ok(mut value) => {
            Reply::Ok(value.get_mut("items").map(Value::take).unwrap_or_default())
        }
        Reply::Err(_) | Reply::Missing => reply,
    }
}

fn people(ids: &[i64]) -> Question {
    let params = json!({
        "filter": {},
        "order": {"id": "ASC"},
        "select": ["id", "contactId", "contactIds"],
        "start": -1,
    });
    let scope = Scope::Values("@id", json_ids(ids));
    Question::universal("crm.item.list", params, Kind::Booking, scope)
}

/// Sets the contacts of a deal, the primary one first, where the item has them.
fn add_contacts(cards: &mut BTreeMap<i64, ObjectWithFields>, item: &Value) {
    let Some(card) = item.get("id").and_then(object_id).and_then(|id| cards.get_mut(&id)) else {
        return;
    };
    let Some(Value::Array(all)) = item.get("contactIds") else { return };
    let mut contacts: Vec<i64> = all.iter().filter_map(object_id).collect();
    if !contacts.is_empty() {
        let primary = item.get("contactId").and_then(object_id).unwrap_or(0);
        contacts.retain(|id| *id != primary);
        contacts.insert(0, primary);
    }
    card.fields.insert(CONTACTS.into(), contacts.into());
}
