//! The portal's limits as numbers: the leaky bucket, the time budget of each method, the length of a batch.
//!
//! Pure: time is passed in. What is learned is kept in the state from pass to pass (docs/bitrix24.md, Limits).

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// The portal blocks a method at 420 to 480 seconds; the number is not published.
const BUDGET: f64 = 380.0;
/// The part of the time that a method may work in the long run.
pub const SHARE: f64 = BUDGET / 600.0;
/// No block of the portal lasts longer, give or take a clock.
const WINDOW: TimeDelta = TimeDelta::minutes(11);
/// How long a blocked method stays blocked when the portal does not say.
const BLOCKED: TimeDelta = TimeDelta::seconds(300);
/// A first batch; later ones follow the portal's speed.
const FIRST_BATCH: usize = 10;

/// What is known of the portal's limits.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Pace {
    /// Requests in the leaky bucket at `filled_at`.
    #[serde(default)]
    level: f64,
    #[serde(default)]
    filled_at: DateTime<Utc>,
    #[serde(default)]
    methods: BTreeMap<String, Method>,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
struct Method {
    /// Seconds charged in the portal's window of ten minutes.
    #[serde(default)]
    operating: f64,
    /// When the oldest part of them drops out.
    #[serde(default)]
    resets_at: DateTime<Utc>,
    /// No call before this.
    #[serde(default)]
    blocked_until: DateTime<Utc>,
    /// Wall seconds of one command, as last measured; 0 is unknown.
    #[serde(default)]
    seconds: f64,
    /// Commands that may be sent together next time; 0 is unknown.
    #[serde(default)]
    batch: usize,
}

/// The bucket's size and drain.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Bucket {
    /// Requests that drain in a second.
    pub per_second: f64,
    /// Requests that it holds.
    pub burst: u32,
}

impl Pace {
    /// How long to wait before the next request. A clock that went back drains nothing.
    pub fn wait(&self, bucket: Bucket, now: DateTime<Utc>) -> Duration {
        // Two below the brim: requests do not arrive as evenly as they are sent.
        let room = (f64::from(bucket.burst) - 2.0).max(1.0);
        let over = self.level_at(bucket, now) + 1.0 - room;
        // A drain so slow that no time can say it lasts for ever.
        Duration::try_from_secs_f64((over / bucket.per_second).max(0.0)).unwrap_or(Duration::MAX)
    }

    /// Counts a request.
    pub fn sent(&mut self, bucket: Bucket, now: DateTime<Utc>) {
        self.level = self.level_at(bucket, now) + 1.0;
        self.filled_at = now;
    }

    /// The portal says that the bucket is full: somebody else fills it too.
    pub fn full(&mut self, bucket: Bucket, now: DateTime<Utc>) {
        self.level = f64::from(bucket.burst);
        self.filled_at = now;
    }

    fn level_at(&self, bucket: Bucket, now: DateTime<Utc>) -> f64 {
        let seconds = seconds(now - self.filled_at).max(0.0);
        (self.level - seconds * bucket.per_second).max(0.0)
    }

    /// Until when a call of the method has to wait, if it has to.
    pub fn blocked(&self, method: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let known = self.methods.get(method)?;
        let spent = if known.operating >= BUDGET { known.resets_at } else { DateTime::default() };
        let blocked = [known.blocked_until, spent].into_iter();
        // The portal's window is ten minutes: a later time was written by another clock.
        blocked.filter(|until| *until > now && *until <= now + WINDOW).max()
    }

    /// Takes note of `operating` and `operating_reset_at` (Unix time) from an answer.
    pub fn charged(&mut self, method: &str, operating: f64, resets_at: Option<i64>) {
        let known = self.methods.entry(method.to_owned()).or_default();
        known.operating = operating;
        known.resets_at = resets_at.and_then(|at| DateTime::from_timestamp(at, 0)).unwrap_or(known.resets_at);
    }

    /// The most seconds of the portal's window that one of these methods has used.
    pub fn operating(&self, of: impl Fn(&str) -> bool) -> f64 {
        let methods = self.methods.iter().filter(|(name, _)| of(name));
        methods.map(|(_, known)| known.operating).fold(0.0, f64::max)
    }

