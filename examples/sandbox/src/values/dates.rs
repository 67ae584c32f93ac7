//! Dates and times as the portal reads and writes them (facts, section 1.4).

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, Offset, Utc};

/// A moment in the portal's zone: `2026-11-24T15:00:00+03:00`.
const MOMENT: &str = "%Y-%m-%dT%H:%M:%S%:z";
/// Moments without an offset, which are in the portal's zone.
const LOCAL_MOMENTS: [&str; 5] = [
    "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M",
    "%d.%m.%Y %H:%M:%S",
];

/// The portal's time zone, from its hours east of Greenwich.
pub(crate) fn zone(hours: i32) -> FixedOffset {
    FixedOffset::east_opt(hours * 3600).unwrap_or_else(|| Utc.fix())
}

/// The day that a text means, as `YYYY-MM-DD`: with an offset it may move to another day; `None`
/// for no date at all.
pub(crate) fn read_day(text: &str, zone: FixedOffset) -> Option<String> {
    let date = match parse_moment(text, zone) {
        Some(moment) => moment.date_naive(),
        None => parse_day(text)?,
    };
    Some(date.format("%Y-%m-%d").to_string())
}

/// A date with time, in the portal's zone, as it is stored and written; a bare date is its
/// midnight.
pub(crate) fn read_moment(text: &str, zone: FixedOffset) -> Option<String> {
    let moment = match parse_moment(text, zone) {
        Some(moment) => moment,
        None => parse_day(text)?.and_hms_opt(0, 0, 0)?.and_local_timezone(zone).single()?,
    };
    Some(moment.format(MOMENT).to_string())
}

/// A moment as it is stored and written, in the portal's zone.
pub(crate) fn write_moment(moment: DateTime<Utc>, zone: FixedOffset) -> String {
    moment.with_timezone(&zone).format(MOMENT).to_string()
}

/// A stored day as it is written: "midnight" of the server, seen from the zone.
pub(crate) fn write_day(day: &str, hours: i32) -> String {
    if day.is_empty() {
        return String::new();
    }
    let hour = hours.max(0);
    format!("{day}T{hour:02}:00:00{}", zone(hours))
}

fn parse_moment(text: &str, zone: FixedOffset) -> Option<DateTime<FixedOffset>> {
    let text = text.trim();
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Some(moment.with_timezone(&zone));
    }
    for form in LOCAL_MOMENTS {
        if let Ok(moment) = NaiveDateTime::parse_from_str(text, form) {
            return moment.and_local_timezone(zone).single();
        }
    }
    None
}

fn parse_day(text: &str) -> Option<NaiveDate> {
    let text = text.trim();
    let iso = NaiveDate::parse_from_str(text, "%Y-%m-%d");
    iso.or_else(|_| NaiveDate::parse_from_str(text, "%d.%m.%Y")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_date_is_never_shifted_and_an_offset_may_move_the_day() {
        let moscow = zone(3);
        assert_eq!(read_day("2020-05-20", moscow).unwrap(), "2020-05-20");
        assert_eq!(read_day("20.05.2020", moscow).unwrap(), "2020-05-20");
        assert_eq!(read_day("2020-05-20T00:00:00+05:00", moscow).unwrap(), "2020-05-19");
        assert_eq!(read_day("soon", moscow), None);
    }

    #[test]
    fn a_day_is_written_with_three_o_clock_and_the_offset() {
        assert_eq!(write_day("2020-05-20", 3), "2020-05-20T03:00:00+03:00");
    }
}
