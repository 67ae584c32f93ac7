//! A run that hangs is seen: the runs of cron that find the lock held count themselves, and after a
//! while they say so.

use chrono::{DateTime, TimeDelta, Utc};

use crate::config::Config;
use crate::domain::messages::{Message, ShellArgument, StateMessage, SyncMessage};
use crate::platform::lock::Lock;
use crate::platform::lock::note::{Holder, PassedOver};
use crate::sync::options::RunKind;

/// How often cron starts a run.
const CRON_INTERVAL: u64 = 180;
/// Beyond the runs that one which ends in time may overlap.
const SPARE_RUNS: u64 = 2;
/// An initial export knows no time limit, but it makes calls all the time, or waits for a portal
/// that is away.
const SILENT_EXPORT: TimeDelta = TimeDelta::hours(6);

/// Counts a run that found the lock held; and what is to be said, where too many did.
pub(crate) fn count_skipped_run(config: &Config, now: DateTime<Utc>) -> Option<Message> {
    match Lock::pass_over(&config.state, now) {
        Ok(told) => {
            log::info!("another run is under way since {}", told.since());
            notice(config, &told, now)
        }
        Err(error) => {
            log::info!("another run is under way ({error})");
            None
        }
    }
}

/// What is to be said of the run that is under way now, where too many found the lock held.
pub(crate) fn overdue_notice(config: &Config, now: DateTime<Utc>) -> Option<Message> {
    Lock::passed_over(&config.state).and_then(|told| notice(config, &told, now))
}

/// What is to be said of the run that is under way and keeps everybody from reading the state; none
/// where no run does.
pub(crate) fn busy_notice(config: &Config, now: DateTime<Utc>) -> Option<Message> {
    let held = held_file(config)?;
    let path = config.state.display().to_string();
    Some(overdue_notice(config, now).unwrap_or_else(|| match Lock::holder(&config.state) {
        Some(holder) => {
            let Holder { command, since } = holder;
            StateMessage::BusyRun { path, command, since, held }.into()
        }
        None => StateMessage::Busy { path }.into(),
    }))
}

fn notice(config: &Config, told: &PassedOver, now: DateTime<Utc>) -> Option<Message> {
    if !is_overdue(config, told, now) {
        return None;
    }
    let PassedOver { runs, holder, .. } = told;
    let command = holder.as_ref().map_or("ecvi-b24", |holder| &holder.command).to_owned();
    let held = held_file(config)?;
    Some(SyncMessage::RunOverdue { command, since: told.since(), skipped: *runs, held }.into())
}

/// The file by which `fuser` finds the run.
fn held_file(config: &Config) -> Option<ShellArgument> {
    let held = Lock::held_file(&config.state)?;
    Some(ShellArgument(held.display().to_string()))
}

fn is_overdue(config: &Config, told: &PassedOver, now: DateTime<Utc>) -> bool {
    let is_export =
        told.holder.as_ref().is_some_and(|holder| holder.command == RunKind::InitialExport.name());
    if is_export && now - told.last_call.unwrap_or_default().max(told.since()) < SILENT_EXPORT {
        return false;
    }
    u64::from(told.runs) >= config.sync.time_limit.as_secs().div_ceil(CRON_INTERVAL) + SPARE_RUNS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::language::Language;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + minute * 60, 0).unwrap()
    }

    fn told(command: &str, runs: u32) -> PassedOver {
        let holder = Some(Holder { since: at(0), command: command.to_owned() });
        PassedOver { runs, first_at: at(3), holder, last_call: Some(at(1)) }
    }

    fn config(time_limit: &str) -> Config {
        let text = format!(
            "mirror.path = 'm'\nportal.webhook = 'https://h/rest/1/x/'\nsync.time_limit = '{time_limit}'"
        );
        crate::config::parse(&text, std::path::Path::new(""), None).unwrap()
    }

    #[test]
    fn a_run_is_overdue_when_more_were_passed_over_than_its_time_limit_lets_it_overlap() {
        for (time_limit, passes, is_late) in
            [("150s", 2, false), ("150s", 3, true), ("1h", 21, false), ("1h", 22, true)]
        {
            assert_eq!(
                is_overdue(&config(time_limit), &told("sync", passes), at(9)),
                is_late,
                "{passes}"
            );
        }
        let unknown = PassedOver { holder: None, ..told("", 3) };
        assert!(is_overdue(&config("150s"), &unknown, at(9)));
    }

    #[test]
    fn the_command_that_finds_the_run_is_one_when_it_is_pasted() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("мой отель.db");
        let config = Config { state, ..config("150s") };
        let held = Lock::try_acquire(&config.state).unwrap().unwrap();
        held.note_holder("sync", at(0)).unwrap();
        let notice = busy_notice(&config, at(1)).unwrap().text(Language::En);
        let lock = folder.path().join("мой отель.db.lock");
        assert!(notice.contains(&format!("(fuser '{}')", lock.display())), "{notice}");
    }

    #[test]
    fn an_export_may_work_for_hours_but_not_without_a_call() {
        let config = config("150s");
        assert!(!is_overdue(&config, &told("initial-export", 100), at(300)));
        assert!(is_overdue(&config, &told("initial-export", 100), at(6 * 60 + 2)));
        let calls = PassedOver { last_call: Some(at(360)), ..told("initial-export", 200) };
        assert!(!is_overdue(&config, &calls, at(600)));
    }
}
