//! Filters of lists: prefixes, and comparison as the database does it (facts, sections 9.2 and 12).

use std::cmp::Ordering;

use crate::data::store::fold;
use crate::php::Php;

/// A condition of a filter.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Condition {
    /// The field, without the prefix.
    pub(crate) field: String,
    pub(crate) test: Test,
    pub(crate) values: Vec<String>,
    /// Compared as numbers ("1000.00" is 1000); texts are not ("007" is not "7").
    pub(crate) numeric: bool,
}

/// What a prefix asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Test {
    In,
    NotIn,
    Contains,
    NotContains,
    Mask,
    Above,
    AtLeast,
    Below,
    AtMost,
}

const PREFIXES: [(&str, Test); 12] = [
    ("!@", Test::NotIn),
    ("!=%", Test::NotContains),
    ("!%", Test::NotContains),
    ("!=", Test::NotIn),
    (">=", Test::AtLeast),
    ("<=", Test::AtMost),
    ("=%", Test::Mask),
    ("%=", Test::Mask),
    ("!", Test::NotIn),
    (">", Test::Above),
    ("<", Test::Below),
    ("%", Test::Contains),
];

/// Reads one entry; `None` when it adds no condition: an empty array.
pub(crate) fn read(key: &str, value: &Php) -> Option<Condition> {
    let (test, field) = split(key);
    let values: Vec<String> = match value {
        Php::Array(_) => value.values().map(Php::text).collect(),
        single => vec![single.text()],
    };
    (!values.is_empty()).then(|| Condition {
        field: field.to_owned(),
        test,
        values,
        numeric: false,
    })
}

/// The test and the field's name of a filter's key.
pub(crate) fn split(key: &str) -> (Test, &str) {
    let prefixed =
        PREFIXES.iter().find_map(|(prefix, test)| Some((*test, key.strip_prefix(prefix)?)));
    prefixed.unwrap_or_else(|| (Test::In, key.trim_start_matches(['=', '@', '?'])))
}

impl Condition {
    /// Whether one of a field's values passes; a field without any is an empty text.
    pub(crate) fn passes(&self, have: &[String]) -> bool {
        let any = |test: &dyn Fn(&str, &str) -> bool| {
            self.values.iter().any(|want| have.iter().any(|have| test(have, want)))
        };
        let equal = |have: &str, want: &str| self.order(have, want) == Ordering::Equal;
        match self.test {
            Test::In => any(&equal),
            Test::NotIn => !any(&equal),
            Test::Contains => any(&contains),
            Test::NotContains => !any(&contains),
            Test::Mask => any(&mask),
            Test::Above => any(&|have, want| self.order(have, want) == Ordering::Greater),
            Test::AtLeast => any(&|have, want| self.order(have, want) != Ordering::Less),
            Test::Below => any(&|have, want| self.order(have, want) == Ordering::Less),
            Test::AtMost => any(&|have, want| self.order(have, want) != Ordering::Greater),
        }
    }

    fn order(&self, have: &str, want: &str) -> Ordering {
        if self.numeric { order(have, want) } else { fold(have).cmp(&fold(want)) }
    }
}

fn contains(have: &str, want: &str) -> bool {
    fold(have).contains(&fold(want))
}

fn mask(have: &str, want: &str) -> bool {
    let (have, want) = (fold(have), fold(want));
    match (want.strip_prefix('%'), want.strip_suffix('%')) {
        (Some(_), Some(_)) => have.contains(want.trim_matches('%')),
        (Some(end), None) => have.ends_with(end),
        (None, Some(begin)) => have.starts_with(begin),
        (None, None) => have == want,
    }
}

/// Numbers by value, everything else by text.
pub(crate) fn order(have: &str, want: &str) -> Ordering {
    match numbers(have, want) {
        Some((a, b)) => a.total_cmp(&b),
        None => fold(have).cmp(&fold(want)),
    }
}

fn numbers(have: &str, want: &str) -> Option<(f64, f64)> {
    Some((have.trim().parse().ok()?, want.trim().parse().ok()?))
}
