//! One record in words.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::RecordStatus;
use super::record::{OpenCall, RowSummary, SkipReason};
use super::text::{code_line, flaw_lines, operation_name};
use crate::commands::find_record::FoundRecord;
use crate::config::Webhook;
use crate::domain::language::current_language;
use crate::domain::record::Kind;
use crate::domain::{display, visible_text};
use crate::say;
use crate::state::{Event, HistoryEntry, Stored};
use crate::sync::plan::Step;

/// The columns in the order in which people read them.
const COLUMNS: [&str; 14] = [
    "status",
    "arrival",
    "departure",
    "amount",
    "guest_id",
    "guests",
    "company_id",
    "payer_company_id",
    "name",
    "country",
    "region",
    "city",
    "phones",
    "emails",
];

/// The whole screen. `mirror_error`: why the mirror could not be asked.
pub(super) fn screen(
    status: &RecordStatus,
    found: &FoundRecord,
    webhook: &Webhook,
    mirror_error: Option<&str>,
    now: DateTime<Utc>,
) -> String {
    let name = display::record_name(&found.key, &found.label).to_string();
    let mut lines = vec![capitalized(&name), in_crm(status)];
    lines.extend(in_ecvi(status, mirror_error));
    lines.extend(status.doubt.as_ref().map(doubt));
    for flaw in status.failures.iter().chain(&status.waiting).chain(&status.warnings) {
        lines.push(code_line(&flaw.code));
        lines.extend(flaw_lines(flaw, webhook, now).into_iter().map(|line| format!("  {line}")));
    }
    if mirror_error.is_none() {
        lines.push(next(status));
        let hindered = status.last_message.as_ref().filter(|_| status.next_step.is_some());
        lines.extend(hindered.map(|message| {
            say!(
                "  если его не остановит то же, что остановило последний: {message}",
                "  unless it is stopped by what stopped the last one: {message}"
            )
        }));
    }
    lines.extend(history(found.key.kind, &status.history));
    lines.join("\n") + "\n"
}

fn capitalized(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map(|first| first.to_uppercase().chain(rest).collect()).unwrap_or_default()
}

fn in_crm(status: &RecordStatus) -> String {
    match (status.crm_id, &status.url) {
        (Some(crm_id), Some(url)) => {
            let object = display::object_name(status.kind, crm_id);
            say!("В CRM: {object}, {url}", "In the CRM: {object}, {url}")
        }
        _ if status.history.last().is_some_and(|line| line.event == Event::Deleted) => {
            say!("В CRM: сделка удалена", "In the CRM: the deal was deleted")
        }
        _ => say!("В CRM: объект неизвестен", "In the CRM: no object known"),
    }
}

fn in_ecvi(status: &RecordStatus, mirror_error: Option<&str>) -> Vec<String> {
    let Some(row) = &status.mirror else {
        return vec![match mirror_error {
            Some(error) => say!("В Ecvi: {error}", "In Ecvi: {error}"),
            None => say!("В зеркале Ecvi: записи больше нет", "In the mirror: the record is gone"),
        }];
    };
    let RowSummary { modified_at, crm_id, error, values } = row;
    let modified_at = visible_text::line(modified_at);
    let mut lines = vec![if modified_at.is_empty() {
        say!("В Ecvi:", "In Ecvi:")
    } else {
        say!("В Ecvi: последнее изменение {modified_at}", "In Ecvi: last changed {modified_at}")
    }];
    if let Some(error) = error {
        let error = visible_text::line(error);
        lines.push(say!("  не читается: {error}", "  cannot be read: {error}"));
    }
    if let Some(crm_id) = crm_id {
        lines.push(say!("  crm_id из Ecvi: {crm_id}", "  crm_id of Ecvi: {crm_id}"));
    }
    lines.extend(COLUMNS.iter().filter_map(|column| value(column, values)));
    lines.push(match &status.sent_modified_at {
        Some(sent) if sent.is_empty() => say!("Передано", "Sent"),
        Some(sent) => {
            let sent = visible_text::line(sent);
            say!("Передано изменение {sent}", "Sent: the change of {sent}")
        }
        None => say!("Передано: ещё ничего", "Sent: nothing yet"),
    });
    lines
}

fn value(column: &str, values: &Map<String, Value>) -> Option<String> {
    let text = match values.get(column)? {
        Value::Null => return None,
        Value::String(text) => text.clone(),
        Value::Array(ids) => ids.iter().map(bare).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    };
    (!text.is_empty()).then(|| format!("  {}: {}", label(column), visible_text::line(&text)))
}

