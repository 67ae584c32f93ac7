//! `audit`: compares the CRM with the mirror by list calls, and finds what is to be sent again.
//!
//! First mirror and state are read and closed; what a run has yet to send is no drift. Then the
//! portal is asked for the cards of the settled records, and for all cards under our originator.
//! Runs go on meanwhile, so each finding is checked against the state of that moment. Nothing is
//! written, and no foreign card is ever touched.

mod compare;
mod drift;
mod own_cards;
mod report;
mod scratch_db;
mod text;

use std::collections::{BTreeMap, HashSet};

use crate::commands::quiet_client::quiet_client;
use crate::config::Config;
use crate::domain::language::Language;
use crate::domain::per_kind::PerKind;
use crate::domain::record::{IdRange, Kind, RecordId, RecordKey};
use crate::domain::run_error::{Outcome, Result};
use crate::mapping::custom_fields::FieldTypes;
use crate::mirror::Mirror;
use crate::output::stdout::print_with;
use crate::platform::clock::Clock;
use crate::platform::lock::Lock;
use crate::portal::Portal;
use crate::portal::client::Client;
use crate::state::{Event, State};
use crate::sync::plan;
use crate::sync::plan::{
    Deferred, Pair, PlanOptions, PlanStore, Planned, Priority, StayRules, Step, decide, is_history,
    merge,
};
use crate::sync::preflight::config_check::fetch_and_check;
use crate::sync::preflight::portal_identity;
use crate::sync::push::ProgressObserver;
use drift::Drift;
use report::Report;
use scratch_db::ScratchDb;

/// Cards that are looked at in one go: half a batch of full pages.
const CHUNK: usize = 1000;

/// How much was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Counts {
    compared: PerKind<u64>,
    /// To be sent, failed, or in doubt.
    pending: PerKind<u64>,
    /// Drift that sending again ends.
    repairable: u64,
    /// Drift that people have to decide on.
    other: u64,
}

impl Counts {
    fn drifts(&self) -> u64 {
        self.repairable + self.other
    }
}

/// What an audit found.
pub struct Findings {
    counts: Counts,
    scratch: ScratchDb,
    /// Fields that the portal does not show, and of how many cards.
    unread: BTreeMap<(Kind, String), u64>,
}

impl Findings {
    fn new() -> Result<Findings> {
        Ok(Findings {
            counts: Counts::default(),
            scratch: ScratchDb::new()?,
            unread: BTreeMap::new(),
        })
    }

    /// Whether anything can be repaired by sending it again.
    pub fn is_repairable(&self) -> bool {
        self.counts.repairable > 0
    }

    /// How to repair what can be repaired.
    pub fn remedy(&self, language: Language) -> Option<String> {
        self.is_repairable().then(|| text::remedy(language))
    }

    /// The outcome of an audit alone.
    pub fn outcome(&self) -> Outcome {
        if self.counts.drifts() == 0 { Outcome::Ok } else { Outcome::Partial }
    }

    /// The outcome after a repair, which left so many records as they were. What people have to
    /// decide on is still there too.
    pub fn outcome_after_repair(&self, repair: Outcome, unrepaired: u64) -> Outcome {
        let is_left = self.counts.other + unrepaired > 0;
        if repair == Outcome::Ok && is_left { Outcome::Partial } else { repair }
    }

    /// Marks the records that the run that follows under the same lock is to send again.
    pub fn schedule_resend(&self, _: &Lock, config: &Config, clock: &Clock) -> Result<()> {
        let state = State::open(&config.state)?;
        let writer = state.writer()?;
        self.scratch.repairs(|key| {
            writer.resend(&key)?;
            Ok(writer.log_event(&key, Event::Audited, None, "", clock.now())?)
        })?;
        Ok(writer.commit()?)
    }
}

/// A comparison under way.
struct Audit<'a, 'o, 'p> {
    config: &'a Config,
    types: &'a FieldTypes,
    state: &'a State,
    /// The bookings of these guests and companies are looked at by the next run.
    dirty: HashSet<RecordKey>,
    client: &'a mut Client<'p>,
    findings: &'a mut Findings,
    report: Report<'o>,
}

impl Audit<'_, '_, '_> {
    fn report(&mut self, drift: &Drift) -> Result<()> {
        if drift.is_repairable() {
            self.findings.counts.repairable += 1;
        } else {
            self.findings.counts.other += 1;
        }
        self.report.drift(drift)
    }
}

