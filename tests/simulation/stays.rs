//! `[contact.stays]`: what the bookings say of a guest, counted once more from what Ecvi holds.

use bitrix24_sandbox::Record;
use chrono::{DateTime, NaiveDate, Utc};
use ecvi_b24::domain::record::RecordId;
use ecvi_b24::platform::clock::local_day;
use serde_json::json;

use crate::check::{Field, Told};
use crate::hotel::Booking;
use crate::world::World;

/// The fields of a contact, and what each shows.
const FIELDS: [(&str, &str); 8] = [
    ("UF_CRM_STAYS", "stays"),
    ("UF_CRM_NIGHTS", "nights"),
    ("UF_CRM_SUM", "sum"),
    ("UF_CRM_FIRST", "first_stay"),
    ("UF_CRM_LAST", "last_stay"),
    ("UF_CRM_NEXT", "next_arrival"),
    ("UF_CRM_CANCELLED", "cancelled"),
    ("UF_CRM_NOT_SHOWN", "not_shown"),
];

/// The section of the configuration.
pub(crate) fn section() -> String {
    let lines = FIELDS.map(|(field, figure)| format!("{field} = '{figure}'\n"));
    format!("[contact.stays]\n{}", lines.concat())
}

/// What all bookings say of one guest.
#[derive(Default)]
struct Figures {
    stays: i64,
    nights: i64,
    /// In hundredths.
    sum: i64,
    first: Option<NaiveDate>,
    last: Option<NaiveDate>,
    next: Option<NaiveDate>,
    cancelled: i64,
    not_shown: i64,
}

impl Figures {
    fn add(&mut self, booking: &Booking, guest: &RecordId, today: NaiveDate) {
        let (arrival, departure) = (day(&booking.arrival), day(&booking.departure));
        match booking.status {
            "checked_in" | "checked_out" => {
                self.stays += 1;
                self.nights += (departure - arrival).num_days();
                self.sum += if is_first(booking, guest) { hundredths(booking.amount) } else { 0 };
                self.first = self.first.into_iter().chain([arrival]).min();
                self.last = self.last.max(Some(arrival));
            }
            "cancelled" => self.cancelled += 1,
            "no_show" => self.not_shown += 1,
            _ if arrival >= today => self.next = self.next.into_iter().chain([arrival]).min(),
            _ => {}
        }
    }

    /// In the order of [`FIELDS`].
    fn texts(&self) -> [String; 8] {
        let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
        [
            self.stays.to_string(),
            self.nights.to_string(),
            format!("{}.{:02}", self.sum / 100, self.sum % 100),
            day(self.first),
            day(self.last),
            day(self.next),
            self.cancelled.to_string(),
            self.not_shown.to_string(),
        ]
    }
}

impl World {
    /// The portal gets the fields.
    pub(crate) fn make_stay_fields(&mut self) {
        if self.config.contact.stays.is_empty() {
            return;
        }
        self.unmetered(|portal, now| {
            for (field, _) in FIELDS {
                let name = field.trim_start_matches("UF_CRM_");
                let fields = json!({"FIELD_NAME": name, "USER_TYPE_ID": "string"});
                portal.call("crm.contact.userfield.add", json!({"fields": fields}), now);
            }
        });
    }

    /// The day that a run counts stays by.
    pub(crate) fn note_day(&mut self, now: DateTime<Utc>) {
        self.run_day = local_day(now);
    }

    /// What the contact of a guest has to show. Nothing is said while a booking cannot be read, or
    /// is gone and its deal not: those count as they did before.
    pub(crate) fn stays(&self, guest: &RecordId, contact: &Record, told: &Told) -> Vec<Field> {
        let all = &self.hotel.bookings;
        if self.config.contact.stays.is_empty()
            || told.holds_a_booking()
            || !all.iter().all(Booking::is_readable)
        {
            return Vec::new();
        }
        let mut figures = Figures::default();
        let named = |row: &&Booking| row.guest.iter().chain(&row.residents).any(|id| id == guest);
        for booking in all.iter().filter(named) {
            figures.add(booking, guest, self.run_day);
        }
        let wanted = FIELDS.iter().zip(figures.texts());
        wanted.map(|((name, _), text)| (*name, text, contact.text(name).to_owned())).collect()
    }
}

fn day(text: &str) -> NaiveDate {
    text[..10].parse().expect("a day")
}

fn hundredths(amount: &str) -> i64 {
    amount.replace('.', "").parse().expect("an amount")
}

/// Whether the guest is the first contact of the deal, to whom the amount belongs.
fn is_first(booking: &Booking, guest: &RecordId) -> bool {
    booking.guest.as_ref().or(booking.residents.first()) == Some(guest)
}
