//! One run, as a story: lock, open, settle doubts, read the mirror, plan, verify, push, remember.

use std::time::Duration;

use chrono::{DateTime, SubsecRound, Utc};

use crate::config::Config;
use crate::crm::inventory;
use crate::domain::language::Language;
use crate::domain::messages::{Message, SyncMessage};
use crate::domain::per_kind::PerKind;
use crate::domain::record::Kind;
use crate::domain::run_error::{Outcome, Result, RunError};
use crate::mapping::custom_fields::FieldTypes;
use crate::mirror::{Mirror, write_back};
use crate::platform::clock::Clock;
use crate::platform::lock::Lock;
use crate::portal::client::{Client, WaitReason, growing_pause};
use crate::portal::{CallError, Portal};
use crate::state::State;
use crate::state::settings::{
    CONTENTS, FULL, INITIAL_EXPORT, INPUTS, InputFingerprint, MAPPING_TOLD, PACE, RESENDING,
};
use crate::sync::options::{RunKind, RunOptions};
use crate::sync::plan::{MIRROR_STATS, Plan};
use crate::sync::preflight::config_check::{ask_notified, verify_config};
use crate::sync::preflight::idle::{can_skip, current_inputs};
use crate::sync::preflight::{mapping_version, portal_identity};
use crate::sync::prepare::{build_plan, deadline, effective_options, require_initial_export};
use crate::sync::push::{CreateMode, ProgressObserver, Push, PushContext, RunStats};
use crate::sync::resolve_doubts::{resolve_doubts, settled_at, wait_for_unknown_calls};
use crate::sync::run_report::{RunReport, resume_hint};
use crate::sync::{daily_warnings, notify};

/// Ids in one transaction on the mirror.
const WRITE_BACK_CHUNK: u32 = 1_000;

/// How long ids are written into the mirror. That begins after the last request, so that a run at
/// its time limit writes them too.
const WRITE_BACK_TIME: Duration = Duration::from_secs(10);

/// Rounds of an export that repair deals whose guests were merged or deleted during the export.
/// People may go on doing that.
const MENDING_ROUNDS: u32 = 3;

/// Makes a run and records how it ended. The caller holds the lock, so that nothing which it
/// prepared changes before the run.
///
/// # Errors
/// The state cannot be used. Every other end of a run is a [`RunReport`].
pub fn run_locked(
    lock: &Lock,
    config: &Config,
    options: &RunOptions,
    portal: &mut dyn Portal,
    clock: &Clock,
    observer: &mut dyn ProgressObserver,
) -> Result<RunReport> {
    let state = State::open(&config.state)?;
    let started = clock.now();
    lock.note_holder(options.kind.name(), started)?;
    daily_warnings::of_exposed(config, &state, started)?;
    daily_warnings::of_mirror_age(config, &state, started)?;
    daily_warnings::of_link(config, &state, started)?;
    let pace = state.get(&PACE)?.unwrap_or_default();
    let mut client = Client::new(
        portal,
        clock.clone(),
        &config.portal,
        pace,
        deadline(config, options, started),
    );
    if can_skip(config, options, &state, started)? {
        let mut ended = RunReport::idle();
        notify::after_run(config, &state, &mut client, &mut ended)?;
        state.log_run(&ended.record(options, started, clock.now()))?;
        return Ok(ended);
    }
    let killed = state.last_run()?.is_some_and(|run| run.outcome.is_none());
    let run = state.begin_run(options.kind.name(), started)?;
    client.on_wait(observer.wait_callback());
    if options.kind == RunKind::InitialExport {
        client.be_patient();
    }
    if killed {
        client.assume_bucket_full();
    }
    let mut context = RunContext {
        config,
        options,
        state: &state,
        lock,
        run,
        done: RunStats::default(),
        notice: None,
        pending: None,
    };
    let result = context.run(&mut client, observer);
    let mut ended = context.end(result, &client);
    notify::after_run(config, &state, &mut client, &mut ended)?;
    let writer = state.writer()?;
    writer.set(&PACE, client.limits())?;
    state.finish_run(run, &ended.record(options, started, clock.now()))?;
    writer.commit()?;
    Ok(ended)
}

