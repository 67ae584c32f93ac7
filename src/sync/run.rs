//! One pass, as a story: lock, open, settle doubts, read the mirror, plan, verify, push, remember.

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};

use crate::config::Config;
use crate::crm::inventory;
use crate::domain::record::Kind;
use crate::domain::run_error::{Outcome, Stop, outcome_of};
use crate::domain::timestamp::stamp;
use crate::mapping::custom_fields::FieldTypes;
use crate::mirror::{Mirror, write_back};
use crate::platform::clock::{Clock, after};
use crate::platform::lock::Lock;
use crate::portal::client::{Cause, Gate, growing_pause};
use crate::portal::{CallError, Portal, stop_of};
use crate::state::settings::{
    CONTENTS, EXPOSED_TOLD, FULL, INITIAL_EXPORT, MAPPING_TOLD, PACE, RESENDING, SIGHT, SURVEY,
};
use crate::state::{Counts, Run, State};
use crate::sync::options::{Errand, Orders};
use crate::sync::plan::{Limits, Plan, Rules};
use crate::sync::preflight::config_check::{ask_notified, verify};
use crate::sync::preflight::idle::{Sight, is_idle};
use crate::sync::preflight::{mapping_version, portal_identity};
use crate::sync::push::{Done, Failures, Means, Push, Watch, Way};
use crate::sync::resolve_doubts::{outwait, settle, settled_at};
use crate::{say, state};

/// Ids in one transaction on the mirror.
const WRITTEN_BACK: u32 = 1_000;

/// Rounds of an export that mend deals whose people were merged or deleted meanwhile. People may go on with that.
const MENDING_ROUNDS: u32 = 3;

/// How a pass ended.
#[derive(Clone, PartialEq, Debug)]
pub struct Ended {
    /// The exit code's meaning.
    pub outcome: Outcome,
    /// Why it ended early, or what a guard holds back.
    pub message: Option<String>,
    /// What it did.
    pub counts: Counts,
    /// What failed, by reason.
    pub failures: Failures,
    /// Requests made.
    pub requests: u64,
}

impl Ended {
    /// Nothing was to be done.
    fn idle() -> Ended {
        let Done { counts, failures, .. } = Done::default();
        Ended { outcome: Outcome::Ok, message: None, counts, failures, requests: 0 }
    }
}

/// Makes a pass, and writes down that and how it went. None when another one is under way.
///
/// # Errors
/// The state cannot be used. All other ends of a pass are an [`Ended`].
pub fn pass(
    config: &Config,
    orders: &Orders,
    portal: &mut dyn Portal,
    clock: &Clock,
    watch: &mut dyn Watch,
) -> Result<Option<Ended>> {
    let Some(lock) = Lock::take(&config.state)? else { return Ok(None) };
    pass_under(&lock, config, orders, portal, clock, watch).map(Some)
}

/// Likewise, by whoever holds the lock already: what was prepared under it is what the pass finds.
///
/// # Errors
/// As [`pass`].
pub fn pass_under(
    lock: &Lock,
    config: &Config,
    orders: &Orders,
    portal: &mut dyn Portal,
    clock: &Clock,
    watch: &mut dyn Watch,
) -> Result<Ended> {
    let state = State::open(&config.state)?;
    let started = clock.now();
    lock.note_holder(orders.errand.name(), started)?;
    warn_of_exposed(config, &state, started)?;
    crate::sync::daily_warnings::of_mirror_age(config, &state, started)?;
    crate::sync::daily_warnings::of_link(config, &state, started)?;
    if is_idle(config, orders, &state, started)? {
        let ended = Ended::idle();
        state.log_run(&record(orders, &ended, started, clock.now()))?;
        return Ok(ended);
    }
    let killed = state.last_run()?.is_some_and(|run| run.outcome.is_none());
    let run = state.begin_run(orders.errand.name(), started)?;
    let pace = state.recall(PACE)?.unwrap_or_default();
    let mut gate = Gate::new(portal, clock.clone(), &config.portal, pace, deadline(config, orders, started));
    gate.on_wait(watch.teller());
    if orders.errand == Errand::InitialExport {
        gate.be_patient();
    }
    if killed {
        gate.fill_bucket();
    }
    let mut pass = Pass { config, orders, state: &state, lock, run, done: Done::default(), notice: None };
    let result = pass.make(&mut gate, watch).map_err(state::explain);
    let ended = pass.end(result, &gate);
    let writer = state.writer()?;
    state.remember(PACE, gate.pace())?;
    state.finish_run(run, &record(orders, &ended, started, clock.now()))?;
    writer.commit()?;
    Ok(ended)
}

