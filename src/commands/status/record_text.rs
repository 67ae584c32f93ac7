//! The screen of `status KIND ID`, in the reader's language.

use serde_json::Value;

use super::issue_text::{heading, issue_lines, operation_name};
use super::record::{OpenCall, RowSummary, SkipReason};
use super::{RecordStatus, View};
use crate::commands::find_record::FoundRecord;
use crate::domain::language::Language;
use crate::domain::messages::Message;
use crate::domain::record::{BookingStatus, Kind};
use crate::domain::{display, visible_text};
use crate::msg;
use crate::state::{Event, HistoryEntry, Stored};
use crate::sync::plan::Step;

/// The whole screen. `mirror_error`: why the mirror could not be read.
pub(super) fn screen(
    status: &RecordStatus,
    found: &FoundRecord,
    mirror_error: Option<&Message>,
    view: &View<'_>,
) -> String {
    let language = view.language;
    let name = display::record_name(&found.key, &found.display_name).text(language);
    let mut lines = vec![display::capitalized(&name), in_crm(status, language)];
    lines.extend(in_ecvi(status, mirror_error, language));
    lines.extend(status.doubt.as_ref().map(|call| open_call(call, language)));
    for issue in status.failures.iter().chain(&status.waiting).chain(&status.warnings) {
        lines.push(heading(issue, language));
        lines.extend(issue_lines(issue, view).iter().map(|line| format!("  {line}")));
    }
    if mirror_error.is_none() {
        lines.extend(next_run(status, language));
    }
    lines.extend(history(found.key.kind, &status.history, language));
    lines.join("\n") + "\n"
}

fn in_crm(status: &RecordStatus, language: Language) -> String {
    if let (Some(crm_id), Some(url)) = (status.crm_id, &status.url) {
        let card = display::object_name(status.kind, crm_id).text(language);
        return msg!(language, "В CRM: {card}, {url}", "In the CRM: {card}, {url}");
    }
    if status.history.last().is_some_and(|entry| entry.event == Event::Deleted) {
        return msg!(language, "В CRM: сделка удалена", "In the CRM: the deal was deleted");
    }
    msg!(language, "В CRM: карточки ещё нет", "In the CRM: no card yet")
}

fn in_ecvi(
    status: &RecordStatus,
    mirror_error: Option<&Message>,
    language: Language,
) -> Vec<String> {
    let Some(row) = &status.mirror else {
        return vec![match mirror_error.map(|error| error.text(language)) {
            Some(error) => msg!(language, "В Ecvi: {error}", "In Ecvi: {error}"),
            None => msg!(
                language,
                "В зеркале Ecvi: записи больше нет",
                "In the mirror: there is no such record any more"
            ),
        }];
    };
    let mut lines = row_lines(row, language);
    lines.push(match status.sent_modified_at.as_deref() {
        None => msg!(language, "Передано: ещё ничего", "Sent: nothing yet"),
        Some("") => msg!(language, "Передано", "Sent"),
        Some(time) => {
            let time = display::format_mirror_time(time, language);
            msg!(language, "Передано: изменение от {time}", "Sent: the change of {time}")
        }
    });
    lines
}

fn row_lines(row: &RowSummary, language: Language) -> Vec<String> {
    let RowSummary { modified_at, crm_id, error, values } = row;
    let mut lines = Vec::new();
    if modified_at.is_empty() {
        lines.push(msg!(language, "В Ecvi:", "In Ecvi:"));
    } else {
        let time = display::format_mirror_time(modified_at, language);
        lines.push(msg!(
            language,
            "В Ecvi: последнее изменение {time}",
            "In Ecvi: last changed {time}"
        ));
    }
    if let Some(error) = error {
        let error = visible_text::line(error);
        lines.push(msg!(language, "  не читается: {error}", "  cannot be read: {error}"));
    }
    if let Some(crm_id) = crm_id {
        lines.push(msg!(language, "  crm_id из Ecvi: {crm_id}", "  crm_id of Ecvi: {crm_id}"));
    }
    for (column, name) in columns(language) {
        let text = values.get(column).and_then(|value| column_text(column, value, language));
        lines.extend(text.map(|text| format!("  {name}: {}", visible_text::line(&text))));
    }
    lines
}

/// The columns of the mirror and what people call them, in the order in which people read them.
fn columns(language: Language) -> [(&'static str, String); 14] {
    [
        ("status", msg!(language, "статус", "status")),
        ("arrival", msg!(language, "заезд", "arrival")),
        ("departure", msg!(language, "выезд", "departure")),
        ("amount", msg!(language, "сумма", "amount")),
        ("guest_id", msg!(language, "гость заявки", "guest of the booking")),
        ("guests", msg!(language, "проживают гости", "guests who stay")),
        ("company_id", msg!(language, "компания", "company")),
        ("payer_company_id", msg!(language, "плательщик", "payer")),
        ("name", msg!(language, "название", "name")),
        ("country", msg!(language, "страна", "country")),
        ("region", msg!(language, "область", "region")),
        ("city", msg!(language, "город", "city")),
        ("phones", msg!(language, "телефонов", "phones")),
        ("emails", msg!(language, "адресов e-mail", "e-mails")),
    ]
}

/// The value as people read it; none where it is empty.
fn column_text(column: &str, value: &Value, language: Language) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::String(text) if matches!(column, "arrival" | "departure") => {
            display::format_mirror_time(text, language)
        }
        Value::String(text) if column == "status" => status_word(text, language),
        Value::String(text) => text.clone(),
        Value::Array(ids) => ids.iter().map(without_quotes).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    };
    (!text.is_empty()).then_some(text)
}

