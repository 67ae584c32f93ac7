//! One record that failed, waits or was not sent whole, in the reader's language.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use super::{IssueReport, View};
use crate::domain::display;
use crate::domain::failure_code::FailureCode;
use crate::domain::language::Language;
use crate::domain::messages::{Message, NameMessage};
use crate::domain::record::{RecordId, RecordKey};
use crate::msg;
use crate::state::{LONGEST_PAUSE, Operation, Stored};

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
    if let Some(quote) = quote(issue, language) {
        first = format!("{first}: {quote}");
    }
    let mut lines = vec![first];
    lines.extend(issue.next_attempt_at.map(|due| next_attempt(due, view.now, language)));
    let mut cards: Vec<i64> = issue.crm_id.iter().copied().chain(named_cards(issue)).collect();
    let mut seen = HashSet::new();
    cards.retain(|card| seen.insert(*card));
    lines.extend(cards.into_iter().map(|crm_id| view.webhook.card(issue.kind.crm_entity(), crm_id)));
    lines
}

fn record_and_time(issue: &IssueReport, language: Language) -> String {
    let key = RecordKey::new(issue.kind, RecordId::parse(&issue.id));
    let name = display::record_name(&key, issue.number.as_deref().unwrap_or_default()).text(language);
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

/// The cards that the message names, of a code whose message holds nothing but their ids.
fn named_cards(issue: &IssueReport) -> Vec<i64> {
    match issue.code.known() {
        Some(
            FailureCode::ObjectMissing
            | FailureCode::AccessDenied
            | FailureCode::DealWithoutBooking
            | FailureCode::SeveralInCrm
            | FailureCode::DoubtfulMatch,
        ) => issue.message.split(", ").filter_map(|id| id.parse().ok()).collect(),
        Some(_) | None => Vec::new(),
    }
}

/// The message on one line.
fn quote(issue: &IssueReport, language: Language) -> Option<String> {
    let message = &issue.message;
    match issue.code.known() {
        Some(FailureCode::GuestWaiting | FailureCode::WithoutCompanion | FailureCode::UnknownReference) => {
            return Some(parties(message, language));
        }
        Some(FailureCode::CrmIdTaken) => {
            let taken = message.split_once(": ");
            return Some(
                taken.map_or(message.clone(), |(crm_id, by)| format!("{crm_id}: {}", parties(by, language))),
            );
        }
        Some(_) | None => {}
    }
    let cards: Vec<String> = named_cards(issue)
        .into_iter()
        .map(|crm_id| display::object_name(issue.kind, crm_id).text(language))
        .collect();
    if !cards.is_empty() {
        return Some(cards.join(", "));
    }
    let lines: Vec<&str> = message.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    (!lines.is_empty()).then(|| lines.join(" / "))
}

/// `guest 42, company 7` in the reader's language.
fn parties(list: &str, language: Language) -> String {
    let party = |text: &str| {
        let (kind, id) = text.split_once(' ')?;
        let key = RecordKey::new(kind.parse().ok()?, RecordId::parse(id));
        Some(display::record_name(&key, "").text(language))
    };
    let parties: Vec<String> = list.split(", ").map(|text| party(text).unwrap_or(text.to_owned())).collect();
    parties.join(", ")
}

fn next_attempt(due: DateTime<Utc>, now: DateTime<Utc>, language: Language) -> String {
    // A time further away than any pause was set by a clock that ran ahead.
    if due <= now || due - now > LONGEST_PAUSE {
        return msg!(language, "следующая попытка: при ближайшем запуске", "next attempt: with the next run");
    }
    let time = display::format_time(due, language);
    msg!(language, "следующая попытка: {time}", "next attempt: {time}")
}
