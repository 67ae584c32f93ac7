//! What the page of the reception and the metrics show: the status document, and what lies beside
//! it. Both are pure renderings of it.

use chrono::{DateTime, Local, Utc};

use super::activity::{Activity, WEEK};
use super::{AgeLimits, Status};
use crate::config::Config;
use crate::domain::messages::Message;
use crate::domain::per_kind::PerKind;
use crate::domain::record::Kind;
use crate::domain::run_error::Result;
use crate::platform::lock::Lock;
use crate::state::{State, Totals};
use crate::sync::health::Health;
use crate::sync::overdue;
use crate::sync::preflight::mapping_version;

/// Everything that is shown.
#[derive(Clone, PartialEq, Debug)]
pub struct Overview {
    pub(super) status: Status,
    /// Whether all was well after the last run, and since when.
    pub(super) health: Option<Health>,
    pub(super) activity: Activity,
    pub(super) totals: Totals,
    /// A run is under way.
    pub(super) is_running: bool,
    /// Why no run could be made, where none could.
    pub(super) error: Option<Message>,
    /// How old the last good run and the mirror may be.
    pub(super) limits: AgeLimits,
}

impl Overview {
    /// Likewise after a run that holds the lock. `pending` is what it left for the next one, where
    /// it got that far.
    pub fn after_run(
        config: &Config,
        state: &State,
        pending: Option<&PerKind<u64>>,
        now: DateTime<Utc>,
    ) -> Result<Overview> {
        let mut status = Status::from_files(config, state, None)?;
        status.is_mapping_changed = mapping_version::has_changed(config, state)?;
        for (kind, counts) in &mut status.records {
            counts.pending = pending.map(|pending| pending[*kind]);
        }
        Overview::with(config, state, status, now)
    }

    /// What is known while another run is under way. The mirror is not read: the run does that.
    pub fn beside_run(config: &Config, state: &State, now: DateTime<Utc>) -> Result<Overview> {
        let mut status = Status::from_files(config, state, None)?;
        status.overdue = overdue::overdue_notice(config, now);
        Ok(Overview { is_running: true, ..Overview::with(config, state, status, now)? })
    }

    /// What is known now, with what is to be sent of the mirror.
    pub fn collect(
        config: &Config,
        state: &State,
        kind: Option<Kind>,
        now: DateTime<Utc>,
    ) -> Result<Overview> {
        let mut status = Status::collect(config, state, kind, now)?;
        status.overdue = overdue::overdue_notice(config, now);
        let overview = Overview::with(config, state, status, now)?;
        Ok(Overview { is_running: Lock::is_held(&config.state), ..overview })
    }

    fn with(
        config: &Config,
        state: &State,
        status: Status,
        now: DateTime<Utc>,
    ) -> Result<Overview> {
        Ok(Overview {
            status,
            health: Health::of_last_run(state)?,
            activity: Activity::from_runs(
                &state.runs_since(now - WEEK)?,
                &now.with_timezone(&Local),
            ),
            totals: state.totals()?,
            is_running: false,
            error: None,
            limits: AgeLimits { run: super::MAX_AGE, mirror: config.monitoring.max_mirror_age },
        })
    }

    /// No run could be made, and the state tells nothing.
    pub fn for_error(config: &Config, error: Message, now: DateTime<Utc>) -> Result<Overview> {
        let overview = Overview::after_run(config, &State::in_memory()?, None, now)?;
        Ok(Overview { error: Some(error), ..overview })
    }
}
