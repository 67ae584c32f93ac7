//! Sending: everything is written down as in doubt right before the call and settled right after it, each answer in
//! one transaction.

use std::collections::{BTreeMap, HashSet};

use anyhow::Result;
use serde_json::Value;

use super::refusals::Refused;
use super::{People, Push, Target, Way};
use crate::config::Method;
use crate::crm::objects::existing;
use crate::domain::record::{Id, Kind};
use crate::domain::run_error::Stop;
use crate::portal::batch::{Command, Reply};
use crate::portal::{CallError, Meaning, Refusal, object_id};
use crate::say;
use crate::state::settings::{LAST_CALL, PACE, POINTED_AT};
use crate::state::{Attempt, Counts, Event, Operation, Sent, Todo, Writer};
use crate::sync::plan::{Planned, Step, Wave};
use crate::sync::push::prepare_call::{CLOSING, Call, MAIN, MOVING};

/// Batches in a row without an answer after which a pass of cron, or an export, gives up.
const LOST_SYNC: u32 = 3;
const LOST_EXPORT: u32 = 10;
/// A record whose calls were never answered this often goes alone.
const SUSPECT: u32 = 2;
/// The label of deletions.
const DELETIONS: &str = "deletions";

/// What an answer calls for beyond saving it.
#[derive(Default)]
struct After {
    /// Refused in words that may mean that the object is gone.
    unclear: Vec<Refused>,
    /// Refused as records.
    failed: Vec<Refused>,
    /// Refused in the words of an earlier command of the batch: to be tried again alone.
    again: Vec<Target>,
    /// What the batch was refused for until now.
    texts: HashSet<String>,
    /// Something was accepted behind what was refused before this batch, or in it.
    accepted: bool,
    /// An administrator must act.
    stop: Option<Refusal>,
}

impl After {
    /// The portal accepted a command: what it refused before that, in this batch or earlier, was no refusal of
    /// everything.
    fn accept(&mut self) {
        self.accepted = true;
        self.failed.iter_mut().chain(&mut self.unclear).for_each(|refused| refused.disproved = true);
    }
}

impl Push<'_, '_> {
    /// Sends the targets of one chunk.
    pub(super) fn send(&mut self, kind: Kind, targets: Vec<Target>) -> Result<()> {
        let (alone, together): (Vec<_>, Vec<_>) =
            targets.into_iter().partition(|target| target.record.strikes >= SUSPECT);
        // A deletion takes seconds where an update takes tenths: their batches learn their size apart.
        let (mut deletions, changes): (Vec<_>, Vec<_>) =
            together.into_iter().partition(|target| target.planned.step == Step::Delete);
        self.batch(kind, kind.name(), changes)?;
        while !deletions.is_empty() {
            let later = deletions.split_off(self.gate.batch_size(DELETIONS).clamp(1, deletions.len()));
            self.batch(kind, DELETIONS, std::mem::replace(&mut deletions, later))?;
        }
        for target in alone {
            let label = if target.planned.step == Step::Delete { DELETIONS } else { kind.name() };
            self.batch(kind, label, vec![target])?;
        }
        Ok(())
    }

    fn batch(&mut self, kind: Kind, label: &str, targets: Vec<Target>) -> Result<()> {
        let calls = targets.into_iter().enumerate().map(|(at, target)| self.call(at, target));
        let mut calls = calls.collect::<Result<Vec<Call>>>()?;
        let commands: Vec<Command> = calls.iter_mut().flat_map(|call| call.commands.drain(..)).collect();
        let (state, lock) = (self.state, self.lock);
        let mut mark = |now| {
            let writer = state.writer()?;
            for Call { target, operation, written, .. } in &calls {
                let either = target.record.written.or(written);
                let attempt = Attempt { operation: *operation, row: target.row(), written: &either };
                writer.doubt(kind, target.id(), &attempt, now)?;
            }
            state.remember(LAST_CALL, &now)?;
            writer.commit()?;
            Ok(lock.note_call(now)?)
        };
        match self.gate.batch(label, &commands, &mut mark) {
            Ok(replies) => {
                self.lost = 0;
                let after = self.save(calls, replies)?;
                self.act(kind, label, after)
            }
            Err(CallError::Lost(reason)) => {
                self.lost += 1;
                self.done.unanswered = true;
                self.redate(kind, &calls)?;
                log::info!(
                    "batch of {} ({kind}): {reason}; the next passes find out what took effect",
                    calls.len()
                );
                let most = if self.way == Way::Sync { LOST_SYNC } else { LOST_EXPORT };
                if self.lost >= most {
                    return Err(CallError::Lost(reason).into());
                }
                if self.way == Way::Sync { Ok(()) } else { Ok(self.gate.outwait(reason)?) }
            }
            Err(error) => {
                let writer = self.state.writer()?;
                for Call { target, .. } in &calls {
                    writer.not_done(kind, target.id(), &target.record.written)?;
                }
                writer.commit()?;
                Err(error.into())
            }
        }
    }

