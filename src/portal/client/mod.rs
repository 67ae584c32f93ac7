//! Every request goes through the client, which keeps the portal's limits.
//!
//! It waits where the limits ask for it, as long as the run may still wait. It repeats a call that
//! the portal says it did not execute, and never one that may have taken effect.

mod charges;
mod questions;

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::batch::{Batch, Command, Reply};
use super::{CallError, ErrorClass, Portal, Response};
use crate::config::PortalConfig;
use crate::domain::messages::{Message, PortalMessage};
use crate::domain::run_error::{Result, RunError};
use crate::platform::clock::{Clock, saturating_add};
use crate::portal::limits::{Bucket, RateLimits};
use crate::portal::shared_bucket::SharedBucket;

/// How often a request is sent that the portal says it did not execute.
const ATTEMPTS: u32 = 6;
const LONGEST_PAUSE: TimeDelta = TimeDelta::minutes(5);
/// How long a call waits for its turn that nothing depends on.
const LONGEST_WAIT: TimeDelta = TimeDelta::seconds(10);

/// What a longer wait is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WaitReason<'c> {
    /// The portal's time budget for this method.
    Budget(&'c str),
    /// The portal cannot be reached or gives no proper answer, for this reason.
    Unreachable(&'c Message),
    /// Calls without an answer may still take effect.
    Doubts,
}

/// Is called with the reason and the end of each longer wait.
pub type WaitCallback = Box<dyn Fn(WaitReason<'_>, DateTime<Utc>)>;

/// Runs right before each attempt, with its time: what the call changes is saved as in doubt. When
/// that fails, nothing is sent.
pub type BeforeSend<'m> = &'m mut dyn FnMut(DateTime<Utc>) -> Result<()>;

/// How many calls of each method a request makes.
type CallCounts<'c> = BTreeMap<&'c str, usize>;

/// The pause after so many failed attempts. It doubles with each.
pub fn growing_pause(attempts: u32) -> TimeDelta {
    TimeDelta::seconds(1 << attempts.clamp(1, 9)).min(LONGEST_PAUSE)
}

/// A time budget of the portal that is used up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BudgetHold {
    /// When there is room again.
    pub until: DateTime<Utc>,
    /// The method whose budget it is.
    pub method: String,
}

fn count_calls(commands: &[Command]) -> CallCounts<'_> {
    let mut calls = CallCounts::new();
    for command in commands {
        *calls.entry(&command.method).or_default() += 1;
    }
    calls
}

/// A portal whose limits are kept.
pub struct Client<'p> {
    portal: &'p mut dyn Portal,
    clock: Clock,
    limits: RateLimits,
    bucket: Bucket,
    shared_bucket: Option<SharedBucket>,
    batch_size: usize,
    /// How long a batch should take.
    target: Duration,
    deadline: Option<DateTime<Utc>>,
    requests: u64,
    last_duration: Duration,
    on_wait: Option<WaitCallback>,
    /// Of the batch that was sent last.
    nonce: u32,
    is_patient: bool,
    is_answering: bool,
}

