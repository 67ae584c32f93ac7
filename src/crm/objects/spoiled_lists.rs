//! Questions about several cards that can be asked in parts.
//!
//! One card can spoil every list that shows it: the portal cannot write its broken text as JSON and
//! answers with an error, or with nothing. Such a question is halved until only that card is left,
//! so that all other cards are answered.

use serde_json::{Value, json};

use super::{UNREACHED, query_each, result};
use crate::domain::language::Language;
use crate::domain::messages::Message;
use crate::domain::record::Kind;
use crate::portal::CallError;
use crate::portal::batch::{Command, Reply};
use crate::portal::client::Client;

/// If so many cards are spoiled and none can be read, the portal is at fault, not the cards.
const MOST_SPOILED: usize = 20;

/// A range of the portal's ids: `above < id <= upto`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Range {
    pub(crate) above: i64,
    pub(crate) upto: i64,
}

/// Which cards a question is about.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Scope {
    /// The key of the filter, and the values of which a card has one.
    Values(&'static str, Vec<Value>),
    /// Cards whose ids lie in this range.
    Range(Range),
    /// One card, by its id.
    Card(i64),
}

/// A question, and which cards it is about.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Question {
    method: String,
    params: Value,
    pub(crate) scope: Scope,
}

/// What one reply says.
pub(crate) enum Reading<T> {
    Rows(Vec<T>),
    /// It cannot be read, for this reason.
    Spoiled(Message),
}

/// What was answered, and which cards cannot be shown.
pub(crate) struct Answers<T> {
    pub(crate) read: Vec<(Question, Vec<T>)>,
    /// Each about one card, with the reason.
    pub(crate) spoiled: Vec<(Question, Message)>,
}

impl Question {
    /// A list by ascending id of the cards that `filter` and `scope` select.
    pub(crate) fn list(kind: Kind, filter: &Value, scope: Scope, select: &Value) -> Question {
        let params =
            json!({"filter": filter, "order": {"ID": "ASC"}, "select": select, "start": -1});
        Question { method: kind.method("list"), params, scope }
    }

    /// A call of a universal method.
    pub(crate) fn universal(method: &str, mut params: Value, kind: Kind, scope: Scope) -> Question {
        params["entityTypeId"] = kind.entity_type_id().into();
        Question { method: method.to_owned(), params, scope }
    }

    /// The same question for the ids after this one.
    pub(crate) fn behind(mut self, crm_id: i64) -> Question {
        self.params["filter"][">ID"] = crm_id.into();
        self
    }

    /// The listed ids are greater than this one.
    pub(crate) fn above(&self) -> i64 {
        match self.scope {
            Scope::Range(range) => range.above,
            Scope::Values(..) | Scope::Card(_) => {
                self.params.pointer("/filter/>ID").and_then(Value::as_i64).unwrap_or(0)
            }
        }
    }

    /// The values that it asks for; none where it asks for a range or for one card.
    pub(crate) fn values(&self) -> &[Value] {
        match &self.scope {
            Scope::Values(_, values) => values,
            Scope::Range(_) | Scope::Card(_) => &[],
        }
    }

    pub(crate) fn command(&self, name: String) -> Command {
        let mut params = self.params.clone();
        match &self.scope {
            Scope::Values(key, values) => params["filter"][*key] = values.clone().into(),
            Scope::Range(Range { above, upto }) => {
                params["filter"][">ID"] = (*above).into();
                params["filter"]["<=ID"] = (*upto).into();
            }
            Scope::Card(crm_id) => params["id"] = (*crm_id).into(),
        }
        Command::new(name, self.method.clone(), params)
    }

    /// Both halves of it; none where it is about one card.
    fn halves(&self) -> Option<[Question; 2]> {
        let halves = match &self.scope {
            Scope::Values(key, values) if values.len() > 1 => {
                let (first, second) = values.split_at(values.len() / 2);
                [Scope::Values(key, first.to_vec()), Scope::Values(key, second.to_vec())]
            }
            Scope::Range(Range { above, upto }) if upto - above > 1 => {
                let middle = above + (upto - above) / 2;
                let first = Range { above: *above, upto: middle };
                let second = Range { above: middle, upto: *upto };
                [Scope::Range(first), Scope::Range(second)]
            }
            Scope::Values(..) | Scope::Range(_) | Scope::Card(_) => return None,
        };
        Some(halves.map(|scope| Question { scope, ..self.clone() }))
    }
}

/// The rows of a list. One card may be the reason why the answer is no list. A list whose rows
/// cannot be read is an error.
pub(crate) fn list_reply<T>(
    command: &Command,
    reply: Option<Reply>,
    rows: impl Fn(&Value) -> Result<Vec<T>, CallError>,
) -> Result<Reading<T>, CallError> {
    Ok(match result(command, reply)? {
        Ok(page) if page.is_array() => Reading::Rows(rows(&page)?),
        Ok(_) => Reading::Spoiled(format!("{} answered with no list", command.method).into()),
        Err(refusal) => Reading::Spoiled(refusal.message()),
    })
}

