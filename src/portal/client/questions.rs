//! Questions: calls that change nothing, so that they are asked again when an answer is lost.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{ATTEMPTS, CallCounts, Client, WaitReason, growing_pause};
use crate::domain::language::Language;
use crate::domain::messages::Message;
use crate::portal::batch::{Command, Reply};
use crate::portal::{CallError, ErrorClass, Response};

/// A refusal of several questions of a batch counts as the portal's answer to all of them once it
/// came so often for a question that was asked alone.
const CONFIRMED: usize = 3;
/// The label of batches of questions.
const READS: &str = "questions";

type Replies = BTreeMap<String, Reply>;

impl Client<'_> {
    /// Makes a call that changes nothing. It is repeated once when its answer is lost.
    pub fn read(&mut self, method: &str, params: &Value) -> Result<Response, CallError> {
        self.ask_again(method, |client| client.ask(method, params))
    }

    /// Sends commands that change nothing, in as many requests as they need. Each is repeated once
    /// when its answer is lost.
    pub fn read_batch(&mut self, commands: &[Command]) -> Result<Replies, CallError> {
        let mut replies = Replies::new();
        let mut remaining = commands;
        let mut limited_attempts = 0;
        while !remaining.is_empty() {
            let (chunk, later) = remaining.split_at(self.batch_size(READS).min(remaining.len()));
            let mut answers = self.ask_batch(chunk)?;
            for command in with_repeated_refusals(chunk, &answers) {
                answers.extend(self.ask_batch(std::slice::from_ref(command))?);
            }
            let is_limited = answers.values().any(is_limited);
            limited_attempts = if is_limited { limited_attempts + 1 } else { 0 };
            // The next attempt waits for the budget, or says that this run cannot.
            if !is_limited || limited_attempts >= ATTEMPTS {
                replies.extend(answers);
                remaining = later;
            }
        }
        Ok(replies)
    }

    fn ask_batch(&mut self, commands: &[Command]) -> Result<Replies, CallError> {
        self.ask_again("batch", |client| {
            let replies = client.batch(READS, commands, &mut |_| Ok(()))?;
            match replies.iter().find(|(_, reply)| **reply == Reply::Missing) {
                Some((name, _)) => Err(CallError::unknown_outcome(format!("no reply to {name}"))),
                None => Ok(replies),
            }
        })
    }

    fn ask(&mut self, method: &str, params: &Value) -> Result<Response, CallError> {
        self.send(method, params, &CallCounts::from([(method, 1)]), &mut |_| Ok(()))
    }

    /// Asks a second time when the answer is lost, and a third time after an outage that is waited
    /// out.
    fn ask_again<T>(
        &mut self,
        method: &str,
        ask: impl Fn(&mut Self) -> Result<T, CallError>,
    ) -> Result<T, CallError> {
        match ask(self) {
            Err(CallError::UnknownOutcome(reason)) => {
                log::info!("{method}: {}; asking once more", reason.text(Language::En));
            }
            answer => return answer,
        }
        match ask(self) {
            Err(CallError::UnknownOutcome(reason)) => self.wait_out_outage(reason)?,
            answer => return answer,
        }
        ask(self)
    }

    /// Waits until the portal answers at all.
    ///
    /// # Errors
    /// The reason of the lost call, where this run does not wait for outages.
    pub fn wait_out_outage(&mut self, mut reason: Message) -> Result<(), CallError> {
        if !self.is_patient {
            return Err(CallError::UnknownOutcome(reason));
        }
        let mut attempts = 0;
        while let Err(error) = self.ask("server.time", &Value::Object(Map::new())) {
            let CallError::UnknownOutcome(again) = error else { return Err(error) };
            reason = again;
            attempts += 1;
            self.wait_for(
                WaitReason::Unreachable(&reason),
                self.clock.now() + growing_pause(attempts),
            )?;
        }
        Ok(())
    }
}

fn is_limited(reply: &Reply) -> bool {
    matches!(reply, Reply::Err(refusal) if refusal.is_limit())
}

/// Questions that were refused in the words of an earlier one of the batch, because a portal
/// repeats an error of an earlier command (docs/bitrix24.md, The answer). What refuses everything
/// is not among them.
fn with_repeated_refusals<'c>(commands: &'c [Command], replies: &Replies) -> Vec<&'c Command> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut repeated = Vec::new();
    for command in commands {
        let Some(Reply::Err(refusal)) = replies.get(&command.name) else { continue };
        if refusal.class() != ErrorClass::Record {
            continue;
        }
        let times = seen.entry(refusal.to_string()).or_default();
        let is_believed = *times > CONFIRMED && !refusal.code.eq_ignore_ascii_case("ERROR_CORE");
        if *times > 0 && !is_believed {
            repeated.push(command);
        }
        *times += 1;
    }
    repeated
}
