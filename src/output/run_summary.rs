//! The one line that a run prints when it changed something.

use crate::domain::display;
use crate::domain::failure_code::FailureCode;
use crate::domain::per_kind::PerKind;
use crate::domain::record::Kind;
use crate::say;
use crate::state::Counts;
use crate::sync::push::{Failed, Failures};

/// `sync: создано: гости 1, заявки 2; изменено: заявки 1; ошибок: 1`; none when nothing was changed in the portal.
pub fn summary_line(command: &str, counts: &Counts) -> Option<String> {
    changes(counts).filter(|_| counts.changed()).map(|changes| format!("{command}: {changes}"))
}

/// What was created, updated and deleted, and how many failed; none when all is zero.
pub fn changes(counts: &Counts) -> Option<String> {
    let Counts { created, updated, deleted, failed } = counts;
    let mut parts = Vec::new();
    if let Some(kinds) = per_kind(created) {
        parts.push(say!("создано: {kinds}", "created: {kinds}"));
    }
    if let Some(kinds) = per_kind(updated) {
        parts.push(say!("изменено: {kinds}", "updated: {kinds}"));
    }
    if *deleted > 0 {
        parts.push(say!("удалено: заявки {deleted}", "deleted: bookings {deleted}"));
    }
    if *failed > 0 {
        parts.push(say!("ошибок: {failed}", "failed: {failed}"));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// A line for each reason of failure, for cron's mail: how many records, the first of them, and what to do.
pub fn failure_lines(failures: &Failures) -> Vec<String> {
    let line = |(code, Failed { count, first }): (&FailureCode, &Failed)| {
        let more = if *count > first.len() as u64 { ", …" } else { "" };
        format!("{code} ({count}): {}{more}. {}", first.join(", "), code.remedy())
    };
    failures.0.iter().map(line).collect()
}

/// `guests 2, bookings 1`; none where there is nothing to count.
pub(crate) fn per_kind(counts: &PerKind<u64>) -> Option<String> {
    let part =
        |(kind, count): (Kind, &u64)| (*count > 0).then(|| format!("{} {count}", display::plural_name(kind)));
    let parts: Vec<String> = counts.iter().filter_map(part).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}
