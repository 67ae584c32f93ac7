//! A call on its way through the portal: access, limits, execution, the envelope of the answer.
//!
//! Sources: facts, section 1.2 for the envelope, 3 for the limits, 8 for the errors.

use chrono::{DateTime, TimeDelta, Utc};

use crate::access::Credentials;
use crate::answer::{Answer, Outcome, Refusal};
use crate::limits::RequestTimes;
use crate::methods::{Handler, find_handler};
use crate::php::Php;
use crate::portal::{Portal, Reply};
use crate::settings::{Accounting, Condition, Times};
use crate::spoiled_cards::{Harm, spoiled_reply};
use crate::values::dates;

/// One request while it is executed.
#[derive(Debug, Default)]
pub(crate) struct Request {
    pub(crate) times: RequestTimes,
    /// Virtual seconds that it took so far.
    pub(crate) seconds: f64,
    /// Commands of a batch that may still be executed; `None` for all.
    pub(crate) commands_left: Option<usize>,
    /// How a spoiled card damages the whole answer.
    pub(crate) harm: Option<Harm>,
    /// The error that everything repeats which fails after it in a batch, where errors leak.
    pub(crate) leaked: Option<Refusal>,
    credentials: Credentials,
}

impl Portal {
    /// A request with its credentials; of a batch no more than so many commands are executed.
    pub(crate) fn handle_request(
        &mut self,
        credentials: Credentials,
        method: &str,
        params: &Php,
        now: DateTime<Utc>,
        commands_left: Option<usize>,
    ) -> Reply {
        self.tick(now);
        self.counters.requests += 1;
        if let Some(reply) = self.reply_of_closed_portal() {
            return reply;
        }
        let mut request = Request { commands_left, credentials, ..Request::default() };
        let method = method.trim_matches('/').to_lowercase();
        let outcome = self.check_and_execute(&method, params, &mut request);
        if request.seconds > self.settings.max_request_seconds {
            return gateway_page(504, "Gateway Time-out", request.seconds);
        }
        match request.harm {
            Some(harm) => spoiled_reply(harm, request.seconds),
            None => self.write_reply(&method, outcome, &request),
        }
    }

    /// The portal answers nobody: maintenance or another address.
    fn reply_of_closed_portal(&self) -> Option<Reply> {
        match &self.settings.condition {
            Condition::Maintenance(status) => Some(gateway_page(*status, "Bad Gateway", 0.0)),
            Condition::Moved(host) => Some(redirect_to(host)),
            _ => None,
        }
    }

    fn check_and_execute(&mut self, method: &str, params: &Php, request: &mut Request) -> Outcome {
        let handler = self.check_request(method, request.credentials)?;
        self.execute(handler, method, params, request)
    }

    /// What is checked before a method, in this order: existence, rate, authorization, scope,
    /// budget (facts, section 8).
    fn check_request(
        &mut self,
        method: &str,
        credentials: Credentials,
    ) -> Result<Handler, Refusal> {
        let handler = find_handler(method).ok_or_else(Refusal::no_method)?;
        if let Some(bucket) = self.settings.bucket
            && !self.limits.admit_request(bucket, self.now)
        {
            self.counters.refused += 1;
            return Err(Refusal::new(503, "QUERY_LIMIT_EXCEEDED", "Too many requests"));
        }
        self.settings.check_access(credentials)?;
        self.settings.check_scope(method)?;
        self.check_budget(method, method)?;
        Ok(handler)
    }

    /// Refuses a method whose operating budget is used up; the budget may have another name.
    pub(crate) fn check_budget(&mut self, method: &str, budget: &str) -> Result<(), Refusal> {
        if method == "batch" && self.settings.accounting != Accounting::Bans {
            return Ok(());
        }
        if let Some(limit) = self.settings.operating
            && self.limits.is_blocked(budget, limit, self.now)
        {
            self.counters.blocked += 1;
            return Err(Refusal::over_budget());
        }
        Ok(())
    }

