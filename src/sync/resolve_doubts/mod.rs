//! Settling doubts: what became of the calls of earlier passes that were never answered.
//!
//! An unanswered call may still take effect for a while, so nothing is asked before `settle_time` is over. Then a
//! create is settled by its origin, an update is sent again, and a deletion by whether the deal is still there. A state
//! that is new, or was put back from a copy, does not know what was called last: it waits before it does anything.

use std::collections::BTreeMap;

use anyhow::Result;
use chrono::{DateTime, Utc};

use crate::config::Config;
use crate::crm::objects::{Marked, by_origin, existing};
use crate::domain::display;
use crate::domain::failure_code::Code;
use crate::domain::record::{Id, Kind};
use crate::domain::run_error::Stop;
use crate::platform::clock::after;
use crate::platform::lock::Lock;
use crate::portal::CallError;
use crate::portal::client::{Cause, Gate};
use crate::say;
use crate::state::settings::LAST_CALL;
use crate::state::{Doubt, Event, Failure, Operation, Record, State, Writer};

/// A record whose calls are never answered is put aside after this many.
const STRIKES: u32 = 4;

/// A doubt that is old enough to be settled.
struct Due {
    id: Id,
    operation: Operation,
    record: Record,
}

impl Due {
    /// Whether the call took effect, as far as what stands in the portal tells.
    fn worked(&self, standing: &BTreeMap<Id, Vec<i64>>) -> bool {
        match self.operation {
            Operation::Create => standing.contains_key(&self.id),
            Operation::Delete => !standing.contains_key(&self.id),
            Operation::Update => false,
        }
    }
}

/// Settles every doubt that is old enough. Returns the records, as messages call them, that are put aside, and why:
/// their calls are never answered, or no list can say what came of them.
pub fn settle(config: &Config, state: &State, gate: &mut Gate<'_>) -> Result<Vec<(Code, String)>> {
    let mut aside = Vec::new();
    for kind in Kind::ALL {
        let due = due(config, state, kind, gate.clock().now())?;
        if due.is_empty() {
            continue;
        }
        log::info!("records of the kind {kind} in doubt: {}; asking the portal", due.len());
        let Marked { found: standing, unclear } = ask(config, gate, kind, &due)?;
        let now = gate.clock().now();
        let writer = state.writer()?;
        for doubt in &due {
            if let Some(reason) = unclear.get(&doubt.id) {
                put_aside(config, &writer, kind, doubt, (Code::CardUnreadable, reason), now)?;
                aside.push((
                    Code::CardUnreadable,
                    display::record(kind, &doubt.id, &doubt.record.known.label),
                ));
            } else if doubt.record.strikes + 1 >= STRIKES && !doubt.worked(&standing) {
                writer.strike(kind, &doubt.id)?;
                put_aside(config, &writer, kind, doubt, (Code::NoAnswer, ""), now)?;
                aside.push((Code::NoAnswer, display::record(kind, &doubt.id, &doubt.record.known.label)));
            } else {
                resolve(&writer, kind, doubt, &standing, now)?;
            }
        }
        writer.commit()?;
    }
    Ok(aside)
}

/// Waits until calls that this state knows nothing of can have no effect any more.
///
/// # Errors
/// [`Stop`], where the time of the pass does not reach so far.
pub fn outwait(config: &Config, state: &State, lock: &Lock, gate: &Gate<'_>) -> Result<()> {
    let Some(call) = lock.last_call() else { return Ok(()) };
    let known: Option<DateTime<Utc>> = state.recall(LAST_CALL)?;
    if known.is_some_and(|known| known.timestamp_millis() == call.timestamp_millis()) {
        return Ok(());
    }
    let now = gate.clock().now();
    if call > now {
        // The clock went back: it waits its time from now, once.
        lock.note_call(now)?;
    }
    let over = over(config, call, now);
    if over <= now {
        return Ok(());
    }
    log::info!("the state knows nothing of calls that were made until {call}; they are waited for");
    match gate.wait_for(Cause::Doubts, over) {
        Err(CallError::Wait(until)) => Err(too_early(until).into()),
        waited => Ok(waited?),
    }
}

fn too_early(until: DateTime<Utc>) -> Stop {
    let until = display::time_of_day(until);
    Stop::interrupted(say!(
        "состояние новое или старее последних вызовов, а они ещё могут выполниться до {until}: передаст следующий запуск",
        "the state is new, or older than the last calls, which may still take effect until {until}: a later pass sends"
    ))
}

