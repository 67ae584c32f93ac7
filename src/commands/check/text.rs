//! The checks for people and for programs.

use serde_json::{Value, json};

use super::{CheckResult, CheckStatus, Checks, Next, outcome};
use crate::domain::language::Language;
use crate::domain::messages::{CheckMessage, Localized};

/// For people: what each check found.
pub fn lines(results: &[CheckResult], language: Language) -> Vec<String> {
    let mut lines = Vec::new();
    for CheckResult { name: _, status, detail, remedy } in results {
        let detail = detail.text(language).replace('\n', "\n  ");
        lines.push(format!("{} {detail}", sign(*status)));
        if let Some(remedy) = remedy {
            lines.push(format!("  → {}", remedy.text(language).replace('\n', "\n    ")));
        }
    }
    lines
}

/// For people, with what comes next.
pub(super) fn text(checks: &Checks, language: Language) -> String {
    let mut lines = lines(&checks.results, language);
    let summary = summary(&checks.results).localized(language);
    lines.push(match checks.next {
        Some(next) => format!("{summary} {}", next.message().localized(language)),
        None => summary,
    });
    lines.join("\n") + "\n"
}

fn sign(status: CheckStatus) -> char {
    match status {
        CheckStatus::Ok => '✓',
        CheckStatus::Warning => '!',
        CheckStatus::Error(_) => '✗',
    }
}

fn summary(results: &[CheckResult]) -> CheckMessage {
    let errors =
        results.iter().filter(|result| matches!(result.status, CheckStatus::Error(_))).count();
    let warnings = results.iter().filter(|result| result.status == CheckStatus::Warning).count();
    match (errors, warnings) {
        (0, 0) => CheckMessage::AllFine,
        (0, _) => CheckMessage::RunsWillWork { warnings },
        (_, 0) => CheckMessage::Errors { errors },
        (_, _) => CheckMessage::ErrorsAndWarnings { errors, warnings },
    }
}

/// For programs. Names and results are stable; details and remedies are for people, in their
/// language.
pub(super) fn json(checks: &Checks, language: Language) -> String {
    let results: Vec<Value> =
        checks.results.iter().map(|result| document(result, language)).collect();
    let document = json!({
        "schema": 1,
        "outcome": outcome(&checks.results).name(),
        "next": checks.next.map(Next::command),
        "checks": results,
    });
    format!("{document:#}\n")
}

fn document(result: &CheckResult, language: Language) -> Value {
    let CheckResult { name, status, detail, remedy } = result;
    let status = match status {
        CheckStatus::Ok => "ok",
        CheckStatus::Warning => "warning",
        CheckStatus::Error(_) => "bad",
    };
    let remedy = remedy.as_ref().map(|remedy| remedy.text(language));
    json!({"name": name, "result": status, "detail": detail.text(language), "remedy": remedy})
}
