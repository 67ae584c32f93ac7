//! `retry`: failed records are tried now instead of after their pause.

use crate::commands::cli;
use crate::commands::find_record::Lookup;
use crate::config::Config;
use crate::domain::display;
use crate::domain::language::Language;
use crate::domain::record::RecordKey;
use crate::domain::run_error::{Outcome, Result};
use crate::msg;
use crate::output::stdout::print;
use crate::platform::clock::Clock;
use crate::platform::lock::Lock;
use crate::state::{Issue, Severity, State};

/// Shows which records would be tried.
pub fn show(config: &Config, options: &cli::Retry, clock: &Clock) -> Result<Outcome> {
    let state = State::open_readonly(&config.state)?;
    let selected = select(config, &state, options, clock)?;
    let mut text: String = selected.iter().map(|issue| line(issue, config.language)).collect();
    if selected.is_empty() {
        text = nothing_failed(options, config.language);
    }
    print(&text)?;
    Ok(Outcome::Ok)
}

fn line(issue: &Issue, language: Language) -> String {
    let Issue { key, display_name, code, attempts, .. } = issue;
    let record = display::record_name(key, display_name).text(language);
    msg!(
        language,
        "{record}: {code}, попыток: {attempts}\n",
        "{record}: {code}, attempts: {attempts}\n"
    )
}

fn nothing_failed(options: &cli::Retry, language: Language) -> String {
    if options.kind.is_none() && options.code.is_none() {
        return msg!(language, "Неудачных записей нет.\n", "No records failed.\n");
    }
    msg!(
        language,
        "Среди указанных записей неудачных нет. Чего они ждут, покажет ecvi-b24 status.\n",
        "None of these records failed. Run ecvi-b24 status to see what they are waiting for.\n"
    )
}

/// Ends the pause of the selected records, so that the run that follows under the same lock tries
/// them.
pub fn schedule_now(_: &Lock, config: &Config, options: &cli::Retry, clock: &Clock) -> Result<()> {
    let state = State::open(&config.state)?;
    let selected = select(config, &state, options, clock)?;
    if selected.is_empty() {
        print(&nothing_failed(options, config.language))?;
    }
    let writer = state.writer()?;
    for issue in &selected {
        writer.schedule_retry(&issue.key, clock.now())?;
    }
    Ok(writer.commit()?)
}

/// The failures that the command line selects. Naming a record that does not exist is an error.
fn select(
    config: &Config,
    state: &State,
    options: &cli::Retry,
    clock: &Clock,
) -> Result<Vec<Issue>> {
    let cli::Retry { kind, ids, code, dry_run: _ } = options;
    let mut named: Vec<RecordKey> = Vec::new();
    if let Some(kind) = kind {
        let lookup = Lookup::new(config, state, &clock.limit_of(config.sync.time_limit));
        for id in ids {
            named.extend(lookup.find_all(*kind, id)?.into_iter().map(|found| found.key));
        }
    }
    let mut failures = state.issues(Severity::Failure)?;
    failures.retain(|failure| {
        kind.is_none_or(|kind| failure.key.kind == kind)
            && (named.is_empty() || named.contains(&failure.key))
            && code.is_none_or(|code| failure.code == code)
    });
    Ok(failures)
}
