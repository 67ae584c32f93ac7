//! Times as the state, the status document and the log write them: RFC 3339 in UTC.

use chrono::{DateTime, SecondsFormat, Utc};

/// The time as it is stored.
pub fn to_rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The time of a stored text; the beginning of 1970 where it is none.
pub fn parse_rfc3339(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).map(|time| time.to_utc()).unwrap_or_default()
}
