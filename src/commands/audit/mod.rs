//! `audit`: the CRM beside the mirror, through list calls, and what of it is to be sent again.
//!
//! First mirror and state are read and let go of; what a run has yet to send is no drift. Then the portal is asked:
//! the objects of the settled records, and everything under our originator. Runs go on meanwhile, so each finding
//! is held against the state as it is by then. Nothing is written, and no foreign object is ever touched.

mod compare;
mod drift;
mod report;
mod scratch_db;

use std::collections::{BTreeMap, HashSet};

use anyhow::Result;

use crate::config::Config;
use crate::crm::inventory;
use crate::crm::objects::{by_id, by_origin};
use crate::domain::per_kind::PerKind;
use crate::domain::record::{IdRange, Kind, RecordId, RecordKey};
use crate::domain::run_error::Outcome;
use crate::mirror::Mirror;
use crate::output::stdout::print_with;
use crate::platform::clock::Clock;
use crate::platform::lock::Lock;
use crate::portal::client::Client;
use crate::portal::{CallError, Portal};
use crate::say;
use crate::state::settings::PACE;
use crate::state::{Event, PlanRecord, State};
use crate::sync::plan;
use crate::sync::plan::{
    Deferred, Pair, PlanOptions, PlanStore, Planned, Priority, Step, decide, is_history, merge,
};
use crate::sync::preflight::config_check::fetch_and_check;
use crate::sync::preflight::portal_identity;
use crate::sync::push::ProgressObserver;
use compare::Comparison;
use drift::Drift;
use report::Report;
use scratch_db::ScratchDb;

/// Objects that are looked at in one go: half a batch of full pages.
const CHUNK: usize = 1000;

/// How much was found, by [`Kind`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Tally {
    compared: PerKind<u64>,
    /// To be sent, failed, or in doubt.
    pending: PerKind<u64>,
    /// Drift that sending again mends.
    mendable: u64,
    /// Drift that people have to decide.
    other: u64,
}

impl Tally {
    fn found(&self) -> u64 {
        self.mendable + self.other
    }
}

/// What an audit found.
pub struct Findings {
    tally: Tally,
    shelf: ScratchDb,
    /// Fields that the portal did not answer with, and of how many cards.
    unread: BTreeMap<(Kind, String), u64>,
}

impl Findings {
    fn new() -> Result<Findings> {
        Ok(Findings { tally: Tally::default(), shelf: ScratchDb::new()?, unread: BTreeMap::new() })
    }

    fn note_unread(&mut self, kind: Kind, fields: Vec<String>) {
        for field in fields {
            *self.unread.entry((kind, field)).or_default() += 1;
        }
    }

    /// Whether anything can be mended by sending it again.
    pub fn is_mendable(&self) -> bool {
        self.tally.mendable > 0
    }

    /// How to mend what can be mended.
    pub fn remedy(&self) -> Option<String> {
        self.is_mendable().then(|| {
            say!(
                "Исправить: ecvi-b24 audit --repair. Пропавшее создаётся заново; если карточки объединили в CRM, сначала свяжите запись с оставшейся: ecvi-b24 reset-id guest ID --crm-id НОМЕР\n",
                "To mend it: ecvi-b24 audit --repair. What is gone is created anew; if cards were merged in the CRM, first point the record at the one that is left: ecvi-b24 reset-id guest ID --crm-id NUMBER\n"
            )
        })
    }

    /// The outcome of an audit alone.
    pub fn outcome(&self) -> Outcome {
        if self.tally.found() == 0 { Outcome::Ok } else { Outcome::Partial }
    }

    /// The outcome after a repair that ended so, and left so many records as they were. What people have to decide is
    /// still there too.
    pub fn outcome_after_repair(&self, repair: Outcome, unrepaired: u64) -> Outcome {
        let is_left = self.tally.other + unrepaired > 0;
        if repair == Outcome::Ok && is_left { Outcome::Partial } else { repair }
    }

