//! Sending: everything is written down as in doubt right before the call and settled right after
//! it, each answer in one transaction.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::refusals::Refused;
use super::{CreateMode, Push, WorkItem};
use crate::config::ExportMethod;
use crate::crm::objects::existing;
use crate::domain::language::Language;
use crate::domain::messages::SyncMessage;
use crate::domain::record::RecordKey;
use crate::domain::run_error::{Result, RunError};
use crate::portal::batch::{Command, Reply};
use crate::portal::{ApiError, CallError, ErrorClass, object_id};
use crate::state::settings::{LAST_CALL, PACE, POINTED_AT};
use crate::state::{Counts, Event, InDoubtCall, Operation, PendingWork, SentRecord, Writer};
use crate::sync::plan::{Lane, Planned, Priority, Step};
use crate::sync::push::prepare_call::{CLOSING, MAIN, MOVING, PreparedStep};

/// Batches in a row without an answer after which a run of cron, or an export, gives up.
const LOST_SYNC: u32 = 3;
const LOST_EXPORT: u32 = 10;
/// A record whose calls were never answered this often goes alone.
const ISOLATE_AFTER: u32 = 2;

/// What is to be done after the answers of a batch were saved.
#[derive(Default)]
struct RefusalActions {
    /// Refused with a text that may mean that the object is gone.
    unclear: Vec<Refused>,
    failed: Vec<Refused>,
    /// Refused with the text of an earlier command of the batch: to be tried again alone.
    retry_alone: Vec<WorkItem>,
    /// What the batch was refused for until now.
    texts: HashSet<String>,
    /// Something was accepted behind what was refused before this batch, or in it.
    accepted: bool,
    /// An administrator must act.
    stop: Option<ApiError>,
}

impl RefusalActions {
    /// The portal accepted a new or a changed object: what it refused before that, in this batch or
    /// earlier, was no refusal of everything.
    fn note_accepted(&mut self) {
        self.accepted = true;
        self.failed
            .iter_mut()
            .chain(&mut self.unclear)
            .for_each(|refused| refused.disproved = true);
    }
}

impl Push<'_, '_> {
    /// Sends what was taken of a lane.
    pub(super) fn send(&mut self, lane: Lane, items: Vec<WorkItem>) -> Result<()> {
        let (alone, together): (Vec<_>, Vec<_>) =
            items.into_iter().partition(|item| item.record.unanswered_calls >= ISOLATE_AFTER);
        for batch in self.in_batches(lane, together) {
            self.send_batch(lane, batch)?;
        }
        alone.into_iter().try_for_each(|item| self.send_batch(lane, vec![item]))
    }

    fn send_batch(&mut self, lane: Lane, items: Vec<WorkItem>) -> Result<()> {
        let calls = items.into_iter().enumerate().map(|(at, item)| self.prepare_call(at, item));
        let mut calls = calls.collect::<Result<Vec<PreparedStep>>>()?;
        let commands: Vec<Command> =
            calls.iter_mut().flat_map(|call| call.commands.drain(..)).collect();
        if let Some(hold) = self.client.budget_hold(&commands) {
            return self.hold_lane(lane, hold, &calls);
        }
        let state = self.state;
        let lock = self.lock;
        let originator = &self.config.portal.originator;
        let mut mark = |now| {
            let writer = state.writer()?;
            for call in &calls {
                note_call(&writer, call, originator, now)?;
            }
            writer.set(&LAST_CALL, &now)?;
            writer.commit()?;
            Ok(lock.record_call(now)?)
        };
        match self.client.batch(lane.label(), &commands, &mut mark) {
            Ok(replies) => {
                self.lost_batches = 0;
                let after = self.save_replies(calls, &commands, replies)?;
                self.handle_refusals(lane, after)
            }
            Err(CallError::UnknownOutcome(reason)) => {
                self.lost_batches += 1;
                self.stats.unanswered = true;
                self.refresh_doubts(&calls, &reason.text(self.config.language))?;
                log::info!(
                    "batch of {} ({}): {}; the next runs find out what took effect",
                    calls.len(),
                    lane.kind(),
                    reason.text(Language::En)
                );
                let most =
                    if self.create_mode == CreateMode::Sync { LOST_SYNC } else { LOST_EXPORT };
                if self.lost_batches >= most {
                    return Err(CallError::UnknownOutcome(reason).into());
                }
                if self.create_mode == CreateMode::Sync {
                    Ok(())
                } else {
                    Ok(self.client.wait_out_outage(reason)?)
                }
            }
            Err(error) => {
                let writer = self.state.writer()?;
                for PreparedStep { item, .. } in &calls {
                    writer.revert_attempt(item.key(), &item.record.owned_values)?;
                }
                writer.commit()?;
                Err(printable_error(error, &commands).into())
            }
        }
    }

