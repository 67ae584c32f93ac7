//! The gate before the portal: every request passes here and keeps the portal's limits.
//!
//! It waits where the limits ask for it, as long as the run may still wait, and repeats what the portal says it
//! did not do. It never repeats a call that may have taken effect.

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
use crate::domain::run_error::message_of;
use crate::platform::clock::{Clock, saturating_add};
use crate::portal::limits::{Bucket, RateLimits};
use crate::portal::shared_bucket::Shared;

/// How often a request that the portal did not take is repeated.
const TRIES: u32 = 6;
/// The longest pause between two attempts to reach the portal.
const LONGEST_PAUSE: TimeDelta = TimeDelta::minutes(5);
/// What a longer wait is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WaitReason<'c> {
    /// The portal's time budget for this method.
    Budget(&'c str),
    /// The portal cannot be reached, or gives no proper answer; why.
    Unreachable(&'c Message),
    /// Calls without an answer may still take effect.
    Doubts,
}

/// Is told of each longer wait: what for, and until when.
pub type WaitCallback = Box<dyn Fn(WaitReason<'_>, DateTime<Utc>)>;

/// What is done right before a call is made, with the time.
pub type BeforeSend<'m> = &'m mut dyn FnMut(DateTime<Utc>) -> anyhow::Result<()>;

fn marked(mark: BeforeSend, now: DateTime<Utc>) -> Result<(), CallError> {
    mark(now).map_err(|error| {
        let reason = message_of(&error).into();
        CallError::NoteFailed(PortalMessage::StateNotWritten { reason }.into())
    })
}

/// The pause after so many attempts in vain: each is twice as long as the one before.
pub fn growing_pause(attempts: u32) -> TimeDelta {
    TimeDelta::seconds(1 << attempts.clamp(1, 9)).min(LONGEST_PAUSE)
}

/// A time budget of the portal that is used up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BudgetHold {
    /// When there is room again.
    pub until: DateTime<Utc>,
    /// Whose budget it is.
    pub method: String,
}

/// How often each method is called.
fn count_calls(commands: &[Command]) -> BTreeMap<&str, usize> {
    let mut calls = BTreeMap::new();
    for command in commands {
        *calls.entry(command.method.as_str()).or_default() += 1;
    }
    calls
}

/// A portal whose limits are kept.
pub struct Client<'p> {
    portal: &'p mut dyn Portal,
    clock: Clock,
    limits: RateLimits,
    bucket: Bucket,
    shared: Option<Shared>,
    batch_size: usize,
    target: Duration,
    deadline: Option<DateTime<Utc>>,
    requests: u64,
    teller: Option<WaitCallback>,
    /// Of the batch that was sent last.
    nonce: u32,
    /// An outage is waited out, however long it lasts.
    is_patient: bool,
    /// The last request had a proper answer.
    is_answering: bool,
}

impl<'p> Client<'p> {
    /// When the last request may begin, where there is such a time.
    pub fn deadline(&self) -> Option<DateTime<Utc>> {
        self.deadline
    }

