//! What lies on this machine: the configuration file and the state.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};

use super::{CheckResult, Options};
use crate::config::{self, Config, ConfigError, Link};
use crate::domain::run_error::{Explain, Outcome, outcome_of};
use crate::domain::timestamp::to_rfc3339;
use crate::platform::clock::Clock;
use crate::platform::sidecar_path::{parent_dir, sidecar_path};
use crate::say;
use crate::state::State;
use crate::state::settings::CHECKED;
use crate::sync::options::{RunKind, RunOptions};
use crate::sync::run::preview;

/// Reads the configuration; without it nothing else can be checked.
pub(super) fn configuration(options: &Options<'_>) -> (Vec<CheckResult>, Option<Config>) {
    let path = config::find_config_file(options.config);
    let shown = path.display();
    let config = match config::load(&path, options.webhook) {
        Ok(config) => config,
        Err(error) => return (vec![unusable_configuration(error)], None),
    };
    let mut lines = vec![CheckResult::ok("config", say!("Конфигурация: {shown}", "Configuration: {shown}"))];
    lines.extend(config.link.as_ref().map(linked));
    for path in &config.exposed {
        let shown = path.display();
        lines.push(CheckResult::warning(
            "config_permissions",
            say!(
                "Файл {shown} могут прочесть все на этой машине",
                "Everyone on this machine can read the file {shown}"
            ),
            say!(
                "В вебхуке пароль ко всей CRM. Выполните: chmod o= {shown}",
                "The webhook is a password to the whole CRM. Run: chmod o= {shown}"
            ),
        ));
    }
    lines.extend(originator(&config.portal.originator));
    (lines, Some(config))
}

/// A portal's database may take letters for the same that differ by accents alone, and two hotels would share cards.
fn originator(name: &str) -> Option<CheckResult> {
    let is_plain = name.chars().all(|c| c.is_ascii_graphic() || c == ' ');
    (!is_plain).then(|| {
        CheckResult::error(
            "originator",
            Outcome::Failed,
            say!(
                "[portal] originator_id «{name}»: не только латинские буквы, цифры и знаки ASCII",
                "[portal] originator_id \"{name}\" is not plain ASCII"
            ),
            say!(
                "Портал может не различать похожие буквы (é и e, ё и е), и карточки двух отелей смешаются. До первичной выгрузки назовите другой, например ECVI-SOCHI",
                "A portal may take similar letters (é and e) for the same, and the cards of two hotels would mix. Before the initial export name another one, such as ECVI-SOCHI"
            ),
        )
    })
}

/// The configuration is a link: which file counts, and where relative paths lead.
fn linked(link: &Link) -> CheckResult {
    let file = link.file.display();
    let detail = say!(
        "Конфигурация — ссылка на {file}: относительные пути отсчитываются от этого файла",
        "The configuration is a link to {file}: relative paths are relative to that file"
    );
    match link.unused_state() {
        None => CheckResult::ok("config_link", detail),
        Some(remedy) => CheckResult::warning("config_link", detail, remedy.to_string()),
    }
}

/// A file that cannot be read says what to do itself; one that is wrong does not.
fn unusable_configuration(error: ConfigError) -> CheckResult {
    let remedy = match error {
        ConfigError::Unreadable(_) => String::new(),
        ConfigError::Wrong(_) => say!(
            "Исправьте файл; все ключи описаны в docs/configuration.md",
            "Correct the file; docs/configuration.md describes every key"
        ),
    };
    unusable("config", &say!("Конфигурация", "Configuration"), &error.into(), remedy)
}

/// Opens the state, where there is one, and writes to it.
pub(super) fn state(config: &Config, now: DateTime<Utc>) -> (Vec<CheckResult>, Option<State>) {
    let path = &config.state;
    let shown = path.display();
    if !path.exists() && !path.is_symlink() {
        return (vec![no_state(path)], None);
    }
    let loose = is_open_to_others(path);
    match open_and_write(path, now) {
        Err(error) => (vec![unusable_state(error)], None),
        Ok(state) if loose => {
            let detail = say!(
                "Состояние {shown}: файл был доступен не только владельцу; исправлено",
                "State {shown}: others than its owner had access to the file; mended"
            );
            (vec![CheckResult::warning("state", detail, String::new())], Some(state))
        }
        Ok(state) => {
            let detail = say!("Состояние: {shown}, запись работает", "State: {shown}, can be written");
            (vec![CheckResult::ok("state", detail)], Some(state))
        }
    }
}

fn open_and_write(path: &Path, now: DateTime<Utc>) -> Result<State> {
    let state = State::open(path)?;
    state.set(CHECKED, &to_rfc3339(now)).explain(|| path.display().to_string())?;
    Ok(state)
}

/// Before the first run: the file will be made, so its folder must be there and writable.
fn no_state(path: &Path) -> CheckResult {
    let shown = path.display();
    match test_writable(path) {
        Ok(()) => CheckResult::ok(
            "state",
            say!(
                "Состояние: {shown}, появится при первом запуске",
                "State: {shown}, will be made by the first pass"
            ),
        ),
        Err(error) => unusable_state(error),
    }
}

/// What the next run would refuse or hold back, once an initial export was completed.
pub(super) fn plan(config: &Config, state: Option<&State>, clock: &Clock) -> Option<CheckResult> {
    state?.initial_export().ok()??;
    match preview(config, &RunOptions::new(RunKind::Sync), clock) {
        Ok((_, plan)) => {
            plan.notice().map(|notice| CheckResult::warning("plan", next_pass(&notice), String::new()))
        }
        Err(error) => Some(CheckResult::error(
            "plan",
            outcome_of(&error),
            next_pass(&format!("{error:#}")),
            String::new(),
        )),
    }
}

fn next_pass(ends: &str) -> String {
    say!("Ближайший запуск: {ends}", "The next pass: {ends}")
}

/// A file that is not there. An empty one was left by a check that was killed, anything else is somebody's.
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
    let folder = parent_dir(path).display();
    OpenOptions::new().write(true).create_new(true).open(&trial).with_context(|| {
        say!(
            "в папке {folder} нельзя создать файл состояния: проверьте [state] path, папку и права",
            "the state cannot be made in {folder}: check [state] path, the folder and its permissions"
        )
    })?;
    Ok(std::fs::remove_file(trial)?)
}

#[cfg(unix)]
fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_: &Path) -> bool {
    false
}

/// A state that cannot be used; the error says what to do.
pub(super) fn unusable_state(error: impl Into<anyhow::Error>) -> CheckResult {
    unusable("state", &say!("Состояние", "State"), &error.into(), String::new())
}

/// What cannot be used, and what to do where the error does not say it itself.
pub(super) fn unusable(
    name: &'static str,
    title: &str,
    error: &anyhow::Error,
    remedy: String,
) -> CheckResult {
    let outcome = match outcome_of(error) {
        Outcome::Ok | Outcome::Partial => Outcome::Failed,
        other => other,
    };
    CheckResult::error(name, outcome, format!("{title}: {error:#}"), remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_originator_that_a_database_may_take_for_another_is_refused() {
        assert!(["ECVI", "ECVI-SOCHI 2", "hotel_1"].into_iter().all(|name| originator(name).is_none()));
        for name in ["Гостиница", "HÔTEL", "\u{415}CVI", "ECVI\u{a0}2", "ECVI\t2"] {
            assert!(originator(name).is_some(), "{name:?}");
        }
    }
}
