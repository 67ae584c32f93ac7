//! Reads values as a mirror may spell them: flags, sexes, days, moments, amounts. Pure.
//!
//! A value that could mean two things is not read: its record fails or gets a warning.

use std::fmt;

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime};
use serde::{Deserialize, Serialize};

/// The text without the blanks around it: a CHAR column pads its values. Invisible characters are
/// blanks too.
pub(crate) fn trimmed(text: &str) -> &str {
    text.trim_matches(is_blank)
}

fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{feff}' | '\u{200b}' | '\u{2060}' | '\u{180e}')
}

/// A flag; none where the word is unknown.
pub(crate) fn flag(text: &str) -> Option<bool> {
    let word = trimmed(text).to_lowercase();
    match word.as_str() {
        "" | "-" | "—" | "n" | "no" | "f" | "false" | "off" | "н" | "нет" | "ложь" => {
            Some(false)
        }
        "+" | "y" | "yes" | "t" | "true" | "on" | "д" | "да" | "истина" => Some(true),
        number => match whole_number(number)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        },
    }
}

/// The digit that a BIT column means, where it is a blob such as `x'00'` or `x'01'`.
pub(super) fn bit(blob: &[u8]) -> Option<&'static str> {
    let (last, rest) = blob.split_last()?;
    if blob.len() > 8 || rest.iter().any(|byte| *byte != 0) {
        return None;
    }
    match last {
        0 => Some("0"),
        1 => Some("1"),
        _ => None,
    }
}

/// `M`, `F`, or an empty text for unknown; none where the word is not understood.
pub(super) fn sex(text: &str) -> Option<&'static str> {
    let word = trimmed(text).to_lowercase();
    match word.trim_end_matches('.') {
        "m" | "male" | "man" | "м" | "муж" | "мужской" | "мужчина" => Some("M"),
        "f" | "female" | "woman" | "ж" | "жен" | "женский" | "женщина" => {
            Some("F")
        }
        "" | "-" | "—" | "u" | "unknown" | "неизвестно" | "неизвестен" | "не указан" => {
            Some("")
        }
        _ => None,
    }
}

/// `42`, or `42.0` from a program that stores whole numbers as decimals.
pub(crate) fn whole_number(text: &str) -> Option<i64> {
    match text.split_once('.') {
        Some((whole, zeros)) if zeros.bytes().all(|byte| byte == b'0') => whole.parse().ok(),
        _ => text.parse().ok(),
    }
}

/// A moment of the hotel's wall clock; a report may have only the day.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Moment {
    /// The day of the hotel's calendar.
    pub day: NaiveDate,
    /// The time of day, where the mirror has one.
    pub time: Option<NaiveTime>,
}

impl Moment {
    /// For comparing with others: a day alone begins at midnight.
    pub fn or_midnight(self) -> NaiveDateTime {
        self.day.and_time(self.time.unwrap_or_default())
    }

    /// As people write it: `20.05.2020 12:00`.
    pub fn for_people(self) -> String {
        format!("{}{}", self.day.format("%d.%m.%Y"), self.time_after_blank())
    }

    fn time_after_blank(self) -> String {
        self.time.map(|time| time.format(" %H:%M").to_string()).unwrap_or_default()
    }
}

impl From<NaiveDateTime> for Moment {
    fn from(moment: NaiveDateTime) -> Moment {
        Moment { day: moment.date(), time: Some(moment.time()) }
    }
}

impl fmt::Display for Moment {
    /// As in a database: `2020-05-20 12:00`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.day, self.time_after_blank())
    }
}

/// The text after the day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Clock {
    time: Option<NaiveTime>,
    /// It has a time zone, so it is not the hotel's wall clock.
    is_instant: bool,
}

/// `YYYY-MM-DD` or `DD.MM.YYYY`, with or without a time of day.
fn day_and_clock(text: &str) -> Option<(NaiveDate, Clock)> {
    let (day, rest) = text.split_at_checked(10).unwrap_or((text, ""));
    let format = if has_digits_and(day, b'-') {
        "%Y-%m-%d"
    } else if has_digits_and(day, b'.') && day.len() == 10 {
        "%d.%m.%Y"
    } else {
        return None;
    };
    let day = NaiveDate::parse_from_str(day, format).ok()?;
    // A year such as 85 or 12026 is a mistake.
    if !(1800..2200).contains(&day.year()) {
        return None;
    }
    Some((day, clock(rest)?))
}

