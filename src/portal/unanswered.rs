//! What calls without an answer have used of a method's time budget.
//!
//! The portal charges a call that it cannot answer as any other, and says so only in the next answer. Until then the time
//! that such calls took is counted here, minute by minute, as the portal's window has it.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// Minutes of the portal's window.
const WINDOW: i64 = 10;

/// What was used since the portal told what the method had used by then, and that itself.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Unanswered {
    /// Used since then.
    seconds: f64,
    /// Both, by the minute of Unix time.
    minutes: BTreeMap<i64, f64>,
}

impl Unanswered {
    /// Nothing yet: the portal has just told the sum of its window. How it is spread over the minutes nobody knows, so all
    /// of it counts as used now: none of it drops out too early.
    pub(super) fn told(operating: f64, now: DateTime<Utc>) -> Unanswered {
        Unanswered { seconds: 0.0, minutes: BTreeMap::from([(minute(now), operating)]) }
    }

    /// Counts seconds that were used just now.
    pub(super) fn add(&mut self, seconds: f64, now: DateTime<Utc>) {
        self.seconds += seconds;
        self.minutes.retain(|at, _| is_in_window(*at, now));
        *self.minutes.entry(minute(now)).or_default() += seconds;
    }

    /// Used since the portal told.
    pub(super) fn seconds(&self) -> f64 {
        self.seconds
    }

    /// From when on no more than `most` seconds are in the portal's window; none where that is so now, or where all that
    /// was used was told.
    pub(super) fn drained_to(&self, most: f64, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.seconds <= 0.0 {
            return None;
        }
        let mut left: f64 = self.in_window(now).map(|(_, seconds)| seconds).sum();
        let mut until = None;
        for (at, seconds) in self.in_window(now) {
            if left <= most {
                break;
            }
            left -= seconds;
            until = DateTime::from_timestamp((at + WINDOW) * 60, 0);
        }
        until
    }

    fn in_window(&self, now: DateTime<Utc>) -> impl Iterator<Item = (i64, f64)> {
        self.minutes.iter().map(|(at, seconds)| (*at, *seconds)).filter(move |(at, _)| is_in_window(*at, now))
    }
}

/// A minute that is still to come was counted by a clock that ran ahead.
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
