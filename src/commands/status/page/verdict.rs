//! Whether all is well, in one word, and the reasons where it is not. They are said without the words
//! of the portal, which may repeat a guest's name.

use chrono::{DateTime, Utc};

use super::super::overview::Overview;
use crate::domain::display;
use crate::domain::language::Language;
use crate::domain::run_error::Outcome;
use crate::msg;
use crate::platform::clock::is_stale;

/// The one word that the page says first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Level {
    /// Nobody has to do anything.
    Well,
    /// The initial export is under way.
    Export,
    /// Somebody has to look.
    Look,
}

/// The word, and what there is to be said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Verdict {
    pub(super) level: Level,
    /// Since when, where that is known.
    pub(super) since: Option<DateTime<Utc>>,
    /// Why not all is well, and what to do, a sentence each.
    pub(super) reasons: Vec<String>,
}

impl Level {
    /// The class of the page's style.
    pub(super) fn class(self) -> &'static str {
        match self {
            Level::Well => "well",
            Level::Export => "export",
            Level::Look => "look",
        }
    }
}

/// What the page says first.
pub(super) fn verdict(overview: &Overview, now: DateTime<Utc>, language: Language) -> Verdict {
    let reasons = reasons(overview, now, language);
    let level = if !reasons.is_empty() {
        Level::Look
    } else if is_exporting(overview) {
        Level::Export
    } else {
        Level::Well
    };
    let since = match (level, &overview.health) {
        (Level::Well, Some(health)) if health.is_well() => Some(health.since),
        (Level::Look, Some(health)) if !health.is_well() => Some(health.since),
        (Level::Well | Level::Look | Level::Export, _) => None,
    };
    Verdict { level, since, reasons }
}

/// What is worth a word though all is well: the next run goes on with it.
pub(super) fn note(overview: &Overview) -> Option<&str> {
    let run = overview.status.last_run.as_ref()?;
    let is_cut = run.outcome.as_ref()?.known() == Some(Outcome::Interrupted);
    if is_cut { run.page_message.as_deref() } else { None }
}

fn is_exporting(overview: &Overview) -> bool {
    overview.is_running && overview.status.is_last_run_export()
}

fn reasons(overview: &Overview, now: DateTime<Utc>, language: Language) -> Vec<String> {
    let status = &overview.status;
    let mut reasons: Vec<String> =
        overview.error.iter().map(|error| error.page_text(language)).collect();
    reasons.extend(status.overdue.as_ref().map(|overdue| overdue.page_text(language)));
    reasons.extend(failed_run(overview));
    if overview.error.is_none() && !is_exporting(overview) {
        reasons.extend(stale_run(overview, now, language));
    }
    reasons.extend(old_mirror(overview, now, language));
    let failed = status.failures.len();
    if failed > 0 {
        reasons.push(msg!(
            language,
            "Не передано записей: {failed}. Причины и что делать: ниже на этой странице.",
            "Records not sent: {failed}. The reasons, and what to do: below on this page."
        ));
    }
    reasons
}

/// What a guard holds back, what the portal refuses, or why nothing could be sent.
fn failed_run(overview: &Overview) -> Option<String> {
    let run = overview.status.last_run.as_ref()?;
    match run.outcome.as_ref()?.known()? {
        Outcome::Partial | Outcome::Failed | Outcome::Refused => run.page_message.clone(),
        Outcome::Ok | Outcome::Interrupted => None,
    }
}

fn stale_run(overview: &Overview, now: DateTime<Utc>, language: Language) -> Option<String> {
    let last = overview.status.last_success_at;
    if !is_stale(last, overview.limits.run, now) {
        return None;
    }
    let Some(last) = last else {
        return Some(msg!(
            language,
            "Удачных запусков ещё не было.",
            "There has been no good run yet."
        ));
    };
    let time = display::format_time(last, language);
    let text =
        msg!(language, "Последний удачный запуск был {time}.", "The last good run was at {time}.");
    Some(note(overview).map_or(text.clone(), |note| format!("{text}\n{note}")))
}

fn old_mirror(overview: &Overview, now: DateTime<Utc>, language: Language) -> Option<String> {
    let limit = overview.limits.mirror?;
    let written = overview.status.mirror.written_at;
    if !is_stale(written, limit, now) {
        return None;
    }
    let Some(written) = written else {
        return Some(msg!(
            language,
            "Когда обновлялось зеркало Ecvi, неизвестно: проверьте программу, которая его наполняет.",
            "When the mirror was written is unknown: check the program that fills it."
        ));
    };
    let time = display::format_time(written, language);
    Some(msg!(
        language,
        "Зеркало Ecvi не обновлялось с {time}: проверьте программу, которая его наполняет.",
        "The mirror was not written since {time}: check the program that fills it."
    ))
}
