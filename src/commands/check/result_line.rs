//! The lines of a check, and how they are shown.

use serde_json::{Value, json};

use super::{Checks, Next};
use crate::domain::run_error::Outcome;
use crate::say;

/// One check.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// A stable word for scripts: `config`, `mirror`, `webhook` and the like.
    pub name: &'static str,
    /// How it went.
    pub mark: Mark,
    /// What was found.
    pub detail: String,
    /// What to mend and where; empty where nothing has to be.
    pub remedy: String,
}

/// How a check went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mark {
    /// ✓
    Fine,
    /// ! A pass works, but somebody should know.
    Warning,
    /// ✗ A pass would end with this outcome.
    Bad(Outcome),
}

impl Mark {
    fn sign(self) -> char {
        match self {
            Mark::Fine => '✓',
            Mark::Warning => '!',
            Mark::Bad(_) => '✗',
        }
    }

    fn word(self) -> &'static str {
        match self {
            Mark::Fine => "ok",
            Mark::Warning => "warning",
            Mark::Bad(_) => "bad",
        }
    }
}

impl Line {
    /// ✓
    pub(super) fn fine(name: &'static str, detail: String) -> Line {
        Line { name, mark: Mark::Fine, detail, remedy: String::new() }
    }

    /// !
    pub(super) fn warning(name: &'static str, detail: String, remedy: String) -> Line {
        Line { name, mark: Mark::Warning, detail, remedy }
    }

    /// ✗
    pub(super) fn bad(name: &'static str, outcome: Outcome, detail: String, remedy: String) -> Line {
        Line { name, mark: Mark::Bad(outcome), detail, remedy }
    }
}

/// The outcome of all checks: what an administrator must mend first, then what may pass by itself.
pub fn outcome(lines: &[Line]) -> Outcome {
    let mut bad = lines.iter().filter_map(|line| match line.mark {
        Mark::Bad(outcome) => Some(outcome),
        Mark::Fine | Mark::Warning => None,
    });
    let first = bad.clone().find(|outcome| *outcome != Outcome::Interrupted);
    first.or_else(|| bad.next()).unwrap_or(Outcome::Ok)
}

/// For people.
pub(super) fn text(Checks { lines, next }: &Checks) -> String {
    let mut shown = Vec::new();
    for Line { name: _, mark, detail, remedy } in lines {
        shown.push(format!("{} {}", mark.sign(), detail.replace('\n', "\n  ")));
        if !remedy.is_empty() {
            shown.push(format!("  → {}", remedy.replace('\n', "\n    ")));
        }
    }
    let next = next.map(|next| format!(" {next}")).unwrap_or_default();
    shown.push(summary(lines) + &next);
    shown.join("\n") + "\n"
}

fn summary(lines: &[Line]) -> String {
    let bad = lines.iter().filter(|line| matches!(line.mark, Mark::Bad(_))).count();
    let warnings = lines.iter().filter(|line| line.mark == Mark::Warning).count();
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
    let check = |line: &Line| {
        let Line { name, mark, detail, remedy } = line;
        let remedy = if remedy.is_empty() { Value::Null } else { remedy.as_str().into() };
        json!({"name": name, "result": mark.word(), "detail": detail, "remedy": remedy})
    };
    let checks: Vec<Value> = lines.iter().map(check).collect();
    let (outcome, next) = (outcome(lines).name(), next.map(Next::command));
    let document = json!({"schema": 1, "outcome": outcome, "next": next, "checks": checks});
    format!("{document:#}\n")
}
