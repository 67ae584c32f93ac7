//! The form in which the portal compares phones in its search for duplicates, `NormalizePhone` and
//! what follows it (facts, section 14.3).

/// Numbers of fewer characters keep their leading digits.
const LONG_NUMBER: usize = 10;

/// The normal form of a phone: digits, mostly. Letters are no mark of an extension: its digits are
/// added.
pub(crate) fn normal_form(phone: &str) -> String {
    let is_abroad = phone.chars().count() >= LONG_NUMBER && phone.starts_with("+8");
    let mut number = if is_abroad { "00".to_owned() } else { String::new() };
    number.extend(phone.chars().filter(|c| c.is_ascii_digit() || "#*,;".contains(*c)));
    without_extensions(&without_exit_code(&number))
}

/// `00`, `011` or `0` at the beginning goes, a Russian 8 becomes 7; 80, 81, 82 are codes of
/// countries.
fn without_exit_code(number: &str) -> String {
    let is_country = ["80", "81", "82"].iter().any(|code| number.starts_with(code));
    if number.chars().count() < LONG_NUMBER || is_country {
        return number.to_owned();
    }
    if let Some(rest) = number.strip_prefix('8') {
        return format!("7{rest}");
    }
    for exit_code in ["00", "011", "0"] {
        if let Some(rest) = number.strip_prefix(exit_code) {
            return rest.to_owned();
        }
    }
    number.to_owned()
}

/// `/(\d+)([;#]*)([\d,]*)/` replaced by its first group: an extension behind `;`, `#` or `,` is
/// cut.
fn without_extensions(number: &str) -> String {
    let mut kept = String::new();
    let mut rest = number;
    while let Some(first) = rest.chars().next() {
        if first.is_ascii_digit() {
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            kept.push_str(&rest[..digits]);
            rest = rest[digits..].trim_start_matches([';', '#']);
            rest = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ',');
        } else {
            kept.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::normal_form;

    #[test]
    fn the_normal_form_of_a_phone() {
        let cases = [
            ("8 (900) 123-45-67", "79001234567"),
            ("+7 900 1234567", "79001234567"),
            ("0049 30 1234567", "49301234567"),
            ("011 49 30 1234567", "49301234567"),
            ("0 900 123-45-67", "9001234567"),
            ("+7 (921) 000-11-22 доб. 12", "7921000112212"),
            ("+8 900 111 22 33", "89001112233"),
            ("8 123 456-78-90", "81234567890"),
            ("+78129999331#404", "78129999331"),
            ("+78129999331,404", "78129999331"),
            ("+78129999331;404", "78129999331"),
            ("+7 812 9999331, +7 812 9999332", "78129999331"),
            ("8-800", "8800"),
            ("021", "021"),
            ("*123", "*123"),
            ("спросить", ""),
        ];
        for (phone, expected) in cases {
            assert_eq!(normal_form(phone), expected, "{phone}");
        }
    }
}
