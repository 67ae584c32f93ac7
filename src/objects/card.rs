//! Objects with the values of their fields, as a portal reads them back: for an audit and for a dry run.
//!
//! The people of a deal are no field of its list; the universal list knows them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{ASKED, Object, ask, not_filtered, object};
use crate::portal::batch::Command;
use crate::portal::gate::Gate;
use crate::portal::{CallError, object_id};
use crate::record::Kind;

/// The field that holds a deal's people, the primary one first.
const CONTACTS: &str = "CONTACT_IDS";

/// An object and its fields.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Card {
    /// What is always read.
    pub object: Object,
    /// The fields that were asked for, by the portal's names.
    pub fields: Map<String, Value>,
}

/// The objects that exist, of these ids, with these fields.
pub fn cards(
    gate: &mut Gate<'_>,
    kind: Kind,
    ids: &[i64],
    fields: &BTreeSet<String>,
) -> Result<BTreeMap<i64, Card>, CallError> {
    let mut cards = BTreeMap::new();
    for page in ask(gate, &commands(ids, |ids| list(kind, ids, fields)))? {
        for row in items(&page, "crm list")? {
            let card = card(row).filter(|card| ids.contains(&card.object.crm_id));
            let card = card.ok_or_else(|| not_filtered(kind))?;
            cards.insert(card.object.crm_id, card);
        }
    }
    if kind == Kind::Booking && fields.contains(CONTACTS) {
        let alive: Vec<i64> = cards.keys().copied().collect();
        for page in ask(gate, &commands(&alive, people))? {
            for item in items(page.get("items").unwrap_or(&Value::Null), "crm.item.list")? {
                add_people(&mut cards, item);
            }
        }
    }
    Ok(cards)
}

/// A command for each page of ids.
fn commands(ids: &[i64], command: impl Fn(&[i64]) -> (String, Value)) -> Vec<Command> {
    let chunks = ids.chunks(ASKED).enumerate();
    chunks
        .map(|(at, ids)| {
            let (method, params) = command(ids);
            Command::new(format!("q{at}"), method, params)
        })
        .collect()
}

fn list(kind: Kind, ids: &[i64], fields: &BTreeSet<String>) -> (String, Value) {
    let fixed = super::select(kind).iter().map(|name| (*name).to_owned());
    let select: BTreeSet<String> = fixed.chain(fields.iter().cloned()).collect();
    let params = json!({"filter": {"@ID": ids}, "order": {"ID": "ASC"}, "select": select, "start": -1});
    (format!("crm.{}.list", kind.entity()), params)
}

fn people(ids: &[i64]) -> (String, Value) {
    let params = json!({
        "entityTypeId": Kind::Booking.entity_type_id(), "filter": {"@id": ids}, "order": {"id": "ASC"},
        "select": ["id", "contactId", "contactIds"], "start": -1,
    });
    ("crm.item.list".to_owned(), params)
}

fn items<'p>(page: &'p Value, method: &str) -> Result<&'p Vec<Value>, CallError> {
    page.as_array().ok_or_else(|| CallError::Lost(format!("{method} answered with no list")))
}

fn card(row: &Value) -> Option<Card> {
    Some(Card { object: object(row)?, fields: row.as_object()?.clone() })
}

/// A portal that does not tell a deal's people says nothing of them.
fn add_people(cards: &mut BTreeMap<i64, Card>, item: &Value) {
    let card = item.get("id").and_then(object_id).and_then(|id| cards.get_mut(&id));
    let (Some(card), Some(Value::Array(all))) = (card, item.get("contactIds")) else { return };
    let primary = item.get("contactId").and_then(object_id).unwrap_or(0);
    let all: Vec<i64> = all.iter().filter_map(object_id).collect();
    let first = (!all.is_empty()).then_some(primary);
    let others = all.iter().copied().filter(|id| *id != primary);
    card.fields.insert(CONTACTS.into(), first.into_iter().chain(others).collect());
}
