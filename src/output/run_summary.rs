//! The one line that a run prints when it changed something.

use crate::domain::display;
use crate::domain::failure_code::FailureCode;
use crate::domain::language::Language;
use crate::domain::messages::{Localized, OutputMessage};
use crate::domain::per_kind::PerKind;
use crate::state::Counts;
use crate::sync::push::{Failed, Failures};

/// `sync: создано: гости 1, заявки 2; изменено: заявки 1; ошибок: 1`; none when the portal was not
/// changed.
pub fn summary_line(command: &str, counts: &Counts, language: Language) -> Option<String> {
    if !counts.changed() {
        return None;
    }
    Some(format!("{command}: {}", changes(counts, language)?))
}

/// How much was created, updated and deleted, and how much failed; none when all is zero.
pub fn changes(counts: &Counts, language: Language) -> Option<String> {
    let Counts { created, updated, deleted, failed } = *counts;
    let created = per_kind(&created, language).map(|records| OutputMessage::Created { records });
    let updated = per_kind(&updated, language).map(|records| OutputMessage::Updated { records });
    let deleted = (deleted > 0).then_some(OutputMessage::Deleted { bookings: deleted });
    let failed = (failed > 0).then_some(OutputMessage::Failed { records: failed });
    let parts = [created, updated, deleted, failed].into_iter().flatten();
    let parts: Vec<String> = parts.map(|part| part.localized(language)).collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// A line for each reason of failure, for cron's mail: how many records, the first of them, and
/// what to do.
pub fn failure_lines(failures: &Failures, language: Language) -> Vec<String> {
    failures.0.iter().map(|(code, failed)| failure_line(*code, failed, language)).collect()
}

fn failure_line(code: FailureCode, failed: &Failed, language: Language) -> String {
    let Failed { count, first } = failed;
    let names: Vec<String> = first.iter().map(|name| name.text(language)).collect();
    let more = if *count > first.len() as u64 { ", …" } else { "" };
    format!("{code} ({count}): {}{more}. {}", names.join(", "), code.remedy(language))
}

/// `guests 2, bookings 1`; none where there is nothing to count.
pub(crate) fn per_kind(counts: &PerKind<u64>, language: Language) -> Option<String> {
    let mut parts = Vec::new();
    for (kind, count) in counts.iter() {
        if *count > 0 {
            parts.push(format!("{} {count}", display::plural_name(kind).text(language)));
        }
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}