/// Whether all characters are digits or this separator.
fn has_digits_and(text: &str, separator: u8) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || byte == separator)
}

fn clock(text: &str) -> Option<Clock> {
    if text.is_empty() {
        return Some(Clock { time: None, is_instant: false });
    }
    let text = text.strip_prefix([' ', 'T'])?.trim_start();
    let wall = without_zone(text);
    let time = ["%H:%M", "%H:%M:%S", "%H:%M:%S%.f"]
        .into_iter()
        .find_map(|format| NaiveTime::parse_from_str(wall, format).ok())?;
    Some(Clock { time: Some(time), is_instant: wall.len() < text.len() })
}

/// Without `Z` or `+03:00`.
fn without_zone(text: &str) -> &str {
    if let Some(wall) = text.strip_suffix('Z') {
        return wall.trim_end();
    }
    let Some(at) = text.rfind(['+', '-']) else { return text };
    let offset = &text[at + 1..];
    let is_offset = (2..=5).contains(&offset.len()) && has_digits_and(offset, b':');
    if is_offset { text[..at].trim_end() } else { text }
}

fn is_midnight(time: Option<NaiveTime>) -> bool {
    time.is_none_or(|time| time == NaiveTime::MIN)
}

/// A birthday. With a time other than midnight it is an instant, and may be another day at the
/// hotel.
pub(crate) fn birth_date(text: &str) -> Option<NaiveDate> {
    let (day, clock) = day_and_clock(text)?;
    is_midnight(clock.time).then_some(day)
}

/// A day, also of a moment, but not of an instant: that may be another day at the hotel.
pub(crate) fn day(text: &str) -> Option<NaiveDate> {
    let (day, clock) = day_and_clock(text)?;
    (!clock.is_instant || is_midnight(clock.time)).then_some(day)
}

/// A moment of the hotel's wall clock; none where the text has a time zone.
pub(crate) fn moment(text: &str) -> Option<Moment> {
    let (day, clock) = day_and_clock(text)?;
    (!clock.is_instant).then_some(Moment { day, time: clock.time })
}

/// Whether the text is a date or a time. A `modified_at` that joins columns is not one, and may
/// hold a person's data.
pub fn is_time(text: &str) -> bool {
    day_and_clock(trimmed(text)).is_some()
}

/// The parts of a decimal number. It has digits on both sides of its point, or no point.
pub(crate) struct Decimal {
    pub(crate) is_negative: bool,
    /// The digits before the point.
    pub(crate) whole: String,
    /// The digits after the point.
    pub(crate) fraction: String,
    /// A point, a comma or nothing.
    pub(crate) separator: Option<char>,
}

/// A decimal as people and programs write it, with blanks between groups of three digits. `1,234`
/// and `1.234` may be a thousand, so they are not read.
pub(crate) fn decimal(text: &str) -> Option<Decimal> {
    let unsigned = text.strip_prefix(['-', '\u{2212}']);
    let digits = unsigned.unwrap_or(text);
    let separator = digits.chars().find(|c| matches!(c, '.' | ','));
    let (whole, fraction) = match separator {
        Some(separator) => digits.split_once(separator)?,
        None => (digits, ""),
    };
    let is_grouped = whole.contains(char::is_whitespace);
    let whole = if is_grouped { ungrouped(whole)? } else { whole.to_owned() };
    let may_be_group =
        fraction.len() == 3 && !is_grouped && whole.len() <= 3 && !whole.starts_with('0');
    let is_number = all_digits(&whole) && (separator.is_none() || all_digits(fraction));
    if !is_number || may_be_group {
        return None;
    }
    let is_negative = unsigned.is_some();
    Some(Decimal { is_negative, whole, fraction: fraction.to_owned(), separator })
}

