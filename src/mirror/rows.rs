//! A row of the mirror, read: guests, companies and bookings as Ecvi knows them.
//!
//! A row that cannot be read is that record's failure and names its column; it never stops its
//! neighbours.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::values::Moment;
use crate::domain::failure_code::FailureCode;
use crate::domain::record::{BookingStatus, Kind, RecordId, RecordKey};

/// гость
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
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
    /// `M`, `F` or empty for unknown.
    pub sex: String,
    /// Комментарий
    pub comment: String,
    /// `{ VIP }`
    pub vip: bool,
    /// `{ ЧЕРНЫЙ СПИСОК }`
    pub blacklisted: bool,
}

/// компания
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
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
    pub status: BookingStatus,
    /// The hotel's wall clock.
    pub arrival: Moment,
    /// The hotel's wall clock.
    pub departure: Moment,
    /// A plain decimal with two places.
    pub amount: String,
    /// Комментарий
    pub comment: String,
    /// The guest of the booking.
    pub guest: Option<RecordId>,
    /// The company.
    pub company: Option<RecordId>,
    /// The company that pays.
    pub payer: Option<RecordId>,
    /// Everyone who stays, by position, then by id.
    pub residents: Vec<RecordId>,
}

impl Booking {
    /// Everybody whom it names: the guest, all who stay, the company and the payer.
    pub fn parties(&self) -> impl Iterator<Item = RecordKey> {
        let guests = self.guest.iter().chain(&self.residents).map(|id| (Kind::Guest, id));
        let companies = self.company.iter().chain(&self.payer).map(|id| (Kind::Company, id));
        guests.chain(companies).map(|(kind, id)| RecordKey::new(kind, id.clone()))
    }
}

/// The record itself.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Entity {
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
    pub id: RecordId,
    /// Compared, never computed with.
    pub modified_at: String,
    /// A fingerprint of the row's values.
    pub content_hash: u64,
    /// A fingerprint of the ids of a booking's people and companies; 0 for the other kinds.
    pub parties_hash: u64,
    /// A guest's last name, a booking's number: what titles and messages call it.
    pub display_name: String,
    /// The CRM's id, where the built-in exchange of Ecvi knows it.
    pub crm_id: Option<i64>,
    /// Columns that the configuration maps to custom fields, by column.
    pub custom_columns: Map<String, Value>,
    /// What it says, or why it cannot be read.
    pub body: Result<Entity, RowError>,
    /// Cells that nobody understands and that do not stop the record.
    #[serde(default)]
    pub warnings: Vec<RowWarning>,
}

/// A cell that counts as empty, because nobody understands it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RowWarning {
    /// What is wrong.
    pub code: FailureCode,
    /// Where.
    pub column: String,
}

/// Why a row cannot be read.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct RowError {
    /// What is wrong.
    pub code: FailureCode,
    /// Where.
    pub column: String,
    /// Column and value.
    pub message: String,
    /// The value's form, where it has one: `99.99.9999`. Values of one form are of one kind.
    #[serde(default)]
    pub form: String,
}

impl RowError {
    /// A row whose `column` cannot be used.
    pub fn new(code: FailureCode, column: &str, value: &str) -> RowError {
        let value: String = value.chars().take(60).collect();
        let message =
            if value.is_empty() { column.to_owned() } else { format!("{column} = {value:?}") };
        RowError { code, column: column.to_owned(), message, form: String::new() }
    }

    /// Likewise, with the form of the value that should have been a number or a date.
    #[must_use]
    pub(super) fn of_form(self, value: &str) -> RowError {
        let sign = |c: char| match c {
            c if c.is_numeric() => '9',
            c if c.is_alphabetic() => 'a',
            c => c,
        };
        let mut form: Vec<char> = value.chars().take(60).map(sign).collect();
        form.dedup_by(|a, b| a == b && *a == 'a');
        RowError { form: form.into_iter().take(24).collect(), ..self }
    }
}
