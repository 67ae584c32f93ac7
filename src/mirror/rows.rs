//! A row of the mirror, read: guests, companies and bookings as Ecvi knows them.
//!
//! Everything foreign is checked here. A row that cannot be read is that record's failure and names its
//! column; it never stops its neighbours.

use std::borrow::Cow;

use chrono::{Datelike, NaiveDate, NaiveDateTime};
use rusqlite::Row as SqlRow;
use rusqlite::types::ValueRef;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::code::Code;
use crate::record::{Id, IdRef, Status};

/// гость
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Guest {
    /// Фамилия
    pub last_name: String,
    /// Имя
    pub first_name: String,
    /// Отчество
    pub middle_name: String,
    /// Дата рождения
    pub birth_date: Option<NaiveDate>,
    /// Each number on its own.
    pub phones: Vec<String>,
    /// Each address on its own.
    pub emails: Vec<String>,
    /// Страна
    pub country: String,
    /// Область
    pub region: String,
    /// Город
    pub city: String,
    /// `M`, `F` or anything else for unknown.
    pub sex: String,
    /// Комментарий
    pub comment: String,
    /// `{ VIP }`
    pub vip: bool,
    /// `{ ЧЕРНЫЙ СПИСОК }`
    pub blacklisted: bool,
}

/// компания
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Company {
    /// Название
    pub name: String,
    /// Улица, дом
    pub address: String,
    /// Город
    pub city: String,
    /// Страна
    pub country: String,
    /// Индекс
    pub postal_code: String,
    /// Each number on its own.
    pub phones: Vec<String>,
    /// Each address on its own.
    pub emails: Vec<String>,
    /// Комментарий
    pub comment: String,
}

/// заявка (бронь)
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Booking {
    /// The number people know it by.
    pub number: String,
    /// What has become of it.
    pub status: Status,
    /// The hotel's wall clock.
    pub arrival: NaiveDateTime,
    /// The hotel's wall clock.
    pub departure: NaiveDateTime,
    /// A plain decimal with two places.
    pub amount: String,
    /// Комментарий
    pub comment: String,
    /// The guest of the booking.
    pub guest: Option<Id>,
    /// The company.
    pub company: Option<Id>,
    /// The company that pays.
    pub payer: Option<Id>,
    /// Everyone who stays, by position, then by id.
    pub residents: Vec<Id>,
}

/// The record itself.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Body {
    /// гость
    Guest(Guest),
    /// компания
    Company(Company),
    /// заявка
    Booking(Booking),
}

/// A row of the mirror.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Row {
    /// The Ecvi id.
    pub id: Id,
    /// Compared, never computed with.
    pub modified_at: String,
    /// A fingerprint of the row's values.
    pub content: u64,
    /// A fingerprint of the ids of a booking's people and companies; 0 for the other kinds.
    pub people: u64,
    /// A guest's last name, a booking's number: what titles and messages call it.
    pub label: String,
    /// The CRM's id, where the built-in exchange of Ecvi knows it.
    pub crm_id: Option<i64>,
    /// Columns that the configuration maps to custom fields, by column.
    pub extra: Map<String, Value>,
    /// What it says, or why it cannot be read.
    pub body: Result<Body, BadRow>,
}

/// Why a row cannot be read.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct BadRow {
    /// What is wrong.
    pub code: Code,
    /// Where.
    pub column: String,
    /// Column and value.
    pub message: String,
}

impl BadRow {
    /// A row whose `column` cannot be used.
    pub fn new(code: Code, column: &str, value: &str) -> BadRow {
        let value: String = value.chars().take(60).collect();
        let message = if value.is_empty() { column.to_owned() } else { format!("{column} = {value:?}") };
        BadRow { code, column: column.to_owned(), message }
    }
}

/// The cells of one row by position, in the order of the column lists in [`super::columns`].
pub(super) struct Cells<'a, 'stmt> {
    pub(super) row: &'a SqlRow<'stmt>,
    pub(super) names: &'a [&'static str],
}

