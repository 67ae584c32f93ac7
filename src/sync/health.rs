//! Whether all is well, and since when: written down after each run, for the page of the reception,
//! for the figures of monitoring, and for the message to a user of the portal.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumIter, IntoStaticStr};

use crate::config::Config;
use crate::domain::record::Kind;
use crate::domain::run_error::{Outcome, Result};
use crate::mirror::written_at;
use crate::platform::clock::is_older;
use crate::state::settings::Setting;
use crate::state::{Severity, State};
use crate::sync::run_report::RunReport;

/// Something that a person has to look at.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Debug,
    EnumIter,
    IntoStaticStr,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Problem {
    /// The portal refuses us.
    Refused,
    /// Configuration, mirror or state cannot be used.
    Unusable,
    /// A guard holds something back.
    HeldBack,
    /// Records were not sent.
    Records,
    /// The mirror is not written any more.
    MirrorOld,
}

impl Problem {
    /// The word of the metrics.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// What the last run found.
pub const HEALTH: Setting<Health> = Setting::new("health");

/// What is wrong, and since when it is so.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Health {
    /// Nothing where all is well.
    #[serde(rename = "troubles")]
    pub problems: BTreeSet<Problem>,
    /// When all became well, or when the first of these problems came.
    pub since: DateTime<Utc>,
}

impl Health {
    /// What the last run wrote down; none before the first one.
    pub fn of_last_run(state: &State) -> Result<Option<Health>> {
        Ok(state.get(&HEALTH)?)
    }

    /// Whether nobody has to look at anything.
    pub fn is_well(&self) -> bool {
        self.problems.is_empty()
    }

    fn after(previous: Option<Health>, problems: BTreeSet<Problem>, now: DateTime<Utc>) -> Health {
        let same = previous.filter(|previous| previous.is_well() == problems.is_empty());
        Health { problems, since: same.map_or(now, |previous| previous.since) }
    }
}

/// Saves the problems after a run.
pub(super) fn note(
    config: &Config,
    state: &State,
    ended: &RunReport,
    now: DateTime<Utc>,
) -> Result<Health> {
    let previous: Option<Health> = Health::of_last_run(state)?;
    let mut problems = of_run(ended, previous.as_ref());
    if has_failures(state)? {
        problems.insert(Problem::Records);
    }
    if is_mirror_old(config, now) {
        problems.insert(Problem::MirrorOld);
    }
    let health = Health::after(previous, problems, now);
    state.set(&HEALTH, &health)?;
    Ok(health)
}

/// What a run says of the problems of a whole run. A run that was interrupted says nothing: what
/// the run before it found stays.
fn of_run(ended: &RunReport, previous: Option<&Health>) -> BTreeSet<Problem> {
    let found = match ended.outcome {
        Outcome::Ok => None,
        Outcome::Partial => ended.message.as_ref().map(|_| Problem::HeldBack),
        Outcome::Refused => Some(Problem::Refused),
        Outcome::Failed => Some(Problem::Unusable),
        Outcome::Interrupted => {
            let whole_run =
                BTreeSet::from([Problem::Refused, Problem::Unusable, Problem::HeldBack]);
            return previous.map(|health| &health.problems & &whole_run).unwrap_or_default();
        }
    };
    found.into_iter().collect()
}

fn has_failures(state: &State) -> Result<bool> {
    for kind in Kind::SEND_ORDER {
        if state.count_issues(kind, Severity::Failure)? > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_mirror_old(config: &Config, now: DateTime<Utc>) -> bool {
    let limit = config.monitoring.max_mirror_age;
    let written = written_at(&config.mirror.path);
    limit.zip(written).is_some_and(|(limit, written)| is_older(written, limit, now))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + minute * 60, 0).unwrap()
    }

    #[test]
    fn the_time_changes_when_all_becomes_well_and_when_it_ceases_to_be() {
        let records = BTreeSet::from([Problem::Records]);
        let both = BTreeSet::from([Problem::Records, Problem::Refused]);
        let mut health = None;
        for (minute, problems, since) in [
            (0, BTreeSet::new(), 0),
            (3, BTreeSet::new(), 0),
            (6, records.clone(), 6),
            (9, both, 6),
            (12, records, 6),
            (15, BTreeSet::new(), 15),
        ] {
            let now = Health::after(health, problems, at(minute));
            assert_eq!(now.since, at(since), "{minute}");
            health = Some(now);
        }
    }

    #[test]
    fn a_run_that_was_cut_short_does_not_say_that_all_is_well() {
        let previous =
            Health { problems: BTreeSet::from([Problem::Refused, Problem::Records]), since: at(0) };
        let ended = |outcome, message: Option<&str>| RunReport {
            outcome,
            message: message.map(Into::into),
            ..RunReport::idle()
        };
        let found =
            |report: &RunReport| of_run(report, Some(&previous)).into_iter().collect::<Vec<_>>();
        assert_eq!(found(&ended(Outcome::Interrupted, Some("away"))), [Problem::Refused]);
        assert_eq!(found(&ended(Outcome::Ok, None)), []);
        assert_eq!(found(&ended(Outcome::Partial, None)), []);
        assert_eq!(found(&ended(Outcome::Partial, Some("held"))), [Problem::HeldBack]);
        assert_eq!(found(&ended(Outcome::Failed, Some("no mirror"))), [Problem::Unusable]);
    }
}