/// Asks all questions, in parts where a card spoils the answer. `read` says what each reply means.
pub(crate) fn ask_in_parts<T>(
    client: &mut Client<'_>,
    kind: Kind,
    questions: Vec<Question>,
    read: impl Fn(&Command, Option<Reply>) -> Result<Reading<T>, CallError>,
) -> Result<Answers<T>, CallError> {
    let answers = Answers { read: Vec::new(), spoiled: Vec::new() };
    let mut inquiry =
        Inquiry { client, kind, read, open: vec![questions], answers, is_portal_up: false };
    while let Some(group) = inquiry.open.pop() {
        inquiry.query(group)?;
    }
    Ok(inquiry.answers)
}

/// Questions that are not answered yet, and the answers so far.
pub(crate) struct Inquiry<'g, 'p, T, F> {
    client: &'g mut Client<'p>,
    kind: Kind,
    read: F,
    /// Groups of questions that are asked together.
    open: Vec<Vec<Question>>,
    answers: Answers<T>,
    /// The portal was seen to answer such questions, so the fault is not the portal's.
    is_portal_up: bool,
}

impl<T, F> Inquiry<'_, '_, T, F>
where
    F: Fn(&Command, Option<Reply>) -> Result<Reading<T>, CallError>,
{
    fn query(&mut self, mut group: Vec<Question>) -> Result<(), CallError> {
        match self.readings(&group)? {
            Ok(readings) => {
                for (question, reading) in group.into_iter().zip(readings) {
                    match reading {
                        Reading::Rows(rows) => self.answers.read.push((question, rows)),
                        // Only this command was spoiled, so both halves can go out together.
                        Reading::Spoiled(reason) => self.halve(question, reason, true)?,
                    }
                }
                Ok(())
            }
            Err(reason) if group.len() > 1 => {
                self.check_portal(&reason)?;
                let later = group.split_off(group.len() / 2);
                self.open.extend([later, group]);
                Ok(())
            }
            Err(reason) => {
                for question in group {
                    self.halve(question, reason.clone(), false)?;
                }
                Ok(())
            }
        }
    }

    /// What the replies say, or why there were none. An answer of the wrong shape is an error.
    fn readings(
        &mut self,
        group: &[Question],
    ) -> Result<Result<Vec<Reading<T>>, Message>, CallError> {
        let mut commands = Vec::new();
        for (at, question) in group.iter().enumerate() {
            commands.push(question.command(format!("q{at}")));
        }
        let mut replies = match self.client.read_batch(&commands) {
            Err(CallError::UnknownOutcome(reason)) => return Ok(Err(reason)),
            replies => replies?,
        };
        let mut readings = Vec::new();
        for command in &commands {
            readings.push((self.read)(command, replies.remove(&command.name))?);
        }
        Ok(Ok(readings))
    }

    fn halve(
        &mut self,
        question: Question,
        reason: Message,
        together: bool,
    ) -> Result<(), CallError> {
        self.check_portal(&reason)?;
        match question.halves() {
            Some(halves) if together => self.open.push(halves.into()),
            Some([first, second]) => self.open.extend([vec![second], vec![first]]),
            None => self.blame(question, reason)?,
        }
        Ok(())
    }

    /// Only one card is left. It is asked for once more by itself; it is to blame if the portal
    /// answers another question.
    fn blame(&mut self, question: Question, reason: Message) -> Result<(), CallError> {
        let readings = self.readings(std::slice::from_ref(&question))?;
        if let Some(Reading::Rows(rows)) = readings.ok().and_then(|mut readings| readings.pop()) {
            self.answers.read.push((question, rows));
            return Ok(());
        }
        self.is_portal_up = false;
        self.check_portal(&reason)?;
        log::info!("{}: one card cannot be shown: {}", question.method, reason.text(Language::En));
        self.answers.spoiled.push((question, reason.clone()));
        let is_any_read = self.answers.read.iter().any(|(_, rows)| !rows.is_empty());
        if self.answers.spoiled.len() >= MOST_SPOILED && !is_any_read {
            return Err(CallError::UnknownOutcome(reason));
        }
        Ok(())
    }

    /// Fails with `reason` unless the portal answers a list that has no card.
    fn check_portal(&mut self, reason: &Message) -> Result<(), CallError> {
        if self.is_portal_up {
            return Ok(());
        }
        let no_card = Scope::Values("@ID", vec![UNREACHED.into()]);
        let question = Question::list(self.kind, &json!({}), no_card, &json!(["ID"]));
        match query_each(self.client, &[question.command("q0".to_owned())]) {
            Ok(answers) if matches!(answers.first(), Some(Ok(Value::Array(_)))) => {
                self.is_portal_up = true;
                Ok(())
            }
            Ok(answers) => {
                if matches!(answers.first(), Some(Err(_))) {
                    self.client.note_failing();
                }
                Err(CallError::UnknownOutcome(reason.clone()))
            }
            Err(CallError::UnknownOutcome(_)) => Err(CallError::UnknownOutcome(reason.clone())),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests;
