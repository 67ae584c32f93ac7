//! The screen of `status`, in the reader's language.

use chrono::{DateTime, Utc};

use super::issue_text::{heading, issue_lines};
use super::sections::{Section, more_records, pending_unknown};
use super::{LastRun, RecordCounts, Status, View};
use crate::domain::display;
use crate::domain::language::Language;
use crate::domain::run_error::Outcome;
use crate::msg;
use crate::output::run_summary;
use crate::platform::clock::CLOCK_DRIFT;
use crate::state::Stored;
use crate::sync::preflight::mapping_version;

/// So many records of each reason are shown, unless one kind was asked for.
pub(super) const SHOWN: usize = 5;

/// The whole screen. `limit`: of each reason at most so many records.
pub(super) fn screen(status: &Status, is_running: bool, limit: usize, view: &View<'_>) -> String {
    let language = view.language;
    let mut lines = vec![last_good_run(status, view)];
    if let Some(run) = &status.last_run {
        lines.extend(last_run(run, is_running, language));
    }
    lines.extend(status.overdue.as_ref().map(|overdue| overdue.text(language)));
    lines.push(initial_export(status, is_running, language));
    lines.extend(status.mirror.written_at.map(|at| mirror(at, view)));
    if status.is_mapping_changed {
        lines.push(mapping_version::notice().text(language));
    }
    lines.push(String::new());
    lines.extend(table(status, language));
    lines.extend(status.mirror_error.as_ref().map(|error| pending_unknown(error, language)));
    for section in status.sections(language) {
        lines.extend(section_lines(&section, limit, view));
    }
    lines.join("\n") + "\n"
}

/// How long ago something was. A time in the future comes from a clock that was wrong then or is
/// wrong now.
pub(super) fn age(at: DateTime<Utc>, now: DateTime<Utc>, language: Language) -> String {
    let ago = now - at;
    if ago >= -CLOCK_DRIFT {
        return display::format_age(ago).text(language);
    }
    msg!(
        language,
        "время в будущем: проверьте часы этой машины",
        "dated in the future: check this machine's clock"
    )
}

fn last_good_run(status: &Status, view: &View<'_>) -> String {
    let language = view.language;
    let Some(at) = status.last_success_at else {
        return msg!(language, "Удачных запусков ещё не было.", "There has been no good run yet.");
    };
    let time = display::format_time(at, language);
    let age = age(at, view.now, language);
    msg!(language, "Последний удачный запуск: {time} ({age})", "Last good run: {time} ({age})")
}

/// The newest run: how it ended, unless it simply went well, and what it did.
fn last_run(run: &LastRun, is_running: bool, language: Language) -> Vec<String> {
    let LastRun { command, started_at, outcome, message, counts, .. } = run;
    let time = display::format_time(*started_at, language);
    let mut lines = Vec::new();
    match outcome {
        None if is_running => lines.push(msg!(
            language,
            "Запуск {command} начат {time} и ещё идёт",
            "The run {command} began {time} and is still running"
        )),
        None => lines.push(msg!(
            language,
            "Запуск {command} начат {time} и оборвался; что успело выполниться, выяснит следующий",
            "The run {command} began {time} and broke off; the next one finds out what took effect"
        )),
        Some(outcome) => lines.extend(how_it_ended(outcome, language).map(|ended| {
            msg!(
                language,
                "Последний запуск: {command} {time}, {ended}",
                "Last run: {command} {time}, {ended}"
            )
        })),
    }
    lines.extend(message.as_ref().map(|message| format!("  {}", message.replace('\n', "\n  "))));
    lines.extend(run_summary::changes(counts, language).map(|changes| format!("  {changes}")));
    lines
}

/// None where it simply went well. A newer version may have written an outcome that this one does
/// not know.
fn how_it_ended(outcome: &Stored<Outcome>, language: Language) -> Option<String> {
    match outcome.known() {
        None => Some(outcome.to_string()),
        Some(Outcome::Ok) => None,
        Some(Outcome::Partial) => Some(msg!(language, "выполнен не полностью", "done in part")),
        Some(Outcome::Failed) => Some(msg!(language, "не выполнен", "failed")),
        Some(Outcome::Refused) => Some(msg!(language, "портал отказал", "the portal refused")),
        Some(Outcome::Interrupted) => Some(msg!(language, "прерван", "interrupted")),
    }
}

fn initial_export(status: &Status, is_running: bool, language: Language) -> String {
    if let Some(export) = &status.initial_export {
        let time = display::format_time(export.completed_at, language);
        return msg!(
            language,
            "Первичная выгрузка завершена {time}",
            "The initial export was completed {time}"
        );
    }
    if is_running && status.is_last_run_export() {
        return msg!(
            language,
            "Первичная выгрузка ещё идёт",
            "The initial export is still under way"
        );
    }
    msg!(
        language,
        "Первичная выгрузка не завершена: выполните ecvi-b24 initial-export",
        "The initial export is not completed: run ecvi-b24 initial-export"
    )
}

fn mirror(written_at: DateTime<Utc>, view: &View<'_>) -> String {
    let language = view.language;
    let time = display::format_time(written_at, language);
    let age = age(written_at, view.now, language);
    msg!(language, "Зеркало Ecvi обновлено {time} ({age})", "Mirror written {time} ({age})")
}

fn table(status: &Status, language: Language) -> Vec<String> {
    let head = [
        msg!(language, "передано", "synced"),
        msg!(language, "ждут отправки", "pending"),
        msg!(language, "ошибки", "failed"),
        msg!(language, "ждут гостя", "waiting"),
    ];
    let mut lines = vec![table_row("", &head, &head)];
    for (kind, counts) in &status.records {
        let RecordCounts { synced, pending, failed, waiting } = counts;
        let pending = pending.map_or("?".to_owned(), |count| count.to_string());
        let cells = [synced.to_string(), pending, failed.to_string(), waiting.to_string()];
        lines.push(table_row(&display::plural_name(*kind).text(language), &cells, &head));
    }
    lines
}

/// Each cell is as wide as the head of its column.
fn table_row(name: &str, cells: &[String; 4], head: &[String; 4]) -> String {
    let mut padded = Vec::new();
    for (cell, head) in cells.iter().zip(head) {
        let width = head.chars().count().max(7);
        padded.push(format!("{cell:>width$}"));
    }
    format!("{name:<10}{}", padded.join("  "))
}

fn section_lines(section: &Section<'_>, limit: usize, view: &View<'_>) -> Vec<String> {
    let mut lines = vec![String::new(), format!("{}: {}", section.title, section.count)];
    for issues in section.reasons.values() {
        lines.push(format!("  {}", heading(issues[0], view.language)));
        for issue in issues.iter().take(limit) {
            lines.extend(issue_lines(issue, view).iter().map(|line| format!("    {line}")));
        }
        let more = more_records(issues, limit, view.language);
        lines.extend(more.map(|line| format!("    {line}")));
    }
    lines
}
