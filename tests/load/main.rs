//! `load`: a mirror is filled from report files as a hotel exports them, and nothing is lost by a
//! bad one.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails it")]

mod changes;
mod configuration;
#[path = "../shared/env.rs"]
mod env;
mod examples;
mod hotel;
mod interruption;
mod reading;
mod refusals;
mod workbooks;
