//! The portal's limits as numbers: the leaky bucket, the time budget of each method, the length of
//! a batch.
//!
//! Pure: time is passed in. What is learned is kept in the state from run to run (docs/bitrix24.md,
//! Limits).

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::batch::MAX_COMMANDS;
use super::unanswered::Unanswered;
use crate::config::PortalConfig;

/// The portal blocks a method at 420 to 480 seconds; the number is not published. A method whose
/// cost per call is unknown stops here, because its next batch may be a long one.
const BUDGET: f64 = 380.0;
/// Batches of a method whose cost is known end here.
const SOFT_LIMIT: f64 = 400.0;
/// A batch that was composed before its cost was known may come this far.
const HARD_LIMIT: f64 = 410.0;
/// What a batch may cost that finds out how much has dropped out of the window.
const PROBE_SECONDS: f64 = 5.0;
/// The portal cuts a request here, so no batch costs more.
const MAX_REQUEST: f64 = 60.0;
/// The part of the time that a method may work in the long run, carefully.
pub const SUSTAINED_SHARE: f64 = BUDGET / 600.0;
/// The portal's window of ten minutes and a minute for differences of clocks. No block lasts
/// longer.
const WINDOW: TimeDelta = TimeDelta::minutes(11);
/// The longest time in seconds that a request waits behind those of other programs.
const LONGEST_QUEUE: f64 = 60.0;
/// The newest portals block for so long, whatever they announce.
const BLOCKED: TimeDelta = TimeDelta::seconds(300);
/// The first batch of a label. Later ones follow the portal's speed.
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
    /// Seconds charged for one call, as last seen; 0 is unknown.
    #[serde(rename = "each")]
    cost_per_call: f64,
    /// What calls without an answer have used since `operating` was told.
    unanswered: Unanswered,
}

/// The batches of one label. They are alike, so each shows how long the next may be.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct BatchProfile {
    /// Commands that may be sent together next time.
    batch: usize,
    /// The methods of the last batch, and the share of each in its commands.
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

/// What the calls of one method in a batch have cost.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Cost {
    /// How many calls the batch made.
    pub calls: usize,
    /// What the method had used before the batch.
    pub before: Used,
    /// The seconds that it had used after the first call.
    pub after_first: f64,
}

/// The bucket's size and drain.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Bucket {
    /// Requests that drain in a second.
    pub per_second: f64,
    /// Requests that it holds.
    pub burst: u32,
}

/// That of the plan Enterprise. No portal has a larger one.
const LARGEST_BUCKET: Bucket = Bucket { per_second: 5.0, burst: 250 };

impl Bucket {
    /// As the configuration has it.
    pub(super) fn of_portal(config: &PortalConfig) -> Bucket {
        Bucket { per_second: config.requests_per_second, burst: config.burst }
    }

    /// The highest level to which the programs of one host fill it: each waits for one request at a
    /// time.
    fn highest_level(self) -> f64 {
        f64::from(self.burst) + self.per_second * LONGEST_QUEUE
    }
}

/// How the leaky bucket fills and drains.
impl RateLimits {
    /// How long to wait before the next request. A clock that went back drains nothing.
    pub fn wait(&self, bucket: Bucket, now: DateTime<Utc>) -> Duration {
        // Two less than it holds: requests do not arrive as evenly as they are sent.
        let room = (f64::from(bucket.burst) - 2.0).max(1.0);
        let excess = self.level_at(bucket, now) + 1.0 - room;
        // A drain that is too slow for a duration lasts for ever.
        Duration::try_from_secs_f64((excess / bucket.per_second).max(0.0)).unwrap_or(Duration::MAX)
    }

    /// Counts a request in the bucket.
    pub fn record_request(&mut self, bucket: Bucket, now: DateTime<Utc>) {
        self.level = self.level_at(bucket, now) + 1.0;
        self.filled_at = now;
    }

    /// The portal says that the bucket is full: somebody else fills it too.
    pub fn assume_bucket_full(&mut self, bucket: Bucket, now: DateTime<Utc>) {
        self.level = f64::from(bucket.burst);
        self.filled_at = now;
    }

    /// The level alone; none where the programs of one host cannot have filled any bucket so far.
    /// Another hotel may have a larger one than this.
    pub(super) fn plausible(self, bucket: Bucket) -> Option<RateLimits> {
        let highest = bucket.highest_level().max(LARGEST_BUCKET.highest_level());
        let RateLimits { level, filled_at, .. } = self;
        (0.0..=highest).contains(&level).then(|| RateLimits {
            level,
            filled_at,
            ..RateLimits::default()
        })
    }

