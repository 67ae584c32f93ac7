//! What `status` says where a run holds the state so that nobody can read it: it saves its work just
//! now, or it hangs while it does so.

use chrono::{DateTime, Utc};

use super::overview::Overview;
use super::{Status, check_line, print_json};
use crate::commands::{cli, monitoring};
use crate::config::Config;
use crate::domain::messages::Message;
use crate::domain::run_error::{Outcome, Result, RunError};
use crate::output::stdout::print;
use crate::state::{State, StateError};
use crate::sync::overdue;

/// Names the run, in the form that was asked for.
///
/// # Errors
/// The state is unusable for now; but `--check` calls that a problem.
pub(super) fn show(
    config: &Config,
    options: &cli::Status,
    error: StateError,
    now: DateTime<Utc>,
) -> Result<Outcome> {
    let cli::Status { kind: _, id, json, html, check, max_age: _, max_mirror_age: _ } = options;
    let Some(notice) = overdue::busy_notice(config, now) else { return Err(error.into()) };
    if let Some(path) = html {
        let overview = Overview::for_error(config, notice.clone(), now)?;
        monitoring::write_page(path, &overview, config, now)?;
    }
    if *json && id.is_none() {
        print_json(&without_state(config, options, &notice)?)?;
    }
    if !check {
        return Err(RunError::State(notice));
    }
    if !json {
        print(&check_line::problem(&notice.text(config.language)))?;
    }
    Ok(Outcome::Partial)
}

/// The document of a state that tells nothing.
fn without_state(config: &Config, options: &cli::Status, notice: &Message) -> Result<Status> {
    let status = Status::from_files(config, &State::in_memory()?, options.kind)?;
    Ok(Status { state_error: Some(notice.text(config.language)), ..status })
}