impl Cells<'_, '_> {
    fn value(&self, column: &str) -> ValueRef<'_> {
        let position = self.names.iter().position(|name| *name == column);
        position.map_or(ValueRef::Null, |at| self.row.get_ref(at).unwrap_or(ValueRef::Null))
    }

    /// The column as text, whatever type it has; NULL is empty.
    pub(super) fn text(&self, column: &str) -> String {
        as_text(self.value(column)).into_owned()
    }

    fn flag(&self, column: &str) -> bool {
        let no = ["", "0", "0.0", "-", "n", "no", "f", "false", "off", "н", "нет"];
        !no.contains(&self.text(column).trim().to_lowercase().as_str())
    }

    fn list(&self, column: &str) -> Vec<String> {
        let text = self.text(column);
        text.split([',', ';', '\n', '\r'])
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// `Иван <ivan@example.ru>` is the address in it.
    fn emails(&self) -> Vec<String> {
        let address = |text: String| {
            let inside = text.strip_suffix('>').and_then(|text| text.rsplit_once('<'));
            inside.map_or_else(|| text.clone(), |(_, address)| address.trim().to_owned())
        };
        self.list("email").into_iter().map(address).collect()
    }

    /// A reference to another record; NULL and blank are none.
    pub(super) fn reference(&self, column: &str) -> Option<Id> {
        match self.value(column) {
            ValueRef::Text(bytes) if bytes.trim_ascii().is_empty() => None,
            ValueRef::Text(bytes) => Some(Id::Text(String::from_utf8_lossy(bytes).into_owned())),
            other => IdRef::of(other).map(Id::from),
        }
    }

    /// The object that Ecvi names; NULL, blank and 0 are none.
    pub(super) fn crm_id(&self) -> Result<Option<i64>, BadRow> {
        let text = self.text("crm_id");
        let text = text.trim();
        match whole_number(text) {
            _ if text.is_empty() => Ok(None),
            Some(id) => Ok(Some(id).filter(|id| *id > 0)),
            // It would get a second object.
            None => Err(BadRow::new(Code::BadId, "crm_id", text)),
        }
    }

    pub(super) fn guest(&self) -> Result<Guest, BadRow> {
        Ok(Guest {
            last_name: self.text("last_name"),
            first_name: self.text("first_name"),
            middle_name: self.text("middle_name"),
            birth_date: self.birth_date()?,
            phones: self.list("phone"),
            emails: self.emails(),
            country: self.text("country"),
            region: self.text("region"),
            city: self.text("city"),
            sex: self.text("sex"),
            comment: self.text("comment"),
            vip: self.flag("is_vip"),
            blacklisted: self.flag("is_blacklisted"),
        })
    }

    fn birth_date(&self) -> Result<Option<NaiveDate>, BadRow> {
        let text = self.text("birth_date");
        let text = text.trim();
        let (date, time) = text.split_at_checked(10).unwrap_or((text, ""));
        match NaiveDate::parse_from_str(date, "%Y-%m-%d") {
            _ if date.is_empty() => Ok(None),
            Ok(date) if is_of_our_time(date) && (time.is_empty() || time.starts_with([' ', 'T'])) => {
                Ok(Some(date))
            }
            // The value is a person's data: the message names the column alone.
            _ => Err(BadRow::new(Code::BadDate, "birth_date", "")),
        }
    }

    pub(super) fn company(&self) -> Company {
        Company {
            name: self.text("name"),
            address: self.text("address"),
            city: self.text("city"),
            country: self.text("country"),
            postal_code: self.text("postal_code"),
            phones: self.list("phone"),
            emails: self.emails(),
            comment: self.text("comment"),
        }
    }

    pub(super) fn booking(
        &self,
        residents: Vec<Id>,
        status: impl Fn(&str) -> Option<Status>,
    ) -> Result<Booking, BadRow> {
        let number = self.text("number");
        if number.trim().is_empty() {
            return Err(BadRow::new(Code::NoValue, "number", ""));
        }
        let word = self.text("status");
        let status =
            status(word.trim()).ok_or_else(|| BadRow::new(Code::UnknownStatus, "status", word.trim()))?;
        Ok(Booking {
            number,
            status,
            arrival: self.time("arrival")?,
            departure: self.time("departure")?,
            amount: amount(self.value("amount"))
                .ok_or_else(|| BadRow::new(Code::BadAmount, "amount", &self.text("amount")))?,
            comment: self.text("comment"),
            guest: self.reference("guest_id"),
            company: self.reference("company_id"),
            payer: self.reference("payer_company_id"),
            residents,
        })
    }

    fn time(&self, column: &str) -> Result<NaiveDateTime, BadRow> {
        let text = self.text(column);
        wall_clock(text.trim()).ok_or_else(|| BadRow::new(Code::BadDate, column, text.trim()))
    }
}

/// `42`, or `42.0` as a program writes it that keeps whole numbers as decimals.
pub(crate) fn whole_number(text: &str) -> Option<i64> {
    let whole = text.split_once('.').filter(|(_, rest)| rest.bytes().all(|byte| byte == b'0'));
    whole.map_or(text, |(whole, _)| whole).parse().ok()
}

