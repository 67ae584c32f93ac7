//! Times as the state, the status document and the log write them: RFC 3339 in UTC.

use chrono::{DateTime, SecondsFormat, Utc};

/// A time as it is stored and shown: RFC 3339 in UTC.
pub fn to_rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A stored time.
pub fn parse_rfc3339(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).map(|time| time.to_utc()).unwrap_or_default()
}
