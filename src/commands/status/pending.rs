//! How many changes of the mirror are not in the CRM yet: the plan is drawn, and its steps are counted and dropped.

use std::collections::HashSet;

use anyhow::Result;
use chrono::{DateTime, Utc};

use crate::config::Config;
use crate::domain::record::{Id, Kind};
use crate::mirror::Mirror;
use crate::platform::clock::ReadLimit;
use crate::state::State;
use crate::sync::plan::{Pair, PlanOptions, Step, compare};

/// Records to be sent, by [`Kind`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Pending {
    /// All of them.
    pub(super) total: [u64; 3],
    /// Those of them that [`State::count_settled`] counts.
    pub(super) linked: [u64; 3],
}

/// Counts what a run would send now. Failed and waiting records are counted elsewhere, and left out here.
///
/// # Errors
/// A mirror that cannot be read, or from which nothing may be concluded.
pub(super) fn count(config: &Config, state: &State, now: DateTime<Utc>) -> Result<Pending> {
    let mirror = Mirror::open_within(&config.mirror, &ReadLimit::lasting(config.sync.time_limit))?;
    let rules = PlanOptions::for_sync(config, &mirror, state, now)?;
    let mut aside: [HashSet<Id>; 3] = Default::default();
    let mut pending = Pending::default();
    for kind in Kind::DISPLAY_ORDER {
        aside[kind as usize] = state.failed_or_waiting(kind)?;
        // A call without an answer is made again or found to have worked.
        let doubts = state.doubts(kind)?;
        pending.total[kind as usize] =
            doubts.keys().filter(|id| !aside[kind as usize].contains(id)).count() as u64;
    }
    let count = |kind: Kind, step, pair: Pair| {
        if !aside[kind as usize].contains(&pair.id) {
            pending.add(kind, step, &pair);
        }
        Ok(())
    };
    compare(&mirror, state, &rules, count, |_, _, _| Ok(()))?;
    Ok(pending)
}

impl Pending {
    fn add(&mut self, kind: Kind, step: Step, pair: &Pair) {
        let sends = match step {
            Step::Create | Step::Update | Step::Close | Step::Fail | Step::Delete => true,
            // A deal that lacks somebody is looked at in every run; that is a warning, no change.
            Step::Recheck => pair.known.as_ref().is_some_and(|known| !known.pending.recheck),
            Step::Gone | Step::Forget => false,
        };
        let settled =
            pair.known.as_ref().is_some_and(|known| known.crm_id.is_some() && !known.absent_in_mirror);
        self.total[kind as usize] += u64::from(sends);
        self.linked[kind as usize] += u64::from(sends && settled);
    }
}