/// The value as text. NULL is empty; invalid UTF-8 is replaced.
pub(super) fn as_text(value: ValueRef<'_>) -> Cow<'_, str> {
    match value {
        ValueRef::Null => "".into(),
        ValueRef::Integer(number) => number.to_string().into(),
        ValueRef::Real(number) => number.to_string().into(),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => String::from_utf8_lossy(bytes),
    }
}

/// `YYYY-MM-DD HH:MM`, or with `T`, or with seconds.
fn wall_clock(text: &str) -> Option<NaiveDateTime> {
    let text = text.replacen('T', " ", 1);
    ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S%.f"]
        .into_iter()
        .find_map(|format| NaiveDateTime::parse_from_str(&text, format).ok())
        .filter(|time| is_of_our_time(time.date()))
}

/// Not of the year 85, or 12026.
fn is_of_our_time(date: NaiveDate) -> bool {
    (1800..2200).contains(&date.year())
}

/// A decimal with two places, rounded half away from zero; NULL and blank are `0.00`.
///
/// At most fifteen digits before the point: the portal keeps DECIMAL(18,2).
fn amount(value: ValueRef<'_>) -> Option<String> {
    let text = match value {
        ValueRef::Blob(_) => return None,
        ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) | ValueRef::Text(_) => as_text(value),
    };
    // So SQLite writes a REAL in a column of texts: `-5.6e-14`.
    let is_real = text.contains('.') && text.contains('e');
    let exponent = is_real.then(|| text.trim().parse::<f64>().ok()).flatten();
    let text = exponent.map_or(text, |number| format!("{number:.3}").into());
    let text = text.trim();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let only_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if text.is_empty() {
        return Some("0.00".into());
    }
    if whole.is_empty() || whole.len() > 15 || !only_digits(whole) || !only_digits(fraction) {
        return None;
    }
    let places: String = fraction.chars().chain("000".chars()).take(3).collect();
    let thousandths: i64 = format!("{whole}{places}").parse().ok()?;
    let cents = (thousandths + 5) / 10;
    let sign = if cents == 0 { "" } else { sign };
    Some(format!("{sign}{}.{:02}", cents / 100, cents % 100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_read_from_text_integer_and_real() {
        let text = |text: &'static str| amount(ValueRef::Text(text.as_bytes()));
        assert_eq!(text("13050.00").as_deref(), Some("13050.00"));
        assert_eq!(text(" 13050 ").as_deref(), Some("13050.00"));
        assert_eq!(text("-7.5").as_deref(), Some("-7.50"));
        assert_eq!(text("0.005").as_deref(), Some("0.01"));
        assert_eq!(text("-0.001").as_deref(), Some("0.00"));
        assert_eq!(text("").as_deref(), Some("0.00"));
        assert_eq!(text("-5.6843418860808e-14").as_deref(), Some("0.00"));
        assert_eq!(amount(ValueRef::Null).as_deref(), Some("0.00"));
        assert_eq!(amount(ValueRef::Integer(42)).as_deref(), Some("42.00"));
        assert_eq!(amount(ValueRef::Real(13050.5)).as_deref(), Some("13050.50"));
        assert_eq!(amount(ValueRef::Real(0.125)).as_deref(), Some("0.13"));
    }

    #[test]
    fn an_amount_that_is_no_number_is_refused() {
        for broken in ["13 050,00", "1e5", "12,5", "abc", ".", "--1", "1234567890123456"] {
            assert_eq!(amount(ValueRef::Text(broken.as_bytes())), None, "{broken}");
        }
        assert_eq!(amount(ValueRef::Real(f64::NAN)), None);
    }

    #[test]
    fn a_time_is_read_with_a_space_a_t_and_seconds() {
        let noon = NaiveDate::from_ymd_opt(2020, 5, 20).unwrap().and_hms_opt(12, 0, 0).unwrap();
        for text in ["2020-05-20 12:00", "2020-05-20T12:00", "2020-05-20 12:00:00", "2020-05-20T12:00:00.000"]
        {
            assert_eq!(wall_clock(text), Some(noon), "{text}");
        }
        for text in
            ["2020-02-30 12:00", "20.05.2020 12:00", "2020-05-20", "", "26-05-20 12:00", "+12026-05-20 12:00"]
        {
            assert_eq!(wall_clock(text), None, "{text}");
        }
    }
}
