//! Guests, companies and bookings as Ecvi has them, read from a row of the mirror.
//!
//! A row that cannot be read is that record's failure and names its column; it never stops other
//! records.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::values::Moment;
use crate::domain::failure_code::FailureCode;
use crate::domain::record::{BookingStatus, Kind, RecordId, RecordKey};

/// A guest of the hotel (гость).
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

/// A company that books or pays (компания).
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

/// A booking of rooms (заявка, бронь).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Booking {
    /// The number people know it by.
    pub number: String,
    /// Its status, in the words of this program.
    pub status: BookingStatus,
    /// By the hotel's wall clock.
    pub arrival: Moment,
    /// By the hotel's wall clock.
    pub departure: Moment,
    /// A plain decimal with two places.
    pub amount: String,
    /// Text for people, of any length.
    pub comment: String,
    /// The guest who made the booking.
    pub guest: Option<RecordId>,
    /// The company that made the booking.
    pub company: Option<RecordId>,
    /// The company that pays.
    pub payer: Option<RecordId>,
    /// All guests who stay, by position, then by id.
    pub staying_guests: Vec<RecordId>,
}

impl Booking {
    /// All records that it refers to: the guest, all who stay, the company and the payer.
    pub fn parties(&self) -> impl Iterator<Item = RecordKey> {
        let guests = self.guest.iter().chain(&self.staying_guests).map(|id| (Kind::Guest, id));
        let companies = self.company.iter().chain(&self.payer).map(|id| (Kind::Company, id));
        guests.chain(companies).map(|(kind, id)| RecordKey::new(kind, id.clone()))
    }
}

/// What a row is about.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Entity {
    Guest(Guest),
    Company(Company),
    Booking(Booking),
}

/// A row of the mirror.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Row {
    /// The record's id in Ecvi.
    pub id: RecordId,
    /// As it is in the mirror: only compared, since any text is allowed.
    pub modified_at: String,
    /// A fingerprint of the row's values.
    pub content_hash: u64,
    /// A fingerprint of the ids of a booking's people and companies; 0 for the other kinds.
    pub parties_hash: u64,
    /// A guest's last name, a booking's number: the name in titles and messages.
    pub display_name: String,
    /// The CRM's id, where the built-in exchange of Ecvi knows it.
    pub crm_id: Option<i64>,
    /// Columns that the configuration maps to custom fields, by column.
    pub custom_columns: Map<String, Value>,
    /// The record, or why it cannot be read.
    pub body: Result<Entity, RowError>,
    /// Cells that cannot be understood and do not stop the record.
    #[serde(default)]
    pub warnings: Vec<RowWarning>,
}

impl Row {
    /// The booking, where the row is one and can be read.
    pub fn booking(&self) -> Option<&Booking> {
        match &self.body {
            Ok(Entity::Booking(booking)) => Some(booking),
            Ok(Entity::Guest(_) | Entity::Company(_)) | Err(_) => None,
        }
    }
}

/// A cell that counts as empty, because it cannot be understood.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RowWarning {
    /// The kind of the problem.
    pub code: FailureCode,
    /// The column of the cell.
    pub column: String,
}

/// Why a row cannot be read.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct RowError {
    /// The kind of the problem.
    pub code: FailureCode,
    /// The column of the cell.
    pub column: String,
    /// Column and value, for people.
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

    /// Adds the form of a value that should have been a number or a date: `31.13.2026` is
    /// `99.99.9999`, and a word is `a`.
    #[must_use]
    pub(super) fn of_form(self, value: &str) -> RowError {
        let mut form = String::new();
        for c in value.chars().take(60) {
            if c.is_numeric() {
                form.push('9');
            } else if !c.is_alphabetic() {
                form.push(c);
            } else if !form.ends_with('a') {
                form.push('a');
            }
        }
        RowError { form: form.chars().take(24).collect(), ..self }
    }
}
