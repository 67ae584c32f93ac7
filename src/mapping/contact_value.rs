//! What a phone or an e-mail means, whatever its spelling.
//!
//! Robots and applications of a portal bring phones into one form and e-mails into lower case after
//! each save, so values of the CRM are compared with ours by their meaning (docs/bitrix24.md,
//! Phones and e-mails).

/// Words and signs that are written before the number of an extension.
const EXTENSION_MARKS: [&str; 9] = [";", "#", ",", "*", "доб", "вн", "ext", "x", "х"];

/// A phone without its spelling.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Phone {
    /// The digits in international form, without a plus; the text itself where it has no digit.
    pub(crate) number: String,
    /// The digits of the extension, empty where there is none.
    pub(crate) extension: String,
    /// All digits as they are written.
    digits: String,
}

impl Phone {
    /// What a text means as a phone.
    pub(crate) fn read(text: &str) -> Phone {
        let text = text.trim().to_lowercase();
        let Some(start) = text.find(|c: char| c.is_ascii_digit()) else {
            return Phone { number: text, extension: String::new(), digits: String::new() };
        };
        let is_international = text[..start].contains('+');
        let (number, extension) = split_extension(&text[start..]);
        // `+49 (0)30 …`: the zero is for callers within the country.
        let number = if is_international { number.replace("(0)", "") } else { number.to_owned() };
        let number = international(&digits(&number), is_international);
        Phone { number, extension: digits(extension), digits: digits(&text) }
    }

    /// Whether both texts mean one number. A robot may have run number and extension into one, or
    /// only have put a plus before the digits.
    pub(crate) fn equals(&self, other: &Phone) -> bool {
        let is_same_text = !self.digits.is_empty() && self.digits == other.digits;
        is_same_text || self.run_together() == other.run_together()
    }

    fn run_together(&self) -> String {
        format!("{}{}", self.number, self.extension)
    }

    /// Whether a call to one may reach the other: an extension that only one of them has does not
    /// show that they are different.
    pub(crate) fn reaches(&self, other: &Phone) -> bool {
        let is_without_extension = self.extension.is_empty() || other.extension.is_empty();
        self.equals(other) || (is_without_extension && self.number == other.number)
    }

    /// Whether `other` is this phone without its extension: robots cut it off.
    pub(crate) fn is_cut_to(&self, other: &Phone) -> bool {
        !self.extension.is_empty() && other.extension.is_empty() && self.number == other.number
    }
}

