//! The cells of one row, each read as what its column holds.
//!
//! Values of other programs are checked here, and nothing is guessed: a cell that cannot be
//! understood is the record's failure, or a warning on it, with the column's name.

use std::borrow::Cow;

use chrono::NaiveDate;
use rusqlite::Row as SqlRow;
use rusqlite::types::ValueRef;

use super::ids::id_of;
use super::rows::{Booking, Company, Guest, RowError, RowWarning};
use super::values::{self, Moment, bit, trimmed, whole_number};
use crate::domain::failure_code::FailureCode;
use crate::domain::record::{BookingStatus, RecordId};

/// No field of the CRM takes longer texts; comments, the longest, are cut at 60,000 bytes.
const MAX_TEXT_BYTES: usize = 1024 * 1024;

/// Far more than a time, a counter or a checksum has. It is kept in the state.
pub(super) const MAX_MODIFIED_BYTES: usize = 500;

/// Nobody has so many phones: they are compared each with each, and a damaged cell may hold a
/// hundred thousand.
const MAX_VALUES: usize = 100;

/// A floating-point number is exact up to fifteen digits.
const MOST_DIGITS: f64 = 1e15;

/// How texts that are not UTF-8 are read; none where they are not.
pub(super) type Encoding = Option<&'static encoding_rs::Encoding>;

/// The cells of one row by position, in the order of the column lists in `columns.rs`.
pub(super) struct RowReader<'a, 'stmt> {
    row: &'a SqlRow<'stmt>,
    pub(super) names: &'a [&'static str],
    encoding: Encoding,
    /// The position of a text that is not valid UTF-16.
    broken: Option<usize>,
    warnings: Vec<RowWarning>,
}

