//! `batch`: up to fifty commands in one request, each answered by its name.
//!
//! A command is a query string that PHP's `parse_str` reads, so each value is percent-encoded once,
//! even inside a JSON body (docs/bitrix24.md, Batch).

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::{ApiError, CallError, Response};
use crate::portal::response::refusal;

/// The portal runs no more commands in one batch.
pub const MAX_COMMANDS: usize = 50;
/// Everything but the unreserved characters of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// One command of a batch.
#[derive(Clone, PartialEq, Debug)]
pub struct Command {
    /// The name of its reply.
    pub name: String,
    /// `crm.deal.add` and the like.
    pub method: String,
    /// An object; numbers and texts, lists and objects of them.
    pub params: Value,
}

impl Command {
    /// A call of a method.
    pub fn new(name: impl Into<String>, method: impl Into<String>, params: Value) -> Command {
        Command { name: name.into(), method: method.into(), params }
    }
}

/// What came of one command.
#[derive(Clone, PartialEq, Debug)]
pub enum Reply {
    /// What the method returned.
    Ok(Value),
    /// The portal refused this command. That does not concern the others.
    Err(ApiError),
    /// Neither a result nor an error: it may have been executed.
    Missing,
}

/// Commands that go in one request, each under a key that no other request uses.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    commands: &'a [Command],
    nonce: u32,
}

impl<'a> Batch<'a> {
    /// The commands, to be executed in this order. `nonce` differs from that of every other batch.
    pub fn new(commands: &'a [Command], nonce: u32) -> Batch<'a> {
        Batch { commands, nonce }
    }

    /// The parameters of `batch`.
    pub fn request(&self) -> Value {
        let mut cmd = Map::new();
        for (at, command) in self.commands.iter().enumerate() {
            let line = format!("{}?{}", command.method, query(&command.params));
            cmd.insert(self.key(at), line.into());
        }
        json!({"halt": 0, "cmd": cmd})
    }

    /// The portal executes the commands in the order of the JSON object, and that is written by the
    /// alphabet: without the number in front, a deal's closing date would be set before its stage.
    /// With the nonce, a late answer to another request on the same connection is not taken for the
    /// answer to this one.
    fn key(&self, at: usize) -> String {
        format!("c{at:02}_{:08x}", self.nonce)
    }

    /// `time` of the answer to each command, where there is one.
    pub fn times<'t>(&self, response: &'t Response) -> Vec<(&'a Command, &'t Value)> {
        let Some(times) = response.result.get("result_time") else { return Vec::new() };
        let mut told = Vec::new();
        for (at, command) in self.commands.iter().enumerate() {
            if let Some(time) = times.get(self.key(at)) {
                told.push((command, time));
            }
        }
        told
    }

    /// The replies by name, one for each command.
    ///
    /// # Errors
    /// The answer has another shape or belongs to another request, so it is unknown what was
    /// executed.
    pub fn replies(&self, mut response: Response) -> Result<BTreeMap<String, Reply>, CallError> {
        let mut results = by_key(response.result.get_mut("result"))?;
        let mut errors = by_key(response.result.get_mut("result_error"))?;
        let mut replies = BTreeMap::new();
        for (at, command) in self.commands.iter().enumerate() {
            let key = self.key(at);
            let reply = match (errors.remove(&key), results.remove(&key)) {
                (Some(error), _) => Reply::Err(refusal(&error)),
                (None, Some(result)) => Reply::Ok(result),
                (None, None) => Reply::Missing,
            };
            replies.insert(command.name.clone(), reply);
        }
        if results.is_empty() && errors.is_empty() {
            Ok(replies)
        } else {
            Err(CallError::unknown_outcome("the answer belongs to another request"))
        }
    }
}

/// An empty object comes as an empty list.
fn by_key(value: Option<&mut Value>) -> Result<Map<String, Value>, CallError> {
    let found = match value.map(Value::take) {
        Some(Value::Object(named)) => return Ok(named),
        Some(Value::Array(list)) if list.is_empty() => return Ok(Map::new()),
        None | Some(Value::Null) => "no result",
        Some(Value::Array(_)) => "a list for a result",
        Some(_) => "a result of another kind",
    };
    Err(CallError::unknown_outcome(format!("the answer of a batch has {found}")))
}

fn query(params: &Value) -> String {
    let mut query = String::new();
    for (name, value) in params.as_object().into_iter().flatten() {
        append(&mut query, &encode(name), value);
    }
    query
}