/// The text before the sign of an extension, and the rest.
fn split_extension(text: &str) -> (&str, &str) {
    let first_mark = EXTENSION_MARKS.iter().filter_map(|mark| text.find(mark)).min();
    text.split_at(first_mark.unwrap_or(text.len()))
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// Russian numbers are written with 8 or without any prefix; `00` and `8 10` mean the plus.
fn international(digits: &str, is_international: bool) -> String {
    let abroad = digits.strip_prefix("00").or_else(|| {
        let is_long = digits.len() > 12 && !is_international;
        digits.strip_prefix("810").filter(|_| is_long)
    });
    if let Some(abroad) = abroad {
        return russian_trunk(abroad);
    }
    match (is_international, digits.len(), digits.as_bytes().first()) {
        // No country has the code 89: a plus was put before the Russian 8.
        (true, 11, Some(b'8')) if digits.starts_with("89") => format!("7{}", &digits[1..]),
        (false, 11, Some(b'8')) => format!("7{}", &digits[1..]),
        (false, 10, Some(b'3' | b'4' | b'8' | b'9')) => format!("7{digits}"),
        _ => russian_trunk(digits),
    }
}

/// `+7 (8 912) 345-67-89` has the Russian 8 behind the code of the country.
fn russian_trunk(digits: &str) -> String {
    match digits.strip_prefix("78") {
        Some(rest) if digits.len() == 12 => format!("7{rest}"),
        _ => digits.to_owned(),
    }
}

/// An address without its spelling: in lower case, without a name around it and without `mailto:`.
/// Its domain is written in the letters of the network, so that `почта.рф` and
/// `xn--80a1acny.xn--p1ai` are one.
pub(crate) fn email(text: &str) -> String {
    let text = text.trim().to_lowercase();
    let address = bracketed(&text).unwrap_or(&text).trim();
    let address = address.strip_prefix("mailto:").unwrap_or(address).trim_end_matches('.');
    match address.rsplit_once('@') {
        Some((local, domain)) => format!("{local}@{}", network_name(domain)),
        None => address.to_owned(),
    }
}

/// A domain as the network knows it; what is no domain stays as it is.
fn network_name(domain: &str) -> String {
    url::Host::parse(domain).map_or_else(|_| domain.to_owned(), |host| host.to_string())
}

/// The text in the first brackets, if there is any: `Name <a@x.ru>` is the address `a@x.ru`.
pub(crate) fn bracketed(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once(['<', '[', '('])?;
    let (inner, _) = rest.split_once(['>', ']', ')'])?;
    (!inner.is_empty()).then_some(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(a: &str, b: &str) -> bool {
        Phone::read(a).equals(&Phone::read(b))
    }

    #[test]
    fn a_russian_number_is_one_however_it_is_written() {
        let spellings = [
            "8 (912) 345-67-89",
            "8-912-345-67-89",
            "9123456789",
            "7 912 345 67 89",
            "007 912 345 67 89",
            "+007 912 345 67 89",
            "+7 (8 912) 345-67-89",
            "+8 912 345 67 89",
            "8 10 7 912 345-67-89",
            "тел. +7 912 345-67-89",
            "tel:+79123456789",
            "8.912.345.67.89 Анна",
        ];
        for spelling in spellings {
            assert!(same(spelling, "+79123456789"), "{spelling}: {:?}", Phone::read(spelling));
        }
        assert!(same("8-800-555-35-35", "+78005553535"));
        assert!(same("8 (812) 999-93-31", "+7 (812) 999-93-31"));
    }

    #[test]
    fn a_foreign_number_keeps_its_eight() {
        assert!(same("0049 30 1234567", "+49 (0)30 1234567"));
        assert!(same("8 10 49 30 1234567", "+49301234567"));
        assert!(!same("+81 3 1234 5678", "+71312345678"));
        assert!(!same("+84 912 345 678", "+74912345678"));
    }

    #[test]
    fn short_numbers_and_words_are_what_they_are() {
        assert!(same("1-12", "112"));
        assert!(!same("345-67-89", "+7 912 345-67-89"));
        assert!(!same("812345678", "712345678"));
        assert!(same(" Нет ", "нет"));
        assert!(!same("нет", "да"));
    }

    #[test]
    fn an_extension_is_part_of_the_number_whatever_stands_before_it() {
        for spelling in ["8 (812) 999-93-31 доб. 404", "+78129999331#404", "+7 812 9999331;ext=404"]
        {
            assert!(same(spelling, "+7 812 999-93-31, 404"), "{spelling}");
            assert!(same(spelling, "+78129999331404"), "{spelling}");
            assert!(
                same(spelling, &spelling.replace(|c: char| !c.is_ascii_digit(), "")),
                "{spelling}"
            );
            assert!(!same(spelling, "+78129999331"), "{spelling}");
        }
    }

    #[test]
    fn two_extensions_tell_people_apart_and_one_does_not() {
        let reaches = |a: &str, b: &str| Phone::read(a).reaches(&Phone::read(b));
        assert!(reaches("+78129999331", "8 (812) 999-93-31 доб. 404"));
        assert!(!reaches("+78129999331#405", "8 (812) 999-93-31 доб. 404"));
        assert!(reaches("+7 812 999-93-31, +7 921 000-11-22", "8 812 999 93 31"));
    }

    #[test]
    fn an_address_is_one_in_any_case_and_with_a_name_around_it() {
        for spelling in
            ["A@X.ru", " a@x.ru ", "mailto:a@x.ru", "Анна <A@x.ru>", "(a@x.ru)", "a@x.ru."]
        {
            assert_eq!(email(spelling), "a@x.ru", "{spelling}");
        }
        assert_ne!(email("a+b@x.ru"), email("a@x.ru"));
    }

    #[test]
    fn a_domain_is_one_in_letters_of_any_language_and_in_those_of_the_network() {
        for spelling in ["a@xn--80a1acny.xn--p1ai", "A@XN--80A1ACNY.XN--P1AI", "А <a@Почта.РФ>"]
        {
            assert_eq!(email(spelling), email("a@почта.рф"), "{spelling}");
        }
        assert_eq!(email("a@bücher.de"), email("a@xn--bcher-kva.de"));
        assert_ne!(email("a@почта.рф"), email("a@пошта.рф"));
        assert_eq!(email("нет @ почты"), "нет @ почты");
    }
}
