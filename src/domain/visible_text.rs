//! Makes characters visible that control a terminal or turn the direction of a text. All output
//! goes through here.
//!
//! Ids, numbers, status words, file names and the portal's words come from others. Raw, they could
//! clear the screen, rename the window, or imitate a line of the program. They are written as JSON
//! writes them (`\u001b`), so a JSON document stays the same document.

use std::borrow::Cow;
use std::io::{self, Write};

/// Longer values are cut, because they would fill the terminal.
const LONGEST: usize = 300;

/// A text of several lines, in which line breaks and tabs stay.
pub fn text(text: &str) -> Cow<'_, str> {
    escaped(text, |c| c != '\n' && c != '\t' && is_hidden(c))
}

/// A value within a line, in which line breaks and tabs become visible too.
pub(crate) fn line(value: &str) -> Cow<'_, str> {
    escaped(value, is_hidden)
}

/// Words of others within a line: their own lines become parts of it.
pub(crate) fn on_one_line(words: &str) -> String {
    if !words.contains('\n') {
        return line(words).into_owned();
    }
    let parts: Vec<Cow<'_, str>> =
        words.lines().map(str::trim).filter(|part| !part.is_empty()).map(line).collect();
    parts.join(" / ")
}

/// Lines of the program's own, whatever stands within them: each stays one.
pub(crate) fn lines(lines: &[String]) -> String {
    let lines: Vec<Cow<'_, str>> = lines.iter().map(|text| line(text)).collect();
    lines.join("\n")
}

/// The name of a record within a line, cut to a readable length.
pub(crate) fn name(value: &str) -> String {
    match value.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", line(&value[..end])),
        None => line(value).into_owned(),
    }
}

/// A text as it stands in quotes that know `\\`, `\u` and `\U`: those of TOML, and `$'…'` of a shell.
pub(crate) fn escaped_in_quotes(text: &str, quote: char) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => escaped.push_str("\\n"),
            '\t' => escaped.push_str("\\t"),
            c if c == quote || c == '\\' => escaped.extend(['\\', c]),
            c if is_hidden(c) && u32::from(c) > 0xffff => {
                let number = format!("\\U{:08x}", u32::from(c));
                escaped.push_str(&number);
            }
            c if is_hidden(c) => push_units(&mut escaped, c),
            c => escaped.push(c),
        }
    }
    escaped
}

fn escaped(text: &str, is_escaped: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut visible = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' if is_escaped(c) => visible.push_str("\\n"),
            '\t' if is_escaped(c) => visible.push_str("\\t"),
            c if is_escaped(c) => push_units(&mut visible, c),
            c => visible.push(c),
        }
    }
    Cow::Owned(visible)
}

/// As in JSON, characters beyond the first 65,536 become two numbers.
fn push_units(visible: &mut String, c: char) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        let escaped = format!("\\u{unit:04x}");
        visible.push_str(&escaped);
    }
}

/// Control characters, and those without a width or that turn the direction. The joiners stay,
/// because emoji need them.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2061}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A writer that makes hidden characters visible.
pub struct Visible<W> {
    out: W,
    /// The first bytes of a character whose other bytes were not written yet.
    incomplete: Vec<u8>,
}

impl<W: Write> Visible<W> {
    /// In front of another writer.
    pub fn new(out: W) -> Visible<W> {
        Visible { out, incomplete: Vec::new() }
    }
}

impl<W: Write> Write for Visible<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.incomplete.extend_from_slice(bytes);
        let written = std::mem::take(&mut self.incomplete);
        let (complete, incomplete) = written.split_at(written.len() - incomplete_length(&written));
        self.incomplete = incomplete.to_vec();
        self.out.write_all(text(&String::from_utf8_lossy(complete)).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// How many bytes at the end belong to a character that is not complete.
fn incomplete_length(bytes: &[u8]) -> usize {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => bytes.len() - error.valid_up_to(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_or_turns_a_text_becomes_visible() {
        for (raw, shown) in [
            ("\u{1b}]0;x\u{7}\u{1b}[2J", "\\u001b]0;x\\u0007\\u001b[2J"),
            ("\u{7f}\u{80}\u{85}\u{9b}\u{9f}", "\\u007f\\u0080\\u0085\\u009b\\u009f"),
            ("a\rb\u{8}\u{c}", "a\\u000db\\u0008\\u000c"),
            ("\u{202e}\u{2066}\u{2069}\u{200f}\u{61c}", "\\u202e\\u2066\\u2069\\u200f\\u061c"),
            ("\u{2028}\u{2029}\u{200b}\u{feff}", "\\u2028\\u2029\\u200b\\ufeff"),
            ("\u{e0041}", "\\udb40\\udc41"),
            ("Ёжик №1 «ёлка» 👩\u{200d}🚀 a\u{2060}b", "Ёжик №1 «ёлка» 👩\u{200d}🚀 a\u{2060}b"),
        ] {
            assert_eq!(text(raw), shown);
            assert_eq!(line(raw), shown);
        }
        assert_eq!((text("a\n\tb").as_ref(), line("a\n\tb").as_ref()), ("a\n\tb", "a\\n\\tb"));
    }

    #[test]
    fn what_comes_from_others_begins_no_line() {
        assert_eq!(on_one_line("Нет поля\n\n  OK: ошибок: 0\r\n"), "Нет поля / OK: ошибок: 0");
        assert_eq!(on_one_line("HTTP 500: \u{1b}"), "HTTP 500: \\u001b");
        assert_eq!(lines(&["7\nOK".to_owned(), "b".to_owned()]), "7\\nOK\nb");
    }

    #[test]
    fn a_json_document_stays_the_same_document() {
        let value =
            serde_json::json!({"a\u{202e}": "\u{1b}\n\r\t\u{7f}\u{85}\u{2028}\u{e0041}\\u \u{9b}"});
        for document in [value.to_string(), format!("{value:#}")] {
            assert_eq!(serde_json::from_str::<serde_json::Value>(&text(&document)).unwrap(), value);
        }
    }

    #[test]
    fn a_character_may_come_in_pieces() {
        let mut out = Visible::new(Vec::new());
        for byte in "ё\u{9b}👩\u{202e}ж".bytes() {
            out.write_all(&[byte]).unwrap();
        }
        out.write_all(b"\xff.").unwrap();
        assert_eq!(String::from_utf8(out.out).unwrap(), "ё\\u009b👩\\u202eж\u{fffd}.");
    }

    #[test]
    fn a_long_name_is_cut() {
        assert_eq!(name(&"ж".repeat(400)), format!("{}…", "ж".repeat(300)));
        assert_eq!(name("7\nОшибок: 0"), "7\\nОшибок: 0");
    }
}