    pub(crate) fn execute(
        &mut self,
        handler: Handler,
        method: &str,
        params: &Php,
        request: &mut Request,
    ) -> Outcome {
        self.count_call(method, params, None);
        if method == "batch" {
            return self.execute_batch(params, request);
        }
        if request.commands_left == Some(0) {
            return Ok(Answer::default());
        }
        let seconds = self.cost_of_call(method, params);
        request.seconds += seconds;
        let answer = self.run_method(handler, method, params)?;
        self.charge_call(request, method, seconds);
        request.accept_answer(answer)
    }

    /// Runs a method, if the role of the webhook's user allows it.
    pub(crate) fn run_method(&mut self, handler: Handler, method: &str, params: &Php) -> Outcome {
        if self.settings.denied.contains(method) {
            return Err(Refusal::access_denied());
        }
        handler.run(self, params)
    }

    /// Charges a call that worked, and bans its method where the newest builds do (facts, section
    /// 14.2).
    pub(crate) fn charge_call(&mut self, request: &mut Request, budget: &str, seconds: f64) {
        self.limits.charge_call(&mut request.times, budget, seconds, self.now);
        if let Some(limit) = self.settings.operating
            && self.settings.accounting == Accounting::Bans
        {
            self.limits.ban_when_over(budget, limit, self.now);
        }
    }

    /// Virtual seconds of a call: a bulk import costs by the record.
    pub(crate) fn cost_of_call(&self, method: &str, params: &Php) -> f64 {
        let cost = self.settings.cost_of(method);
        if method == "crm.item.batchimport" {
            let records = params.argument("data").entries().len();
            return cost * records.max(1) as f64;
        }
        cost
    }

    fn write_reply(&self, method: &str, outcome: Outcome, request: &Request) -> Reply {
        let (status, mut body) = match outcome {
            Ok(answer) => (200, write_answer(answer)),
            Err(refusal) => (refusal.status, refusal.body()),
        };
        if status == 200 {
            body.set("time", self.write_time(method, request.seconds));
        }
        Reply { status, body: body.json(), location: None, seconds: request.seconds }
    }

    /// The `time` of an answer, and of each command of a batch.
    pub(crate) fn write_time(&self, budget: &str, seconds: f64) -> Php {
        let finish = self.now + TimeDelta::microseconds((seconds * 1e6) as i64);
        let exact_start = unix_seconds(self.now);
        let (start, duration, processing) = match self.settings.times {
            Times::Exact => (exact_start, seconds, seconds),
            Times::WholeSeconds => {
                let start = exact_start.floor();
                (start, unix_seconds(finish) - start, seconds.floor())
            }
        };
        let mut time = Php::map([
            ("start", Php::Float(start)),
            ("finish", Php::Float(unix_seconds(finish))),
            ("duration", Php::Float(duration)),
            ("processing", Php::Float(processing)),
            ("date_start", Php::Str(self.time_now())),
            ("date_finish", Php::Str(dates::write_moment(finish, self.zone()))),
        ]);
        if self.settings.operating.is_some() {
            time.set("operating_reset_at", self.limits.reset_at(budget, self.now));
            time.set("operating", self.limits.seconds_used(budget, self.now));
        }
        time
    }
}

fn unix_seconds(moment: DateTime<Utc>) -> f64 {
    moment.timestamp_micros() as f64 / 1e6
}

fn write_answer(answer: Answer) -> Php {
    let mut body = Php::map([("result", answer.result)]);
    if let Some(next) = answer.next {
        body.set("next", next as u64);
    }
    if let Some(total) = answer.total {
        body.set("total", total as u64);
    }
    body
}

/// A page of the gateway in front of the portal.
pub(crate) fn gateway_page(status: u16, title: &str, seconds: f64) -> Reply {
    let body = format!(
        "<html>\r\n<head><title>{status} {title}</title></head>\r\n<body>\r\n\
         <center><h1>{status} {title}</h1></center>\r\n\
         <hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    );
    Reply { status, body, location: None, seconds }
}

/// The answer of a portal that was renamed.
pub(crate) fn redirect_to(host: &str) -> Reply {
    let page = gateway_page(302, "Moved Temporarily", 0.0);
    Reply { location: Some(host.to_owned()), ..page }
}
