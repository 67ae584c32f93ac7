//! `modified_at` of the rows of one kind: which lie in the future, and which are written otherwise
//! than most.
//!
//! Neither spoils other rows. But a wrong clock, or a program that writes times in two ways, is
//! worth knowing. Values are not shown: a hotel's own query may have made them of anything.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::CheckResult;
use crate::domain::display::plural_name;
use crate::domain::messages::{CheckMessage, Message};
use crate::domain::record::{Kind, RecordId};

/// No hotel's wall clock is further ahead of UTC.
const MAX_AHEAD: TimeDelta = TimeDelta::days(1);

/// More ways of writing than this are not told apart.
const MAX_SHAPES: usize = 20;

/// How many rows are alike, and the first of them.
struct AlikeRows {
    count: u64,
    first: RecordId,
}

impl AlikeRows {
    fn from_first(id: &RecordId) -> AlikeRows {
        AlikeRows { count: 0, first: id.clone() }
    }
}

/// The times of all rows of one kind, in two groupings.
#[derive(Default)]
pub(super) struct ModificationTimes {
    in_future: Option<AlikeRows>,
    by_shape: BTreeMap<String, AlikeRows>,
}

impl ModificationTimes {
    pub(super) fn add(&mut self, modified_at: &str, id: &RecordId, now: DateTime<Utc>) {
        if day(modified_at).is_some_and(|day| day > (now + MAX_AHEAD).date_naive()) {
            self.in_future.get_or_insert_with(|| AlikeRows::from_first(id)).count += 1;
        }
        let shape = shape(modified_at);
        if self.by_shape.len() < MAX_SHAPES || self.by_shape.contains_key(&shape) {
            self.by_shape.entry(shape).or_insert_with(|| AlikeRows::from_first(id)).count += 1;
        }
    }

    /// What is odd about them.
    pub(super) fn results(&self, kind: Kind) -> Vec<CheckResult> {
        let mut results = Vec::new();
        let records: Box<Message> = plural_name(kind).into();
        if let Some(AlikeRows { count, first }) = &self.in_future {
            let id = first.to_string();
            let records = records.clone();
            let detail = CheckMessage::ModifiedInFuture { records, count: *count, id };
            let future = CheckResult::warning("mirror_rows", detail);
            results.push(future.with_remedy(CheckMessage::CheckFillersClock));
        }
        let mut shapes: Vec<&AlikeRows> = self.by_shape.values().collect();
        shapes.sort_by_key(|rows| Reverse(rows.count));
        if let [_, most_of_others, ..] = shapes.as_slice() {
            let count = shapes[1..].iter().map(|rows| rows.count).sum();
            let id = most_of_others.first.to_string();
            let detail = CheckMessage::ModifiedInOtherForm { records, count, id };
            let otherwise = CheckResult::warning("mirror_rows", detail);
            results.push(otherwise.with_remedy(CheckMessage::SeeWhatElseWrites));
        }
        results
    }
}

/// How a time is written: `0-0-0 0:0:0` of `2026-11-28 10:00:00`.
fn shape(text: &str) -> String {
    let mut shape = String::new();
    for c in text.chars().take(64) {
        let class = match c {
            _ if c.is_ascii_digit() => '0',
            _ if c.is_alphabetic() => 'a',
            _ => c,
        };
        if !shape.ends_with(class) || !class.is_alphanumeric() {
            shape.push(class);
        }
    }
    shape
}

/// The day, where it can be told.
fn day(text: &str) -> Option<NaiveDate> {
    let is_number = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number {
        return Some(DateTime::from_timestamp(text.parse().ok()?, 0)?.date_naive());
    }
    let head = text.get(..10)?;
    ["%Y-%m-%d", "%d.%m.%Y"].iter().find_map(|format| NaiveDate::parse_from_str(head, format).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::language::Language;

    fn told(rows: &[&str]) -> Vec<String> {
        let mut times = ModificationTimes::default();
        let now = DateTime::from_timestamp(1_796_000_000, 0).unwrap();
        for (at, modified_at) in rows.iter().enumerate() {
            times.add(modified_at, &RecordId::Number(at as i64), now);
        }
        times.results(Kind::Guest).iter().map(|result| result.detail.text(Language::Ru)).collect()
    }

    #[test]
    fn a_time_in_the_future_is_named_by_its_row_in_any_form() {
        for odd in ["2062-01-01", "01.01.2062", "2902003200"] {
            let lines = told(&[odd, odd]);
            assert_eq!(lines.len(), 1, "{lines:?}");
            assert!(
                lines[0].contains("в будущем, строк: 2 (id 0)") && !lines[0].contains(odd),
                "{lines:?}"
            );
        }
        // It is tomorrow already in the east, and summer time ends.
        assert!(told(&["2026-11-30 23:59:59", "2026-10-25 02:30:00"]).is_empty());
    }

    #[test]
    fn a_time_that_is_written_otherwise_than_most_is_named_by_its_row() {
        for odd in ["2026-11-28", "28.11.2026 10:00:00", "1796000000", "вчера", ""] {
            let lines = told(&["2026-11-28 10:00:00", odd, "2026-01-02 00:00:00"]);
            assert_eq!(lines.len(), 1, "{lines:?}");
            assert!(
                lines[0].contains("иначе") && lines[0].contains("строк: 1 (id 1)"),
                "{lines:?}"
            );
        }
        assert!(told(&["", "", ""]).is_empty());
    }
}
