//! A flaw of a record that was sent all the same.

use super::failure_code::Code;

/// Sent, but not whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Warning {
    /// What kind of flaw.
    pub code: Code,
    /// Which value.
    pub message: String,
}
