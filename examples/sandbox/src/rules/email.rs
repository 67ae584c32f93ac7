//! The server's own check of an e-mail address, `check_email` (facts, section 14.3).

/// Characters of an address.
const MAX: usize = 320;
/// Characters of the last label of a domain.
const LAST_LABEL: std::ops::RangeInclusive<usize> = 2..=20;

/// Whether the portal takes an address.
pub(crate) fn is_valid(text: &str) -> bool {
    let address = inner(text.trim());
    let Some((local, domain)) = address.split_once('@') else { return false };
    let Some((host, last)) = domain.rsplit_once('.') else { return false };
    address.chars().count() <= MAX
        && local.split('.').all(is_atom)
        && host.split('.').all(is_label)
        && is_label(last)
        && LAST_LABEL.contains(&last.chars().count())
}

/// What stands between the first opening and the next closing bracket of any kind: `Name <a@x.ru>`,
/// `(a@x.ru)`.
fn inner(text: &str) -> &str {
    let opened = text.split_once(['<', '[', '(']).map(|(_, rest)| rest);
    let closed = opened.and_then(|rest| rest.split_once(['>', ']', ')']));
    closed.map(|(inner, _)| inner).filter(|inner| !inner.is_empty()).unwrap_or(text)
}

/// A part of the local part: letters of any alphabet, ASCII digits, signs.
fn is_atom(part: &str) -> bool {
    let allowed = |c: char| is_letter_or_digit(c) || "=_+~'!$&*^`|#%/?{}-".contains(c);
    !part.is_empty() && part.chars().all(allowed)
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
