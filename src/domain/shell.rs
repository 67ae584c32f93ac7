//! Arguments of the commands that the program offers for copying, as a shell takes them.

use std::borrow::Cow;

use crate::domain::visible_text;

/// One argument: quoted where a shell would make something else of it. What a terminal would not
/// show is written as `$'\u202e'`.
pub(crate) fn argument(text: &str) -> Cow<'_, str> {
    if !text.is_empty() && text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    if visible_text::line(text) != text {
        return Cow::Owned(format!("$'{}'", visible_text::escaped_in_quotes(text, '\'')));
    }
    Cow::Owned(format!("'{}'", text.replace('\'', "'\\''")))
}

/// Whether no shell makes anything else of the letter, wherever it stands.
fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || "-_./:@%+,".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_is_one_for_a_shell_and_a_plain_one_stays_plain() {
        for (text, quoted) in [
            ("/etc/ecvi-b24.toml", "/etc/ecvi-b24.toml"),
            ("Приходько", "Приходько"),
            ("", "''"),
            ("7;id", "'7;id'"),
            ("мой отель", "'мой отель'"),
            ("a'b$(id)`id`", "'a'\\''b$(id)`id`'"),
            ("~root", "'~root'"),
            ("a\nb\\'", "$'a\\nb\\\\\\''"),
            ("\u{202e}\u{e0041}", "$'\\u202e\\U000e0041'"),
        ] {
            assert_eq!(argument(text), quoted);
        }
    }

    #[test]
    fn a_shell_reads_back_what_was_quoted() {
        for text in ["7;id", "a'b$(id)`id`", "~ \\ \"x\" * ? [a] {a,b} #", "-n", "a\nb\\'\t\u{1b}"]
        {
            let command = format!("printf %s {}", argument(text));
            let bash = std::process::Command::new("bash").args(["-c", &command]).output().unwrap();
            assert_eq!(String::from_utf8(bash.stdout).unwrap(), text, "{command}");
        }
    }
}
