//! `status`: what was done, what waits, what failed and why.
//!
//! First the data is read, exactly the document of `--json` (docs/status.md); then it is rendered.
//! Nothing is written, and a run may be under way meanwhile.

mod activity;
mod busy;
mod check_line;
mod document;
mod issue_text;
pub(crate) mod metrics;
pub mod overview;
pub(crate) mod page;
mod pending;
mod record;
mod record_text;
mod sections;
mod text;

use std::time::Duration;

use chrono::{DateTime, SubsecRound, Utc};
use serde::Serialize;

pub use document::{InitialExport, IssueReport, LastRun, MirrorFile, RecordCounts, Status};
use overview::Overview;
pub use record::{OpenCall, RecordStatus, RowSummary};

use crate::commands::find_record::Lookup;
use crate::commands::{cli, monitoring};
use crate::config::{Config, Webhook};
use crate::domain::language::Language;
use crate::domain::messages::Message;
use crate::domain::record::Kind;
use crate::domain::run_error::{Outcome, Result};
use crate::mirror::written_at;
use crate::output::stdout::print;
use crate::platform::clock::{ReadLimit, is_stale};
use crate::platform::lock::Lock;
use crate::state::State;
use crate::sync::overdue;
use crate::sync::plan::PlanOptions;
use crate::sync::preflight::mapping_version;

/// How old the last good run may be, unless an option says otherwise.
const MAX_AGE: Duration = Duration::from_secs(15 * 60);

/// Shows the state of things, or everything about one record.
pub fn run(config: &Config, options: &cli::Status, now: DateTime<Utc>) -> Result<Outcome> {
    match State::open_for_monitoring(&config.state) {
        Ok(state) => show(config, &state, options, now),
        Err(error) if error.is_busy() => busy::show(config, options, error, now),
        Err(error) => Err(error.into()),
    }
}

fn show(
    config: &Config,
    state: &State,
    options: &cli::Status,
    now: DateTime<Utc>,
) -> Result<Outcome> {
    let cli::Status { kind, id, json, html, check, max_age, max_mirror_age } = options;
    if let (Some(kind), Some(id)) = (*kind, id) {
        return show_records(config, state, kind, id, *json, now);
    }
    if let Some(path) = html {
        let overview = Overview::collect(config, state, *kind, now)?;
        monitoring::write_page(path, &overview, config, now)?;
    }
    let mut status = if *check && !json {
        Status::from_files(config, state, *kind)?
    } else {
        Status::collect(config, state, *kind, now)?
    };
    status.overdue = overdue::overdue_notice(config, now);
    let max_mirror_age = max_mirror_age.or(config.monitoring.max_mirror_age);
    let limits = check.then_some(AgeLimits { run: *max_age, mirror: max_mirror_age });
    match (json, &limits) {
        (true, _) => {
            warn(config, status.mirror_error.as_ref());
            print_json(&status)?;
        }
        (false, Some(limits)) => print(&check_line::render(&status, limits, now, config.language))?,
        (false, None) if html.is_some() => {}
        (false, None) => print(&status.render(config, kind.is_some(), now))?,
    }
    let is_good = limits.is_none_or(|limits| status.is_good(&limits, now));
    Ok(if is_good { Outcome::Ok } else { Outcome::Partial })
}

fn show_records(
    config: &Config,
    state: &State,
    kind: Kind,
    typed: &str,
    json: bool,
    now: DateTime<Utc>,
) -> Result<Outcome> {
    let lookup = Lookup::new(config, state, &ReadLimit::lasting(config.sync.time_limit));
    let mirror_error = lookup.mirror_error();
    let options = lookup
        .mirror()
        .map(|mirror| PlanOptions::for_sync(config, mirror, state, now))
        .transpose()?;
    if json {
        warn(config, mirror_error.as_ref());
    }
    let view = View::new(config, now);
    let mut screens = Vec::new();
    for found in &lookup.find_including_deleted(kind, typed)? {
        let record = RecordStatus::read(state, found, view.webhook, options.as_ref())?;
        if json {
            print_json(&record)?;
        } else {
            screens.push(record_text::screen(&record, found, mirror_error.as_ref(), &view));
        }
    }
    print(&screens.join("\n"))?;
    Ok(Outcome::Ok)
}

/// A JSON document has no place for the reason why the mirror could not be read.
fn warn(config: &Config, mirror_error: Option<&Message>) {
    if let Some(error) = mirror_error {
        log::warn!("{}", error.text(config.language));
    }
}

fn print_json(document: &impl Serialize) -> Result<()> {
    print(&format!("{}\n", serde_json::to_string_pretty(document)?))
}

/// What a screen shows beside the status itself.
struct View<'a> {
    /// For the links to the cards.
    webhook: &'a Webhook,
    language: Language,
    now: DateTime<Utc>,
}

impl View<'_> {
    fn new(config: &Config, now: DateTime<Utc>) -> View<'_> {
        View { webhook: &config.portal.webhook, language: config.language, now }
    }
}

impl Status {
    /// What state and files say; the rows of the mirror are not read.
    fn from_files(config: &Config, state: &State, kind: Option<Kind>) -> Result<Status> {
        let mut status = Status::read(state, kind, config.language)?;
        status.mirror = MirrorFile::read(config);
        Ok(status)
    }

    /// Everything, also what is still to be sent of the mirror.
    pub fn collect(
        config: &Config,
        state: &State,
        kind: Option<Kind>,
        now: DateTime<Utc>,
    ) -> Result<Status> {
        let mut status = Status::from_files(config, state, kind)?;
        status.is_mapping_changed = mapping_version::has_changed(config, state)?;
        match pending::count(config, state, now) {
            Ok(pending) => status.add(&pending),
            Err(error) => status.mirror_error = Some(error.message()),
        }
        Ok(status)
    }

    /// For people. `all`: no list is shortened.
    pub fn render(&self, config: &Config, all: bool, now: DateTime<Utc>) -> String {
        let is_running = Lock::is_held(&config.state);
        let limit = if all { usize::MAX } else { text::SHOWN };
        text::screen(self, is_running, limit, &View::new(config, now))
    }

    /// What `--check` asks: nothing failed, no run hangs, and neither the last good run nor the
    /// mirror is too old.
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
    pub fn read(config: &Config) -> MirrorFile {
        let written_at = written_at(&config.mirror.path);
        MirrorFile { written_at: written_at.map(|at| at.trunc_subsecs(0)) }
    }
}
