//! The one line of `status --check`, for monitoring.

use chrono::{DateTime, Utc};

use super::text::age;
use super::{AgeLimits, Status};
use crate::domain::language::Language;
use crate::domain::messages::Message;
use crate::msg;

pub(super) fn render(
    status: &Status,
    limits: &AgeLimits,
    now: DateTime<Utc>,
    language: Language,
) -> String {
    let failed = status.failures.len();
    let mut parts = vec![
        msg!(language, "ошибок: {failed}", "failures: {failed}"),
        last_good_run(status, now, language),
    ];
    if limits.mirror.is_some() {
        parts.push(mirror_age(status, now, language));
    }
    // No record failed for these two, but somebody has to act.
    parts.extend(status.last_run.as_ref().and_then(|run| run.message.clone()));
    parts.extend(status.overdue.as_ref().map(|overdue| Message::text(overdue, language)));
    let text = parts.join("; ");
    let verdict = if status.is_good(limits, now) { "OK" } else { "PROBLEM" };
    line(verdict, &text)
}

pub(super) fn problem(text: &str) -> String {
    line("PROBLEM", text)
}

/// Monitoring reads one line, and behind a `|` the figures for its charts: ours has none.
fn line(verdict: &str, text: &str) -> String {
    let text = text.replace('\n', " ").replace('|', "¦");
    format!("{verdict}: {text}\n")
}

fn last_good_run(status: &Status, now: DateTime<Utc>, language: Language) -> String {
    match status.last_success_at {
        None => msg!(language, "удачных запусков ещё не было", "no good run yet"),
        Some(at) => {
            let age = age(at, now, language);
            msg!(language, "последний удачный запуск {age}", "last good run {age}")
        }
    }
}

fn mirror_age(status: &Status, now: DateTime<Utc>, language: Language) -> String {
    match status.mirror.written_at {
        None => msg!(
            language,
            "когда обновлялось зеркало Ecvi, неизвестно",
            "when the mirror was written is unknown"
        ),
        Some(at) => {
            let age = age(at, now, language);
            msg!(language, "зеркало Ecvi обновлено {age}", "mirror written {age}")
        }
    }
}