/// When the youngest doubt is old enough; none when there is no doubt.
pub fn settled_at(config: &Config, state: &State, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>> {
    let mut latest = None;
    for kind in Kind::ALL {
        latest = latest.max(state.doubts(kind)?.values().map(|doubt| doubt.at).max());
    }
    Ok(latest.map(|at| over(config, at, now)))
}

/// When a call can have no effect any more; one from the future waits its time from now.
fn over(config: &Config, call: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
    after(call.min(now), config.portal.settle_time)
}

fn due(config: &Config, state: &State, kind: Kind, now: DateTime<Utc>) -> Result<Vec<Due>> {
    let mut due = Vec::new();
    let writer = state.writer()?;
    let mut doubts: Vec<(Id, Doubt)> = state.doubts(kind)?.into_iter().collect();
    doubts.sort_by(|(a, _), (b, _)| a.cmp(b));
    for (id, Doubt { operation, at }) in doubts {
        if at > now {
            // The clock went back. How old the doubt is nobody knows, so it waits its time from now.
            writer.redate_doubt(kind, &id, now)?;
        } else if after(at, config.portal.settle_time) <= now {
            let record = state.record(kind, &id)?.unwrap_or_default();
            due.push(Due { id, operation, record });
        }
    }
    writer.commit()?;
    Ok(due)
}

/// The objects that stand in the portal: by origin for creates, by id for deletions.
fn ask(config: &Config, gate: &mut Gate<'_>, kind: Kind, due: &[Due]) -> Result<Marked> {
    let of = |operation| due.iter().filter(move |doubt| doubt.operation == operation);
    let created: Vec<Id> = of(Operation::Create).map(|doubt| doubt.id.clone()).collect();
    let mut standing = by_origin(gate, kind, &config.portal.originator, &created)?;
    let deleted: Vec<i64> = of(Operation::Delete).filter_map(|doubt| doubt.record.known.crm_id).collect();
    let alive = existing(gate, kind, &deleted)?;
    for doubt in of(Operation::Delete) {
        let crm_id = doubt.record.known.crm_id.filter(|crm_id| alive.contains(crm_id));
        standing.found.extend(crm_id.map(|crm_id| (doubt.id.clone(), vec![crm_id])));
    }
    Ok(standing)
}

fn resolve(
    writer: &Writer<'_>,
    kind: Kind,
    doubt: &Due,
    standing: &BTreeMap<Id, Vec<i64>>,
    now: DateTime<Utc>,
) -> Result<()> {
    let Due { id, operation, record } = doubt;
    match (operation, standing.get(id).map(Vec::as_slice)) {
        (Operation::Create, Some([first, others @ ..])) => {
            if !others.is_empty() {
                log::warn!("{kind} {id}: objects {first} and {others:?} carry its origin; the first is used");
            }
            // reset-id may have pointed the record elsewhere meanwhile.
            let crm_id = record.known.crm_id.unwrap_or(*first);
            if record.known.crm_id.is_none() {
                writer.marked(kind, id, crm_id)?;
            } else {
                writer.linked(kind, id, crm_id)?;
            }
            writer.event(kind, id, Event::Settled, Some(crm_id), "", now)
        }
        (Operation::Delete, None | Some([])) => {
            // Should the booking come back, it is created anew.
            writer.event(kind, id, Event::Deleted, record.known.crm_id, &record.known.label, now)?;
            writer.lost(kind, id)?;
            writer.clear_doubt(kind, id)
        }
        (Operation::Create, None | Some([])) => {
            writer.strike(kind, id)?;
            writer.clear_doubt(kind, id)
        }
        // Should the booking be back by now, its people may have changed while it was away.
        (Operation::Update, _) | (Operation::Delete, Some(_)) => {
            writer.strike(kind, id)?;
            writer.resend(kind, id)?;
            writer.clear_doubt(kind, id)
        }
    }
}

fn put_aside(
    config: &Config,
    writer: &Writer<'_>,
    kind: Kind,
    doubt: &Due,
    (code, message): (Code, &str),
    now: DateTime<Utc>,
) -> Result<()> {
    let failure = Failure { code, operation: Some(doubt.operation), message, row: None };
    log::info!("{kind} {}: {}", doubt.id, failure.code);
    writer.failed(kind, &doubt.id, &failure, config.sync.retry_after, now)
}

#[cfg(test)]
mod tests;
