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
#[allow(missing_docs, reason = "the columns of docs/mirror.md")]
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Guest {
    pub last_name: String,
    pub first_name: String,
    pub middle_name: String,
    pub birth_date: Option<NaiveDate>,
    pub phones: Vec<String>,
    pub emails: Vec<String>,
    pub country: String,
    pub region: String,
    pub city: String,
    /// `M`, `F` or empty for unknown.
    pub sex: String,
    pub comment: String,
    pub vip: bool,
    pub blacklisted: bool,
}

/// компания
#[allow(missing_docs, reason = "the columns of docs/mirror.md")]
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Company {
    pub name: String,
    pub address: String,
    pub city: String,
    pub country: String,
    pub postal_code: String,
    pub phones: Vec<String>,
    pub emails: Vec<String>,
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
        let signs = value.chars().take(60).map(|c| match c {
            c if c.is_numeric() => '9',
            c if c.is_alphabetic() => 'a',
            c => c,
        });
        let mut form: Vec<char> = signs.collect();
        form.dedup_by(|a, b| a == b && *a == 'a');
        RowError { form: form.into_iter().take(24).collect(), ..self }
    }
}
