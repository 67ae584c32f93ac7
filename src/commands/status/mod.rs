//! `status`: what was done, what waits, what failed and why.
//!
//! First the data, exactly the document of `--json` (docs/status.md); then the words. Everything is read only, and
//! a run may be running meanwhile.

mod document;
mod pending;
mod record;
mod record_text;
mod text;

use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, SubsecRound, Utc};
use serde::Serialize;

pub use document::{InitialExport, IssueReport, MirrorFile, RecordCounts, Status};
pub use record::{OpenCall, RecordStatus, RowSummary};

use crate::commands::cli;
use crate::commands::find_record::Lookup;
use crate::config::Config;
use crate::domain::record::Kind;
use crate::domain::run_error::Outcome;
use crate::mirror::written_at;
use crate::output::stdout::print;
use crate::platform::clock::is_stale;
use crate::platform::lock::Lock;
use crate::state::State;
use crate::sync::overdue;
use crate::sync::plan::PlanOptions;
use crate::sync::preflight::mapping_version;

/// Carries out `status`.
pub fn run(config: &Config, options: &cli::Status, now: DateTime<Utc>) -> Result<Outcome> {
    let state = State::open_readonly(&config.state)?;
    let cli::Status { kind, id, json, check, max_age, max_mirror_age } = options;
    if let (Some(kind), Some(word)) = (*kind, id) {
        return show_records(config, &state, kind, word, *json, now);
    }
    let max_mirror_age = max_mirror_age.or(config.max_mirror_age);
    let limits = check.then_some(AgeLimits { run: *max_age, mirror: max_mirror_age });
    let mut status = if *check && !json {
        let mut status = Status::read(&state, *kind)?;
        status.mirror = MirrorFile::of(config);
        status
    } else {
        Status::collect(config, &state, *kind, now)?
    };
    status.overdue = overdue::look(config, now);
    match (json, &limits) {
        (true, _) => {
            warn(status.mirror_error.as_deref());
            print_json(&status)?;
        }
        (false, Some(limits)) => print(&text::check_line(&status, limits, now))?,
        (false, None) => print(&status.render(config, kind.is_some(), now))?,
    }
    Ok(if limits.is_none_or(|limits| status.is_good(&limits, now)) { Outcome::Ok } else { Outcome::Partial })
}

fn show_records(
    config: &Config,
    state: &State,
    kind: Kind,
    word: &str,
    json: bool,
    now: DateTime<Utc>,
) -> Result<Outcome> {
    let webhook = &config.portal.webhook;
    let lookup = Lookup::new(config, state);
    let error = lookup.mirror_error();
    let rules =
        lookup.mirror().map(|mirror| PlanOptions::for_sync(config, mirror, state, now)).transpose()?;
    if json {
        warn(error.as_deref());
    }
    let mut screens = Vec::new();
    for one in &lookup.find_including_deleted(kind, word)? {
        let record = RecordStatus::read(state, one, webhook, rules.as_ref())?;
        if json {
            print_json(&record)?;
        } else {
            screens.push(record_text::screen(&record, one, webhook, error.as_deref(), now));
        }
    }
    print(&screens.join("\n"))?;
    Ok(Outcome::Ok)
}

/// Why the mirror could not be asked, for which a document has no place.
fn warn(mirror_error: Option<&str>) {
    if let Some(error) = mirror_error {
        log::warn!("{error}");
    }
}

fn print_json(document: &impl Serialize) -> Result<()> {
    print(&format!("{}\n", serde_json::to_string_pretty(document)?))
}

impl Status {
    /// Everything, what waits in the mirror included.
    pub fn collect(config: &Config, state: &State, kind: Option<Kind>, now: DateTime<Utc>) -> Result<Status> {
        let mut status = Status::read(state, kind)?;
        status.mirror = MirrorFile::of(config);
        status.remapped = mapping_version::has_changed(config, state)?;
        match pending::count(config, state, now) {
            Ok(pending) => status.add(&pending),
            Err(error) => status.mirror_error = Some(format!("{error:#}")),
        }
        Ok(status)
    }

    /// In words. `all`: no list is shortened.
    pub fn render(&self, config: &Config, all: bool, now: DateTime<Utc>) -> String {
        let runs = Lock::is_held(&config.state);
        let shown = if all { usize::MAX } else { text::SHOWN };
        text::screen(self, &text::View { webhook: &config.portal.webhook, runs, shown, now })
    }

    /// What `--check` asks: nothing failed, no run hangs, and neither the last good run nor the mirror is too old.
    pub fn is_good(&self, limits: &AgeLimits, now: DateTime<Utc>) -> bool {
        self.failures.is_empty()
            && self.overdue.is_none()
            && !is_stale(self.last_success_at, limits.run, now)
            && limits.mirror.is_none_or(|limit| !is_stale(self.mirror.written_at, limit, now))
    }
}

/// How old things may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AgeLimits {
    /// The last good run.
    pub run: Duration,
    /// The newest write of the mirror, where that matters.
    pub mirror: Option<Duration>,
}

impl MirrorFile {
    /// As it is now.
    pub fn of(config: &Config) -> MirrorFile {
        let written_at = written_at(&config.mirror.path);
        MirrorFile { written_at: written_at.map(|at| at.trunc_subsecs(0)) }
    }
}
