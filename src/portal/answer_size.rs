//! An answer is bounded by what was asked. JSON of many small values takes a hundred times its bytes in memory, so they
//! are counted before it is read.

use serde_json::Value;

/// Bytes of any answer, and of each command of a batch beyond that.
const BYTES: u64 = 16 * 1024 * 1024;
const BYTES_OF_COMMAND: u64 = 1024 * 1024;
/// Values of any answer: all fields of a portal, with the choices of all lists.
const VALUES: usize = 200_000;
/// Values of each command of a batch: fifty cards with some hundred fields.
const VALUES_OF_COMMAND: usize = 20_000;

/// What may come back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) bytes: u64,
    values: usize,
}

impl Bounds {
    /// Of the answer to these parameters.
    pub(super) fn of(params: &Value) -> Bounds {
        let commands = match params.get("cmd") {
            Some(Value::Object(commands)) => commands.len(),
            Some(Value::Array(commands)) => commands.len(),
            _ => 0,
        };
        Bounds {
            bytes: BYTES + BYTES_OF_COMMAND * commands as u64,
            values: VALUES + VALUES_OF_COMMAND * commands,
        }
    }

    /// Whether an answer keeps to them.
    pub(super) fn hold(self, body: &[u8]) -> bool {
        values(body) <= self.values
    }
}

/// How many values the JSON has, or more; of what is no JSON, any number.
fn values(json: &[u8]) -> usize {
    let (mut values, mut in_text, mut is_escaped) = (0, false, false);
    for byte in json {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_text => is_escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' | b',' | b':' if !in_text => values += 1,
            _ => {}
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn many_small_values_are_more_than_was_asked_for() {
        let bounds = Bounds::of(&json!({"id": 1}));
        let small = |count: usize| format!("{{\"result\":[{}]}}", vec!["{}"; count].join(","));
        assert!(bounds.hold(small(90_000).as_bytes()));
        assert!(!bounds.hold(small(110_000).as_bytes()));
        let batch = Bounds::of(&json!({"cmd": {"a": "x", "b": "y"}}));
        assert!(batch.hold(small(110_000).as_bytes()) && !batch.hold(small(130_000).as_bytes()));
        assert_eq!(batch.bytes, BYTES + 2 * BYTES_OF_COMMAND);
    }

    #[test]
    fn what_stands_in_a_text_is_one_value() {
        assert_eq!(values(br#"{"a": "[{,:\"[,\\", "b": [1, 2]}"#), 6);
    }
}