    /// Marks the records that the run that follows under the same lock is to send again.
    pub fn schedule_resend(&self, _: &Lock, config: &Config, clock: &Clock) -> Result<()> {
        let state = State::open(&config.state)?;
        let writer = state.writer()?;
        self.shelf.repairs(|key| {
            writer.resend(&key)?;
            Ok(writer.log_event(&key, Event::Audited, None, "", clock.now())?)
        })?;
        Ok(writer.commit()?)
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
    watch: &mut dyn ProgressObserver,
) -> Result<Findings> {
    let state = State::open_readonly(&config.state)?;
    portal_identity::verify_originator(config, &state)?;
    let mut findings = Findings::new()?;
    let queue = collect(config, &state, &mut findings, clock)?;
    let pace = state.get(PACE)?.unwrap_or_default();
    let mut gate = Client::new(portal, clock.clone(), &config.portal.with_half_burst(), pace, None);
    gate.on_wait(watch.teller());
    watch.planned(queue.left()?);
    portal_identity::verify_portal(config, &state, &mut gate)?;
    let verdict = fetch_and_check(config, &mut gate)?;
    verdict.into_result()?;
    print_with(|out| {
        let mut report = Report::begin(out, &config.portal.webhook, json)?;
        let touched = state.dirty()?.into_iter().flat_map(RecordKey::with_other_type).collect();
        let mut comparison =
            Comparison { config, types: &verdict.fields, state: &state, touched, gate: &mut gate };
        comparison.all(&queue, &mut findings, &mut report, watch)?;
        let gaps = inventory::for_each_object(&mut gate, &config.portal.originator, |kind, object| {
            watch.seen(kind);
            Ok(findings.shelf.stock(kind, &object.origin, object.crm_id)?)
        })?;
        unreadable(&state, gaps, &mut findings, &mut report)?;
        report_duplicates(config, &state, &mut gate, &mut findings, &mut report)?;
        report_orphans(&state, &mut gate, &mut findings, &mut report)?;
        report.end(&findings.tally, &findings.unread)
    })?;
    Ok(findings)
}

/// How many of the records that were to be repaired differ still, or were not sent.
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
    let mirror = Mirror::open(&config.mirror)?;
    let queue = PlanStore::new()?;
    findings.shelf.repairs(|key| {
        // What is gone from Ecvi by now needs no repair.
        let row = mirror.find(key.kind, &key.id.to_string())?.into_iter().find(|row| row.id == key.id);
        if row.is_some() {
            queue.add(&Planned::new(key, Step::Update, Priority::Changes, row))?;
        }
        Ok(())
    })?;
    drop(mirror);
    let pace = state.get(PACE)?.unwrap_or_default();
    let mut gate = Client::new(portal, clock.clone(), &config.portal.with_half_burst(), pace, None);
    let types = fetch_and_check(config, &mut gate)?.fields;
    let (touched, mut left) = (HashSet::new(), Findings::new()?);
    let mut comparison = Comparison { config, types: &types, state: &state, touched, gate: &mut gate };
    let mut nowhere = std::io::sink();
    let mut report = Report::begin(&mut nowhere, &config.portal.webhook, false)?;
    comparison.all(&queue, &mut left, &mut report, &mut ())?;
    Ok(left.tally.found() + left.tally.pending.sum())
}

/// Cards of ours that no list shows, unless a record was compared with them already.
fn unreadable(
    state: &State,
    gaps: inventory::Gaps,
    findings: &mut Findings,
    report: &mut Report<'_>,
) -> Result<()> {
    for ((kind, crm_id), reason) in gaps {
        if state.records_of_object(kind, crm_id)?.is_empty() {
            report.drift(&Drift::UnreadableCard { kind, crm_id, reason })?;
            findings.tally.other += 1;
        }
    }
    Ok(())
}

