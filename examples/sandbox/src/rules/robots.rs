//! What a portal's robots and applications do to the phones and e-mails of a card after each save
//! (facts, section 14.3). They change rows past every check.

use std::collections::BTreeSet;

use crate::data::record::Row;

/// Brings phones into the form `+79001234567` and e-mails into lower case.
pub fn reformat(rows: &mut Vec<Row>) {
    for row in rows {
        match row.type_id.as_str() {
            "PHONE" => row.value = international(&row.value),
            "EMAIL" => row.value = row.value.to_lowercase(),
            _ => {}
        }
    }
}

/// Removes what stands there already, whatever its type: `WORK`, `MOBILE`...
pub fn remove_doubles(rows: &mut Vec<Row>) {
    let mut seen = BTreeSet::new();
    rows.retain(|row| seen.insert((row.type_id.clone(), row.value.clone())));
}

/// A number of eleven digits that begins with 7 or 8; every other one stays as it is.
fn international(phone: &str) -> String {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    match digits.strip_prefix(['7', '8']) {
        Some(rest) if rest.len() == 10 => format!("+7{rest}"),
        _ => phone.to_owned(),
    }
}
