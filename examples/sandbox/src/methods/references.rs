//! References in a batch's commands to the results of earlier ones: `$result[c1][ID]` (facts,
//! section 2.2). There is no escape.

use crate::php::Php;

/// The words that a reference begins with.
const WORDS: [&str; 5] = ["result", "error", "total", "next", "time"];

/// The containers of a batch's answer, each with its entries by the names of the commands.
#[derive(Debug)]
pub(crate) struct Results {
    pub(crate) result: Php,
    pub(crate) error: Php,
    pub(crate) total: Php,
    pub(crate) next: Php,
    pub(crate) time: Php,
}

impl Default for Results {
    fn default() -> Results {
        Results {
            result: Php::empty(),
            error: Php::empty(),
            total: Php::empty(),
            next: Php::empty(),
            time: Php::empty(),
        }
    }
}

impl Results {
    /// The container that a reference without its `$` begins with: the word is recognised in any
    /// case, but found in lower case only.
    fn container_of(&self, reference: &str) -> Option<&Php> {
        let word = WORDS.iter().find(|word| reference.starts_with(**word))?;
        Some(match *word {
            "result" => &self.result,
            "error" => &self.error,
            "total" => &self.total,
            "next" => &self.next,
            _ => &self.time,
        })
    }

    pub(crate) fn into_php(self) -> Php {
        Php::map([
            ("result", self.result),
            ("result_error", self.error),
            ("result_total", self.total),
            ("result_next", self.next),
            ("result_time", self.time),
        ])
    }
}

/// Parameters with their references replaced.
pub(crate) fn replace_references(params: &Php, results: &Results) -> Php {
    match params {
        Php::Array(entries) => {
            let mut replaced = Vec::new();
            for (name, value) in entries {
                replaced.push((name.clone(), replace_references(value, results)));
            }
            Php::Array(replaced)
        }
        Php::Str(text) => replace_in_text(text, results),
        _ => params.clone(),
    }
}

/// Alone, a reference becomes whatever it finds; within a text only what is a number or a text
/// itself.
fn replace_in_text(text: &str, results: &Results) -> Php {
    let mut replaced = text.to_owned();
    for word in text.split(is_blank) {
        let Some(reference) = find_reference(word) else { continue };
        let value = find_result(reference, results);
        if reference == text {
            return value;
        }
        if matches!(value, Php::Int(_) | Php::Float(_) | Php::Str(_)) {
            replaced = replaced.replace(reference, &value.text());
        }
    }
    Php::Str(replaced)
}

/// White space of ASCII alone ends a reference: a no-break space is a part of it.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

/// The reference in a word: from a `$result` to the end, with at least one `[part]`.
fn find_reference(word: &str) -> Option<&str> {
    for (at, _) in word.match_indices('$') {
        if WORDS.iter().any(|name| starts_with_ignoring_case(&word[at + 1..], name)) {
            let reference = &word[at..];
            let has_part = !parts_of(reference).is_empty();
            return if has_part { Some(reference) } else { None };
        }
    }
    None
}

/// The `part` of each `[part]`.
fn parts_of(reference: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    for group in reference.split('[').skip(1) {
        match group.split_once(']') {
            Some((part, _)) if !part.is_empty() => parts.push(part),
            Some(_) | None => {}
        }
    }
    parts
}

fn starts_with_ignoring_case(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
}

/// Walks `[a][b]`; stops at the deepest level that exists, so a failed command yields *all*
/// results: an array, which is 1 when cast to an integer.
fn find_result(reference: &str, results: &Results) -> Php {
    let Some(mut value) = results.container_of(&reference[1..]) else { return Php::Null };
    for part in parts_of(reference) {
        match value.find(part) {
            Some(inner) if !inner.is_null() => value = inner,
            _ => break,
        }
    }
    value.clone()
}
