//! Keys of the configuration that accept only a few words.

use serde::{Deserialize, Serialize};

/// What to do when an object vanished from the CRM.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnMissing {
    /// Find it again by `ORIGIN_ID`, or by one match of phone or e-mail; else create it anew.
    Relink,
    /// Report the record as failed.
    Fail,
}

/// How the initial export creates objects.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExportMethod {
    /// The portal's import, which starts none of the hotel's automation rules.
    Import,
    /// The plain way, with all rules.
    Add,
}

/// What the amount in a report with one row a room belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AmountOf {
    /// To the room: the booking's amount is their sum.
    Room,
    /// To the booking: each of its rows says the same.
    Booking,
}

/// A way to recognise people who are in the CRM already.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MatchBy {
    /// By a phone number.
    Phone,
    /// By an e-mail address.
    Email,
}
