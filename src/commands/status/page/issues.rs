//! Records that were not sent, wait, or are worth a look: by reason, with what to do and links to
//! their cards.
//!
//! A page may be read by more people than `status`. So it says which record and why, and never the
//! words of the portal, which may repeat a guest's name, phone or e-mail: those are for `status` of
//! that record.

use super::super::issue_text::{cards, detail_line, next_attempt, record_and_time};
use super::super::sections::{Section, more_records};
use super::super::{IssueReport, Status, View};
use super::html;
use crate::commands::find_record::word_for;
use crate::domain::contact_data::holds_contact;
use crate::domain::display;
use crate::domain::failure_code::FailureCode;
use crate::domain::issue_detail::IssueDetail;
use crate::domain::language::Language;
use crate::msg;
use crate::state::{Severity, Stored};

/// So many records of each reason are shown.
const SHOWN: usize = 20;

/// A section for each severity that has records.
pub(super) fn sections(status: &Status, view: &View<'_>) -> String {
    status.sections(view.language).iter().map(|found| section(found, view)).collect()
}

fn section(section: &Section<'_>, view: &View<'_>) -> String {
    let Section { severity, title, count, reasons } = section;
    let class = match severity {
        Severity::Failure => "failures",
        Severity::Waiting => "waiting",
        Severity::Warning => "warnings",
    };
    let reasons: String = reasons.iter().map(|(code, issues)| reason(code, issues, view)).collect();
    format!(
        "<section class=\"card {class}\"><h2>{} <b class=\"count\">{count}</b></h2>\n\
         {reasons}</section>\n",
        html::text(title)
    )
}

fn reason(code: &Stored<FailureCode>, issues: &[&IssueReport], view: &View<'_>) -> String {
    let remedy = code.known().map_or("", |code| code.remedy(view.language));
    let mut records: String = issues.iter().take(SHOWN).map(|issue| record(issue, view)).collect();
    if let Some(more) = more_records(issues, SHOWN, view.language) {
        records += &html::element("li", &more);
    }
    format!(
        "<div class=\"reason\"><code>{}</code>{}<ul>\n{records}</ul></div>\n",
        html::text(&code.to_string()),
        html::paragraph("remedy", remedy),
    )
}

fn record(issue: &IssueReport, view: &View<'_>) -> String {
    let language = view.language;
    let mut parts = vec![html::text(&record_and_time(issue, language))];
    parts.extend(detail(issue, language).map(|detail| html::text(&detail)));
    let next = issue.next_attempt_at.map(|due| next_attempt(due, view.now, language));
    parts.extend(next.map(|next| html::text(&next)));
    parts.extend(cards(issue).into_iter().map(|crm_id| {
        let name = display::object_name(issue.kind, crm_id).text(language);
        html::link(&view.webhook.card(issue.kind.crm_entity(), crm_id), &name)
    }));
    format!("<li>{}</li>\n", parts.join("<br>"))
}

/// What the issue names, where it cannot hold a person's data.
fn detail(issue: &IssueReport, language: Language) -> Option<String> {
    match &issue.detail {
        IssueDetail::Cards(_) => None,
        IssueDetail::Parties(_) | IssueDetail::TakenCard { .. } => detail_line(issue, language),
        IssueDetail::Text(text) if is_harmless(issue.code.known()) && !holds_contact(text) => {
            detail_line(issue, language)
        }
        IssueDetail::Text(text) if text.is_empty() => None,
        IssueDetail::Text(_) => {
            let IssueReport { kind, id, .. } = issue;
            let word = word_for(id);
            Some(msg!(
                language,
                "подробно: ecvi-b24 status {kind} {word}",
                "more: ecvi-b24 status {kind} {word}"
            ))
        }
    }
}

/// Whether the text names a column and a value that is no name, and not the portal's words.
fn is_harmless(code: Option<FailureCode>) -> bool {
    use FailureCode as Code;
    let rows = [
        Code::BadId,
        Code::TooManyGuests,
        Code::DuplicateId,
        Code::NoValue,
        Code::UnknownStatus,
        Code::BadDate,
        Code::BadAmount,
    ];
    let others = [Code::UnknownFlag, Code::UnknownSex, Code::CrmIdTaken, Code::OtherFunnel];
    code.is_some_and(|code| rows.contains(&code) || others.contains(&code))
}
