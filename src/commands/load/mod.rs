//! `load`: fills the mirror from the report files that a hotel exports from Ecvi.
//!
//! All reports are read before the mirror is touched, and all that differs is written in one
//! transaction. A report that looks like an accident ends the command, and the mirror stays as it
//! was; a row that cannot be read stops no other.

mod guard;
mod join;
mod summary;
mod table;

use std::collections::BTreeMap;
use std::time::SystemTime;

use chrono::Local;

use crate::commands::cli;
use crate::config::Config;
use crate::domain::messages::{LoadMessage, Localized};
use crate::domain::mirror_table::MirrorTable;
use crate::domain::run_error::{Outcome, Result};
use crate::mirror::fill::{self, Filling};
use crate::output::stdout;
use crate::platform::clock::Clock;
use crate::report_files::Source;
use table::{Loaded, Loader};

/// Fills the mirror, or shows what would change in it.
///
/// # Errors
/// In words: a report or the mirror cannot be used; the mirror is as it was then.
pub fn run(config: &Config, options: &cli::Load, clock: &Clock) -> Result<Outcome> {
    let sources = found(config, clock)?;
    let limit = clock.read_limit(None);
    let path = &config.mirror.path;
    let filling = if options.dry_run {
        Filling::open_to_compare(path, &limit)
    } else {
        Filling::open(path, &limit)
    }?;
    let loader = Loader { config, options, filling: &filling, limit: &limit };
    let mut tables: Vec<Loaded> = Vec::new();
    for report in &config.load.reports {
        tables.extend(loader.load(report, &sources[&report.table])?);
    }
    for source in sources.values() {
        source.require_unchanged()?;
    }
    let language = config.language;
    for complaint in summary::complaints(&tables) {
        stdout::print_error(&complaint.localized(language));
    }
    for table in &tables {
        guard::refuse_loss(table)?;
    }
    if options.dry_run {
        stdout::print(&summary::plan(&filling, &tables, language)?)?;
        return Ok(outcome(&tables));
    }
    apply(&filling, &tables)?;
    filling.commit()?;
    date_mirror(config, &sources);
    if let Some(line) = summary::line(&tables, language) {
        stdout::print(&line)?;
    }
    Ok(outcome(&tables))
}

fn outcome(tables: &[Loaded]) -> Outcome {
    if tables.iter().all(|table| table.findings.unreadable == 0) {
        Outcome::Ok
    } else {
        Outcome::Partial
    }
}

/// The files of the reports, none of which is being written.
fn found(config: &Config, clock: &Clock) -> Result<BTreeMap<MirrorTable, Source>> {
    let reports = &config.load.reports;
    if reports.is_empty() {
        return Err(LoadMessage::NothingToLoad.into());
    }
    let mut sources = BTreeMap::new();
    for report in reports {
        sources.insert(report.table, Source::find(&report.file)?.at_rest(clock)?);
    }
    Ok(sources)
}

fn apply(filling: &Filling, tables: &[Loaded]) -> Result<()> {
    let now = Local::now().format("%Y-%m-%d %H:%M:%S").to_string();
    for Loaded { scope, ends_with_line_break, .. } in tables {
        filling.apply(scope, &now)?;
        if let Some(is_there) = ends_with_line_break {
            filling.note_line_break(scope.table, *is_there)?;
        }
    }
    Ok(())
}

/// The mirror is as old as the newest report, so `status` shows when Ecvi exports no more.
fn date_mirror(config: &Config, sources: &BTreeMap<MirrorTable, Source>) {
    let newest = sources.values().filter_map(Source::written_at).max();
    let Some(newest) = newest.map(|newest| newest.min(SystemTime::now())) else { return };
    if let Err(error) = fill::date_file(&config.mirror.path, newest) {
        // Its age is a help for people; what it holds is right.
        log::info!("the mirror's file keeps the time of its last write: {error}");
    }
}
