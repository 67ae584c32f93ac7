//! The example hotels of `examples/hotels`, each before a portal of its own, and Ecvi's oddities:
//! through the program.
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

mod chain;
#[path = "../shared/env.rs"]
mod env;
mod exchange;
mod fields;
mod funnels;
mod history;
mod hotel;
mod matching;
mod oddities;
mod portal_snapshot;
mod shapes;
mod window;