/// Compares, and prints what differs.
///
/// # Errors
/// Configuration, mirror or state cannot be used, or the portal does not answer.
pub fn run(
    config: &Config,
    json: bool,
    portal: &mut dyn Portal,
    clock: &Clock,
    observer: &mut dyn ProgressObserver,
) -> Result<Findings> {
    let state = State::open_readonly(&config.state)?;
    portal_identity::verify_originator(config, &state)?;
    let mut findings = Findings::new()?;
    let queue = settled_records(config, &state, &mut findings, clock)?;
    let mut client = quiet_client(config, &state, portal, clock, None)?;
    client.on_wait(observer.wait_callback());
    observer.on_planned(queue.count_left()?);
    portal_identity::verify_portal(config, &state, &mut client)?;
    let verdict = fetch_and_check(config, &mut client)?;
    verdict.into_result()?;
    let dirty = state.dirty_parties()?.into_iter().flat_map(RecordKey::with_other_type).collect();
    print_with(|out| {
        let mut audit = Audit {
            config,
            types: &verdict.fields,
            state: &state,
            dirty,
            client: &mut client,
            findings: &mut findings,
            report: Report::begin(out, config, json)?,
        };
        audit.compare(&queue, observer)?;
        audit.check_own_cards(observer)?;
        audit.report.end(&audit.findings.counts, &audit.findings.unread)
    })?;
    Ok(findings)
}

/// How many of the records that were to be repaired still differ, or were not sent.
///
/// # Errors
/// As [`run`].
pub fn unrepaired(
    findings: &Findings,
    config: &Config,
    portal: &mut dyn Portal,
    clock: &Clock,
) -> Result<u64> {
    let state = State::open_readonly(&config.state)?;
    let stays = StayRules::new(config, &state, clock.now())?;
    let queue =
        records_to_repair(findings, config, clock)?.with_stays_on(stays.map(StayRules::today))?;
    let mut client = quiet_client(config, &state, portal, clock, None)?;
    let types = fetch_and_check(config, &mut client)?.fields;
    let mut left = Findings::new()?;
    let mut nowhere = std::io::sink();
    let mut audit = Audit {
        config,
        types: &types,
        state: &state,
        dirty: HashSet::new(),
        client: &mut client,
        findings: &mut left,
        report: Report::begin(&mut nowhere, config, false)?,
    };
    audit.compare(&queue, &mut ())?;
    Ok(left.counts.drifts() + left.counts.pending.sum())
}

fn records_to_repair(findings: &Findings, config: &Config, clock: &Clock) -> Result<PlanStore> {
    let mirror = Mirror::open_within(&config.mirror, &clock.read_limit(None))?;
    let queue = PlanStore::new()?;
    findings.scratch.repairs(|key| {
        // What is gone from Ecvi by now needs no repair.
        let row =
            mirror.find(key.kind, &key.id.to_string())?.into_iter().find(|row| row.id == key.id);
        if row.is_some() {
            queue.add(&Planned::new(key, Step::Update, Priority::Changes, row))?;
        }
        Ok(())
    })?;
    Ok(queue)
}

/// Reads mirror and state: what was sent and has not changed since is to be compared.
fn settled_records(
    config: &Config,
    state: &State,
    findings: &mut Findings,
    clock: &Clock,
) -> Result<PlanStore> {
    let mirror = Mirror::open_within(&config.mirror, &clock.read_limit(None))?;
    let options = PlanOptions::for_sync(config, &mirror, state, clock.now())?;
    // Refuses a mirror from which nothing may be concluded.
    let seen =
        plan::compare(&mirror, state, &options, |_, _, _| Ok(()), |_, _| Ok(()), |_| Ok(()))?;
    let due: HashSet<RecordId> =
        seen.stay_guests.into_iter().flat_map(RecordId::with_other_type).collect();
    let queue = PlanStore::new()?.with_stays_on(options.stays.map(StayRules::today))?;
    for kind in Kind::SEND_ORDER {
        let deferred = Deferred::for_kind(kind, state)?;
        let mut scan = mirror.scan(kind)?;
        let mut records = state.scan_records(kind)?;
        for pair in merge(scan.rows(IdRange::ALL)?, records.rows(IdRange::ALL)) {
            let pair = pair?;
            let crm_id = pair.stored.as_ref().and_then(|record| record.crm_id);
            findings.scratch.add_record(kind, &pair.id, crm_id)?;
            let is_due = kind == Kind::Guest && due.contains(&pair.id);
            if !is_due && is_settled(kind, &pair, &deferred, &options) {
                let key = pair.key(kind);
                queue.add(&Planned::new(key, Step::Update, Priority::Changes, pair.row))?;
            } else if let Some(row) = &pair.row
                && (crm_id.is_some() || !is_history(row, &options))
            {
                findings.counts.pending[kind] += 1;
            }
        }
    }
    Ok(queue)
}

fn is_settled(kind: Kind, pair: &Pair, deferred: &Deferred, options: &PlanOptions) -> bool {
    let is_sent =
        pair.row.is_some() && pair.stored.as_ref().is_some_and(|record| record.crm_id.is_some());
    // A deal that lacks a guest is as it was sent in everything else.
    is_sent
        && !deferred.has(&pair.id)
        && matches!(decide(kind, pair, deferred, false, options), None | Some(Step::Recheck))
}