    /// A call that was given up may have been on its way until now: from now on it is in doubt.
    fn redate(&self, kind: Kind, calls: &[Call]) -> Result<()> {
        let now = self.gate.clock().latest();
        let writer = self.state.writer()?;
        for call in calls {
            writer.redate_doubt(kind, call.target.id(), now)?;
        }
        self.state.remember(LAST_CALL, &now)?;
        writer.commit()?;
        Ok(self.lock.note_call(now)?)
    }

    /// Saves the answers, and what they told of the limits, in one transaction.
    fn save(&mut self, calls: Vec<Call>, mut replies: BTreeMap<String, Reply>) -> Result<After> {
        if let ([_], Some(Reply::Refused(refusal))) = (&calls[..], replies.get(&format!("{MAIN}0"))) {
            self.refusals.confirm(refusal);
        }
        let writer = self.state.writer()?;
        let mut after = After::default();
        let (mut counts, mut unanswered) = (self.done.counts, false);
        for (at, call) in calls.into_iter().enumerate() {
            let (reply, closed) = take_replies(at, &mut replies);
            match reply {
                Some(Reply::Done(value)) => match object_of(&call, &value) {
                    Some(crm_id) => {
                        after.accept();
                        self.pointed_at.extend(call.target.people.iter().flat_map(People::cards));
                        self.arrived(&writer, &mut counts, call, crm_id, closed)?;
                    }
                    // An answer without an id does not count.
                    None => unanswered = true,
                },
                Some(Reply::Refused(refusal)) => self.refused(&writer, &mut after, call, refusal)?,
                // It may have been executed: it stays in doubt.
                Some(Reply::Silent) | None => unanswered = true,
            }
        }
        self.state.remember(PACE, self.gate.pace())?;
        if !self.pointed_at.is_empty() {
            self.state.remember(POINTED_AT, &self.pointed_at)?;
        }
        writer.commit()?;
        self.done.counts = counts;
        self.done.unanswered |= unanswered;
        Ok(after)
    }

    fn arrived(
        &self,
        writer: &Writer<'_>,
        counts: &mut Counts,
        call: Call,
        crm_id: i64,
        closed: bool,
    ) -> Result<()> {
        let Call { target, operation, written, mut todo, links, shared_with, .. } = call;
        let (kind, id, now) = (target.kind(), target.id(), self.gate.clock().now());
        if operation == Operation::Delete {
            counts.deleted += 1;
            writer.event(kind, id, Event::Deleted, Some(crm_id), &target.record.known.label, now)?;
            return writer.forget(kind, id);
        }
        let Some(row) = target.row() else { return Ok(()) };
        if target.planned.step == Step::Close {
            writer.answered(kind, id)?;
            return writer.unchanged(kind, id, todo);
        }
        let event = match operation {
            Operation::Create => Event::Created,
            _ if target.planned.step == Step::Create => Event::Adopted,
            _ => Event::Updated,
        };
        let count = if operation == Operation::Create { &mut counts.created } else { &mut counts.updated };
        count[kind as usize] += 1;
        todo.close |= !closed;
        let warnings = &target.warnings;
        writer.sent(
            kind,
            &Sent { row, crm_id, links, written: &written, todo, warnings, run: self.run },
            now,
        )?;
        writer.event(kind, id, event, Some(crm_id), "", now)?;
        if operation == Operation::Create {
            self.take_from_others(writer, (kind, id), crm_id)?;
        }
        for sharer in shared_with
            .iter()
            .flat_map(|origin| Id::either(origin))
            .chain(shared_with.as_ref().map(|_| id.clone()))
        {
            writer.shares(kind, &sharer, crm_id)?;
        }
        self.follow(writer, &target, crm_id, todo)
    }

    /// What is left to do once a record has arrived: the mirror learns its id, and the portal its closing date.
    fn follow(&self, writer: &Writer<'_>, target: &Target, crm_id: i64, todo: Todo) -> Result<()> {
        let (kind, id) = (target.kind(), target.id());
        if self.config.mirror.write_back && target.row().is_some_and(|row| row.crm_id != Some(crm_id)) {
            writer.owe_write_back(kind, id)?;
        }
        if todo.close {
            let row = target.planned.row.clone();
            self.queue.add(&Planned { kind, id: id.clone(), step: Step::Close, wave: Wave::Changes, row })?;
        }
        log::debug!("{kind} {id}: object {crm_id}");
        Ok(())
    }

