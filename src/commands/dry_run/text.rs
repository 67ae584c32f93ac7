//! The plan for people: counts first, then a line for each record, deletions last and in capitals.
//!
//! It is written while it is read, because the plan of an initial export has a million lines.

use std::io::Write;

use strum::IntoEnumIterator;

use super::step_text::{change_line, notes, step_line};
use super::{CardField, ChangePreview, StepPreview, for_each_step};
use crate::crm::diff::with_coming;
use crate::domain::language::Language;
use crate::domain::messages::{CommandMessage, Message};
use crate::domain::per_kind::PerKind;
use crate::domain::record::Kind;
use crate::domain::run_error::Result;
use crate::domain::{display, visible_text};
use crate::msg;
use crate::output::run_summary::per_kind;
use crate::state::State;
use crate::sync::plan::{Plan, PlanStore, Planned, Step, SuppressedRemoval};

/// Writes the plan for people.
pub fn write_text(
    plan: &Plan,
    state: &State,
    mut preview: Option<&mut ChangePreview<'_, '_>>,
    language: Language,
    out: &mut dyn Write,
) -> Result<()> {
    if plan.queue.is_empty()? {
        return write_empty(plan, state, language, out);
    }
    if let Some(preview) = &mut preview {
        preview.correct()?;
    }
    let only = preview.as_ref().and_then(|preview| preview.only.clone());
    if only.is_none() {
        write_counts(&plan.queue, language, out)?;
    }
    let shown = for_each_step(&plan.queue, preview.as_deref_mut(), |planned, preview| {
        write_step(planned, preview, state, language, out)
    })?;
    if let Some(only) = only
        && shown == 0
    {
        let name = only.name.text(language);
        let line = msg!(
            language,
            "{name}: делать нечего: всё передано",
            "{name}: nothing to do, all is sent"
        );
        writeln!(out, "{line}")?;
    }
    let mut remarks = preview.map(|preview| preview.notes.clone()).unwrap_or_default();
    remarks.extend(self::remarks(plan, state, language)?);
    for remark in remarks {
        writeln!(out, "\n{}", remark.text(language))?;
    }
    Ok(())
}

fn write_empty(plan: &Plan, state: &State, language: Language, out: &mut dyn Write) -> Result<()> {
    let remarks = remarks(plan, state, language)?;
    for remark in &remarks {
        writeln!(out, "{}", remark.text(language))?;
    }
    if remarks.is_empty() {
        let line = msg!(language, "Делать нечего: всё передано.", "Nothing to do: all is sent.");
        writeln!(out, "{line}")?;
    }
    Ok(())
}

fn write_counts(queue: &PlanStore, language: Language, out: &mut dyn Write) -> Result<()> {
    for kind in Kind::SEND_ORDER {
        let mut counts = Vec::new();
        for step in Step::iter() {
            let count = queue.count(kind, step)?;
            if count > 0 {
                counts.push(format!("{} {count}", verb(step, language)));
            }
        }
        if !counts.is_empty() {
            writeln!(out, "{}: {}", display::plural_name(kind).text(language), counts.join(", "))?;
        }
    }
    writeln!(out)?;
    Ok(())
}

fn verb(step: Step, language: Language) -> String {
    match step {
        Step::Create => msg!(language, "создать", "create"),
        Step::Update => msg!(language, "изменить", "update"),
        Step::Recheck => msg!(language, "сверить состав гостей", "recheck"),
        Step::SendCloseDate => {
            msg!(language, "поправить дату завершения", "correct the closing date")
        }
        Step::Fail => msg!(language, "не читаются", "unreadable"),
        Step::MarkAbsent => msg!(language, "больше нет в Ecvi", "gone from Ecvi"),
        Step::DropRecord => msg!(language, "забыть", "forget"),
        Step::Delete => msg!(language, "УДАЛИТЬ", "DELETE"),
    }
}

fn write_step(
    planned: &Planned,
    preview: &StepPreview,
    state: &State,
    language: Language,
    out: &mut dyn Write,
) -> Result<()> {
    let record = state.record(&planned.key)?.unwrap_or_default();
    writeln!(out, "{}", step_line(planned, &record, preview.takeover, language))?;
    for change in preview.changes.iter().flatten() {
        writeln!(out, "    {}", change_line(change, language))?;
    }
    if preview.changes.as_ref().is_some_and(Vec::is_empty) {
        writeln!(out, "    {}", msg!(language, "в CRM уже так", "the CRM has it so already"))?;
    }
    for CardField { field, value, coming } in &preview.card {
        let value = with_coming(value, coming, |key| display::record_name(key, "").text(language));
        let value = visible_text::line(&value);
        writeln!(out, "    {}", msg!(language, "{field}: «{value}»", "{field}: \"{value}\""))?;
    }
    for note in notes(preview, language) {
        writeln!(out, "    {note}")?;
    }
    Ok(())
}

/// What is no step: deletions that are held back, records that are gone from Ecvi for now, and
/// calls without an answer.
pub(super) fn remarks(plan: &Plan, state: &State, language: Language) -> Result<Vec<Message>> {
    let mut remarks: Vec<Message> = plan.held_back.iter().map(SuppressedRemoval::message).collect();
    remarks.extend(waiting(plan, language));
    let doubts = PerKind::try_from_fn(|kind| state.doubts(kind).map(|doubts| doubts.len() as u64))?;
    if let Some(calls) = per_kind(&doubts, language) {
        remarks.push(CommandMessage::CallsWithoutAnswer { calls }.into());
    }
    Ok(remarks)
}

/// What is gone from Ecvi, and is given up later unless it comes back.
fn waiting(plan: &Plan, language: Language) -> Option<Message> {
    let until = plan
        .compared
        .missing_for_now
        .values()
        .filter_map(|missing| missing.earliest_removal)
        .min()?;
    let records =
        per_kind(&PerKind::from_fn(|kind| plan.compared.missing_for_now[kind].count), language)?;
    Some(CommandMessage::GoneForNow { records, until }.into())
}
