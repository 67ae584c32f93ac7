//! The program itself before a portal in the test's own process: what people see of runs, and
//! what audits find.
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

mod audit;
mod dry_run;
#[path = "../shared/env.rs"]
mod env;
mod heartbeat;
mod hotel;
mod metrics;
mod notify;
mod portal_words;
mod progress;
#[path = "../shared/pty.rs"]
mod pty;
mod remap;
mod status_page;
mod terminal;
