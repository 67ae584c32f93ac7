//! The commands: the command line, and one module for each thing that a person can ask for.

pub mod audit;
pub mod check;
pub mod cli;
pub mod command_line;
pub mod dry_run;
pub mod find_record;
mod help_ru;
pub mod init;
pub mod load;
mod monitoring;
mod quiet_client;
pub mod reset_id;
pub mod retry;
pub mod run;
mod schedule;
mod shell_and_manual;
pub mod status;
mod usage_error_ru;
