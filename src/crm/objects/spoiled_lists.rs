//! Questions about several cards that can be asked in parts.
//!
//! One card can spoil every list that shows it: the portal cannot write its broken text as JSON and
//! answers with an error, or with nothing. Such a question is halved until that card is left alone;
//! everything else is answered.

use serde_json::{Value, json};

use super::{UNREACHED, query_each, result};
use crate::domain::language::Language;
use crate::domain::messages::Message;
use crate::domain::record::Kind;
use crate::portal::CallError;
use crate::portal::batch::{Command, Reply};
use crate::portal::client::Client;

/// So many spoiled cards, and not one that can be read, are no fault of single cards.
const MOST_SPOILED: usize = 20;

/// Ids of the portal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Range {
    /// Below its first.
    pub(crate) above: i64,
    /// Its last.
    pub(crate) upto: i64,
}

/// Which cards a question is about.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Scope {
    /// Those that have one of these values, with the key of the filter.
    Values(&'static str, Vec<Value>),
    /// Those whose ids lie in this range.
    Range(Range),
    /// This one, which is asked for by its id.
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
    /// A list of a kind by ascending id, beside `filter` of this scope.
    pub(crate) fn list(kind: Kind, filter: &Value, scope: Scope, select: &Value) -> Question {
        let params =
            json!({"filter": filter, "order": {"ID": "ASC"}, "select": select, "start": -1});
        Question { method: format!("crm.{}.list", kind.crm_entity()), params, scope }
    }

    /// A call of a universal method.
    pub(crate) fn universal(method: &str, mut params: Value, kind: Kind, scope: Scope) -> Question {
        params["entityTypeId"] = kind.entity_type_id().into();
        Question { method: method.to_owned(), params, scope }
    }

    /// The same, for what comes behind this id.
    pub(crate) fn behind(mut self, crm_id: i64) -> Question {
        self.params["filter"][">ID"] = crm_id.into();
        self
    }

    /// The id that what it lists comes behind.
    pub(crate) fn above(&self) -> i64 {
        match self.scope {
            Scope::Range(range) => range.above,
            Scope::Values(..) | Scope::Card(_) => {
                self.params.pointer("/filter/>ID").and_then(Value::as_i64).unwrap_or(0)
            }
        }
    }

    /// The values that it asks for; none where it goes by a range or by one card.
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
        let [first, second] = match &self.scope {
            Scope::Values(key, values) if values.len() > 1 => {
                let (first, second) = values.split_at(values.len() / 2);
                [Scope::Values(key, first.to_vec()), Scope::Values(key, second.to_vec())]
            }
            Scope::Range(Range { above, upto }) if upto - above > 1 => {
                let middle = above + (upto - above) / 2;
                [Range { above: *above, upto: middle }, Range { above: middle, upto: *upto }]
                    .map(Scope::Range)
            }
            Scope::Values(..) | Scope::Range(_) | Scope::Card(_) => return None,
        };
        Some([first, second].map(|scope| Question { scope, ..self.clone() }))
    }
}

/// The rows of a list. What is no list may be the work of one card; rows that cannot be read are no
/// answer at all.
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

/// Asks all of them, in parts where that is what it takes. `read` says what each reply means.
pub(crate) fn ask_in_parts<T>(
    gate: &mut Client<'_>,
    kind: Kind,
    questions: Vec<Question>,
    read: impl Fn(&Command, Option<Reply>) -> Result<Reading<T>, CallError>,
) -> Result<Answers<T>, CallError> {
    let answers = Answers { read: Vec::new(), spoiled: Vec::new() };
    let mut inquiry =
        Inquiry { gate, kind, read, open: vec![questions], answers, is_portal_up: false };
    while let Some(group) = inquiry.open.pop() {
        inquiry.query(group)?;
    }
    Ok(inquiry.answers)
}

