//! A portal of this process whose calls take virtual time: time passes only by waiting.

use std::time::Duration;

use bitrix24_sandbox::{Kind, Portal as Sandbox};
use chrono::{DateTime, Utc};
use ecvi_b24::platform::clock::Clock;
use ecvi_b24::portal::{CallError, Portal, Response, decode};
use serde_json::Value;

/// The webhook in a configuration for such a portal; nobody connects to it.
pub(crate) const WEBHOOK: &str = "webhook = 'http://127.0.0.1/rest/1/bench/'";
/// Deals that a hotel looks for first.
pub(crate) const NEWEST: usize = 50;

pub(crate) struct TimedPortal {
    pub(crate) sandbox: Sandbox,
    clock: Clock,
    /// Whether a call takes the time that it is charged for, or none.
    pub(crate) takes_time: bool,
    /// Whether the export is stopped when the newest deals are there.
    pub(crate) stops_at_newest: bool,
    /// When the newest deals were there.
    pub(crate) newest_at: Option<DateTime<Utc>>,
}

impl TimedPortal {
    pub(crate) fn new(sandbox: Sandbox, clock: &Clock) -> TimedPortal {
        TimedPortal {
            sandbox,
            clock: clock.clone(),
            takes_time: true,
            stops_at_newest: false,
            newest_at: None,
        }
    }
}

impl Portal for TimedPortal {
    fn call(&mut self, method: &str, params: &Value) -> Result<Response, CallError> {
        if self.stops_at_newest && self.newest_at.is_some() {
            return Err(CallError::Cancelled);
        }
        let reply = self.sandbox.call(method, params.clone(), self.clock.now());
        if self.takes_time {
            self.clock.sleep(Duration::from_secs_f64(reply.seconds));
        }
        if self.newest_at.is_none() && self.sandbox.count(Kind::Deal) >= NEWEST {
            self.newest_at = Some(self.clock.now());
        }
        decode(reply.status, reply.body.as_bytes(), method == "batch")
    }
}

/// A clock that stands still but for waiting, the same in every run.
pub(crate) fn virtual_clock() -> Clock {
    Clock::virtual_at(DateTime::from_timestamp(1_800_000_000, 0).unwrap_or_default())
}
