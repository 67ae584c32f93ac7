//! A good neighbour: whatever fills the mirror can go on writing after the program has read,
//! whoever owns the files and whatever the journal mode; and what is wrong with a mirror, or scarce
//! on the machine, is called by its name.
//!
//! Real users, real processes: these tests need root, and say so where they are not run as root.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

mod age;
mod files;
mod filler;
mod folders;
mod foreign_configuration;
mod mounts;
mod owners;
mod random_places;
mod resources;
#[path = "../simulation/rng.rs"]
mod rng;
#[path = "../shared/signals.rs"]
mod signals;
