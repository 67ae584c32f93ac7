//! JSON in and out: the order of keys is kept, and an empty array is always written `[]`.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::Php;

impl Php {
    /// Reads JSON; `None` when it is not JSON.
    pub fn from_json(text: &str) -> Option<Php> {
        serde_json::from_str(text).ok()
    }

    /// Writes JSON as PHP does: a list only when the keys are exactly 0, 1, 2..., whole floats
    /// without a point.
    pub fn json(&self) -> String {
        let mut out = String::new();
        self.write_json(&mut out);
        out
    }

    /// Whether the keys are exactly 0, 1, 2... (true for an empty array).
    pub fn is_list(&self) -> bool {
        let mut keys = self.entries().iter().enumerate();
        self.is_array() && keys.all(|(index, (key, _))| is_index(key, index))
    }

    fn write_json(&self, out: &mut String) {
        match self {
            Php::Null => out.push_str("null"),
            Php::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Php::Int(_) | Php::Float(_) => out.push_str(&self.text()),
            Php::Str(text) => write_text(text, out),
            Php::Array(entries) if self.is_list() => write_entries(entries, out, '[', ']', false),
            Php::Array(entries) => write_entries(entries, out, '{', '}', true),
        }
    }
}

fn is_index(key: &str, index: usize) -> bool {
    key.parse() == Ok(index) && (key == "0" || !key.starts_with(['0', '+']))
}

fn write_entries(
    entries: &[(String, Php)],
    out: &mut String,
    open: char,
    close: char,
    named: bool,
) {
    out.push(open);
    for (index, (key, value)) in entries.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        if named {
            write_text(key, out);
            out.push(':');
        }
        value.write_json(out);
    }
    out.push(close);
}

fn write_text(text: &str, out: &mut String) {
    out.push_str(&serde_json::to_string(text).unwrap_or_default());
}

impl From<Value> for Php {
    fn from(value: Value) -> Php {
        match value {
            Value::Null => Php::Null,
            Value::Bool(value) => Php::Bool(value),
            Value::Number(number) => match number.as_i64() {
                Some(whole) => Php::Int(whole),
                None => Php::Float(number.as_f64().unwrap_or(0.0)),
            },
            Value::String(text) => Php::Str(text),
            Value::Array(items) => Php::list(items),
            Value::Object(map) => Php::from(map),
        }
    }
}

impl From<Map<String, Value>> for Php {
    fn from(map: Map<String, Value>) -> Php {
        Php::map(map)
    }
}

impl<'de> Deserialize<'de> for Php {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Php, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Php;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Php, E> {
        Ok(Php::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Php, E> {
        Ok(Php::Bool(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Php, E> {
        Ok(Php::Int(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Php, E> {
        match i64::try_from(number) {
            Ok(whole) => Ok(Php::Int(whole)),
            Err(_) => Ok(Php::Float(number as f64)),
        }
    }

    fn visit_f64<E>(self, number: f64) -> Result<Php, E> {
        Ok(Php::Float(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Php, E> {
        Ok(Php::from(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Php, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element::<Php>()? {
            list.push(item);
        }
        Ok(Php::list(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Php, A::Error> {
        let mut map = Php::empty();
        while let Some((key, value)) = entries.next_entry::<String, Php>()? {
            map.set(&key, value);
        }
        Ok(map)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_containers_are_written_as_lists() {
        assert_eq!(Php::from_json(r#"{"a":{},"b":[]}"#).unwrap().json(), r#"{"a":[],"b":[]}"#);
    }

    #[test]
    fn numeric_names_collapse_into_a_list_only_when_they_are_0_to_n() {
        assert_eq!(Php::from_json(r#"{"0":1,"1":2}"#).unwrap().json(), "[1,2]");
        assert_eq!(Php::from_json(r#"{"0":1,"2":2}"#).unwrap().json(), r#"{"0":1,"2":2}"#);
    }

    #[test]
    fn the_order_of_keys_is_kept() {
        let text = r#"{"c10":1,"c2":2,"a":3}"#;
        assert_eq!(Php::from_json(text).unwrap().json(), text);
    }

    #[test]
    fn whole_floats_are_written_without_a_point() {
        assert_eq!(Php::list([1000.0, 0.5]).json(), "[1000,0.5]");
    }
}
