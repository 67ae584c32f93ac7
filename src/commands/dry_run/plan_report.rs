//! The plan, shown instead of sent: counts first, then a line for each record, deletions last and marked.
//!
//! Written as it is read, because the plan of an initial export has a million lines.

use std::io::Write;

use anyhow::Result;
use serde_json::{Map, Value, json};
use strum::IntoEnumIterator;

use super::{CardField, ChangePreview, Only, StepPreview};
use crate::config::OnMissing;
use crate::crm::diff::Difference;
use crate::crm::objects::Unseen;
use crate::domain::language::current_language;
use crate::domain::per_kind::PerKind;
use crate::domain::record::{Kind, RecordKey};
use crate::domain::{display, visible_text};
use crate::output::run_summary::per_kind;
use crate::say;
use crate::state::{State, StoredRecord};
use crate::sync::plan::{HoldReason, Plan, PlanStore, Planned, Step, SuppressedRemoval};

/// Steps that the portal is asked about in one go.
const CHUNK: usize = 400;

/// Looks into the CRM for a dry run, where that is wanted.
pub type Eyes<'e, 'a, 'p> = Option<&'e mut ChangePreview<'a, 'p>>;

/// Writes the plan for people.
pub fn text(plan: &Plan, state: &State, mut eyes: Eyes<'_, '_, '_>, out: &mut dyn Write) -> Result<()> {
    let Plan { queue, .. } = plan;
    if queue.is_empty()? {
        let remarks = remarks(plan, state)?;
        remarks.iter().try_for_each(|remark| writeln!(out, "{remark}"))?;
        if remarks.is_empty() {
            writeln!(out, "{}", say!("Делать нечего: всё передано.", "Nothing to do: all is sent."))?;
        }
        return Ok(());
    }
    if let Some(eyes) = &mut eyes {
        eyes.correct()?;
    }
    let only = eyes.as_ref().and_then(|eyes| eyes.only.clone());
    if only.is_none() {
        for kind in Kind::SEND_ORDER {
            if let Some(counts) = counts_line(queue, kind)? {
                writeln!(out, "{counts}")?;
            }
        }
        writeln!(out)?;
    }
    let shown = each(queue, eyes.as_deref_mut(), |planned, prospect| {
        let record = state.record(&planned.key)?.unwrap_or_default();
        writeln!(out, "{}", line(planned, &record, prospect.taken))?;
        for change in prospect.changes.iter().flatten() {
            writeln!(out, "    {}", change_line(change))?;
        }
        if prospect.changes.as_ref().is_some_and(Vec::is_empty) {
            writeln!(out, "    {}", say!("в CRM уже так", "the CRM has it so already"))?;
        }
        for CardField { field, value } in &prospect.card {
            let value = translated(field, value);
            let value = visible_text::line(&value);
            writeln!(out, "    {}", say!("{field}: «{value}»", "{field}: \"{value}\""))?;
        }
        notes(prospect).iter().try_for_each(|note| Ok(writeln!(out, "    {note}")?))
    })?;
    if let Some(Only { name, .. }) = only.filter(|_| shown == 0) {
        writeln!(
            out,
            "{}",
            say!("{name}: делать нечего: всё передано", "{name}: nothing to do, all is sent")
        )?;
    }
    for note in eyes.iter().flat_map(|eyes| eyes.notes()) {
        writeln!(out, "\n{note}")?;
    }
    remarks(plan, state)?.iter().try_for_each(|remark| Ok(writeln!(out, "\n{remark}")?))
}

/// What is no step: deletions that are held back, and records whose call has no answer, of which the run first finds out
/// what took effect.
fn remarks(plan: &Plan, state: &State) -> Result<Vec<String>> {
    let mut doubts = PerKind::default();
    for kind in Kind::SEND_ORDER {
        doubts[kind] = state.doubts(kind)?.len() as u64;
    }
    let doubts = per_kind(&doubts, current_language()).map(|doubts| {
        say!(
            "Вызовы без ответа: {doubts}. Ближайший запуск выяснит, что выполнилось, и передаст остальное.",
            "Calls without an answer: {doubts}. The next pass finds out what took effect and sends the rest."
        )
    });
    let held_back = plan.held_back.iter().map(ToString::to_string);
    Ok(held_back.chain(waiting(plan)).chain(doubts).collect())
}

