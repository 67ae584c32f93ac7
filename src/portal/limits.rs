//! The portal's limits as numbers: the leaky bucket, the time budget of each method, the length of a batch.
//!
//! Pure: time is passed in. What is learned is kept in the state from run to run (docs/bitrix24.md, Limits).

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::unanswered::Unanswered;

/// The portal blocks a method at 420 to 480 seconds; the number is not published. A method whose commands nobody knows
/// the price of stops here, because its next batch may be a long one.
const BUDGET: f64 = 380.0;
/// A method whose price is known comes this far, in batches that end here.
const SOFT_LIMIT: f64 = 400.0;
/// A batch that was made up before its price was known may come this far.
const HARD_LIMIT: f64 = 410.0;
/// What a batch may cost while nobody knows how much of the window has dropped out: it finds that out.
const PROBE_SECONDS: f64 = 5.0;
/// The portal cuts a request here, so no batch costs more.
const MAX_REQUEST: f64 = 60.0;
/// The part of the time that a method may work in the long run, carefully.
pub const SUSTAINED_SHARE: f64 = BUDGET / 600.0;
/// No block of the portal lasts longer, give or take a clock.
const WINDOW: TimeDelta = TimeDelta::minutes(11);
/// Seconds that a request waits behind those of other programs at most.
const LONGEST_QUEUE: f64 = 60.0;
/// The newest portals block for so long, whatever they announce.
const BLOCKED: TimeDelta = TimeDelta::seconds(300);
/// A first batch; later ones follow the portal's speed.
const FIRST_BATCH: usize = 10;

/// What is known of the portal's limits.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RateLimits {
    /// Requests in the leaky bucket at `filled_at`.
    level: f64,
    filled_at: DateTime<Utc>,
    methods: BTreeMap<String, MethodBudget>,
    labels: BTreeMap<String, BatchProfile>,
}

/// The time budget of a method.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct MethodBudget {
    /// Seconds charged in the portal's window of ten minutes.
    operating: f64,
    /// When the oldest part of them drops out.
    resets_at: DateTime<Utc>,
    /// No call before this.
    blocked_until: DateTime<Utc>,
    /// Seconds charged for one command, as last seen; 0 is unknown.
    each: f64,
    /// What calls used since `operating` was told that had no answer.
    unanswered: Unanswered,
}

/// Batches of one label: they are alike, so each tells how long the next may be.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct BatchProfile {
    /// Commands that may be sent together next time.
    batch: usize,
    /// The methods of the last batch, and each one's part of the commands.
    parts: BTreeMap<String, f64>,
}

impl Default for BatchProfile {
    fn default() -> BatchProfile {
        BatchProfile { batch: FIRST_BATCH, parts: BTreeMap::new() }
    }
}

/// What a method has used of its budget.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Used {
    /// Seconds charged in the portal's window.
    pub seconds: f64,
    /// Until when that holds.
    pub resets_at: DateTime<Utc>,
}

/// The bucket's size and drain.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Bucket {
    /// Requests that drain in a second.
    pub per_second: f64,
    /// Requests that it holds.
    pub burst: u32,
}

impl RateLimits {
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
    pub fn assume_bucket_full(&mut self, bucket: Bucket, now: DateTime<Utc>) {
        self.level = f64::from(bucket.burst);
        self.filled_at = now;
    }

    /// The level alone, as long as the programs of one host can have filled it so far; none where they cannot.
    pub(super) fn plausible(self, bucket: Bucket) -> Option<RateLimits> {
        // Each program waits for one request at a time.
        let most = f64::from(bucket.burst) + bucket.per_second * LONGEST_QUEUE;
        let RateLimits { level, filled_at, .. } = self;
        (0.0..=most).contains(&level).then(|| RateLimits { level, filled_at, ..RateLimits::default() })
    }

