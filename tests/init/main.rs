//! `init`: every question on a real terminal and by its option, with the sandbox as the portal and
//! real mirrors.
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

mod again;
mod by_options;
#[path = "../shared/env.rs"]
mod env;
mod hotel;
mod on_terminal;
mod owners;
#[path = "../shared/pty.rs"]
mod pty;
mod refusals;
mod shapes;
