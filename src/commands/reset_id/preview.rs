//! What a reset will do, in words, before anybody is asked.

use anyhow::Result;

use super::{Aim, Targets, known};
use crate::commands::find_record::FoundRecord;
use crate::domain::display;
use crate::domain::language::current_language;
use crate::domain::record::Kind;
use crate::say;
use crate::state::State;

/// The lines of the preview.
pub(super) fn lines(state: &State, targets: &Targets, aim: Aim) -> Result<Vec<String>> {
    let mut lines = match targets {
        Targets::Records(found) => {
            let records = found.iter().map(|one| record(state, one, aim));
            records.collect::<Result<Vec<_>>>()?.concat()
        }
        Targets::All(kinds) => all(state, kinds)?,
    };
    if aim == Aim::Nothing {
        lines.push(say!(
            "Следующий запуск найдёт объекты в CRM по ORIGIN_ID, а ненайденные создаст заново.",
            "The next pass finds the objects in the CRM by ORIGIN_ID, and creates anew what it does not find."
        ));
    }
    Ok(lines)
}

fn all(state: &State, kinds: &[Kind]) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    for kind in kinds {
        let (name, count) = (display::plural_name(*kind), state.count_linked(*kind)?);
        lines.push(say!("{name}: забыть id CRM: {count}", "{name}: CRM ids to be forgotten: {count}"));
    }
    if kinds.contains(&Kind::Booking) {
        lines.push(say!(
            "Сделки заявок, которых в Ecvi уже нет, останутся в CRM: их покажет ecvi-b24 audit.",
            "Deals of bookings that Ecvi has no more stay in the CRM: ecvi-b24 audit shows them."
        ));
    }
    lines.push(say!(
        "Отменить это можно только по одной записи или восстановив копию файла состояния.",
        "This can be undone record by record, or with a copy of the state file."
    ));
    Ok(lines)
}

fn record(state: &State, found: &FoundRecord, aim: Aim) -> Result<Vec<String>> {
    let old = known(state, found)?.plan_record.crm_id;
    let crm_id = aim.object(old);
    let name = display::record_name(&found.key, &found.label);
    let object = |crm_id| display::object_name(found.key.kind, crm_id);
    let mut lines = vec![match (old, crm_id) {
        (None, None) => match found.row.as_ref().and_then(|row| row.crm_id) {
            Some(named) => say!(
                "{name}: не использовать crm_id {named} из Ecvi",
                "{name}: do not use crm_id {named} of Ecvi"
            ),
            None => say!("{name}: id CRM неизвестен, забывать нечего", "{name}: no CRM id is known"),
        },
        (Some(old), None) => {
            let old = object(old);
            say!("{name}: забыть, что это {old}", "{name}: forget that it is {old}")
        }
        (None, Some(new)) => {
            let new = object(new);
            say!("{name}: связать: {new}", "{name}: point at {new}")
        }
        (Some(old), Some(new)) if old == new => {
            let object = object(new);
            say!("{name}: вернуть себе: {object}", "{name}: take back {object}")
        }
        (Some(old), Some(new)) => {
            let (old, new) = (object(old), object(new));
            say!("{name}: связать: {new} (до сих пор {old})", "{name}: point at {new} (until now {old})")
        }
    }];
    let notes = [gone(found, crm_id), doubt(state, found)?];
    lines.extend(notes.into_iter().flatten().map(|note| format!("  {note}")));
    lines.extend(shared(state, found, crm_id)?.into_iter().map(|note| format!("  {note}")));
    Ok(lines)
}

fn gone(found: &FoundRecord, crm_id: Option<i64>) -> Option<String> {
    (found.gone && found.key.kind == Kind::Booking).then(|| match crm_id {
        None => say!(
            "такой заявки в Ecvi больше нет: её сделка останется в CRM, удалите её вручную",
            "Ecvi has no such booking any more: its deal stays in the CRM, delete it by hand"
        ),
        Some(crm_id) => say!(
            "такой заявки в Ecvi больше нет: следующий запуск удалит сделку {crm_id}, если она наша",
            "Ecvi has no such booking any more: the next pass deletes deal {crm_id} if it is ours"
        ),
    })
}

fn doubt(state: &State, found: &FoundRecord) -> Result<Option<String>> {
    let doubt = state.doubts(found.key.kind)?.remove(&found.key.id);
    Ok(doubt.map(|doubt| {
        let at = display::format_time(doubt.at, current_language());
        say!(
            "вызов {at} остался без ответа: сначала следующий запуск выяснит, выполнился ли он",
            "a call at {at} had no answer: the next pass first finds out what it did"
        )
    }))
}

/// After a merge several records may share an object; that is allowed, but should be meant.
fn shared(state: &State, found: &FoundRecord, crm_id: Option<i64>) -> Result<Vec<String>> {
    let Some(crm_id) = crm_id else { return Ok(Vec::new()) };
    let mut notes = Vec::new();
    let holders = state.records_of_object(found.key.kind, crm_id)?;
    for other in holders.into_iter().filter(|other| *other != found.key) {
        let label = state.record(&other)?.unwrap_or_default().plan_record.display_name;
        let other = display::record_name(&other, &label);
        notes.push(say!(
            "этот объект уже занят ({other}): обе записи будут писать в одну карточку",
            "this object already belongs to {other}: both will write to one card"
        ));
    }
    Ok(notes)
}
