//! How records, kinds and times are called when people read them.
//!
//! Guests go by their id alone: what `status` prints may end up in a ticket, and a name is personal data.

use chrono::{DateTime, Local, TimeDelta, Utc};

use crate::domain::record::{Kind, RecordKey};
use crate::domain::timestamp::parse_rfc3339;
use crate::domain::{language, visible_text};
use crate::say;

/// `гости`, `guests`
pub fn plural_name(kind: Kind) -> String {
    match kind {
        Kind::Guest => say!("гости", "guests"),
        Kind::Company => say!("компании", "companies"),
        Kind::Booking => say!("заявки", "bookings"),
    }
}

/// `гость 42`, `заявка №3682 (id 5)`
pub fn record_name(key: &RecordKey, label: &str) -> String {
    let id = visible_text::name(&key.id.to_string());
    let label = visible_text::name(label);
    match key.kind {
        Kind::Guest => say!("гость {id}", "guest {id}"),
        Kind::Company => say!("компания {id}", "company {id}"),
        Kind::Booking if label.is_empty() => say!("заявка с id {id}", "booking with id {id}"),
        Kind::Booking => say!("заявка №{label} (id {id})", "booking {label} (id {id})"),
    }
}

/// `контакт 17`, `deal 17`
pub fn object_name(kind: Kind, crm_id: i64) -> String {
    match kind {
        Kind::Guest => say!("контакт {crm_id}", "contact {crm_id}"),
        Kind::Company => say!("компания {crm_id}", "company {crm_id}"),
        Kind::Booking => say!("сделка {crm_id}", "deal {crm_id}"),
    }
}

/// The word of an operation: `create`, `update`, `delete` or `read`.
pub fn operation_name(name: &str) -> String {
    match name {
        "create" => say!("создание", "create"),
        "update" => say!("изменение", "update"),
        "delete" => say!("удаление", "delete"),
        "read" => say!("чтение", "read"),
        other => other.to_owned(),
    }
}

/// A time on this machine's clock.
pub fn format_time(at: DateTime<Utc>) -> String {
    let format = if language::is_english() { "%Y-%m-%d %H:%M" } else { "%d.%m.%Y %H:%M" };
    at.with_timezone(&Local).format(format).to_string()
}

/// A time of today on this machine's clock, to the second.
pub fn format_time_of_day(at: DateTime<Utc>) -> String {
    at.with_timezone(&Local).format("%H:%M:%S").to_string()
}

/// A stored time on this machine's clock.
pub fn format_stored_time(text: &str) -> String {
    format_time(parse_rfc3339(text))
}

/// How long ago something was, in its largest unit; a clock that went back counts as now.
pub fn format_age(ago: TimeDelta) -> String {
    let minutes = ago.num_minutes().max(0);
    match (minutes, minutes / 60, minutes / (60 * 24)) {
        (0, ..) => say!("только что", "just now"),
        (minutes, 0, _) => say!("{minutes} мин назад", "{minutes} min ago"),
        (_, hours, 0..2) => say!("{hours} ч назад", "{hours} h ago"),
        (_, _, days) => say!("{days} дн назад", "{days} days ago"),
    }
}

/// How long something takes: `2 ч 5 мин`, `13 мин`, `меньше минуты`.
pub fn format_duration(time: TimeDelta) -> String {
    let minutes = (time.num_seconds() + 30) / 60;
    match (minutes / (60 * 24), minutes / 60 % 24, minutes % 60) {
        (0, 0, 0) => say!("меньше минуты", "less than a minute"),
        (0, 0, minutes) => say!("{minutes} мин", "{minutes} min"),
        (0, hours, minutes) => say!("{hours} ч {minutes} мин", "{hours} h {minutes} min"),
        (days, hours, _) => say!("{days} дн {hours} ч", "{days} days {hours} h"),
    }
}
