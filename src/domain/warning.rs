//! A flaw of a record that was sent all the same.

use super::failure_code::FailureCode;

/// Sent, but not whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Warning {
    /// What kind of flaw.
    pub code: FailureCode,
    /// Which value.
    pub message: String,
}
