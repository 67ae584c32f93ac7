//! What calls have used of the portal's time budgets: as their answers say, or the time they took
//! where none says it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{CallCounts, Client};
use crate::portal::Response;
use crate::portal::batch::Batch;
use crate::portal::limits::Cost;

impl Client<'_> {
    /// Learns from the answer to a batch what a call of each method costs.
    pub(super) fn record_costs(&mut self, batch: &Batch<'_>, response: &Response) {
        let mut costs: BTreeMap<&str, Cost> = BTreeMap::new();
        for (command, time) in batch.times(response) {
            let before = self.limits.used(&command.method);
            self.record_charge(&command.method, time);
            let after_first = self.limits.used(&command.method).seconds;
            costs.entry(&command.method).or_insert(Cost { calls: 0, before, after_first }).calls +=
                1;
        }
        for (method, cost) in costs {
            self.limits.record_cost(method, cost);
        }
    }

    /// Counts the methods whose commands all failed, because the answer does not say what those
    /// have used.
    pub(super) fn record_missing_charges(
        &mut self,
        calls: &CallCounts<'_>,
        batch: &Batch<'_>,
        response: &Response,
    ) {
        let times = batch.times(response).into_iter();
        let told: BTreeSet<&str> = times.map(|(command, _)| command.method.as_str()).collect();
        let untold = calls.keys().copied().filter(|method| !told.contains(method));
        self.limits.record_unanswered(untold, self.last_duration, self.clock.now());
    }

    pub(super) fn record_charge(&mut self, method: &str, time: &Value) {
        if let Some(operating) = time.get("operating").and_then(Value::as_f64) {
            let resets_at = time.get("operating_reset_at").and_then(Value::as_i64);
            self.limits.record_charge(method, operating, resets_at, self.clock.now());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::{DateTime, TimeDelta, Utc};
    use serde_json::json;

    use super::*;
    use crate::platform::clock::Clock;
    use crate::portal::batch::Command;
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
                let result =
                    json!({"result": each(Value::from(true)), "result_time": each(time.clone())});
                return Ok(Response { result, time });
            }
            if self.is_answering {
                let refused =
                    each(json!({"error": "INTERNAL_SERVER_ERROR", "error_description": ""}));
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
            let mut client =
                Client::new(&mut portal, clock, &config.portal, RateLimits::default(), None);
            for _ in 0..150 {
                let commands = [Command::new("q", "crm.contact.list", json!({}))];
                drop(client.batch("questions", &commands, &mut |_| Ok(())));
            }
            for (at, begin) in portal.begun.iter().enumerate() {
                let later = portal.begun[at..].iter();
                let count =
                    later.take_while(|time| **time - begin < TimeDelta::minutes(10)).count();
                assert!(count * 10 <= 420, "{count} requests in ten minutes, {is_answering}");
            }
        }
    }
}
