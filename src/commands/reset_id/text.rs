//! What a reset will do and has done, in the reader's language.

use super::{NewLink, Targets, crm_id};
use crate::commands::find_record::FoundRecord;
use crate::domain::display;
use crate::domain::language::Language;
use crate::domain::record::Kind;
use crate::domain::run_error::Result;
use crate::domain::shell;
use crate::msg;
use crate::state::State;

/// What will happen, before anybody is asked.
pub(super) fn preview(
    state: &State,
    targets: &Targets,
    link: NewLink,
    language: Language,
) -> Result<String> {
    let mut lines = Vec::new();
    match targets {
        Targets::Records(found) => {
            for record in found {
                lines.extend(record_lines(state, record, link, language)?);
            }
        }
        Targets::All(kinds) => lines.extend(all_lines(state, kinds, language)?),
    }
    if link == NewLink::Nothing {
        lines.push(msg!(
            language,
            "Следующий запуск найдёт карточки в CRM по ORIGIN_ID, а ненайденные создаст заново.",
            "The next run finds the cards in the CRM by ORIGIN_ID, and creates anew what it does not find."
        ));
    }
    Ok(lines.join("\n") + "\n")
}

fn all_lines(state: &State, kinds: &[Kind], language: Language) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    for kind in kinds {
        let name = display::plural_name(*kind).text(language);
        let count = state.count_linked(*kind)?;
        lines.push(msg!(
            language,
            "{name}: забыть id CRM: {count}",
            "{name}: CRM ids to be forgotten: {count}"
        ));
    }
    if kinds.contains(&Kind::Booking) {
        lines.push(msg!(
            language,
            "Сделки заявок, которых в Ecvi уже нет, останутся в CRM: их покажет ecvi-b24 audit.",
            "Deals of bookings that Ecvi has no more stay in the CRM: ecvi-b24 audit shows them."
        ));
    }
    lines.push(msg!(
        language,
        "Отменить это можно только по одной записи или восстановив копию файла состояния.",
        "This can be undone record by record, or with a copy of the state file."
    ));
    Ok(lines)
}

fn record_lines(
    state: &State,
    found: &FoundRecord,
    link: NewLink,
    language: Language,
) -> Result<Vec<String>> {
    let old = crm_id(state, found)?;
    let new = link.crm_id(old);
    let mut lines = vec![link_line(found, old, new, language)];
    lines.extend(absent_note(found, new, language));
    lines.extend(doubt_note(state, found, language)?);
    if let Some(new) = new {
        lines.extend(shared_notes(state, found, new, language)?);
    }
    Ok(lines)
}

fn link_line(
    found: &FoundRecord,
    old: Option<i64>,
    new: Option<i64>,
    language: Language,
) -> String {
    let name = display::record_name(&found.key, &found.display_name).text(language);
    let kind = found.key.kind;
    match (old, new) {
        (None, None) => match found.row.as_ref().and_then(|row| row.crm_id) {
            Some(crm_id) => msg!(
                language,
                "{name}: не использовать crm_id {crm_id} из Ecvi",
                "{name}: do not use crm_id {crm_id} of Ecvi"
            ),
            None => {
                msg!(
                    language,
                    "{name}: id CRM неизвестен, забывать нечего",
                    "{name}: no CRM id is known"
                )
            }
        },
        (Some(old), None) => {
            let card = display::object_name(kind, old).text(language);
            msg!(language, "{name}: забыть, что это {card}", "{name}: forget that it is {card}")
        }
        (None, Some(new)) => {
            let card = to_card(kind, new, language);
            msg!(language, "{name}: привязать к {card}", "{name}: link to {card}")
        }
        (Some(old), Some(new)) if old == new => {
            let card = display::object_name(kind, new).text(language);
            msg!(language, "{name}: вернуть себе: {card}", "{name}: take back {card}")
        }
        (Some(old), Some(new)) => {
            let old = display::object_name(kind, old).text(language);
            let card = to_card(kind, new, language);
            msg!(
                language,
                "{name}: привязать к {card} (сейчас {old})",
                "{name}: link to {card} (now {old})"
            )
        }
    }
}

/// The card as it follows «привязать к».
fn to_card(kind: Kind, crm_id: i64, language: Language) -> String {
    match kind {
        Kind::Guest => msg!(language, "контакту {crm_id}", "contact {crm_id}"),
        Kind::Company => msg!(language, "компании {crm_id}", "company {crm_id}"),
        Kind::Booking => msg!(language, "сделке {crm_id}", "deal {crm_id}"),
    }
}

fn absent_note(found: &FoundRecord, new: Option<i64>, language: Language) -> Option<String> {
    if !found.absent_in_mirror || found.key.kind != Kind::Booking {
        return None;
    }
    Some(match new {
        None => msg!(
            language,
            "  такой заявки в Ecvi больше нет: её сделка останется в CRM, удалите её вручную",
            "  Ecvi has no such booking any more: its deal stays in the CRM, delete it by hand"
        ),
        Some(crm_id) => msg!(
            language,
            "  такой заявки в Ecvi больше нет: следующий запуск удалит сделку {crm_id}, если она наша",
            "  Ecvi has no such booking any more: the next run deletes deal {crm_id} if it is ours"
        ),
    })
}

fn doubt_note(state: &State, found: &FoundRecord, language: Language) -> Result<Option<String>> {
    let Some(doubt) = state.doubts(found.key.kind)?.remove(&found.key.id) else { return Ok(None) };
    let at = display::format_time(doubt.at, language);
    Ok(Some(msg!(
        language,
        "  вызов {at} остался без ответа: сначала следующий запуск выяснит, выполнился ли он",
        "  a call at {at} had no answer: the next run first finds out whether it took effect"
    )))
}

/// After a merge several records may share a card: that is allowed, but a person should know it.
fn shared_notes(
    state: &State,
    found: &FoundRecord,
    new: i64,
    language: Language,
) -> Result<Vec<String>> {
    let mut notes = Vec::new();
    for other in state.records_of_object(found.key.kind, new)? {
        if other != found.key {
            let display_name = state.record(&other)?.unwrap_or_default().plan_record.display_name;
            let other = display::record_name(&other, &display_name).text(language);
            notes.push(msg!(
                language,
                "  эта карточка уже занята ({other}): обе записи будут писать в неё",
                "  this card already belongs to {other}: both records will write to it"
            ));
        }
    }
    Ok(notes)
}

/// One record was reset, and the command that undoes it.
pub(super) fn reset_line(found: &FoundRecord, old: Option<i64>, language: Language) -> String {
    let name = display::record_name(&found.key, &found.display_name).text(language);
    let Some(old) = old else { return msg!(language, "{name}: готово\n", "{name}: done\n") };
    let word = format!("id:{}", found.key.id);
    let word = shell::argument(&word);
    let undo = format!("ecvi-b24 reset-id {} {word} --crm-id {old}", found.key.kind);
    msg!(language, "{name}: готово; отменить: {undo}\n", "{name}: done; to undo: {undo}\n")
}

/// All records of a kind were reset.
pub(super) fn reset_all_line(kind: Kind, count: usize, language: Language) -> String {
    let name = display::plural_name(kind).text(language);
    msg!(language, "{name}: забыто id CRM: {count}\n", "{name}: CRM ids forgotten: {count}\n")
}

/// `--code` named a reason for which no record failed.
pub(super) fn no_such_failures(language: Language) -> String {
    msg!(language, "Таких неудач нет.\n", "No records failed for this reason.\n")
}
