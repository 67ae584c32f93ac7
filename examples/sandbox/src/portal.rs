//! The portal: what it stores, and how a call passes its gates.
//!
//! No I/O, no clock: the time of every call is given. The answer's envelope is that of facts, section 1.2.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::answer::{Answer, Outcome, Refusal};
use crate::dates;
use crate::dictionaries::Dictionaries;
use crate::limits::{Hit, Limits};
use crate::methods::{self, Handler};
use crate::php::Php;
use crate::record::{Kind, Record};
use crate::settings::{Accounting, Condition, Settings};
use crate::store::Store;

/// An answer as it goes over the wire.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// JSON, or the HTML of a gateway.
    pub body: String,
    /// Where a renamed portal went.
    pub location: Option<String>,
    /// How long the portal worked on it, in virtual seconds.
    pub seconds: f64,
}

/// One executed call, or one command of a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// When.
    pub at: DateTime<Utc>,
    /// The method's name, in lower case.
    pub method: String,
    /// Its parameters, as the portal decoded them.
    pub params: Php,
    /// The name of the command, when it came in a batch.
    pub command: Option<String>,
}

/// What was counted since the portal was made, or since the counters were replaced.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counters {
    /// Requests: a batch is one.
    pub requests: u64,
    /// Calls by method, commands of batches included, the batch itself as well.
    pub methods: BTreeMap<String, u64>,
    /// Calls that changed something.
    pub writes: u64,
    /// Requests refused with `QUERY_LIMIT_EXCEEDED`.
    pub refused: u64,
    /// Calls refused with `OPERATION_TIME_LIMIT`, commands of batches included.
    pub blocked: u64,
    /// Automation rules of deals that were started (facts, section 4.2): by adding, and by a change of the stage.
    pub robots: u64,
    /// Business processes of contacts and companies that were started.
    pub processes: u64,
}

/// A Bitrix24 portal.
#[derive(Debug, Clone, Default)]
pub struct Portal {
    /// May be changed at any time.
    pub settings: Settings,
    /// May be replaced, to count from here.
    pub counters: Counters,
    /// The dictionaries: stages, types, currencies, user fields...
    pub(crate) dictionaries: Dictionaries,
    pub(crate) store: Store,
    pub(crate) layouts: BTreeMap<Kind, Php>,
    pub(crate) now: DateTime<Utc>,
    pub(crate) limits: Limits,
    recording: bool,
    calls: Vec<Call>,
    deferred: Vec<(DateTime<Utc>, String, Php)>,
}

/// One request while it is executed.
#[derive(Debug, Default)]
pub(crate) struct Request {
    pub(crate) hit: Hit,
    pub(crate) seconds: f64,
    /// Commands of a batch that may still be executed.
    pub(crate) left: Option<usize>,
    /// Whether its credentials are right; `None`: it has none.
    known: Option<bool>,
}

impl Portal {
    /// A Russian cloud portal with the default funnel, rubles, and an administrator's webhook of the scope `crm`.
    pub fn new() -> Portal {
        Portal::default()
    }

    /// The same without limits, for tests that are about something else.
    pub fn unlimited() -> Portal {
        Portal { settings: Settings::default().unlimited(), ..Portal::default() }
    }

    /// Answers a call. Give `serde_json::Value` or [`Php`]; the first does not keep the order of a batch's commands
    /// (they then run in alphabetical order).
    pub fn call(&mut self, method: &str, params: impl Into<Php>, now: DateTime<Utc>) -> Reply {
        self.request(method, &params.into(), now, None)
    }

    /// Answers a call with a JSON body; what is not JSON counts as no parameters (facts, section 1.1).
    pub fn call_json(&mut self, method: &str, body: &str, now: DateTime<Utc>) -> Reply {
        self.request(method, &Php::from_json(body).unwrap_or_default(), now, None)
    }

    /// Executes the first `commands` of a batch only, as when the portal breaks off in the middle; of any other
    /// call everything, unless `commands` is 0.
    pub fn call_at_most(
        &mut self,
        commands: usize,
        method: &str,
        params: impl Into<Php>,
        now: DateTime<Utc>,
    ) -> Reply {
        self.request(method, &params.into(), now, Some(commands))
    }

