//! People and companies by phone and e-mail: for those who stood in the CRM before, and for those
//! whose object was merged into another one.
//!
//! `crm.duplicate.findbycomm` does not say which value matched and compares phones in a form of its
//! own, so what it names is only a candidate: the caller sees the objects whole and decides. Each
//! number is asked for in every form that the portal may have made of another spelling of it
//! (docs/bitrix24.md, Finding).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::config::MatchBy;
use crate::crm::objects::{Object, by_id, query_each};
use crate::domain::failure_code::FailureCode;
use crate::domain::owned_values::OwnedValues;
use crate::domain::record::Kind;
use crate::mapping::contact_value::{Phone, email};
use crate::mapping::multifield::Values;
use crate::mapping::text::has_reference;
use crate::mirror::Entity;
use crate::portal::batch::Command;
use crate::portal::client::Client;
use crate::portal::{ApiError, CallError, object_id};

/// The portal takes no more values in one call.
const VALUES: usize = 20;

/// Phones and e-mails to look for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ContactPoints {
    /// Numbers.
    pub phones: Vec<String>,
    /// Addresses.
    pub emails: Vec<String>,
}

impl ContactPoints {
    /// What of a guest or a company the configuration says to look for.
    pub fn of(body: &Entity, by: &[MatchBy]) -> ContactPoints {
        let (phones, emails) = match body {
            Entity::Guest(guest) => (&guest.phones, &guest.emails),
            Entity::Company(company) => (&company.phones, &company.emails),
            Entity::Booking(_) => return ContactPoints::default(),
        };
        let mut reach = ContactPoints::default();
        if by.contains(&MatchBy::Phone) {
            reach.phones.clone_from(phones);
        }
        if by.contains(&MatchBy::Email) {
            reach.emails.clone_from(emails);
        }
        reach.searchable()
    }

    /// Without what the portal refuses to look for: a phone without a digit before its extension,
    /// as hotels write «нет».
    #[must_use]
    pub fn searchable(mut self) -> ContactPoints {
        self.phones.retain(|phone| {
            let number = phone.split([';', ',', '#', 'д', 'e', 'x']).next().unwrap_or_default();
            has_digits(number) && !has_reference(phone)
        });
        self.emails.retain(|email| !has_reference(email));
        self
    }

    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.phones.is_empty() && self.emails.is_empty()
    }

    /// What of it is none of these.
    #[must_use]
    pub fn without(mut self, others: &OwnedValues) -> ContactPoints {
        self.phones.retain(|value| !others.phones.iter().any(|other| reaches(other, value)));
        self.emails.retain(|value| {
            !others.emails.iter().any(|other| Values::Emails.mean_the_same(other, value))
        });
        self
    }

    /// Whether the object has one of the numbers or addresses, as people would compare them.
    pub fn matches(&self, object: &Object) -> bool {
        for row in &object.phones {
            if self.phones.iter().any(|phone| reaches(&row.value, phone)) {
                return true;
            }
        }
        object.emails.iter().any(|row| {
            self.emails.iter().any(|email| Values::Emails.mean_the_same(&row.value, email))
        })
    }

    /// The values to ask for: every form that a spelling of the numbers may have in the portal.
    fn phone_forms(&self) -> Vec<String> {
        unique(self.phones.iter().flat_map(|phone| phone_forms(phone)))
    }

    fn email_forms(&self) -> Vec<String> {
        unique(self.emails.iter().flat_map(|address| [address.clone(), email(address)]))
    }
}

/// As it is written; in international form, with and without its extension; and as the portal keeps
/// `+8 912 …` and `912 …`.
fn phone_forms(phone: &str) -> Vec<String> {
    let Phone { number, extension, .. } = Phone::read(phone);
    let mut forms = vec![phone.to_owned(), format!("+{number}"), format!("+{number}{extension}")];
    if let Some(rest) = number.strip_prefix('7').filter(|rest| rest.len() == 10) {
        forms.extend([format!("+8{rest}"), rest.to_owned()]);
    }
    forms
}

fn unique(values: impl Iterator<Item = String>) -> Vec<String> {
    let mut unique = Vec::new();
    for value in values {
        if !unique.contains(&value) {
            unique.push(value);
        }
    }
    unique
}

fn has_digits(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_digit())
}

fn reaches(a: &str, b: &str) -> bool {
    has_digits(a) && Phone::read(a).reaches(&Phone::read(b))
}

/// What is known of one: the objects that the portal names for its phones and e-mails, whether they
/// [meet](ContactPoints::matches) it or not; or why the portal does not look for them.
pub type Found = Result<Vec<Object>, ApiError>;

/// For each of `wanted` what the portal found.
pub fn find_by_contact(
    gate: &mut Client<'_>,
    kind: Kind,
    wanted: &[ContactPoints],
) -> Result<Vec<Found>, CallError> {
    let (commands, owners) = questions(kind, wanted);
    let mut candidates: Vec<Result<BTreeSet<i64>, ApiError>> =
        vec![Ok(BTreeSet::new()); wanted.len()];
    let answers = match query_each(gate, &commands) {
        // Perhaps one of them is to blame.
        Err(CallError::UnknownOutcome(_)) => {
            commands.iter().map(|command| ask_alone(gate, command)).collect::<Result<_, _>>()?
        }
        answers => answers?,
    };
    for (owner, answer) in owners.into_iter().zip(answers) {
        let ids = match answer {
            Ok(answer) => ids(kind, &answer).ok_or_else(|| {
                CallError::unknown_outcome(
                    "crm.duplicate.findbycomm answered with something else than ids",
                )
            })?,
            Err(refusal) => {
                candidates[owner] = Err(refusal);
                continue;
            }
        };
        if let Ok(known) = &mut candidates[owner] {
            known.extend(ids);
        }
    }
    let all: BTreeSet<i64> = candidates.iter().flatten().flatten().copied().collect();
    let objects = by_id(gate, kind, &all.into_iter().collect::<Vec<_>>())?;
    let found = candidates
        .into_iter()
        .map(|ids| Ok(ids?.iter().filter_map(|id| objects.get(id).cloned()).collect()));
    Ok(found.collect())
}

