//! The portal behind real sockets of this machine: threads, keep-alive, a clock, hooks and faults.

mod clock;
pub(crate) mod connection;
pub(crate) mod delivery;
pub(crate) mod fault;
mod http;

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use crate::php::{Php, split_command};
use crate::portal::{Portal, Reply};
use clock::Clock;
use fault::Fault;

/// One request as faults and hooks see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    /// 1 for the first request that the server saw.
    pub number: u64,
    /// The method in lower case, without `.json`.
    pub method: String,
    /// The parameters, as the portal decodes them.
    pub params: Php,
    /// What the portal answered: known to the hooks `after` and `answered`, and only when the call
    /// was executed.
    pub reply: Option<Reply>,
}

impl Exchange {
    /// Whether this is a call of the method, or a batch with one in it.
    pub fn calls(&self, method: &str) -> bool {
        let method = method.to_lowercase();
        if self.method != "batch" {
            return self.method == method;
        }
        for command in self.params.argument("cmd").values() {
            let (name, _) = split_command(&command.text());
            if name == method {
                return true;
            }
        }
        method == "batch"
    }
}

type Hook<R> = Box<dyn FnMut(&Exchange) -> R + Send>;
/// A hook that edits the portal as its users do.
type PeopleHook = Box<dyn FnMut(&Exchange, &mut Portal) + Send>;

/// What the threads of a server share.
pub(crate) struct Shared {
    pub(crate) portal: Mutex<Portal>,
    pub(crate) faults: Mutex<Hook<Option<Fault>>>,
    pub(crate) before: Mutex<Hook<()>>,
    pub(crate) people: Mutex<PeopleHook>,
    pub(crate) after: Mutex<Hook<()>>,
    pub(crate) answered: Mutex<Hook<()>>,
    pub(crate) stopping: AtomicBool,
    pub(crate) requests: AtomicU64,
    clock: Mutex<Clock>,
    /// Open connections by their numbers, to be closed when the server ends.
    open: Mutex<HashMap<u64, TcpStream>>,
}

/// A portal at `http://127.0.0.1:port`. Dropping it closes every connection and ends its threads.
pub struct Server {
    shared: Arc<Shared>,
    port: u16,
    accept_thread: Option<JoinHandle<()>>,
}

pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Server {
    /// Serves a portal; port 0 takes a free one.
    pub fn start(portal: Portal, port: u16) -> io::Result<Server> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let port = listener.local_addr()?.port();
        let shared = Arc::new(Shared {
            portal: Mutex::new(portal),
            faults: Mutex::new(Box::new(|_| None)),
            before: Mutex::new(Box::new(|_| ())),
            people: Mutex::new(Box::new(|_, _| ())),
            after: Mutex::new(Box::new(|_| ())),
            answered: Mutex::new(Box::new(|_| ())),
            stopping: AtomicBool::new(false),
            requests: AtomicU64::new(0),
            clock: Mutex::default(),
            open: Mutex::default(),
        });
        let accepted = Arc::clone(&shared);
        let accept_thread = thread::spawn(move || accept_connections(&listener, &accepted));
        Ok(Server { shared, port, accept_thread: Some(accept_thread) })
    }

    /// The port on this machine that it listens at.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address of the browsable page, `http://127.0.0.1:port/`.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// The webhook to put into a configuration.
    pub fn webhook(&self) -> String {
        let settings = &self.portal().settings;
        format!("{}rest/{}/{}/", self.address(), settings.user.id, settings.secret)
    }

    /// The portal; requests wait while it is held. What was answered late and is due has taken
    /// effect.
    pub fn portal(&self) -> MutexGuard<'_, Portal> {
        let now = self.now();
        let mut portal = lock(&self.shared.portal);
        portal.tick(now);
        portal
    }

    /// HTTP requests to the REST interface seen so far, refused and broken ones included.
    pub fn requests(&self) -> u64 {
        self.shared.requests.load(Ordering::SeqCst)
    }

    /// Decides for every request what goes wrong.
    pub fn faults(&self, decide: impl FnMut(&Exchange) -> Option<Fault> + Send + 'static) {
        *lock(&self.shared.faults) = Box::new(decide);
    }

    /// The next requests go wrong in this way, one after another; `None` lets one through.
    pub fn queue(&self, faults: impl IntoIterator<Item = Option<Fault>>) {
        let mut queue: VecDeque<Option<Fault>> = faults.into_iter().collect();
        self.faults(move |_| queue.pop_front().flatten());
    }

    /// Called for every request before the portal sees it.
    pub fn before(&self, hook: impl FnMut(&Exchange) + Send + 'static) {
        *lock(&self.shared.before) = Box::new(hook);
    }

    /// What people do in the CRM just before a request: they edit, merge and delete in the midst of
    /// a run.
    pub fn people(&self, edit: impl FnMut(&Exchange, &mut Portal) + Send + 'static) {
        *lock(&self.shared.people) = Box::new(edit);
    }

    /// Called for every request after the portal executed it (or a fault kept it from that), before
    /// the answer.
    pub fn after(&self, hook: impl FnMut(&Exchange) + Send + 'static) {
        *lock(&self.shared.after) = Box::new(hook);
    }

    /// Called for every request when its answer was written, or what a fault made of it.
    pub fn answered(&self, hook: impl FnMut(&Exchange) + Send + 'static) {
        *lock(&self.shared.answered) = Box::new(hook);
    }

    /// The time by the portal's clock.
    pub fn now(&self) -> DateTime<Utc> {
        self.shared.now()
    }

    /// Sets the portal's clock, which runs on from there.
    pub fn set_time(&self, now: DateTime<Utc>) {
        lock(&self.shared.clock).set(now);
    }

    /// Moves the portal's clock on by this time.
    pub fn advance(&self, by: Duration) {
        let by = TimeDelta::from_std(by).unwrap_or(TimeDelta::MAX);
        self.set_time(self.now() + by);
    }

    /// Lets the portal's clock run so many times faster than the wall's.
    pub fn set_scale(&self, scale: f64) {
        lock(&self.shared.clock).set_scale(scale);
    }

    /// Really sleeps this part of the virtual duration of each request: 0 (as at the start) not at
    /// all, 1 all of it.
    pub fn set_sleep(&self, part: f64) {
        lock(&self.shared.clock).slept_part = part;
    }
}

impl Shared {
    pub(crate) fn now(&self) -> DateTime<Utc> {
        lock(&self.clock).now()
    }

    /// What a request's virtual duration costs in real time.
    pub(crate) fn real_time(&self, virtual_seconds: f64) -> Duration {
        lock(&self.clock).real_time(virtual_seconds)
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// Sleeps, but not longer than the server lives.
    pub(crate) fn sleep(&self, time: Duration) {
        let end = Instant::now() + time;
        while !self.is_stopping() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            thread::sleep(left.min(Duration::from_millis(20)));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        for stream in lock(&self.shared.open).values() {
            drop(stream.shutdown(Shutdown::Both));
        }
        drop(TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)));
        if let Some(thread) = self.accept_thread.take() {
            drop(thread.join());
        }
    }
}

fn accept_connections(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut threads: Vec<JoinHandle<()>> = Vec::new();
    for (number, stream) in (0_u64..).zip(listener.incoming()) {
        if shared.is_stopping() {
            break;
        }
        let Ok(stream) = stream else { continue };
        threads.retain(|thread| !thread.is_finished());
        let shared = Arc::clone(shared);
        threads.push(thread::spawn(move || run_connection(number, &stream, &shared)));
    }
    for thread in threads {
        drop(thread.join());
    }
}

/// A connection that is known to the server, until its thread ends: also when a hook panics.
struct OpenConnection<'a> {
    number: u64,
    stream: &'a TcpStream,
    shared: &'a Shared,
}

impl Drop for OpenConnection<'_> {
    fn drop(&mut self) {
        drop(self.stream.shutdown(Shutdown::Both));
        lock(&self.shared.open).remove(&self.number);
    }
}

fn run_connection(number: u64, stream: &TcpStream, shared: &Shared) {
    let _open = OpenConnection { number, stream, shared };
    if let Ok(clone) = stream.try_clone() {
        lock(&shared.open).insert(number, clone);
    }
    if !shared.is_stopping() {
        // A client that goes away in the middle is no error of the server.
        drop(connection::serve_connection(stream, shared));
    }
}
