//! The figures of the page: the last run, the mirror, how many records.

use chrono::{DateTime, Utc};
use indicatif::HumanCount;

use super::super::overview::Overview;
use super::super::sections::pending_unknown;
use super::super::text::age;
use super::super::{RecordCounts, View};
use super::html;
use crate::domain::display;
use crate::domain::language::Language;
use crate::msg;
use crate::output::run_summary;

/// The last good run, the mirror, the initial export.
pub(super) fn facts(overview: &Overview, view: &View<'_>) -> String {
    let language = view.language;
    let status = &overview.status;
    let facts = [
        (msg!(language, "Удачный запуск", "Last good run"), moment(status.last_success_at, view)),
        (msg!(language, "Зеркало Ecvi", "Mirror of Ecvi"), mirror(overview, view)),
        (msg!(language, "Первичная выгрузка", "Initial export"), export(overview, language)),
        (msg!(language, "Последний запуск", "The last run"), changes(overview, language)),
    ];
    let facts: String = facts.iter().map(|(name, value)| fact(name, value)).collect();
    format!("<dl class=\"facts\">\n{facts}</dl>\n")
}

fn fact(name: &str, value: &str) -> String {
    format!(
        "<div class=\"card\"><dt>{}</dt><dd>{}</dd></div>\n",
        html::text(name),
        html::lines(value)
    )
}

/// A time, and how long ago it was when the page was written.
fn moment(at: Option<DateTime<Utc>>, view: &View<'_>) -> String {
    let Some(at) = at else { return msg!(view.language, "ещё не было", "none yet") };
    let age = age(at, view.now, view.language);
    format!("{}\n{age}", display::format_time(at, view.language))
}

fn mirror(overview: &Overview, view: &View<'_>) -> String {
    match overview.status.mirror.written_at {
        None => msg!(view.language, "неизвестно когда", "unknown"),
        written => moment(written, view),
    }
}

fn export(overview: &Overview, language: Language) -> String {
    match &overview.status.initial_export {
        Some(export) => {
            let time = display::format_time(export.completed_at, language);
            msg!(language, "завершена\n{time}", "completed\n{time}")
        }
        None => {
            msg!(
                language,
                "не завершена: ecvi-b24 initial-export",
                "not completed: ecvi-b24 initial-export"
            )
        }
    }
}

fn changes(overview: &Overview, language: Language) -> String {
    let changes = overview
        .status
        .last_run
        .as_ref()
        .and_then(|run| run_summary::changes(&run.counts, language));
    changes.unwrap_or_else(|| msg!(language, "изменений не было", "nothing to change"))
}

/// How many records of each kind.
pub(super) fn records(overview: &Overview, view: &View<'_>) -> String {
    let language = view.language;
    let head: String = [
        String::new(),
        msg!(language, "в CRM", "in the CRM"),
        msg!(language, "ждут отправки", "to be sent"),
        msg!(language, "ошибки", "failed"),
        msg!(language, "ждут гостя", "wait for a guest"),
    ]
    .map(|cell| html::element("th", &cell))
    .concat();
    let mut rows = String::new();
    for (kind, counts) in &overview.status.records {
        rows += &row(&display::plural_name(*kind).text(language), counts, language);
    }
    let error = overview.status.mirror_error.as_ref();
    let text = error.map(|error| html::paragraph("note", &pending_unknown(error, language)));
    let text = text.unwrap_or_default();
    format!(
        "<section class=\"card\"><table><thead><tr>{head}</tr></thead><tbody>\n\
         {rows}</tbody></table>\n{text}</section>\n"
    )
}

fn row(name: &str, counts: &RecordCounts, language: Language) -> String {
    let RecordCounts { synced, pending, failed, waiting } = *counts;
    let pending = pending.map_or("?".to_owned(), |count| grouped(count, language));
    let failed_class = if failed > 0 { " class=\"bad\"" } else { "" };
    format!(
        "<tr><th scope=\"row\">{}</th><td>{}</td><td>{pending}</td>\
         <td{failed_class}>{}</td><td>{}</td></tr>\n",
        html::text(name),
        grouped(synced, language),
        grouped(failed, language),
        grouped(waiting, language),
    )
}

/// `12345` -> `12 345`, `12,345`
pub(super) fn grouped(number: u64, language: Language) -> String {
    let english = HumanCount(number).to_string();
    match language {
        Language::Ru => english.replace(',', "\u{a0}"),
        Language::En => english,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_stand_in_groups_of_three() {
        for (number, ru, en) in [
            (0, "0", "0"),
            (999, "999", "999"),
            (1_000, "1\u{a0}000", "1,000"),
            (1_234_567, "1\u{a0}234\u{a0}567", "1,234,567"),
        ] {
            assert_eq!(
                (grouped(number, Language::Ru).as_str(), grouped(number, Language::En).as_str()),
                (ru, en)
            );
        }
    }
}