/// Appends a value, or all values in it, as `key=value` pairs.
fn append(query: &mut String, key: &str, value: &Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                append(query, &format!("{key}[{}]", encode(name)), value);
            }
        }
        Value::Array(elements) => {
            for (at, value) in elements.iter().enumerate() {
                append(query, &format!("{key}[{at}]"), value);
            }
        }
        Value::String(text) => append_pair(query, key, text),
        Value::Null => append_pair(query, key, ""),
        Value::Bool(yes) => append_pair(query, key, if *yes { "Y" } else { "N" }),
        Value::Number(number) => append_pair(query, key, &number.to_string()),
    }
}

fn append_pair(query: &mut String, key: &str, value: &str) {
    if !query.is_empty() {
        query.push('&');
    }
    query.extend([key, "="]);
    query.extend(utf8_percent_encode(value, ENCODED));
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(name: &str, params: Value) -> Command {
        Command::new(name, "crm.contact.add", params)
    }

    fn batch(commands: &[Command]) -> Batch<'_> {
        Batch::new(commands, 7)
    }

    #[test]
    fn every_value_is_percent_encoded_once() {
        let params = json!({"fields": {"NAME": "A&B #1 +7 %\n😀", "PHONE": [{"VALUE": "+7900"}]}});
        let commands = [command("g1", params)];
        let text = batch(&commands).request()["cmd"]["c00_00000007"].as_str().unwrap().to_owned();
        assert_eq!(
            text,
            "crm.contact.add?fields[NAME]=A%26B%20%231%20%2B7%20%25%0A%F0%9F%98%80&fields[PHONE][0][VALUE]=%2B7900"
        );
    }

    #[test]
    fn commands_are_carried_out_in_their_order() {
        let names: Vec<String> =
            (0..MAX_COMMANDS).map(|at| format!("r{}", MAX_COMMANDS - at)).collect();
        let commands: Vec<Command> =
            names.iter().map(|name| command(name, json!({"id": name}))).collect();
        let request = batch(&commands).request();
        let sent: Vec<&Value> = request["cmd"].as_object().unwrap().values().collect();
        let expected = names.iter().map(|name| format!("crm.contact.add?id={name}"));
        assert!(sent.into_iter().eq(expected.map(Value::from).collect::<Vec<_>>().iter()));
    }

    #[test]
    fn each_command_is_answered_by_its_name() {
        let answer = Response {
            result: json!({
                "result": {"c00_00000007": 7},
                "result_error": {"c01_00000007": {"error": "", "error_description": "Not found<br>"}},
            }),
            time: Value::Null,
        };
        let commands = ["g1", "g2", "g3"].map(|name| command(name, json!({})));
        let replies = batch(&commands).replies(answer).unwrap();
        assert_eq!(replies["g1"], Reply::Ok(json!(7)));
        assert_eq!(replies["g2"], Reply::Err(ApiError::new("", "Not found")));
        assert_eq!(replies["g3"], Reply::Missing);
    }

    #[test]
    fn a_command_that_is_refused_with_the_address_does_not_tell_it() {
        let error = json!({"error": "x", "error_description": "see https://h.ru/rest/1/geheim/crm.deal.add"});
        let answer = Response {
            result: json!({"result": [], "result_error": {"c00_00000007": error}}),
            time: Value::Null,
        };
        let commands = [command("g1", json!({}))];
        let replies = batch(&commands).replies(answer).unwrap();
        let Reply::Err(refusal) = &replies["g1"] else { panic!("{replies:?}") };
        assert!(
            !refusal.text.contains("geheim") && refusal.text.starts_with("see https://h.ru"),
            "{refusal}"
        );
    }

    #[test]
    fn an_empty_list_stands_for_an_empty_object() {
        let answer =
            Response { result: json!({"result": [], "result_error": []}), time: Value::Null };
        let commands = [command("g1", json!({}))];
        assert_eq!(batch(&commands).replies(answer).unwrap()["g1"], Reply::Missing);
    }

    #[test]
    fn an_answer_of_another_shape_leaves_doubt() {
        for result in [json!(null), json!([]), json!({"result": [1, 2], "result_error": []})] {
            let answer = Response { result, time: Value::Null };
            let error = batch(&[command("g1", json!({}))]).replies(answer).unwrap_err();
            assert!(matches!(error, CallError::UnknownOutcome(_)), "{error}");
        }
    }

    #[test]
    fn the_answer_to_another_request_is_not_taken_for_this_ones() {
        let commands = [command("g1", json!({}))];
        for part in ["result", "result_error"] {
            let mut result = json!({"result": [], "result_error": []});
            result[part] = json!({"c00_00000006": 7});
            let error =
                batch(&commands).replies(Response { result, time: Value::Null }).unwrap_err();
            assert!(matches!(error, CallError::UnknownOutcome(_)), "{part}: {error}");
        }
    }
}
