//! What people read of a run: its summary, the progress of a long one, standard output, and
//! questions to a person.

pub mod confirm;
pub mod export_stats;
pub mod progress;
pub mod run_summary;
pub mod stdout;