fn bare(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn label(column: &str) -> String {
    match column {
        "status" => say!("состояние", "status"),
        "arrival" => say!("заезд", "arrival"),
        "departure" => say!("выезд", "departure"),
        "amount" => say!("сумма", "amount"),
        "guest_id" => say!("гость заявки", "guest of the booking"),
        "guests" => say!("проживают гости", "guests who stay"),
        "company_id" => say!("компания", "company"),
        "payer_company_id" => say!("плательщик", "payer"),
        "name" => say!("название", "name"),
        "country" => say!("страна", "country"),
        "region" => say!("область", "region"),
        "city" => say!("город", "city"),
        "phones" => say!("телефонов", "phones"),
        "emails" => say!("адресов e-mail", "e-mails"),
        other => other.to_owned(),
    }
}

fn doubt(call: &OpenCall) -> String {
    let (operation, at) =
        (operation_name(Some(call.operation)), display::format_time(call.at, current_language()));
    say!(
        "Вызов без ответа: {operation}, {at}. Ближайшие запуски выяснят, что успело выполниться; до того запись не трогается.",
        "A call without an answer: {operation}, {at}. The next passes find out what took effect; until then the record is left alone."
    )
}

fn next(status: &RecordStatus) -> String {
    let what = match status.next_step {
        Some(_) if !status.waiting.is_empty() => {
            say!("передать, если её гость уже появился в CRM", "send it if its guest is in the CRM by then")
        }
        Some(Step::Create) => say!(
            "найти объект в CRM по ORIGIN_ID, а если его нет, создать",
            "find the object in the CRM by ORIGIN_ID, or create it where there is none"
        ),
        Some(Step::Update) => say!("передать все поля", "send all fields"),
        Some(Step::Recheck) => {
            say!("проверить, кто из её людей появился в CRM", "see which of its people are in the CRM now")
        }
        Some(Step::Close) => say!("поправить дату завершения", "correct the closing date"),
        Some(Step::Fail) => say!("сообщить, что запись не читается", "report that the record cannot be read"),
        Some(Step::Gone) => say!("оставить объект CRM как есть", "leave the object of the CRM as it is"),
        Some(Step::Forget) => say!("забыть: сделки нет", "forget it: there is no deal"),
        Some(Step::Delete) => say!(
            "удалить сделку, если заявки нет уже столько времени, сколько задано в [sync] delete_after",
            "delete the deal, if the booking has been gone for as long as [sync] delete_after says"
        ),
        None if status.doubt.is_some() => {
            say!("выяснить, выполнился ли вызов", "find out whether the call took effect")
        }
        None if !status.failures.is_empty() => say!(
            "ничего, пока не выйдет пауза или запись не изменится",
            "nothing until the pause is over or the record changes"
        ),
        None if status.left == Some(SkipReason::History) => say!(
            "ничего: она закончилась раньше [export] bookings_from, сделки у неё нет",
            "nothing: it was over before [export] bookings_from and has no deal"
        ),
        None if status.left == Some(SkipReason::Window) => say!(
            "ничего: запрос в [mirror.queries] показывает не все записи, и выпавшая из него остаётся в CRM; подробнее: ecvi-b24 check",
            "nothing: the query in [mirror.queries] does not show all records, and what fell out of it stays in the CRM; more: ecvi-b24 check"
        ),
        None => say!("ничего, всё передано", "nothing, all is sent"),
    };
    say!("Ближайший запуск: {what}", "The next pass: {what}")
}

fn history(kind: Kind, history: &[HistoryEntry]) -> Vec<String> {
    if history.is_empty() {
        return Vec::new();
    }
    let line = |line: &HistoryEntry| {
        let HistoryEntry { at, event, crm_id, detail } = line;
        let object = crm_id.map(|crm_id| display::object_name(kind, crm_id).to_string());
        // A deletion notes the booking's number, which stands above.
        let detail = Some(detail.clone()).filter(|detail| !detail.is_empty() && *event != Event::Deleted);
        let parts: Vec<String> = std::iter::once(event_word(event)).chain(object).chain(detail).collect();
        format!("  {} {}", display::format_time(*at, current_language()), parts.join(": "))
    };
    let title = say!("История:", "History:");
    std::iter::once(title).chain(history.iter().map(line)).collect()
}

fn event_word(event: &Stored<Event>) -> String {
    let event = match event {
        Stored::Unknown(name) => return name.clone(),
        Stored::Known(event) => event,
    };
    match event {
        Event::Created => say!("создание", "created"),
        Event::Updated => say!("изменение", "updated"),
        Event::Deleted => say!("удаление", "deleted"),
        Event::Adopted => say!("взят готовый объект", "taken over"),
        Event::Relinked => say!("найден другой объект", "another object found"),
        Event::Settled => say!("выяснено, что вызов выполнился", "the call had taken effect"),
        Event::Missing => say!("объекта нет в CRM", "gone from the CRM"),
        Event::Failed => say!("ошибка", "failed"),
        Event::Audited => say!("сверка нашла расхождение", "an audit found a difference"),
        Event::Reset => say!("reset-id: больше не связана", "reset-id: let go"),
        Event::Pointed => say!("reset-id: связана", "reset-id: pointed"),
    }
}
