//! What calls used of the portal's time budgets: as their answers tell, or by the time they took where none does.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

use super::Client;
use crate::portal::Response;
use crate::portal::batch::{Batch, Command};

impl Client<'_> {
    /// What the answer of a batch tells of each method.
    pub(super) fn note_commands(&mut self, batch: &Batch<'_>, answer: &Response) {
        let mut seen = BTreeMap::new();
        for (command, time) in batch.times(answer) {
            let Command { method, .. } = command;
            let before = self.limits.used(method);
            self.record_usage(method, time);
            let after = self.limits.used(method).seconds;
            let (calls, ..) = seen.entry(method).or_insert((0, after, before));
            *calls += 1;
        }
        for (method, (calls, first, before)) in seen {
            self.limits.record_cost(method, calls, first, before);
        }
    }

    /// Methods of a batch whose commands all failed, so that the answer tells nothing of what they used.
    pub(super) fn note_untold(
        &mut self,
        calls: &BTreeMap<&str, usize>,
        batch: &Batch<'_>,
        answer: &Response,
        wall: Duration,
    ) {
        let told: BTreeSet<&str> =
            batch.times(answer).into_iter().map(|(command, _)| command.method.as_str()).collect();
        let untold = calls.keys().copied().filter(|method| !told.contains(method));
        self.limits.record_unanswered(untold, wall, self.clock.now());
    }

    pub(super) fn record_usage(&mut self, method: &str, time: &Value) {
        if let Some(operating) = time.get("operating").and_then(Value::as_f64) {
            self.limits.record_charge(
                method,
                operating,
                time.get("operating_reset_at").and_then(Value::as_i64),
                self.clock.now(),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};
    use serde_json::json;

    use super::*;
    use crate::platform::clock::Clock;
    use crate::portal::limits::RateLimits;
    use crate::portal::{CallError, Portal};

    /// How long each request takes.
    const REQUEST: Duration = Duration::from_secs(10);

    /// Tells of its budget once, and fails from then on.
    struct Failing {
        clock: Clock,
        /// A batch is answered, and each of its commands refused; or no request is answered at all.
        is_answering: bool,
        begun: Vec<DateTime<Utc>>,
    }

    impl Portal for Failing {
        fn call(&mut self, _: &str, params: &Value) -> Result<Response, CallError> {
            let now = self.clock.now();
            self.begun.push(now);
            self.clock.sleep(REQUEST);
            let commands = params["cmd"].as_object().unwrap().keys();
            let each = |value: Value| -> serde_json::Map<String, Value> {
                commands.clone().map(|key| (key.clone(), value.clone())).collect()
            };
            let time = json!({"operating": 10, "operating_reset_at": now.timestamp() + 600});
            if self.begun.len() == 1 {
                let result = json!({"result": each(Value::from(true)), "result_time": each(time.clone())});
                return Ok(Response { result, time });
            }
            if self.is_answering {
                let refused = each(json!({"error": "INTERNAL_SERVER_ERROR", "error_description": ""}));
                return Ok(Response {
                    result: json!({"result": [], "result_error": refused}),
                    time: json!({}),
                });
            }
            Err(CallError::unknown_outcome("HTTP 500"))
        }
    }

    #[test]
    fn what_the_portal_tells_nothing_of_uses_the_time_budget_too() {
        let toml = "[mirror]\npath='m'\n[portal]\nwebhook='https://h/rest/1/x/'";
        let config = crate::config::parse(toml, std::path::Path::new(""), None).unwrap();
        for is_answering in [false, true] {
            let clock = Clock::virtual_at(DateTime::from_timestamp(1_700_000_000, 0).unwrap());
            let mut portal = Failing { clock: clock.clone(), is_answering, begun: Vec::new() };
            let mut gate = Client::new(&mut portal, clock, &config.portal, RateLimits::default(), None);
            for _ in 0..150 {
                let commands = [Command::new("q", "crm.contact.list", json!({}))];
                drop(gate.batch("questions", &commands, &mut |_| Ok(())));
            }
            for (at, begin) in portal.begun.iter().enumerate() {
                let later = portal.begun[at..].iter();
                let count = later.take_while(|time| **time - begin < TimeDelta::minutes(10)).count();
                assert!(count * 10 <= 420, "{count} requests in ten minutes, {is_answering}");
            }
        }
    }
}