impl<'a, 'stmt> RowReader<'a, 'stmt> {
    /// The row has `names`, then `own` columns; a mirror of UTF-16 has one more with the position
    /// of a text that is not valid.
    pub(super) fn new(
        row: &'a SqlRow<'stmt>,
        names: &'a [&'static str],
        own: usize,
        encoding: Encoding,
    ) -> RowReader<'a, 'stmt> {
        let broken: Option<i64> = row.get(names.len() + own).unwrap_or_default();
        let broken = broken.and_then(|at| usize::try_from(at).ok());
        RowReader { row, names, encoding, broken, warnings: Vec::new() }
    }

    fn position(&self, column: &str) -> Option<usize> {
        self.names.iter().position(|name| *name == column)
    }

    /// The value at a position; NULL where there is none.
    pub(super) fn at(&self, position: usize) -> ValueRef<'a> {
        self.row.get_ref(position).unwrap_or(ValueRef::Null)
    }

    fn value(&self, column: &str) -> ValueRef<'a> {
        self.position(column).map_or(ValueRef::Null, |at| self.at(at))
    }

    /// The column as text, whatever type it has; NULL is empty.
    pub(super) fn text(&self, column: &str) -> Result<String, RowError> {
        self.position(column).map_or(Ok(String::new()), |at| self.text_at(at, column))
    }

    fn text_at(&self, at: usize, column: &str) -> Result<String, RowError> {
        match text_of(self.at(at), self.encoding) {
            Some(text) if self.broken != Some(at) => Ok(text.into_owned()),
            // The value may be a person's data: the message names only the column.
            _ => Err(RowError::new(FailureCode::BadText, column, "")),
        }
    }

    /// A column of the hotel's own, behind the usual ones. A decimal stays a number: as a text it
    /// could be read in two ways.
    pub(super) fn own(&self, at: usize, column: &str) -> Result<serde_json::Value, RowError> {
        let at = self.names.len() + at;
        Ok(match self.at(at) {
            ValueRef::Text(bytes) | ValueRef::Blob(bytes)
                if has_bits(bytes) && bit(bytes).is_some() =>
            {
                bit(bytes).into()
            }
            ValueRef::Real(number) => number.into(),
            _ => self.text_at(at, column)?.into(),
        })
    }

    /// What could not be understood, and did not stop the record.
    pub(super) fn into_warnings(self) -> Vec<RowWarning> {
        self.warnings
    }

    pub(super) fn warn(&mut self, code: FailureCode, column: &str) {
        self.warnings.push(RowWarning { code, column: column.to_owned() });
    }

    /// A flag; an unknown value counts as off, with a warning.
    fn flag(&mut self, column: &str) -> bool {
        let flag = match self.value(column) {
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) if has_bits(bytes) => {
                bit(bytes).map(|bit| bit == "1")
            }
            value => text_of(value, self.encoding).and_then(|text| values::flag(&text)),
        };
        if flag.is_none() {
            self.warn(FailureCode::UnknownFlag, column);
        }
        flag.unwrap_or_default()
    }

    fn sex(&mut self) -> Result<String, RowError> {
        let sex = values::sex(&self.text("sex")?);
        if sex.is_none() {
            self.warn(FailureCode::UnknownSex, "sex");
        }
        Ok(sex.unwrap_or_default().to_owned())
    }

    fn list(&mut self, column: &str) -> Result<Vec<String>, RowError> {
        if matches!(self.value(column), ValueRef::Real(number) if number.abs() >= MOST_DIGITS) {
            // The number lost some of its digits.
            return Err(RowError::new(FailureCode::BadText, column, ""));
        }
        let text = self.text(column)?;
        let mut list: Vec<String> = Vec::new();
        for part in text.split([',', ';', '\n', '\r']).map(trimmed) {
            if part.is_empty() {
                continue;
            }
            if list.len() == MAX_VALUES {
                self.warn(FailureCode::FieldLeftOut, column);
                break;
            }
            list.push(part.to_owned());
        }
        Ok(list)
    }

    /// Of `Иван <ivan@example.ru>` only the address.
    fn emails(&mut self) -> Result<Vec<String>, RowError> {
        let mut emails = self.list("email")?;
        for email in &mut emails {
            if let Some(text) = email.strip_suffix('>')
                && let Some((_, address)) = text.rsplit_once('<')
            {
                *email = trimmed(address).to_owned();
            }
        }
        Ok(emails)
    }

    /// A reference to another record; NULL and blank are none.
    pub(super) fn reference(&self, column: &str) -> Option<RecordId> {
        let id = id_of(self.value(column)).map(RecordId::from);
        id.filter(|id| !matches!(id, RecordId::Text(text) if text.is_empty()))
    }

    fn checked_reference(&mut self, column: &str) -> Result<Option<RecordId>, RowError> {
        let id = self.reference(column);
        let is_blob = matches!(self.value(column), ValueRef::Blob(_));
        if id.is_none() && (is_blob || !self.text(column)?.is_empty()) {
            self.warn(FailureCode::UnknownReference, column);
        }
        Ok(id)
    }

    /// The object that Ecvi names; NULL, blank and 0 are none.
    pub(super) fn crm_id(&self) -> Result<Option<i64>, RowError> {
        let text = self.text("crm_id")?;
        if text.is_empty() {
            return Ok(None);
        }
        match whole_number(&text) {
            Some(id) if id > 0 => Ok(Some(id)),
            Some(_) => Ok(None),
            // Without its id the record would get a second object.
            None => Err(RowError::new(FailureCode::BadId, "crm_id", &text)),
        }
    }

    pub(super) fn guest(&mut self) -> Result<Guest, RowError> {
        Ok(Guest {
            last_name: self.text("last_name")?,
            first_name: self.text("first_name")?,
            middle_name: self.text("middle_name")?,
            birth_date: self.birth_date()?,
            phones: self.list("phone")?,
            emails: self.emails()?,
            country: self.text("country")?,
            region: self.text("region")?,
            city: self.text("city")?,
            sex: self.sex()?,
            comment: self.text("comment")?,
            vip: self.flag("is_vip"),
            blacklisted: self.flag("is_blacklisted"),
        })
    }

    fn birth_date(&self) -> Result<Option<NaiveDate>, RowError> {
        let text = self.text("birth_date")?;
        if text.is_empty() {
            return Ok(None);
        }
        match values::birth_date(&text) {
            Some(day) => Ok(Some(day)),
            // The value is a person's data: the message names the column alone.
            None => Err(RowError::new(FailureCode::BadDate, "birth_date", "").of_form(&text)),
        }
    }

    pub(super) fn company(&mut self) -> Result<Company, RowError> {
        Ok(Company {
            name: self.text("name")?,
            address: self.text("address")?,
            city: self.text("city")?,
            country: self.text("country")?,
            postal_code: self.text("postal_code")?,
            phones: self.list("phone")?,
            emails: self.emails()?,
            comment: self.text("comment")?,
        })
    }

    pub(super) fn booking(
        &mut self,
        staying_guests: Vec<RecordId>,
        status: impl Fn(&str) -> Option<BookingStatus>,
    ) -> Result<Booking, RowError> {
        let number = self.text("number")?;
        if number.is_empty() {
            return Err(RowError::new(FailureCode::NoValue, "number", ""));
        }
        let word = self.text("status")?;
        let Some(status) = status(&word) else {
            return Err(RowError::new(FailureCode::UnknownStatus, "status", &word));
        };
        Ok(Booking {
            number,
            status,
            arrival: self.moment("arrival")?,
            departure: self.moment("departure")?,
            amount: self.amount()?,
            comment: self.text("comment")?,
            guest: self.checked_reference("guest_id")?,
            company: self.checked_reference("company_id")?,
            payer: self.checked_reference("payer_company_id")?,
            staying_guests,
        })
    }

    fn moment(&self, column: &str) -> Result<Moment, RowError> {
        let text = self.text(column)?;
        match values::moment(&text) {
            Some(moment) => Ok(moment),
            None => Err(RowError::new(FailureCode::BadDate, column, &text).of_form(&text)),
        }
    }

    fn amount(&self) -> Result<String, RowError> {
        let text = self.text("amount")?;
        let amount = match self.value("amount") {
            ValueRef::Blob(_) => None,
            ValueRef::Real(number) => values::amount_of_real(number),
            ValueRef::Null | ValueRef::Integer(_) | ValueRef::Text(_) => {
                values::amount_of_text(&text)
            }
        };
        match amount {
            Some(amount) => Ok(amount),
            None => Err(RowError::new(FailureCode::BadAmount, "amount", &text).of_form(&text)),
        }
    }
}

