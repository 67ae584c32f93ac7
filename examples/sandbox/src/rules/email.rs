//! The server's own check of an e-mail address, `check_email` (facts, section 14.3).

use std::ops::RangeInclusive;

/// Characters that an address may have.
const MAX_ADDRESS: usize = 320;
/// Characters that the last label of a domain may have.
const LAST_LABEL: RangeInclusive<usize> = 2..=20;

/// Signs that the local part of an address may have.
const SIGNS: &str = "=_+~'!$&*^`|#%/?{}-";

/// Whether the portal takes an address.
pub(crate) fn is_valid(text: &str) -> bool {
    let address = bracketed_part(text.trim());
    let Some((local, domain)) = address.split_once('@') else { return false };
    let Some((host, last)) = domain.rsplit_once('.') else { return false };
    address.chars().count() <= MAX_ADDRESS
        && local.split('.').all(is_atom)
        && host.split('.').all(is_label)
        && is_label(last)
        && LAST_LABEL.contains(&last.chars().count())
}

/// What stands between the first opening and the next closing bracket of any kind: `Name <a@x.ru>`,
/// `(a@x.ru)`; the whole text where nothing does.
fn bracketed_part(text: &str) -> &str {
    let Some((_, after)) = text.split_once(['<', '[', '(']) else { return text };
    match after.split_once(['>', ']', ')']) {
        Some((inner, _)) if !inner.is_empty() => inner,
        Some(_) | None => text,
    }
}

/// A part of the local part: letters of any alphabet, ASCII digits, signs.
fn is_atom(part: &str) -> bool {
    !part.is_empty() && part.chars().all(|c| is_letter_or_digit(c) || SIGNS.contains(c))
}

/// A part of the domain: no underscore.
fn is_label(part: &str) -> bool {
    !part.is_empty() && part.chars().all(|c| is_letter_or_digit(c) || c == '-')
}

fn is_letter_or_digit(c: char) -> bool {
    c.is_alphabetic() || c.is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use super::is_valid;

    #[test]
    fn what_the_server_takes() {
        let taken = [
            "a@b.ru",
            "a@xn--80akhbyknj4f.xn--p1ai",
            "a@b.r-u",
            "(a@x.ru)",
            "Name <a@x.ru> x",
            "Ян <я@пример.рф>",
            "a+b_c=d#e@x.ru",
            " a@x.ru ",
        ];
        assert_eq!(taken.map(is_valid), [true; 8]);
    }

    #[test]
    fn what_the_server_refuses() {
        let refused = [
            "нет",
            "a@b",
            "a b@c.ru",
            "a@b.c",
            "@b.ru",
            "a@b_c.ru",
            "a..b@x.ru",
            ".a@x.ru",
            "a.@x.ru",
            "a٣@x.ru",
            "a@b@x.ru",
            "a@x..ru",
            "a@x.ru.",
            "a@x.abcdefghijklmnopqrstu",
            "a\"b@x.ru",
        ];
        assert_eq!(refused.map(is_valid), [false; 15]);
    }
}