    /// A call that was given up may have been on its way until now: from now on it is in doubt.
    fn refresh_doubts(&self, calls: &[PreparedStep], reason: &str) -> Result<()> {
        let now = self.client.clock().later_of_clocks();
        let writer = self.state.writer()?;
        for call in calls {
            writer.refresh_doubt(call.item.key(), now)?;
            writer.save_reason_of_doubt(call.item.key(), reason)?;
        }
        writer.set(&LAST_CALL, &now)?;
        writer.commit()?;
        Ok(self.lock.record_call(now)?)
    }

    /// Saves the answers, and what they told of the limits, in one transaction.
    fn save_replies(
        &mut self,
        calls: Vec<PreparedStep>,
        sent: &[Command],
        mut replies: BTreeMap<String, Reply>,
    ) -> Result<RefusalActions> {
        if let ([_], Some(Reply::Err(refusal))) = (&calls[..], replies.get(&format!("{MAIN}0"))) {
            self.refusals.count_confirmed(refusal);
        }
        let writer = self.state.writer()?;
        let mut after = RefusalActions::default();
        let mut counts = self.stats.counts;
        let mut unanswered = false;
        for (at, call) in calls.into_iter().enumerate() {
            let (reply, closed) = take_replies(at, &mut replies);
            match reply {
                Some(Reply::Ok(value)) => match confirmed_object(&call, &value) {
                    Some(crm_id) => {
                        // A portal whose disk is full still deletes: that it does says nothing of
                        // changes.
                        if call.operation != Operation::Delete {
                            after.note_accepted();
                        }
                        let cards = call.item.parties.iter().flat_map(|people| &people.cards);
                        self.linked_cards.extend(cards.map(|card| (card.kind, card.crm_id)));
                        self.save_success(&writer, &mut counts, call, crm_id, closed)?;
                    }
                    // An answer without an id does not count.
                    None => unanswered = true,
                },
                Some(Reply::Err(refusal)) => {
                    self.sort_refusal(&writer, &mut after, call, sent, refusal)?;
                }
                // It may have been executed: it stays in doubt.
                Some(Reply::Missing) | None => unanswered = true,
            }
        }
        writer.set(&PACE, self.client.limits())?;
        if !self.linked_cards.is_empty() {
            writer.set(&POINTED_AT, &self.linked_cards)?;
        }
        writer.commit()?;
        self.stats.counts = counts;
        self.stats.unanswered |= unanswered;
        Ok(after)
    }

    fn save_success(
        &self,
        writer: &Writer<'_>,
        counts: &mut Counts,
        call: PreparedStep,
        crm_id: i64,
        closed: bool,
    ) -> Result<()> {
        let PreparedStep {
            item,
            operation,
            owned_values,
            mut pending,
            links_hash,
            shared_with,
            ..
        } = call;
        let key = item.key();
        let now = self.client.clock().now();
        if operation == Operation::Delete {
            counts.deleted += 1;
            return save_deletion(writer, &item, crm_id, now);
        }
        let Some(row) = item.row() else { return Ok(()) };
        if item.planned.step == Step::SendCloseDate {
            writer.reset_unanswered(key)?;
            return Ok(writer.update_pending(key, pending)?);
        }
        let event = match operation {
            Operation::Create => Event::Created,
            _ if item.planned.step == Step::Create => Event::TakenOver,
            _ => Event::Updated,
        };
        let count =
            if operation == Operation::Create { &mut counts.created } else { &mut counts.updated };
        count[key.kind] += 1;
        pending.close |= !closed;
        let warnings = &item.warnings;
        writer.save_sent(
            key,
            &SentRecord {
                row,
                crm_id,
                links_hash,
                owned_values: &owned_values,
                pending,
                warnings,
                run: self.run,
            },
            now,
        )?;
        writer.log_event(key, event, Some(crm_id), "", now)?;
        if operation == Operation::Create {
            self.take_from_others(writer, key, crm_id)?;
        }
        if let Some(origin) = shared_with {
            mark_all_shared(writer, key, &origin, crm_id)?;
        }
        self.queue_followups(writer, &item, crm_id, pending)
    }

