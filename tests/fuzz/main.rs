//! Fuzzing of everything foreign: the portal's answers, the mirror's rows and file, the
//! configuration.
//!
//! Each case takes something valid, damages it at random, and looks at what the program makes of
//! it: no panic, no endless run, no secret told, no object made twice, nothing foreign touched,
//! every failure in `status` with its code; and when the damage is over, everything comes right by
//! itself.
//!
//! `FUZZ_CASES=100000 cargo test --release --test fuzz` runs more cases of each sort,
//! `FUZZ_FIRST=…` from another seed on, and `FUZZ_SEED=42 cargo test --test fuzz rows` one alone.
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

mod answers;
mod configuration;
mod damage;
mod found;
mod hotel;
mod invariants;
mod log_lines;
#[path = "../shared/run.rs"]
mod once;
#[path = "../simulation/rng.rs"]
mod rng;
mod rows;
mod run;
mod sent_values;
mod tree;
mod values;
mod wire;

#[test]
fn damaged_answers_of_the_portal_lose_nothing_and_make_nothing_twice() {
    run::cases("answers", 60, answers::case);
}

#[test]
fn damaged_rows_of_the_mirror_stop_nobody_and_make_nothing_twice() {
    run::cases("rows", 100, rows::case);
}

#[test]
fn damaged_configurations_are_refused_in_words_or_work() {
    run::cases("configurations", 150, configuration::case);
}