/// `13 050` without its blanks. They may be of any kind, but must all be the same.
fn ungrouped(whole: &str) -> Option<String> {
    let blank = whole.chars().find(|c| c.is_whitespace())?;
    let mut groups = whole.split(blank);
    let first = groups.next()?;
    let is_grouped = (1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3);
    is_grouped.then(|| whole.replace(blank, ""))
}

pub(crate) fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// An amount that is stored as a text; an empty one is `0.00`.
pub(crate) fn amount_of_text(text: &str) -> Option<String> {
    if text.is_empty() {
        return Some("0.00".into());
    }
    // `-5.6e-14`: a REAL in a column of texts.
    if text.contains('.') && text.contains('e') {
        return amount_of_real(text.parse().ok()?);
    }
    let decimal = decimal(text)?;
    if decimal.separator == Some(',') && decimal.fraction.len() != 2 {
        return None;
    }
    cents(&decimal)
}

/// An amount that is stored as a floating-point number.
pub(super) fn amount_of_real(number: f64) -> Option<String> {
    let text = number.abs().to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    cents(&Decimal {
        is_negative: number < 0.0,
        whole: whole.to_owned(),
        fraction: fraction.to_owned(),
        separator: Some('.'),
    })
}

/// With two places, rounded half away from zero. At most fifteen digits before the point: the
/// portal keeps DECIMAL(18,2).
fn cents(decimal: &Decimal) -> Option<String> {
    let Decimal { is_negative, whole, fraction, separator: _ } = decimal;
    if whole.len() > 15 || !all_digits(whole) {
        return None;
    }
    let padded = format!("{fraction:0<3}");
    let thousandths: i64 = format!("{whole}{}", padded.get(..3)?).parse().ok()?;
    let cents = (thousandths + 5) / 10;
    Some(Cents(if *is_negative { -cents } else { cents }).to_string())
}

/// Money in hundredths of its currency.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Cents(pub(crate) i64);

impl Cents {
    /// Reads an amount with two places, such as `12500.50`.
    pub(crate) fn of_amount(amount: &str) -> Option<Cents> {
        let (whole, fraction) = amount.rsplit_once('.')?;
        if fraction.len() != 2 {
            return None;
        }
        Some(Cents(format!("{whole}{fraction}").parse().ok()?))
    }
}