/// A question that a portal never answers, though it answers others, concerns one record.
fn ask_alone(
    gate: &mut Client<'_>,
    command: &Command,
) -> Result<Result<Value, ApiError>, CallError> {
    match query_each(gate, std::slice::from_ref(command)) {
        Err(CallError::UnknownOutcome(reason)) if gate.read("server.time", &json!({})).is_ok() => {
            Ok(Err(ApiError::new(FailureCode::NoAnswer.name(), reason.to_string())))
        }
        answers => answers.map(|mut answers| answers.remove(0)),
    }
}

/// The questions, and of each the place in `wanted` of whom it is about.
fn questions(kind: Kind, wanted: &[ContactPoints]) -> (Vec<Command>, Vec<usize>) {
    let entity = kind.crm_entity().to_uppercase();
    let mut commands = Vec::new();
    let mut owners = Vec::new();
    for (owner, reach) in wanted.iter().enumerate() {
        for (by, values) in [("PHONE", reach.phone_forms()), ("EMAIL", reach.email_forms())] {
            for values in values.chunks(VALUES) {
                let params = json!({"type": by, "values": values, "entity_type": entity});
                let name = format!("q{}", commands.len());
                commands.push(Command::new(name, "crm.duplicate.findbycomm", params));
                owners.push(owner);
            }
        }
    }
    (commands, owners)
}

/// Nothing found comes as an empty list. Whatever else is no list of ids must not look so.
fn ids(kind: Kind, answer: &Value) -> Option<Vec<i64>> {
    match answer {
        Value::Array(none) => none.is_empty().then(Vec::new),
        Value::Object(found) => match found.get(&kind.crm_entity().to_uppercase()) {
            Some(ids) => ids.as_array()?.iter().map(object_id).collect(),
            None => Some(Vec::new()),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// Those of them that stood there without us. Another guest of ours may share the phone: that is
/// nobody's doubt.
pub fn not_ours(mut found: Vec<Object>, originator: &str) -> Vec<Object> {
    found.retain(|object| object.originator != originator);
    found
}

/// The one of them that carries the same name and nobody's origin, and has one of the phones or
/// e-mails.
pub fn unique_name_match<'o>(
    label: &str,
    reach: &ContactPoints,
    found: &'o [Object],
) -> Option<&'o Object> {
    let mut same = found.iter().filter(|object| {
        object.origin.is_empty() && reach.matches(object) && is_called(label, &object.name)
    });
    same.next().filter(|_| same.next().is_none())
}

/// Whether a card bears this last name or title. One without any name is nobody's.
pub fn is_called(label: &str, name: &str) -> bool {
    !label.trim().is_empty() && same_name(label, name)
}

/// The last names or titles agree, whatever their case.
pub fn same_name(a: &str, b: &str) -> bool {
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    plain(a) == plain(b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crm::answers::asked_of;
    use crate::mapping::multifield::MultifieldRow;
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
            assert_eq!(unique(phone_forms(abroad_or_short).into_iter()), [abroad_or_short]);
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
        let others =
            OwnedValues { phones: vec!["+79001234567".into()], emails: vec!["a@x.ru".into()] };
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
                result["result"][name] =
                    if is_list { json!([card]) } else { json!({"CONTACT": [7]}) };
            }
            Ok(Response { result, time: Value::Null })
        }
    }

    #[test]
    fn a_question_that_is_never_answered_leaves_the_others_their_answers() {
        let wanted = ["+71", "+72"]
            .map(|phone| ContactPoints { phones: vec![phone.into()], emails: Vec::new() });
        let found =
            asked_of(&mut Mute, |gate| find_by_contact(gate, Kind::Guest, &wanted)).unwrap();
        assert_eq!(found[0].as_ref().unwrap_err().code, FailureCode::NoAnswer.name());
        let named: Vec<i64> =
            found[1].as_ref().unwrap().iter().map(|object| object.crm_id).collect();
        assert_eq!(named, [7]);
    }

    #[test]
    fn a_question_that_is_refused_concerns_nobody_but_whom_it_was_about() {
        let wanted = ["+71", "+72"]
            .map(|phone| ContactPoints { phones: vec![phone.into()], emails: Vec::new() });
        let found =
            asked_of(&mut Stubborn, |gate| find_by_contact(gate, Kind::Guest, &wanted)).unwrap();
        assert_eq!(found[0], Ok(Vec::new()));
        assert_eq!(found[1].as_ref().unwrap_err().text, "no");
    }

    #[test]
    fn names_are_compared_without_regard_to_case_and_blanks() {
        assert!(same_name(" ПРИХОДЬКО ", "Приходько"));
        assert!(!same_name("Приходько", "Приходченко"));
    }
}
