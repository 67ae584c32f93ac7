//! Filters of lists: prefixes, and comparison as the database does it (facts, sections 9.2 and 12).

use std::cmp::Ordering;

use crate::data::store::fold;
use crate::php::Php;

/// A condition of a filter.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FilterCondition {
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
pub(crate) fn read_condition(key: &str, value: &Php) -> Option<FilterCondition> {
    let (test, field) = split_key(key);
    let values = value.all_texts();
    if values.is_empty() {
        return None;
    }
    Some(FilterCondition { field: field.to_owned(), test, values, numeric: false })
}

/// The test and the field's name of a filter's key.
pub(crate) fn split_key(key: &str) -> (Test, &str) {
    for (prefix, test) in PREFIXES {
        if let Some(field) = key.strip_prefix(prefix) {
            return (test, field);
        }
    }
    (Test::In, key.trim_start_matches(['=', '@', '?']))
}

impl FilterCondition {
    /// Whether one of a field's values passes; a field without any is an empty text.
    pub(crate) fn passes(&self, values: &[String]) -> bool {
        match self.test {
            Test::NotIn | Test::NotContains => !self.any_fits(values),
            _ => self.any_fits(values),
        }
    }

    fn any_fits(&self, values: &[String]) -> bool {
        for wanted in &self.values {
            if values.iter().any(|value| self.fits(value, wanted)) {
                return true;
            }
        }
        false
    }

    /// Whether one value fits one that is wanted; of a negated test, what it negates.
    fn fits(&self, value: &str, wanted: &str) -> bool {
        match self.test {
            Test::In | Test::NotIn => self.order(value, wanted).is_eq(),
            Test::Contains | Test::NotContains => fold(value).contains(&fold(wanted)),
            Test::Mask => fits_mask(value, wanted),
            Test::Above => self.order(value, wanted).is_gt(),
            Test::AtLeast => self.order(value, wanted).is_ge(),
            Test::Below => self.order(value, wanted).is_lt(),
            Test::AtMost => self.order(value, wanted).is_le(),
        }
    }

    fn order(&self, value: &str, wanted: &str) -> Ordering {
        if self.numeric { compare_values(value, wanted) } else { fold(value).cmp(&fold(wanted)) }
    }
}

/// `%` at an end of the mask stands for anything.
fn fits_mask(value: &str, mask: &str) -> bool {
    let value = fold(value);
    let mask = fold(mask);
    match (mask.strip_prefix('%'), mask.strip_suffix('%')) {
        (Some(_), Some(_)) => value.contains(mask.trim_matches('%')),
        (Some(end), None) => value.ends_with(end),
        (None, Some(beginning)) => value.starts_with(beginning),
        (None, None) => value == mask,
    }
}

/// Numbers by value, everything else by text.
pub(crate) fn compare_values(left: &str, right: &str) -> Ordering {
    match (left.trim().parse::<f64>(), right.trim().parse::<f64>()) {
        (Ok(left), Ok(right)) => left.total_cmp(&right),
        _ => fold(left).cmp(&fold(right)),
    }
}
