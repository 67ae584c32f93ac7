//! How many changes of the mirror are not in the CRM yet: the steps of the next run, counted and
//! not kept.

use chrono::{DateTime, Utc};

use crate::config::Config;
use crate::domain::per_kind::PerKind;
use crate::domain::record::Kind;
use crate::domain::run_error::Result;
use crate::mirror::Mirror;
use crate::platform::clock::ReadLimit;
use crate::state::State;
use crate::sync::plan::{Pair, PlanOptions, Step, compare};

/// Records to be sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Pending {
    /// All that the next run sends.
    pub(super) total: PerKind<u64>,
    /// Those of them that [`State::count_settled`] counts.
    pub(super) linked: PerKind<u64>,
}

/// Counts what a run would send now. Failed and waiting records are counted elsewhere, and left out
/// here.
///
/// # Errors
/// A mirror that cannot be read, or from which nothing may be concluded.
pub(super) fn count(config: &Config, state: &State, now: DateTime<Utc>) -> Result<Pending> {
    let mirror = Mirror::open_within(&config.mirror, &ReadLimit::lasting(config.sync.time_limit))?;
    let options = PlanOptions::for_sync(config, &mirror, state, now)?;
    let deferred = PerKind::try_from_fn(|kind| state.failed_or_waiting(kind))?;
    let mut pending = Pending::default();
    for kind in Kind::DISPLAY_ORDER {
        // A call without an answer is made again, or found to have taken effect.
        let doubts = state.doubts(kind)?;
        pending.total[kind] =
            doubts.keys().filter(|id| !deferred[kind].contains(id)).count() as u64;
    }
    compare(
        &mirror,
        state,
        &options,
        |kind, step, pair| {
            if !deferred[kind].contains(&pair.id) {
                pending.add(kind, step, &pair);
            }
            Ok(())
        },
        |_, _| Ok(()),
        |_| Ok(()),
    )?;
    Ok(pending)
}

impl Pending {
    fn add(&mut self, kind: Kind, step: Step, pair: &Pair) {
        let sends = match step {
            Step::Create | Step::Update | Step::SendCloseDate | Step::Fail | Step::Delete => true,
            // A deal that lacks a guest is looked at in every run: that is a warning and no change.
            Step::Recheck => pair.stored.as_ref().is_some_and(|record| !record.pending.recheck),
            Step::MarkAbsent | Step::DropRecord => false,
        };
        let is_settled = pair
            .stored
            .as_ref()
            .is_some_and(|record| record.crm_id.is_some() && !record.absent_in_mirror);
        self.total[kind] += u64::from(sends);
        self.linked[kind] += u64::from(sends && is_settled);
    }
}
