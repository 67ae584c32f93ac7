//! The facts that the sandbox reproduces, one test a fact, through its public interface.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests as well")]
#![allow(clippy::needless_pass_by_value, reason = "`json!(...)` reads best as an argument")]

mod access;
mod batches;
mod by_hand;
mod contacts;
mod deals;
mod limits;
mod lists;
mod messenger;
mod metadata;
mod robots;
mod server;
mod spoiled;
mod universal;

use bitrix24_sandbox::{Php, Portal, Reply};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

/// A client beside its portal, with a clock that a test moves by hand.
struct Client {
    portal: Portal,
    now: DateTime<Utc>,
}

impl Client {
    fn new() -> Client {
        Client { portal: Portal::new(), now: "2026-11-24T12:00:00Z".parse().unwrap() }
    }

    fn call(&mut self, method: &str, params: impl Into<Php>) -> Reply {
        self.portal.call(method, params, self.now)
    }

    /// Makes a call that must work; its `result`.
    fn ok(&mut self, method: &str, params: Value) -> Value {
        let reply = self.call(method, params);
        assert_eq!(reply.status, 200, "{}", reply.body);
        body(&reply)["result"].clone()
    }

    /// Makes a call that must be refused; status and code of the refusal.
    fn refused(&mut self, method: &str, params: Value) -> (u16, String) {
        let reply = self.call(method, params);
        (reply.status, body(&reply)["error"].as_str().unwrap().to_owned())
    }

    /// Makes an object by the legacy method; its id.
    fn add(&mut self, kind: &str, fields: Value) -> u64 {
        let id = self.ok(&format!("crm.{kind}.add"), json!({ "fields": fields }));
        id.as_u64().unwrap()
    }

    /// Makes an object by the universal method; what is answered of it.
    fn add_item(&mut self, entity_type_id: i64, fields: Value) -> Value {
        let params = json!({ "entityTypeId": entity_type_id, "fields": fields });
        self.ok("crm.item.add", params)["item"].clone()
    }

    fn update(&mut self, kind: &str, id: u64, fields: Value) {
        let params = json!({ "id": id, "fields": fields });
        assert_eq!(self.ok(&format!("crm.{kind}.update"), params), true);
    }

    fn get(&mut self, kind: &str, id: u64) -> Value {
        self.ok(&format!("crm.{kind}.get"), json!({ "id": id }))
    }

    /// The `result` of a batch, commands in this order.
    fn batch(&mut self, commands: &[(&str, &str)]) -> Value {
        let cmd = Php::map(commands.iter().copied());
        let reply = self.call("batch", Php::map([("halt", Php::Int(0)), ("cmd", cmd)]));
        body(&reply)["result"].clone()
    }

    fn wait(&mut self, seconds: i64) {
        self.now += TimeDelta::seconds(seconds);
    }
}

/// The JSON of an answer.
fn body(reply: &Reply) -> Value {
    serde_json::from_str(&reply.body).unwrap()
}
