//! What an audit finds, as data, in words, and as JSON.

use serde_json::{Value, json};

use crate::config::Webhook;
use crate::crm::diff::Difference;
use crate::domain::display;
use crate::domain::record::{Kind, RecordKey};
use crate::say;

/// Where the CRM and what we know of it part.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Drift {
    /// The record's object is gone.
    Missing { key: RecordKey, label: String, crm_id: i64 },
    /// The record's object is there, and the webhook's user may not see it.
    Hidden { key: RecordKey, label: String, crm_id: i64 },
    /// The record's object carries another record's mark: the portal gave its number out anew.
    OthersCard { key: RecordKey, label: String, crm_id: i64, origin: String },
    /// The record's object carries no mark of ours any more.
    NotOurs { key: RecordKey, label: String, crm_id: i64 },
    /// The portal cannot show the record's card, nor any list that has it.
    Unreadable { key: RecordKey, label: String, crm_id: i64, reason: String },
    /// Likewise, and nobody knows whose card it is.
    UnreadableCard { kind: Kind, crm_id: i64, reason: String },
    /// Fields read otherwise than they were written.
    Different { key: RecordKey, label: String, crm_id: i64, fields: Vec<Difference> },
    /// Several objects carry the record's origin.
    Twice { key: RecordKey, label: String, objects: Vec<i64> },
    /// An object of ours that no record stands behind.
    Foreign { kind: Kind, origin: String, crm_id: i64 },
}

impl Drift {
    /// Whether it is over once the record is sent again.
    pub(super) fn is_mendable(&self) -> bool {
        matches!(self, Drift::Missing { .. } | Drift::OthersCard { .. } | Drift::Different { .. })
    }

    /// For people: what it is, then the cards to look at.
    pub(super) fn lines(&self, webhook: &Webhook) -> Vec<String> {
        let mut lines = vec![self.line()];
        let (kind, objects) = self.objects();
        lines
            .extend(objects.iter().map(|crm_id| format!("    {}", webhook.card(kind.crm_entity(), *crm_id))));
        lines
    }

    fn line(&self) -> String {
        match self {
            Drift::Missing { key, label, crm_id } => {
                let name = display::record_name(key, label);
                let object = display::object_name(key.kind, *crm_id);
                say!("{name}: в CRM больше нет: {object}", "{name}: gone from the CRM: {object}")
            }
            Drift::Hidden { key, label, crm_id } => {
                let name = display::record_name(key, label);
                let object = display::object_name(key.kind, *crm_id);
                say!(
                    "{name}: {object}: пользователь вебхука его не видит (ACCESS_DENIED)",
                    "{name}: {object}: the webhook's user may not see it (ACCESS_DENIED)"
                )
            }
            Drift::OthersCard { key, label, crm_id, origin } => {
                let name = display::record_name(key, label);
                let object = display::object_name(key.kind, *crm_id);
                say!(
                    "{name}: своей карточки в CRM нет: {object} принадлежит другой записи (ORIGIN_ID {origin})",
                    "{name}: no card of its own in the CRM: {object} is another record's (ORIGIN_ID {origin})"
                )
            }
            Drift::NotOurs { key, label, crm_id } => {
                let name = display::record_name(key, label);
                let object = display::object_name(key.kind, *crm_id);
                say!(
                    "{name}: {object} больше не помечено как наше (NOT_OURS); посмотрите карточку, затем выполните reset-id",
                    "{name}: {object} does not carry our mark any more (NOT_OURS); look at the card, then run reset-id"
                )
            }
            Drift::Unreadable { key, label, crm_id, reason } => {
                let name = display::record_name(key, label);
                let card = unreadable_line(key.kind, *crm_id, reason);
                format!("{name}: {card}")
            }
            Drift::UnreadableCard { kind, crm_id, reason } => unreadable_line(*kind, *crm_id, reason),
            Drift::Different { key, label, crm_id, fields } => {
                let name = display::record_name(key, label);
                let object = display::object_name(key.kind, *crm_id);
                let fields: Vec<String> = fields.iter().map(field).collect();
                let fields = fields.join(", ");
                say!("{name}: отличается {object}: {fields}", "{name}: {object} differs: {fields}")
            }
            Drift::Twice { key, label, objects } => {
                let name = display::record_name(key, label);
                let objects: Vec<String> = objects
                    .iter()
                    .map(|crm_id| display::object_name(key.kind, *crm_id).to_string())
                    .collect();
                let objects = objects.join(", ");
                say!(
                    "{name}: в CRM несколько объектов: {objects}; объедините их в CRM",
                    "{name}: several objects in the CRM: {objects}; merge them in the CRM"
                )
            }
            Drift::Foreign { kind, origin, crm_id } => {
                let object = display::object_name(*kind, *crm_id);
                say!(
                    "{object}: помечено как наше (ORIGIN_ID {origin}), но такой записи нет; проверьте и удалите вручную, если это лишнее",
                    "{object} carries our mark (ORIGIN_ID {origin}), but there is no such record; look at it and delete it by hand if it is not needed"
                )
            }
        }
    }