/// The plan that a pass would follow now. Nothing is written, and the portal is not asked.
pub fn preview(config: &Config, orders: &Orders, clock: &Clock) -> Result<(State, Plan)> {
    let state = State::open_readonly(&config.state)?;
    admit(orders.errand, &state)?;
    portal_identity::know_the_mark(config, &state)?;
    let now = clock.now();
    let limit = clock.read_limit(deadline(config, orders, now));
    let mirror = Mirror::open_within(&config.mirror, &limit)?;
    let plan = draw(config, &mirror, &state, &in_full(config, orders, &state)?, now)?;
    Ok((state, plan))
}

/// A pass under way.
struct Pass<'a> {
    config: &'a Config,
    orders: &'a Orders,
    state: &'a State,
    lock: &'a Lock,
    run: i64,
    done: Done,
    /// What a guard holds back.
    notice: Option<String>,
}

/// What a round needs before it sends.
struct Prepared {
    plan: Plan,
    types: FieldTypes,
    /// Up to where the people are named whose bookings the plan looks at.
    touched: i64,
}

impl Pass<'_> {
    /// Rounds, until nothing is left in doubt; a pass of cron makes one and leaves the rest to the next.
    fn make(&mut self, gate: &mut Gate<'_>, watch: &mut dyn Watch) -> Result<()> {
        admit(self.orders.errand, self.state)?;
        outwait(self.config, self.state, self.lock, gate)?;
        self.patient_round(gate, true, watch)?;
        if self.orders.errand != Errand::InitialExport {
            if mapping_version::is_stale(self.config, self.state)?
                && self.state.once_a_day(MAPPING_TOLD, gate.clock().now())?
            {
                log::warn!("{}", mapping_version::notice());
            }
            return Ok(());
        }
        for _ in 0..MENDING_ROUNDS {
            if !std::mem::take(&mut self.done.dead_links) {
                break;
            }
            self.patient_round(gate, false, watch)?;
        }
        while let Some(settled) = settled_at(self.config, self.state, gate.clock().now())? {
            gate.wait_for(Cause::Doubts, settled)?;
            self.patient_round(gate, false, watch)?;
        }
        self.done.unanswered = false;
        if self.state.initial_export()?.is_none() {
            self.state.remember(INITIAL_EXPORT, &stamp(gate.clock().now()))?;
        }
        Ok(())
    }

    /// A round; an initial export begins it anew for as long as nothing but an outage ends it.
    fn patient_round(&mut self, gate: &mut Gate<'_>, first: bool, watch: &mut dyn Watch) -> Result<()> {
        let mut attempts = 0;
        loop {
            let before = self.done.counts;
            let Err(error) = self.round(gate, first, watch) else { return Ok(()) };
            let waits = self.orders.errand == Errand::InitialExport && !gate.is_answering();
            let outage = error.downcast_ref().and_then(CallError::outage);
            let Some(reason) = outage.filter(|_| waits) else { return Err(error) };
            attempts = if self.done.counts == before { attempts + 1 } else { 1 };
            log::info!("{reason}; the round begins anew");
            gate.wait_for(Cause::Unreachable(&reason), gate.clock().now() + growing_pause(attempts))?;
        }
    }

    fn round(&mut self, gate: &mut Gate<'_>, first: bool, watch: &mut dyn Watch) -> Result<()> {
        let (config, state) = (self.config, self.state);
        let sight = Sight::of(config, gate.clock().now());
        let limit = gate.clock().read_limit(gate.deadline());
        let mirror = Mirror::open_within(&config.mirror, &limit)?;
        // What a window shows changes with the time alone.
        let sight = sight.filter(|_| mirror.windows() == [false; 3] && !mirror.residents_slide());
        let orders = if first { in_full(config, self.orders, state)? } else { self.orders.clone() };
        let Prepared { plan, types, touched } = self.prepare(mirror, &orders, gate)?;
        portal_identity::remember(config, state)?;
        mapping_version::begin(config, state)?;
        let stocked = first && orders.errand == Errand::InitialExport;
        if stocked {
            // What stands in the portal under our originator, so that a lost state costs time and no duplicate.
            let gaps = inventory::walk(gate, &config.portal.originator, |kind, object| {
                watch.seen(kind);
                plan.queue.stock(kind, &object.origin, object.crm_id)
            })?;
            gaps.keys().try_for_each(|(kind, _)| plan.queue.note_gap(*kind))?;
        }
        let way = match orders.errand {
            Errand::Sync | Errand::Retry | Errand::Audit => Way::Sync,
            Errand::InitialExport => Way::Export { method: config.export.method, stocked },
        };
        let (lock, queue, run) = (self.lock, &plan.queue, self.run);
        let means = Means { config, types: &types, state, lock, queue, way, run };
        watch.planned(queue.left()?);
        let pushed = Push::new(means, gate, &mut self.done).all(watch);
        self.write_back()?;
        pushed?;
        if stocked {
            crate::sync::orphaned_deals::report(&config.mirror, state, queue, gate.clock())?;
        }
        self.remember(&plan, sight, touched)
    }

    /// The plan, and where everything is to be sent again the marks for that. Should the pass be killed or the portal not
    /// answer before they are set, the next one carries the order out; what was refused it does not, behind somebody's
    /// back.
    fn prepare(&mut self, mirror: Mirror, orders: &Orders, gate: &mut Gate<'_>) -> Result<Prepared> {
        if !orders.full {
            return self.look(mirror, orders, gate);
        }
        let state = self.state;
        state.remember(FULL, &true)?;
        let prepared = self.look(mirror, orders, gate);
        if prepared.as_ref().is_err_and(is_unusable) {
            state.remember(FULL, &false)?;
        }
        let prepared = prepared?;
        let writer = state.writer()?;
        state.resend_all()?;
        state.remember(RESENDING, &true)?;
        state.remember(FULL, &false)?;
        mapping_version::forget(state)?;
        writer.commit()?;
        Ok(prepared)
    }

    /// Doubts are settled, the plan is drawn, and the configuration is found good.
    fn look(&mut self, mirror: Mirror, orders: &Orders, gate: &mut Gate<'_>) -> Result<Prepared> {
        let (config, state) = (self.config, self.state);
        portal_identity::recognise(config, state, gate)?;
        for (code, record) in settle(config, state, gate)? {
            self.done.fail(code, record);
        }
        let plan = draw(config, &mirror, state, orders, gate.clock().now())?;
        let contents = Kind::SHOWN.map(|kind| mirror.content_terms(kind));
        // Whatever fills the mirror need not wait for the portal.
        drop(mirror);
        let touched = self.note_plan(&plan, contents, gate.clock().now())?;
        self.notice = plan.notice();
        let types = verify(config, gate, state, !plan.queue.is_empty()?)?;
        if orders.errand == Errand::InitialExport && state.initial_export()?.is_none() {
            for user in ask_notified(config, gate) {
                log::warn!("{}. {}", user.detail(), user.remedy());
            }
        }
        Ok(Prepared { plan, types, touched })
    }

    /// Written down before anything is sent: a pass that is cut short forgets no booking for its people's sake, and
    /// what is sent voids the blocks that it falls into.
    fn note_plan(&self, plan: &Plan, contents: [u64; 3], now: DateTime<Utc>) -> Result<i64> {
        let writer = self.state.writer()?;
        crate::sync::missing_rows::note(self.state, &writer, plan, now)?;
        self.state.remember(CONTENTS, &contents)?;
        let mark = writer.touch_all(&plan.touched)?;
        for kind in Kind::ALL {
            writer.keep_blocks(kind, &plan.blocks[kind as usize])?;
        }
        writer.commit()?;
        Ok(mark)
    }

    /// Tells the mirror the new ids. That it cannot be written is no reason to stop: it learns them next time.
    fn write_back(&self) -> Result<()> {
        while let links @ [_, ..] = self.state.write_backs(WRITTEN_BACK)?.as_slice() {
            // What is owed from the time when it was wanted is let go of.
            if self.config.mirror.write_back
                && let Err(error) = write_back(&self.config.mirror, links)
            {
                log::warn!("{error:#}");
                return Ok(());
            }
            let writer = self.state.writer()?;
            writer.wrote_back(links)?;
            writer.commit()?;
        }
        Ok(())
    }

    /// The round ran through: the next one compares with what this one saw.
    fn remember(&self, plan: &Plan, sight: Option<Sight>, touched: i64) -> Result<()> {
        let writer = self.state.writer()?;
        self.state.remember(SURVEY, &plan.survey)?;
        self.state.remember(SIGHT, &sight)?;
        if self.state.recall(RESENDING)? == Some(true) {
            self.state.remember(RESENDING, &false)?;
        }
        // A booking that is held back was not looked at, nor one whose id reads as that of one in doubt.
        let all_seen = plan.held_back.iter().all(|held| held.kind != Kind::Booking)
            && self.state.doubts(Kind::Booking)?.is_empty();
        if all_seen && !self.done.people_late {
            writer.untouch(touched)?;
        }
        writer.commit()
    }

    fn end(self, result: Result<()>, gate: &Gate<'_>) -> Ended {
        let Pass { done: Done { counts, failures, unanswered, .. }, notice, orders, .. } = self;
        let unsure = || CallError::Lost(say!("ответ потерян", "an answer was lost")).stop();
        let stop = result.map_err(stop_of).err().or_else(|| unanswered.then(unsure));
        let (outcome, message) = match stop {
            Some(Stop { outcome: Outcome::Interrupted, message, .. })
                if orders.errand == Errand::InitialExport =>
            {
                (Outcome::Interrupted, Some(go_on(&message, gate.clock().stopped())))
            }
            Some(stop) => (stop.outcome, Some(stop.of_pass())),
            None if notice.is_some() || counts.failed > 0 => (Outcome::Partial, notice),
            None => (Outcome::Ok, None),
        };
        Ended { outcome, message, counts, failures, requests: gate.requests() }
    }
}

