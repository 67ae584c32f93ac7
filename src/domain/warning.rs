//! A fault of a record that was sent in spite of it.

use super::failure_code::FailureCode;

/// The record was sent, but not completely.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Warning {
    /// The kind of fault.
    pub code: FailureCode,
    /// Which value is wrong.
    pub message: String,
}
