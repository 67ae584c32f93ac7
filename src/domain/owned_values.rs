//! Phones and e-mails of an object that this program wrote itself, and so may replace.

use serde::{Deserialize, Serialize};

/// The values of one record that are ours: we wrote them and may replace them.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct OwnedValues {
    /// Numbers.
    #[serde(default)]
    pub phones: Vec<String>,
    /// Addresses.
    #[serde(default)]
    pub emails: Vec<String>,
}

impl OwnedValues {
    /// What may be ours while a call is in doubt: what was, and what will be.
    #[must_use]
    pub fn union(&self, other: &OwnedValues) -> OwnedValues {
        let both = |a: &[String], b: &[String]| {
            let mut all = a.to_vec();
            all.extend(b.iter().filter(|value| !a.contains(value)).cloned());
            all
        };
        OwnedValues { phones: both(&self.phones, &other.phones), emails: both(&self.emails, &other.emails) }
    }
}