    fn level_at(&self, bucket: Bucket, now: DateTime<Utc>) -> f64 {
        let seconds = seconds(now - self.filled_at).max(0.0);
        (self.level - seconds * bucket.per_second).max(0.0)
    }

    /// Until when a request with so many calls of the method has to wait, if it has to.
    pub fn blocked(&self, method: &str, calls: usize, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let known = self.methods.get(method)?;
        let price = (known.each * calls as f64).min(MAX_REQUEST);
        let is_spent = if known.each > 0.0 {
            known.operating + known.each > SOFT_LIMIT || known.operating + price > HARD_LIMIT
        } else {
            known.operating >= BUDGET
        };
        let spent = if is_spent { known.resets_at } else { DateTime::default() };
        let room = if known.each > 0.0 { SOFT_LIMIT - price.max(known.each) } else { BUDGET };
        let drained = known.unanswered.drained_to(room, now).unwrap_or_default();
        let blocked = [known.blocked_until, spent, drained].into_iter();
        // The portal's window is ten minutes: a later time was written by another clock.
        blocked.filter(|until| *until > now && *until <= now + WINDOW).max()
    }

    /// How many commands the method's budget has room for.
    fn room(&self, method: &str, now: DateTime<Utc>) -> f64 {
        let Some(known) = self.methods.get(method).filter(|known| known.each > 0.0) else {
            return f64::INFINITY;
        };
        let left = SOFT_LIMIT - known.operating - known.unanswered.seconds();
        let is_current = known.resets_at > now && known.resets_at <= now + WINDOW;
        (if is_current { left } else { left.max(PROBE_SECONDS) }) / known.each
    }

    /// Takes note of `operating` and `operating_reset_at` (Unix time) from an answer.
    pub fn record_charge(
        &mut self,
        method: &str,
        operating: f64,
        resets_at: Option<i64>,
        now: DateTime<Utc>,
    ) {
        let known = self.methods.entry(method.to_owned()).or_default();
        known.operating = operating;
        known.unanswered = Unanswered::told(operating, now);
        known.resets_at = resets_at.and_then(|at| DateTime::from_timestamp(at, 0)).unwrap_or(known.resets_at);
    }

