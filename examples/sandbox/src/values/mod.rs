//! Values between a call and the store: how they are read, and how they are written.

pub(crate) mod dates;
pub(crate) mod legacy_input;
pub(crate) mod legacy_output;
pub(crate) mod names;
pub(crate) mod universal_input;
pub(crate) mod universal_output;