    /// How long to wait where other programs fill the bucket too. One with a larger bucket fills it
    /// higher than this one can be filled, which then is full.
    pub(super) fn shared_wait(&self, bucket: Bucket, now: DateTime<Utc>) -> Duration {
        let mut seen = self.clone();
        if seen.level_at(bucket, now) > bucket.highest_level() {
            seen.assume_bucket_full(bucket, now);
        }
        seen.wait(bucket, now)
    }

    fn level_at(&self, bucket: Bucket, now: DateTime<Utc>) -> f64 {
        let seconds = (now - self.filled_at).num_milliseconds().max(0) as f64 / 1000.0;
        (self.level - seconds * bucket.per_second).max(0.0)
    }
}

/// The time budgets of the methods.
impl RateLimits {
    /// Until when a request with so many calls of the method has to wait; none where it may go.
    pub fn blocked(&self, method: &str, calls: usize, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let budget = self.methods.get(method)?;
        let spent_until = budget.is_spent(calls).then_some(budget.resets_at);
        let drained_at = budget.unanswered.drained_to(budget.limit_before(calls), now);
        let times = [Some(budget.blocked_until), spent_until, drained_at].into_iter().flatten();
        // A time beyond the portal's window was written by another clock.
        times.filter(|until| *until > now && *until <= now + WINDOW).max()
    }

    /// Saves `operating` and `operating_reset_at` (Unix time) of an answer.
    pub fn record_charge(
        &mut self,
        method: &str,
        operating: f64,
        resets_at: Option<i64>,
        now: DateTime<Utc>,
    ) {
        let budget = self.budget(method);
        budget.operating = operating;
        budget.unanswered = Unanswered::after_answer(operating, now);
        if let Some(resets_at) = resets_at.and_then(|at| DateTime::from_timestamp(at, 0)) {
            budget.resets_at = resets_at;
        }
    }

    /// Counts a request that took this time and was not answered, because the portal charges it as
    /// any other. It is unknown which of its methods took the time, so it counts for each. A portal
    /// that never told of a budget has none.
    pub fn record_unanswered<'m>(
        &mut self,
        methods: impl Iterator<Item = &'m str>,
        took: Duration,
        now: DateTime<Utc>,
    ) {
        if self.methods.values().all(|budget| budget.resets_at == DateTime::<Utc>::default()) {
            return;
        }
        let seconds = took.as_secs_f64().min(MAX_REQUEST);
        for method in methods {
            self.budget(method).unanswered.add(seconds, now);
        }
    }

    /// Learns what a call of the method costs. Each call has been given to
    /// [`RateLimits::record_charge`] before.
    pub fn record_cost(&mut self, method: &str, cost: Cost) {
        let budget = self.budget(method);
        // Where a part dropped out of the window, what was used before the batch says nothing.
        let (base, calls) = if cost.before.resets_at == budget.resets_at {
            (cost.before.seconds, cost.calls)
        } else {
            (cost.after_first, cost.calls.saturating_sub(1))
        };
        if calls > 0 && budget.operating >= base {
            let new = (budget.operating - base) / calls as f64;
            // A higher cost counts at once, a lower one little by little.
            budget.cost_per_call = new.max(budget.cost_per_call * 0.7 + new * 0.3);
        }
    }

    /// What the method has used, as last seen, with the calls without an answer since then.
    pub fn used(&self, method: &str) -> Used {
        match self.methods.get(method) {
            Some(budget) => {
                let seconds = budget.operating + budget.unanswered.seconds();
                Used { seconds, resets_at: budget.resets_at }
            }
            None => Used::default(),
        }
    }

    /// The seconds that the method among these has used which has used most.
    pub fn operating(&self, is_meant: impl Fn(&str) -> bool) -> f64 {
        let methods = self.methods.iter().filter(|(name, _)| is_meant(name));
        methods.map(|(_, budget)| budget.operating).fold(0.0, f64::max)
    }

    /// The portal refused the method because its time budget is used up.
    pub fn record_exceeded_budget(&mut self, method: &str, now: DateTime<Utc>) {
        let budget = self.budget(method);
        let announced = Some(budget.resets_at).filter(|at| *at < now + TimeDelta::minutes(10));
        budget.blocked_until = announced.unwrap_or(now).max(now + BLOCKED) + TimeDelta::seconds(1);
    }

    fn budget(&mut self, method: &str) -> &mut MethodBudget {
        self.methods.entry(method.to_owned()).or_default()
    }

    /// How many calls the method's budget has room for.
    fn room(&self, method: &str, now: DateTime<Utc>) -> f64 {
        let Some(budget) = self.methods.get(method).filter(|budget| budget.cost_per_call > 0.0)
        else {
            return f64::INFINITY;
        };
        let left = SOFT_LIMIT - budget.operating - budget.unanswered.seconds();
        let is_current = budget.resets_at > now && budget.resets_at <= now + WINDOW;
        let seconds = if is_current { left } else { left.max(PROBE_SECONDS) };
        seconds / budget.cost_per_call
    }
}

