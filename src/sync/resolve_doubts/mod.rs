//! Settling doubts: what became of the calls of earlier runs that were never answered.
//!
//! An unanswered call may still take effect for a while, so nothing is asked before `settle_time`
//! is over. Then a create is settled by its origin, an update is sent again, and a deletion by
//! whether the deal is still there. A state that is new, or was put back from a copy, does not know
//! what was called last: it waits before it does anything.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::config::Config;
use crate::crm::objects::{Marked, by_origin, existing};
use crate::domain::display;
use crate::domain::failure_code::FailureCode;
use crate::domain::messages::{Message, SyncMessage};
use crate::domain::record::{Kind, RecordId, RecordKey};
use crate::domain::run_error::{Result, RunError};
use crate::platform::clock::saturating_add;
use crate::platform::lock::Lock;
use crate::portal::CallError;
use crate::portal::client::{Client, WaitReason};
use crate::state::settings::LAST_CALL;
use crate::state::{Doubt, Event, Failure, Operation, State, StoredRecord, Writer};

/// A record whose calls are never answered is put aside after this many.
const MAX_UNANSWERED: u32 = 4;

/// A doubt that is old enough to be settled.
struct MaturedDoubt {
    key: RecordKey,
    operation: Operation,
    record: StoredRecord,
}

impl MaturedDoubt {
    /// Whether the call took effect, as far as what stands in the portal tells.
    fn took_effect(&self, standing: &BTreeMap<RecordId, Vec<i64>>) -> bool {
        match self.operation {
            Operation::Create => standing.contains_key(&self.key.id),
            Operation::Delete => !standing.contains_key(&self.key.id),
            Operation::Update => false,
        }
    }

    /// Puts the record aside. Returns why, and what messages call the record.
    fn put_aside(
        &self,
        config: &Config,
        writer: &Writer<'_>,
        code: FailureCode,
        message: &str,
        now: DateTime<Utc>,
    ) -> Result<(FailureCode, Message)> {
        let failure = Failure { code, operation: Some(self.operation), message, row: None };
        log::info!("{}: {code}", self.key);
        writer.save_failure(&self.key, &failure, config.sync.retry_after, now)?;
        Ok((code, display::record_name(&self.key, &self.record.plan_record.display_name)))
    }
}

/// Settles every doubt that is old enough. Returns the records, as messages call them, that are put
/// aside, and why: their calls are never answered, or no list can say what came of them.
pub fn resolve_doubts(
    config: &Config,
    state: &State,
    client: &mut Client<'_>,
) -> Result<Vec<(FailureCode, Message)>> {
    let mut aside = Vec::new();
    for kind in Kind::SEND_ORDER {
        let due = matured_doubts(config, state, kind, client.clock().now())?;
        if due.is_empty() {
            continue;
        }
        log::info!("records of the kind {kind} in doubt: {}; asking the portal", due.len());
        let Marked { found, unclear } = fetch_existing(config, client, kind, &due)?;
        let now = client.clock().now();
        let writer = state.writer()?;
        for doubt in &due {
            let is_last = doubt.record.unanswered_calls + 1 >= MAX_UNANSWERED;
            if let Some(reason) = unclear.get(&doubt.key.id) {
                let code = FailureCode::CardUnreadable;
                aside.push(doubt.put_aside(config, &writer, code, reason, now)?);
            } else if is_last && !doubt.took_effect(&found) {
                writer.count_unanswered(&doubt.key)?;
                let reason = state.reason_of_doubt(&doubt.key)?;
                aside.push(doubt.put_aside(
                    config,
                    &writer,
                    FailureCode::NoAnswer,
                    &reason,
                    now,
                )?);
            } else {
                resolve_doubt(&writer, doubt, &found, now)?;
            }
        }
        writer.commit()?;
    }
    Ok(aside)
}

/// Waits until calls that this state knows nothing of can have no effect any more.
///
/// # Errors
/// [`RunError`], where the time of the run does not reach so far.
pub fn wait_for_unknown_calls(
    config: &Config,
    state: &State,
    lock: &Lock,
    client: &Client<'_>,
) -> Result<()> {
    let Some(call) = lock.last_call() else { return Ok(()) };
    let known: Option<DateTime<Utc>> = state.get(&LAST_CALL)?;
    if known.is_some_and(|known| known.timestamp_millis() == call.timestamp_millis()) {
        return Ok(());
    }
    let now = client.clock().now();
    if call > now {
        // The clock went back: it waits its time from now, once.
        lock.record_call(now)?;
    }
    let over = settle_deadline(config, call, now);
    if over <= now {
        return Ok(());
    }
    log::info!("the state knows nothing of calls that were made until {call}; they are waited for");
    match client.wait_for(WaitReason::Doubts, over) {
        Err(CallError::LimitedUntil(until)) => Err(wait_message(until)),
        waited => Ok(waited?),
    }
}