    /// Accepts a call now that takes effect at `at`: executed before the first call (or [`Portal::tick`]) from then.
    pub fn defer(&mut self, method: &str, params: impl Into<Php>, at: DateTime<Utc>) {
        self.deferred.push((at, method.to_owned(), params.into()));
        self.deferred.sort_by_key(|(at, _, _)| *at);
    }

    /// Executes what was deferred until now.
    pub fn tick(&mut self, now: DateTime<Utc>) {
        while self.deferred.first().is_some_and(|(at, _, _)| *at <= now) {
            let (at, method, params) = self.deferred.remove(0);
            self.now = at;
            self.answer(&method, &params, Request { known: Some(true), ..Request::default() });
        }
        self.now = now;
    }

    /// Starts or stops keeping [`Portal::calls`].
    pub fn record_calls(&mut self, on: bool) {
        self.recording = on;
    }

    /// The calls kept since [`Portal::record_calls`].
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }

    /// Forgets the calls kept so far.
    pub fn forget_calls(&mut self) {
        self.calls.clear();
    }

    /// An object by its id.
    pub fn get(&self, kind: Kind, id: u64) -> Option<&Record> {
        self.store.table(kind).get(id)
    }

    /// All objects of a kind in the order of their ids.
    pub fn records(&self, kind: Kind) -> impl DoubleEndedIterator<Item = &Record> {
        self.store.table(kind).iter()
    }

    /// How many objects of a kind there are.
    pub fn count(&self, kind: Kind) -> usize {
        self.store.table(kind).len()
    }

    fn request(&mut self, method: &str, params: &Php, now: DateTime<Utc>, left: Option<usize>) -> Reply {
        self.receive(Some(true), method, params, now, left)
    }

    /// A request from outside: `known` tells whether its credentials are right, `None` that it has none.
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
        self.reply(&method, outcome, &request)
    }

    /// The portal answers nobody: maintenance or another address.
    fn closed(&self) -> Option<Reply> {
        match &self.settings.condition {
            Condition::Maintenance(status) => Some(gateway(*status, "Bad Gateway", 0.0)),
            Condition::Moved(host) => {
                Some(Reply { location: Some(host.clone()), ..gateway(302, "Moved Temporarily", 0.0) })
            }
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
        let limit = if method == "batch" && self.settings.accounting != Accounting::BanBatch {
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

    fn execute(&mut self, handler: Handler, method: &str, params: &Php, request: &mut Request) -> Outcome {
        self.note(method, params, None);
        if method == "batch" {
            return self.batch(params, request);
        }
        if request.left == Some(0) {
            return Ok(Answer::default());
        }
        let seconds = self.cost(method, params);
        request.seconds += seconds;
        let outcome = handler.run(self, params);
        if outcome.is_ok() {
            self.limits.charge(&mut request.hit, method, seconds, self.now);
        }
        outcome
    }

    /// Counts a call, and keeps it when calls are recorded.
    pub(crate) fn note(&mut self, method: &str, params: &Php, command: Option<&str>) {
        *self.counters.methods.entry(method.to_owned()).or_default() += 1;
        if self.recording {
            let command = command.map(str::to_owned);
            self.calls.push(Call {
                at: self.now,
                method: method.to_owned(),
                params: params.clone(),
                command,
            });
        }
    }

    /// Virtual seconds of a call: a bulk import costs by the record.
    pub(crate) fn cost(&self, method: &str, params: &Php) -> f64 {
        let records =
            if method == "crm.item.batchimport" { params.argument("data").entries().len() } else { 1 };
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
        Php::map([
            ("start", Php::Float(unix(self.now))),
            ("finish", Php::Float(unix(finish))),
            ("duration", Php::Float(seconds)),
            ("processing", Php::Float(seconds)),
            ("date_start", Php::Str(dates::written(self.now, zone))),
            ("date_finish", Php::Str(dates::written(finish, zone))),
            ("operating_reset_at", Php::Int(self.limits.reset_at(key, self.now))),
            ("operating", Php::Float(self.limits.operating(key, self.now))),
        ])
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
