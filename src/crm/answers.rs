//! Portals for tests.

use std::path::Path;

use bitrix24_sandbox::Portal as Sandbox;
use chrono::DateTime;
use serde_json::{Map, Value, json};

use crate::config::{Config, parse};
use crate::platform::clock::Clock;
use crate::portal::client::Client;
use crate::portal::limits::RateLimits;
use crate::portal::{CallError, Portal, Response, decode};

/// The sandbox without a wire.
pub(crate) struct Near {
    pub(crate) sandbox: Sandbox,
    pub(crate) clock: Clock,
}

impl Near {
    /// One without limits, at the beginning of time.
    pub(crate) fn new() -> Near {
        Near { sandbox: Sandbox::unlimited(), clock: Clock::virtual_at(DateTime::default()) }
    }

    /// Adds an object, and returns its id.
    pub(crate) fn add(&mut self, entity: &str, fields: &Value) -> i64 {
        let method = format!("crm.{entity}.add");
        self.call(&method, &json!({"fields": fields})).unwrap().result.as_i64().unwrap()
    }
}

impl Portal for Near {
    fn call(&mut self, method: &str, params: &Value) -> Result<Response, CallError> {
        let reply = self.sandbox.call(method, params.clone(), self.clock.now());
        decode(reply.status, reply.body.as_bytes(), method == "batch")
    }
}

/// A portal that answers each question by itself, in a batch or alone.
struct Answering<F>(F);

impl<F: FnMut(&str) -> Value> Portal for Answering<F> {
    fn call(&mut self, method: &str, params: &Value) -> Result<Response, CallError> {
        let result = match params["cmd"].as_object() {
            Some(commands) => {
                let answer = |(name, command): (&String, &Value)| {
                    (name.clone(), (self.0)(command.as_str().unwrap()))
                };
                let answers: Map<String, Value> = commands.iter().map(answer).collect();
                json!({"result": answers, "result_error": []})
            }
            None => (self.0)(method),
        };
        Ok(Response { result, time: Value::Null })
    }
}

/// What `ask` makes of a portal that answers each question, in the form of a batch, by `answer`.
pub(crate) fn asked<T>(
    answer: impl FnMut(&str) -> Value,
    ask: impl FnOnce(&mut Client<'_>) -> T,
) -> T {
    asked_of(&mut Answering(answer), ask)
}

/// What `ask` makes of this portal.
pub(crate) fn asked_of<T>(portal: &mut dyn Portal, ask: impl FnOnce(&mut Client<'_>) -> T) -> T {
    let config = least_config();
    let clock = Clock::virtual_at(DateTime::default());
    ask(&mut Client::new(portal, clock, &config.portal, RateLimits::default(), None))
}

/// What a configuration says that names the mirror and the webhook alone.
pub(crate) fn least_config() -> Config {
    let text = "mirror.path = 'm'\nportal.webhook = 'http://127.0.0.1/rest/1/x/'";
    parse(text, Path::new(""), None).unwrap()
}