fn wait_message(until: DateTime<Utc>) -> RunError {
    let until = display::format_time_of_day(until);
    RunError::interrupted(SyncMessage::EarlierCallsMayTakeEffect { until })
}

/// When the youngest doubt is old enough; none when there is no doubt.
pub fn settled_at(
    config: &Config,
    state: &State,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>> {
    let mut latest = None;
    for kind in Kind::SEND_ORDER {
        latest = latest.max(state.doubts(kind)?.values().map(|doubt| doubt.at).max());
    }
    Ok(latest.map(|at| settle_deadline(config, at, now)))
}

/// When a call can have no effect any more; one from the future waits its time from now.
fn settle_deadline(config: &Config, call: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
    saturating_add(call.min(now), config.portal.settle_time)
}

fn matured_doubts(
    config: &Config,
    state: &State,
    kind: Kind,
    now: DateTime<Utc>,
) -> Result<Vec<MaturedDoubt>> {
    let mut due = Vec::new();
    let writer = state.writer()?;
    let mut doubts: Vec<(RecordId, Doubt)> = state.doubts(kind)?.into_iter().collect();
    doubts.sort_by(|(a, _), (b, _)| a.cmp(b));
    for (id, Doubt { operation, at }) in doubts {
        let key = RecordKey { kind, id };
        if at > now {
            // The clock went back. The age of the doubt is not known, so it waits its time from
            // now.
            writer.refresh_doubt(&key, now)?;
            log::debug!("{key}: its unanswered call is dated anew");
        } else if saturating_add(at, config.portal.settle_time) <= now {
            let record = state.record(&key)?.unwrap_or_default();
            due.push(MaturedDoubt { key, operation, record });
        }
    }
    writer.commit()?;
    Ok(due)
}

/// The objects that exist in the portal: found by origin for creates, by id for deletions.
fn fetch_existing(
    config: &Config,
    client: &mut Client<'_>,
    kind: Kind,
    due: &[MaturedDoubt],
) -> Result<Marked> {
    let mut created = Vec::new();
    let mut deleted = BTreeMap::new();
    for MaturedDoubt { key, operation, record } in due {
        match (operation, record.plan_record.crm_id) {
            (Operation::Create, _) => created.push(key.id.clone()),
            (Operation::Delete, Some(crm_id)) => drop(deleted.insert(key.id.clone(), crm_id)),
            (Operation::Delete, None) | (Operation::Update, _) => {}
        }
    }
    let mut standing = by_origin(client, kind, &config.portal.originator, &created)?;
    let ids: Vec<i64> = deleted.values().copied().collect();
    let alive = existing(client, kind, &ids)?;
    for (id, crm_id) in deleted {
        if alive.contains(&crm_id) {
            standing.found.insert(id, vec![crm_id]);
        }
    }
    Ok(standing)
}

fn resolve_doubt(
    writer: &Writer<'_>,
    doubt: &MaturedDoubt,
    standing: &BTreeMap<RecordId, Vec<i64>>,
    now: DateTime<Utc>,
) -> Result<()> {
    let MaturedDoubt { key, operation, record } = doubt;
    match (operation, standing.get(&key.id).map(Vec::as_slice)) {
        (Operation::Create, Some([first, others @ ..])) => {
            if !others.is_empty() {
                log::warn!(
                    "{key}: objects {first} and {others:?} carry its origin; the first is used"
                );
            }
            log::debug!("{key}: the unanswered creation made object {first}");
            // reset-id may have pointed the record elsewhere meanwhile.
            let crm_id = record.plan_record.crm_id.unwrap_or(*first);
            if record.plan_record.crm_id.is_none() {
                writer.link_by_origin(key, crm_id)?;
            } else {
                writer.link(key, crm_id)?;
            }
            Ok(writer.log_event(key, Event::Settled, Some(crm_id), "", now)?)
        }
        (Operation::Delete, None | Some([])) => {
            log::debug!("{key}: the unanswered deletion took effect");
            // Should the booking come back, it is created anew.
            writer.log_event(
                key,
                Event::Deleted,
                record.plan_record.crm_id,
                &record.plan_record.display_name,
                now,
            )?;
            writer.mark_missing_in_crm(key)?;
            Ok(writer.clear_doubt(key)?)
        }
        (Operation::Create, None | Some([])) => {
            log::debug!("{key}: the unanswered creation made nothing");
            writer.count_unanswered(key)?;
            Ok(writer.clear_doubt(key)?)
        }
        // Should the booking be back by now, its people may have changed while it was away.
        (Operation::Update, _) | (Operation::Delete, Some(_)) => {
            log::debug!("{key}: the unanswered {} is made again", operation.name());
            writer.count_unanswered(key)?;
            writer.resend(key)?;
            Ok(writer.clear_doubt(key)?)
        }
    }
}

#[cfg(test)]
mod tests;
