//! Asking a person before something is changed.

use std::io::{BufRead, IsTerminal, Write};

use crate::domain::language::Language;
use crate::domain::messages::{Localized, OutputMessage};
use crate::domain::run_error::Result;

/// Asks on a terminal. Without one there is nobody to ask, and the command itself is the answer.
/// The question goes to standard error, because standard output may be a document.
pub fn confirm(language: Language) -> Result<bool> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Ok(true);
    }
    let mut stderr = std::io::stderr();
    write!(stderr, "{} ", OutputMessage::GoOn.localized(language))?;
    stderr.flush()?;
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer)?;
    Ok(is_yes(&answer))
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes" | "д" | "да")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yes_is_said_in_two_languages() {
        for yes in ["y\n", "Yes", "д", " Да\n"] {
            assert!(is_yes(yes), "{yes}");
        }
        for no in ["", "\n", "n", "нет", "ye"] {
            assert!(!is_yes(no), "{no}");
        }
    }
}
