//! A call on its way through the portal: the gates, the execution, the envelope of the answer.
//!
//! Sources: facts, section 1.2 for the envelope, 3 for the limits, 8 for the errors.

use chrono::{DateTime, TimeDelta, Utc};

use crate::answer::{Answer, Outcome, Refusal};
use crate::limits::Hit;
use crate::methods::{self, Handler};
use crate::php::Php;
use crate::portal::{Portal, Reply};
use crate::settings::{Accounting, Condition, Times};
use crate::spoiled_cards::{self, Harm};
use crate::values::dates;

/// One request while it is executed.
#[derive(Debug, Default)]
pub(crate) struct Request {
    pub(crate) hit: Hit,
    pub(crate) seconds: f64,
    /// Commands of a batch that may still be executed.
    pub(crate) left: Option<usize>,
    /// What a card makes of the whole answer.
    pub(crate) harm: Option<Harm>,
    /// An error that the portal did not forget: what fails after it in a batch fails with it.
    pub(crate) leaked: Option<Refusal>,
    /// Whether its credentials are right; `None`: it has none.
    known: Option<bool>,
}

impl Portal {
    pub(crate) fn request(
        &mut self,
        method: &str,
        params: &Php,
        now: DateTime<Utc>,
        left: Option<usize>,
    ) -> Reply {
        self.receive(Some(true), method, params, now, left)
    }

    /// A request from outside: `known` tells whether its credentials are right, `None` that it has
    /// none.
    pub(crate) fn receive(
        &mut self,
        known: Option<bool>,
        method: &str,
        params: &Php,
        now: DateTime<Utc>,
        left: Option<usize>,
    ) -> Reply {
        self.tick(now);
        self.answer(method, params, Request { left, known, ..Request::default() })
    }

    fn answer(&mut self, method: &str, params: &Php, mut request: Request) -> Reply {
        self.counters.requests += 1;
        if let Some(reply) = self.closed() {
            return reply;
        }
        let method = method.trim_matches('/').to_lowercase();
        let outcome = self
            .gate(&method, request.known)
            .and_then(|handler| self.execute(handler, &method, params, &mut request));
        if request.seconds > self.settings.max_request_seconds {
            return gateway(504, "Gateway Time-out", request.seconds);
        }
        match request.harm {
            Some(harm) => spoiled_cards::reply(harm, request.seconds),
            None => self.reply(&method, outcome, &request),
        }
    }

    /// The portal answers nobody: maintenance or another address.
    fn closed(&self) -> Option<Reply> {
        match &self.settings.condition {
            Condition::Maintenance(status) => Some(gateway(*status, "Bad Gateway", 0.0)),
            Condition::Moved(host) => Some(Reply {
                location: Some(host.clone()),
                ..gateway(302, "Moved Temporarily", 0.0)
            }),
            _ => None,
        }
    }

    /// The gates before a method: existence, rate, authorization, scope, budget (facts, section 8).
    fn gate(&mut self, method: &str, known: Option<bool>) -> Result<Handler, Refusal> {
        let handler = methods::find(method).ok_or_else(Refusal::no_method)?;
        if self.settings.bucket.is_some_and(|bucket| !self.limits.admit(bucket, self.now)) {
            self.counters.refused += 1;
            return Err(Refusal::new(503, "QUERY_LIMIT_EXCEEDED", "Too many requests"));
        }
        self.settings.authorize(known)?;
        self.settings.check_scope(method)?;
        self.budget(method, method)?;
        Ok(handler)
    }

    /// Refuses a method whose operating budget is used up.
    pub(crate) fn budget(&mut self, method: &str, key: &str) -> Result<(), Refusal> {
        let limit = if method == "batch" && self.settings.accounting != Accounting::Bans {
            None
        } else {
            self.settings.operating
        };
        if limit.is_some_and(|limit| self.limits.blocked(key, limit, self.now)) {
            self.counters.blocked += 1;
            return Err(Refusal::operating());
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
        self.note(method, params, None);
        if method == "batch" {
            return self.batch(params, request);
        }
        if request.left == Some(0) {
            return Ok(Answer::default());
        }
        let seconds = self.cost(method, params);
        request.seconds += seconds;
        let answer = self.run(handler, method, params)?;
        self.charge(request, method, seconds);
        request.accept(answer)
    }

    /// What the user's role allows.
    pub(crate) fn run(&mut self, handler: Handler, method: &str, params: &Php) -> Outcome {
        if self.settings.denied.contains(method) {
            return Err(Refusal::denied());
        }
        handler.run(self, params)
    }

    /// Charges a call that worked, and bans its method where the newest builds do (facts, section
    /// 14.2).
    pub(crate) fn charge(&mut self, request: &mut Request, key: &str, seconds: f64) {
        self.limits.charge(&mut request.hit, key, seconds, self.now);
        if let (Accounting::Bans, Some(limit)) = (self.settings.accounting, self.settings.operating)
        {
            self.limits.ban_when_over(key, limit, self.now);
        }
    }

    /// Virtual seconds of a call: a bulk import costs by the record.
    pub(crate) fn cost(&self, method: &str, params: &Php) -> f64 {
        let records = if method == "crm.item.batchimport" {
            params.argument("data").entries().len()
        } else {
            1
        };
        self.settings.cost_of(method) * records.max(1) as f64
    }

    fn reply(&self, method: &str, outcome: Outcome, request: &Request) -> Reply {
        let (status, mut body) = match outcome {
            Ok(answer) => (200, success(answer)),
            Err(refusal) => (refusal.status, refusal.body()),
        };
        if status == 200 {
            body.set("time", self.time(method, request.seconds));
        }
        Reply { status, body: body.json(), location: None, seconds: request.seconds }
    }

    /// The `time` of an answer, and of each command of a batch.
    pub(crate) fn time(&self, key: &str, seconds: f64) -> Php {
        let finish = self.now + TimeDelta::microseconds((seconds * 1e6) as i64);
        let zone = dates::zone(self.settings.utc_offset_hours);
        let unix = |at: DateTime<Utc>| at.timestamp_micros() as f64 / 1e6;
        let (start, duration, processing) = match self.settings.times {
            Times::Exact => (unix(self.now), seconds, seconds),
            Times::WholeSeconds => {
                let start = unix(self.now).floor();
                (start, unix(finish) - start, seconds.floor())
            }
        };
        let mut time = Php::map([
            ("start", Php::Float(start)),
            ("finish", Php::Float(unix(finish))),
            ("duration", Php::Float(duration)),
            ("processing", Php::Float(processing)),
            ("date_start", Php::Str(dates::written(self.now, zone))),
            ("date_finish", Php::Str(dates::written(finish, zone))),
        ]);
        if self.settings.operating.is_some() {
            time.set("operating_reset_at", self.limits.reset_at(key, self.now));
            time.set("operating", self.limits.operating(key, self.now));
        }
        time
    }
}

fn success(answer: Answer) -> Php {
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
pub(crate) fn gateway(status: u16, title: &str, seconds: f64) -> Reply {
    let body = format!(
        "<html>\r\n<head><title>{status} {title}</title></head>\r\n<body>\r\n<center><h1>{status} {title}</h1></center>\
         \r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    );
    Reply { status, body, location: None, seconds }
}