impl<'p> Client<'p> {
    /// A client that goes on from the limits of earlier runs. Without a `deadline` it waits as long
    /// as the portal asks.
    pub fn new(
        portal: &'p mut dyn Portal,
        clock: Clock,
        config: &PortalConfig,
        limits: RateLimits,
        deadline: Option<DateTime<Utc>>,
    ) -> Client<'p> {
        Client {
            portal,
            clock,
            limits,
            bucket: Bucket::of_portal(config),
            shared_bucket: config.shared_bucket.clone().map(SharedBucket::new),
            batch_size: config.batch_size,
            target: config.request_target,
            deadline,
            requests: 0,
            last_duration: Duration::ZERO,
            on_wait: None,
            // Random, because the late answers to a run that was killed must not fit either.
            nonce: RandomState::new().build_hasher().finish() as u32,
            is_patient: false,
            is_answering: false,
        }
    }

    /// Counts the bucket as full: what a killed run sent last was not saved.
    pub fn assume_bucket_full(&mut self) {
        self.limits.assume_bucket_full(self.bucket, self.clock.now());
    }

    /// Sets what is called before each longer wait.
    pub fn on_wait(&mut self, callback: Option<WaitCallback>) {
        self.on_wait = callback;
    }

    /// Waits out every outage with growing pauses, unless a person must act.
    pub fn be_patient(&mut self) {
        self.is_patient = true;
    }

    /// Whether the last request had a proper answer. Waiting does not help against its error then.
    pub fn is_answering(&self) -> bool {
        self.is_answering
    }

    /// The portal answers, but fails at everything it is asked: that is an outage too.
    pub(crate) fn note_failing(&mut self) {
        self.is_answering = false;
    }

    /// The clock of the run.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// What was learned of the limits, to be saved for the next run.
    pub fn limits(&self) -> &RateLimits {
        &self.limits
    }

    /// How many requests were made.
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// How long the last request took, without the waiting for its turn.
    pub fn last_duration(&self) -> Duration {
        self.last_duration
    }

    /// How many commands of this label to send together.
    pub fn batch_size(&self, label: &str) -> usize {
        self.limits.batch_size(label, self.batch_size, self.clock.now())
    }

    /// After this time no request begins; none where the run has no time limit.
    pub fn deadline(&self) -> Option<DateTime<Utc>> {
        self.deadline
    }

    /// When half of the remaining time is over; none where the run has no time limit.
    pub fn half_time_mark(&self) -> Option<DateTime<Utc>> {
        let now = self.clock.now();
        self.deadline.map(|deadline| now + (deadline - now) / 2)
    }

    /// Fails when a signal or the time limit has come.
    pub fn check_time(&self) -> Result<(), CallError> {
        let is_late = self.deadline.is_some_and(|deadline| self.clock.now() >= deadline);
        if is_late || self.clock.interrupted() { Err(CallError::Cancelled) } else { Ok(()) }
    }

    /// Waits until a time and tells of it. Fails when the run does not last so long.
    pub fn wait_for(&self, reason: WaitReason<'_>, until: DateTime<Utc>) -> Result<(), CallError> {
        if let Some(on_wait) = &self.on_wait {
            on_wait(reason, until);
        }
        self.wait_until(until)
    }

    fn wait_until(&self, until: DateTime<Utc>) -> Result<(), CallError> {
        if self.deadline.is_some_and(|deadline| until > deadline) {
            return Err(CallError::LimitedUntil(until));
        }
        self.clock.sleep((until - self.clock.now()).to_std().unwrap_or_default());
        self.check_time()
    }

    /// Sends up to fifty commands in one request. Batches of one `label` are alike, so they learn
    /// their length together.
    pub fn batch(
        &mut self,
        label: &str,
        commands: &[Command],
        before_send: BeforeSend,
    ) -> Result<BTreeMap<String, Reply>, CallError> {
        if commands.is_empty() {
            return Ok(BTreeMap::new());
        }
        let calls = count_calls(commands);
        self.limits.record_composition(label, &calls);
        self.nonce = self.nonce.wrapping_add(1);
        let batch = Batch::new(commands, self.nonce);
        let answer = self.send("batch", &batch.request(), &calls, before_send);
        match &answer {
            Ok(_) => {
                self.limits.record_duration(label, commands.len(), self.last_duration, self.target);
            }
            Err(CallError::UnknownOutcome(_)) => self.limits.record_lost_batch(label),
            Err(_) => {}
        }
        let response = answer?;
        self.record_costs(&batch, &response);
        self.record_missing_charges(&calls, &batch, &response);
        let replies = batch.replies(response).inspect_err(|_| self.portal.reconnect())?;
        self.record_refusals(commands, &replies);
        Ok(replies)
    }

    /// Makes a call once, unless it would have to wait long: nothing depends on it, and a later run
    /// makes it.
    pub fn call_once(&mut self, method: &str, params: &Value) -> Result<Response, CallError> {
        let soon = self.clock.now() + LONGEST_WAIT;
        let deadline = self.deadline;
        self.deadline = Some(deadline.map_or(soon, |deadline| deadline.min(soon)));
        let calls = CallCounts::from([(method, 1)]);
        let turn = self.wait_for_turn(method, &calls);
        self.deadline = deadline;
        turn?;
        self.attempt(method, params, &calls)
    }

    /// The budget for which a batch of these commands has to wait; none where it may go.
    pub fn budget_hold(&self, commands: &[Command]) -> Option<BudgetHold> {
        let mut calls = count_calls(commands);
        calls.insert("batch", 1);
        self.exceeded_budget(&calls)
    }

    fn exceeded_budget(&self, calls: &CallCounts<'_>) -> Option<BudgetHold> {
        let now = self.clock.now();
        let holds = calls.iter().filter_map(|(method, count)| {
            let until = self.limits.blocked(method, *count, now)?;
            Some(BudgetHold { until, method: (*method).to_owned() })
        });
        holds.max_by_key(|hold| hold.until)
    }

    /// Sends a request, again as long as the portal did not execute it and waiting may help.
    fn send(
        &mut self,
        method: &str,
        params: &Value,
        calls: &CallCounts<'_>,
        before_send: BeforeSend,
    ) -> Result<Response, CallError> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            self.wait_for_turn(method, calls)?;
            before_send(self.clock.later_of_clocks()).map_err(|error| not_saved(&error))?;
            match self.attempt(method, params, calls) {
                Ok(response) => return Ok(response),
                Err(error) if attempts >= ATTEMPTS && !self.is_patient => return Err(error),
                Err(error) if !self.prepare_retry(method, &error, attempts) => return Err(error),
                Err(error) => log::info!("{method}: {error}; trying again"),
            }
        }
    }

    fn attempt(
        &mut self,
        method: &str,
        params: &Value,
        calls: &CallCounts<'_>,
    ) -> Result<Response, CallError> {
        let started = self.clock.now();
        let answer = self.portal.call(method, params);
        self.last_duration = (self.clock.now() - started).to_std().unwrap_or_default();
        self.requests += 1;
        self.is_answering = answer.is_ok();
        if matches!(answer, Err(CallError::UnknownOutcome(_))) {
            let methods = calls.keys().copied().chain([method]);
            self.limits.record_unanswered(methods, self.last_duration, self.clock.now());
        }
        let response = answer?;
        self.record_charge(method, &response.time);
        Ok(response)
    }

    /// Waits for the time budgets of the methods and for a place in the bucket.
    fn wait_for_turn<'c>(
        &mut self,
        method: &'c str,
        calls: &CallCounts<'c>,
    ) -> Result<(), CallError> {
        self.check_time()?;
        let mut all_calls = calls.clone();
        all_calls.entry(method).or_insert(1);
        if let Some(BudgetHold { until, method }) = self.exceeded_budget(&all_calls) {
            log::info!("{method}: the portal's time budget holds until {until}");
            self.wait_for(WaitReason::Budget(&method), until)?;
        }
        let pause = self.reserve_slot();
        if !pause.is_zero() {
            self.wait_until(saturating_add(self.clock.now(), pause))?;
        }
        self.limits.record_request(self.bucket, self.clock.now());
        Ok(())
    }

    /// How long to wait for a place in the bucket of this program, and in the one of all programs
    /// of this host.
    fn reserve_slot(&mut self) -> Duration {
        let now = self.clock.now();
        let own = self.limits.wait(self.bucket, now);
        match &mut self.shared_bucket {
            Some(shared) => own.max(shared.reserve_slot(self.bucket, now)),
            None => own,
        }
    }

    /// Whether to repeat the call: the portal did not execute it, and waiting may help.
    fn prepare_retry(&mut self, method: &str, error: &CallError, attempts: u32) -> bool {
        let now = self.clock.now();
        match error {
            CallError::Refused(refusal) => match refusal.class() {
                ErrorClass::RateLimited => {
                    self.assume_bucket_full();
                    let pause = if self.is_patient {
                        growing_pause(attempts)
                    } else {
                        TimeDelta::seconds(2)
                    };
                    self.wait_for(WaitReason::Unreachable(&refusal.message()), now + pause).is_ok()
                }
                ErrorClass::BudgetExceeded => {
                    self.limits.record_exceeded_budget(method, now);
                    true
                }
                ErrorClass::Administrator | ErrorClass::Record => false,
            },
            // An export of hours outlives a router that restarts. Of the runs of cron, the next one
            // is near.
            CallError::NotSent(reason) if self.deadline.is_none() => self
                .wait_for(WaitReason::Unreachable(reason), now + growing_pause(attempts))
                .is_ok(),
            CallError::NotSent(_)
            | CallError::UnknownOutcome(_)
            | CallError::Redirected(_)
            | CallError::Misconfigured(_)
            | CallError::LimitedUntil(_)
            | CallError::Cancelled
            | CallError::NoteFailed(_) => false,
        }
    }

    fn record_refusals(&mut self, commands: &[Command], replies: &BTreeMap<String, Reply>) {
        for command in commands {
            let Some(Reply::Err(refusal)) = replies.get(&command.name) else { continue };
            match refusal.class() {
                ErrorClass::BudgetExceeded => {
                    self.limits.record_exceeded_budget(&command.method, self.clock.now());
                }
                ErrorClass::RateLimited => self.assume_bucket_full(),
                ErrorClass::Administrator | ErrorClass::Record => {}
            }
        }
    }
}

