//! Contact data in texts that are not ours: what looks like a phone or an e-mail is neither printed
//! nor logged by default.

/// So many digits are a phone, fewer may be any number.
pub(crate) const PHONE_DIGITS: usize = 7;

/// Whether something in the text looks like a phone or an e-mail.
pub(crate) fn holds_contact(text: &str) -> bool {
    text.split_whitespace().any(is_email) || number_runs(text).any(is_phone)
}

fn is_email(word: &str) -> bool {
    let Some((before, after)) = word.split_once('@') else { return false };
    before.ends_with(char::is_alphanumeric) && after.starts_with(char::is_alphanumeric)
}

/// As people write one: `+` and its digits, 7 or 8 and ten digits, or the ten of a mobile phone. A
/// date is none.
fn is_phone(run: &str) -> bool {
    let digits = digits(run);
    match digits.len() {
        count if run.contains('+') => count >= PHONE_DIGITS,
        11 => digits.starts_with(['7', '8']),
        10 => digits.starts_with('9'),
        _ => false,
    }
}

/// Digits with what may be between those of a phone.
pub(crate) fn number_runs(text: &str) -> impl Iterator<Item = &str> {
    let is_part =
        |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '(' | ')' | ' ' | '\u{a0}');
    text.split(move |c| !is_part(c)).filter(|run| run.contains(|c: char| c.is_ascii_digit()))
}

pub(crate) fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}
