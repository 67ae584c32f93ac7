//! Questions: calls that change nothing, so that a lost answer may be asked for again.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Client, TRIES, WaitReason, growing_pause};
use crate::domain::language::Language;
use crate::domain::messages::Message;
use crate::portal::batch::{Command, Reply};
use crate::portal::{CallError, ErrorClass, Response};

/// A text by which questions of a batch were refused is believed after it came so often for a question alone.
const CONFIRMED: usize = 3;
/// The label of questions.
const READS: &str = "questions";

impl Client<'_> {
    /// One call that changes nothing; repeated once when its answer is lost.
    pub fn read(&mut self, method: &str, params: &Value) -> Result<Response, CallError> {
        let answer = once_more(method, self.ask(method, params), || self.ask(method, params));
        let Err(CallError::UnknownOutcome(reason)) = answer else { return answer };
        self.outwait(reason)?;
        self.ask(method, params)
    }

    fn ask(&mut self, method: &str, params: &Value) -> Result<Response, CallError> {
        self.send(method, params, &BTreeMap::from([(method, 1)]), &mut |_| Ok(())).0
    }

    /// Waits until the portal answers at all.
    ///
    /// # Errors
    /// The call was lost, and this run has not the time to wait.
    pub fn outwait(&mut self, mut reason: Message) -> Result<(), CallError> {
        if !self.is_patient {
            return Err(CallError::UnknownOutcome(reason));
        }
        let mut attempts = 0;
        while let Err(error) = self.ask("server.time", &Value::Object(Map::new())) {
            let CallError::UnknownOutcome(again) = error else { return Err(error) };
            reason = again;
            attempts += 1;
            self.wait_for(WaitReason::Unreachable(&reason), self.clock.now() + growing_pause(attempts))?;
        }
        Ok(())
    }

    /// Commands that change nothing, in as many requests as they need; a lost answer is asked for once more.
    pub fn read_batch(&mut self, commands: &[Command]) -> Result<BTreeMap<String, Reply>, CallError> {
        let mut replies = BTreeMap::new();
        let (mut rest, mut refusals) = (commands, 0);
        while !rest.is_empty() {
            let (chunk, later) = rest.split_at(self.batch_size(READS).min(rest.len()));
            let mut answers = self.ask_batch(chunk)?;
            for command in repeated(chunk, &answers) {
                answers.extend(self.ask_batch(std::slice::from_ref(command))?);
            }
            refusals = if answers.values().any(is_limited) { refusals + 1 } else { 0 };
            if (1..TRIES).contains(&refusals) {
                // The next attempt waits for the budget, or says that this run cannot.
                continue;
            }
            replies.extend(answers);
            rest = later;
        }
        Ok(replies)
    }

    fn ask_batch(&mut self, commands: &[Command]) -> Result<BTreeMap<String, Reply>, CallError> {
        let mut ask = || self.batch(READS, commands, &mut |_| Ok(())).and_then(answered);
        let answers = once_more("batch", ask(), ask);
        let Err(CallError::UnknownOutcome(reason)) = answers else { return answers };
        self.outwait(reason)?;
        self.batch(READS, commands, &mut |_| Ok(())).and_then(answered)
    }
}

/// Refused for a limit of the portal: asking again later helps.
fn is_limited(reply: &Reply) -> bool {
    matches!(reply, Reply::Err(refusal) if refusal.is_limit())
}

/// A question that got neither a result nor an error was not answered.
fn answered(replies: BTreeMap<String, Reply>) -> Result<BTreeMap<String, Reply>, CallError> {
    match replies.iter().find(|(_, reply)| **reply == Reply::Missing) {
        Some((name, _)) => Err(CallError::unknown_outcome(format!("no reply to {name}"))),
        None => Ok(replies),
    }
}

fn once_more<T>(
    method: &str,
    answer: Result<T, CallError>,
    mut ask: impl FnMut() -> Result<T, CallError>,
) -> Result<T, CallError> {
    match answer {
        Err(CallError::UnknownOutcome(reason)) => {
            log::info!("{method}: {}; asking once more", reason.text(Language::En));
            ask()
        }
        other => other,
    }
}

/// Questions that were refused in the words of an earlier one of the batch, which a portal does not forget
/// (docs/bitrix24.md, The answer). What refuses everything is not among them.
fn repeated<'c>(commands: &'c [Command], replies: &BTreeMap<String, Reply>) -> Vec<&'c Command> {
    let mut texts: BTreeMap<String, usize> = BTreeMap::new();
    let mut repeated = Vec::new();
    for command in commands {
        let Some(Reply::Err(refusal)) = replies.get(&command.name) else { continue };
        if refusal.class() != ErrorClass::Record {
            continue;
        }
        let times = texts.entry(refusal.to_string()).or_default();
        let is_believed = *times > CONFIRMED && !refusal.code.eq_ignore_ascii_case("ERROR_CORE");
        if *times > 0 && !is_believed {
            repeated.push(command);
        }
        *times += 1;
    }
    repeated
}