fn status_word(word: &str, language: Language) -> String {
    let status = word.parse::<BookingStatus>();
    status.map_or(word.to_owned(), |status| display::status_name(status).text(language))
}

fn without_quotes(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn open_call(call: &OpenCall, language: Language) -> String {
    let operation = operation_name(Some(call.operation)).text(language);
    let at = display::format_time(call.at, language);
    msg!(
        language,
        "Вызов без ответа: {operation}, {at}. Ближайшие запуски \
         выяснят, что успело выполниться; до того запись не трогается.",
        "A call without an answer: {operation}, {at}. The next runs \
         find out what took effect; until then the record is left alone."
    )
}

/// What the next run does with the record, and what may keep it from doing so.
fn next_run(status: &RecordStatus, language: Language) -> Vec<String> {
    let action = next_action(status, language);
    let mut lines = vec![msg!(language, "Ближайший запуск: {action}", "The next run: {action}")];
    if let (Some(_), Some(message)) = (status.next_step, &status.last_message) {
        let message = message.text(language);
        lines.push(msg!(
            language,
            "  если не помешает то же, что в прошлый раз: {message}",
            "  unless the previous problem persists: {message}"
        ));
    }
    lines
}

fn next_action(status: &RecordStatus, language: Language) -> String {
    match status.next_step {
        Some(_) if !status.waiting.is_empty() => msg!(
            language,
            "передать, если её гость уже появился в CRM",
            "send it if its guest is in the CRM by then"
        ),
        Some(step) => step_action(step, language),
        None => no_action(status, language),
    }
}

fn step_action(step: Step, language: Language) -> String {
    match step {
        Step::Create => msg!(
            language,
            "найти карточку в CRM по ORIGIN_ID, а если её нет, создать",
            "find the card in the CRM by ORIGIN_ID, or create it where there is none"
        ),
        Step::Update => msg!(language, "передать все поля", "send all fields"),
        Step::Recheck => msg!(
            language,
            "сверить состав гостей",
            "see which of its guests and companies are in the CRM now"
        ),
        Step::SendCloseDate => {
            msg!(language, "поправить дату завершения", "correct the closing date")
        }
        Step::Fail => {
            msg!(
                language,
                "сообщить, что запись не читается",
                "report that the record cannot be read"
            )
        }
        Step::MarkAbsent => {
            msg!(language, "оставить карточку в CRM как есть", "leave the card in the CRM as it is")
        }
        Step::DropRecord => msg!(language, "забыть: сделки нет", "forget it: there is no deal"),
        Step::Delete => msg!(
            language,
            "удалить сделку, если заявки нет уже столько времени, сколько задано в [sync] delete_after",
            "delete the deal, if the booking has been gone for as long as [sync] delete_after says"
        ),
    }
}

fn no_action(status: &RecordStatus, language: Language) -> String {
    if status.doubt.is_some() {
        return msg!(
            language,
            "выяснить, выполнился ли вызов",
            "find out whether the call took effect"
        );
    }
    if !status.failures.is_empty() {
        return msg!(
            language,
            "ничего, пока не истечёт пауза или запись не изменится",
            "nothing until the pause is over or the record changes"
        );
    }
    match status.skip_reason {
        Some(SkipReason::History) => msg!(
            language,
            "ничего: она закончилась раньше [export] bookings_from, сделки у неё нет",
            "nothing: it was over before [export] bookings_from and has no deal"
        ),
        Some(SkipReason::Window) => msg!(
            language,
            "ничего: запрос в [mirror.queries] показывает не все записи, \
             и выпавшая из него остаётся в CRM; подробнее: ecvi-b24 check",
            "nothing: the query in [mirror.queries] does not show all records, \
             and what fell out of it stays in the CRM; more: ecvi-b24 check"
        ),
        None => msg!(language, "ничего, всё передано", "nothing, all is sent"),
    }
}

fn history(kind: Kind, entries: &[HistoryEntry], language: Language) -> Vec<String> {
    if entries.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![msg!(language, "История:", "History:")];
    for HistoryEntry { at, event, crm_id, detail } in entries {
        let mut parts = vec![event_name(event, language)];
        parts.extend(crm_id.map(|crm_id| display::object_name(kind, crm_id).text(language)));
        // The detail of a deletion is the booking's number, which is shown above.
        if !detail.is_empty() && *event != Event::Deleted {
            parts.push(detail.clone());
        }
        lines.push(format!("  {} {}", display::format_time(*at, language), parts.join(": ")));
    }
    lines
}

fn event_name(event: &Stored<Event>, language: Language) -> String {
    let Some(event) = event.known() else { return event.to_string() };
    match event {
        Event::Created => msg!(language, "создание", "created"),
        Event::Updated => msg!(language, "изменение", "updated"),
        Event::Deleted => msg!(language, "удаление", "deleted"),
        Event::TakenOver => {
            msg!(language, "привязана существующая карточка", "linked to an existing card")
        }
        Event::Relinked => msg!(language, "найдена другая карточка", "another card found"),
        Event::Settled => {
            msg!(language, "выяснено, что вызов выполнился", "the call had taken effect")
        }
        Event::Missing => msg!(language, "карточки нет в CRM", "missing in the CRM"),
        Event::Failed => msg!(language, "ошибка", "failed"),
        Event::Audited => msg!(language, "сверка нашла расхождение", "an audit found a difference"),
        Event::Reset => msg!(language, "reset-id: связь снята", "reset-id: unlinked"),
        Event::Pointed => msg!(language, "reset-id: привязано", "reset-id: linked"),
    }
}
