//! Changes texts so that the portal keeps the words that a person wrote.
//!
//! A portal deletes `[words]` and `<words` from comments and turns `(c)` and a lone `0` into
//! something else; a batch replaces `$result[…]` in any value. There is no escape for any of this
//! (docs/bitrix24.md, Texts), so brackets are replaced by similar signs, and an invisible joiner
//! splits the rest.

/// U+2060 WORD JOINER: no width, no line break, not trimmed by PHP.
const JOINER: char = '\u{2060}';

/// A comment holds 64 KiB in the portal's table, after it was escaped for HTML.
const COMMENT_BYTES: usize = 60_000;
const STORED_BYTES: usize = 65_000;

/// Characters of a phone or of an e-mail.
const MULTIFIELD_LIMIT: usize = 250;

/// A text field other than a comment: one line, cut at `limit` characters, references of a batch
/// escaped.
pub(super) fn single_line(text: &str, limit: usize) -> String {
    // Cut before the work, since a mirror may hold a text of any size.
    let text = first_chars(text, limit.saturating_mul(2)).replace("\r\n", "\n");
    let mut line = text.replace(['\n', '\r', '\t'], " ");
    line.retain(|c| !c.is_control());
    let line = escape_batch_refs(first_chars(&line, limit));
    first_chars(&line, limit).to_owned()
}

/// A field that the portal fills itself when it is empty: a lone `0` is empty to it.
pub(super) fn non_zero_text(text: &str, limit: usize) -> String {
    keep_zero(single_line(text, limit))
}

fn first_chars(text: &str, count: usize) -> &str {
    text.char_indices().nth(count).map_or(text, |(end, _)| &text[..end])
}

fn keep_zero(mut text: String) -> String {
    if text.trim() == "0" {
        text.push(JOINER);
    }
    text
}

/// A comment that arrives readable. Without square brackets it holds no reference of a batch.
pub(crate) fn comment(text: &str) -> String {
    let text = first_chars(text.trim(), 2 * COMMENT_BYTES);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let replaced: String = text.trim().chars().filter_map(replace_bracket).collect();
    let text = keep_zero(split_entities(&split_marks(&replaced)));
    truncate(&text).trim_end().to_owned()
}

fn replace_bracket(c: char) -> Option<char> {
    match c {
        '[' => Some('('),
        ']' => Some(')'),
        '<' => Some('‹'),
        '>' => Some('›'),
        '\n' | '\t' => Some(c),
        c if c.is_control() => None,
        c => Some(c),
    }
}

/// Whether a batch would replace a part of it by the answer of another command.
pub(crate) fn has_reference(text: &str) -> bool {
    escape_batch_refs(text) != text
}

/// Splits `$result[…]` and its kin behind the `$`: a batch would replace it by the answer of
/// another command.
///
/// A reference has brackets in it and reaches to the next white space of ASCII; a no-break space
/// does not end it.
fn escape_batch_refs(text: &str) -> String {
    text.split_inclusive(is_ascii_space).map(escape_token).collect()
}

fn escape_token(token: &str) -> String {
    let Some(last_bracket) = token.rfind('[') else { return token.to_owned() };
    split_after(token, '$', |rest| {
        let has_bracket = token.len() - rest.len() <= last_bracket;
        has_bracket && starts_with_any(rest, &["result", "next", "total", "time", "error"])
    })
}

/// What PHP's `\s` takes for white space.
fn is_ascii_space(c: char) -> bool {
    c.is_ascii_whitespace() || c == '\u{b}'
}

/// Splits `(c)`, `(r)` and `(tm)`, which would become entities that are escaped twice.
fn split_marks(text: &str) -> String {
    split_after(text, '(', |rest| starts_with_any(rest, &["c)", "r)", "tm)"]))
}

/// Splits `&lt;` and its kin, which would be decoded before tags are stripped.
fn split_entities(text: &str) -> String {
    split_after(text, '&', |rest| {
        let word = rest.trim_start_matches('#');
        let end = word.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(word.len());
        end > 0 && word[end..].starts_with(';')
    })
}

fn split_after(text: &str, mark: char, dangerous: impl Fn(&str) -> bool) -> String {
    let mut split = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        split.push(c);
        if c == mark && dangerous(&text[at + c.len_utf8()..]) {
            split.push(JOINER);
        }
    }
    split
}

fn starts_with_any(text: &str, words: &[&str]) -> bool {
    words
        .iter()
        .any(|word| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word)))
}

/// The beginning of the text that the portal can store, after it escaped `&` and `"`.
fn truncate(text: &str) -> &str {
    let mut stored = 0;
    for (at, c) in text.char_indices() {
        stored += match c {
            '&' => 5,
            '"' => 6,
            c => c.len_utf8(),
        };
        if at + c.len_utf8() > COMMENT_BYTES || stored > STORED_BYTES {
            return &text[..at];
        }
    }
    text
}

