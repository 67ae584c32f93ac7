//! How records, kinds and times are called when people read them.
//!
//! Guests go by their id alone: what `status` prints may end up in a ticket, and a name is personal
//! data.

use chrono::{DateTime, Local, NaiveDate, TimeDelta, Utc};

use crate::domain::language::Language;
use crate::domain::messages::{Message, NameMessage};
use crate::domain::record::{BookingStatus, Kind, RecordKey};
use crate::domain::visible_text;

/// What several records are called: `гости`, `guests`.
pub fn plural_name(kind: Kind) -> Message {
    kind.table().plural_name()
}

/// `гость 42`, `заявка №3682 (id 5)`
pub fn record_name(key: &RecordKey, number: &str) -> Message {
    let id = visible_text::name(&key.id.to_string());
    let number = visible_text::name(number);
    let name = match key.kind {
        Kind::Guest => NameMessage::Guest { id },
        Kind::Company => NameMessage::Company { id },
        Kind::Booking if number.is_empty() => NameMessage::BookingById { id },
        Kind::Booking => NameMessage::Booking { number, id },
    };
    name.into()
}

/// The number of a booking, where it has one. The names of other records are not shown.
pub fn shown_number(kind: Kind, display_name: &str) -> Option<&str> {
    let has_number = kind == Kind::Booking && !display_name.is_empty();
    has_number.then_some(display_name)
}

/// `контакт 17`, `deal 17`
pub fn object_name(kind: Kind, crm_id: i64) -> Message {
    let name = match kind {
        Kind::Guest => NameMessage::ContactCard { crm_id },
        Kind::Company => NameMessage::CompanyCard { crm_id },
        Kind::Booking => NameMessage::DealCard { crm_id },
    };
    name.into()
}

/// The text with an upper-case first letter, as a sentence begins.
pub fn capitalized(text: &str) -> String {
    let mut rest = text.chars();
    match rest.next() {
        Some(first) => first.to_uppercase().chain(rest).collect(),
        None => String::new(),
    }
}

/// `гости заехали`, `checked in`
pub fn status_name(status: BookingStatus) -> Message {
    let name = match status {
        BookingStatus::Temporary => NameMessage::Temporary,
        BookingStatus::Confirmed => NameMessage::Confirmed,
        BookingStatus::CheckedIn => NameMessage::CheckedIn,
        BookingStatus::CheckedOut => NameMessage::CheckedOut,
        BookingStatus::Cancelled => NameMessage::Cancelled,
        BookingStatus::NoShow => NameMessage::NoShow,
    };
    name.into()
}

/// A time of the mirror as people of the language write it: `20.05.2020 12:00`. What is no time
/// stays as it is.
pub fn format_mirror_time(time: &str, language: Language) -> String {
    let time = visible_text::line(time).into_owned();
    let date = time.get(..10).and_then(|date| date.parse::<NaiveDate>().ok());
    match (language, date) {
        (Language::Ru, Some(date)) => format!("{}{}", date.format("%d.%m.%Y"), &time[10..]),
        (Language::Ru, None) | (Language::En, _) => time,
    }
}

/// A date and time on this machine's clock.
pub fn format_time(at: DateTime<Utc>, language: Language) -> String {
    let format = match language {
        Language::Ru => "%d.%m.%Y %H:%M",
        Language::En => "%Y-%m-%d %H:%M",
    };
    at.with_timezone(&Local).format(format).to_string()
}

/// A time of today on this machine's clock, to the second.
pub fn format_time_of_day(at: DateTime<Utc>) -> String {
    at.with_timezone(&Local).format("%H:%M:%S").to_string()
}

/// How long ago something was, in its largest unit. A time in the future counts as now: the clock
/// went back.
pub fn format_age(ago: TimeDelta) -> Message {
    let minutes = ago.num_minutes();
    let hours = ago.num_hours();
    let age = match (minutes, hours) {
        (..=0, _) => NameMessage::JustNow,
        (_, 0) => NameMessage::MinutesAgo { minutes },
        (_, ..48) => NameMessage::HoursAgo { hours },
        _ => NameMessage::DaysAgo { days: ago.num_days() },
    };
    age.into()
}

/// How long something takes: `2 ч 5 мин`, `13 мин`, `меньше минуты`.
pub fn format_duration(time: TimeDelta) -> Message {
    let rounded = TimeDelta::minutes((time.num_seconds() + 30) / 60);
    let minutes = rounded.num_minutes() % 60;
    let hours = rounded.num_hours() % 24;
    let length = match (rounded.num_days(), hours, minutes) {
        (0, 0, 0) => NameMessage::LessThanAMinute,
        (0, 0, minutes) => NameMessage::Minutes { minutes },
        (0, hours, minutes) => NameMessage::HoursAndMinutes { hours, minutes },
        (days, hours, _) => NameMessage::DaysAndHours { days, hours },
    };
    length.into()
}
