//! The status in words: one screen, Russian or English.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};

use super::{AgeLimits, IssueReport, RecordCounts, Status};
use crate::config::Webhook;
use crate::domain::display;
use crate::domain::failure_code::FailureCode;
use crate::domain::language::current_language;
use crate::domain::messages::{Message, NameMessage};
use crate::domain::record::{RecordId, RecordKey};
use crate::domain::run_error::Outcome;
use crate::output::run_summary;
use crate::platform::clock::CLOCK_DRIFT;
use crate::say;
use crate::state::{LONGEST_PAUSE, Operation, Run, Stored};
use crate::sync::options::RunKind;
use crate::sync::preflight::mapping_version;

/// What [`View::shown`] is, unless one kind was asked for.
pub(super) const SHOWN: usize = 5;

/// The line of `--check`.
pub(super) fn check_line(status: &Status, limits: &AgeLimits, now: DateTime<Utc>) -> String {
    let passed = match status.last_success_at {
        None => say!("удачных запусков ещё не было", "no good pass yet"),
        Some(at) => {
            let age = age(at, now);
            say!("последний удачный запуск {age}", "last good pass {age}")
        }
    };
    let failed = status.failures.len();
    let failed = say!("ошибок: {failed}", "failures: {failed}");
    let word = if status.is_good(limits, now) { "OK" } else { "PROBLEM" };
    // Why the last run ended early, or what a guard holds back: no failure, but somebody has to act.
    let told = status.last_run.as_ref().and_then(|run| run.message.as_ref()).map(Message::to_string);
    let told = told.iter().chain(&status.overdue).map(|message| format!("; {message}"));
    let told = told.collect::<String>();
    let mirror = limits.mirror.map(|_| format!("; {}", mirror_age(status, now))).unwrap_or_default();
    format!("{word}: {failed}; {passed}{mirror}{told}\n")
}

fn mirror_age(status: &Status, now: DateTime<Utc>) -> String {
    match status.mirror.written_at {
        None => say!("когда обновлялось зеркало Ecvi, неизвестно", "when the mirror was written is unknown"),
        Some(at) => {
            let age = age(at, now);
            say!("зеркало Ecvi обновлено {age}", "mirror written {age}")
        }
    }
}

/// When the mirror was written last.
fn mirror(status: &Status, now: DateTime<Utc>) -> Option<String> {
    let at = status.mirror.written_at?;
    let time = display::format_time(at, current_language());
    let age = age(at, now);
    Some(say!("Зеркало Ecvi обновлено {time} ({age})", "Mirror written {time} ({age})"))
}

/// What the screen shows beside the status itself.
pub(super) struct View<'a> {
    /// Whose cards the links lead to.
    pub(super) webhook: &'a Webhook,
    /// A run is under way.
    pub(super) runs: bool,
    /// Records that are shown of each reason.
    pub(super) shown: usize,
    pub(super) now: DateTime<Utc>,
}

/// The whole screen.
pub(super) fn screen(status: &Status, view: &View<'_>) -> String {
    let mut lines = vec![good_pass(status, view.now)];
    lines.extend(status.last_run.as_ref().map(|run| last_run(run, view.runs)).unwrap_or_default());
    lines.extend(status.overdue.clone());
    lines.push(initial_export(status, view.runs));
    lines.extend(mirror(status, view.now));
    if status.remapped {
        lines.push(mapping_version::notice());
    }
    lines.push(String::new());
    lines.extend(table(status));
    if let Some(error) = &status.mirror_error {
        lines.push(say!("Что ждёт отправки, неизвестно: {error}", "What waits is unknown: {error}"));
    }
    let sections = [
        (say!("Не передано", "Not sent"), &status.failures),
        (say!("Ждут своего гостя", "Waiting for their guest"), &status.waiting),
        (say!("Передано, но стоит взглянуть", "Sent, but worth a look"), &status.warnings),
    ];
    for (title, flaws) in sections {
        lines.extend(section(&title, flaws, view));
    }
    lines.join("\n") + "\n"
}

/// How long ago a run was; a time in the future is another clock's.
fn age(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let ago = now - at;
    if ago >= -CLOCK_DRIFT {
        return display::format_age(ago).to_string();
    }
    say!(
        "записан будущим временем: проверьте часы этой машины",
        "dated in the future: check this machine's clock"
    )
}

