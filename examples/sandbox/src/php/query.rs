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
    let clean: String =
        command.chars().map(|c| if c.is_ascii_control() { '_' } else { c }).collect();
    let before_fragment = clean.split('#').next().unwrap_or_default();
    let (path, query) = before_fragment.split_once('?').unwrap_or((before_fragment, ""));
    (path.to_lowercase(), parse_query(query))
}

/// Decodes `a=1&b[c][]=2` into an array.
pub(crate) fn parse_query(query: &str) -> Php {
    let mut root = Php::empty();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        put(&mut root, &path_of(&decode(name)), Php::Str(decode(value)));
    }
    root
}

/// Percent-decoding, with `+` as a space; bytes that are no UTF-8 are replaced.
pub(crate) fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let (byte, width) = decode_one(bytes, at);
        out.push(byte);
        at += width;
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn decode_one(bytes: &[u8], at: usize) -> (u8, usize) {
    match bytes[at] {
        b'+' => (b' ', 1),
        b'%' => hex(bytes.get(at + 1))
            .zip(hex(bytes.get(at + 2)))
            .map_or((b'%', 1), |(a, b)| (a * 16 + b, 3)),
        byte => (byte, 1),
    }
}

fn hex(byte: Option<&u8>) -> Option<u8> {
    char::from(*byte?).to_digit(16).map(|digit| digit as u8)
}

/// `a.b[c][]` as `["a_b", "c", ""]`: an empty part appends. A bracket that is never closed is a
/// part of the name.
fn path_of(name: &str) -> Vec<String> {
    let name = name.trim_start_matches(' ');
    let open = name.find('[').filter(|at| *at > 0 && name[*at..].contains(']'));
    let Some(open) = open else { return vec![top_level(&name.replace('[', "_"))] };
    let mut path = vec![top_level(&name[..open])];
    let mut rest = &name[open..];
    while let Some((part, after)) = rest.strip_prefix('[').and_then(|inner| inner.split_once(']'))
        && path.len() < MAX_DEPTH
    {
        path.push(part.to_owned());
        rest = after;
    }
    path
}

fn top_level(name: &str) -> String {
    name.replace(['.', ' '], "_")
}

fn put(node: &mut Php, path: &[String], value: Php) {
    let Some((first, rest)) = path.split_first() else {
        *node = value;
        return;
    };
    let key = if first.is_empty() { next_index(node) } else { first.clone() };
    if !node.get(&key).is_array() || rest.is_empty() {
        node.set(&key, Php::Null);
    }
    if let Php::Array(entries) = node
        && let Some((_, child)) = entries.iter_mut().find(|(name, _)| *name == key)
    {
        put(child, rest, value);
    }
}

fn next_index(node: &Php) -> String {
    let largest = node.entries().iter().filter_map(|(key, _)| key.parse::<i64>().ok()).max();
    largest.map_or(0, |index| index + 1).to_string()
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