fn not_saved(error: &RunError) -> CallError {
    CallError::NoteFailed(PortalMessage::StateNotWritten { reason: error.message().into() }.into())
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use serde_json::json;

    use super::*;

    /// Charges more than the budget, for a minute.
    struct Dear(Clock);

    impl Portal for Dear {
        fn call(&mut self, _: &str, _: &Value) -> Result<Response, CallError> {
            let resets_at = self.0.now().timestamp() + 60;
            Ok(Response {
                result: Value::Null,
                time: json!({"operating": 400, "operating_reset_at": resets_at}),
            })
        }
    }

    #[test]
    fn a_wait_for_a_budget_is_told_of_with_its_method_and_its_end() {
        let start = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let clock = Clock::virtual_at(start);
        let toml = "[mirror]\npath='m'\n[portal]\nwebhook='https://h/rest/1/x/'";
        let config = crate::config::parse(toml, std::path::Path::new(""), None).unwrap();
        let mut portal = Dear(clock.clone());
        let mut client =
            Client::new(&mut portal, clock.clone(), &config.portal, RateLimits::default(), None);
        let told = Rc::new(RefCell::new(Vec::new()));
        let hears = Rc::clone(&told);
        client.on_wait(Some(Box::new(move |reason, until| {
            hears.borrow_mut().push((format!("{reason:?}"), until));
        })));
        for _ in 0..2 {
            client.read("crm.deal.list", &json!({})).unwrap();
        }
        let end = start + TimeDelta::seconds(60);
        assert_eq!(*told.borrow(), [("Budget(\"crm.deal.list\")".to_owned(), end)]);
        assert_eq!(clock.now(), end);
    }
}
