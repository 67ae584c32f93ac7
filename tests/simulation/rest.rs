//! After quiet: faults off, the mirror unchanged, a few passes with time between. Then the CRM equals the mirror, and
//! a further pass makes no request.

use chrono::TimeDelta;
use ecvi_b24::pass::{Errand, Orders};
use ecvi_b24::state::State;
use ecvi_b24::status::Status;
use ecvi_b24::stop::Outcome;

use crate::ledger::Snapshot;
use crate::world::World;

/// Passes after which nothing may be left to do.
const PATIENCE: u32 = 12;

impl World {
    /// Lets everything come to rest, and looks at it: first as it is, then after everything was sent again.
    pub(crate) fn rest(&mut self) {
        self.tell("everything is quiet now".into());
        self.quiet(&Orders { retry_failed: true, ..sync() });
        self.check(false);
        self.further_pass();
        self.quiet(&Orders { retry_failed: true, full: true, ..sync() });
        self.check(true);
        self.further_pass();
    }

    fn quiet(&mut self, first: &Orders) {
        self.wait(TimeDelta::minutes(3));
        self.let_late_calls_act();
        let exported = |world: &World| {
            let state = State::open_existing(&world.config.state).ok().flatten();
            state.is_some_and(|state| state.initial_export().ok().flatten().is_some())
        };
        let mut orders = first.clone();
        for _ in 0..PATIENCE {
            if self.verdict().is_err() {
                return;
            }
            if !exported(self) {
                self.pass(&Orders::plain(Errand::InitialExport), &[]);
                continue;
            }
            let ended = self.pass(&orders, &[]);
            self.wait(TimeDelta::minutes(3));
            let done = ended.is_some_and(|ended| matches!(ended.outcome, Outcome::Ok | Outcome::Partial));
            if done && self.open_ends() == 0 {
                return;
            }
            // What a pass does not get to goes with the next ones, without being asked for again.
            orders = sync();
        }
        self.wrong("it never comes to rest".into());
    }

    /// What is still to be done, by the program's own account; every row of the mirror is accounted for.
    fn open_ends(&mut self) -> u64 {
        let state = State::open_readonly(&self.config.state).ok().flatten();
        let status = Status::gather(&self.config, state, None, self.clock.now()).expect("a status");
        let pending = status.records.each().map(|(_, tally)| tally.pending.unwrap_or(1)).sum();
        if pending == 0 {
            for (kind, tally) in status.records.each() {
                let rows = self.hotel.ids(kind).len() as u64;
                let told = tally.synced + tally.failed + tally.waiting;
                if told < rows {
                    self.wrong(format!("{rows} {kind}s, but status tells of {tally:?}"));
                }
            }
        }
        let secret = format!("{:?}{:?}", status.failures, status.warnings);
        if secret.contains(crate::world::SECRET) {
            self.wrong(format!("the secret is told: {secret}"));
        }
        pending
    }

    fn further_pass(&mut self) {
        let before: Snapshot = crate::ledger::snapshot(&self.portal);
        // A failed record may be due just now; then the pass after that is the quiet one.
        for _ in 0..2 {
            let requests = self.pass(&sync(), &[]).map(|ended| ended.requests);
            if requests == Some(0) {
                return;
            }
        }
        let same = before == crate::ledger::snapshot(&self.portal);
        self.wrong(format!("a pass with nothing to do makes requests (nothing changed: {same})"));
    }
}

/// Cron's pass, allowed to delete whatever is gone.
fn sync() -> Orders {
    Orders { max_deletes: Some(1000), ..Orders::plain(Errand::Sync) }
}
