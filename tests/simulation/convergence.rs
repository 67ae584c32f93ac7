//! After quiet: faults off, the mirror unchanged, a few runs with time between. Then the CRM
//! equals the mirror, and a further run makes no request.

use chrono::TimeDelta;
use ecvi_b24::commands::status::Status;
use ecvi_b24::domain::run_error::Outcome;
use ecvi_b24::state::State;
use ecvi_b24::sync::options::{RunKind, RunOptions};
use ecvi_b24::sync::prepare::preview;

use crate::coverage;
use crate::world::{SECRET, World};

/// Runs after which nothing may be left to do.
const PATIENCE: u32 = 12;

impl World {
    /// Lets everything come to rest, and looks at it: first as it is, then after everything was
    /// sent again.
    pub(crate) fn rest(&mut self) {
        self.tell("everything is quiet now");
        self.mend_portal();
        // After the state was lost or replaced, all that stands in the CRM may be older than Ecvi.
        if !self.forgot {
            self.quiet(&RunOptions { retry_failed: true, ..sync() });
            self.check(false);
        }
        self.quiet(&RunOptions { retry_failed: true, full: true, ..sync() });
        self.check(true);
    }

    /// Runs until one makes no request.
    fn quiet(&mut self, first: &RunOptions) {
        self.wait(TimeDelta::minutes(3));
        self.let_late_calls_act();
        let mut options = first.clone();
        for _ in 0..PATIENCE {
            if self.verdict().is_err() {
                return;
            }
            let ended = self.run(&options, &[]);
            let is_lost = ended.as_ref().is_some_and(|ended| ended.outcome == Outcome::Failed);
            let ended =
                ended.filter(|ended| matches!(ended.outcome, Outcome::Ok | Outcome::Partial));
            let is_idle = ended.is_some_and(|ended| ended.requests == 0)
                // The question costs a plan.
                && (self.invariants.missing.is_empty() || !self.anybody_waits());
            self.wait(TimeDelta::minutes(3));
            if is_lost {
                // A state that was lost: it refuses until an initial export is completed.
                self.run(&RunOptions::new(RunKind::InitialExport), &[]);
                continue;
            }
            if is_idle && self.account() {
                return;
            }
            // What a run does not get to goes with the next ones, without being asked for again.
            options = sync();
        }
        self.wrong("it never comes to rest".into());
    }

    /// Whether somebody is missing from the mirror and not given up yet. Until then their deals may
    /// show them, which is no change that `status` counts where a deal failed or lacks somebody
    /// else.
    pub(crate) fn anybody_waits(&self) -> bool {
        let (_, plan) = preview(&self.config, &sync(), &self.clock).expect("a plan");
        plan.compared.missing_for_now.values().any(|missing| missing.count > 0)
    }

    pub(crate) fn status(&self) -> Status {
        let state = State::open_readonly(&self.config.state).expect("a state");
        Status::collect(&self.config, &state, None, self.clock.now()).expect("a status")
    }

    /// Whether nothing is left to do, by the program's own account; then every row of the mirror is
    /// told of.
    fn account(&mut self) -> bool {
        let status = self.status();
        self.accounts_for_all(&status)
    }

    pub(crate) fn accounts_for_all(&mut self, status: &Status) -> bool {
        let told = format!("{:?}{:?}", status.failures, status.warnings);
        if told.contains(SECRET) {
            self.wrong(format!("the secret is told: {told}"));
        }
        for issue in status.failures.iter().chain(&status.warnings) {
            issue.code.known().into_iter().for_each(coverage::meet);
        }
        let done = status.records.values().all(|tally| tally.pending == Some(0));
        for (kind, tally) in status.records.iter().filter(|_| done) {
            let ids = self.hotel.ids(*kind).into_iter();
            let rows = ids.filter(|id| !self.is_old_booking(*kind, id)).count() as u64;
            if tally.synced + tally.failed + tally.waiting < rows {
                self.wrong(format!("{rows} {kind}s, but status tells of {tally:?}"));
            }
        }
        done
    }
}

/// Cron's run, allowed to delete whatever is gone.
fn sync() -> RunOptions {
    RunOptions { max_deletes: Some(1000), ..RunOptions::new(RunKind::Sync) }
}
