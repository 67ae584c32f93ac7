//! Nothing twice, nothing lost: the program itself before a portal of this machine, harmed at every
//! moment.
//!
//! Each test runs it again and again, harmed one request or one commit later each time, until a run
//! comes through unharmed; after each harm the next runs have to bring portal and mirror
//! together. `shim.c` is built with `cc`.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

mod backup;
#[path = "../shared/env.rs"]
mod env;
mod first_commit;
mod guards_clock;
mod guards_mirror;
mod guards_secrets;
mod guards_state;
mod hostile_configuration;
mod hostile_files;
mod hotel;
mod hung_runs;
mod kill;
mod parallel_runs;
#[path = "../shared/portal_snapshot.rs"]
mod portal_snapshot;
mod power_cut;
mod program;
mod recognised_files;
mod scene;
mod scenes;
mod wal_mode;
mod wire;
mod wire_faults;
