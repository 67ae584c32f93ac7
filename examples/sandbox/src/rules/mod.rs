//! What the portal does to an object that is saved: checks, defaults, rewritten values.

pub(crate) mod address;
pub(crate) mod comments;
pub(crate) mod deal;
pub(crate) mod draft;
pub(crate) mod email;
pub(crate) mod multifield;
pub(crate) mod phone;
pub mod robots;
pub(crate) mod save;