fn good_pass(status: &Status, now: DateTime<Utc>) -> String {
    match status.last_success_at {
        None => say!("Удачных запусков ещё не было.", "There has been no successful pass yet."),
        Some(at) => {
            let (time, age) = (display::format_time(at, current_language()), age(at, now));
            say!("Последний удачный запуск: {time} ({age})", "Last good pass: {time} ({age})")
        }
    }
}

/// The newest pass: how it ended where it was not simply good, and what it did.
fn last_run(run: &Run, runs: bool) -> Vec<String> {
    let Run { command, started_at, outcome, message, counts, .. } = run;
    let time = display::format_time(*started_at, current_language());
    let ended = match outcome {
        None if runs => Some(say!(
            "Запуск {command} начат {time} и ещё идёт",
            "The pass {command} began {time} and is still running"
        )),
        None => Some(say!(
            "Запуск {command} начат {time} и оборвался; что успело выполниться, выяснит следующий",
            "The pass {command} began {time} and broke off; the next one finds out what took effect"
        )),
        Some(outcome) => ended(outcome).map(|ended| {
            say!("Последний запуск: {command} {time}, {ended}", "Last pass: {command} {time}, {ended}")
        }),
    };
    let message = message.as_ref().map(|message| format!("  {}", message.to_string().replace('\n', "\n  ")));
    let changes = run_summary::changes(counts, current_language()).map(|changes| format!("  {changes}"));
    ended.into_iter().chain(message).chain(changes).collect()
}

/// How a run ended, unless it was simply good.
fn ended(outcome: &Stored<Outcome>) -> Option<String> {
    let outcome = match outcome {
        Stored::Unknown(name) => return Some(name.clone()),
        Stored::Known(outcome) => outcome,
    };
    match outcome {
        Outcome::Ok => None,
        Outcome::Partial => Some(say!("выполнен не полностью", "done in part")),
        Outcome::Failed => Some(say!("не выполнен", "failed")),
        Outcome::Refused => Some(say!("портал отказал", "the portal refused")),
        Outcome::Interrupted => Some(say!("прерван", "interrupted")),
    }
}

fn initial_export(status: &Status, runs: bool) -> String {
    let last = status.last_run.as_ref().map(|run| run.command.as_str());
    match &status.initial_export {
        None if runs && last == Some(RunKind::InitialExport.name()) => {
            say!("Первичная выгрузка ещё идёт", "The initial export is still under way")
        }
        None => say!(
            "Первичная выгрузка не завершена: выполните ecvi-b24 initial-export",
            "The initial export is not completed: run ecvi-b24 initial-export"
        ),
        Some(done) => {
            let time = display::format_time(done.completed_at, current_language());
            say!("Первичная выгрузка завершена {time}", "The initial export was completed {time}")
        }
    }
}

fn table(status: &Status) -> Vec<String> {
    let head = [
        say!("передано", "synced"),
        say!("ждут отправки", "pending"),
        say!("ошибки", "failed"),
        say!("ждут гостя", "waiting"),
    ];
    let row = |name: &str, cells: &[String; 4]| {
        let cells: Vec<String> = cells
            .iter()
            .zip(&head)
            .map(|(cell, head)| format!("{cell:>0$}", head.chars().count().max(7)))
            .collect();
        format!("{name:<10}{}", cells.join("  "))
    };
    let mut lines = vec![row("", &head)];
    for (kind, tally) in &status.records {
        let RecordCounts { synced, pending, failed, waiting } = tally;
        let pending = pending.map_or("?".into(), |count| count.to_string());
        lines.push(row(
            &display::plural_name(*kind).to_string(),
            &[synced.to_string(), pending, failed.to_string(), waiting.to_string()],
        ));
    }
    lines
}

fn section(title: &str, flaws: &[IssueReport], view: &View<'_>) -> Vec<String> {
    let View { webhook, shown, now, .. } = *view;
    if flaws.is_empty() {
        return Vec::new();
    }
    let mut by_code: BTreeMap<&Stored<FailureCode>, Vec<&IssueReport>> = BTreeMap::new();
    for flaw in flaws {
        by_code.entry(&flaw.code).or_default().push(flaw);
    }
    let mut lines = vec![String::new(), format!("{title}: {}", flaws.len())];
    for (code, flaws) in by_code {
        lines.push(format!("  {}", code_line(code)));
        for flaw in flaws.iter().take(shown) {
            lines.extend(flaw_lines(flaw, webhook, now).into_iter().map(|line| format!("    {line}")));
        }
        lines.extend(more(&flaws, shown));
    }
    lines
}

/// A code, and what to do.
pub(super) fn code_line(code: &Stored<FailureCode>) -> String {
    match code {
        Stored::Known(known) => format!("{known}: {}", known.remedy(current_language())),
        Stored::Unknown(name) => name.clone(),
    }
}

