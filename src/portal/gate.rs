//! The gate before the portal: every request passes here and keeps the portal's limits.
//!
//! It waits where the limits ask for it, as long as the pass may still wait, and repeats what the portal says it
//! did not do. It never repeats a call that may have taken effect.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::batch::{self, Command, Reply};
use super::pace::{Bucket, Pace};
use super::{Answer, Meaning, Portal, Trouble};
use crate::clock::Clock;
use crate::config::PortalConfig;

/// How often a request that the portal did not take is repeated.
const TRIES: u32 = 6;

/// A portal whose limits are kept.
pub struct Gate<'p> {
    portal: &'p mut dyn Portal,
    clock: Clock,
    pace: Pace,
    bucket: Bucket,
    batch_size: usize,
    target: Duration,
    deadline: Option<DateTime<Utc>>,
    requests: u64,
}

impl<'p> Gate<'p> {
    /// A gate that remembers `pace` from earlier passes. Without a `deadline` it waits as long as the portal asks.
    pub fn new(
        portal: &'p mut dyn Portal,
        clock: Clock,
        config: &PortalConfig,
        pace: Pace,
        deadline: Option<DateTime<Utc>>,
    ) -> Gate<'p> {
        let bucket = Bucket { per_second: config.requests_per_second, burst: config.burst };
        let (batch_size, target) = (config.batch_size, config.request_target);
        Gate { portal, clock, pace, bucket, batch_size, target, deadline, requests: 0 }
    }

    /// The clock that everything here goes by.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// What was learned of the limits, to be kept for the next pass.
    pub fn pace(&self) -> &Pace {
        &self.pace
    }

    /// Requests made until now.
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// How many commands of this method to send together.
    pub fn batch_size(&self, method: &str) -> usize {
        self.pace.batch(method, self.batch_size)
    }

    /// Ends the pass when a signal or the time limit came.
    pub fn check_time(&self) -> Result<(), Trouble> {
        let late = self.deadline.is_some_and(|deadline| self.clock.now() >= deadline);
        if late || self.clock.stopped() { Err(Trouble::Stopped) } else { Ok(()) }
    }

    /// Waits until then, or says that this pass cannot wait so long.
    pub fn wait_until(&self, until: DateTime<Utc>) -> Result<(), Trouble> {
        if self.deadline.is_some_and(|deadline| until > deadline) {
            return Err(Trouble::Wait(until));
        }
        self.clock.sleep((until - self.clock.now()).to_std().unwrap_or_default());
        self.check_time()
    }

    /// One call that changes nothing; repeated once when its answer is lost.
    pub fn read(&mut self, method: &str, params: &Value) -> Result<Answer, Trouble> {
        match self.send(method, params, &BTreeSet::from([method])) {
            Err(Trouble::Lost(reason)) => {
                log::info!("{method}: {reason}; asking once more");
                self.send(method, params, &BTreeSet::from([method]))
            }
            other => other,
        }
    }

    /// Commands that change nothing, up to fifty in a request; repeated once when the answer is lost.
    pub fn read_batch(&mut self, commands: &[Command]) -> Result<BTreeMap<String, Reply>, Trouble> {
        let mut replies = BTreeMap::new();
        for chunk in commands.chunks(batch::MOST) {
            let answered = match self.batch(chunk) {
                Err(Trouble::Lost(reason)) => {
                    log::info!("batch of questions: {reason}; asking once more");
                    self.batch(chunk)
                }
                other => other,
            };
            replies.extend(answered?);
        }
        Ok(replies)
    }

    /// Sends up to fifty commands in one request.
    pub fn batch(&mut self, commands: &[Command]) -> Result<BTreeMap<String, Reply>, Trouble> {
        let Some(first) = commands.first() else { return Ok(BTreeMap::new()) };
        let methods: BTreeSet<&str> = commands.iter().map(|command| command.method.as_str()).collect();
        let started = self.clock.now();
        let answer = self.send("batch", &batch::request(commands), &methods);
        let wall = (self.clock.now() - started).to_std().unwrap_or_default();
        match &answer {
            Ok(_) => self.pace.took(&first.method, commands.len(), wall, self.target),
            Err(Trouble::Lost(_)) => self.pace.lost(&first.method),
            Err(_) => {}
        }
        let answer = answer?;
        self.note_commands(commands, &answer);
        let replies = batch::replies(commands, &answer)?;
        for command in commands {
            if let Some(Reply::Refused(refusal)) = replies.get(&command.name)
                && refusal.meaning() == Meaning::OverBudget
            {
                self.pace.over_budget(&command.method, self.clock.now());
            }
        }
        Ok(replies)
    }

    fn send(&mut self, method: &str, params: &Value, methods: &BTreeSet<&str>) -> Result<Answer, Trouble> {
        let mut tries = 0;
        loop {
            self.pass(method, methods)?;
            let answer = self.portal.call(method, params);
            self.requests += 1;
            tries += 1;
            let trouble = match answer {
                Ok(answer) => {
                    self.note(method, &answer.time);
                    return Ok(answer);
                }
                Err(trouble) => trouble,
            };
            if tries == TRIES || !self.prepare_retry(method, &trouble, tries) {
                return Err(trouble);
            }
        }
    }

    /// Waits for the bucket and for the budgets of the methods.
    fn pass(&mut self, method: &str, methods: &BTreeSet<&str>) -> Result<(), Trouble> {
        self.check_time()?;
        let now = self.clock.now();
        let blocked = methods.iter().chain([&method]).filter_map(|name| self.pace.blocked(name, now)).max();
        if let Some(until) = blocked {
            log::info!("{method}: the portal's time budget holds until {until}");
            self.wait_until(until)?;
        }
        let pause = self.pace.wait(self.bucket, self.clock.now());
        if !pause.is_zero() {
            let until = self.clock.now() + TimeDelta::from_std(pause).unwrap_or_default();
            self.wait_until(until)?;
        }
        self.pace.sent(self.bucket, self.clock.now());
        Ok(())
    }

    /// Whether the call is to be repeated: the portal did nothing, and waiting may help.
    fn prepare_retry(&mut self, method: &str, trouble: &Trouble, tries: u32) -> bool {
        let now = self.clock.now();
        match trouble {
            Trouble::Refused(refusal) => match refusal.meaning() {
                Meaning::TooFast => {
                    self.pace.full(self.bucket, now);
                    self.wait_until(now + TimeDelta::seconds(2)).is_ok()
                }
                Meaning::OverBudget => {
                    self.pace.over_budget(method, now);
                    true
                }
                Meaning::Administrator | Meaning::Record => false,
            },
            // An export of hours outlives a router that restarts; the next pass of cron is near anyway.
            Trouble::NotSent(_) if self.deadline.is_none() => {
                self.wait_until(now + TimeDelta::seconds(1 << tries)).is_ok()
            }
            Trouble::NotSent(_)
            | Trouble::Lost(_)
            | Trouble::Moved(_)
            | Trouble::Wait(_)
            | Trouble::Stopped => false,
        }
    }

    fn note_commands(&mut self, commands: &[Command], answer: &Answer) {
        for command in commands {
            let time = answer.result.get("result_time").and_then(|times| times.get(&command.name));
            if let Some(time) = time {
                self.note(&command.method, time);
            }
        }
    }

    fn note(&mut self, method: &str, time: &Value) {
        if let Some(operating) = time.get("operating").and_then(Value::as_f64) {
            self.pace.charged(method, operating, time.get("operating_reset_at").and_then(Value::as_i64));
        }
    }
}