    fn objects(&self) -> (Kind, Vec<i64>) {
        match self {
            Drift::Missing { key, .. } => (key.kind, Vec::new()),
            Drift::Hidden { key, crm_id, .. }
            | Drift::OthersCard { key, crm_id, .. }
            | Drift::NotOurs { key, crm_id, .. }
            | Drift::Unreadable { key, crm_id, .. }
            | Drift::Different { key, crm_id, .. } => (key.kind, vec![*crm_id]),
            Drift::UnreadableCard { kind, crm_id, .. } | Drift::Foreign { kind, crm_id, .. } => {
                (*kind, vec![*crm_id])
            }
            Drift::Twice { key, objects, .. } => (key.kind, objects.clone()),
        }
    }

    /// For programs.
    pub(super) fn document(&self) -> Value {
        let number =
            |kind: Kind, label: &str| (kind == Kind::Booking && !label.is_empty()).then(|| label.to_owned());
        match self {
            Drift::Missing { key, label, crm_id } => json!({
                "drift": "missing", "kind": key.kind, "id": key.id.to_string(), "number": number(key.kind, label),
                "crm_id": crm_id,
            }),
            Drift::Hidden { key, label, crm_id } => json!({
                "drift": "hidden", "kind": key.kind, "id": key.id.to_string(), "number": number(key.kind, label),
                "crm_id": crm_id,
            }),
            Drift::OthersCard { key, label, crm_id, origin } => json!({
                "drift": "others_card", "kind": key.kind, "id": key.id.to_string(), "number": number(key.kind, label),
                "crm_id": crm_id, "origin": origin,
            }),
            Drift::NotOurs { key, label, crm_id } => json!({
                "drift": "not_ours", "kind": key.kind, "id": key.id.to_string(), "number": number(key.kind, label),
                "crm_id": crm_id,
            }),
            Drift::Unreadable { key, label, crm_id, reason } => json!({
                "drift": "unreadable", "kind": key.kind, "id": key.id.to_string(), "number": number(key.kind, label),
                "crm_id": crm_id, "reason": reason,
            }),
            Drift::UnreadableCard { kind, crm_id, reason } => json!({
                "drift": "unreadable", "kind": kind, "id": null, "number": null, "crm_id": crm_id, "reason": reason,
            }),
            Drift::Different { key, label, crm_id, fields } => json!({
                "drift": "different", "kind": key.kind, "id": key.id.to_string(), "number": number(key.kind, label),
                "crm_id": crm_id, "fields": fields.iter().map(field_document).collect::<Vec<_>>(),
            }),
            Drift::Twice { key, label, objects } => json!({
                "drift": "twice", "kind": key.kind, "id": key.id.to_string(), "number": number(key.kind, label),
                "crm_id": objects.first(), "crm_ids": objects,
            }),
            Drift::Foreign { kind, origin, crm_id } => json!({
                "drift": "foreign", "kind": kind, "id": origin, "number": null, "crm_id": crm_id,
            }),
        }
    }
}

fn unreadable_line(kind: Kind, crm_id: i64, reason: &str) -> String {
    let object = display::object_name(kind, crm_id);
    say!(
        "{object}: портал не может показать карточку (CARD_UNREADABLE): {reason}",
        "{object}: the portal cannot show the card (CARD_UNREADABLE): {reason}"
    )
}

/// `STAGE_ID «NEW» вместо «WON»`; of what may tell something of a person the name alone.
fn field(difference: &Difference) -> String {
    let Difference { field, ours, theirs } = difference;
    if difference.is_personal() {
        return field.clone();
    }
    say!("{field} «{theirs}» вместо «{ours}»", "{field} \"{theirs}\" instead of \"{ours}\"")
}

fn field_document(difference: &Difference) -> Value {
    let Difference { field, ours, theirs } = difference;
    if difference.is_personal() {
        return json!({"field": field, "ours": null, "theirs": null});
    }
    json!({"field": field, "ours": ours, "theirs": theirs})
}
