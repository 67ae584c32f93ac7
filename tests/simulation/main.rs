//! Random histories of a hotel, a portal and the wire between them, in one process and on a virtual
//! clock.
//!
//! After every step the promises of the README are checked, and after the last one everything is
//! left in peace: then the CRM has to equal the mirror. A history that breaks a promise is made as
//! short as it can be and told.
//!
//! Beside the random ones stand all pairs of faults of a few small scenes (`pairs`).
//!
//! `SIMULATION_COVERAGE=1` prints which rules of the program they reached, and
//! `SIMULATION_HISTORIES=1000000 cargo test --profile campaign --test simulation` runs more of
//! them, and `SIMULATION_SEED=42 cargo test --test simulation` one alone.
#![allow(
    clippy::explicit_auto_deref,
    clippy::format_collect,
    clippy::format_push_string,
    clippy::inconsistent_struct_constructor,
    clippy::needless_for_each,
    clippy::needless_pass_by_value,
    clippy::struct_excessive_bools,
    clippy::unused_self,
    reason = "a world is many switches, and its steps read best as tables"
)]
#![expect(
    clippy::expect_used,
    reason = "what is expected here and does not hold is a failure of the test"
)]

mod check;
mod convergence;
mod coverage;
mod crm_users;
mod ecvi_changes;
mod edits;
mod files;
mod history;
mod hotel;
mod invariants;
mod lists;
mod log_lines;
mod old_bookings;
mod pairs;
mod portal_changes;
#[path = "../shared/portal_snapshot.rs"]
mod portal_snapshot;
mod rng;
mod run;
mod scenes;
mod stays;
mod steps;
mod stories;
mod wire;
mod world;

use std::env;

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok()?.parse().ok()
}

#[test]
fn random_histories_keep_the_promises() {
    match number("SIMULATION_SEED") {
        Some(seed) => run::one(seed),
        None => run::many(
            number("SIMULATION_FIRST").unwrap_or(1),
            number("SIMULATION_HISTORIES").unwrap_or(2_000),
        ),
    }
}
