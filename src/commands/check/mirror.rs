//! The mirror, read to its end once: its age, its windows, its rows, and the ids in them.

use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{CheckResult, references, rows};
use crate::config::Config;
use crate::domain::display;
use crate::domain::messages::CheckMessage;
use crate::domain::record::Kind;
use crate::domain::run_error::{Outcome, RunError};
use crate::mirror::{Mirror, has_foreign_log, written_at};
use crate::platform::clock::{Clock, is_older};
use crate::platform::sidecar_path::sidecar_path;

/// A mirror, or a report that fills it, that was written longer ago is no longer written.
const MAX_AGE: Duration = Duration::from_secs(86_400);

/// Adds what is found in the mirror to `results`.
pub(super) fn check(config: &Config, clock: &Clock, results: &mut Vec<CheckResult>) {
    let path = &config.mirror.path;
    let now = clock.now();
    if !config.load.reports.is_empty() && !path.exists() {
        return results.push(not_loaded(path));
    }
    let limit = clock.limit_of(config.sync.time_limit);
    // Looked at first: opening the mirror may change its log.
    let has_foreign_log = has_foreign_log(path);
    let mirror = match Mirror::open_within(&config.mirror, &limit) {
        Ok(mirror) => mirror,
        Err(error) => return results.push(unusable(&error)),
    };
    results.push(age(config, now));
    if has_foreign_log {
        results.push(foreign_log(path));
    }
    results.extend(windows(&mirror));
    // A clock that is behind makes no row one of the future.
    let latest = written_at(path).map_or(now, |at| at.max(now));
    for kind in Kind::DISPLAY_ORDER {
        let found = rows::check(&mirror, kind, config, latest);
        results.extend(found.unwrap_or_else(|error| vec![unusable(&error)]));
    }
    let found = references::check(&mirror);
    results.extend(found.unwrap_or_else(|error| vec![unusable(&error)]));
}

/// The reports were never loaded.
fn not_loaded(path: &Path) -> CheckResult {
    let detail = CheckMessage::MirrorNotLoaded { path: path.display().to_string() };
    CheckResult::error("mirror", Outcome::Failed, detail).with_remedy(CheckMessage::LoadReports)
}

/// The error says what to do.
fn unusable(error: &RunError) -> CheckResult {
    CheckResult::unusable(
        "mirror",
        error,
        CheckMessage::MirrorUnusable { reason: error.message().into() },
    )
}

/// The mirror was replaced, and the log of the old one was left there.
fn foreign_log(path: &Path) -> CheckResult {
    let log = sidecar_path(path, "-wal").display().to_string();
    let detail = CheckMessage::ForeignLog { path: path.display().to_string(), log };
    CheckResult::warning("mirror_log", detail).with_remedy(CheckMessage::ReplaceWithLog)
}

/// When the file, or its log, was written last.
fn age(config: &Config, now: DateTime<Utc>) -> CheckResult {
    let written_at = written_at(&config.mirror.path);
    let path = config.mirror.path.display().to_string();
    let written =
        written_at.map(|at| display::format_time(at, config.language)).unwrap_or_default();
    if written_at.is_some_and(|at| is_old(at, config, now)) {
        let old = CheckResult::warning("mirror", CheckMessage::MirrorOld { path, written });
        return old.with_remedy(CheckMessage::CheckFiller);
    }
    CheckResult::ok("mirror", CheckMessage::MirrorFresh { path, written })
}

/// Whether what was written then should have been written again.
pub(super) fn is_old(written_at: DateTime<Utc>, config: &Config, now: DateTime<Utc>) -> bool {
    is_older(written_at, config.monitoring.max_mirror_age.unwrap_or(MAX_AGE), now)
}

/// The queries that show a window of rows, so that other rows are there tomorrow than today.
fn windows(mirror: &Mirror) -> Vec<CheckResult> {
    let mut windows = Vec::new();
    for kind in Kind::DISPLAY_ORDER.into_iter().filter(|kind| mirror.windows()[*kind]) {
        let remedy = match kind {
            Kind::Booking => CheckMessage::BookingsOutsideWindow,
            Kind::Guest | Kind::Company => CheckMessage::PartiesOutsideWindow,
        };
        windows.push(window(kind.table().name(), remedy));
    }
    if mirror.are_booking_guests_windowed() {
        windows.push(window("booking_guests", CheckMessage::BookingGuestsOutsideWindow));
    }
    windows
}

fn window(table: &str, remedy: CheckMessage) -> CheckResult {
    let detail = CheckMessage::WindowedQuery { table: table.to_owned() };
    CheckResult::warning("mirror", detail).with_remedy(remedy)
}
