//! A message to a user of the portal: when something begins to fail, once a day at most, and when
//! all is well again.
//!
//! It never fails a run. It is one request, which is made only if there is something to say. It is
//! noted as sent before it is made, because a message whose answer is lost may have arrived.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::config::Config;
use crate::domain::display;
use crate::domain::messages::{Localized, Message, NoticeMessage, SyncMessage};
use crate::domain::run_error::Result;
use crate::mapping::text::comment;
use crate::mirror::written_at;
use crate::portal::CallError;
use crate::portal::client::Client;
use crate::state::settings::{PACE, Setting};
use crate::state::{Severity, State};
use crate::sync::health::{self, Health, Problem};
use crate::sync::run_report::RunReport;

const DAY: TimeDelta = TimeDelta::days(1);

const NOTIFIED: Setting<Told> = Setting::new("notified");

/// What the user was told.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
struct Told {
    /// The problems that the user knows of and that are still there.
    #[serde(rename = "troubles")]
    problems: BTreeSet<Problem>,
    /// When a message about a problem was sent last.
    at: Option<DateTime<Utc>>,
    /// Before this time it is not tried again: the portal could not be reached.
    not_before: Option<DateTime<Utc>>,
}

/// What the user is to be told.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Notice {
    /// Something began to fail.
    Problems(BTreeSet<Problem>),
    /// Nothing fails any more.
    WellAgain,
}

/// A message that is due, and what is noted once it is sent.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Due {
    user: u64,
    notice: Notice,
    told: Told,
}

/// Notes how things stand after a run, and tells the user where something changed. Elsewhere it
/// makes no request.
pub(super) fn after_run(
    config: &Config,
    state: &State,
    client: &mut Client<'_>,
    ended: &mut RunReport,
) -> Result<()> {
    let now = client.clock().now();
    let health = health::note(config, state, ended, now)?;
    if let Some(due) = due(config, state, &health, now)? {
        send(due, config, state, ended, client);
        ended.requests = client.requests();
        state.set(&PACE, client.limits())?;
    }
    Ok(())
}

/// What is to be told after a run, if anything.
fn due(config: &Config, state: &State, health: &Health, now: DateTime<Utc>) -> Result<Option<Due>> {
    let Some(user) = config.monitoring.notify_user else { return Ok(None) };
    let mut told = state.get(&NOTIFIED)?.unwrap_or_default();
    told.problems = known_after(&told, health);
    state.set(&NOTIFIED, &told)?;
    Ok(next_notice(&told, health, now).map(|notice| Due { user, notice, told }))
}

/// A problem that has ended is reported again when it comes back. The last problem stays until the
/// user knows that all is well.
fn known_after(told: &Told, health: &Health) -> BTreeSet<Problem> {
    if health.is_well() {
        return told.problems.clone();
    }
    told.problems.intersection(&health.problems).copied().collect()
}

fn next_notice(told: &Told, health: &Health, now: DateTime<Utc>) -> Option<Notice> {
    let Told { problems, at, not_before } = told;
    // A time further away was set by a clock that ran ahead.
    if not_before.is_some_and(|time| now < time && time - now < DAY) {
        return None;
    }
    if health.is_well() {
        return (!problems.is_empty()).then_some(Notice::WellAgain);
    }
    let new: BTreeSet<Problem> = health.problems.difference(problems).copied().collect();
    let was_told_today = at.is_some_and(|at| (now - at).abs() < DAY);
    (!new.is_empty() && !was_told_today).then_some(Notice::Problems(new))
}

/// Sends the message. Where it cannot be sent, the log says so.
fn send(due: Due, config: &Config, state: &State, ended: &RunReport, client: &mut Client<'_>) {
    if let Err(error) = try_send(due, config, state, ended, client) {
        log::warn!("{}", error.message().text(config.language));
    }
}

fn try_send(
    due: Due,
    config: &Config,
    state: &State,
    ended: &RunReport,
    client: &mut Client<'_>,
) -> Result<()> {
    let Due { user, notice, told } = due;
    let now = client.clock().now();
    let text = text(&notice, config, state, ended)?;
    state.set(&NOTIFIED, &after(&told, &notice, now))?;
    let params = json!({"USER_ID": user, "MESSAGE": comment(&text)});
    let refusal = match client.call_once("im.notify.system.add", &params) {
        Ok(answer) if answer.result != Value::Bool(false) => return Ok(()),
        Ok(_) => NoticeMessage::UserUnknown { user },
        Err(CallError::Refused(error)) if !error.is_limit() => {
            let refusal = error.printable();
            NoticeMessage::NotSent { user, reason: Box::new(refusal.message()) }
        }
        Err(CallError::UnknownOutcome(reason)) => {
            log::info!("the message to user {user} has no answer: {reason}");
            return Ok(());
        }
        // It was not sent, and a later run may send it.
        Err(error) => {
            let pause = TimeDelta::from_std(config.sync.retry_after).unwrap_or(DAY);
            state.set(&NOTIFIED, &Told { not_before: Some(now + pause), ..told })?;
            log::info!("the message to user {user} was not sent: {error}");
            return Ok(());
        }
    };
    log::warn!("{}", refusal.localized(config.language));
    Ok(())
}

