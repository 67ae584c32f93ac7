//! The portal as the program sees it: carried out as it should be, answered with damage.

use std::time::Duration;

use bitrix24_sandbox::Portal as Sandbox;
use ecvi_b24::config::Webhook;
use ecvi_b24::platform::clock::Clock;
use ecvi_b24::portal::{CallError, Portal, Response, decode};
use serde_json::Value;

use crate::damage::{Damaged, damage};
use crate::rng::Rng;

/// More requests than any command of these small hotels needs: it would never end.
const ENDLESS: u64 = 3_000;

pub(crate) struct Wire {
    pub(crate) portal: Sandbox,
    clock: Clock,
    webhook: Webhook,
    rng: Rng,
    /// So many of a hundred answers are damaged.
    pub(crate) percent: usize,
    /// Answers may lie.
    liar: bool,
    /// From some request on the same answer always comes, as from a cache in between.
    stuck: Option<Vec<u8>>,
    /// An answer said something false that no client could notice.
    pub(crate) lied: bool,
    requests: u64,
    /// Damaged answers, for the tale.
    pub(crate) tale: Vec<String>,
}

impl Wire {
    pub(crate) fn new(
        portal: Sandbox,
        clock: Clock,
        webhook: Webhook,
        mut rng: Rng,
        percent: usize,
    ) -> Wire {
        // Where no answer lies, all promises hold.
        let liar = rng.chance(25);
        let (stuck, lied, requests, tale) = (None, false, 0, Vec::new());
        Wire { portal, clock, webhook, rng, percent, liar, stuck, lied, requests, tale }
    }

    /// From now on all answers are whole.
    pub(crate) fn heal(&mut self) {
        (self.percent, self.stuck, self.requests) = (0, None, 0);
    }

    fn harm(&mut self, method: &str, status: u16, body: &str) -> Damaged {
        if let Some(body) = &self.stuck {
            return Damaged { status: 200, body: body.clone(), lies: true };
        }
        let mut damaged = damage(status, body, &mut self.rng);
        while damaged.lies && !self.liar {
            damaged = damage(status, body, &mut self.rng);
        }
        let shown: String = String::from_utf8_lossy(&damaged.body).chars().take(1500).collect();
        self.tale.push(format!(
            "{method} lies={} {}: {shown}\n     for {body}",
            damaged.lies, damaged.status
        ));
        if self.liar && self.rng.chance(5) {
            self.stuck = Some(damaged.body.clone());
        }
        damaged
    }
}

impl Portal for Wire {
    fn call(&mut self, method: &str, params: &Value) -> Result<Response, CallError> {
        self.requests += 1;
        assert!(self.requests < ENDLESS, "{ENDLESS} requests: it never ends");
        let reply = self.portal.call(method, params.clone(), self.clock.now());
        self.clock.sleep(Duration::from_millis(50));
        let several = method == "batch";
        if !self.rng.chance(self.percent) {
            return decode(reply.status, reply.body.as_bytes(), several);
        }
        let damaged = self.harm(method, reply.status, &reply.body);
        self.lied |= damaged.lies;
        decode(damaged.status, &self.webhook.redact(damaged.body), several)
    }
}
