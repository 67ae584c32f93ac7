//! Where the CRM differs from what was sent, as data and as JSON.

use serde_json::{Value, json};
use strum::IntoStaticStr;

use crate::crm::diff::Difference;
use crate::domain::display;
use crate::domain::language::Language;
use crate::domain::messages::Message;
use crate::domain::record::{Kind, RecordKey};

/// One thing that differs.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Drift {
    pub(super) subject: Subject,
    /// The cards; of a record that has lost its card, the one that it had.
    pub(super) crm_ids: Vec<i64>,
    pub(super) problem: Problem,
}

/// What a drift is about.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Subject {
    Record {
        key: RecordKey,
        /// A booking's number, or a name that is not to be shown.
        display_name: String,
    },
    /// A card that no record has.
    Card(Kind),
}

/// What is wrong with a card; in JSON by its name.
#[derive(Clone, PartialEq, Debug, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(super) enum Problem {
    /// The CRM has no such card.
    Missing,
    /// The webhook's user may not see the card.
    Hidden,
    /// The card carries another record's origin: the portal gave its number out anew.
    OthersCard { origin: String },
    /// The card does not carry our origin any more.
    NotOurs,
    /// The portal cannot show the card, nor any list that has it.
    Unreadable { reason: Message },
    /// Fields have other values than were sent.
    Different { fields: Vec<Difference> },
    /// Several cards carry the record's origin.
    #[strum(serialize = "twice")]
    Duplicates,
    /// The card carries our originator, and no record has this origin.
    #[strum(serialize = "foreign")]
    Orphan { origin: String },
}

impl Drift {
    pub(super) fn for_card(kind: Kind, crm_id: i64, problem: Problem) -> Drift {
        Drift { subject: Subject::Card(kind), crm_ids: vec![crm_id], problem }
    }

    pub(super) fn kind(&self) -> Kind {
        match &self.subject {
            Subject::Record { key, .. } => key.kind,
            Subject::Card(kind) => *kind,
        }
    }

    /// Whether sending the record again ends it.
    pub(super) fn is_repairable(&self) -> bool {
        matches!(
            self.problem,
            Problem::Missing | Problem::OthersCard { .. } | Problem::Different { .. }
        )
    }

    /// The drift as a part of the JSON document.
    pub(super) fn document(&self, language: Language) -> Value {
        let name: &'static str = (&self.problem).into();
        let mut document = json!({
            "drift": name, "kind": self.kind(), "id": null, "number": null,
            "crm_id": self.crm_ids.first(),
        });
        if let Subject::Record { key, display_name } = &self.subject {
            document["id"] = key.id.to_string().into();
            document["number"] = display::shown_number(key.kind, display_name).into();
        }
        match &self.problem {
            Problem::OthersCard { origin } => document["origin"] = origin.as_str().into(),
            Problem::Orphan { origin } => document["id"] = origin.as_str().into(),
            Problem::Unreadable { reason } => document["reason"] = reason.text(language).into(),
            Problem::Different { fields } => {
                document["fields"] = fields.iter().map(field_document).collect();
            }
            Problem::Duplicates => document["crm_ids"] = self.crm_ids.clone().into(),
            Problem::Missing | Problem::Hidden | Problem::NotOurs => {}
        }
        document
    }
}

/// Values that may tell something about a person are left out.
fn field_document(difference: &Difference) -> Value {
    let Difference { field, ours, theirs, coming: _ } = difference;
    if difference.is_personal() {
        return json!({"field": field, "ours": null, "theirs": null});
    }
    json!({"field": field, "ours": ours, "theirs": theirs})
}