/// What the user knows once the message has arrived.
fn after(before: &Told, notice: &Notice, now: DateTime<Utc>) -> Told {
    match notice {
        Notice::WellAgain => Told { problems: BTreeSet::new(), not_before: None, ..before.clone() },
        Notice::Problems(new) => {
            let problems = before.problems.union(new).copied().collect();
            Told { problems, at: Some(now), not_before: None }
        }
    }
}

/// Records by their ids and numbers alone: the portal keeps the message.
fn text(notice: &Notice, config: &Config, state: &State, ended: &RunReport) -> Result<String> {
    let Notice::Problems(new) = notice else {
        return Ok(NoticeMessage::WellAgain.localized(config.language));
    };
    let mut lines = vec![NoticeMessage::SomethingFails.into()];
    for problem in new {
        lines.extend(line(*problem, config, state, ended)?);
    }
    lines.push(NoticeMessage::LookAtStatus.into());
    Ok(Message::Lines(lines).text(config.language))
}

fn line(
    problem: Problem,
    config: &Config,
    state: &State,
    ended: &RunReport,
) -> Result<Option<Message>> {
    Ok(match problem {
        Problem::Refused | Problem::Unusable | Problem::HeldBack => ended.message.clone(),
        Problem::Records => records(state)?,
        Problem::MirrorOld => written_at(&config.mirror.path).map(|written| {
            let path = config.mirror.path.display().to_string();
            SyncMessage::MirrorOld { path, written }.into()
        }),
    })
}

/// How many records were not sent, and which one is the first.
fn records(state: &State) -> Result<Option<Message>> {
    let failures = state.issues(Severity::Failure)?;
    let Some(first) = failures.iter().min_by_key(|issue| issue.first_at) else { return Ok(None) };
    let record = Box::new(display::record_name(&first.key, &first.display_name));
    let reason = match first.code.known() {
        Some(code) => Message::Remedy(code),
        None => first.code.to_string().into(),
    };
    Ok(Some(
        NoticeMessage::NotSentRecords { count: failures.len(), record, reason: Box::new(reason) }
            .into(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + hour * 3_600, 0).unwrap()
    }

    fn health(problems: &[Problem]) -> Health {
        Health { problems: problems.iter().copied().collect(), since: at(0) }
    }

    /// What is told at these hours, each with what is wrong then.
    fn told(hours: &[(i64, &[Problem])]) -> Vec<(i64, Notice)> {
        let mut told = Told::default();
        let mut notices = Vec::new();
        for (hour, problems) in hours {
            let health = health(problems);
            told.problems = known_after(&told, &health);
            if let Some(notice) = next_notice(&told, &health, at(*hour)) {
                told = after(&told, &notice, at(*hour));
                notices.push((*hour, notice));
            }
        }
        notices
    }

    fn problems(of: &[Problem]) -> Notice {
        Notice::Problems(of.iter().copied().collect())
    }

    #[test]
    fn the_first_failure_is_told_once_and_that_all_is_well_again_once() {
        use Problem::Records;
        let hours: &[(i64, &[Problem])] =
            &[(0, &[]), (1, &[Records]), (2, &[Records]), (50, &[Records]), (51, &[]), (52, &[])];
        assert_eq!(told(hours), [(1, problems(&[Records])), (51, Notice::WellAgain)]);
    }

    #[test]
    fn what_comes_and_goes_is_told_once_a_day() {
        use Problem::Records;
        let hours: &[(i64, &[Problem])] = &[
            (1, &[Records]),
            (2, &[]),
            (3, &[Records]),
            (4, &[]),
            (5, &[Records]),
            (25, &[Records]),
        ];
        let expected =
            [(1, problems(&[Records])), (2, Notice::WellAgain), (25, problems(&[Records]))];
        assert_eq!(told(hours), expected);
    }

    #[test]
    fn a_second_trouble_is_told_beside_an_old_one_and_again_when_it_comes_back() {
        use Problem::{HeldBack, Records};
        let hours: &[(i64, &[Problem])] = &[
            (0, &[Records]),
            (1, &[Records, HeldBack]),
            (24, &[Records, HeldBack]),
            (30, &[Records]),
            (60, &[Records, HeldBack]),
            (61, &[]),
        ];
        let expected = [
            (0, problems(&[Records])),
            (24, problems(&[HeldBack])),
            (60, problems(&[HeldBack])),
            (61, Notice::WellAgain),
        ];
        assert_eq!(told(hours), expected);
    }

    #[test]
    fn a_message_that_could_not_be_sent_waits_for_its_time_but_not_for_a_clock_that_ran_ahead() {
        let health = health(&[Problem::Refused]);
        for (not_before, is_told) in
            [(None, true), (Some(2), false), (Some(1), true), (Some(99), true)]
        {
            let told = Told { not_before: not_before.map(at), ..Told::default() };
            assert_eq!(next_notice(&told, &health, at(1)).is_some(), is_told, "{not_before:?}");
        }
    }
}
