//! `modified_at` of the rows of one kind: which lie in the future, and which are written otherwise than most.
//!
//! Neither spoils anything for other rows. But a clock that is wrong, or a program that writes times in two ways, is
//! worth knowing of. Values are not shown: a hotel's own query may have made them of anything.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::CheckResult;
use crate::domain::display::plural_name;
use crate::domain::record::{Kind, RecordId};
use crate::say;

/// No hotel's wall clock is further ahead of the world's time.
const AHEAD: TimeDelta = TimeDelta::days(1);

/// More ways of writing than this are not told apart.
const SHAPES: usize = 20;

/// So many rows, and the first of them.
type Rows = Option<(u64, RecordId)>;

/// What the times look like.
#[derive(Default)]
pub(super) struct Moments {
    future: Rows,
    shapes: BTreeMap<String, Rows>,
}

fn count(rows: &mut Rows, id: &RecordId) {
    match rows {
        Some((count, _)) => *count += 1,
        None => *rows = Some((1, id.clone())),
    }
}

impl Moments {
    /// Takes note of a row.
    pub(super) fn see(&mut self, modified_at: &str, id: &RecordId, now: DateTime<Utc>) {
        if day(modified_at).is_some_and(|day| day > (now + AHEAD).date_naive()) {
            count(&mut self.future, id);
        }
        let shape = shape(modified_at);
        if self.shapes.len() < SHAPES || self.shapes.contains_key(&shape) {
            count(self.shapes.entry(shape).or_default(), id);
        }
    }

    /// What is odd of it.
    pub(super) fn lines(&self, kind: Kind) -> Vec<CheckResult> {
        self.in_future(kind).into_iter().chain(self.otherwise(kind)).collect()
    }

    fn in_future(&self, kind: Kind) -> Option<CheckResult> {
        let (what, (rows, id)) = (plural_name(kind), self.future.as_ref()?);
        let detail = say!(
            "Зеркало, {what}: modified_at в будущем, строк: {rows} (id {id})",
            "Mirror, {what}: modified_at in the future, rows: {rows} (id {id})"
        );
        let remedy = say!(
            "Изменения передаются и так. Проверьте часы на компьютере, где работает Ecvi или программа, которая наполняет зеркало",
            "Changes are sent all the same. Check the clock of the machine that runs Ecvi, or what fills the mirror"
        );
        Some(CheckResult::warning("mirror_rows", detail, remedy))
    }

    fn otherwise(&self, kind: Kind) -> Option<CheckResult> {
        let mut shapes: Vec<&(u64, RecordId)> = self.shapes.values().flatten().collect();
        shapes.sort_by_key(|(rows, _)| std::cmp::Reverse(*rows));
        let (_, others) = shapes.split_first()?;
        let (_, id) = others.first()?;
        let rows: u64 = others.iter().map(|(rows, _)| rows).sum();
        let what = plural_name(kind);
        let detail = say!(
            "Зеркало, {what}: modified_at записан иначе, чем в большинстве строк; таких строк: {rows} (id {id})",
            "Mirror, {what}: modified_at is written otherwise than in most rows, in rows: {rows} (id {id})"
        );
        let remedy = say!(
            "Изменения передаются и так. Посмотрите, не пишет ли в зеркало что-то ещё",
            "Changes are sent all the same. See whether something else writes into the mirror"
        );
        Some(CheckResult::warning("mirror_rows", detail, remedy))
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

    fn told(rows: &[&str]) -> Vec<String> {
        let mut moments = Moments::default();
        let now = DateTime::from_timestamp(1_796_000_000, 0).unwrap();
        for (at, modified_at) in rows.iter().enumerate() {
            moments.see(modified_at, &RecordId::Number(at as i64), now);
        }
        moments.lines(Kind::Guest).into_iter().map(|line| line.detail).collect()
    }

    #[test]
    fn a_time_in_the_future_is_named_by_its_row_in_any_form() {
        for odd in ["2062-01-01", "01.01.2062", "2902003200"] {
            let lines = told(&[odd, odd]);
            assert_eq!(lines.len(), 1, "{lines:?}");
            assert!(lines[0].contains("в будущем, строк: 2 (id 0)") && !lines[0].contains(odd), "{lines:?}");
        }
        // It is tomorrow already in the east, and summer time ends.
        assert!(told(&["2026-11-30 23:59:59", "2026-10-25 02:30:00"]).is_empty());
    }

    #[test]
    fn a_time_that_is_written_otherwise_than_most_is_named_by_its_row() {
        for odd in ["2026-11-28", "28.11.2026 10:00:00", "1796000000", "вчера", ""] {
            let lines = told(&["2026-11-28 10:00:00", odd, "2026-01-02 00:00:00"]);
            assert_eq!(lines.len(), 1, "{lines:?}");
            assert!(lines[0].contains("иначе") && lines[0].contains("строк: 1 (id 1)"), "{lines:?}");
        }
        assert!(told(&["", "", ""]).is_empty());
    }
}