/// Whether configuration, mirror or state are at fault, and not the portal.
fn is_unusable(error: &anyhow::Error) -> bool {
    !error.is::<CallError>() && outcome_of(error) == Outcome::Failed
}

/// In cron's mail once a day is enough.
fn warn_of_exposed(config: &Config, state: &State, now: DateTime<Utc>) -> Result<()> {
    if !config.exposed.is_empty() && state.once_a_day(EXPOSED_TOLD, now)? {
        for path in config.exposed.iter().map(|path| path.display()) {
            log::warn!(
                "{}",
                say!(
                    "файл {path} могут прочесть все на этой машине, а в нём пароль к CRM: chmod o= {path}",
                    "{path} can be read by everyone on this machine, and holds the password to the CRM: chmod o= {path}"
                )
            );
        }
    }
    Ok(())
}

/// How an initial export that did not come to its end goes on: no pass of cron does that.
fn go_on(cause: &str, stopped: bool) -> String {
    if stopped {
        return say!(
            "Прервано. Сделанное сохранено; продолжить: ecvi-b24 initial-export",
            "Interrupted. What was done is saved; to go on: ecvi-b24 initial-export"
        );
    }
    say!("{cause}. Продолжить: ecvi-b24 initial-export", "{cause}. To go on: ecvi-b24 initial-export")
}

