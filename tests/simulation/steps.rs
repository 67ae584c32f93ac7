//! What happens, step by step, in a world.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use bitrix24_sandbox::Kind as Entity;
use chrono::TimeDelta;
use ecvi_b24::domain::record::{Kind, RecordId, RecordKey};
use ecvi_b24::domain::run_error::Outcome;
use ecvi_b24::platform::lock::Lock;
use ecvi_b24::state::State;
use ecvi_b24::sync::options::RunOptions;
use ecvi_b24::sync::run::run_locked;
use ecvi_b24::sync::run_report::RunReport;

use crate::history::{ResetTo, Step};
use crate::invariants::origin_of;
use crate::log_lines;
use crate::rng::Rng;
use crate::wire::{Fault, Incident, Killed, Wire};
use crate::world::{World, entity_of};

/// Nobody sets a clock faster. A call that was on its way has taken effect by then.
const HANDS: TimeDelta = TimeDelta::minutes(2);

impl World {
    /// Takes one step.
    pub(crate) fn live(&mut self, step: &Step) {
        match step {
            Step::Ecvi(hotel_action, rng) => self.change_ecvi(*hotel_action, &mut Rng::new(*rng)),
            Step::Crm(crm_action, rng) => self.change_crm(*crm_action, &mut Rng::new(*rng)),
            Step::Portal(decision) => self.decide(*decision),
            Step::Run(options, incidents) => drop(self.run(options, incidents)),
            Step::Wait(minutes) => {
                self.wait(TimeDelta::minutes(*minutes));
                self.tell(format!("{minutes} minutes pass"));
            }
            Step::Clock(minutes) => {
                self.wait(HANDS);
                self.let_late_calls_act();
                self.set_clock(*minutes);
            }
            Step::Backup => {
                self.backup = fs::read(&self.config.state).ok();
                self.tell("the state is copied");
            }
            Step::Restore => self.restore_state(),
            Step::Lose => self.put_back(None),
            Step::Reset(kind, to, rng) => self.reset(*kind, *to, &mut Rng::new(*rng)),
            Step::Damage(rng) => self.damage(&mut Rng::new(*rng)),
            Step::Refill(rng) => self.refill(&mut Rng::new(*rng)),
            Step::Scene(scene, rng) => self.play(*scene, &mut Rng::new(*rng)),
        }
    }

    /// A run; none when the process died in it.
    pub(crate) fn run(
        &mut self,
        options: &RunOptions,
        incidents: &[Incident],
    ) -> Option<RunReport> {
        self.run_began = self.portal_now();
        self.note_day(self.clock.now());
        self.note_old_bookings();
        self.put_aside_before = self.failures();
        self.relieved = false;
        self.invariants.missed = self.invariants.missing.clone();
        self.tell(format!("RUN {}", words(options)));
        let (config, clock, folder) =
            (self.config.clone(), self.clock.clone(), self.folder().to_owned());
        self.asked.clear();
        self.begin_state();
        let mut wire = Wire { world: self, incidents, count: 0 };
        let speechless = incidents.iter().find(|incident| incident.fault == Fault::Speechless);
        log_lines::die_at_line(speechless.map(|incident| incident.at));
        let unsaved = incidents.iter().find(|incident| incident.fault == Fault::Unsaved);
        log_lines::die_at_commit(&folder, unsaved.map(|incident| incident.at));
        let made = catch_unwind(AssertUnwindSafe(|| {
            let Some(lock) = Lock::try_acquire(&config.state)? else { return Ok(None) };
            run_locked(&lock, &config, options, &mut wire, &clock, &mut ()).map(Some)
        }));
        let count = wire.count;
        log_lines::die_at_line(None);
        self.commits = log_lines::commits();
        let dead_at_commit = log_lines::left_behind();
        match made {
            Ok(Ok(_)) if dead_at_commit.is_some() => {
                self.bury(dead_at_commit);
                self.tell("  the process dies before a commit");
                None
            }
            Ok(Ok(Some(ended))) => {
                self.tell(format!(
                    "  ends {:?} after {count} requests, {}",
                    ended.outcome,
                    counts(&ended)
                ));
                if let Some(message) = &ended.message {
                    self.tell(format!("  {message}"));
                }
                self.look_at(&ended);
                Some(ended)
            }
            Ok(Ok(None)) => {
                self.wrong("the lock of a dead process holds".into());
                None
            }
            Ok(Err(error)) => {
                self.wrong(format!("the state cannot be used: {error:#}"));
                None
            }
            Err(death) if death.is::<Killed>() => {
                self.bury(dead_at_commit);
                self.tell("  the process dies");
                None
            }
            Err(panic) => resume_unwind(panic),
        }
    }

