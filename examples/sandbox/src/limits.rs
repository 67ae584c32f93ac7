//! The two limits: the leaky bucket of requests, and the execution time of each method (facts,
//! section 3).

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Duration, Utc};

use crate::settings::Bucket;

/// Minutes that the window of the operating budget has.
const WINDOW: i64 = 10;
/// Durations up to this many seconds are not charged.
const FREE: f64 = 0.1;
/// How long a banned method stays banned, seconds.
const BAN: i64 = 300;

/// What was used so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Limits {
    level: f64,
    seen: Option<DateTime<Utc>>,
    spent: HashMap<String, BTreeMap<i64, f64>>,
    banned: HashMap<String, DateTime<Utc>>,
}

/// The execution time of one request, by method: charged once it is no longer negligible.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hit(HashMap<String, f64>);

impl Limits {
    /// Lets one request into the bucket, or refuses it.
    pub(crate) fn admit(&mut self, bucket: Bucket, now: DateTime<Utc>) -> bool {
        let idle = self.seen.map_or(0.0, |seen| (now - seen).as_seconds_f64().max(0.0));
        self.seen = Some(now);
        self.level = (self.level - idle * bucket.per_second).max(0.0);
        let admitted = self.level + 1.0 <= bucket.burst;
        if admitted {
            self.level += 1.0;
        }
        admitted
    }

    /// Seconds charged to this method in the last ten minutes.
    pub(crate) fn operating(&self, key: &str, now: DateTime<Utc>) -> f64 {
        let first = minute(now) - WINDOW;
        self.spent
            .get(key)
            .map_or(0.0, |minutes| minutes.range(first + 1..).map(|(_, spent)| spent).sum())
    }

    /// When the oldest charge of this method drops out, or its ban ends, in Unix seconds.
    pub(crate) fn reset_at(&self, key: &str, now: DateTime<Utc>) -> i64 {
        if let Some(until) = self.banned.get(key).filter(|until| now < **until) {
            return until.timestamp();
        }
        let first = minute(now) - WINDOW;
        let oldest = self.spent.get(key).and_then(|minutes| minutes.range(first + 1..).next());
        oldest.map_or(now.timestamp() + WINDOW * 60, |(minute, _)| (minute + WINDOW) * 60)
    }

    /// Whether this method is blocked now: the call that crosses the limit still completes.
    pub(crate) fn blocked(&self, key: &str, limit: f64, now: DateTime<Utc>) -> bool {
        self.banned.get(key).is_some_and(|until| now < *until) || self.operating(key, now) > limit
    }

    /// Charges the execution of one call; short ones are not charged until their sum in one request
    /// is not short.
    pub(crate) fn charge(&mut self, hit: &mut Hit, key: &str, seconds: f64, now: DateTime<Utc>) {
        let sum = hit.0.entry(key.to_owned()).or_default();
        let before = *sum;
        *sum += seconds;
        if *sum > FREE {
            let due = if before > FREE { seconds } else { *sum };
            *self.spent.entry(key.to_owned()).or_default().entry(minute(now)).or_default() += due;
        }
    }

    /// Bans a method whose budget is used up, and forgets what it used.
    pub(crate) fn ban_when_over(&mut self, key: &str, limit: f64, now: DateTime<Utc>) {
        if self.operating(key, now) > limit {
            self.spent.remove(key);
            self.banned.insert(key.to_owned(), now + Duration::seconds(BAN));
        }
    }
}

fn minute(now: DateTime<Utc>) -> i64 {
    now.timestamp().div_euclid(60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn the_bucket_holds_50_and_drains_2_a_second() {
        let bucket = Bucket { per_second: 2.0, burst: 50.0 };
        let mut limits = Limits::default();
        assert!((0..50).all(|_| limits.admit(bucket, at(0))));
        assert!(!limits.admit(bucket, at(0)));
        assert!(limits.admit(bucket, at(1)) && limits.admit(bucket, at(1)));
        assert!(!limits.admit(bucket, at(1)));
    }

    #[test]
    fn the_oldest_minute_drops_out_of_the_operating_window() {
        let mut limits = Limits::default();
        limits.charge(&mut Hit::default(), "m", 400.0, at(0));
        limits.charge(&mut Hit::default(), "m", 30.0, at(120));
        assert!(limits.blocked("m", 420.0, at(540)));
        assert_eq!(limits.reset_at("m", at(540)), at(600).timestamp());
        assert!(!limits.blocked("m", 420.0, at(600)));
    }

    #[test]
    fn a_tenth_of_a_second_is_free_but_a_sum_above_it_is_charged_whole() {
        let mut limits = Limits::default();
        let mut hit = Hit::default();
        limits.charge(&mut hit, "m", 0.06, at(0));
        assert!(limits.operating("m", at(0)) == 0.0);
        limits.charge(&mut hit, "m", 0.06, at(0));
        assert!((limits.operating("m", at(0)) - 0.12).abs() < 1e-9);
    }
}
