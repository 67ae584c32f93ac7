//! The rules, one test each, through the program itself: a hotel's mirror on one side, a portal on
//! the other.
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]
#![expect(clippy::needless_pass_by_value, reason = "an id or a literal reads best as an argument")]

mod bookings;
mod bounded_reads;
mod checker;
mod commands;
mod companies;
mod connection;
mod custom_fields;
mod dead_links;
mod deletion;
#[path = "../shared/env.rs"]
mod env;
mod equal;
mod export;
mod export_order;
mod found_cards;
mod guards;
mod guests;
mod hidden_cards;
mod hotel;
mod idle;
mod marks;
mod merged_cards;
mod missing;
mod nothing_guessed;
mod notices;
mod odd_cells;
mod phones;
mod quarantine;
mod refusals;
mod relink;
mod required_fields;
mod robots;
#[path = "../shared/run.rs"]
mod run;
mod secrets;
mod shapes;
#[path = "../shared/signals.rs"]
mod signals;
mod spoiled;
mod stays;
mod takeover;
mod texts;
mod vanished;
mod waiting;
mod when;
