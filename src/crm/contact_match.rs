//! Finds people and companies by phone and e-mail: those that were in the CRM before this program,
//! and those whose object was merged into another one.
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
const MAX_VALUES: usize = 20;

/// Phones and e-mails to look for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ContactPoints {
    /// Phone numbers in any spelling.
    pub phones: Vec<String>,
    /// E-mail addresses in any spelling.
    pub emails: Vec<String>,
}

impl ContactPoints {
    /// The phones and e-mails of a guest or a company by which the configuration says to look.
    pub fn of(body: &Entity, by: &[MatchBy]) -> ContactPoints {
        let (phones, emails) = match body {
            Entity::Guest(guest) => (&guest.phones, &guest.emails),
            Entity::Company(company) => (&company.phones, &company.emails),
            Entity::Booking(_) => return ContactPoints::default(),
        };
        let mut points = ContactPoints::default();
        if by.contains(&MatchBy::Phone) {
            points.phones.clone_from(phones);
        }
        if by.contains(&MatchBy::Email) {
            points.emails.clone_from(emails);
        }
        points.searchable()
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

    /// Leaves out the phones and e-mails that `others` has too, in any spelling.
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
        for row in &object.emails {
            if self.emails.iter().any(|email| Values::Emails.mean_the_same(&row.value, email)) {
                return true;
            }
        }
        false
    }

    /// The values to ask for: every form that a spelling of the numbers may have in the portal.
    fn phone_forms(&self) -> Vec<String> {
        let mut forms = Vec::new();
        for phone in &self.phones {
            add_new(&mut forms, phone_forms(phone));
        }
        forms
    }

    fn email_forms(&self) -> Vec<String> {
        let mut forms = Vec::new();
        for address in &self.emails {
            add_new(&mut forms, vec![address.clone(), email(address)]);
        }
        forms
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

/// Adds the forms that are not there yet.
fn add_new(forms: &mut Vec<String>, more: Vec<String>) {
    for form in more {
        if !forms.contains(&form) {
            forms.push(form);
        }
    }
}

fn has_digits(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_digit())
}

fn reaches(a: &str, b: &str) -> bool {
    has_digits(a) && Phone::read(a).reaches(&Phone::read(b))
}

/// The objects that the portal names for some phones and e-mails, whether they really
/// [match](ContactPoints::matches) or not; or why the portal does not look for them.
pub type Found = Result<Vec<Object>, ApiError>;

/// What the portal found, for each of `wanted`.
pub fn find_by_contact(
    client: &mut Client<'_>,
    kind: Kind,
    wanted: &[ContactPoints],
) -> Result<Vec<Found>, CallError> {
    let candidates = find_candidates(client, kind, wanted)?;
    let mut all = BTreeSet::new();
    for ids in candidates.iter().flatten() {
        all.extend(ids);
    }
    let all: Vec<i64> = all.into_iter().collect();
    let objects = by_id(client, kind, &all)?;
    let mut found = Vec::new();
    for ids in candidates {
        found.push(ids.map(|ids| ids.iter().filter_map(|id| objects.get(id).cloned()).collect()));
    }
    Ok(found)
}

/// The ids that the portal names, for each of `wanted`.
fn find_candidates(
    client: &mut Client<'_>,
    kind: Kind,
    wanted: &[ContactPoints],
) -> Result<Vec<Result<BTreeSet<i64>, ApiError>>, CallError> {
    let (commands, owners) = questions(kind, wanted);
    let mut candidates = vec![Ok(BTreeSet::new()); wanted.len()];
    for (owner, answer) in owners.into_iter().zip(ask_all(client, &commands)?) {
        match answer {
            Ok(answer) => {
                let Some(ids) = ids(kind, &answer) else {
                    return Err(CallError::unknown_outcome(
                        "crm.duplicate.findbycomm answered with something else than ids",
                    ));
                };
                if let Ok(known) = &mut candidates[owner] {
                    known.extend(ids);
                }
            }
            Err(refusal) => candidates[owner] = Err(refusal),
        }
    }
    Ok(candidates)
}

/// The answers, in the order of the questions. Where a batch stays without an answer, one question
/// may be to blame, so each is asked alone.
fn ask_all(
    client: &mut Client<'_>,
    commands: &[Command],
) -> Result<Vec<Result<Value, ApiError>>, CallError> {
    match query_each(client, commands) {
        Err(CallError::UnknownOutcome(_)) => {
            commands.iter().map(|command| ask_alone(client, command)).collect()
        }
        answers => answers,
    }
}

/// A question that a portal never answers, though it answers others, concerns one record.
fn ask_alone(
    client: &mut Client<'_>,
    command: &Command,
) -> Result<Result<Value, ApiError>, CallError> {
    match query_each(client, std::slice::from_ref(command)) {
        Err(CallError::UnknownOutcome(reason))
            if client.read("server.time", &json!({})).is_ok() =>
        {
            Ok(Err(ApiError::new(FailureCode::NoAnswer.name(), reason.to_string())))
        }
        answers => answers.map(|mut answers| answers.remove(0)),
    }
}

/// The questions, and for each the index in `wanted` that it is about.
fn questions(kind: Kind, wanted: &[ContactPoints]) -> (Vec<Command>, Vec<usize>) {
    let entity = kind.crm_entity().to_uppercase();
    let mut commands = Vec::new();
    let mut owners = Vec::new();
    for (owner, points) in wanted.iter().enumerate() {
        for (by, values) in [("PHONE", points.phone_forms()), ("EMAIL", points.email_forms())] {
            for values in values.chunks(MAX_VALUES) {
                let params = json!({"type": by, "values": values, "entity_type": entity});
                let name = format!("q{}", commands.len());
                commands.push(Command::new(name, "crm.duplicate.findbycomm", params));
                owners.push(owner);
            }
        }
    }
    (commands, owners)
}

/// Nothing found comes as an empty list. None where the answer is no list of ids.
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

/// The objects that this program did not create. One of ours is no candidate: another guest of ours
/// may have the same phone.
pub fn not_ours(mut found: Vec<Object>, originator: &str) -> Vec<Object> {
    found.retain(|object| object.originator != originator);
    found
}

/// The object that has the same name, one of the phones or e-mails, and no origin; none where
/// several have.
pub fn unique_name_match<'o>(
    display_name: &str,
    points: &ContactPoints,
    found: &'o [Object],
) -> Option<&'o Object> {
    let mut unique = None;
    for object in found {
        let is_free = object.origin.is_empty();
        if is_free && points.matches(object) && is_called(display_name, &object.name) {
            if unique.is_some() {
                return None;
            }
            unique = Some(object);
        }
    }
    unique
}

/// Whether a card has this last name or title. A record without a name matches no card.
pub fn is_called(display_name: &str, card_name: &str) -> bool {
    !display_name.trim().is_empty() && same_name(display_name, card_name)
}

/// Whether two names agree, whatever their case and their blanks.
pub fn same_name(a: &str, b: &str) -> bool {
    let a = a.to_lowercase();
    let b = b.to_lowercase();
    a.split_whitespace().eq(b.split_whitespace())
}

#[cfg(test)]
mod tests;