/// The value as text, without the blanks around it; NULL is empty. None where its bytes are no
/// text: they are neither UTF-8 nor the mirror's encoding, a NUL is among them, or the program that
/// filled the mirror lost letters.
pub(super) fn text_of(value: ValueRef<'_>, encoding: Encoding) -> Option<Cow<'_, str>> {
    let text: Cow<'_, str> = match value {
        ValueRef::Null => "".into(),
        ValueRef::Integer(number) => number.to_string().into(),
        ValueRef::Real(number) => number.to_string().into(),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => decode(bytes, encoding)?,
    };
    let text = match text {
        Cow::Borrowed(text) => Cow::Borrowed(beginning(trimmed(text))),
        Cow::Owned(text) => Cow::Owned(beginning(trimmed(&text)).to_owned()),
    };
    (!text.contains(['\0', char::REPLACEMENT_CHARACTER])).then_some(text)
}

/// Far more than a card can hold of a text: a huge cell must not slow a run down.
fn beginning(text: &str) -> &str {
    let mut end = text.len().min(MAX_TEXT_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Whether these are the bits of a number, such as `x'01'`, and not the letters or blanks of a
/// text.
fn has_bits(bytes: &[u8]) -> bool {
    bytes.iter().any(|byte| *byte < b'\t')
        && !bytes.iter().any(|byte| byte.is_ascii_graphic() || !byte.is_ascii())
}

fn decode(bytes: &[u8], encoding: Encoding) -> Option<Cow<'_, str>> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Some(text.into());
    }
    let text = encoding?.decode_without_bom_handling_and_without_replacement(bytes)?;
    // A byte that means nothing in the encoding becomes one of these control characters.
    let is_invalid = text.contains(|c| ('\u{80}'..='\u{9f}').contains(&c));
    (!is_invalid).then_some(text)
}

/// `modified_at`, to be compared with itself and never sent; none where it is too long to be read.
pub(super) fn modified_at(value: ValueRef<'_>) -> Option<Cow<'_, str>> {
    match value {
        ValueRef::Blob([]) => None,
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) if bytes.len() > MAX_MODIFIED_BYTES => None,
        _ => Some(raw_text(value)),
    }
}

/// The value as text, to be compared with itself and never sent.
pub(super) fn raw_text(value: ValueRef<'_>) -> Cow<'_, str> {
    match value {
        ValueRef::Null => "".into(),
        ValueRef::Integer(number) => number.to_string().into(),
        ValueRef::Real(number) => number.to_string().into(),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => String::from_utf8_lossy(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_not_utf_8_are_read_in_the_encoding_of_the_mirror_or_not_at_all() {
        let russian = b"\xCF\xF0\xE8\xF5\xEE\xE4\xFC\xEA\xEE  ";
        assert_eq!(text_of(ValueRef::Text(russian), None), None);
        let read = text_of(ValueRef::Text(russian), Some(encoding_rs::WINDOWS_1251));
        assert_eq!(read.as_deref(), Some("Приходько"));
        let read = text_of(ValueRef::Text("Приходько".as_bytes()), Some(encoding_rs::WINDOWS_1251));
        assert_eq!(read.as_deref(), Some("Приходько"));
        assert_eq!(text_of(ValueRef::Text(b"\xCF\x98\xFF"), Some(encoding_rs::WINDOWS_1251)), None);
    }

    #[test]
    fn blanks_around_a_text_are_trimmed_and_letters_that_were_lost_are_no_text() {
        let text = |text: &'static str| text_of(ValueRef::Text(text.as_bytes()), None);
        assert_eq!(text("\u{feff}Белова \u{a0}\0\0").as_deref(), Some("Белова"));
        assert_eq!(text(" \r\n").as_deref(), Some(""));
        for broken in ["Бело\u{fffd}а", "Белова\0мусор"] {
            assert_eq!(text(broken), None, "{broken}");
        }
        assert_eq!(text_of(ValueRef::Blob("Белова".as_bytes()), None).as_deref(), Some("Белова"));
        assert_eq!(text_of(ValueRef::Blob(&[0xff, 1]), None), None);
    }
}
