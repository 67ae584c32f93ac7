//! What calls without an answer have used of a method's time budget.
//!
//! The portal charges such a call as any other, and says so only in its next answer. Until then the
//! time that such calls took is counted here by the minute, as the portal's window has it.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// Minutes of the portal's window.
const WINDOW: i64 = 10;

/// What the portal said that the method has used, and what was used since then.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Unanswered {
    /// Used since the portal's last answer.
    seconds: f64,
    /// All seconds, by the minute of Unix time.
    minutes: BTreeMap<i64, f64>,
}

impl Unanswered {
    /// The portal has just said what its window contains. How that is spread over the minutes is
    /// unknown. So all of it counts as used now, and nothing drops out too early.
    pub(super) fn after_answer(operating: f64, now: DateTime<Utc>) -> Unanswered {
        Unanswered { seconds: 0.0, minutes: BTreeMap::from([(minute(now), operating)]) }
    }

    /// Counts seconds that were used just now.
    pub(super) fn add(&mut self, seconds: f64, now: DateTime<Utc>) {
        self.seconds += seconds;
        self.minutes.retain(|at, _| is_in_window(*at, now));
        *self.minutes.entry(minute(now)).or_default() += seconds;
    }

    /// Used since the portal's last answer.
    pub(super) fn seconds(&self) -> f64 {
        self.seconds
    }

    /// From when on the portal's window contains no more than `limit` seconds; none where that is
    /// so now, or where the portal has told of all that was used.
    pub(super) fn drained_to(&self, limit: f64, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.seconds <= 0.0 {
            return None;
        }
        let mut left: f64 = self.in_window(now).map(|(_, seconds)| seconds).sum();
        let mut until = None;
        for (at, seconds) in self.in_window(now) {
            if left <= limit {
                break;
            }
            left -= seconds;
            until = DateTime::from_timestamp((at + WINDOW) * 60, 0);
        }
        until
    }

    fn in_window(&self, now: DateTime<Utc>) -> impl Iterator<Item = (i64, f64)> {
        self.minutes
            .iter()
            .map(|(at, seconds)| (*at, *seconds))
            .filter(move |(at, _)| is_in_window(*at, now))
    }
}

/// A minute in the future was counted by a clock that was ahead.
fn is_in_window(at: i64, now: DateTime<Utc>) -> bool {
    (minute(now) - WINDOW + 1..=minute(now)).contains(&at)
}

fn minute(at: DateTime<Utc>) -> i64 {
    at.timestamp().div_euclid(TimeDelta::minutes(1).num_seconds())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::portal::limits::RateLimits;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    #[test]
    fn seconds_drop_out_minute_by_minute_ten_minutes_later() {
        let mut used = Unanswered::default();
        used.add(100.0, at(0));
        used.add(100.0, at(59));
        used.add(50.0, at(60));
        assert_eq!(used.drained_to(250.0, at(61)), None);
        assert_eq!(used.drained_to(249.0, at(61)), Some(at(600)));
        assert_eq!(used.drained_to(49.0, at(61)), Some(at(660)));
        assert_eq!(used.drained_to(249.0, at(600)), None);
        used.add(1.0, at(600));
        assert_eq!(used.minutes, BTreeMap::from([(minute(at(60)), 50.0), (minute(at(600)), 1.0)]));
    }

    #[test]
    fn what_a_clock_that_ran_ahead_counted_holds_nobody_back() {
        let mut used = Unanswered::default();
        used.add(400.0, at(7200));
        assert_eq!(used.drained_to(100.0, at(0)), None);
        used.add(1.0, at(0));
        assert_eq!(used.minutes, BTreeMap::from([(minute(at(0)), 1.0)]));
    }

    #[test]
    fn calls_without_an_answer_are_charged_by_the_time_they_took_until_the_portal_tells() {
        let mut pace = RateLimits::default();
        let fail = |pace: &mut RateLimits, times: i64| {
            for second in 0..times {
                let methods = ["crm.deal.list", "batch"].into_iter();
                pace.record_unanswered(methods, Duration::from_secs(10), at(second));
            }
        };
        // It has told of no budget.
        fail(&mut pace, 100);
        assert_eq!(pace.blocked("crm.deal.list", 1, at(100)), None);
        pace.record_charge("crm.deal.list", 100.0, Some(at(90).timestamp()), at(0));
        fail(&mut pace, 28);
        assert_eq!(pace.blocked("crm.deal.list", 1, at(100)), None);
        fail(&mut pace, 1);
        assert_eq!(pace.blocked("crm.deal.list", 1, at(100)), Some(at(600)));
        assert_eq!(pace.blocked("crm.deal.list", 1, at(600)), None);
        pace.record_charge("crm.deal.list", 379.0, Some(at(90).timestamp()), at(101));
        assert_eq!(pace.blocked("crm.deal.list", 1, at(101)), None);
    }
}
