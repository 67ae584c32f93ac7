//! A list that fails is asked for in parts, until the cards that spoil it are known.

use super::*;
use crate::crm::answers::asked_of;
use crate::crm::objects::by_id;
use crate::portal::{Portal, Response};

/// What a list is answered with.
enum Said {
    /// The cards that exist, of those that it asks for.
    Cards,
    NoList,
    Refused,
    /// The whole request has no answer.
    Nothing,
}

/// A portal that answers a list of these ids so. It has cards up to 100.
struct Lists<F> {
    say: F,
    requests: u32,
    for_nobody: u32,
}

impl<F: FnMut(&[i64]) -> Said> Portal for Lists<F> {
    fn call(&mut self, _: &str, params: &Value) -> Result<Response, CallError> {
        self.requests += 1;
        let mut result = json!({"result": {}, "result_error": {}});
        for (name, command) in params["cmd"].as_object().unwrap() {
            let ids = ids(command.as_str().unwrap());
            self.for_nobody += u32::from(ids == NOBODY);
            match (self.say)(&ids) {
                Said::Cards => {
                    let cards = ids.iter().filter(|id| **id <= 100);
                    let row = |id: &i64| json!({"ID": id, "ORIGINATOR_ID": "", "ORIGIN_ID": ""});
                    result["result"][name] = cards.map(row).collect();
                }
                Said::NoList => result["result"][name] = json!(false),
                Said::Refused => {
                    result["result_error"][name] = json!({"error": "", "error_description": "no"});
                }
                Said::Nothing => return Err(CallError::unknown_outcome("nothing".to_owned())),
            }
        }
        Ok(Response { result, time: Value::Null })
    }
}

const NOBODY: [i64; 1] = [UNREACHED];

/// The ids that a command asks for.
fn ids(command: &str) -> Vec<i64> {
    let values = command.split("[%40ID][").skip(1);
    let id = |value: &str| value.split_once("]=")?.1.split('&').next()?.parse().ok();
    values.map(|value| id(value).unwrap()).collect()
}

/// What came of asking for the cards of these ids.
struct Asked {
    found: Result<Vec<i64>, CallError>,
    requests: u32,
    for_nobody: u32,
    is_answering: bool,
}

fn ask(wanted: std::ops::RangeInclusive<i64>, say: impl FnMut(&[i64]) -> Said) -> Asked {
    let wanted: Vec<i64> = wanted.collect();
    let mut portal = Lists { say, requests: 0, for_nobody: 0 };
    let (found, is_answering) = asked_of(&mut portal, |client| {
        let found = by_id(client, Kind::Guest, &wanted);
        (found.map(|found| found.into_keys().collect()), client.is_answering())
    });
    let Lists { requests, for_nobody, .. } = portal;
    Asked { found, requests, for_nobody, is_answering }
}

/// A list with one of these cards is answered with no list.
fn spoiled(cards: std::ops::RangeInclusive<i64>) -> impl FnMut(&[i64]) -> Said {
    move |ids| if ids.iter().any(|id| cards.contains(id)) { Said::NoList } else { Said::Cards }
}

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

#[test]
fn where_twenty_cards_and_none_else_are_spoiled_the_portal_is_to_blame() {
    assert_eq!(ask(1..=19, spoiled(1..=19)).found, Ok(vec![]));
    assert!(ask(1..=20, spoiled(1..=20)).found.is_err());
    assert_eq!(ask(1..=21, spoiled(1..=20)).found, Ok(vec![21]));
    // Card 101 does not exist: a list of nothing is no sign of life.
    assert!(ask(81..=101, spoiled(81..=100)).found.is_err());
}

#[test]
fn a_portal_that_cannot_even_list_nobody_does_not_answer() {
    assert_eq!(ask(1..=2, spoiled(1..=1)).found, Ok(vec![2]));
    let no_list = ask(1..=2, |_| Said::NoList);
    assert!(no_list.found.is_err() && no_list.is_answering);
    let refused = ask(1..=2, |_| Said::Refused);
    assert!(refused.found.is_err() && !refused.is_answering);
}

#[test]
fn a_portal_that_answers_nothing_is_asked_for_its_cards_and_for_nobody() {
    for most in [1, 40, 80] {
        let silent = ask(1..=most, |_| Said::Nothing);
        assert!(silent.found.is_err());
        // Each of the two is repeated once.
        assert_eq!((silent.requests, silent.for_nobody), (4, 2), "{most}");
    }
}

#[test]
fn a_portal_that_falls_silent_at_a_card_leaves_it_unblamed() {
    let mut asked = 0;
    let dying = |ids: &[i64]| {
        asked += i32::from(ids == NOBODY);
        if ids.contains(&1) || asked > 1 { Said::NoList } else { Said::Cards }
    };
    assert!(ask(1..=2, dying).found.is_err());
}

#[test]
fn a_card_is_asked_for_once_more_before_it_is_blamed() {
    let mut asked = 0;
    let passing = |ids: &[i64]| {
        asked += i32::from(ids.contains(&1));
        if ids.contains(&1) && asked == 1 { Said::NoList } else { Said::Cards }
    };
    assert_eq!(ask(1..=1, passing).found, Ok(vec![1]));
}

#[test]
fn one_spoiled_card_costs_few_questions_and_none_of_the_others() {
    let others: Vec<i64> = (1..=80).filter(|id| *id != 33).collect();
    let alone = ask(1..=80, spoiled(33..=33));
    assert_eq!(alone.found.as_ref(), Ok(&others));
    // At the first failure, and before the card is blamed.
    assert_eq!(alone.for_nobody, 2);
    let with_its_request =
        ask(1..=80, |ids| if ids.contains(&33) { Said::Nothing } else { Said::Cards });
    assert_eq!(with_its_request.found, Ok(others));
    assert!(alone.requests <= 9 && with_its_request.requests <= 24);
}