/// Before an initial export was completed, nobody has said that the portal is to be filled.
fn admit(errand: Errand, state: &State) -> Result<()> {
    if errand == Errand::InitialExport || state.initial_export()?.is_some() {
        return Ok(());
    }
    Err(Stop::failed(say!(
        "первичная выгрузка ещё не завершена: выполните ecvi-b24 initial-export, до этого sync ничего не передаёт",
        "no initial export was completed yet: run ecvi-b24 initial-export; until then sync sends nothing"
    ))
    .into())
}

/// A completed initial export that is asked for again sends every record again, and goes on where such a one was
/// interrupted: what it did not get to is marked. After another change of the mapping it begins anew.
fn in_full(config: &Config, orders: &Orders, state: &State) -> Result<Orders> {
    let again = orders.errand == Errand::InitialExport && state.initial_export()?.is_some();
    let goes_on =
        again && state.recall(RESENDING)? == Some(true) && !mapping_version::is_stale(config, state)?;
    let full = orders.full || (again && !goes_on) || state.recall(FULL)? == Some(true);
    // As in a full pass, the pause of a failed record does not matter.
    Ok(Orders { full, retry_failed: orders.retry_failed || goes_on, ..orders.clone() })
}

fn draw(
    config: &Config,
    mirror: &Mirror,
    state: &State,
    orders: &Orders,
    now: DateTime<Utc>,
) -> Result<Plan> {
    let usual = Rules::usual(config, mirror, state, now)?;
    let deletes = usual.deletes && orders.errand != Errand::InitialExport;
    let resending = orders.full || state.recall(RESENDING)? == Some(true);
    let limits = Limits {
        max_deletes: config.sync.max_deletes,
        vouched: orders.max_deletes,
        delete_after: TimeDelta::from_std(config.sync.delete_after)?,
    };
    let Orders { full, retry_failed, .. } = *orders;
    let rules = Rules { full, resending, retry_failed, deletes, ..usual };
    Plan::guarded(mirror, state, rules, limits)
}

fn deadline(config: &Config, orders: &Orders, started: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let limit = orders.time_limit.unwrap_or(config.sync.time_limit);
    (orders.errand != Errand::InitialExport).then(|| after(started, limit))
}

fn record(orders: &Orders, ended: &Ended, started: DateTime<Utc>, now: DateTime<Utc>) -> Run {
    Run {
        command: orders.errand.name().to_owned(),
        started_at: stamp(started),
        finished_at: Some(stamp(now)),
        outcome: Some(ended.outcome.name().to_owned()),
        message: ended.message.clone(),
        counts: ended.counts,
        requests: ended.requests,
    }
}