/// Who is missing, and is given up later unless they come back.
fn waiting(plan: &Plan) -> Option<String> {
    let counts = PerKind::from_fn(|kind| plan.waiting[kind].count);
    let until = plan
        .waiting
        .values()
        .filter_map(|waiting| waiting.until)
        .min()
        .map(|time| display::format_time(time, current_language()))?;
    per_kind(&counts, current_language()).map(|counts| {
        say!(
            "Исчезли из Ecvi: {counts}. Если не вернутся до {until}, их сделки будут удалены, а гости и компании покинут свои сделки ([sync] delete_after).",
            "Gone from Ecvi: {counts}. Unless they are back by {until}, their deals are deleted, and guests and companies leave their deals ([sync] delete_after)."
        )
    })
}

/// Why a step may end otherwise than its line says.
fn notes(prospect: &StepPreview) -> Vec<String> {
    let gone = prospect.gone.map(|on_missing| match on_missing {
        OnMissing::Relink => say!(
            "такого объекта в CRM больше нет: найдётся другой или он будет создан заново",
            "the CRM has no such object any more: another one is found, or it is created anew"
        ),
        OnMissing::Fail => say!(
            "такого объекта в CRM больше нет: передано не будет (OBJECT_MISSING)",
            "the CRM has no such object any more: it will not be sent (OBJECT_MISSING)"
        ),
    });
    let unseen = prospect.unseen.as_ref().map(|unseen| match unseen {
        Unseen::Denied => say!(
            "пользователь вебхука этот объект не видит: передано не будет (ACCESS_DENIED)",
            "the webhook's user may not see the object: it will not be sent (ACCESS_DENIED)"
        ),
        Unseen::Unreadable(reason) => say!(
            "портал не может показать эту карточку ({reason}): передано не будет (CARD_UNREADABLE)",
            "the portal cannot show this card ({reason}): it will not be sent (CARD_UNREADABLE)"
        ),
    });
    let lost = prospect.lost.map(|crm_id| {
        say!(
            "прежней карточки (номер {crm_id}) в CRM больше нет",
            "the card that it had (number {crm_id}) is gone from the CRM"
        )
    });
    let not_ours = prospect.is_not_ours.then(|| {
        say!(
            "карточка больше не помечена как наша: передано не будет (NOT_OURS)",
            "the card does not carry our mark any more: it will not be sent (NOT_OURS)"
        )
    });
    let taken = prospect.is_taken.then(|| {
        say!(
            "этот объект уже у другой записи: передано не будет (CRM_ID_TAKEN)",
            "the object is another record's already: it will not be sent (CRM_ID_TAKEN)"
        )
    });
    let waits = prospect.waits_for.as_ref().map(|guest| {
        let guest = display::record_name(guest, "");
        say!(
            "будет ждать, пока передастся {guest} (GUEST_WAITING)",
            "will wait until {guest} is sent (GUEST_WAITING)"
        )
    });
    [lost, gone, unseen, not_ours, taken, waits].into_iter().flatten().collect()
}

fn change_line(change: &Difference) -> String {
    let Difference { field, ours, theirs } = change;
    let ours = translated(field, ours);
    let (theirs, ours) = (visible_text::line(theirs), visible_text::line(&ours));
    say!("{field}: «{theirs}» -> «{ours}»", "{field}: \"{theirs}\" -> \"{ours}\"")
}

/// Guests and companies of a deal who have no card yet stand there by their kind and id.
fn translated(field: &str, value: &str) -> String {
    match field {
        "CONTACT_IDS" => value.replace("guest ", &say!("гость ", "guest ")),
        "COMPANY_ID" => value.replace("company ", &say!("компания ", "company ")),
        _ => value.to_owned(),
    }
}

