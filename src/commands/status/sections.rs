//! Records that failed, wait or were not sent whole, by severity and by reason: what the screen and
//! the page both show.

use std::collections::BTreeMap;

use super::{IssueReport, Status};
use crate::domain::failure_code::FailureCode;
use crate::domain::language::Language;
use crate::domain::messages::Message;
use crate::msg;
use crate::state::{Severity, Stored};

/// The records of one severity. There is at least one.
pub(super) struct Section<'s> {
    pub(super) severity: Severity,
    pub(super) title: String,
    pub(super) count: usize,
    pub(super) reasons: BTreeMap<&'s Stored<FailureCode>, Vec<&'s IssueReport>>,
}

impl Status {
    /// The sections that have records, the worst first.
    pub(super) fn sections(&self, language: Language) -> Vec<Section<'_>> {
        let mut sections = Vec::new();
        for severity in Severity::ALL {
            let (title, issues) = match severity {
                Severity::Failure => (msg!(language, "Не передано", "Not sent"), &self.failures),
                Severity::Waiting => {
                    (msg!(language, "Ждут своего гостя", "Waiting for their guest"), &self.waiting)
                }
                Severity::Warning => (
                    msg!(language, "Передано, но стоит взглянуть", "Sent, but worth a look"),
                    &self.warnings,
                ),
            };
            let mut reasons: BTreeMap<_, Vec<_>> = BTreeMap::new();
            for issue in issues {
                reasons.entry(&issue.code).or_default().push(issue);
            }
            if !reasons.is_empty() {
                sections.push(Section { severity, title, count: issues.len(), reasons });
            }
        }
        sections
    }
}

/// The line below the first `shown` records of a reason, where there are more.
pub(super) fn more_records(
    issues: &[&IssueReport],
    shown: usize,
    language: Language,
) -> Option<String> {
    let kind = issues.get(shown)?.kind;
    let more = issues.len() - shown;
    Some(msg!(
        language,
        "и ещё {more}: ecvi-b24 status {kind}",
        "and {more} more: ecvi-b24 status {kind}"
    ))
}

/// Why `pending` is not known.
pub(super) fn pending_unknown(error: &Message, language: Language) -> String {
    let error = error.text(language);
    msg!(
        language,
        "Что ждёт отправки, неизвестно: {error}",
        "What is still to be sent is unknown: {error}"
    )
}