    /// Counts a request that took `wall` and was not answered: the portal charges it all the same. Which of its methods
    /// took the time nobody tells, so it counts for each. A portal that told of no budget has none.
    pub fn record_unanswered<'m>(
        &mut self,
        methods: impl Iterator<Item = &'m str>,
        wall: Duration,
        now: DateTime<Utc>,
    ) {
        if self.methods.values().all(|known| known.resets_at == DateTime::<Utc>::default()) {
            return;
        }
        let seconds = wall.as_secs_f64().min(MAX_REQUEST);
        for method in methods {
            self.methods.entry(method.to_owned()).or_default().unanswered.add(seconds, now);
        }
    }

    /// Learns the price of a method from a batch with so many calls of it, all of them [`RateLimits::record_charge`]: `first` is
    /// what `operating` was after the first of them, `before` what it was before the batch.
    pub fn record_cost(&mut self, method: &str, calls: usize, first: f64, before: Used) {
        let known = self.methods.entry(method.to_owned()).or_default();
        let (from, calls) = if before.resets_at == known.resets_at {
            (before.seconds, calls)
        } else {
            (first, calls.saturating_sub(1))
        };
        if calls > 0 && known.operating >= from {
            let new = (known.operating - from) / calls as f64;
            // Dearer at once, cheaper by and by.
            known.each = new.max(known.each * 0.7 + new * 0.3);
        }
    }

    /// What the method has used, as last seen, with what was not answered since.
    pub fn used(&self, method: &str) -> Used {
        let used = |known: &MethodBudget| Used {
            seconds: known.operating + known.unanswered.seconds(),
            resets_at: known.resets_at,
        };
        self.methods.get(method).map(used).unwrap_or_default()
    }

    /// Remembers which methods a batch of this label calls, and how often.
    pub fn record_composition(&mut self, label: &str, calls: &BTreeMap<&str, usize>) {
        let all = calls.values().sum::<usize>().max(1) as f64;
        let parts = calls.iter().map(|(method, calls)| ((*method).to_owned(), *calls as f64 / all));
        self.labels.entry(label.to_owned()).or_default().parts = parts.collect();
    }

    /// The most seconds of the portal's window that one of these methods has used.
    pub fn operating(&self, of: impl Fn(&str) -> bool) -> f64 {
        let methods = self.methods.iter().filter(|(name, _)| of(name));
        methods.map(|(_, known)| known.operating).fold(0.0, f64::max)
    }

    /// The portal refused the method for its time budget.
    pub fn over_budget(&mut self, method: &str, now: DateTime<Utc>) {
        let known = self.methods.entry(method.to_owned()).or_default();
        let announced = Some(known.resets_at).filter(|at| *at < now + TimeDelta::minutes(10));
        known.blocked_until = announced.unwrap_or(now).max(now + BLOCKED) + TimeDelta::seconds(1);
    }

    /// How many commands of a label to send together: no more than the budgets of its methods have room for.
    pub fn batch(&self, label: &str, most: usize, now: DateTime<Utc>) -> usize {
        let Some(known) = self.labels.get(label) else { return FIRST_BATCH.min(most) };
        let rooms = known.parts.iter().map(|(method, part)| self.room(method, now) / part);
        let room = rooms.fold(f64::INFINITY, f64::min).clamp(1.0, super::batch::MAX_COMMANDS as f64) as usize;
        known.batch.min(most).min(room)
    }

    /// Learns from a batch that took `wall`: the next one may be twice as long, and as long as fits `target`.
    pub fn record_duration(&mut self, label: &str, commands: usize, wall: Duration, target: Duration) {
        let known = self.labels.entry(label.to_owned()).or_default();
        let seconds = wall.as_secs_f64() / commands.max(1) as f64;
        let fitting = (target.as_secs_f64() / seconds.max(1e-6)).min(1000.0) as usize;
        known.batch = fitting.clamp(1, known.batch * 2).min(super::batch::MAX_COMMANDS);
    }

    /// A batch without an answer may have been too long for the portal.
    pub fn lost(&mut self, label: &str) {
        let known = self.labels.entry(label.to_owned()).or_default();
        known.batch = (known.batch / 2).max(1);
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
        let mut pace = RateLimits::default();
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
        let mut pace = RateLimits::default();
        pace.sent(slow, at(0));
        assert_eq!(pace.wait(slow, at(1)), Duration::MAX);
    }

    #[test]
    fn a_clock_that_went_back_drains_nothing() {
        let mut pace = RateLimits::default();
        pace.assume_bucket_full(BUCKET, at(100));
        assert!(pace.wait(BUCKET, at(0)) > Duration::ZERO);
    }

    #[test]
    fn a_method_is_left_alone_before_the_portal_blocks_it() {
        let mut pace = RateLimits::default();
        pace.record_charge("crm.deal.add", 379.0, Some(at(60).timestamp()), at(0));
        assert_eq!(pace.blocked("crm.deal.add", 1, at(0)), None);
        pace.record_charge("crm.deal.add", 381.0, Some(at(60).timestamp()), at(0));
        assert_eq!(pace.blocked("crm.deal.add", 1, at(0)), Some(at(60)));
        assert_eq!(pace.blocked("crm.contact.add", 1, at(0)), None);
    }

    #[test]
    fn a_blocked_method_waits_for_five_minutes_when_the_portal_does_not_say() {
        let mut pace = RateLimits::default();
        pace.over_budget("batch", at(0));
        assert_eq!(pace.blocked("batch", 1, at(0)), Some(at(301)));
        assert_eq!(pace.blocked("batch", 1, at(302)), None);
    }

    #[test]
    fn a_ban_lasts_until_what_is_announced_and_five_minutes_at_least() {
        for (announced, ends) in [(60, 301), (400, 401), (-5, 301), (900, 301)] {
            let mut pace = RateLimits::default();
            pace.record_charge("batch", 420.0, Some(at(announced).timestamp()), at(0));
            pace.over_budget("batch", at(0));
            let known = &pace.methods["batch"];
            assert_eq!(known.blocked_until, at(ends), "announced {announced}");
        }
    }

    #[test]
    fn batches_grow_to_what_fits_the_target_and_shrink_with_a_slow_portal() {
        let mut pace = RateLimits::default();
        let target = Duration::from_secs(20);
        assert_eq!(pace.batch("m", 50, at(0)), 10);
        pace.record_duration("m", 10, Duration::from_secs(1), target);
        assert_eq!(pace.batch("m", 50, at(0)), 20);
        pace.record_duration("m", 20, Duration::from_secs(40), target);
        assert_eq!(pace.batch("m", 50, at(0)), 10);
        pace.lost("m");
        assert_eq!(pace.batch("m", 50, at(0)), 5);
    }

    /// A batch of twenty that charges half a second for each.
    fn after_a_batch(operating: f64, resets_at: i64) -> RateLimits {
        let mut pace = RateLimits::default();
        let calls = BTreeMap::from([("crm.deal.add", 20)]);
        pace.record_composition("booking", &calls);
        pace.record_duration("booking", 50, Duration::from_secs(10), Duration::from_secs(20));
        pace.record_duration("booking", 50, Duration::from_secs(10), Duration::from_secs(20));
        pace.record_duration("booking", 50, Duration::from_secs(10), Duration::from_secs(20));
        pace.record_charge("crm.deal.add", operating, Some(at(resets_at).timestamp()), at(0));
        pace.record_cost(
            "crm.deal.add",
            20,
            operating - 9.5,
            Used { seconds: operating - 10.0, resets_at: at(resets_at) },
        );
        pace
    }

    #[test]
    fn a_batch_is_shortened_to_what_the_budget_has_room_for() {
        assert_eq!(after_a_batch(300.0, 60).batch("booking", 50, at(0)), 50);
        assert_eq!(after_a_batch(395.0, 60).batch("booking", 50, at(0)), 10);
        assert_eq!(after_a_batch(395.0, 60).blocked("crm.deal.add", 10, at(0)), None);
    }

    #[test]
    fn a_method_without_room_for_one_more_call_waits() {
        assert_eq!(after_a_batch(399.8, 60).blocked("crm.deal.add", 1, at(0)), Some(at(60)));
    }

    #[test]
    fn a_batch_that_was_made_up_too_long_waits() {
        let pace = after_a_batch(390.0, 60);
        assert_eq!(pace.blocked("crm.deal.add", 40, at(0)), None);
        assert_eq!(pace.blocked("crm.deal.add", 41, at(0)), Some(at(60)));
    }

    #[test]
    fn the_first_batch_after_a_reset_finds_out_how_much_dropped_out_of_the_window() {
        let pace = after_a_batch(400.0, 60);
        assert_eq!(pace.blocked("crm.deal.add", 10, at(60)), None);
        assert_eq!(pace.batch("booking", 50, at(60)), 10);
    }

    #[test]
    fn a_price_rises_at_once_and_falls_by_and_by() {
        let mut pace = after_a_batch(300.0, 60);
        let mut next = |seconds: f64| {
            let before = pace.used("m").seconds;
            pace.record_charge("m", before + seconds, Some(at(60).timestamp()), at(0));
            pace.record_cost("m", 10, before, Used { seconds: before, resets_at: at(60) });
            pace.methods["m"].each
        };
        assert!((next(10.0) - 1.0).abs() < 1e-9);
        assert!((next(20.0) - 2.0).abs() < 1e-9);
        assert!((next(10.0) - 1.7).abs() < 1e-9);
    }
}