    /// What is left to do once a record has arrived: the mirror learns its id, and the portal its
    /// closing date.
    fn queue_followups(
        &self,
        writer: &Writer<'_>,
        item: &WorkItem,
        crm_id: i64,
        pending: PendingWork,
    ) -> Result<()> {
        let key = item.key();
        if self.config.mirror.write_back && item.row().is_some_and(|row| row.crm_id != Some(crm_id))
        {
            writer.queue_write_back(key)?;
        }
        if pending.close {
            let row = item.planned.row.clone();
            self.queue.add(&Planned::new(
                key.clone(),
                Step::SendCloseDate,
                Priority::Changes,
                row,
            ))?;
        }
        log::debug!("{key}: object {crm_id}");
        Ok(())
    }

    /// `sent` is the whole batch: a portal may repeat what it said of an earlier command.
    fn sort_refusal(
        &self,
        writer: &Writer<'_>,
        after: &mut RefusalActions,
        call: PreparedStep,
        sent: &[Command],
        refusal: ApiError,
    ) -> Result<()> {
        let PreparedStep { item, operation, .. } = call;
        writer.revert_attempt(item.key(), &item.record.owned_values)?;
        writer.reset_unanswered(item.key())?;
        match refusal.class() {
            // Not this time; the client knows until when.
            ErrorClass::RateLimited | ErrorClass::BudgetExceeded => {
                self.queue.add(&item.planned)?;
            }
            ErrorClass::Administrator => after.stop = Some(printable_stop(&refusal, sent)),
            ErrorClass::Record if self.refusals.may_be_repeated(&refusal, &mut after.texts) => {
                after.retry_alone.push(item);
            }
            ErrorClass::Record => {
                let is_new = operation == Operation::Create;
                let printable = refusal.printable_for(sent);
                let refused = Refused { item, operation, refusal, printable, disproved: false };
                if is_new { after.failed.push(refused) } else { after.unclear.push(refused) }
            }
        }
        Ok(())
    }

    fn handle_refusals(&mut self, lane: Lane, after: RefusalActions) -> Result<()> {
        let RefusalActions { unclear, mut failed, retry_alone, accepted, stop, .. } = after;
        if let Some(refusal) = stop {
            return Err(CallError::Refused(refusal).into());
        }
        if matches!(self.create_mode, CreateMode::Export { method: ExportMethod::Import, .. })
            && let Some(Refused { printable, .. }) =
                failed.iter().find(|refused| refused.refusal.is_access_denied())
        {
            return Err(no_import_right(printable));
        }
        if accepted {
            self.fail_held()?;
        }
        failed.extend(self.retain_existing(unclear)?);
        self.hold_refused(failed)?;
        for item in retry_alone {
            self.send_batch(lane, vec![item])?;
        }
        Ok(())
    }

    /// The portal's text for an object that is gone depends on version and language, so a list
    /// decides. Records whose object is gone are planned again; the others are returned.
    fn retain_existing(&mut self, unclear: Vec<Refused>) -> Result<Vec<Refused>> {
        let Some(kind) = unclear.first().map(|refused| refused.item.kind()) else {
            return Ok(Vec::new());
        };
        let ids: Vec<i64> = unclear.iter().filter_map(|refused| refused.item.crm_id()).collect();
        let alive = existing(self.client, kind, &ids)?;
        let mut there = Vec::new();
        for refused in unclear {
            if refused.item.crm_id().is_some_and(|crm_id| alive.contains(&crm_id)) {
                there.push(refused);
            } else if refused.operation == Operation::Delete {
                self.save_deleted(&refused.item)?;
            } else {
                self.handle_missing(&refused.item)?;
            }
        }
        Ok(there)
    }

