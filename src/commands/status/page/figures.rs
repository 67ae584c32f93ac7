//! The figures of the page: the last run, the mirror, how many records, and the charts.

use chrono::{DateTime, Datelike, Local, Timelike, Utc, Weekday};

use super::super::activity::{Activity, Bar, Sums, total};
use super::super::overview::Overview;
use super::super::text::age;
use super::super::{RecordCounts, View};
use super::chart::{Column, chart};
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
    format!("<div class=\"card\"><dt>{}</dt><dd>{}</dd></div>\n", html::text(name), html::lines(value))
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
            msg!(language, "не завершена: ecvi-b24 initial-export", "not completed: ecvi-b24 initial-export")
        }
    }
}

fn changes(overview: &Overview, language: Language) -> String {
    let changes =
        overview.status.last_run.as_ref().and_then(|run| run_summary::changes(&run.counts, language));
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
    let mut text = String::new();
    if let Some(error) = &overview.status.mirror_error {
        let error = error.text(language);
        let unknown = msg!(
            language,
            "Что ждёт отправки, неизвестно: {error}",
            "What is still to be sent is unknown: {error}"
        );
        text = html::paragraph("note", &unknown);
    }
    format!(
        "<section class=\"card\"><table><thead><tr>{head}</tr></thead><tbody>\n{rows}</tbody></table>\n{text}</section>\n"
    )
}

fn row(name: &str, counts: &RecordCounts, language: Language) -> String {
    let RecordCounts { synced, pending, failed, waiting } = *counts;
    let pending = pending.map_or("?".to_owned(), |count| grouped(count, language));
    let failed_class = if failed > 0 { " class=\"bad\"" } else { "" };
    format!(
        "<tr><th scope=\"row\">{}</th><td>{}</td><td>{pending}</td><td{failed_class}>{}</td><td>{}</td></tr>\n",
        html::text(name),
        grouped(synced, language),
        grouped(failed, language),
        grouped(waiting, language),
    )
}

/// `12345` -> `12 345`, `12,345`
fn grouped(number: u64, language: Language) -> String {
    let separator = match language {
        Language::Ru => '\u{a0}',
        Language::En => ',',
    };
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(separator);
        }
        grouped.push(digit);
    }
    grouped
}

/// Runs, records and requests of the last day and week.
pub(super) fn charts(activity: &Activity, view: &View<'_>) -> String {
    let language = view.language;
    let day = msg!(language, "За сутки", "Last day");
    let week = msg!(language, "За неделю", "Last week");
    let periods = [(day, &activity.hours, false), (week, &activity.days, true)];
    let sections: String =
        periods.map(|(name, bars, is_by_day)| period(&name, bars, is_by_day, language)).concat();
    format!("<div class=\"periods\">\n{sections}</div>\n")
}

fn period(name: &str, bars: &[Bar], is_by_day: bool, language: Language) -> String {
    let sums = total(bars);
    let draw = |title: String, amount: String, layers: fn(&Sums) -> Vec<(&'static str, u64)>| {
        let columns: Vec<Column> = bars.iter().map(|bar| column(bar, is_by_day, layers, language)).collect();
        chart(&title, &amount, &columns)
    };
    let charts = [
        draw(msg!(language, "Запуски", "Runs"), runs(&sums, language), |sums| {
            vec![("good", sums.good), ("partial", sums.partial), ("bad", sums.bad)]
        }),
        draw(
            msg!(language, "Изменено в CRM", "Changed in the CRM"),
            grouped(sums.records, language),
            |sums| vec![("sent", sums.records)],
        ),
        draw(
            msg!(language, "Запросы к порталу", "Requests to the portal"),
            grouped(sums.requests, language),
            |sums| vec![("asked", sums.requests)],
        ),
    ]
    .concat();
    let name = html::text(name);
    format!("<section class=\"card\"><h2>{name}</h2>\n<div class=\"charts\">{charts}</div></section>\n")
}

/// All of them, and those that came to nothing.
fn runs(sums: &Sums, language: Language) -> String {
    let all = grouped(sums.runs(), language);
    let bad = grouped(sums.bad, language);
    match sums.bad {
        0 => all,
        _ => msg!(language, "{all}, не выполнено {bad}", "{all}, failed {bad}"),
    }
}

fn column(
    bar: &Bar,
    is_by_day: bool,
    layers: fn(&Sums) -> Vec<(&'static str, u64)>,
    language: Language,
) -> Column {
    let layers = layers(&bar.sums);
    let from = bar.from.with_timezone(&Local);
    let hint_time = if is_by_day {
        format!("{:02}.{:02}", from.day(), from.month())
    } else {
        format!("{:02}:{:02}", from.hour(), from.minute())
    };
    let amount: u64 = layers.iter().map(|(_, amount)| amount).sum();
    let bad: u64 = layers.iter().filter(|(class, _)| *class == "bad").map(|(_, amount)| amount).sum();
    let hint = match bad {
        0 => format!("{hint_time}: {}", grouped(amount, language)),
        bad => {
            msg!(language, "{hint_time}: {amount}, не выполнено {bad}", "{hint_time}: {amount}, {bad} failed")
        }
    };
    let label = if is_by_day { weekday(from.weekday(), language) } else { hour(from.hour()) };
    Column { label, hint, layers }
}

/// Every sixth hour has its number below it.
fn hour(hour: u32) -> String {
    if hour.is_multiple_of(6) { format!("{hour:02}") } else { String::new() }
}

fn weekday(day: Weekday, language: Language) -> String {
    match day {
        Weekday::Mon => msg!(language, "пн", "Mo"),
        Weekday::Tue => msg!(language, "вт", "Tu"),
        Weekday::Wed => msg!(language, "ср", "We"),
        Weekday::Thu => msg!(language, "чт", "Th"),
        Weekday::Fri => msg!(language, "пт", "Fr"),
        Weekday::Sat => msg!(language, "сб", "Sa"),
        Weekday::Sun => msg!(language, "вс", "Su"),
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
