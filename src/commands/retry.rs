//! `retry`: failed records are tried now, whatever their pause.

use std::fmt::Write;

use anyhow::Result;

use crate::commands::cli;
use crate::commands::find_record::Lookup;
use crate::config::Config;
use crate::domain::display;
use crate::domain::record::RecordKey;
use crate::domain::run_error::Outcome;
use crate::output::stdout::print;
use crate::platform::clock::Clock;
use crate::platform::lock::Lock;
use crate::say;
use crate::state::{Issue, Severity, State};

/// Shows which records would be tried.
pub fn show(config: &Config, options: &cli::Retry) -> Result<Outcome> {
    let state = State::open_readonly(&config.state)?;
    let chosen = selected(config, &state, options)?;
    let mut text = String::new();
    for Issue { key, label, code, attempts, .. } in &chosen {
        let record = display::record_name(key, label);
        writeln!(
            text,
            "{}",
            say!("{record}: {code}, попыток: {attempts}", "{record}: {code}, attempts: {attempts}")
        )?;
    }
    if chosen.is_empty() {
        text = nothing_failed(options);
    }
    print(&text)?;
    Ok(Outcome::Ok)
}

fn nothing_failed(options: &cli::Retry) -> String {
    if options.kind.is_none() && options.code.is_none() {
        return say!("Неудачных записей нет.\n", "No records failed.\n");
    }
    say!(
        "Среди указанных записей неудачных нет. Чего они ждут, покажет ecvi-b24 status.\n",
        "None of these records failed. What they wait for shows ecvi-b24 status.\n"
    )
}

/// Ends the pause of the chosen records, so that the run that follows under the same lock tries them.
pub fn schedule_now(_: &Lock, config: &Config, options: &cli::Retry, clock: &Clock) -> Result<()> {
    let state = State::open(&config.state)?;
    let chosen = selected(config, &state, options)?;
    if chosen.is_empty() {
        print(&nothing_failed(options))?;
    }
    let writer = state.writer()?;
    for trouble in &chosen {
        writer.schedule_retry(&trouble.key, clock.now())?;
    }
    Ok(writer.commit()?)
}

/// The failures that the command line names. A record that is named and that nobody knows is an error.
fn selected(config: &Config, state: &State, options: &cli::Retry) -> Result<Vec<Issue>> {
    let cli::Retry { kind, ids, code, dry_run: _ } = options;
    let mut named: Vec<RecordKey> = Vec::new();
    if let Some(kind) = kind {
        let lookup = Lookup::new(config, state);
        for word in ids {
            named.extend(lookup.find_all(*kind, word)?.into_iter().map(|found| found.key));
        }
    }
    let mut troubles = state.issues(Severity::Failure)?;
    troubles.retain(|trouble| {
        kind.is_none_or(|kind| trouble.key.kind == kind)
            && (named.is_empty() || named.contains(&trouble.key))
            && code.is_none_or(|code| trouble.code == code)
    });
    Ok(troubles)
}
