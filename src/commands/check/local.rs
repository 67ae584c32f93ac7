//! What lies on this machine: the configuration file and the state.

use std::fs::OpenOptions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::{CheckResult, Start};
use crate::config::{Config, ConfigError, Link};
use crate::domain::messages::{CheckMessage, NameMessage, ShellArgument};
use crate::domain::run_error::{Outcome, Result, RunError, explained};
use crate::platform::clock::Clock;
use crate::platform::sidecar_path::{parent_dir, sidecar_path};
use crate::state::State;
use crate::state::settings::{CHECKED, ORIGINATOR};
use crate::sync::options::{RunKind, RunOptions};
use crate::sync::prepare::preview;

/// Reads the configuration. Without it nothing else can be checked.
pub(super) fn check_configuration(
    start: &Start<'_>,
    results: &mut Vec<CheckResult>,
) -> Option<Config> {
    let mut config = match start.config.load(start.webhook) {
        Ok(config) => config,
        Err(error) => {
            results.push(unusable_configuration(error));
            return None;
        }
    };
    config.language = start.language;
    results.push(CheckResult::ok(
        "config",
        CheckMessage::Configuration { path: config.file.display().to_string() },
    ));
    results.extend(config.link.as_ref().map(linked));
    for path in &config.exposed {
        let path = path.display().to_string();
        let exposed = CheckResult::warning(
            "config_permissions",
            CheckMessage::WorldReadable { path: path.clone() },
        );
        results.push(exposed.with_remedy(CheckMessage::ProtectFile { path: ShellArgument(path) }));
    }
    Some(config)
}

/// A portal's database may take letters for the same that differ only by accents; two hotels would
/// then share cards.
///
/// Once something was sent under this name it has to stay: that is a warning.
pub(super) fn check_originator(originator: &str, state: Option<&State>) -> Option<CheckResult> {
    if originator.chars().all(|c| c.is_ascii_graphic() || c == ' ') {
        return None;
    }
    let detail = CheckMessage::OriginatorNotAscii { originator: originator.to_owned() };
    let sent_under = state.and_then(|state| state.get(&ORIGINATOR).ok().flatten());
    Some(if sent_under.is_some_and(|known| known == originator) {
        let kept = CheckResult::warning("originator", detail);
        kept.with_remedy(CheckMessage::KeepOriginator)
    } else {
        let unsafe_name = CheckResult::error("originator", Outcome::Failed, detail);
        unsafe_name.with_remedy(CheckMessage::ChooseAsciiOriginator)
    })
}

/// The configuration is a link: which file counts, and where relative paths lead.
fn linked(link: &Link) -> CheckResult {
    let detail = CheckMessage::ConfigurationIsLink { file: link.file.display().to_string() };
    match link.unused_state() {
        None => CheckResult::ok("config_link", detail),
        Some(remedy) => CheckResult::warning("config_link", detail).with_remedy(remedy),
    }
}

/// A file that cannot be read says what to do itself; one that is wrong does not.
fn unusable_configuration(error: ConfigError) -> CheckResult {
    let is_wrong = matches!(error, ConfigError::Wrong(_));
    let detail = CheckMessage::ConfigurationUnusable { reason: error.into_message().into() };
    let unusable = CheckResult::error("config", Outcome::Failed, detail);
    if is_wrong { unusable.with_remedy(CheckMessage::CorrectConfiguration) } else { unusable }
}

/// Opens the state, where there is one, and writes to it.
pub(super) fn check_state(
    config: &Config,
    now: DateTime<Utc>,
    results: &mut Vec<CheckResult>,
) -> Option<State> {
    let path = &config.state;
    if !path.exists() && !path.is_symlink() {
        results.push(no_state(path));
        return None;
    }
    let was_open_to_others = is_open_to_others(path);
    match open_and_write(path, now) {
        Ok(state) => {
            let path = path.display().to_string();
            results.push(if was_open_to_others {
                CheckResult::warning("state", CheckMessage::StateWasOpenToOthers { path })
            } else {
                CheckResult::ok("state", CheckMessage::StateWritable { path })
            });
            Some(state)
        }
        Err(error) => {
            results.push(unusable_state(error));
            None
        }
    }
}

fn open_and_write(path: &Path, now: DateTime<Utc>) -> Result<State> {
    let state = State::open(path)?;
    match state.set(&CHECKED, &now) {
        Ok(()) => Ok(state),
        Err(error) => Err(RunError::State(explained(
            NameMessage::File { path: path.display().to_string() },
            error,
        ))),
    }
}

/// Before the first run: the file will be made, so its folder must be there and writable.
fn no_state(path: &Path) -> CheckResult {
    match test_writable(path) {
        Ok(()) => CheckResult::ok(
            "state",
            CheckMessage::StateNotYetThere { path: path.display().to_string() },
        ),
        Err(error) => unusable_state(error),
    }
}

/// What the next run would refuse or hold back, once an initial export was completed.
pub(super) fn check_plan(
    config: &Config,
    state: Option<&State>,
    clock: &Clock,
) -> Option<CheckResult> {
    state?.initial_export().ok()??;
    match preview(config, &RunOptions::new(RunKind::Sync), clock) {
        Ok((_, plan)) => {
            let notice = plan.notice()?.into();
            Some(CheckResult::warning("plan", CheckMessage::NextRun { notice }))
        }
        Err(error) => {
            let notice = error.message().into();
            Some(CheckResult::error("plan", error.outcome(), CheckMessage::NextRun { notice }))
        }
    }
}

/// A file that is not there. An empty one was left by a check that was killed, anything else
/// belongs to somebody.
fn trial_file(path: &Path) -> PathBuf {
    let usual = sidecar_path(path, ".check");
    let found = std::fs::symlink_metadata(&usual);
    if found.is_ok_and(|found| !found.is_file() || found.len() > 0) {
        return sidecar_path(path, &format!(".check-{}", std::process::id()));
    }
    // Where it cannot be removed, the new one cannot be made, and that is told.
    drop(std::fs::remove_file(&usual));
    usual
}

fn test_writable(path: &Path) -> Result<()> {
    let trial = trial_file(path);
    let made = OpenOptions::new().write(true).create_new(true).open(&trial);
    let folder = parent_dir(path).display().to_string();
    let cannot_be_made = CheckMessage::StateCannotBeMade { folder };
    made.map_err(|error| RunError::State(explained(cannot_be_made, error)))?;
    Ok(std::fs::remove_file(trial)?)
}

fn is_open_to_others(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
}

/// A state that cannot be used; the error says what to do.
pub(super) fn unusable_state(error: impl Into<RunError>) -> CheckResult {
    let error = error.into();
    CheckResult::unusable(
        "state",
        &error,
        CheckMessage::StateUnusable { reason: error.message().into() },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_originator_that_a_database_may_take_for_another_is_refused() {
        assert!(
            ["ECVI", "ECVI-SOCHI 2", "hotel_1"]
                .into_iter()
                .all(|name| check_originator(name, None).is_none())
        );
        for name in ["Гостиница", "HÔTEL", "\u{415}CVI", "ECVI\u{a0}2", "ECVI\t2"] {
            assert!(check_originator(name, None).is_some(), "{name:?}");
        }
    }
}
