//! The lines of a check, and how they are shown.

use serde_json::{Value, json};

use super::{Checks, Next};
use crate::domain::run_error::Outcome;
use crate::say;

/// One check.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CheckResult {
    /// A stable word for scripts: `config`, `mirror`, `webhook` and the like.
    pub name: &'static str,
    /// How it went.
    pub mark: CheckStatus,
    /// What was found.
    pub detail: String,
    /// What to mend and where; empty where nothing has to be.
    pub remedy: String,
}

/// How a check went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CheckStatus {
    /// ✓
    Fine,
    /// ! A run works, but somebody should know.
    Warning,
    /// ✗ A run would end with this outcome.
    Bad(Outcome),
}

impl CheckStatus {
    fn sign(self) -> char {
        match self {
            CheckStatus::Fine => '✓',
            CheckStatus::Warning => '!',
            CheckStatus::Bad(_) => '✗',
        }
    }

    fn word(self) -> &'static str {
        match self {
            CheckStatus::Fine => "ok",
            CheckStatus::Warning => "warning",
            CheckStatus::Bad(_) => "bad",
        }
    }
}

impl CheckResult {
    /// ✓
    pub(super) fn ok(name: &'static str, detail: String) -> CheckResult {
        CheckResult { name, mark: CheckStatus::Fine, detail, remedy: String::new() }
    }

    /// !
    pub(super) fn warning(name: &'static str, detail: String, remedy: String) -> CheckResult {
        CheckResult { name, mark: CheckStatus::Warning, detail, remedy }
    }

    /// ✗
    pub(super) fn error(name: &'static str, outcome: Outcome, detail: String, remedy: String) -> CheckResult {
        CheckResult { name, mark: CheckStatus::Bad(outcome), detail, remedy }
    }
}

/// The outcome of all checks: what an administrator must mend first, then what may pass by itself.
pub fn outcome(lines: &[CheckResult]) -> Outcome {
    let mut bad = lines.iter().filter_map(|line| match line.mark {
        CheckStatus::Bad(outcome) => Some(outcome),
        CheckStatus::Fine | CheckStatus::Warning => None,
    });
    let first = bad.clone().find(|outcome| *outcome != Outcome::Interrupted);
    first.or_else(|| bad.next()).unwrap_or(Outcome::Ok)
}

/// For people.
pub(super) fn text(Checks { lines, next }: &Checks) -> String {
    let mut shown = Vec::new();
    for CheckResult { name: _, mark, detail, remedy } in lines {
        shown.push(format!("{} {}", mark.sign(), detail.replace('\n', "\n  ")));
        if !remedy.is_empty() {
            shown.push(format!("  → {}", remedy.replace('\n', "\n    ")));
        }
    }
    let next = next.map(|next| format!(" {next}")).unwrap_or_default();
    shown.push(summary(lines) + &next);
    shown.join("\n") + "\n"
}

fn summary(lines: &[CheckResult]) -> String {
    let bad = lines.iter().filter(|line| matches!(line.mark, CheckStatus::Bad(_))).count();
    let warnings = lines.iter().filter(|line| line.mark == CheckStatus::Warning).count();
    match (bad, warnings) {
        (0, 0) => say!("Всё в порядке.", "Everything is fine."),
        (0, _) => say!(
            "Работать можно. На что обратить внимание: {warnings}.",
            "A pass will work. Worth a look: {warnings}."
        ),
        (_, 0) => say!("Исправить: {bad}.", "To mend: {bad}."),
        (_, _) => say!(
            "Исправить: {bad}. На что обратить внимание: {warnings}.",
            "To mend: {bad}. Worth a look: {warnings}."
        ),
    }
}

/// For scripts. Names and results are stable; details are for people, in their language.
pub(super) fn json(Checks { lines, next }: &Checks) -> String {
    let check = |line: &CheckResult| {
        let CheckResult { name, mark, detail, remedy } = line;
        let remedy = if remedy.is_empty() { Value::Null } else { remedy.as_str().into() };
        json!({"name": name, "result": mark.word(), "detail": detail, "remedy": remedy})
    };
    let checks: Vec<Value> = lines.iter().map(check).collect();
    let (outcome, next) = (outcome(lines).name(), next.map(Next::command));
    let document = json!({"schema": 1, "outcome": outcome, "next": next, "checks": checks});
    format!("{document:#}\n")
}