/// Reads mirror and state: what was sent and has not changed since is to be compared.
fn collect(config: &Config, state: &State, findings: &mut Findings, clock: &Clock) -> Result<PlanStore> {
    let mirror = Mirror::open_within(&config.mirror, &clock.read_limit(None))?;
    let rules = PlanOptions::for_sync(config, &mirror, state, clock.now())?;
    // A mirror from which nothing may be concluded is refused here.
    plan::compare(&mirror, state, &rules, |_, _, _| Ok(()), |_, _| Ok(()))?;
    let queue = PlanStore::new()?;
    for kind in Kind::SEND_ORDER {
        let on_hold = Deferred::for_kind(kind, state)?;
        let (mut scan, mut known) = (mirror.scan(kind)?, state.known(kind)?);
        for pair in merge(scan.rows(IdRange::ALL)?, known.rows(IdRange::ALL)) {
            let pair = pair?;
            let crm_id = pair.known.as_ref().and_then(|known| known.crm_id);
            findings.shelf.know(kind, &pair.id, crm_id)?;
            if is_settled(kind, &pair, &on_hold, &rules) {
                queue.add(&Planned::new(pair.key(kind), Step::Update, Priority::Changes, pair.row))?;
            } else if pair.row.as_ref().is_some_and(|row| crm_id.is_some() || !is_history(row, &rules)) {
                findings.tally.pending[kind] += 1;
            }
        }
    }
    Ok(queue)
}

fn is_settled(kind: Kind, pair: &Pair, on_hold: &Deferred, rules: &PlanOptions) -> bool {
    let sent = pair.row.is_some() && pair.known.as_ref().is_some_and(|known| known.crm_id.is_some());
    // Of a deal that lacks somebody, the rest is as it was sent.
    sent && !on_hold.has(&pair.id)
        && matches!(decide(kind, pair, on_hold, false, rules), None | Some(Step::Recheck))
}

/// Records that have several objects, looked at once more.
fn report_duplicates(
    config: &Config,
    state: &State,
    gate: &mut Client<'_>,
    findings: &mut Findings,
    report: &mut Report<'_>,
) -> Result<()> {
    for kind in Kind::SEND_ORDER {
        let mut ids = Vec::new();
        findings.shelf.duplicates(kind, |origin| {
            let named = state.find_by_origin(kind, &origin)?;
            ids.push(named.map_or_else(|| RecordId::parse(&origin), |(key, _)| key.id));
            Ok(())
        })?;
        for ids in ids.chunks(CHUNK) {
            let marked = by_origin(gate, kind, &config.portal.originator, ids)?;
            for (id, mut objects) in marked.found {
                let key = RecordKey { kind, id };
                let PlanRecord { crm_id, display_name: label, .. } =
                    state.record(&key)?.unwrap_or_default().plan_record;
                objects.extend(crm_id.filter(|crm_id| !objects.contains(crm_id)));
                if objects.len() > 1 {
                    report.drift(&Drift::Twice { key, label, objects })?;
                    findings.tally.other += 1;
                }
            }
        }
    }
    Ok(())
}

/// Objects of ours without a record, if they are still there and nobody has come to know them meanwhile.
fn report_orphans(
    state: &State,
    gate: &mut Client<'_>,
    findings: &mut Findings,
    report: &mut Report<'_>,
) -> Result<()> {
    for kind in Kind::SEND_ORDER {
        let (mut chunk, mut other) = (Vec::new(), 0);
        let mut look = |chunk: &mut Vec<(String, i64)>| -> Result<()> {
            let alive = alive(gate, kind, chunk)?;
            for (origin, crm_id) in chunk.drain(..).filter(|(_, crm_id)| alive.contains(crm_id)) {
                if !state.has_record_for(kind, &origin, crm_id)? {
                    report.drift(&Drift::Foreign { kind, origin, crm_id })?;
                    other += 1;
                }
            }
            Ok(())
        };
        findings.shelf.unknown(kind, |origin, crm_id| {
            chunk.push((origin, crm_id));
            if chunk.len() < CHUNK { Ok(()) } else { look(&mut chunk) }
        })?;
        look(&mut chunk)?;
        findings.tally.other += other;
    }
    Ok(())
}

fn alive(gate: &mut Client<'_>, kind: Kind, chunk: &[(String, i64)]) -> Result<Vec<i64>, CallError> {
    let ids: Vec<i64> = chunk.iter().map(|(_, crm_id)| *crm_id).collect();
    Ok(by_id(gate, kind, &ids)?.into_keys().collect())
}