/// A run under way.
struct RunContext<'a> {
    config: &'a Config,
    options: &'a RunOptions,
    state: &'a State,
    lock: &'a Lock,
    run: i64,
    done: RunStats,
    /// What a guard holds back.
    notice: Option<Message>,
    pending: Option<PerKind<u64>>,
}

/// Which round of a run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Round {
    /// It carries out what was ordered.
    First,
    /// An export looks after what the rounds before it left.
    Another,
}

/// What a round needs before it sends.
struct Prepared {
    plan: Plan,
    types: FieldTypes,
    /// The plan looks at the bookings of everybody who was noted as dirty up to this number.
    dirty_seq: i64,
}

impl RunContext<'_> {
    /// One round; an initial export makes more of them until nothing is left in doubt.
    fn run(&mut self, client: &mut Client<'_>, observer: &mut dyn ProgressObserver) -> Result<()> {
        require_initial_export(self.options.kind, self.state)?;
        wait_for_unknown_calls(self.config, self.state, self.lock, client)?;
        self.patient_round(client, Round::First, observer)?;
        if self.options.kind != RunKind::InitialExport {
            if mapping_version::has_changed(self.config, self.state)?
                && self.state.once_a_day(&MAPPING_TOLD, client.clock().now())?
            {
                log::warn!("{}", mapping_version::notice().text(self.config.language));
            }
            return Ok(());
        }
        for _ in 0..MENDING_ROUNDS {
            if !std::mem::take(&mut self.done.has_dead_links) {
                break;
            }
            self.patient_round(client, Round::Another, observer)?;
        }
        while let Some(settled) = settled_at(self.config, self.state, client.clock().now())? {
            client.wait_for(WaitReason::Doubts, settled)?;
            self.patient_round(client, Round::Another, observer)?;
        }
        self.done.unanswered = false;
        if self.state.initial_export()?.is_none() {
            // Whole seconds, as all times that `status` shows.
            self.state.set(&INITIAL_EXPORT, &client.clock().now().trunc_subsecs(0))?;
        }
        Ok(())
    }

    /// One round. An initial export begins it anew as long as nothing but an outage ends it.
    fn patient_round(
        &mut self,
        client: &mut Client<'_>,
        round: Round,
        observer: &mut dyn ProgressObserver,
    ) -> Result<()> {
        let mut attempts = 0;
        loop {
            let before = self.done.counts;
            let error = match self.run_round(client, round, observer) {
                Err(RunError::Portal(error)) => error,
                result => return result,
            };
            let waits = self.options.kind == RunKind::InitialExport && !client.is_answering();
            let Some(reason) = error.outage().filter(|_| waits) else { return Err(error.into()) };
            attempts = if self.done.counts == before { attempts + 1 } else { 1 };
            log::info!("{}; the round begins anew", reason.text(Language::En));
            client.wait_for(
                WaitReason::Unreachable(&reason),
                client.clock().now() + growing_pause(attempts),
            )?;
        }
    }

    /// Plans what differs, sends it, and saves what this round saw.
    fn run_round(
        &mut self,
        client: &mut Client<'_>,
        round: Round,
        observer: &mut dyn ProgressObserver,
    ) -> Result<()> {
        let config = self.config;
        let state = self.state;
        let fingerprint = current_inputs(config, client.clock().now());
        let limit = client.clock().read_limit(client.deadline());
        let mirror = Mirror::open_within(&config.mirror, &limit)?;
        // What a window shows changes with the time alone.
        let fingerprint = fingerprint.filter(|_| {
            mirror.windows() == PerKind::default() && !mirror.are_booking_guests_windowed()
        });
        let options = match round {
            Round::First => effective_options(config, self.options, state)?,
            Round::Another => self.options.clone(),
        };
        let Prepared { plan, types, dirty_seq } =
            self.plan_and_mark_full(mirror, &options, client)?;
        portal_identity::remember(config, state)?;
        mapping_version::record_current(config, state)?;
        let has_inventory = round == Round::First && options.kind == RunKind::InitialExport;
        if has_inventory {
            self.take_inventory(&plan, client, observer)?;
        }
        let create_mode = match options.kind {
            RunKind::Sync | RunKind::Retry | RunKind::Audit => CreateMode::Sync,
            RunKind::InitialExport => {
                CreateMode::Export { method: config.export.method, has_inventory }
            }
        };
        let queue = &plan.queue;
        let context = PushContext {
            config,
            types: &types,
            state,
            lock: self.lock,
            queue,
            create_mode,
            run: self.run,
        };
        observer.on_planned(queue.count_left()?);
        let pushed = Push::new(context, client, &mut self.done).run(observer);
        self.pending = Some(queue.count_left()?);
        self.write_back(client)?;
        pushed?;
        if has_inventory {
            crate::sync::orphaned_deals::report(&config.mirror, state, queue, client.clock())?;
        }
        self.save_baseline(&plan, fingerprint, dirty_seq)
    }

    /// Adds all objects of our originator to the plan. If the state was lost, they are found and
    /// not created a second time.
    fn take_inventory(
        &self,
        plan: &Plan,
        client: &mut Client<'_>,
        observer: &mut dyn ProgressObserver,
    ) -> Result<()> {
        let originator = &self.config.portal.originator;
        plan.queue.begin_inventory()?;
        let gaps = inventory::for_each_object(client, originator, |kind, object| {
            observer.on_object_seen(kind);
            Ok(plan.queue.add_inventory(kind, &object.origin, object.crm_id)?)
        })?;
        for (kind, _) in gaps.keys() {
            plan.queue.note_gap(*kind)?;
        }
        Ok(())
    }

    /// Builds the plan, and marks all records if everything is to be sent again. If the run ends
    /// before that, because it was killed or the portal did not answer, the next run marks them. If
    /// configuration, mirror or state cannot be used, the order to send everything is dropped,
    /// because nobody expects it to be carried out later.
    fn plan_and_mark_full(
        &mut self,
        mirror: Mirror,
        options: &RunOptions,
        client: &mut Client<'_>,
    ) -> Result<Prepared> {
        if !options.full {
            return self.resolve_verify_and_plan(mirror, options, client);
        }
        let state = self.state;
        state.set(&FULL, &true)?;
        let prepared = self.resolve_verify_and_plan(mirror, options, client);
        if prepared.as_ref().is_err_and(is_unusable) {
            state.set(&FULL, &false)?;
        }
        let prepared = prepared?;
        let writer = state.writer()?;
        state.resend_all()?;
        writer.set(&RESENDING, &true)?;
        writer.set(&FULL, &false)?;
        mapping_version::clear(state)?;
        writer.commit()?;
        Ok(prepared)
    }

    /// Settles doubts, builds the plan, and checks the configuration against the portal.
    fn resolve_verify_and_plan(
        &mut self,
        mirror: Mirror,
        options: &RunOptions,
        client: &mut Client<'_>,
    ) -> Result<Prepared> {
        let config = self.config;
        let state = self.state;
        portal_identity::verify_identity(config, state, client)?;
        for (code, record) in resolve_doubts(config, state, client)? {
            self.done.fail(code, record);
        }
        let plan = build_plan(config, &mirror, state, options, client.clock().now())?;
        let contents = PerKind::from_fn(|kind| mirror.content_terms(kind));
        // The program that fills the mirror does not have to wait for the portal.
        drop(mirror);
        let dirty_seq = self.save_findings(&plan, contents, client.clock().now())?;
        self.notice = plan.notice();
        let types = verify_config(config, client, state, !plan.queue.is_empty()?)?;
        if options.kind == RunKind::InitialExport && state.initial_export()?.is_none() {
            for user in ask_notified(config, client) {
                let language = config.language;
                log::warn!("{}. {}", user.detail().text(language), user.remedy().text(language));
            }
        }
        Ok(Prepared { plan, types, dirty_seq })
    }

    /// Saves what the plan found, before anything is sent. So a run that is cut short still looks
    /// at the bookings of changed guests later, and a record that is sent voids its block.
    fn save_findings(
        &self,
        plan: &Plan,
        contents: PerKind<u64>,
        now: DateTime<Utc>,
    ) -> Result<i64> {
        let writer = self.state.writer()?;
        crate::sync::missing_rows::save_observations(self.state, &writer, plan, now)?;
        writer.set(&CONTENTS, &contents)?;
        let mark = writer.mark_all_dirty(&plan.compared.dirty)?;
        for kind in Kind::SEND_ORDER {
            writer.save_blocks(kind, &plan.compared.blocks[kind])?;
        }
        crate::sync::stays::note(self.state, &writer, plan)?;
        writer.commit()?;
        Ok(mark)
    }

    /// Writes the new ids into the mirror. A mirror that cannot be written does not stop the run:
    /// the next one tries again.
    fn write_back(&self, client: &Client<'_>) -> Result<()> {
        let limit = client.clock().limit_of(WRITE_BACK_TIME);
        while let links @ [_, ..] = self.state.write_backs(WRITE_BACK_CHUNK)?.as_slice() {
            // If it is switched off by now, ids that still wait are dropped.
            if self.config.mirror.write_back
                && let Err(error) = write_back(&self.config.mirror, links, &limit)
            {
                log::warn!("{error:#}");
                return Ok(());
            }
            let writer = self.state.writer()?;
            writer.clear_write_back(links)?;
            writer.commit()?;
        }
        Ok(())
    }

    /// The round ran to its end: the next one compares with what this one saw.
    fn save_baseline(
        &self,
        plan: &Plan,
        fingerprint: Option<InputFingerprint>,
        dirty_seq: i64,
    ) -> Result<()> {
        let writer = self.state.writer()?;
        writer.set(&MIRROR_STATS, &plan.compared.mirror_stats)?;
        writer.set(&INPUTS, &fingerprint)?;
        if self.state.get(&RESENDING)? == Some(true) {
            writer.set(&RESENDING, &false)?;
        }
        // Bookings were skipped where a guard holds them back, where they are missing and may come
        // back as they were, or where they or their twin (41 and '41') are in doubt. Then the notes
        // stay.
        let all_seen = plan.held_back.iter().all(|held| held.kind != Kind::Booking)
            && plan.compared.missing_for_now[Kind::Booking].count == 0
            && self.state.doubts(Kind::Booking)?.is_empty();
        if all_seen && !self.done.parties_late {
            writer.clear_dirty(dirty_seq)?;
        }
        Ok(writer.commit()?)
    }

    fn end(self, result: Result<()>, client: &Client<'_>) -> RunReport {
        let RunContext {
            done: RunStats { counts, failures, unanswered, .. },
            notice,
            pending,
            options,
            ..
        } = self;
        let stop = match result {
            Err(error) => Some(error),
            Ok(()) if unanswered => {
                Some(RunError::Portal(CallError::unknown_outcome(SyncMessage::AnswerLost)))
            }
            Ok(()) => None,
        };
        let (outcome, message) = match stop {
            Some(stop)
                if stop.outcome() == Outcome::Interrupted
                    && options.kind == RunKind::InitialExport =>
            {
                let hint = resume_hint(stop.message(), client.clock().interrupted());
                (Outcome::Interrupted, Some(hint))
            }
            Some(stop) => (stop.outcome(), Some(stop.full_message())),
            None if notice.is_some() || counts.failed > 0 => (Outcome::Partial, notice),
            None => (Outcome::Ok, None),
        };
        RunReport { outcome, message, counts, failures, requests: client.requests(), pending }
    }
}

/// Whether configuration, mirror or state are at fault, and not the portal.
fn is_unusable(error: &RunError) -> bool {
    !matches!(error, RunError::Portal(_)) && error.outcome() == Outcome::Failed
}
