//! A run from its lock to its report. The story is told by [`run`]; each stage is a module of its
//! own.

pub(crate) mod card_lookup;
pub mod daily_warnings;
pub mod health;
pub mod heartbeat;
pub mod missing_rows;
pub mod notify;
pub mod options;
pub mod orphaned_deals;
pub mod overdue;
pub mod plan;
pub mod preflight;
pub mod prepare;
pub mod push;
pub mod resolve_doubts;
pub mod run;
pub mod run_report;
mod stays;
