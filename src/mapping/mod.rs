//! The business rules: which value of a guest, a company or a booking goes into which field of the
//! portal.
//!
//! One file for each kind, readable by somebody who knows the hotel. Everything here is pure.

pub mod company;
pub mod contact;
pub(crate) mod contact_value;
mod creation;
pub mod custom_fields;
pub mod deal;
pub mod multifield;
pub mod stays;
pub(crate) mod text;

use serde_json::{Map, Value};

pub use creation::creation_fields;

use crate::config::Config;
use crate::domain::failure_code::FailureCode;
use crate::domain::record::{Kind, RecordId};
use crate::domain::warning::Warning;
use crate::mirror::{Entity, Row, RowWarning};
use custom_fields::FieldTypes;
use deal::DealLinks;
use multifield::Values;
use stays::StaySummary;

/// The fields of one object, by the portal's names. A field that is empty in Ecvi is `""` here:
/// that clears it.
pub type Fields = Map<String, Value>;

/// A record as the portal's fields.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct CrmFields {
    /// Everything but phones, e-mails and the origin.
    pub fields: Fields,
    /// The wanted `PHONE` values.
    pub phones: Vec<String>,
    /// The wanted `EMAIL` values.
    pub emails: Vec<String>,
    /// What was left out, one warning a code.
    pub warnings: Vec<Warning>,
}

/// A column of the hotel's own query.
fn column(extra: &Map<String, Value>, name: &str) -> String {
    extra.get(name).map(text_of_cell).unwrap_or_default()
}

/// A cell of the hotel's own query as text. A decimal number of the mirror is kept as one.
fn text_of_cell(cell: &Value) -> String {
    match cell {
        Value::String(text) => text.clone(),
        other => other.as_f64().map(|number| number.to_string()).unwrap_or_default(),
    }
}

/// The object of a row that can be read: of a booking with the people of its deal, of a guest with
/// what the bookings say of them, where that is asked for.
pub fn mapped(
    row: &Row,
    links: &DealLinks,
    stays: Option<&StaySummary>,
    config: &Config,
    types: &FieldTypes,
) -> Option<CrmFields> {
    let id = &row.id;
    let extra = &row.custom_columns;
    let mut mapped = match row.body.as_ref().ok()? {
        Entity::Guest(guest) => {
            let mut contact = contact::contact(id, guest, extra, &config.contact, types);
            if let Some(stays) = stays {
                contact.stays(&config.contact.stays, stays, types.of(Kind::Guest));
            }
            contact
        }
        Entity::Company(company) => company::company(id, company, extra, &config.company, types),
        Entity::Booking(booking) => deal::deal(booking, links, extra, &config.deal, types),
    };
    for RowWarning { code, column } in &row.warnings {
        mapped.warn(*code, column);
    }
    Some(mapped)
}

/// The two fields by which a record's object is found again.
pub fn origin(originator: &str, id: &RecordId) -> Fields {
    let mut fields = Fields::new();
    fields.insert("ORIGINATOR_ID".into(), originator.into());
    fields.insert("ORIGIN_ID".into(), id.to_string().into());
    fields
}

impl CrmFields {
    fn text(&mut self, name: &str, text: &str, limit: usize) {
        self.fields.insert(name.into(), text::non_zero_text(text, limit).into());
    }

    /// Sends all parts or none: the portal empties the parts that are not sent, and ignores an
    /// address without any part.
    fn address(&mut self, parts: &[(&str, &str, usize)]) {
        if parts.iter().any(|(_, text, _)| !text.trim().is_empty()) {
            for (name, text, limit) in parts {
                self.text(name, text, *limit);
            }
        }
    }

    /// Takes the phones and e-mails that the portal accepts, each once, and warns of the others.
    fn set_contact_points(&mut self, phones: &[String], emails: &[String]) {
        let mut refused_phones = Vec::new();
        for phone in phones {
            let phone = text::single_line(phone, usize::MAX).trim().to_owned();
            if !text::is_phone(&phone) {
                refused_phones.push(shortened(&phone, 20));
            } else if !phone.is_empty() && !has(Values::Phones, &self.phones, &phone) {
                self.phones.push(phone);
            }
        }
        let mut refused_emails = Vec::new();
        for email in emails {
            let email = text::single_line(email, usize::MAX).trim().to_owned();
            if !text::is_email(&email) {
                refused_emails.push(email.chars().take(80).collect());
            } else if !has(Values::Emails, &self.emails, &email) {
                self.emails.push(email);
            }
        }
        self.warn_left_out(FailureCode::PhoneLeftOut, &refused_phones);
        self.warn_left_out(FailureCode::EmailLeftOut, &refused_emails);
    }

    /// Adds to the warning of this code, because a record has one warning a code.
    pub(crate) fn warn(&mut self, code: FailureCode, part: &str) {
        match self.warnings.iter_mut().find(|warning| warning.code == code) {
            Some(warning) => {
                warning.message.push_str(", ");
                warning.message.push_str(part);
            }
            None => self.warnings.push(Warning { code, message: part.to_owned() }),
        }
    }

    /// One warning for all parts, because a record has one warning a code.
    fn warn_left_out(&mut self, code: FailureCode, parts: &[String]) {
        if !parts.is_empty() {
            self.warnings.push(Warning { code, message: parts.join("; ") });
        }
    }
}

fn has(values: Values, known: &[String], value: &str) -> bool {
    known.iter().any(|other| values.mean_the_same(other, value))
}

fn shortened(text: &str, limit: usize) -> String {
    let mut start: String = text.chars().take(limit).collect();
    if start.len() < text.len() {
        start.push('…');
    }
    start
}
