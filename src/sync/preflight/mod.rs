//! What a run checks before it reads or sends anything: is there work, is it the right portal, does
//! the portal have what the configuration names, and is the mapping still the one that was used
//! last.

pub mod config_check;
pub mod idle;
pub mod mapping_version;
pub mod portal_identity;