/// Every step in its order that is to be shown, with what is known of it. Tells how many there were.
fn each(
    queue: &PlanStore,
    mut eyes: Eyes<'_, '_, '_>,
    mut show: impl FnMut(&Planned, &StepPreview) -> Result<()>,
) -> Result<u64> {
    let mut count = 0;
    let only = eyes.as_ref().and_then(|eyes| eyes.only.clone());
    let is_shown = |planned: &Planned| only.as_ref().is_none_or(|only| only.key == planned.key);
    for kind in Kind::SEND_ORDER {
        let mut chunk = Vec::new();
        let mut flush = |chunk: &mut Vec<Planned>| -> Result<()> {
            let seen = match &mut eyes {
                Some(eyes) => eyes.see(kind, chunk)?,
                None => vec![StepPreview::default(); chunk.len()],
            };
            chunk.drain(..).zip(seen).try_for_each(|(planned, prospect)| show(&planned, &prospect))
        };
        queue.each(kind, |planned| {
            if !is_shown(planned) {
                return Ok(());
            }
            count += 1;
            chunk.push(planned.clone());
            if chunk.len() < CHUNK { Ok(()) } else { flush(&mut chunk) }
        })?;
        flush(&mut chunk)?;
    }
    Ok(count)
}

/// Writes the plan as one JSON document, a step on each line.
pub fn json(plan: &Plan, state: &State, mut eyes: Eyes<'_, '_, '_>, out: &mut dyn Write) -> Result<()> {
    let Plan { queue, held_back, .. } = plan;
    if let Some(eyes) = &mut eyes {
        eyes.correct()?;
    }
    let mut counts = Map::new();
    for kind in Kind::SEND_ORDER {
        let steps: Result<Map<String, Value>> =
            Step::iter().map(|step| Ok((step.to_string(), queue.count(kind, step)?.into()))).collect();
        counts.insert(kind.name().into(), Value::Object(steps?));
    }
    write!(out, "{{\"schema\": 1,\n \"counts\": {},\n \"steps\": [", Value::Object(counts))?;
    let mut separator = "\n  ";
    each(queue, eyes.as_deref_mut(), |planned, prospect| {
        let record = state.record(&planned.key)?.unwrap_or_default();
        write!(out, "{separator}{}", document(planned, &record, prospect))?;
        separator = ",\n  ";
        Ok(())
    })?;
    let mut notes = eyes.map(|eyes| eyes.notes().to_vec()).unwrap_or_default();
    notes.extend(remarks(plan, state)?);
    let many = |held_back: &&SuppressedRemoval| {
        held_back.kind == Kind::Booking && held_back.why != HoldReason::Unnamed
    };
    let deletions = held_back.iter().find(many);
    let deletions =
        deletions.map(|SuppressedRemoval { gone, most, .. }| json!({"delete": gone, "max_deletes": most}));
    writeln!(out, "],\n \"held_back\": {},\n \"notes\": {}}}", json!(deletions), Value::from(notes))?;
    Ok(())
}

fn counts_line(queue: &PlanStore, kind: Kind) -> Result<Option<String>> {
    let mut parts = Vec::new();
    for step in Step::iter() {
        let count = queue.count(kind, step)?;
        if count > 0 {
            parts.push(format!("{} {count}", noun(step)));
        }
    }
    Ok((!parts.is_empty()).then(|| format!("{}: {}", display::plural_name(kind), parts.join(", "))))
}

fn noun(step: Step) -> String {
    match step {
        Step::Create => say!("создать", "create"),
        Step::Update => say!("изменить", "update"),
        Step::Recheck => say!("проверить", "recheck"),
        Step::Close => say!("поправить дату завершения", "correct the closing date"),
        Step::Fail => say!("не читаются", "unreadable"),
        Step::Gone => say!("больше нет в Ecvi", "gone from Ecvi"),
        Step::Forget => say!("забыть", "forget"),
        Step::Delete => say!("УДАЛИТЬ", "DELETE"),
    }
}

