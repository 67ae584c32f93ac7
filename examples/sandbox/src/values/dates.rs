//! Dates and times as the portal reads and writes them (facts, section 1.4).

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, Offset, Utc};

/// The portal's time zone.
pub(crate) fn zone(hours: i32) -> FixedOffset {
    FixedOffset::east_opt(hours * 3600).unwrap_or_else(|| Utc.fix())
}

/// The day that a text means, as `YYYY-MM-DD`: with an offset it may move to another day; `None`
/// for no date at all.
pub(crate) fn day(text: &str, zone: FixedOffset) -> Option<String> {
    let date = match moment(text, zone) {
        Some(moment) => moment.date_naive(),
        None => plain_day(text.trim())?,
    };
    Some(date.format("%Y-%m-%d").to_string())
}

/// A date with time, in the portal's zone, as it is stored and written.
pub(crate) fn stamp(text: &str, zone: FixedOffset) -> Option<String> {
    let midnight =
        || plain_day(text.trim())?.and_hms_opt(0, 0, 0)?.and_local_timezone(zone).single();
    moment(text, zone)
        .or_else(midnight)
        .map(|moment| moment.format("%Y-%m-%dT%H:%M:%S%:z").to_string())
}

/// The moment now, in the portal's zone.
pub(crate) fn written(now: DateTime<Utc>, zone: FixedOffset) -> String {
    now.with_timezone(&zone).format("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// A stored day as it is written: "midnight" of the server, seen from the zone.
pub(crate) fn day_written(day: &str, hours: i32) -> String {
    if day.is_empty() {
        return String::new();
    }
    let hour = hours.max(0);
    format!("{day}T{hour:02}:00:00{}", zone(hours))
}

fn moment(text: &str, zone: FixedOffset) -> Option<DateTime<FixedOffset>> {
    let text = text.trim();
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Some(moment.with_timezone(&zone));
    }
    let forms = [
        "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M",
        "%d.%m.%Y %H:%M:%S",
    ];
    let naive = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?;
    naive.and_local_timezone(zone).single()
}

fn plain_day(text: &str) -> Option<NaiveDate> {
    ["%Y-%m-%d", "%d.%m.%Y"].iter().find_map(|form| NaiveDate::parse_from_str(text, form).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_date_is_never_shifted_and_an_offset_may_move_the_day() {
        let moscow = zone(3);
        assert_eq!(day("2020-05-20", moscow).unwrap(), "2020-05-20");
        assert_eq!(day("20.05.2020", moscow).unwrap(), "2020-05-20");
        assert_eq!(day("2020-05-20T00:00:00+05:00", moscow).unwrap(), "2020-05-19");
        assert_eq!(day("soon", moscow), None);
    }

    #[test]
    fn a_day_is_written_with_three_o_clock_and_the_offset() {
        assert_eq!(day_written("2020-05-20", 3), "2020-05-20T03:00:00+03:00");
    }
}
