//! What people read on a screen: help, status, reset-id and the configuration, through the program
//! itself.
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

mod config_show;
#[path = "../shared/env.rs"]
mod env;
mod help;
mod hotel;
mod plan;
mod reset_id;
mod status;
mod visible_text;
