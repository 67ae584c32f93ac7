//! Many questions in one request: by id and by origin, of all kinds together.
//!
//! Only clear answers count. An object that is not shown, or that spoils its list, is asked for
//! again by itself.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::spoiled_lists::Question;
use super::{
    FILTER_CHUNK, Marked, Object, PAGE, is_read_to_its_end, not_filtered, note_origins, of_ids,
    of_origins, rows, select,
};
use crate::domain::per_kind::PerKind;
use crate::domain::record::{Kind, RecordId, RecordKey};
use crate::portal::CallError;
use crate::portal::batch::Reply;
use crate::portal::client::Client;

/// The objects to ask for.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Wanted {
    /// Objects by their ids.
    pub ids: PerKind<BTreeSet<i64>>,
    /// Records that may have objects under their origin.
    pub origins: PerKind<BTreeSet<RecordId>>,
}

impl Wanted {
    /// How many lists it takes at least.
    pub fn questions(&self) -> usize {
        let ids = self.ids.values().filter(|ids| !ids.is_empty()).count();
        ids + self.origins.values().filter(|origins| !origins.is_empty()).count()
    }
}

/// What the answers say.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct FirstLook {
    /// The objects that exist.
    pub objects: BTreeMap<(Kind, i64), Object>,
    /// For each record that was answered for, the objects that carry its origin.
    pub origins: BTreeMap<RecordKey, Vec<i64>>,
}

/// A question, and what it is about.
struct Asked<'w> {
    kind: Kind,
    origins: Option<Vec<&'w RecordId>>,
    question: Question,
}

/// Asks for all of it in one request, or in as many as it needs.
pub fn first_look(
    client: &mut Client<'_>,
    originator: &str,
    wanted: &Wanted,
) -> Result<FirstLook, CallError> {
    let mut asked = Vec::new();
    for kind in Kind::SEND_ORDER {
        let ids: Vec<i64> = wanted.ids[kind].iter().copied().collect();
        for ids in ids.chunks(FILTER_CHUNK) {
            let question = of_ids(kind, ids, &json!(select(kind)));
            asked.push(Asked { kind, origins: None, question });
        }
        let origins: Vec<&RecordId> = wanted.origins[kind].iter().collect();
        for origins in origins.chunks(FILTER_CHUNK) {
            let texts: Vec<Value> = origins.iter().map(|id| id.to_string().into()).collect();
            let question = of_origins(kind, originator, &texts);
            asked.push(Asked { kind, origins: Some(origins.to_vec()), question });
        }
    }
    let mut commands = Vec::new();
    for (at, asked) in asked.iter().enumerate() {
        commands.push(asked.question.command(format!("q{at}")));
    }
    let mut look = FirstLook::default();
    let mut replies = match client.read_batch(&commands) {
        // One card may spoil the whole answer. The later question about that card finds it.
        Err(CallError::UnknownOutcome { .. }) => return Ok(look),
        replies => replies?,
    };
    for (command, asked) in commands.iter().zip(&asked) {
        if let Some(Reply::Ok(page)) = replies.remove(&command.name)
            && page.is_array()
        {
            look.note(originator, asked, rows(asked.kind, &page)?)?;
        }
    }
    Ok(look)
}

impl FirstLook {
    fn note(
        &mut self,
        originator: &str,
        asked: &Asked<'_>,
        page: Vec<Object>,
    ) -> Result<(), CallError> {
        let kind = asked.kind;
        let Some(origins) = &asked.origins else {
            let ids = asked.question.values();
            if !page.iter().all(|object| ids.contains(&object.crm_id.into())) {
                return Err(not_filtered(kind));
            }
            for object in page {
                self.objects.insert((kind, object.crm_id), object);
            }
            return Ok(());
        };
        if !is_read_to_its_end(0, &page) {
            return Err(not_filtered(kind));
        }
        if page.len() >= PAGE {
            return Ok(());
        }
        let wanted: BTreeMap<String, &RecordId> =
            origins.iter().map(|id| (id.to_string(), *id)).collect();
        let mut marked = Marked::default();
        note_origins(&mut marked, kind, originator, &wanted, &page)?;
        for id in origins {
            let found = marked.found.remove(*id).unwrap_or_default();
            self.origins.insert(RecordKey::new(kind, (*id).clone()), found);
        }
        Ok(())
    }
}
