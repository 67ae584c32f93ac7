//! `batch`: up to fifty commands in one request, each answered by its name.
//!
//! A command is a query string that PHP's `parse_str` reads, so every value is percent-encoded once, even inside
//! a JSON body (docs/bitrix24.md, Batch).

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::{Answer, Refusal, Trouble};

/// The portal runs no more commands in one batch.
pub const MOST: usize = 50;

/// One command of a batch.
#[derive(Clone, PartialEq, Debug)]
pub struct Command {
    /// Begins with a letter: the portal turns numeric names into positions. The portal runs commands in the order of
    /// the object that names them, and a JSON object is written in the order of its names.
    pub name: String,
    /// `crm.deal.add` and the like.
    pub method: String,
    /// An object; numbers and texts, lists and objects of them.
    pub params: Value,
}

/// What came of one command.
#[derive(Clone, PartialEq, Debug)]
pub enum Reply {
    /// What the method returned.
    Done(Value),
    /// The portal refused it; its neighbours are not touched by that.
    Refused(Refusal),
    /// Neither a result nor an error: it may have been executed.
    Silent,
}

/// The parameters of `batch` for these commands.
pub fn request(commands: &[Command]) -> Value {
    let cmd: Map<String, Value> = commands
        .iter()
        .map(|command| {
            let Command { name, method, params } = command;
            (name.clone(), Value::from(format!("{method}?{}", query(params))))
        })
        .collect();
    json!({"halt": 0, "cmd": cmd})
}

/// The replies by name, one for each command.
///
/// # Errors
/// An answer of another shape: what was executed is unknown.
pub fn replies(commands: &[Command], answer: &Answer) -> Result<BTreeMap<String, Reply>, Trouble> {
    let results = named(answer.result.get("result"))?;
    let errors = named(answer.result.get("result_error"))?;
    let reply = |name: &str| match (errors.get(name), results.get(name)) {
        (Some(error), _) => Reply::Refused(refusal(error)),
        (None, Some(result)) => Reply::Done(result.clone()),
        (None, None) => Reply::Silent,
    };
    Ok(commands.iter().map(|command| (command.name.clone(), reply(&command.name))).collect())
}

/// An empty object comes as an empty list.
fn named(value: Option<&Value>) -> Result<Map<String, Value>, Trouble> {
    match value {
        Some(Value::Object(named)) => Ok(named.clone()),
        Some(Value::Array(list)) if list.is_empty() => Ok(Map::new()),
        other => Err(Trouble::Lost(format!("the answer of a batch has {}", shape(other)))),
    }
}

fn shape(value: Option<&Value>) -> &'static str {
    match value {
        None | Some(Value::Null) => "no result",
        Some(Value::Array(_)) => "a list for a result",
        Some(_) => "a result of another kind",
    }
}

fn refusal(error: &Value) -> Refusal {
    let words = |key: &str| match error.get(key) {
        Some(Value::String(text)) => text.replace("<br>", "\n").trim().to_owned(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    Refusal { code: words("error"), text: words("error_description") }
}

fn query(params: &Value) -> String {
    let mut query = String::new();
    if let Value::Object(params) = params {
        for (key, value) in params {
            append(&mut query, &encode(key), value);
        }
    }
    query
}

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
        Value::String(text) => pair(query, key, text),
        Value::Null => pair(query, key, ""),
        Value::Bool(yes) => pair(query, key, if *yes { "Y" } else { "N" }),
        Value::Number(number) => pair(query, key, &number.to_string()),
    }
}

fn pair(query: &mut String, key: &str, value: &str) {
    if !query.is_empty() {
        query.push('&');
    }
    query.push_str(key);
    query.push('=');
    query.push_str(&encode(value));
}

fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => encoded.push(byte.into()),
            // Writing to a String cannot fail.
            _ => drop(write!(encoded, "%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(name: &str, params: Value) -> Command {
        Command { name: name.into(), method: "crm.contact.add".into(), params }
    }

    #[test]
    fn every_value_is_percent_encoded_once() {
        let params = json!({"fields": {"NAME": "A&B #1 +7 %\n😀", "PHONE": [{"VALUE": "+7900"}]}});
        let text = request(&[command("g1", params)])["cmd"]["g1"].as_str().unwrap().to_owned();
        assert_eq!(
            text,
            "crm.contact.add?fields[NAME]=A%26B%20%231%20%2B7%20%25%0A%F0%9F%98%80&fields[PHONE][0][VALUE]=%2B7900"
        );
    }

    #[test]
    fn each_command_is_answered_by_its_name() {
        let answer = Answer {
            result: json!({
                "result": {"g1": 7},
                "result_error": {"g2": {"error": "", "error_description": "Not found<br>"}},
            }),
            time: Value::Null,
        };
        let commands = ["g1", "g2", "g3"].map(|name| command(name, json!({})));
        let replies = replies(&commands, &answer).unwrap();
        assert_eq!(replies["g1"], Reply::Done(json!(7)));
        assert_eq!(replies["g2"], Reply::Refused(Refusal { code: String::new(), text: "Not found".into() }));
        assert_eq!(replies["g3"], Reply::Silent);
    }

    #[test]
    fn an_empty_list_stands_for_an_empty_object() {
        let answer = Answer { result: json!({"result": [], "result_error": []}), time: Value::Null };
        assert_eq!(replies(&[command("g1", json!({}))], &answer).unwrap()["g1"], Reply::Silent);
    }

    #[test]
    fn an_answer_of_another_shape_leaves_doubt() {
        for result in [json!(null), json!([]), json!({"result": [1, 2], "result_error": []})] {
            let answer = Answer { result, time: Value::Null };
            assert!(replies(&[command("g1", json!({}))], &answer).unwrap_err().leaves_doubt());
        }
    }
}
