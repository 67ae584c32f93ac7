//! The size of an answer is limited by what was asked. JSON of many small values takes a hundred
//! times its bytes in memory, so its values are counted before it is parsed.

use serde_json::Value;

/// Bytes of any answer, and of each command of a batch beyond that.
const BYTES: u64 = 16 * 1024 * 1024;
const BYTES_PER_COMMAND: u64 = 1024 * 1024;
/// Values of any answer: all fields of a portal, with the items of all lists.
const VALUES: usize = 200_000;
/// Values of each command of a batch: fifty cards with some hundred fields.
const VALUES_PER_COMMAND: usize = 20_000;

/// The largest answer that is accepted.
#[derive(Clone, Copy, Debug)]
pub(super) struct SizeLimit {
    pub(super) bytes: u64,
    values: usize,
}

impl SizeLimit {
    pub(super) fn for_request(params: &Value) -> SizeLimit {
        let commands = match params.get("cmd") {
            Some(Value::Object(commands)) => commands.len(),
            Some(Value::Array(commands)) => commands.len(),
            _ => 0,
        };
        SizeLimit {
            bytes: BYTES + BYTES_PER_COMMAND * commands as u64,
            values: VALUES + VALUES_PER_COMMAND * commands,
        }
    }

    pub(super) fn allows(self, body: &[u8]) -> bool {
        count_values(body) <= self.values
    }
}

/// How many values the JSON has, or more. Any number for what is no JSON.
fn count_values(json: &[u8]) -> usize {
    let mut count = 0;
    let mut in_text = false;
    let mut is_escaped = false;
    for byte in json {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_text => is_escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' | b',' | b':' if !in_text => count += 1,
            _ => {}
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::portal::response::documents;

    #[test]
    fn many_small_values_are_more_than_was_asked_for() {
        let limit = SizeLimit::for_request(&json!({"id": 1}));
        let small = |count: usize| format!("{{\"result\":[{}]}}", vec!["{}"; count].join(","));
        assert!(limit.allows(small(90_000).as_bytes()));
        assert!(!limit.allows(small(110_000).as_bytes()));
        let batch = SizeLimit::for_request(&json!({"cmd": {"a": "x", "b": "y"}}));
        assert!(
            batch.allows(small(110_000).as_bytes()) && !batch.allows(small(130_000).as_bytes())
        );
        assert_eq!(batch.bytes, BYTES + 2 * BYTES_PER_COMMAND);
    }

    /// Behind an odd quote, texts and what stands between them change places.
    #[test]
    fn a_quote_before_the_answer_does_not_hide_how_many_values_it_has() {
        let limit = SizeLimit::for_request(&json!({"id": 1}));
        let many = format!("\"{{\"result\":[{}]}}", vec!["{\"a\":1}"; 210_000].join(","));
        assert!(limit.allows(many.as_bytes()));
        assert!(documents(many.as_bytes()).any(|json| !limit.allows(json)));
    }

    #[test]
    fn what_stands_in_a_text_is_one_value() {
        assert_eq!(count_values(br#"{"a": "[{,:\"[,\\", "b": [1, 2]}"#), 6);
    }
}
