//! `parse_url` and `parse_str`: how the query of a GET, a form body and a batch command become
//! arrays.
//!
//! Facts, section 2.1: `+` is a space, `#` cuts the rest, control characters become `_`, `.` and a
//! space become `_` in top-level names, everything arrives as a text.

use super::Php;

/// PHP's `max_input_nesting_level`.
const MAX_DEPTH: usize = 64;

/// Splits a batch command into its method and its query, as `parse_url` does.
pub(crate) fn split_command(command: &str) -> (String, Php) {
    let clean = command.replace(|c: char| c.is_ascii_control(), "_");
    let (before_fragment, _) = split_at_first(&clean, '#');
    let (path, query) = split_at_first(before_fragment, '?');
    (path.to_lowercase(), parse_query(query))
}

/// Decodes `a=1&b[c][]=2` into an array.
pub(crate) fn parse_query(query: &str) -> Php {
    let mut root = Php::empty();
    for pair in query.split('&') {
        if pair.is_empty() {
            continue;
        }
        let (name, value) = split_at_first(pair, '=');
        let path = path_of_name(&decode_percent(name));
        put_value(&mut root, &path, Php::Str(decode_percent(value)));
    }
    root
}

/// What stands before and after a sign; without it everything stands before.
pub(crate) fn split_at_first(text: &str, sign: char) -> (&str, &str) {
    text.split_once(sign).unwrap_or((text, ""))
}

/// Percent-decoding, with `+` as a space; bytes that are no UTF-8 are replaced.
fn decode_percent(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        if byte == b'%'
            && let Some(decoded) = hex_byte(bytes, at + 1)
        {
            out.push(decoded);
            at += 3;
        } else {
            out.push(if byte == b'+' { b' ' } else { byte });
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The byte that two hexadecimal digits spell, should they stand there.
fn hex_byte(bytes: &[u8], at: usize) -> Option<u8> {
    let high = char::from(*bytes.get(at)?).to_digit(16)?;
    let low = char::from(*bytes.get(at + 1)?).to_digit(16)?;
    Some((high * 16 + low) as u8)
}

/// `a.b[c][]` as `["a_b", "c", ""]`: an empty part appends. A bracket that is never closed is a
/// part of the name.
fn path_of_name(name: &str) -> Vec<String> {
    let name = name.trim_start_matches(' ');
    let Some(open) = first_bracket(name) else {
        return vec![top_level_name(&name.replace('[', "_"))];
    };
    let mut path = vec![top_level_name(&name[..open])];
    let mut rest = &name[open..];
    while path.len() < MAX_DEPTH
        && let Some(inner) = rest.strip_prefix('[')
        && let Some((part, after)) = inner.split_once(']')
    {
        path.push(part.to_owned());
        rest = after;
    }
    path
}

/// Where the first `[` stands that begins a part: not at the very beginning, and closed somewhere.
fn first_bracket(name: &str) -> Option<usize> {
    let open = name.find('[')?;
    if open > 0 && name[open..].contains(']') { Some(open) } else { None }
}

fn top_level_name(name: &str) -> String {
    name.replace(['.', ' '], "_")
}

fn put_value(node: &mut Php, path: &[String], value: Php) {
    let Some((first, rest)) = path.split_first() else {
        *node = value;
        return;
    };
    let key = if first.is_empty() { next_index(node) } else { first.clone() };
    if !node.get(&key).is_array() || rest.is_empty() {
        node.set(&key, Php::Null);
    }
    let Php::Array(entries) = node else { return };
    for (name, child) in entries {
        if *name == key {
            put_value(child, rest, value);
            return;
        }
    }
}

/// The key after the largest number among the keys.
fn next_index(node: &Php) -> String {
    let indexes = node.entries().iter().filter_map(|(key, _)| key.parse::<i64>().ok());
    match indexes.max() {
        Some(largest) => (largest + 1).to_string(),
        None => "0".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(query: &str) -> String {
        parse_query(query).json()
    }

    #[test]
    fn a_bare_plus_is_a_space_and_an_encoded_one_is_a_plus() {
        assert_eq!(parsed("a=+7&b=%2B7"), r#"{"a":" 7","b":"+7"}"#);
    }

    #[test]
    fn brackets_nest_and_append() {
        assert_eq!(
            parsed("f[PHONE][0][VALUE]=1&f%5BPHONE%5D%5B0%5D%5BT%5D=W&l[]=x&l[]=y"),
            r#"{"f":{"PHONE":[{"VALUE":"1","T":"W"}]},"l":["x","y"]}"#
        );
    }

    #[test]
    fn points_and_spaces_of_top_level_names_become_underscores() {
        assert_eq!(parsed("a.b c=1&d[e.f]=2"), r#"{"a_b_c":"1","d":{"e.f":"2"}}"#);
    }

    #[test]
    fn a_hash_cuts_the_command_and_control_characters_become_underscores() {
        let (method, params) = split_command("crm.deal.add?a=1\n2&b=3#4&c=5");
        assert_eq!(
            (method.as_str(), params.json().as_str()),
            ("crm.deal.add", r#"{"a":"1_2","b":"3"}"#)
        );
    }

    #[test]
    fn an_empty_query_is_an_empty_array() {
        assert_eq!(parsed(""), "[]");
    }
}
