//! Phones and e-mails of an object that this program wrote itself, and therefore may replace.

use serde::{Deserialize, Serialize};

/// The phones and e-mails that we wrote for one record.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct OwnedValues {
    /// Phone numbers as they were sent.
    #[serde(default)]
    pub phones: Vec<String>,
    /// E-mail addresses as they were sent.
    #[serde(default)]
    pub emails: Vec<String>,
}

impl OwnedValues {
    /// The old and the new values: while a call is in doubt, either may be on the object.
    #[must_use]
    pub fn union(&self, other: &OwnedValues) -> OwnedValues {
        OwnedValues {
            phones: union(&self.phones, &other.phones),
            emails: union(&self.emails, &other.emails),
        }
    }
}

fn union(old: &[String], new: &[String]) -> Vec<String> {
    let added = new.iter().filter(|value| !old.contains(value));
    old.iter().chain(added).cloned().collect()
}