impl fmt::Display for Cents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let amount = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", amount / 100, amount % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_is_on_and_off_in_the_usual_words_and_nothing_else() {
        for on in ["1", "1.0", " 1 ", "Y", "yes", "t", "TRUE", "да", "Истина", "+", "on"] {
            assert_eq!(flag(on), Some(true), "{on}");
        }
        for off in
            ["", "0", "0.00", "N", "no", "f", "False", "нет", "ложь", "—", "-", "off", "\u{feff}0"]
        {
            assert_eq!(flag(off), Some(false), "{off}");
        }
        for unknown in ["NULL", "\\N", "x", "2", "-1", "может быть", "0.5", "1e0", "?"] {
            assert_eq!(flag(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn a_bit_column_is_a_blob_of_a_whole_number() {
        assert_eq!(bit(&[0]), Some("0"));
        assert_eq!(bit(&[1]), Some("1"));
        assert_eq!(bit(&[0, 0, 1]), Some("1"));
        for unknown in [&[][..], &[2], &[1, 0], &[0xff], &[0; 9]] {
            assert_eq!(bit(unknown), None, "{unknown:?}");
        }
    }

    #[test]
    fn a_sex_is_known_in_both_languages_and_in_any_case() {
        for male in ["M", "m", "м", "Муж.", "мужской", "male"] {
            assert_eq!(sex(male), Some("M"), "{male}");
        }
        for female in ["F", "Ж", "жен.", "Женский", "FEMALE"] {
            assert_eq!(sex(female), Some("F"), "{female}");
        }
        for nothing in ["", " ", "-", "неизвестно"] {
            assert_eq!(sex(nothing), Some(""), "{nothing}");
        }
        for unknown in ["1", "2", "X", "мж"] {
            assert_eq!(sex(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn an_amount_is_read_from_text_integer_and_real() {
        let read = [
            ("13050.00", "13050.00"),
            ("13050", "13050.00"),
            ("-7.5", "-7.50"),
            ("\u{2212}500,00", "-500.00"),
            ("0.005", "0.01"),
            ("-0.001", "0.00"),
            ("", "0.00"),
            ("-5.6843418860808e-14", "0.00"),
            ("13 050,00", "13050.00"),
            ("1 234.5", "1234.50"),
            ("1\u{a0}234\u{a0}567,89", "1234567.89"),
            ("13\u{202f}050,00", "13050.00"),
            ("13\u{2009}050", "13050.00"),
        ];
        for (text, amount) in read {
            assert_eq!(amount_of_text(text).as_deref(), Some(amount), "{text}");
        }
        for (number, amount) in
            [(13050.5, "13050.50"), (0.125, "0.13"), (1.234, "1.23"), (-0.001, "0.00")]
        {
            assert_eq!(amount_of_real(number).as_deref(), Some(amount), "{number}");
        }
    }

    #[test]
    fn a_negative_amount_is_written_as_such() {
        assert_eq!(
            [-5, -130_050, 0].map(|cents| Cents(cents).to_string()),
            ["-0.05", "-1300.50", "0.00"]
        );
    }

    #[test]
    fn an_amount_that_is_no_number_or_could_mean_two_is_refused() {
        let refused = [
            "1e5", "12,5", "abc", ".", "--1", "1234567890123456", "1,234", "1.234", "-12.345",
            "1.234,56", "1,234.56", ",5", ".50", "5.", "13050 руб.", "٣", "1'234.50", "12 34",
            "1 2 3", "1234 567", "1  234", "1 234\u{a0}567", "+5", "0x10",
        ];
        for text in refused {
            assert_eq!(amount_of_text(text), None, "{text}");
        }
        for number in [f64::NAN, f64::INFINITY, 1e15] {
            assert_eq!(amount_of_real(number), None, "{number}");
        }
    }

    #[test]
    fn a_moment_is_read_in_both_orders_with_a_space_a_t_and_seconds() {
        let noon: Moment =
            NaiveDate::from_ymd_opt(2020, 5, 20).unwrap().and_hms_opt(12, 0, 0).unwrap().into();
        let written = [
            "2020-05-20 12:00",
            "2020-05-20T12:00",
            "2020-05-20 12:00:00",
            "2020-05-20T12:00:00.000",
            "20.05.2020 12:00",
            "20.05.2020 12:00:00",
        ];
        for text in written {
            assert_eq!(moment(text), Some(noon), "{text}");
        }
        for text in ["2020-05-20", "20.05.2020"] {
            assert_eq!(moment(text), Some(Moment { time: None, ..noon }), "{text}");
        }
        assert_eq!(noon.for_people(), "20.05.2020 12:00");
        assert_eq!(Moment { time: None, ..noon }.for_people(), "20.05.2020");
    }

    #[test]
    fn a_moment_that_is_none_or_could_mean_two_is_refused() {
        let refused = [
            "2020-02-30 12:00",
            "",
            "26-05-20 12:00",
            "+12026-05-20 12:00",
            "0000-00-00",
            "01.02.03",
            "1.2.2020",
            "05/20/2020",
            "2020-05-20T12:00:00Z",
            "2020-05-20 12:00+03:00",
            "2020-05-20 24:00",
            "2020-05-20 12:00 или позже",
            "2020-05-20,12:00",
        ];
        for text in refused {
            assert_eq!(moment(text), None, "{text}");
        }
    }

    #[test]
    fn a_birth_date_with_another_time_than_midnight_or_with_words_is_none() {
        let born = NaiveDate::from_ymd_opt(1980, 2, 29);
        let written = [
            "1980-02-29",
            "29.02.1980",
            "1980-02-29 00:00",
            "1980-02-29T00:00:00.000Z",
            "1980-02-29T00:00:00+03:00",
        ];
        for text in written {
            assert_eq!(birth_date(text), born, "{text}");
        }
        for text in [
            "1979-12-31T21:00:00.000Z",
            "1980-01-01 или 1981",
            "1980-01-01 12:00",
            "01.02.80",
            "1980",
        ]
        .into_iter()
        .chain(["1980-01-01 00:00-", "1980-01-01 00:00Z12"])
        {
            assert_eq!(birth_date(text), None, "{text}");
        }
    }
}
