//! One step of the plan, in the reader's language.

use super::StepPreview;
use crate::config::OnMissing;
use crate::crm::diff::{Difference, with_coming};
use crate::crm::objects::Unseen;
use crate::domain::language::Language;
use crate::domain::{display, visible_text};
use crate::msg;
use crate::state::StoredRecord;
use crate::sync::plan::{Planned, Step};

/// What the step does. `found`: the existing card that was found in the CRM for a new record, or
/// for one whose card is gone.
pub(super) fn step_line(
    planned: &Planned,
    record: &StoredRecord,
    found: Option<i64>,
    language: Language,
) -> String {
    let kind = planned.key.kind;
    let name = display::record_name(&planned.key, number_or_name(planned, record)).text(language);
    let card = found.or(record.plan_record.crm_id);
    let card = card.map(|crm_id| display::object_name(kind, crm_id).text(language));
    let card = card.unwrap_or_default();
    match planned.step {
        Step::Create => create_line(&name, planned, record, found, language),
        Step::Update => msg!(language, "{name}: изменить: {card}", "{name}: update {card}"),
        Step::Recheck => msg!(
            language,
            "{name}: сверить состав гостей: {card}",
            "{name}: recheck the guests and the company of {card}"
        ),
        Step::SendCloseDate => msg!(
            language,
            "{name}: поправить дату завершения: {card}",
            "{name}: correct the closing date of {card}"
        ),
        Step::Fail => unreadable_line(&name, planned, language),
        Step::MarkAbsent => msg!(
            language,
            "{name}: больше нет в Ecvi, карточка останется в CRM",
            "{name}: gone from Ecvi, the card stays in the CRM"
        ),
        Step::DropRecord if planned.row.is_some() => msg!(
            language,
            "{name}: раньше [export] bookings_from, сделки не было",
            "{name}: from before [export] bookings_from, there was no deal"
        ),
        Step::DropRecord => msg!(
            language,
            "{name}: больше нет в Ecvi, сделки не было",
            "{name}: gone from Ecvi, there was no deal"
        ),
        Step::Delete => msg!(
            language,
            "УДАЛИТЬ: {card} ({name}, больше нет в Ecvi)",
            "DELETE {card} ({name}, gone from Ecvi)"
        ),
    }
}

fn create_line(
    name: &str,
    planned: &Planned,
    record: &StoredRecord,
    found: Option<i64>,
    language: Language,
) -> String {
    let kind = planned.key.kind;
    match (found, takeover(planned, record)) {
        (Some(crm_id), named) if named != Some(crm_id) => {
            let card = display::object_name(kind, crm_id).text(language);
            msg!(
                language,
                "{name}: привязать к существующей карточке: {card} (найдена в CRM)",
                "{name}: link to the existing card: {card} (found in the CRM)"
            )
        }
        (_, Some(crm_id)) => {
            let card = display::object_name(kind, crm_id).text(language);
            msg!(
                language,
                "{name}: привязать к существующей карточке: {card} (id из Ecvi)",
                "{name}: link to the existing card: {card} (its id is in Ecvi)"
            )
        }
        (_, None) => msg!(
            language,
            "{name}: создать, если карточки ещё нет в CRM",
            "{name}: create, unless the CRM has the card"
        ),
    }
}

fn unreadable_line(name: &str, planned: &Planned, language: Language) -> String {
    let error = planned.row.as_ref().and_then(|row| row.body.as_ref().err());
    let reason =
        error.map(|error| format!("{} {}", error.code, visible_text::line(&error.message)));
    let reason = reason.unwrap_or_default();
    msg!(language, "{name}: не читается: {reason}", "{name}: cannot be read: {reason}")
}

/// The existing card that Ecvi itself names, unless `reset-id` unlinked it.
pub(super) fn takeover(planned: &Planned, record: &StoredRecord) -> Option<i64> {
    if planned.step == Step::Create { record.named_by(planned.row.as_ref()) } else { None }
}

/// The number of a booking, or the name of a guest or company, which is not shown.
pub(super) fn number_or_name<'a>(planned: &'a Planned, record: &'a StoredRecord) -> &'a str {
    planned.row.as_ref().map_or(&record.plan_record.display_name, |row| &row.display_name)
}

/// A field that changes: its value in the CRM and the new one.
pub(super) fn change_line(change: &Difference, language: Language) -> String {
    let Difference { field, ours, theirs, coming } = change;
    let ours = with_coming(ours, coming, |key| display::record_name(key, "").text(language));
    let ours = visible_text::line(&ours);
    let theirs = visible_text::line(theirs);
    msg!(language, "{field}: «{theirs}» -> «{ours}»", "{field}: \"{theirs}\" -> \"{ours}\"")
}

/// Why the step may end otherwise than its line says.
pub(super) fn notes(preview: &StepPreview, language: Language) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(crm_id) = preview.former_card {
        notes.push(msg!(
            language,
            "прежней карточки (номер {crm_id}) в CRM больше нет",
            "the card that it had (number {crm_id}) is missing in the CRM"
        ));
    }
    notes.extend(preview.missing.map(|on_missing| missing_note(on_missing, language)));
    notes.extend(preview.unseen.as_ref().map(|unseen| unseen_note(unseen, language)));
    if preview.is_not_ours {
        notes.push(msg!(
            language,
            "карточка больше не помечена как наша: передано не будет (NOT_OURS)",
            "the card does not carry our origin any more: it will not be sent (NOT_OURS)"
        ));
    }
    if preview.is_taken {
        notes.push(msg!(
            language,
            "эта карточка уже занята другой записью: передано не будет (CRM_ID_TAKEN)",
            "the card is another record's already: it will not be sent (CRM_ID_TAKEN)"
        ));
    }
    if let Some(guest) = &preview.waits_for {
        let guest = display::record_name(guest, "").text(language);
        notes.push(msg!(
            language,
            "будет ждать, пока не будет передан {guest} (GUEST_WAITING)",
            "will wait until {guest} is sent (GUEST_WAITING)"
        ));
    }
    notes
}

fn missing_note(on_missing: OnMissing, language: Language) -> String {
    match on_missing {
        OnMissing::Relink => msg!(
            language,
            "такой карточки в CRM больше нет: будет найдена другая или создана новая",
            "the CRM has no such card any more: another one will be found, or a new one created"
        ),
        OnMissing::Fail => msg!(
            language,
            "такой карточки в CRM больше нет: передано не будет (OBJECT_MISSING)",
            "the CRM has no such card any more: it will not be sent (OBJECT_MISSING)"
        ),
    }
}

fn unseen_note(unseen: &Unseen, language: Language) -> String {
    match unseen {
        Unseen::Denied => msg!(
            language,
            "пользователь вебхука эту карточку не видит: передано не будет (ACCESS_DENIED)",
            "the webhook's user may not see the card: it will not be sent (ACCESS_DENIED)"
        ),
        Unseen::Unreadable(reason) => {
            let reason = reason.text(language);
            msg!(
                language,
                "портал не может показать эту карточку ({reason}): передано не будет (CARD_UNREADABLE)",
                "the portal cannot show this card ({reason}): it will not be sent (CARD_UNREADABLE)"
            )
        }
    }
}
