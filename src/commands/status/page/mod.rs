//! The page for the reception: one HTML file without a script, in the language of the
//! configuration. It holds no names, phones or e-mails.

mod chart;
mod figures;
mod history;
mod html;
mod issues;
mod verdict;

use chrono::{DateTime, Utc};

use super::View;
use super::overview::Overview;
use crate::config::Config;
use crate::domain::display;
use crate::domain::language::Language;
use crate::msg;
use crate::sync::preflight::mapping_version;
use verdict::{Level, Verdict};

/// How the file begins: by this it is known as ours.
pub(crate) const MARK: &str = "<!DOCTYPE html><!-- ecvi-b24 status -->";

const STYLE: &str = include_str!("style.css");
/// A browser loads the page again as often as cron starts a run.
const REFRESH: &str = "<meta http-equiv=\"refresh\" content=\"180\">\n";

/// Whatever a text might become: nothing is loaded and nothing is executed.
const POLICY: &str = "<meta http-equiv=\"Content-Security-Policy\" \
                      content=\"default-src 'none'; style-src 'unsafe-inline'\">\n";

/// When the page is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Written {
    /// After each run, again and again.
    AfterRuns,
    /// Once, because somebody asked for it.
    Once,
}

/// The page as a whole HTML document.
pub(crate) fn render(
    overview: &Overview,
    written: Written,
    config: &Config,
    now: DateTime<Utc>,
) -> String {
    let view = View::new(config, now);
    let verdict = verdict::verdict(overview, now, view.language);
    let body = [
        header(&verdict, config, now),
        summary(&verdict, overview, &view),
        figures::facts(overview, &view),
        figures::records(overview, &view),
        issues::sections(&overview.status, &view),
        history::charts(&overview.activity, view.language),
        footer(written, now, view.language),
    ]
    .concat();
    let refresh = if written == Written::AfterRuns { REFRESH } else { "" };
    format!(
        "{MARK}\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"robots\" content=\"noindex\">\n\
         {POLICY}<meta name=\"referrer\" content=\"no-referrer\">\n{refresh}<title>{title}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n",
        lang = view.language.code(),
        title = html::text(&title(&verdict, view.language)),
    )
}

fn title(verdict: &Verdict, language: Language) -> String {
    let word = word(verdict.level, language);
    msg!(language, "{word} – Ecvi и Битрикс24", "{word} – Ecvi and Bitrix24")
}

fn word(level: Level, language: Language) -> String {
    match level {
        Level::Well => msg!(language, "Всё в порядке", "All is well"),
        Level::Export => {
            msg!(language, "Идёт первичная выгрузка", "The initial export is under way")
        }
        Level::Look => msg!(language, "Нужна помощь", "Help is needed"),
    }
}

fn header(verdict: &Verdict, config: &Config, now: DateTime<Utc>) -> String {
    let language = config.language;
    let time = display::format_time(now, language);
    let title = msg!(language, "Ecvi → Битрикс24", "Ecvi → Bitrix24");
    let written = msg!(language, "По состоянию на {time}", "As of {time}");
    let host = config.portal.webhook.host();
    format!(
        "<header class=\"{}\"><span class=\"name\">{} <small>{}</small></span>\
         <time datetime=\"{}\">{}</time></header>\n",
        verdict.level.class(),
        html::text(&title),
        html::text(host),
        crate::domain::timestamp::to_rfc3339(now),
        html::text(&written),
    )
}

/// The one word, since when it holds, and why not all is well.
fn summary(verdict: &Verdict, overview: &Overview, view: &View<'_>) -> String {
    let language = view.language;
    let Verdict { level, since, reasons } = verdict;
    let mut lines = String::new();
    if let Some(since) = since {
        let time = display::format_time(*since, language);
        lines += &html::paragraph("since", &msg!(language, "С {time}", "Since {time}"));
    }
    for reason in reasons {
        lines += &html::paragraph("why", reason);
    }
    if *level != Level::Look
        && let Some(note) = verdict::note(overview)
    {
        lines += &html::paragraph("note", note);
    }
    if overview.status.is_mapping_changed {
        lines += &html::paragraph("note", &mapping_version::notice().text(language));
    }
    let sign = if *level == Level::Look { "!" } else { "✓" };
    format!(
        "<section class=\"verdict {}\"><div class=\"sign\" aria-hidden=\"true\">{sign}</div>\
         <div><h1>{}</h1>\n{lines}</div></section>\n",
        level.class(),
        html::text(&word(*level, language)),
    )
}

/// When the page was written, and how its reader sees that it is not written any more.
fn footer(written: Written, now: DateTime<Utc>, language: Language) -> String {
    let time = display::format_time(now, language);
    let text = match written {
        Written::AfterRuns => msg!(
            language,
            "Страница записана {time} и пишется заново после каждого запуска, \
             обычно раз в три минуты; браузер перечитывает её сам. Если это \
             время отстаёт от часов больше чем на 15 минут, запуски прекратились \
             и написанному здесь верить нельзя: сообщите администратору.",
            "This page was written at {time} and is written anew after each run, \
             usually every three minutes; the browser reloads it by itself. If \
             that time is more than 15 minutes behind the clock, the runs have \
             stopped and this page cannot be relied on: tell the administrator."
        ),
        Written::Once => msg!(
            language,
            "Страница записана {time} командой ecvi-b24 status --html и сама не обновляется.",
            "This page was written at {time} by ecvi-b24 status --html and is not updated by itself."
        ),
    };
    format!("<footer>{}</footer>\n", html::paragraph("written", &text))
}