/// Questions on their way.
pub(crate) struct Inquiry<'g, 'p, T, F> {
    gate: &'g mut Client<'p>,
    kind: Kind,
    read: F,
    /// Groups that go out together.
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
                self.see_that_it_answers(&reason)?;
                let later = group.split_off(group.len() / 2);
                self.open.extend([later, group]);
                Ok(())
            }
            Err(reason) => group
                .into_iter()
                .try_for_each(|question| self.halve(question, reason.clone(), false)),
        }
    }

    /// What the replies say, or why there were none. An answer of another shape than was asked for
    /// is the end.
    fn readings(
        &mut self,
        group: &[Question],
    ) -> Result<Result<Vec<Reading<T>>, Message>, CallError> {
        let named = group.iter().enumerate();
        let commands: Vec<Command> =
            named.map(|(at, question)| question.command(format!("q{at}"))).collect();
        let mut replies = match self.gate.read_batch(&commands) {
            Err(CallError::UnknownOutcome(reason)) => return Ok(Err(reason)),
            replies => replies?,
        };
        let readings =
            commands.iter().map(|command| (self.read)(command, replies.remove(&command.name)));
        readings.collect::<Result<_, _>>().map(Ok)
    }

    fn halve(
        &mut self,
        question: Question,
        reason: Message,
        together: bool,
    ) -> Result<(), CallError> {
        self.see_that_it_answers(&reason)?;
        match question.halves() {
            Some(halves) if together => self.open.push(halves.into()),
            Some([first, second]) => self.open.extend([vec![second], vec![first]]),
            None => self.blame(question, reason)?,
        }
        Ok(())
    }

    /// One card is left. It is asked for once more by itself, and the portal has to answer beside
    /// it.
    fn blame(&mut self, question: Question, reason: Message) -> Result<(), CallError> {
        let readings = self.readings(std::slice::from_ref(&question))?;
        if let Some(Reading::Rows(rows)) = readings.ok().and_then(|mut readings| readings.pop()) {
            self.answers.read.push((question, rows));
            return Ok(());
        }
        self.is_portal_up = false;
        self.see_that_it_answers(&reason)?;
        log::info!("{}: one card cannot be shown: {}", question.method, reason.text(Language::En));
        self.answers.spoiled.push((question, reason.clone()));
        let is_any_read = self.answers.read.iter().any(|(_, rows)| !rows.is_empty());
        if self.answers.spoiled.len() >= MOST_SPOILED && !is_any_read {
            return Err(CallError::UnknownOutcome(reason));
        }
        Ok(())
    }

    /// A list that can show no card is answered, unless the portal fails at every list.
    fn see_that_it_answers(&mut self, reason: &Message) -> Result<(), CallError> {
        if self.is_portal_up {
            return Ok(());
        }
        let nobody = Scope::Values("@ID", vec![UNREACHED.into()]);
        let question = Question::list(self.kind, &json!({}), nobody, &json!(["ID"]));
        match query_each(self.gate, &[question.command("q0".to_owned())]) {
            Ok(answers) if matches!(answers.first(), Some(Ok(Value::Array(_)))) => {
                self.is_portal_up = true;
                Ok(())
            }
            Ok(answers) => {
                if matches!(answers.first(), Some(Err(_))) {
                    self.gate.note_failing();
                }
                Err(CallError::UnknownOutcome(reason.clone()))
            }
            Err(CallError::UnknownOutcome(_)) => Err(CallError::UnknownOutcome(reason.clone())),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crm::answers::asked;
    use crate::crm::objects::by_id;

    #[test]
    fn a_question_is_halved_down_to_single_cards_and_loses_none() {
        let values: Vec<Value> = (1..=5).map(Value::from).collect();
        for scope in [Scope::Values("@ID", values), Scope::Range(Range { above: 10, upto: 15 })] {
            let mut open = vec![Question::list(Kind::Guest, &json!({}), scope, &json!(["ID"]))];
            let mut single = 0;
            while let Some(question) = open.pop() {
                match question.halves() {
                    Some(halves) => open.extend(halves),
                    None => single += 1,
                }
            }
            assert_eq!(single, 5);
        }
    }

    /// What is found of these cards by a portal that answers each list of the spoiled ones with no
    /// list, and the list of nobody so.
    fn found(
        ids: std::ops::RangeInclusive<i64>,
        spoiled: std::ops::RangeInclusive<i64>,
        nobody: &Value,
    ) -> Result<Vec<i64>, CallError> {
        let answer = |command: &str| {
            let wanted = command.split("[%40ID][").skip(1).map(|value| {
                let (_, id) = value.split_once("]=").unwrap();
                id.split('&').next().unwrap().parse::<i64>().unwrap()
            });
            let wanted: Vec<i64> = wanted.collect();
            let row = |id: &i64| json!({"ID": id, "ORIGINATOR_ID": "", "ORIGIN_ID": ""});
            match wanted[..] {
                [UNREACHED] => nobody.clone(),
                _ if wanted.iter().any(|id| spoiled.contains(id)) => json!(false),
                _ => wanted.iter().map(row).collect(),
            }
        };
        let ids: Vec<i64> = ids.collect();
        let found = asked(answer, |gate| by_id(gate, Kind::Guest, &ids))?;
        Ok(found.into_keys().collect())
    }

    #[test]
    fn where_twenty_cards_and_none_else_are_spoiled_the_portal_is_to_blame() {
        let none = json!([]);
        assert_eq!(found(1..=19, 1..=19, &none), Ok(vec![]));
        assert!(found(1..=20, 1..=20, &none).is_err());
        assert_eq!(found(1..=21, 1..=20, &none), Ok(vec![21]));
    }

    #[test]
    fn a_portal_that_cannot_even_list_nobody_does_not_answer() {
        assert_eq!(found(1..=2, 1..=1, &json!([])), Ok(vec![2]));
        assert!(found(1..=2, 1..=1, &json!(false)).is_err());
    }
}