    fn refused(&self, writer: &Writer<'_>, after: &mut After, call: Call, refusal: Refusal) -> Result<()> {
        let Call { target, operation, .. } = call;
        writer.not_done(target.kind(), target.id(), &target.record.written)?;
        writer.answered(target.kind(), target.id())?;
        match refusal.meaning() {
            // Not this time; the gate knows until when.
            Meaning::TooFast | Meaning::OverBudget => self.queue.add(&target.planned)?,
            Meaning::Administrator => after.stop = Some(refusal),
            Meaning::Record if self.refusals.may_be_repeated(&refusal, &mut after.texts) => {
                after.again.push(target);
            }
            Meaning::Record => {
                let is_new = operation == Operation::Create;
                let refused = Refused { target, operation, refusal, disproved: false };
                if is_new { after.failed.push(refused) } else { after.unclear.push(refused) }
            }
        }
        Ok(())
    }

    fn act(&mut self, kind: Kind, label: &str, after: After) -> Result<()> {
        let After { unclear, mut failed, again, accepted, stop, .. } = after;
        if let Some(refusal) = stop {
            return Err(CallError::Refused(refusal).into());
        }
        if matches!(self.way, Way::Export { method: Method::Import, .. })
            && let Some(Refused { refusal, .. }) =
                failed.iter().find(|refused| refused.refusal.is_access_denied())
        {
            return Err(no_import_right(refusal).into());
        }
        if accepted {
            self.accepted()?;
        }
        failed.extend(self.still_there(unclear)?);
        self.hold(failed)?;
        for target in again {
            self.batch(kind, label, vec![target])?;
        }
        Ok(())
    }

    /// The words for an object that is gone vary with version and language, so a list decides. What is gone is
    /// planned anew; the others are returned.
    fn still_there(&mut self, unclear: Vec<Refused>) -> Result<Vec<Refused>> {
        let Some(kind) = unclear.first().map(|refused| refused.target.kind()) else {
            return Ok(Vec::new());
        };
        let ids: Vec<i64> = unclear.iter().filter_map(|refused| refused.target.crm_id()).collect();
        let alive = existing(self.gate, kind, &ids)?;
        let mut there = Vec::new();
        for refused in unclear {
            if refused.target.crm_id().is_some_and(|crm_id| alive.contains(&crm_id)) {
                there.push(refused);
            } else if refused.operation == Operation::Delete {
                self.deleted(&refused.target)?;
            } else {
                self.replan(&refused.target)?;
            }
        }
        Ok(there)
    }

    /// A deal that is gone counts as deleted.
    pub(super) fn deleted(&mut self, target: &Target) -> Result<()> {
        let (kind, id) = (target.kind(), target.id());
        let writer = self.state.writer()?;
        let label = &target.record.known.label;
        writer.event(kind, id, Event::Deleted, target.crm_id(), label, self.gate.clock().now())?;
        writer.forget(kind, id)?;
        writer.commit()?;
        self.done.counts.deleted += 1;
        Ok(())
    }
}

/// The deciding reply: the main command's, or that of a failed move before it; and whether the closing date was set.
fn take_replies(at: usize, replies: &mut BTreeMap<String, Reply>) -> (Option<Reply>, bool) {
    let mut reply_to = |part: char| replies.remove(&format!("{part}{at}"));
    let closed = reply_to(CLOSING).is_none_or(|reply| reply == Reply::Done(true.into()));
    let moved = reply_to(MOVING).map(confirmed_move);
    let reply = reply_to(MAIN);
    (moved.filter(|moved| !matches!(moved, Reply::Done(_))).or(reply), closed)
}

/// `crm.item.update` answers with the item; anything else does not say that it moved.
fn confirmed_move(reply: Reply) -> Reply {
    match reply {
        Reply::Done(value) if value.pointer("/item/id").is_none() => Reply::Silent,
        other => other,
    }
}

/// The object that a call was about, as its answer tells.
fn object_of(call: &Call, value: &Value) -> Option<i64> {
    match call.operation {
        Operation::Create => new_id(value),
        // Anything else is no confirmation: the call stays in doubt.
        Operation::Update | Operation::Delete if *value != Value::Bool(true) => None,
        Operation::Update | Operation::Delete => call.target.crm_id(),
    }
}

/// `crm.deal.add` returns the id, `crm.item.import` an item that has it.
fn new_id(value: &Value) -> Option<i64> {
    object_id(value.pointer("/item/id").unwrap_or(value)).filter(|id| *id > 0)
}

fn no_import_right(refusal: &Refusal) -> Stop {
    Stop::refused(say!(
        "портал не даёт импортировать ({refusal}). Дайте пользователю вебхука право «Импорт» в CRM или задайте [export] method = \"add\": тогда сделки создаются обычным путём и сработают роботы и бизнес-процессы",
        "the portal does not let us import ({refusal}). Give the webhook's user the right to import in the CRM, or set [export] method = \"add\": deals are then created the plain way, and automation rules run"
    ))
}
