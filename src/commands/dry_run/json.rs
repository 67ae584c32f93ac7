//! The plan as one JSON document, a step on each line.
//!
//! It is written while it is read, because the plan of an initial export has a million lines.

use std::io::Write;

use serde_json::{Map, Value, json};
use strum::IntoEnumIterator;

use super::step_text::{number_or_name, takeover};
use super::{CardField, ChangePreview, StepPreview, for_each_step, text};
use crate::crm::diff::{Difference, with_coming};
use crate::domain::display;
use crate::domain::language::Language;
use crate::domain::record::{Kind, RecordKey};
use crate::domain::run_error::Result;
use crate::state::{State, StoredRecord};
use crate::sync::plan::{HoldReason, Plan, PlanStore, Planned, Step};

/// Writes the plan for programs.
pub fn write_json(
    plan: &Plan,
    state: &State,
    mut preview: Option<&mut ChangePreview<'_, '_>>,
    language: Language,
    out: &mut dyn Write,
) -> Result<()> {
    if let Some(preview) = &mut preview {
        preview.correct()?;
    }
    write!(out, "{{\"schema\": 1,\n \"counts\": {},\n \"steps\": [", counts(&plan.queue)?)?;
    let mut separator = "\n  ";
    for_each_step(&plan.queue, preview.as_deref_mut(), |planned, preview| {
        let record = state.record(&planned.key)?.unwrap_or_default();
        write!(out, "{separator}{}", step(planned, &record, preview))?;
        separator = ",\n  ";
        Ok(())
    })?;
    let mut notes = preview.map(|preview| preview.notes.clone()).unwrap_or_default();
    notes.extend(text::remarks(plan, state, language)?);
    let notes: Value = notes.iter().map(|note| note.text(language)).collect();
    writeln!(out, "],\n \"held_back\": {},\n \"notes\": {notes}}}", held_back(plan))?;
    Ok(())
}

fn counts(queue: &PlanStore) -> Result<Value> {
    let mut counts = Map::new();
    for kind in Kind::SEND_ORDER {
        let mut of_kind = Map::new();
        for step in Step::iter() {
            of_kind.insert(step.to_string(), queue.count(kind, step)?.into());
        }
        counts.insert(kind.name().into(), of_kind.into());
    }
    Ok(counts.into())
}

fn held_back(plan: &Plan) -> Value {
    let deletions = plan.held_back.iter().find(|removal| {
        removal.kind == Kind::Booking && removal.reason != HoldReason::RowsWithoutId
    });
    json!(deletions.map(|removal| json!({"delete": removal.gone, "max_deletes": removal.limit})))
}

fn step(planned: &Planned, record: &StoredRecord, preview: &StepPreview) -> Value {
    let RecordKey { kind, id } = &planned.key;
    let number = display::shown_number(*kind, number_or_name(planned, record));
    let crm_id =
        preview.takeover.or(record.plan_record.crm_id).or_else(|| takeover(planned, record));
    let mut document = json!({
        "kind": kind,
        "id": id.to_string(),
        "number": number,
        "step": planned.step.to_string(),
        "crm_id": crm_id,
    });
    if let Some(changes) = &preview.changes {
        document["changes"] = changes.iter().map(change).collect();
    }
    if !preview.card.is_empty() {
        document["card"] = preview.card.iter().map(card_field).collect::<Map<_, _>>().into();
    }
    document
}

fn change(change: &Difference) -> Value {
    let Difference { field, ours, theirs, coming } = change;
    json!({"field": field, "old": theirs, "new": with_coming(ours, coming, RecordKey::to_string)})
}

fn card_field(field: &CardField) -> (String, Value) {
    let value = with_coming(&field.value, &field.coming, RecordKey::to_string);
    (field.field.clone(), value.into())
}