    /// A deal that is gone counts as deleted.
    pub(super) fn save_deleted(&mut self, item: &WorkItem) -> Result<()> {
        let key = item.key();
        let writer = self.state.writer()?;
        let label = &item.record.plan_record.display_name;
        writer.log_event(key, Event::Deleted, item.crm_id(), label, self.client.clock().now())?;
        writer.delete(key)?;
        writer.commit()?;
        self.stats.counts.deleted += 1;
        Ok(())
    }
}

/// What is left of a record whose deal is deleted: a line in its history.
fn save_deletion(
    writer: &Writer<'_>,
    item: &WorkItem,
    crm_id: i64,
    now: DateTime<Utc>,
) -> Result<()> {
    let name = &item.record.plan_record.display_name;
    writer.log_event(item.key(), Event::Deleted, Some(crm_id), name, now)?;
    Ok(writer.delete(item.key())?)
}

/// The card carries another record's `origin`, as after a merge: both records write to it from now
/// on.
fn mark_all_shared(writer: &Writer<'_>, key: &RecordKey, origin: &str, crm_id: i64) -> Result<()> {
    writer.mark_shared(key, crm_id)?;
    for owner in RecordKey::for_origin(key.kind, origin) {
        writer.mark_shared(&owner, crm_id)?;
    }
    Ok(())
}

/// The deciding reply: the main command's, or that of a failed move before it; and whether the
/// closing date was set.
fn take_replies(at: usize, replies: &mut BTreeMap<String, Reply>) -> (Option<Reply>, bool) {
    let mut reply_to = |part: char| replies.remove(&format!("{part}{at}"));
    let closed = reply_to(CLOSING).is_none_or(|reply| reply == Reply::Ok(true.into()));
    let moved = reply_to(MOVING).map(confirmed_move);
    let reply = reply_to(MAIN);
    (moved.filter(|moved| !matches!(moved, Reply::Ok(_))).or(reply), closed)
}

/// `crm.item.update` answers with the item; anything else does not say that it moved.
fn confirmed_move(reply: Reply) -> Reply {
    match reply {
        Reply::Ok(value) if value.pointer("/item/id").is_none() => Reply::Missing,
        other => other,
    }
}

/// The object that a call was about, as its answer tells.
fn confirmed_object(call: &PreparedStep, value: &Value) -> Option<i64> {
    match call.operation {
        Operation::Create => new_id(value),
        // Anything else is no confirmation: the call stays in doubt.
        Operation::Update | Operation::Delete if *value != Value::Bool(true) => None,
        Operation::Update | Operation::Delete => call.item.crm_id(),
    }
}

/// `crm.deal.add` returns the id, `crm.item.import` an item that has it.
fn new_id(value: &Value) -> Option<i64> {
    object_id(value.pointer("/item/id").unwrap_or(value)).filter(|id| *id > 0)
}

/// Writes down, before a call, that it may take effect.
fn note_call(
    writer: &Writer<'_>,
    call: &PreparedStep,
    originator: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    let PreparedStep { item, operation, owned_values, .. } = call;
    // Whatever becomes of the call, the card is the record's own, and deals may go on pointing at
    // it.
    if let Some(crm_id) = item.card_found_by_mark(originator) {
        writer.link_by_origin(item.key(), crm_id)?;
    }
    let either = item.record.owned_values.union(owned_values);
    let attempt = InDoubtCall { operation: *operation, row: item.row(), owned_values: &either };
    Ok(writer.mark_in_doubt(item.key(), &attempt, now)?)
}

fn printable_error(error: CallError, sent: &[Command]) -> CallError {
    match error {
        CallError::Refused(refusal) => CallError::Refused(printable_stop(&refusal, sent)),
        error => error,
    }
}

/// Its code says what to do about it, its text may be hidden.
fn printable_stop(refusal: &ApiError, sent: &[Command]) -> ApiError {
    ApiError { code: refusal.code.clone(), ..refusal.printable_for(sent) }
}

fn no_import_right(refusal: &ApiError) -> RunError {
    RunError::refused(SyncMessage::ImportRefused { refusal: refusal.message().into() })
}

#[cfg(test)]
mod tests;