    /// A gate that remembers `pace` from earlier runs. Without a `deadline` it waits as long as the portal asks.
    pub fn new(
        portal: &'p mut dyn Portal,
        clock: Clock,
        config: &PortalConfig,
        pace: RateLimits,
        deadline: Option<DateTime<Utc>>,
    ) -> Client<'p> {
        let bucket = Bucket { per_second: config.requests_per_second, burst: config.burst };
        let (batch_size, target) = (config.batch_size, config.request_target);
        let shared = config.shared_bucket.clone().map(Shared::new);
        let (requests, teller) = (0, None);
        // Another one in each process: the answers of a run that was killed must not fit either.
        let nonce = RandomState::new().build_hasher().finish() as u32;
        Client {
            portal,
            clock,
            limits: pace,
            bucket,
            shared,
            batch_size,
            target,
            deadline,
            requests,
            teller,
            nonce,
            is_patient: false,
            is_answering: false,
        }
    }

    /// Counts the bucket as full: what a run sent just before it was killed, nobody wrote down.
    pub fn assume_bucket_full(&mut self) {
        self.limits.assume_bucket_full(self.bucket, self.clock.now());
    }

    /// Has somebody told of each longer wait.
    pub fn on_wait(&mut self, teller: Option<WaitCallback>) {
        self.teller = teller;
    }

    /// Waits out every outage with growing pauses, as long as nothing says that a person must act.
    pub fn be_patient(&mut self) {
        self.is_patient = true;
    }

    /// Whether the last request had a proper answer: what was wrong with it then, no waiting mends.
    pub fn is_answering(&self) -> bool {
        self.is_answering
    }

    /// Notes that the portal answers requests and fails at whatever they ask: that is an outage too.
    pub(crate) fn note_failing(&mut self) {
        self.is_answering = false;
    }

    /// The clock that everything here goes by.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// What was learned of the limits, to be kept for the next run.
    pub fn pace(&self) -> &RateLimits {
        &self.limits
    }

    /// Requests made until now.
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// How many commands of this label to send together.
    pub fn batch_size(&self, label: &str) -> usize {
        self.limits.batch(label, self.batch_size, self.clock.now())
    }

    /// When half of the time that is left will be over; none where there is no end.
    pub fn half_time_mark(&self) -> Option<DateTime<Utc>> {
        let now = self.clock.now();
        self.deadline.map(|deadline| now + (deadline - now) / 2)
    }

    /// Ends the run when a signal or the time limit came.
    pub fn check_time(&self) -> Result<(), CallError> {
        let late = self.deadline.is_some_and(|deadline| self.clock.now() >= deadline);
        if late || self.clock.interrupted() { Err(CallError::Cancelled) } else { Ok(()) }
    }

    /// Waits until then, or says that this run cannot wait so long.
    fn wait_until(&self, until: DateTime<Utc>) -> Result<(), CallError> {
        if self.deadline.is_some_and(|deadline| until > deadline) {
            return Err(CallError::LimitedUntil(until));
        }
        self.clock.sleep((until - self.clock.now()).to_std().unwrap_or_default());
        self.check_time()
    }

    /// Waits as [`Client::wait_until`], and tells of it.
    pub fn wait_for(&self, cause: WaitReason<'_>, until: DateTime<Utc>) -> Result<(), CallError> {
        if let Some(teller) = &self.teller {
            teller(cause, until);
        }
        self.wait_until(until)
    }

    /// Sends up to fifty commands in one request. `label` names what is alike enough to learn its speed together.
    ///
    /// `mark` is called right before each attempt, with its time: what changes something is written down there as
    /// in doubt. When it fails, nothing is sent.
    pub fn batch(
        &mut self,
        label: &str,
        commands: &[Command],
        mark: BeforeSend,
    ) -> Result<BTreeMap<String, Reply>, CallError> {
        if commands.is_empty() {
            return Ok(BTreeMap::new());
        }
        let calls = count_calls(commands);
        self.limits.record_composition(label, &calls);
        self.nonce = self.nonce.wrapping_add(1);
        let batch = Batch::new(commands, self.nonce);
        let (answer, wall) = self.send("batch", &batch.request(), &calls, mark);
        match &answer {
            Ok(_) => self.limits.record_duration(label, commands.len(), wall, self.target),
            Err(CallError::UnknownOutcome(_)) => self.limits.lost(label),
            Err(_) => {}
        }
        let answer = answer?;
        self.note_commands(&batch, &answer);
        self.note_untold(&calls, &batch, &answer, wall);
        let replies = batch.replies(answer).inspect_err(|_| self.portal.reconnect())?;
        for command in commands {
            let Some(Reply::Err(refusal)) = replies.get(&command.name) else { continue };
            match refusal.class() {
                ErrorClass::BudgetExceeded => self.limits.over_budget(&command.method, self.clock.now()),
                ErrorClass::RateLimited => self.limits.assume_bucket_full(self.bucket, self.clock.now()),
                ErrorClass::Administrator | ErrorClass::Record => {}
            }
        }
        Ok(replies)
    }

    /// The budget that holds a batch of these commands back, if one does.
    pub fn budget_hold(&self, commands: &[Command]) -> Option<BudgetHold> {
        let now = self.clock.now();
        let mut calls = count_calls(commands);
        calls.insert("batch", 1);
        let held = calls.into_iter().filter_map(|(method, calls)| {
            Some(BudgetHold { until: self.limits.blocked(method, calls, now)?, method: method.to_owned() })
        });
        held.max_by_key(|hold| hold.until)
    }

    /// One request with its repetitions, and how long the last attempt took.
    fn send(
        &mut self,
        method: &str,
        params: &Value,
        calls: &BTreeMap<&str, usize>,
        mark: BeforeSend,
    ) -> (Result<Response, CallError>, Duration) {
        let (mut wall, mut tries) = (Duration::ZERO, 0);
        loop {
            tries += 1;
            if let Err(error) =
                self.wait_for_turn(method, calls).and_then(|()| marked(mark, self.clock.later_of_clocks()))
            {
                return (Err(error), wall);
            }
            let started = self.clock.now();
            let answer = self.portal.call(method, params);
            wall = (self.clock.now() - started).to_std().unwrap_or_default();
            self.requests += 1;
            self.is_answering = answer.is_ok();
            if matches!(answer, Err(CallError::UnknownOutcome(_))) {
                let methods = calls.keys().copied().chain([method]);
                self.limits.record_unanswered(methods, wall, self.clock.now());
            }
            match answer {
                Ok(answer) => {
                    self.record_usage(method, &answer.time);
                    return (Ok(answer), wall);
                }
                Err(error) if self.is_spent(tries) || !self.prepare_retry(method, &error, tries) => {
                    return (Err(error), wall);
                }
                Err(error) => log::info!("{method}: {error}; trying again"),
            }
        }
    }

    fn is_spent(&self, tries: u32) -> bool {
        tries >= TRIES && !self.is_patient
    }

    /// Waits for the bucket and for the budgets of the methods.
    fn wait_for_turn(&mut self, method: &str, calls: &BTreeMap<&str, usize>) -> Result<(), CallError> {
        self.check_time()?;
        let now = self.clock.now();
        let all = calls.iter().map(|(name, calls)| (*name, *calls)).chain([(method, 1)]);
        let blocked = all.filter_map(|(name, calls)| Some((self.limits.blocked(name, calls, now)?, name)));
        if let Some((until, spent)) = blocked.max() {
            log::info!("{spent}: the portal's time budget holds until {until}");
            self.wait_for(WaitReason::Budget(spent), until)?;
        }
        let pause = self.next_slot();
        if !pause.is_zero() {
            self.wait_until(saturating_add(self.clock.now(), pause))?;
        }
        self.limits.sent(self.bucket, self.clock.now());
        Ok(())
    }

    /// How long to wait for a place in the bucket: in this program's own, and in the one that the host shares.
    fn next_slot(&mut self) -> Duration {
        let now = self.clock.now();
        let own = self.limits.wait(self.bucket, now);
        let others = self.shared.as_mut().map(|shared| shared.reserve_slot(self.bucket, now));
        own.max(others.unwrap_or_default())
    }

    /// Whether the call is to be repeated: the portal did nothing, and waiting may help.
    fn prepare_retry(&mut self, method: &str, error: &CallError, tries: u32) -> bool {
        let now = self.clock.now();
        match error {
            CallError::Refused(refusal) => match refusal.class() {
                ErrorClass::RateLimited => {
                    self.limits.assume_bucket_full(self.bucket, now);
                    let pause = if self.is_patient { growing_pause(tries) } else { TimeDelta::seconds(2) };
                    self.wait_for(WaitReason::Unreachable(&refusal.message()), now + pause).is_ok()
                }
                ErrorClass::BudgetExceeded => {
                    self.limits.over_budget(method, now);
                    true
                }
                ErrorClass::Administrator | ErrorClass::Record => false,
            },
            // An export of hours outlives a router that restarts; the next run of cron is near anyway.
            CallError::NotSent(reason) if self.deadline.is_none() => {
                self.wait_for(WaitReason::Unreachable(reason), now + growing_pause(tries)).is_ok()
            }
            CallError::NotSent(_) | CallError::UnknownOutcome(_) | CallError::Redirected(_) => false,
            CallError::Misconfigured(_)
            | CallError::LimitedUntil(_)
            | CallError::Cancelled
            | CallError::NoteFailed(_) => false,
        }
    }
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
        let mut gate = Client::new(&mut portal, clock.clone(), &config.portal, RateLimits::default(), None);
        let told = Rc::new(RefCell::new(Vec::new()));
        let hears = Rc::clone(&told);
        gate.on_wait(Some(Box::new(move |cause, until| {
            hears.borrow_mut().push((format!("{cause:?}"), until));
        })));
        for _ in 0..2 {
            gate.read("crm.deal.list", &json!({})).unwrap();
        }
        let end = start + TimeDelta::seconds(60);
        assert_eq!(*told.borrow(), [("Budget(\"crm.deal.list\")".to_owned(), end)]);
        assert_eq!(clock.now(), end);
    }
}