impl MethodBudget {
    /// Whether so many calls more are too many.
    fn is_spent(&self, calls: usize) -> bool {
        if self.cost_per_call <= 0.0 {
            return self.operating >= BUDGET;
        }
        let cost = self.cost_of(calls);
        self.operating + self.cost_per_call > SOFT_LIMIT || self.operating + cost > HARD_LIMIT
    }

    /// The seconds that may be used before so many calls.
    fn limit_before(&self, calls: usize) -> f64 {
        if self.cost_per_call <= 0.0 {
            return BUDGET;
        }
        SOFT_LIMIT - self.cost_of(calls).max(self.cost_per_call)
    }

    fn cost_of(&self, calls: usize) -> f64 {
        (self.cost_per_call * calls as f64).min(MAX_REQUEST)
    }
}

/// The length of a batch.
impl RateLimits {
    /// How many commands of a label to send together: no more than the budgets of its methods have
    /// room for.
    pub fn batch_size(&self, label: &str, limit: usize, now: DateTime<Utc>) -> usize {
        let Some(profile) = self.labels.get(label) else { return FIRST_BATCH.min(limit) };
        let rooms = profile.parts.iter().map(|(method, share)| self.room(method, now) / share);
        let room = rooms.fold(f64::INFINITY, f64::min).clamp(1.0, MAX_COMMANDS as f64) as usize;
        profile.batch.min(limit).min(room)
    }

    /// Saves which methods a batch of this label calls, and how often.
    pub fn record_composition(&mut self, label: &str, calls: &BTreeMap<&str, usize>) {
        let all = calls.values().sum::<usize>().max(1) as f64;
        let parts = calls.iter().map(|(method, calls)| ((*method).to_owned(), *calls as f64 / all));
        self.profile(label).parts = parts.collect();
    }

    /// Learns from a batch: the next one may be twice as long, as long as it fits `target`.
    pub fn record_duration(
        &mut self,
        label: &str,
        commands: usize,
        took: Duration,
        target: Duration,
    ) {
        let profile = self.profile(label);
        let seconds = took.as_secs_f64() / commands.max(1) as f64;
        let fitting = (target.as_secs_f64() / seconds.max(1e-6)).min(1000.0) as usize;
        profile.batch = fitting.clamp(1, profile.batch * 2).min(MAX_COMMANDS);
    }

    /// A batch without an answer may have been too long for the portal.
    pub fn record_lost_batch(&mut self, label: &str) {
        let profile = self.profile(label);
        profile.batch = (profile.batch / 2).max(1);
    }