    fn restore_state(&mut self) {
        if let Some(backup) = self.backup.clone() {
            self.put_back(Some(&backup));
        }
    }

    /// The state is replaced by a copy, or lost.
    pub(crate) fn put_back(&mut self, copy: Option<&[u8]>) {
        let state = &self.config.state;
        match copy {
            Some(copy) => fs::write(state, copy).expect("the state is written"),
            None => drop(fs::remove_file(state)),
        }
        self.forget();
        self.state_replaced_at = Some(self.portal_now());
        self.tell(if copy.is_some() {
            "the state is replaced by its copy"
        } else {
            "the state is lost"
        });
    }

    /// As `reset-id` does it.
    fn reset(&mut self, kind: Kind, to: ResetTo, rng: &mut Rng) {
        if !self.config.state.exists() {
            return;
        }
        let state = State::open(&self.config.state).expect("the state");
        let (ids, now) = (self.hotel.ids(kind), self.clock.now());
        self.forgot = true;
        let writer = state.writer().expect("the state");
        if to == ResetTo::All {
            writer.detach_all(kind, now).expect("written");
            writer.commit().expect("written");
            return self.tell(format!("reset-id {kind} --all"));
        }
        let id = rng.one_of(&ids);
        let object = (to == ResetTo::Another).then(|| self.another(entity_of(kind), rng)).flatten();
        let key = RecordKey::new(kind, id.clone());
        if kind == Kind::Booking {
            self.asked_for.insert(id.to_string());
        }
        writer.insert_if_missing(&key, "").expect("written");
        match object {
            None => writer.detach(&key).expect("written"),
            Some(crm_id) => writer.relink_manually(&key, crm_id.cast_signed()).expect("written"),
        }
        writer.clear_failure(&key).expect("written");
        writer.commit().expect("written");
        self.tell(format!("reset-id {kind} {id} --crm-id {object:?}"));
        self.name(kind, &id, object);
    }

    fn another(&self, entity: Entity, rng: &mut Rng) -> Option<u64> {
        let ids: Vec<u64> = self.portal.records(entity).map(|record| record.id).collect();
        (!ids.is_empty()).then(|| rng.one_of(&ids))
    }

    /// An administrator pointed a record at an object: whoever it belonged to may have to be made
    /// anew, and so may the record, for its former object is anybody's now.
    fn name(&mut self, kind: Kind, id: &RecordId, object: Option<u64>) {
        let entity = entity_of(kind);
        let Some(crm_id) = object else { return };
        self.merged = true;
        self.invariants.named.insert((entity, crm_id));
        self.invariants.edited.note_all((entity, crm_id));
        self.invariants.permit((entity, id.to_string()));
        let owner = self.portal.get(entity, crm_id).and_then(|record| origin_of(entity, record));
        if let Some(owner) = owner.filter(|(_, origin)| *origin != id.to_string()) {
            self.invariants.permit(owner);
        }
    }

    /// A damaged mirror deletes nothing and sends nothing.
    fn damage(&mut self, rng: &mut Rng) {
        let path = self.config.mirror.path.clone();
        let whole = fs::read(&path).expect("the mirror");
        let how = rng.roll(4);
        match how {
            0 => fs::write(&path, b""),
            1 => fs::write(&path, &whole[..whole.len() / 2]),
            2 => fs::write(&path, b"no database, no database, no database"),
            _ => fs::remove_file(&path),
        }
        .expect("the mirror is written");
        self.tell(format!("the mirror is damaged ({how})"));
        let writes = self.portal.counters.writes;
        let ended = self.run(&RunOptions::new(ecvi_b24::sync::options::RunKind::Sync), &[]);
        if self.portal.counters.writes != writes
            || ended.is_none_or(|ended| ended.outcome != Outcome::Failed)
        {
            self.wrong("a damaged mirror was used".into());
        }
        fs::write(&path, whole).expect("the mirror is written");
    }
}

fn words(options: &RunOptions) -> String {
    let mut words = options.kind.name().to_owned();
    for (said, word) in [(options.full, " --full"), (options.retry_failed, " --retry-failed")] {
        words += if said { word } else { "" };
    }
    if let Some(limit) = options.time_limit {
        words += " --time-limit ";
        words += &limit.as_secs().to_string();
    }
    words
}

fn counts(ended: &RunReport) -> String {
    let counts = &ended.counts;
    format!(
        "{} created, {} updated, {} deleted, {} failed",
        counts.created.sum(),
        counts.updated.sum(),
        counts.deleted,
        counts.failed
    )
}
