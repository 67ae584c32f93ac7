//! Asking a person before something is changed.

use std::io::{BufRead, IsTerminal, Write};

use anyhow::Result;

use crate::say;

/// Asks on a terminal; without one there is nobody to ask, and the command itself is the answer. The question goes
/// to standard error: standard output may be a document.
pub fn confirm() -> Result<bool> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Ok(true);
    }
    let mut stderr = std::io::stderr();
    write!(stderr, "{} ", say!("Продолжить? [д/н]", "Go on? [y/N]"))?;
    stderr.flush()?;
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer)?;
    Ok(is_yes(&answer))
}

/// What is said after a no.
pub fn declined_message() -> String {
    say!("Ничего не изменено.\n", "Nothing was changed.\n")
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