    /// The portal refused the method for its time budget.
    pub fn over_budget(&mut self, method: &str, now: DateTime<Utc>) {
        let known = self.methods.entry(method.to_owned()).or_default();
        let announced = Some(known.resets_at).filter(|at| *at > now && *at < now + TimeDelta::minutes(10));
        known.blocked_until = announced.unwrap_or(now + BLOCKED) + TimeDelta::seconds(1);
    }

    /// How many commands of a method to send together.
    pub fn batch(&self, method: &str, most: usize) -> usize {
        match self.methods.get(method) {
            Some(known) if known.batch > 0 => known.batch.min(most),
            _ => FIRST_BATCH.min(most),
        }
    }

    /// Learns from a batch that took `wall`: the next one may be twice as long, and as long as fits `target`.
    pub fn took(&mut self, method: &str, commands: usize, wall: Duration, target: Duration) {
        let known = self.methods.entry(method.to_owned()).or_default();
        known.seconds = wall.as_secs_f64() / commands.max(1) as f64;
        let fitting = (target.as_secs_f64() / known.seconds.max(1e-6)).min(1000.0) as usize;
        let before = if known.batch == 0 { FIRST_BATCH } else { known.batch };
        known.batch = fitting.clamp(1, before * 2).min(super::batch::MOST);
    }

    /// A batch without an answer may have been too long for the portal.
    pub fn lost(&mut self, method: &str) {
        let known = self.methods.entry(method.to_owned()).or_default();
        let before = if known.batch == 0 { FIRST_BATCH } else { known.batch };
        known.batch = (before / 2).max(1);
    }
}

fn seconds(delta: TimeDelta) -> f64 {
    delta.num_milliseconds() as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUCKET: Bucket = Bucket { per_second: 2.0, burst: 50 };

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap()
    }

    #[test]
    fn the_bucket_is_never_overrun_and_then_drains_two_a_second() {
        let mut pace = Pace::default();
        for _ in 0..48 {
            assert_eq!(pace.wait(BUCKET, at(0)), Duration::ZERO);
            pace.sent(BUCKET, at(0));
        }
        assert_eq!(pace.wait(BUCKET, at(0)), Duration::from_millis(500));
        assert_eq!(pace.wait(BUCKET, at(1)), Duration::ZERO);
    }

    #[test]
    fn a_bucket_that_hardly_drains_is_waited_for_without_end() {
        let slow = Bucket { per_second: 1e-300, burst: 1 };
        let mut pace = Pace::default();
        pace.sent(slow, at(0));
        assert_eq!(pace.wait(slow, at(1)), Duration::MAX);
    }

    #[test]
    fn a_clock_that_went_back_drains_nothing() {
        let mut pace = Pace::default();
        pace.full(BUCKET, at(100));
        assert!(pace.wait(BUCKET, at(0)) > Duration::ZERO);
    }

    #[test]
    fn a_method_is_left_alone_before_the_portal_blocks_it() {
        let mut pace = Pace::default();
        pace.charged("crm.deal.add", 379.0, Some(at(60).timestamp()));
        assert_eq!(pace.blocked("crm.deal.add", at(0)), None);
        pace.charged("crm.deal.add", 381.0, Some(at(60).timestamp()));
        assert_eq!(pace.blocked("crm.deal.add", at(0)), Some(at(60)));
        assert_eq!(pace.blocked("crm.contact.add", at(0)), None);
    }

    #[test]
    fn a_blocked_method_waits_for_five_minutes_when_the_portal_does_not_say() {
        let mut pace = Pace::default();
        pace.over_budget("batch", at(0));
        assert_eq!(pace.blocked("batch", at(0)), Some(at(301)));
        assert_eq!(pace.blocked("batch", at(302)), None);
    }

    #[test]
    fn batches_grow_to_what_fits_the_target_and_shrink_with_a_slow_portal() {
        let mut pace = Pace::default();
        let target = Duration::from_secs(20);
        assert_eq!(pace.batch("m", 50), 10);
        pace.took("m", 10, Duration::from_secs(1), target);
        assert_eq!(pace.batch("m", 50), 20);
        pace.took("m", 20, Duration::from_secs(40), target);
        assert_eq!(pace.batch("m", 50), 10);
        pace.lost("m");
        assert_eq!(pace.batch("m", 50), 5);
    }
}
