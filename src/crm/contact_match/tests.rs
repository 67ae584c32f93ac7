//! Who is looked for by which phones and e-mails, and what of the answers counts.

use super::*;
use crate::crm::answers::asked_of;
use crate::mapping::multifield::MultifieldRow;
use crate::mirror::{Company, Guest};
use crate::portal::{Portal, Response};

#[test]
fn a_number_is_asked_for_in_every_form_that_the_portal_may_have_made_of_it() {
    let forms = phone_forms("8 (812) 999-93-31 доб. 404");
    assert_eq!(
        forms,
        [
            "8 (812) 999-93-31 доб. 404",
            "+78129999331",
            "+78129999331404",
            "+88129999331",
            "8129999331"
        ]
    );
    for abroad_or_short in ["+49301234567", "+7812"] {
        assert_eq!(points(&[abroad_or_short], &[]).phone_forms(), [abroad_or_short]);
    }
}

#[test]
fn a_number_without_digits_reaches_nobody() {
    assert!(reaches("8 (900) 123-45-67", "+79001234567"));
    assert!(reaches("112", "112"));
    assert!(!reaches("нет", "нет"));
    assert!(!reaches("нет", "112") && !reaches("112", "нет"));
}

#[test]
fn a_person_or_a_company_is_looked_for_by_what_the_configuration_names() {
    let phones = vec!["+7900".to_owned()];
    let emails = vec!["a@x.ru".to_owned()];
    let guest = Guest { phones: phones.clone(), emails: emails.clone(), ..Guest::default() };
    let company = Company { phones, emails, ..Company::default() };
    for body in [Entity::Guest(guest), Entity::Company(company)] {
        let of = |by: &[MatchBy]| ContactPoints::of(&body, by);
        assert!(of(&[]).is_empty());
        assert_eq!(of(&[MatchBy::Phone]), points(&["+7900"], &[]));
        assert_eq!(of(&[MatchBy::Email]), points(&[], &["a@x.ru"]));
        let both = of(&[MatchBy::Email, MatchBy::Phone]);
        assert_eq!(both, points(&["+7900"], &["a@x.ru"]));
    }
}

#[test]
fn a_phone_without_a_number_is_not_looked_for() {
    let phones = ["нет", "доб. 404", "", "+7900 доб. 404", "112"];
    assert_eq!(points(&phones, &[]).searchable(), points(&["+7900 доб. 404", "112"], &[]));
}

#[test]
fn everything_is_asked_for_with_twenty_values_at_a_time() {
    let phones: Vec<String> = (0..41).map(|n| format!("+4930123{n:04}")).collect();
    let phones: Vec<&str> = phones.iter().map(String::as_str).collect();
    let wanted = [points(&["+4930"], &[]), points(&phones, &["A@x.ru"])];
    let (commands, owners) = questions(Kind::Company, &wanted);
    let asked = commands.iter().map(|command| {
        assert_eq!(command.params["entity_type"], "COMPANY");
        let values = command.params["values"].as_array().unwrap();
        (command.params["type"].as_str().unwrap(), values.len())
    });
    let expected = [("PHONE", 1), ("PHONE", 20), ("PHONE", 20), ("PHONE", 1), ("EMAIL", 2)];
    assert_eq!(asked.collect::<Vec<_>>(), expected);
    assert_eq!(owners, [0, 1, 1, 1, 1]);
    assert_eq!(commands[4].params["values"], json!(["A@x.ru", "a@x.ru"]));
}

#[test]
fn what_a_batch_would_take_for_an_answer_is_not_looked_for() {
    let hostile = points(&["+7 $result[q0]"], &["$result[q0]@example.ru"]);
    assert!(hostile.searchable().is_empty());
    let usual = points(&["+7 900"], &["a@example.ru"]);
    assert_eq!(usual.clone().searchable(), usual);
}

fn points(phones: &[&str], emails: &[&str]) -> ContactPoints {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    ContactPoints { phones: owned(phones), emails: owned(emails) }
}

#[test]
fn what_somebody_else_has_too_is_left_out_by_its_meaning() {
    let reach = points(&["8 (900) 123-45-67", "+7 900 000-00-02"], &["A@x.ru", "b@x.ru"]);
    let others = OwnedValues { phones: vec!["+79001234567".into()], emails: vec!["a@x.ru".into()] };
    assert_eq!(reach.without(&others), points(&["+7 900 000-00-02"], &["b@x.ru"]));
}

#[test]
fn an_object_matches_by_a_phone_or_an_address_of_its_own() {
    let row = |value: &str| MultifieldRow {
        id: "1".into(),
        value: value.into(),
        value_type: String::new(),
    };
    let card = Object {
        phones: vec![row("8 900 123-45-67")],
        emails: vec![row("A@x.ru")],
        ..Object::default()
    };
    assert!(points(&["+79001234567"], &[]).matches(&card));
    assert!(points(&["+79000000000"], &["a@x.ru"]).matches(&card));
    assert!(!points(&["+79000000000"], &["b@x.ru"]).matches(&card));
    assert!(!is_called(" ", ""));
}

