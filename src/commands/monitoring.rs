//! After each run: the page for the reception and the figures for Prometheus. Neither ever fails a
//! run.

use std::path::Path;

use chrono::{DateTime, Utc};

use crate::commands::status::overview::Overview;
use crate::commands::status::page::Written;
use crate::commands::status::{metrics, page};
use crate::config::Config;
use crate::domain::messages::{Localized, Message, NoticeMessage, PlatformMessage};
use crate::domain::per_kind::PerKind;
use crate::domain::run_error::{Result, RunError, explained};
use crate::platform::published_file::{Published, Writer, publish};
use crate::state::State;
use crate::state::settings::{LastTime, METRICS_TOLD, PAGE_TOLD};
use crate::sync::overdue;

/// A file that is written after each run.
struct Target<'c> {
    key: &'static str,
    path: Option<&'c Path>,
    mark: &'static str,
    /// When people were last told that it cannot be written.
    last_warning: &'static LastTime,
}

/// Writes what the configuration asks for after a run that holds the lock. `pending` is what it
/// left for the next one.
pub(super) fn after_run(config: &Config, pending: Option<&PerKind<u64>>, now: DateTime<Utc>) {
    write(config, Writer::Run, now, || {
        let state = State::open_readonly(&config.state)?;
        Overview::after_run(config, &state, pending, now).map(Some)
    });
}

/// Likewise where no run could be made: the lock, the state or the connection cannot be used.
pub(super) fn after_failed_start(config: &Config, error: &RunError, now: DateTime<Utc>) {
    write(config, Writer::Run, now, || Overview::for_error(config, error.message(), now).map(Some));
}

/// Likewise where another run is under way: an initial export may take hours, and nobody else says
/// that a run hangs.
pub(super) fn beside_run(config: &Config, now: DateTime<Utc>) {
    write(config, Writer::Other, now, || match State::open_for_monitoring(&config.state) {
        Ok(state) => Overview::beside_run(config, &state, now).map(Some),
        Err(error) => match overdue::overdue_notice(config, now) {
            Some(notice) => Overview::for_error(config, notice, now).map(Some),
            // It saves its work just now, and writes the files itself when it ends.
            None if error.is_busy() => Ok(None),
            None => Err(error.into()),
        },
    });
}

/// Writes the page for somebody who asked for it.
pub(super) fn write_page(
    path: &Path,
    overview: &Overview,
    config: &Config,
    now: DateTime<Utc>,
) -> Result<()> {
    let text = page::render(overview, Written::Once, config, now);
    let published = Published { path, mark: page::MARK, text: &text };
    publish(&published, Writer::Other).map_err(|error| {
        let message = PlatformMessage::FileNotWritten { path: path.display().to_string() };
        RunError::System(explained(message, error))
    })
}

fn write(
    config: &Config,
    writer: Writer,
    now: DateTime<Utc>,
    overview: impl FnOnce() -> Result<Option<Overview>>,
) {
    let monitoring = &config.monitoring;
    if monitoring.status_page.is_none() && monitoring.metrics_file.is_none() {
        return;
    }
    match overview() {
        Ok(Some(overview)) => write_files(config, &overview, writer, now),
        Ok(None) => {}
        Err(error) => log::warn!("{}", error.message().text(config.language)),
    }
}

fn write_files(config: &Config, overview: &Overview, writer: Writer, now: DateTime<Utc>) {
    let page = Target {
        key: "[monitoring] status_page",
        path: config.monitoring.status_page.as_deref(),
        mark: page::MARK,
        last_warning: &PAGE_TOLD,
    };
    write_file(config, &page, writer, now, || {
        page::render(overview, Written::AfterRuns, config, now)
    });
    let figures = Target {
        key: "[monitoring] metrics_file",
        path: config.monitoring.metrics_file.as_deref(),
        mark: metrics::MARK,
        last_warning: &METRICS_TOLD,
    };
    write_file(config, &figures, writer, now, || metrics::render(overview));
}

fn write_file(
    config: &Config,
    target: &Target<'_>,
    writer: Writer,
    now: DateTime<Utc>,
    render: impl FnOnce() -> String,
) {
    let Target { key, path, mark, last_warning } = target;
    let Some(path) = path else { return };
    let text = render();
    let Err(error) = publish(&Published { path, mark, text: &text }, writer) else { return };
    let reason = Message::from(error).text(config.language);
    let path = path.display().to_string();
    let warning = NoticeMessage::FileNotWritten { key: (*key).to_owned(), path, reason };
    if is_warning_due(config, last_warning, now) {
        log::warn!("{}", warning.localized(config.language));
    }
}

/// In cron's mail once a day is enough. No state is made for it.
fn is_warning_due(config: &Config, last_warning: &LastTime, now: DateTime<Utc>) -> bool {
    if !config.state.exists() {
        return true;
    }
    State::open(&config.state).and_then(|state| state.once_a_day(last_warning, now)).unwrap_or(true)
}
