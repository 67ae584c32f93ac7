//! Phones and e-mails: rows of their own in the portal, each with an id.
//!
//! The value we wrote is replaced, values that people added stay. If people changed our value, theirs stays and
//! ours is written anew. A row without an id would be appended, so a change names the id of the row it replaces.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A row as it stands in the portal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listed {
    /// The row's id.
    pub id: String,
    /// The number or the address.
    pub value: String,
}

/// The values of one record that are ours: we wrote them and may replace them.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Written {
    /// Numbers.
    #[serde(default)]
    pub phones: Vec<String>,
    /// Addresses.
    #[serde(default)]
    pub emails: Vec<String>,
}

impl Written {
    /// What may be ours while a call is in doubt: what was, and what will be.
    #[must_use]
    pub fn or(&self, other: &Written) -> Written {
        let both = |a: &[String], b: &[String]| {
            let mut all = a.to_vec();
            all.extend(b.iter().filter(|value| !a.contains(value)).cloned());
            all
        };
        Written { phones: both(&self.phones, &other.phones), emails: both(&self.emails, &other.emails) }
    }
}

/// The elements of `PHONE` or `EMAIL` that bring the portal's rows to the `wanted` values, and which values are
/// ours afterwards. No elements: nothing has to change.
pub fn change(
    wanted: &[String],
    written: &[String],
    standing: &[Listed],
    value_type: &str,
) -> (Vec<Value>, Vec<String>) {
    let stands = |value: &String| standing.iter().any(|row| row.value == *value);
    let mut free = standing.iter().filter(|row| written.contains(&row.value) && !wanted.contains(&row.value));
    let mut elements = Vec::new();
    let mut ours = Vec::new();
    for value in wanted {
        if !stands(value) {
            elements.push(match free.next() {
                Some(row) => json!({"ID": row.id, "VALUE": value, "VALUE_TYPE": value_type}),
                None => json!({"VALUE": value, "VALUE_TYPE": value_type}),
            });
            ours.push(value.clone());
        } else if written.contains(value) {
            ours.push(value.clone());
        }
    }
    elements.extend(free.map(|row| json!({"ID": row.id, "DELETE": "Y"})));
    (elements, ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(values: &[&str]) -> Vec<String> {
        values.iter().map(ToString::to_string).collect()
    }

    fn rows(values: &[(&str, &str)]) -> Vec<Listed> {
        values.iter().map(|(id, value)| Listed { id: (*id).into(), value: (*value).into() }).collect()
    }

    #[test]
    fn our_value_is_replaced_by_its_row_id() {
        let (elements, ours) = change(&texts(&["+72"]), &texts(&["+71"]), &rows(&[("5", "+71")]), "WORK");
        assert_eq!(elements, [json!({"ID": "5", "VALUE": "+72", "VALUE_TYPE": "WORK"})]);
        assert_eq!(ours, ["+72"]);
    }

    #[test]
    fn a_value_that_people_added_stays() {
        let standing = rows(&[("5", "+71"), ("6", "+7 people")]);
        let (elements, ours) = change(&[], &texts(&["+71"]), &standing, "WORK");
        assert_eq!(elements, [json!({"ID": "5", "DELETE": "Y"})]);
        assert!(ours.is_empty());
    }

    #[test]
    fn if_people_changed_our_value_theirs_stays_and_ours_is_written_anew() {
        let written = texts(&["+71"]);
        let (elements, ours) = change(&written, &written, &rows(&[("5", "+7 people")]), "WORK");
        assert_eq!(elements, [json!({"VALUE": "+71", "VALUE_TYPE": "WORK"})]);
        assert_eq!(ours, ["+71"]);
    }

    #[test]
    fn what_stood_there_before_us_counts_as_peoples() {
        let (elements, ours) = change(&texts(&["+71"]), &[], &rows(&[("5", "+71")]), "WORK");
        assert!(elements.is_empty());
        assert!(ours.is_empty());
    }

    #[test]
    fn nothing_is_sent_when_nothing_changes() {
        let written = texts(&["+71"]);
        assert_eq!(change(&written, &written, &rows(&[("5", "+71")]), "WORK"), (vec![], written.clone()));
    }
}
