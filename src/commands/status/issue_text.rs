//! One record that failed, waits or was not sent whole, in the reader's language.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use super::{IssueReport, View};
use crate::commands::find_record::word_for;
use crate::domain::display;
use crate::domain::failure_code::FailureCode;
use crate::domain::issue_detail::IssueDetail;
use crate::domain::language::Language;
use crate::domain::messages::{Message, NameMessage};
use crate::domain::record::{RecordId, RecordKey};
use crate::domain::visible_text;
use crate::msg;
use crate::state::{Operation, Stored, is_pause_over};

/// The code, and what to do about it.
pub(super) fn heading(issue: &IssueReport, language: Language) -> String {
    match &issue.code {
        Stored::Known(code) => format!("{code}: {}", code.remedy(language)),
        Stored::Unknown(name) => name.clone(),
    }
}

/// What happened, when it is tried again, and the cards to look at.
pub(super) fn issue_lines(issue: &IssueReport, view: &View<'_>) -> Vec<String> {
    let language = view.language;
    let mut first = record_and_time(issue, language);
    if let Some(detail) = detail_line(issue, language) {
        first = format!("{first}: {detail}");
    }
    let mut lines = vec![first];
    lines.extend(reason_of_waiting(issue, language));
    lines.extend(issue.next_attempt_at.map(|due| next_attempt(due, view.now, language)));
    lines.extend(
        cards(issue).into_iter().map(|crm_id| view.webhook.card(issue.kind.crm_entity(), crm_id)),
    );
    lines
}

/// The record's card, and those that the issue is about.
pub(super) fn cards(issue: &IssueReport) -> Vec<i64> {
    let mut cards: Vec<i64> = issue.crm_id.into_iter().collect();
    if let IssueDetail::Cards(ids) = &issue.detail {
        cards.extend(ids);
    }
    let mut seen = HashSet::new();
    cards.retain(|card| seen.insert(*card));
    cards
}

pub(super) fn record_and_time(issue: &IssueReport, language: Language) -> String {
    let key = RecordKey::new(issue.kind, RecordId::parse(&issue.id));
    let name =
        display::record_name(&key, issue.number.as_deref().unwrap_or_default()).text(language);
    let since = display::format_time(issue.first_failed_at, language);
    if issue.next_attempt_at.is_none() {
        return msg!(language, "{name}, с {since}", "{name}, since {since}");
    }
    let operation = operation_name(issue.operation).text(language);
    let attempts = issue.attempts;
    msg!(
        language,
        "{name}, {operation}, попыток: {attempts}, с {since}",
        "{name}, {operation}, attempts: {attempts}, since {since}"
    )
}

/// What was tried; nothing where the row could not be read.
pub(super) fn operation_name(operation: Option<Operation>) -> Message {
    let name = match operation {
        Some(Operation::Create) => NameMessage::Create,
        Some(Operation::Update) => NameMessage::Update,
        Some(Operation::Delete) => NameMessage::Delete,
        None => NameMessage::Read,
    };
    name.into()
}

/// What the issue is about, on one line.
pub(super) fn detail_line(issue: &IssueReport, language: Language) -> Option<String> {
    match &issue.detail {
        IssueDetail::Cards(ids) => {
            let cards =
                ids.iter().map(|crm_id| display::object_name(issue.kind, *crm_id).text(language));
            Some(cards.collect::<Vec<_>>().join(", "))
        }
        IssueDetail::Parties(keys) => {
            let names = keys.iter().map(|key| display::record_name(key, "").text(language));
            Some(names.collect::<Vec<_>>().join(", "))
        }
        IssueDetail::TakenCard { crm_id, owner } => {
            Some(format!("crm_id {crm_id}: {}", display::record_name(owner, "").text(language)))
        }
        IssueDetail::Text(text) => {
            let line = visible_text::on_one_line(text.trim());
            (!line.is_empty()).then_some(line)
        }
    }
}

/// The command that tells why the booking's guest is not in the CRM.
fn reason_of_waiting(issue: &IssueReport, language: Language) -> Option<String> {
    if issue.code.known() != Some(FailureCode::GuestWaiting) {
        return None;
    }
    let IssueDetail::Parties(guests) = &issue.detail else { return None };
    let guest = word_for(&guests.first()?.id.to_string());
    Some(msg!(
        language,
        "причина: ecvi-b24 status guest {guest}",
        "why: ecvi-b24 status guest {guest}"
    ))
}

pub(super) fn next_attempt(due: DateTime<Utc>, now: DateTime<Utc>, language: Language) -> String {
    if is_pause_over(due, now) {
        return msg!(
            language,
            "следующая попытка: при ближайшем запуске",
            "next attempt: with the next run"
        );
    }
    let time = display::format_time(due, language);
    msg!(language, "следующая попытка: {time}", "next attempt: {time}")
}