/// Whether a portal takes the address; it refuses the whole contact for one that it does not take.
///
/// The rule is the portal's own (docs/bitrix24.md, Phones and e-mails): of a text with brackets
/// what is in the first ones; atoms separated by single dots; a domain of at least two labels, the
/// last of 2 to 20 signs. Letters may be of any language, digits are those of ASCII.
pub(crate) fn is_email(text: &str) -> bool {
    let address = crate::mapping::contact_value::bracketed(text).unwrap_or(text);
    let Some((local, domain)) = address.split_once('@') else { return false };
    let Some((host, top)) = domain.rsplit_once('.') else { return false };
    text.chars().count() <= MULTIFIELD_LIMIT
        && local.split('.').all(is_atom)
        && host.split('.').all(is_label)
        && is_label(top)
        && (2..=20).contains(&top.chars().count())
}

fn is_atom(part: &str) -> bool {
    let signs = "=_+~'!$&*^`|#%/?{}-";
    !part.is_empty() && part.chars().all(|c| is_letter_or_digit(c) || signs.contains(c))
}

fn is_label(part: &str) -> bool {
    !part.is_empty() && part.chars().all(|c| is_letter_or_digit(c) || c == '-')
}

fn is_letter_or_digit(c: char) -> bool {
    c.is_alphabetic() || c.is_ascii_digit()
}

/// Whether a portal takes the phone: any text, but PHP takes a lone `0` for an empty one.
pub(crate) fn is_phone(text: &str) -> bool {
    text.chars().count() <= MULTIFIELD_LIMIT && text != "0"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_and_angle_brackets_keep_their_words() {
        assert_eq!(comment("[VIP] <a@b.c> price <100"), "(VIP) ‹a@b.c› price ‹100");
    }

    #[test]
    fn what_a_portal_would_turn_into_something_else_is_split() {
        assert_eq!(comment("Hotel (c) [C] (TM)"), "Hotel (\u{2060}c) (\u{2060}C) (\u{2060}TM)");
        assert_eq!(comment(" 0 "), "0\u{2060}");
        assert_eq!(
            comment("a &lt;b&gt; &#91; R&D; AT&T"),
            "a &\u{2060}lt;b&\u{2060}gt; &\u{2060}#91; R&\u{2060}D; AT&T"
        );
    }

    #[test]
    fn a_reference_of_a_batch_is_defused_and_money_is_not() {
        assert_eq!(
            single_line("$result[0] $Total[x] $timex[1]", 99),
            "$\u{2060}result[0] $\u{2060}Total[x] $\u{2060}timex[1]"
        );
        assert_eq!(single_line("100$ result [0] $result", 99), "100$ result [0] $result");
        assert_eq!(single_line("$RESULT[c00]", 99), "$\u{2060}RESULT[c00]");
        for blank in ['\u{a0}', '\u{2003}', '\u{3000}', '\u{feff}'] {
            let hidden = format!("$result{blank}[c00]");
            assert_eq!(single_line(&hidden, 99), format!("$\u{2060}result{blank}[c00]"));
        }
    }

    #[test]
    fn plus_ampersand_hash_emoji_and_line_breaks_stay() {
        assert_eq!(comment("+7 & #1 %20 😀\r\nвторая"), "+7 & #1 %20 😀\nвторая");
    }

    #[test]
    fn a_comment_is_cut_at_60000_bytes_between_characters() {
        assert_eq!(comment(&"я".repeat(40_000)).len(), 60_000);
        assert_eq!(comment(&format!("x{}", "я".repeat(40_000))).len(), 59_999);
        assert!(comment(&"&".repeat(60_000)).len() * 5 <= 65_000);
    }

    /// Work that grows with the square of the text would take minutes here.
    #[test]
    fn a_text_of_any_size_is_brought_into_form_at_once() {
        let begun = std::time::Instant::now();
        for letter in ["$", "$result[", "&", "&#", "(", "[", "<", "\r\n", "$ ["] {
            let text = letter.repeat(1_000_000 / letter.len()) + "[";
            comment(&text);
            single_line(&text, 50);
            single_line(&text, usize::MAX);
        }
        assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
    }

    #[test]
    fn a_text_is_cut_by_characters_not_bytes() {
        assert_eq!(single_line(&"я".repeat(60), 50), "я".repeat(50));
    }

    #[test]
    fn an_address_is_taken_as_the_portal_takes_it() {
        for good in [
            "a@b.ru",
            "first.last+tag@sub.example.travel",
            "иван@почта.рф",
            "a_b@c-d.com",
            "a@xn--80akhbyknj4f.xn--p1ai",
            "a@b.r-u",
            "(a@x.ru)",
            "Имя <a@x.ru> x",
        ] {
            assert!(is_email(good), "{good}");
        }
        for bad in [
            "", "a", "a@b", "a@@b.ru", "a b@c.ru", ".a@b.ru", "a..b@c.ru", "a@b..ru", "a@b.r",
            "нет@", "a@b_c.ru", "a٣@x.ru", "a@x٣.ru", "a@b.ru.", "a@b.r_u", "Имя <нет>",
            "mailto:a@b.ru", "a@b.ru\u{a0}",
        ] {
            assert!(!is_email(bad), "{bad}");
        }
    }
}
