//! The two limits: the leaky bucket of requests, and the execution time of each method (facts,
//! section 3).

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Duration, Utc};

use crate::settings::Bucket;

/// Minutes that the window of the operating budget has.
const WINDOW_MINUTES: i64 = 10;
/// Durations up to this many seconds are not charged.
const FREE_SECONDS: f64 = 0.1;
/// Seconds for which a budget that is used up stays banned.
const BAN_SECONDS: i64 = 300;

/// What was used so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Limits {
    /// Requests in the bucket, when it was last looked at.
    bucket_level: f64,
    last_request: Option<DateTime<Utc>>,
    /// Seconds charged to each budget, by the minute.
    charged: HashMap<String, BTreeMap<i64, f64>>,
    banned_until: HashMap<String, DateTime<Utc>>,
}

/// The execution time of one request, by budget: charged once it is no longer negligible.
#[derive(Debug, Clone, Default)]
pub(crate) struct RequestTimes(HashMap<String, f64>);

impl Limits {
    /// Lets one request into the bucket, or refuses it.
    pub(crate) fn admit_request(&mut self, bucket: Bucket, now: DateTime<Utc>) -> bool {
        if let Some(last) = self.last_request {
            let idle_seconds = (now - last).as_seconds_f64().max(0.0);
            let drained = idle_seconds * bucket.per_second;
            self.bucket_level = (self.bucket_level - drained).max(0.0);
        }
        self.last_request = Some(now);
        let has_room = self.bucket_level + 1.0 <= bucket.burst;
        if has_room {
            self.bucket_level += 1.0;
        }
        has_room
    }

    /// Seconds charged to this budget in the last ten minutes.
    pub(crate) fn seconds_used(&self, budget: &str, now: DateTime<Utc>) -> f64 {
        let Some(minutes) = self.charged.get(budget) else { return 0.0 };
        minutes.range(first_minute(now)..).map(|(_, seconds)| seconds).sum()
    }

    /// When the oldest charge of this budget drops out, or its ban ends, in Unix seconds.
    pub(crate) fn reset_at(&self, budget: &str, now: DateTime<Utc>) -> i64 {
        if let Some(until) = self.banned_until.get(budget)
            && now < *until
        {
            return until.timestamp();
        }
        if let Some(minutes) = self.charged.get(budget)
            && let Some((oldest, _)) = minutes.range(first_minute(now)..).next()
        {
            return (oldest + WINDOW_MINUTES) * 60;
        }
        now.timestamp() + WINDOW_MINUTES * 60
    }

    /// Whether this budget is blocked now: the call that crosses the limit still completes.
    pub(crate) fn is_blocked(&self, budget: &str, limit: f64, now: DateTime<Utc>) -> bool {
        let is_banned = self.banned_until.get(budget).is_some_and(|until| now < *until);
        is_banned || self.seconds_used(budget, now) > limit
    }

    /// Charges the execution of one call; short ones are not charged until their sum in one request
    /// is not short.
    pub(crate) fn charge_call(
        &mut self,
        times: &mut RequestTimes,
        budget: &str,
        seconds: f64,
        now: DateTime<Utc>,
    ) {
        let sum = times.0.entry(budget.to_owned()).or_default();
        let sum_before = *sum;
        *sum += seconds;
        if *sum > FREE_SECONDS {
            let due = if sum_before > FREE_SECONDS { seconds } else { *sum };
            let minutes = self.charged.entry(budget.to_owned()).or_default();
            *minutes.entry(minute_of(now)).or_default() += due;
        }
    }

    /// Bans a budget that is used up, and forgets what was used of it.
    pub(crate) fn ban_when_over(&mut self, budget: &str, limit: f64, now: DateTime<Utc>) {
        if self.seconds_used(budget, now) > limit {
            self.charged.remove(budget);
            self.banned_until.insert(budget.to_owned(), now + Duration::seconds(BAN_SECONDS));
        }
    }
}

fn minute_of(moment: DateTime<Utc>) -> i64 {
    moment.timestamp().div_euclid(60)
}

/// The oldest minute of the window that ends now.
fn first_minute(now: DateTime<Utc>) -> i64 {
    minute_of(now) - WINDOW_MINUTES + 1
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
        assert!((0..50).all(|_| limits.admit_request(bucket, at(0))));
        assert!(!limits.admit_request(bucket, at(0)));
        assert!(limits.admit_request(bucket, at(1)) && limits.admit_request(bucket, at(1)));
        assert!(!limits.admit_request(bucket, at(1)));
    }

    #[test]
    fn the_oldest_minute_drops_out_of_the_operating_window() {
        let mut limits = Limits::default();
        limits.charge_call(&mut RequestTimes::default(), "m", 400.0, at(0));
        limits.charge_call(&mut RequestTimes::default(), "m", 30.0, at(120));
        assert!(limits.is_blocked("m", 420.0, at(540)));
        assert_eq!(limits.reset_at("m", at(540)), at(600).timestamp());
        assert!(!limits.is_blocked("m", 420.0, at(600)));
    }

    #[test]
    fn a_tenth_of_a_second_is_free_but_a_sum_above_it_is_charged_whole() {
        let mut limits = Limits::default();
        let mut times = RequestTimes::default();
        limits.charge_call(&mut times, "m", 0.06, at(0));
        assert!(limits.seconds_used("m", at(0)) == 0.0);
        limits.charge_call(&mut times, "m", 0.06, at(0));
        assert!((limits.seconds_used("m", at(0)) - 0.12).abs() < 1e-9);
    }
}