    fn profile(&mut self, label: &str) -> &mut BatchProfile {
        self.labels.entry(label.to_owned()).or_default()
    }
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
        let mut limits = RateLimits::default();
        for _ in 0..48 {
            assert_eq!(limits.wait(BUCKET, at(0)), Duration::ZERO);
            limits.record_request(BUCKET, at(0));
        }
        assert_eq!(limits.wait(BUCKET, at(0)), Duration::from_millis(500));
        assert_eq!(limits.wait(BUCKET, at(1)), Duration::ZERO);
    }

    #[test]
    fn a_bucket_that_hardly_drains_is_waited_for_without_end() {
        let slow = Bucket { per_second: 1e-300, burst: 1 };
        let mut limits = RateLimits::default();
        limits.record_request(slow, at(0));
        assert_eq!(limits.wait(slow, at(1)), Duration::MAX);
    }

    #[test]
    fn a_clock_that_went_back_drains_nothing() {
        let mut limits = RateLimits::default();
        limits.assume_bucket_full(BUCKET, at(100));
        assert!(limits.wait(BUCKET, at(0)) > Duration::ZERO);
    }

    #[test]
    fn a_method_is_left_alone_before_the_portal_blocks_it() {
        let mut limits = RateLimits::default();
        limits.record_charge("crm.deal.add", 379.0, Some(at(60).timestamp()), at(0));
        assert_eq!(limits.blocked("crm.deal.add", 1, at(0)), None);
        limits.record_charge("crm.deal.add", 381.0, Some(at(60).timestamp()), at(0));
        assert_eq!(limits.blocked("crm.deal.add", 1, at(0)), Some(at(60)));
        assert_eq!(limits.blocked("crm.contact.add", 1, at(0)), None);
    }

    #[test]
    fn a_blocked_method_waits_for_five_minutes_when_the_portal_does_not_say() {
        let mut limits = RateLimits::default();
        limits.record_exceeded_budget("batch", at(0));
        assert_eq!(limits.blocked("batch", 1, at(0)), Some(at(301)));
        assert_eq!(limits.blocked("batch", 1, at(302)), None);
    }

    #[test]
    fn a_ban_lasts_until_what_is_announced_and_five_minutes_at_least() {
        for (announced, ends) in [(60, 301), (400, 401), (-5, 301), (900, 301)] {
            let mut limits = RateLimits::default();
            limits.record_charge("batch", 420.0, Some(at(announced).timestamp()), at(0));
            limits.record_exceeded_budget("batch", at(0));
            let budget = &limits.methods["batch"];
            assert_eq!(budget.blocked_until, at(ends), "announced {announced}");
        }
    }

    #[test]
    fn batches_grow_to_what_fits_the_target_and_shrink_with_a_slow_portal() {
        let mut limits = RateLimits::default();
        let target = Duration::from_secs(20);
        assert_eq!(limits.batch_size("m", 50, at(0)), 10);
        limits.record_duration("m", 10, Duration::from_secs(1), target);
        assert_eq!(limits.batch_size("m", 50, at(0)), 20);
        limits.record_duration("m", 20, Duration::from_secs(40), target);
        assert_eq!(limits.batch_size("m", 50, at(0)), 10);
        limits.record_lost_batch("m");
        assert_eq!(limits.batch_size("m", 50, at(0)), 5);
    }

    /// A batch of twenty that charges half a second for each.
    fn after_a_batch(operating: f64, resets_at: i64) -> RateLimits {
        let mut limits = RateLimits::default();
        let calls = BTreeMap::from([("crm.deal.add", 20)]);
        limits.record_composition("booking", &calls);
        limits.record_duration("booking", 50, Duration::from_secs(10), Duration::from_secs(20));
        limits.record_duration("booking", 50, Duration::from_secs(10), Duration::from_secs(20));
        limits.record_duration("booking", 50, Duration::from_secs(10), Duration::from_secs(20));
        limits.record_charge("crm.deal.add", operating, Some(at(resets_at).timestamp()), at(0));
        limits.record_cost(
            "crm.deal.add",
            Cost {
                calls: 20,
                before: Used { seconds: operating - 10.0, resets_at: at(resets_at) },
                after_first: operating - 9.5,
            },
        );
        limits
    }

    #[test]
    fn a_batch_is_shortened_to_what_the_budget_has_room_for() {
        assert_eq!(after_a_batch(300.0, 60).batch_size("booking", 50, at(0)), 50);
        assert_eq!(after_a_batch(395.0, 60).batch_size("booking", 50, at(0)), 10);
        assert_eq!(after_a_batch(395.0, 60).blocked("crm.deal.add", 10, at(0)), None);
    }

    #[test]
    fn a_method_without_room_for_one_more_call_waits() {
        assert_eq!(after_a_batch(399.8, 60).blocked("crm.deal.add", 1, at(0)), Some(at(60)));
    }

    #[test]
    fn a_batch_that_was_made_up_too_long_waits() {
        let limits = after_a_batch(390.0, 60);
        assert_eq!(limits.blocked("crm.deal.add", 40, at(0)), None);
        assert_eq!(limits.blocked("crm.deal.add", 41, at(0)), Some(at(60)));
    }

    #[test]
    fn the_first_batch_after_a_reset_finds_out_how_much_dropped_out_of_the_window() {
        let limits = after_a_batch(400.0, 60);
        assert_eq!(limits.blocked("crm.deal.add", 10, at(60)), None);
        assert_eq!(limits.batch_size("booking", 50, at(60)), 10);
    }

    #[test]
    fn a_price_rises_at_once_and_falls_by_and_by() {
        let mut limits = after_a_batch(300.0, 60);
        let mut next = |seconds: f64| {
            let before = limits.used("m").seconds;
            limits.record_charge("m", before + seconds, Some(at(60).timestamp()), at(0));
            let used = Used { seconds: before, resets_at: at(60) };
            limits.record_cost("m", Cost { calls: 10, before: used, after_first: before });
            limits.methods["m"].cost_per_call
        };
        assert!((next(10.0) - 1.0).abs() < 1e-9);
        assert!((next(20.0) - 2.0).abs() < 1e-9);
        assert!((next(10.0) - 1.7).abs() < 1e-9);
    }
}