/// One planned step, in words.
pub fn line(planned: &Planned, record: &StoredRecord, found: Option<i64>) -> String {
    let name = display::record_name(&planned.key, label(planned, record));
    let object = record
        .plan_record
        .crm_id
        .map(|crm_id| display::object_name(planned.key.kind, crm_id).to_string())
        .unwrap_or_default();
    match planned.step {
        Step::Create => match (found, taken_over(planned, record)) {
            (Some(crm_id), named) if named != Some(crm_id) => {
                let object = display::object_name(planned.key.kind, crm_id);
                say!(
                    "{name}: взять готовый объект: {object} (найден в CRM)",
                    "{name}: take over {object} (found in the CRM)"
                )
            }
            (_, Some(crm_id)) => {
                let object = display::object_name(planned.key.kind, crm_id);
                say!(
                    "{name}: взять готовый объект: {object} (id из Ecvi)",
                    "{name}: take over {object} (its id is in Ecvi)"
                )
            }
            (_, None) => say!(
                "{name}: создать, если объекта ещё нет в CRM",
                "{name}: create, unless the CRM has the object"
            ),
        },
        Step::Update => say!("{name}: изменить: {object}", "{name}: update {object}"),
        Step::Recheck => say!("{name}: проверить людей: {object}", "{name}: look at the people of {object}"),
        Step::Close => {
            say!(
                "{name}: поправить дату завершения: {object}",
                "{name}: correct the closing date of {object}"
            )
        }
        Step::Fail => {
            let (code, message) = unreadable(planned);
            let message = visible_text::line(message);
            say!("{name}: не читается: {code} {message}", "{name}: cannot be read: {code} {message}")
        }
        Step::Gone => {
            say!(
                "{name}: больше нет в Ecvi, объект останется в CRM",
                "{name}: gone from Ecvi, the object stays in the CRM"
            )
        }
        Step::Forget if planned.row.is_some() => say!(
            "{name}: раньше [export] bookings_from, сделки не было",
            "{name}: from before [export] bookings_from, there was no deal"
        ),
        Step::Forget => {
            say!("{name}: больше нет в Ecvi, сделки не было", "{name}: gone from Ecvi, there was no deal")
        }
        Step::Delete => {
            say!("УДАЛИТЬ: {object} ({name}, больше нет в Ecvi)", "DELETE {object} ({name}, gone from Ecvi)")
        }
    }
}

fn document(planned: &Planned, record: &StoredRecord, prospect: &StepPreview) -> Value {
    let Planned { key: RecordKey { kind, id }, step, turn: _, row: _ } = planned;
    let label = label(planned, record);
    let number = (*kind == Kind::Booking && !label.is_empty()).then_some(label);
    let crm_id = record.plan_record.crm_id.or(prospect.taken).or_else(|| taken_over(planned, record));
    let mut document = json!({"kind": kind, "id": id.to_string(), "number": number, "step": step.to_string(), "crm_id": crm_id});
    if let Some(changes) = &prospect.changes {
        let change = |Difference { field, ours, theirs }: &Difference| json!({"field": field, "old": theirs, "new": ours});
        document["changes"] = changes.iter().map(change).collect();
    }
    if !prospect.card.is_empty() {
        document["card"] = super::card::document(&prospect.card);
    }
    document
}

fn label<'a>(planned: &'a Planned, record: &'a StoredRecord) -> &'a str {
    planned.row.as_ref().map_or(&record.plan_record.display_name, |row| &row.display_name)
}

/// The object that the mirror itself names, unless `reset-id` let go of it.
fn taken_over(planned: &Planned, record: &StoredRecord) -> Option<i64> {
    record.named_by(planned.row.as_ref()).filter(|_| planned.step == Step::Create)
}

fn unreadable(planned: &Planned) -> (&'static str, &str) {
    match planned.row.as_ref().map(|row| &row.body) {
        Some(Err(bad)) => (bad.code.name(), &bad.message),
        Some(Ok(_)) | None => ("", ""),
    }
}
