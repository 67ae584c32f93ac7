//! The portal: what it stores, and what a program may ask of it.
//!
//! No I/O, no clock: the time of every call is given.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};

use crate::access::Credentials;
use crate::data::dictionaries::Dictionaries;
use crate::data::record::{Kind, Record};
use crate::data::store::{Store, fold};
use crate::limits::Limits;
use crate::methods::find_handler;
use crate::methods::messenger::Notice;
use crate::php::Php;
use crate::request::Request;
use crate::settings::Settings;
use crate::values::dates;

/// An answer as it goes over the wire.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The HTTP status of the answer.
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
    /// When the portal executed it.
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
    /// Calls by method (in lower case), commands of batches included, the batch itself as well.
    pub methods: BTreeMap<String, u64>,
    /// Calls that changed something.
    pub writes: u64,
    /// Requests refused with `QUERY_LIMIT_EXCEEDED`.
    pub refused: u64,
    /// Calls refused with `OPERATION_TIME_LIMIT`, commands of batches included.
    pub blocked: u64,
    /// Automation rules of deals that were started (facts, section 4.2): by adding, and by a change
    /// of the stage.
    pub robots: u64,
    /// Business processes of contacts and companies that were started.
    pub processes: u64,
}

impl Counters {
    /// Calls of this method, alone and in batches; the case of the name does not matter.
    pub fn of(&self, method: &str) -> u64 {
        self.methods.get(&method.to_lowercase()).copied().unwrap_or(0)
    }
}

/// A portal: what it stores, its settings, and what it counts.
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
    /// What users were told in the messenger, oldest first.
    pub notices: Vec<Notice>,
    pub(crate) limits: Limits,
    recording: bool,
    calls: Vec<Call>,
    deferred: Vec<DeferredCall>,
}

/// A call that was accepted and takes effect later.
#[derive(Debug, Clone)]
struct DeferredCall {
    due: DateTime<Utc>,
    method: String,
    params: Php,
}

impl Portal {
    /// A Russian cloud portal with the default funnel, rubles, and an administrator's webhook of
    /// the scope `crm`.
    pub fn new() -> Portal {
        Portal::default()
    }

    /// The same without limits, for tests that are about something else.
    pub fn unlimited() -> Portal {
        Portal { settings: Settings::default().unlimited(), ..Portal::default() }
    }

    /// Answers a call. Give `serde_json::Value` or [`Php`]; the first does not keep the order of a
    /// batch's commands (they then run in alphabetical order).
    pub fn call(&mut self, method: &str, params: impl Into<Php>, now: DateTime<Utc>) -> Reply {
        self.handle_call(method, &params.into(), now, None)
    }

    /// Answers a call with a JSON body; what is not JSON counts as no parameters (facts, section
    /// 1.1).
    pub fn call_json(&mut self, method: &str, body: &str, now: DateTime<Utc>) -> Reply {
        self.handle_call(method, &Php::from_json(body).unwrap_or_default(), now, None)
    }

    /// Executes the first `commands` of a batch only, as when the portal breaks off in the middle;
    /// of any other call everything, unless `commands` is 0.
    pub fn call_at_most(
        &mut self,
        commands: usize,
        method: &str,
        params: impl Into<Php>,
        now: DateTime<Utc>,
    ) -> Reply {
        self.handle_call(method, &params.into(), now, Some(commands))
    }

    /// Accepts a call now that takes effect at `at`: executed before the first call (or
    /// [`Portal::tick`]) from then.
    pub fn defer(&mut self, method: &str, params: impl Into<Php>, at: DateTime<Utc>) {
        self.counters.requests += 1;
        let method = method.to_lowercase();
        self.deferred.push(DeferredCall { due: at, method, params: params.into() });
        self.deferred.sort_by_key(|call| call.due);
    }

    /// Executes what was deferred until now.
    pub fn tick(&mut self, now: DateTime<Utc>) {
        while let Some(first) = self.deferred.first()
            && first.due <= now
        {
            let call = self.deferred.remove(0);
            self.now = call.due;
            if let Some(handler) = find_handler(&call.method) {
                // The answer was lost long ago.
                drop(self.execute(handler, &call.method, &call.params, &mut Request::default()));
            }
        }
        self.now = now;
    }

    fn handle_call(
        &mut self,
        method: &str,
        params: &Php,
        now: DateTime<Utc>,
        commands: Option<usize>,
    ) -> Reply {
        self.handle_request(Credentials::Right, method, params, now, commands)
    }

    /// The time of the last call.
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Starts or stops keeping [`Portal::calls`].
    pub fn record_calls(&mut self, on: bool) {
        self.recording = on;
    }

    /// The calls kept since [`Portal::record_calls`].
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }

    /// An object by its id.
    pub fn get(&self, kind: Kind, id: u64) -> Option<&Record> {
        self.store.table(kind).get(id)
    }

    /// Whether the webhook's user may not see an object.
    pub(crate) fn hides(&self, kind: Kind, id: u64) -> bool {
        self.settings.hidden.contains(&(kind, id))
    }

    /// All objects of a kind in the order of their ids.
    pub fn records(&self, kind: Kind) -> impl DoubleEndedIterator<Item = &Record> {
        self.store.table(kind).iter()
    }

    /// The same as shared pointers: a snapshot of the portal copies no objects.
    pub fn shared_records(&self, kind: Kind) -> impl Iterator<Item = &Arc<Record>> {
        self.store.table(kind).shared()
    }

    /// Changes a stored object past the rules of saving; `false` when there is none.
    pub(crate) fn edit_stored(
        &mut self,
        kind: Kind,
        id: u64,
        edit: impl FnOnce(&mut Record),
    ) -> bool {
        let Some(mut record) = self.get(kind, id).cloned() else { return false };
        edit(&mut record);
        self.store.table_mut(kind).put(record);
        true
    }

    /// How many objects of a kind there are.
    pub fn count(&self, kind: Kind) -> usize {
        self.store.table(kind).len()
    }

    /// The objects with this identity in another system; it need not be unique (facts, section
    /// 9.2).
    pub fn with_origin(&self, kind: Kind, originator: &str, origin: &str) -> Vec<&Record> {
        let mut found = self.store.table(kind).of_origins(&[origin.to_owned()]);
        found.retain(|record| fold(record.text("ORIGINATOR_ID")) == fold(originator));
        found
    }

    /// Counts a call, and keeps it when calls are recorded.
    pub(crate) fn count_call(&mut self, method: &str, params: &Php, command: Option<&str>) {
        *self.counters.methods.entry(method.to_owned()).or_default() += 1;
        if self.recording {
            self.calls.push(Call {
                at: self.now,
                method: method.to_owned(),
                params: params.clone(),
                command: command.map(str::to_owned),
            });
        }
    }

    /// The portal's time zone.
    pub(crate) fn zone(&self) -> FixedOffset {
        dates::zone(self.settings.utc_offset_hours)
    }

    /// The moment now, as the portal writes it.
    pub(crate) fn time_now(&self) -> String {
        dates::write_moment(self.now, self.zone())
    }

    /// The portal's date, so many days from today.
    pub(crate) fn date_in_days(&self, days: i64) -> String {
        let moment = self.now + TimeDelta::days(days);
        moment.with_timezone(&self.zone()).format("%Y-%m-%d").to_string()
    }
}
