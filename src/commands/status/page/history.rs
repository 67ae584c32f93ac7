//! The charts of the page: runs, records and requests of the last day, hour by hour, and of the
//! last week.

use chrono::{DateTime, Datelike, Local, Timelike};

use super::super::activity::{Activity, Bar, Sums, total};
use super::chart::{Column, Layer, chart};
use super::figures::grouped;
use super::html;
use crate::domain::language::Language;
use crate::msg;

/// Which span of time a bar is.
#[derive(Clone, Copy)]
enum Span {
    Hour,
    Day,
}

/// What a chart shows.
struct Shown {
    title: String,
    total: String,
    /// The layers of one bar.
    layers: fn(&Sums) -> Vec<Layer>,
}

/// Both periods, side by side where there is room.
pub(super) fn charts(activity: &Activity, language: Language) -> String {
    let day = msg!(language, "За сутки", "Last day");
    let week = msg!(language, "За неделю", "Last week");
    let day = period(&day, &activity.hours, Span::Hour, language);
    let week = period(&week, &activity.days, Span::Day, language);
    format!("<div class=\"periods\">\n{day}{week}</div>\n")
}

fn period(name: &str, bars: &[Bar], span: Span, language: Language) -> String {
    let sums = total(bars);
    let shown = [
        Shown {
            title: msg!(language, "Запуски", "Runs"),
            total: runs(&sums, language),
            layers: |sums| {
                vec![
                    Layer { class: "good", height: sums.good },
                    Layer { class: "partial", height: sums.partial },
                    Layer { class: "bad", height: sums.bad },
                ]
            },
        },
        Shown {
            title: msg!(language, "Изменено в CRM", "Changed in the CRM"),
            total: grouped(sums.records, language),
            layers: |sums| vec![Layer { class: "sent", height: sums.records }],
        },
        Shown {
            title: msg!(language, "Запросы к порталу", "Requests to the portal"),
            total: grouped(sums.requests, language),
            layers: |sums| vec![Layer { class: "asked", height: sums.requests }],
        },
    ];
    let charts = shown.map(|shown| draw(&shown, bars, span, language)).concat();
    let name = html::text(name);
    format!(
        "<section class=\"card\"><h2>{name}</h2>\n<div class=\"charts\">{charts}</div></section>\n"
    )
}

/// All of them, and those that came to nothing.
fn runs(sums: &Sums, language: Language) -> String {
    let all = grouped(sums.runs(), language);
    if sums.bad == 0 {
        return all;
    }
    let bad = grouped(sums.bad, language);
    msg!(language, "{all}, не выполнено {bad}", "{all}, failed {bad}")
}

fn draw(shown: &Shown, bars: &[Bar], span: Span, language: Language) -> String {
    let mut columns = Vec::new();
    for Bar { from, sums } in bars {
        let layers = (shown.layers)(sums);
        let height = layers.iter().map(|layer| layer.height).sum();
        let from = from.with_timezone(&Local);
        let hint = format!("{}: {}", span.time(&from), grouped(height, language));
        columns.push(Column { label: span.label(&from, language), hint, layers });
    }
    chart(&shown.title, &shown.total, &columns)
}

impl Span {
    /// The text below the bar: each weekday, and every sixth hour.
    fn label(self, from: &DateTime<Local>, language: Language) -> String {
        match (self, language) {
            (Span::Hour, _) if from.hour().is_multiple_of(6) => format!("{:02}", from.hour()),
            (Span::Hour, _) => String::new(),
            (Span::Day, Language::Ru) => {
                let names = ["пн", "вт", "ср", "чт", "пт", "сб", "вс"];
                names[from.weekday().num_days_from_monday() as usize].to_owned()
            }
            (Span::Day, Language::En) => from.format("%a").to_string(),
        }
    }

    fn time(self, from: &DateTime<Local>) -> String {
        let format = match self {
            Span::Hour => "%H:%M",
            Span::Day => "%d.%m",
        };
        from.format(format).to_string()
    }
}