#[test]
fn only_a_list_of_ids_is_an_answer() {
    assert_eq!(ids(Kind::Guest, &json!([])), Some(vec![]));
    assert_eq!(ids(Kind::Guest, &json!({"CONTACT": ["7", 8]})), Some(vec![7, 8]));
    assert_eq!(ids(Kind::Guest, &json!([7])), None);
}

#[test]
fn a_card_of_ours_is_nobodys_doubt() {
    let card = |originator: &str| Object { originator: originator.into(), ..Object::default() };
    assert_eq!(not_ours(vec![card("ECVI"), card("")], "ECVI"), [card("")]);
}

/// A portal that answers the first question of a batch and refuses the second.
struct Stubborn;

impl Portal for Stubborn {
    fn call(&mut self, _: &str, params: &Value) -> Result<Response, CallError> {
        let names: Vec<&String> = params["cmd"].as_object().unwrap().keys().collect();
        let mut result = json!({"result": {names[0]: []}, "result_error": {}});
        result["result_error"][names[1]] = json!({"error": "", "error_description": "no"});
        Ok(Response { result, time: Value::Null })
    }
}

/// A portal that answers no question about `+71`.
struct Mute;

impl Portal for Mute {
    fn call(&mut self, method: &str, params: &Value) -> Result<Response, CallError> {
        let mut result = json!({"result": {}, "result_error": []});
        for (name, command) in params["cmd"].as_object().into_iter().flatten() {
            if command.as_str().unwrap().contains("%2B71") {
                return Err(CallError::unknown_outcome(method.to_owned()));
            }
            let is_list = command.as_str().unwrap().starts_with("crm.contact.list");
            let card = json!({"ID": 7, "ORIGINATOR_ID": "", "ORIGIN_ID": ""});
            result["result"][name] = if is_list { json!([card]) } else { json!({"CONTACT": [7]}) };
        }
        Ok(Response { result, time: Value::Null })
    }
}

#[test]
fn a_question_that_is_never_answered_leaves_the_others_their_answers() {
    let wanted = ["+71", "+72"]
        .map(|phone| ContactPoints { phones: vec![phone.into()], emails: Vec::new() });
    let found =
        asked_of(&mut Mute, |client| find_by_contact(client, Kind::Guest, &wanted)).unwrap();
    assert_eq!(found[0].as_ref().unwrap_err().code, FailureCode::NoAnswer.name());
    let named: Vec<i64> = found[1].as_ref().unwrap().iter().map(|object| object.crm_id).collect();
    assert_eq!(named, [7]);
}

#[test]
fn a_question_that_is_refused_concerns_nobody_but_whom_it_was_about() {
    let wanted = ["+71", "+72"]
        .map(|phone| ContactPoints { phones: vec![phone.into()], emails: Vec::new() });
    let found =
        asked_of(&mut Stubborn, |client| find_by_contact(client, Kind::Guest, &wanted)).unwrap();
    assert_eq!(found[0], Ok(Vec::new()));
    assert_eq!(found[1].as_ref().unwrap_err().text, "no");
}

#[test]
fn names_are_compared_without_regard_to_case_and_blanks() {
    assert!(same_name(" ПРИХОДЬКО ", "Приходько"));
    assert!(!same_name("Приходько", "Приходченко"));
}

#[test]
fn a_card_is_taken_over_where_it_is_the_only_free_one_of_the_name_with_a_phone_of_theirs() {
    let card = |crm_id: i64, name: &str, origin: &str, phone: &str| {
        let value_type = String::new();
        let phones = vec![MultifieldRow { id: "1".into(), value: phone.into(), value_type }];
        let (name, origin) = (name.to_owned(), origin.to_owned());
        Object { crm_id, origin, name, phones, ..Object::default() }
    };
    let (ours, other) = ("+7 900 123-45-67", "+7 900 000-00-00");
    let taken = |name: &str, cards: &[Object]| {
        unique_name_match(name, &points(&[ours], &[]), cards).map(|card| card.crm_id)
    };
    let free = card(7, "БЕЛОВА", "", ours);
    let others =
        [card(1, "Белова", "41", ours), card(2, "Белова", "", other), card(3, "Чернова", "", ours)];
    for other in &others {
        assert_eq!(taken("Белова", std::slice::from_ref(other)), None, "{}", other.crm_id);
    }
    let mut cards = others.to_vec();
    cards.insert(1, free.clone());
    assert_eq!(taken("Белова", &cards), Some(7));
    cards.push(card(8, "Белова", "", ours));
    assert_eq!(taken("Белова", &cards), None);
    assert_eq!(taken(" ", &[card(9, "", "", ours)]), None);
}

/// A portal that answers nothing.
struct Silent;

impl Portal for Silent {
    fn call(&mut self, method: &str, _: &Value) -> Result<Response, CallError> {
        Err(CallError::unknown_outcome(method.to_owned()))
    }
}

#[test]
fn where_the_portal_answers_nothing_no_question_is_to_blame() {
    let wanted = [points(&["+71"], &[]), points(&["+72"], &[])];
    let found = asked_of(&mut Silent, |client| find_by_contact(client, Kind::Guest, &wanted));
    assert!(found.is_err());
}
