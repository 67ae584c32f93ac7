//! The plan, shown instead of sent: counts first, then a line for each record, deletions last and marked.
//!
//! Written as it is read, because the plan of an initial export has a million lines.

use std::io::Write;

use anyhow::Result;
use serde_json::{Map, Value, json};

use crate::plan::{Planned, Queue, Step};
use crate::record::Kind;
use crate::state::{Record, State};
use crate::{say, words};

const STEPS: [Step; 8] = [
    Step::Create,
    Step::Update,
    Step::Recheck,
    Step::Close,
    Step::Fail,
    Step::Gone,
    Step::Forget,
    Step::Delete,
];

/// Writes the plan for people.
pub fn text(queue: &Queue, state: &State, out: &mut dyn Write) -> Result<()> {
    if queue.is_empty()? {
        writeln!(out, "{}", say!("Делать нечего: всё передано.", "Nothing to do: all is sent."))?;
        return Ok(());
    }
    for kind in Kind::ALL {
        if let Some(counts) = counts_line(queue, kind)? {
            writeln!(out, "{counts}")?;
        }
    }
    writeln!(out)?;
    for kind in Kind::ALL {
        queue.each(kind, |planned| {
            let record = state.record(planned.kind, &planned.id)?.unwrap_or_default();
            Ok(writeln!(out, "{}", line(planned, &record))?)
        })?;
    }
    Ok(())
}

/// Writes the plan as one JSON document, a step on each line.
pub fn json(queue: &Queue, state: &State, out: &mut dyn Write) -> Result<()> {
    let mut counts = Map::new();
    for kind in Kind::ALL {
        let steps: Result<Map<String, Value>> =
            STEPS.into_iter().map(|step| Ok((step.to_string(), queue.count(kind, step)?.into()))).collect();
        counts.insert(kind.name().into(), Value::Object(steps?));
    }
    write!(out, "{{\"schema\": 1,\n \"counts\": {},\n \"steps\": [", Value::Object(counts))?;
    let mut separator = "\n  ";
    for kind in Kind::ALL {
        queue.each(kind, |planned| {
            let record = state.record(planned.kind, &planned.id)?.unwrap_or_default();
            write!(out, "{separator}{}", document(planned, &record))?;
            separator = ",\n  ";
            Ok(())
        })?;
    }
    writeln!(out, "]}}")?;
    Ok(())
}

fn counts_line(queue: &Queue, kind: Kind) -> Result<Option<String>> {
    let mut parts = Vec::new();
    for step in STEPS {
        let count = queue.count(kind, step)?;
        if count > 0 {
            parts.push(format!("{} {count}", noun(step)));
        }
    }
    Ok((!parts.is_empty()).then(|| format!("{}: {}", words::plural(kind), parts.join(", "))))
}

fn noun(step: Step) -> String {
    match step {
        Step::Create => say!("создать", "create"),
        Step::Update => say!("изменить", "update"),
        Step::Recheck => say!("проверить", "recheck"),
        Step::Close => say!("поправить дату завершения", "correct the closing date"),
        Step::Fail => say!("не читаются", "unreadable"),
        Step::Gone => say!("ушли из Ecvi", "gone from Ecvi"),
        Step::Forget => say!("забыть", "forget"),
        Step::Delete => say!("УДАЛИТЬ", "DELETE"),
    }
}

/// One planned step, in words.
pub fn line(planned: &Planned, record: &Record) -> String {
    let name = words::record(planned.kind, &planned.id, label(planned, record));
    let object = record.known.crm_id.map(|crm_id| words::object(planned.kind, crm_id)).unwrap_or_default();
    match planned.step {
        Step::Create => match taken_over(planned, record) {
            Some(crm_id) => {
                let object = words::object(planned.kind, crm_id);
                say!(
                    "{name}: взять {object}, названный в Ecvi",
                    "{name}: take over {object}, which Ecvi names"
                )
            }
            None => say!(
                "{name}: создать, если в CRM нет её объекта",
                "{name}: create, unless the CRM has its object"
            ),
        },
        Step::Update => say!("{name}: изменить {object}", "{name}: update {object}"),
        Step::Recheck => say!("{name}: проверить людей, {object}", "{name}: look at the people, {object}"),
        Step::Close => {
            say!("{name}: поправить дату завершения, {object}", "{name}: correct the closing date, {object}")
        }
        Step::Fail => {
            let (code, message) = unreadable(planned);
            say!("{name}: не читается: {code} {message}", "{name}: cannot be read: {code} {message}")
        }
        Step::Gone => {
            say!("{name}: ушла из Ecvi, в CRM останется", "{name}: gone from Ecvi, stays in the CRM")
        }
        Step::Forget => say!("{name}: ушла из Ecvi, сделки не было", "{name}: gone from Ecvi, had no deal"),
        Step::Delete => {
            say!("УДАЛИТЬ {object}: {name} ушла из Ecvi", "DELETE {object}: {name} is gone from Ecvi")
        }
    }
}

fn document(planned: &Planned, record: &Record) -> Value {
    let Planned { kind, id, step, row: _ } = planned;
    let label = label(planned, record);
    let number = (*kind == Kind::Booking && !label.is_empty()).then_some(label);
    let crm_id = record.known.crm_id.or_else(|| taken_over(planned, record));
    json!({"kind": kind, "id": id.to_string(), "number": number, "step": step.to_string(), "crm_id": crm_id})
}

fn label<'a>(planned: &'a Planned, record: &'a Record) -> &'a str {
    planned.row.as_ref().map_or(&record.known.label, |row| &row.label)
}

/// The object that the mirror itself names, unless `reset-id` let go of it.
fn taken_over(planned: &Planned, record: &Record) -> Option<i64> {
    planned
        .row
        .as_ref()
        .and_then(|row| row.crm_id)
        .filter(|_| planned.step == Step::Create && !record.released)
}

fn unreadable(planned: &Planned) -> (&str, &str) {
    match planned.row.as_ref().map(|row| &row.body) {
        Some(Err(bad)) => (&bad.code, &bad.message),
        Some(Ok(_)) | None => ("", ""),
    }
}