/// The word of an operation; of none, the row could not be read.
pub(super) fn operation_name(operation: Option<Operation>) -> Message {
    let name = match operation {
        Some(Operation::Create) => NameMessage::Create,
        Some(Operation::Update) => NameMessage::Update,
        Some(Operation::Delete) => NameMessage::Delete,
        None => NameMessage::Read,
    };
    name.into()
}

fn more(flaws: &[&IssueReport], shown: usize) -> Option<String> {
    let more = flaws.len().checked_sub(shown).filter(|more| *more > 0)?;
    let kind = flaws[shown].kind;
    Some(say!("    и ещё {more}: ecvi-b24 status {kind}", "    and {more} more: ecvi-b24 status {kind}"))
}

/// One record: what happened, and what comes next.
pub(super) fn flaw_lines(flaw: &IssueReport, webhook: &Webhook, now: DateTime<Utc>) -> Vec<String> {
    let IssueReport {
        kind, id, number, crm_id, operation, attempts, first_failed_at, next_attempt_at, ..
    } = flaw;
    let name = display::record_name(
        &RecordKey::new(*kind, RecordId::parse(id)),
        number.as_deref().unwrap_or_default(),
    );
    let (operation, since) =
        (operation_name(*operation), display::format_time(*first_failed_at, current_language()));
    let mut first = match next_attempt_at {
        Some(_) => say!(
            "{name}, {operation}, попыток: {attempts}, с {since}",
            "{name}, {operation}, attempts: {attempts}, since {since}"
        ),
        None => say!("{name}, с {since}", "{name}, since {since}"),
    };
    if let Some(quote) = quote(flaw) {
        first = format!("{first}: {quote}");
    }
    let mut lines = vec![first];
    lines.extend(next_attempt_at.map(|due| next_attempt(due, now)));
    let mut objects: Vec<i64> = crm_id.iter().copied().chain(named(flaw)).collect();
    let mut seen = HashSet::new();
    objects.retain(|object| seen.insert(*object));
    lines.extend(objects.into_iter().map(|crm_id| webhook.card(kind.crm_entity(), crm_id)));
    lines
}

/// The objects that the words are about, where they are ids alone.
fn named(flaw: &IssueReport) -> Vec<i64> {
    match flaw.code.known() {
        Some(
            FailureCode::ObjectMissing
            | FailureCode::AccessDenied
            | FailureCode::DealWithoutBooking
            | FailureCode::SeveralInCrm
            | FailureCode::DoubtfulMatch,
        ) => flaw.message.split(", ").filter_map(|id| id.parse().ok()).collect(),
        Some(_) | None => Vec::new(),
    }
}

/// The words of the portal in one line.
fn quote(flaw: &IssueReport) -> Option<String> {
    match flaw.code.known() {
        Some(FailureCode::GuestWaiting | FailureCode::WithoutCompanion | FailureCode::UnknownReference) => {
            return Some(people(&flaw.message));
        }
        Some(FailureCode::CrmIdTaken) => {
            let taken = flaw.message.split_once(": ");
            return Some(taken.map_or(flaw.message.clone(), |(it, by)| format!("{it}: {}", people(by))));
        }
        Some(_) | None => {}
    }
    let objects: Vec<String> =
        named(flaw).into_iter().map(|crm_id| display::object_name(flaw.kind, crm_id).to_string()).collect();
    if !objects.is_empty() {
        return Some(objects.join(", "));
    }
    let words: Vec<&str> = flaw.message.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    (!words.is_empty()).then(|| words.join(" / "))
}

/// `guest 42, company 7` as the language has it.
fn people(list: &str) -> String {
    let person = |word: &str| {
        let (kind, id) = word.split_once(' ')?;
        let key = RecordKey::new(kind.parse().ok()?, RecordId::parse(id));
        Some(display::record_name(&key, "").to_string())
    };
    let people: Vec<String> = list.split(", ").map(|word| person(word).unwrap_or(word.to_owned())).collect();
    people.join(", ")
}

fn next_attempt(due: DateTime<Utc>, now: DateTime<Utc>) -> String {
    // What a clock set that ran ahead is no pause.
    if due <= now || due - now > LONGEST_PAUSE {
        return say!("следующая попытка: при ближайшем запуске", "next attempt: with the next pass");
    }
    let time = display::format_time(due, current_language());
    say!("следующая попытка: {time}", "next attempt: {time}")
}
