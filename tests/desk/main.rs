//! What people see at the desk: help, status, reset-id and the configuration, through the program
//! itself.
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

mod config_show;
mod door;
#[path = "../shared/env.rs"]
mod env;
mod help;
mod house;
mod plan;
mod reset_id;
mod status;
