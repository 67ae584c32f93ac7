//! What the cells of a report mean, in the form in which the mirror's reader expects it. Pure.
//!
//! What is not understood goes into the mirror as it is: the run that reads it puts that record
//! aside, and `status` says so. Only what Excel has spoiled is kept out, for it would look like a
//! value.

use super::encoding::is_broken;
use crate::domain::messages::FlawMessage;
use crate::domain::mirror_table::MirrorTable;
use crate::mirror::values::{self, Moment, all_digits, amount_of_text, decimal, flag};

/// A cell as it goes into the mirror.
pub(super) struct Cell {
    pub(super) value: String,
    /// What the mirror's reader will not understand of it.
    pub(super) flaw: Option<FlawMessage>,
}

/// Words in the place of a value that Excel could not compute, or had no room to show.
const SPREADSHEET_ERRORS: [&str; 15] = [
    "#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!", "#Н/Д", "#ССЫЛКА!",
    "#ДЕЛ/0!", "#ЗНАЧ!", "#ИМЯ?", "#ЧИСЛО!", "#ПУСТО!", "###",
];

/// Reads the text of a cell.
///
/// # Errors
/// Excel has spoiled it: the row must not go into the mirror.
pub(super) fn understand(
    table: MirrorTable,
    column: &str,
    text: String,
) -> Result<Cell, FlawMessage> {
    if is_shortened(&text) {
        return Err(FlawMessage::Shortened);
    }
    if SPREADSHEET_ERRORS.contains(&text.as_str()) || text.starts_with("####") {
        return Err(FlawMessage::SpreadsheetError);
    }
    if is_broken(&text) {
        // The mark by which the mirror's reader knows lost letters.
        let value = text.replace(|c: char| ('\u{80}'..='\u{9f}').contains(&c), "\u{fffd}");
        return Ok(Cell { value, flaw: Some(FlawMessage::LostLetters) });
    }
    Ok(understood(table, column, text))
}

fn understood(table: MirrorTable, column: &str, text: String) -> Cell {
    let is_known = table.columns().contains(&column);
    match column {
        _ if !is_known => plain(text),
        "id" | "number" | "booking_id" | "guest_id" | "company_id" | "payer_company_id"
        | "crm_id" | "position" => plain(id(text)),
        "birth_date" if text.is_empty() => plain(text),
        "birth_date" => {
            or_flaw(values::birth_date(&text).map(|day| day.to_string()), text, FlawMessage::Date)
        }
        "arrival" | "departure" => or_flaw(moment(&text), text, FlawMessage::Date),
        "modified_at" => plain(modified_at(&text).unwrap_or(text)),
        "amount" if text.is_empty() => plain(text),
        "amount" => or_flaw(amount(&text), text, FlawMessage::Amount),
        "is_vip" | "is_blacklisted" => plain(flag_digit(&text).unwrap_or(text)),
        _ => plain(text),
    }
}

fn plain(value: String) -> Cell {
    Cell { value, flaw: None }
}

fn or_flaw(understood: Option<String>, text: String, flaw: FlawMessage) -> Cell {
    match understood {
        Some(value) => Cell { value, flaw: None },
        None => Cell { value: text, flaw: Some(flaw) },
    }
}

/// `7,90012E+10`: Excel shows a long number so, and a CSV then has lost the rest of its digits.
fn is_shortened(text: &str) -> bool {
    let Some((digits, power)) = text.split_once(['E', 'e']) else { return false };
    let is_power = power.strip_prefix('+').is_some_and(all_digits);
    is_power && digits.split([',', '.']).all(all_digits)
}

/// `12 345` and `123,00` are numbers as a table shows them; leading zeros belong to an id.
fn id(text: String) -> String {
    match decimal(&text) {
        Some(number)
            if !number.is_negative && number.fraction.bytes().all(|digit| digit == b'0') =>
        {
            number.whole
        }
        _ => text,
    }
}

fn moment(text: &str) -> Option<String> {
    values::moment(text).map(|moment| moment.to_string())
}

fn modified_at(text: &str) -> Option<String> {
    let Moment { day, time } = values::moment(text)?;
    let time = time.map(|time| time.format(" %H:%M:%S").to_string()).unwrap_or_default();
    Some(format!("{day}{time}"))
}

/// As in the mirror, and with one decimal behind a comma, which no thousand has.
fn amount(text: &str) -> Option<String> {
    amount_of_text(text).or_else(|| {
        let (whole, tenths) = text.split_once(',')?;
        let is_decimal = tenths.len() == 1 && all_digits(tenths);
        if is_decimal { amount_of_text(&format!("{whole}.{tenths}")) } else { None }
    })
}

fn flag_digit(text: &str) -> Option<String> {
    flag(text).map(|is_on| if is_on { "1" } else { "0" }.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(column: &str, text: &str) -> (String, Option<FlawMessage>) {
        let table = if column.starts_with("is_") || column == "birth_date" {
            MirrorTable::Guests
        } else {
            MirrorTable::Bookings
        };
        match understand(table, column, text.to_owned()) {
            Ok(Cell { value, flaw }) => (value, flaw),
            Err(flaw) => (String::new(), Some(flaw)),
        }
    }

    #[test]
    fn values_are_written_as_the_mirror_likes_them_best() {
        let cases = [
            ("amount", "12 500,00", "12500.00"),
            ("amount", "12\u{a0}500,5", "12500.50"),
            ("amount", "12500.1000000000", "12500.10"),
            ("arrival", "20.05.2026 14:00:00", "2026-05-20 14:00"),
            ("arrival", "20.05.2026", "2026-05-20"),
            ("birth_date", "29.02.1980 0:00:00", "1980-02-29"),
            ("modified_at", "20.05.2026 14:00", "2026-05-20 14:00:00"),
            ("is_vip", "Да", "1"),
            ("is_vip", "", "0"),
            ("id", "00123", "00123"),
            ("guest_id", "12\u{a0}345", "12345"),
            ("id", "123.00", "123"),
            ("id", "7f3e-12", "7f3e-12"),
            ("number", "3682/1", "3682/1"),
            ("comment", "12 500,00", "12 500,00"),
            ("tariff", "20.05.2026", "20.05.2026"),
        ];
        for (column, text, value) in cases {
            assert_eq!(read(column, text), (value.to_owned(), None), "{column} {text}");
        }
    }

    #[test]
    fn what_is_not_understood_stays_as_it_is_and_is_told() {
        let cases = [
            ("amount", "1,234", FlawMessage::Amount),
            ("amount", "12 500 руб.", FlawMessage::Amount),
            ("arrival", "", FlawMessage::Date),
            ("arrival", "20.05.26", FlawMessage::Date),
            ("birth_date", "1980", FlawMessage::Date),
        ];
        for (column, text, flaw) in cases {
            assert_eq!(read(column, text), (text.to_owned(), Some(flaw)), "{column} {text}");
        }
        assert_eq!(
            read("comment", "Бело\u{98}а"),
            ("Бело\u{fffd}а".into(), Some(FlawMessage::LostLetters))
        );
    }

    #[test]
    fn what_excel_has_spoiled_never_looks_like_a_value() {
        for text in ["7,90012E+10", "1.5E+16", "8E+9"] {
            assert_eq!(read("comment", text).1, Some(FlawMessage::Shortened), "{text}");
        }
        for text in ["#Н/Д", "#REF!", "########"] {
            assert_eq!(read("comment", text).1, Some(FlawMessage::SpreadsheetError), "{text}");
        }
        for text in ["5E10", "E+3", "корпус 2E+", "# 5"] {
            assert_eq!(read("comment", text).1, None, "{text}");
        }
    }
}
