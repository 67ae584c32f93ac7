//! `status`: what was done, what waits, what failed and why.
//!
//! First the data, exactly the document of `--json` (docs/status.md); then the words. Everything is read only, and
//! a pass may be running meanwhile.

mod document;
mod pending;
mod record;
mod record_text;
mod text;

use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

pub use document::{Flaw, InitialExport, Status, Tally};
pub use record::{MirrorRow, OpenCall, RecordStatus};

use crate::clock::parse_stamp;
use crate::config::Config;
use crate::lock::Lock;
use crate::lookup::Lookup;
use crate::plan::Rules;
use crate::record::Kind;
use crate::report::print;
use crate::state::State;
use crate::stop::Outcome;
use crate::{cli, overdue, remap};

/// A clock may drift so far by itself.
const CLOCK_DRIFT: TimeDelta = TimeDelta::minutes(1);

/// Carries out `status`.
pub fn run(config: &Config, options: &cli::Status, now: DateTime<Utc>) -> Result<Outcome> {
    let state = State::open_readonly(&config.state)?;
    let cli::Status { kind, id, json, check, max_age } = options;
    if let (Some(kind), Some(word)) = (*kind, id) {
        return show_records(config, &state, kind, word, *json, now);
    }
    let max_age = check.then_some(*max_age);
    let mut status = if *check && !json {
        Status::read(&state, *kind)?
    } else {
        Status::gather(config, &state, *kind, now)?
    };
    status.overdue = overdue::look(config, now);
    match (json, max_age) {
        (true, _) => {
            warn(status.mirror_error.as_deref());
            print_json(&status)?;
        }
        (false, Some(max_age)) => print(&text::check_line(&status, max_age, now))?,
        (false, None) => print(&status.screen(config, kind.is_some(), now))?,
    }
    Ok(if max_age.is_none_or(|max_age| status.is_good(max_age, now)) {
        Outcome::Ok
    } else {
        Outcome::Partial
    })
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
    let rules = lookup.mirror().map(|mirror| Rules::usual(config, mirror, state, now)).transpose()?;
    if json {
        warn(error.as_deref());
    }
    let mut screens = Vec::new();
    for one in &lookup.ever(kind, word)? {
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
    pub fn gather(config: &Config, state: &State, kind: Option<Kind>, now: DateTime<Utc>) -> Result<Status> {
        let mut status = Status::read(state, kind)?;
        status.remapped = remap::is_stale(config, state)?;
        match pending::count(config, state, now) {
            Ok(pending) => status.add(&pending),
            Err(error) => status.mirror_error = Some(format!("{error:#}")),
        }
        Ok(status)
    }

    /// In words. `all`: no list is shortened.
    pub fn screen(&self, config: &Config, all: bool, now: DateTime<Utc>) -> String {
        let runs = Lock::is_held(&config.state);
        let shown = if all { usize::MAX } else { text::SHOWN };
        text::screen(self, &text::View { webhook: &config.portal.webhook, runs, shown, now })
    }

    /// What `--check` asks: nothing failed, no pass hangs, and the last good pass is young enough.
    pub fn is_good(&self, max_age: Duration, now: DateTime<Utc>) -> bool {
        self.failures.is_empty() && self.overdue.is_none() && !self.is_stale(max_age, now)
    }

    fn is_stale(&self, max_age: Duration, now: DateTime<Utc>) -> bool {
        let age = self.last_success_at.as_deref().map(|at| now - parse_stamp(at));
        // A pass in the future was written by another clock and says nothing.
        let limit = TimeDelta::from_std(max_age).unwrap_or(TimeDelta::MAX);
        age.is_none_or(|age| age > limit || age < -CLOCK_DRIFT)
    }
}
