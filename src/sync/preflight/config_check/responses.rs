//! The portal's answers. Ids and flags may be texts, numbers or booleans.

use std::collections::BTreeMap;

use serde_json::Value;

use super::is_fatal;
use crate::portal::batch::{Command, Reply};
use crate::portal::{ApiError, CallError};

/// Something that exists in the portal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PortalOption {
    /// What the configuration would name.
    pub id: String,
    /// What people read in the portal.
    pub name: String,
    /// `S` or `F` where a stage ends a deal.
    pub semantics: Option<String>,
}

/// The answers by the name of their question; the portal's own text where it refused one.
#[derive(Clone, Debug, Default)]
pub(super) struct Responses(BTreeMap<String, Result<Value, String>>);

impl Responses {
    /// Reads the replies.
    ///
    /// # Errors
    /// A refusal that concerns the whole webhook, or a question without an answer.
    pub(super) fn read(
        commands: &[Command],
        replies: &BTreeMap<String, Reply>,
    ) -> Result<Responses, CallError> {
        let mut answers = BTreeMap::new();
        for command in commands {
            let answer = match replies.get(&command.name) {
                Some(Reply::Ok(value)) => Ok(value.clone()),
                Some(Reply::Err(refusal)) => Err(reason(&command.method, refusal)?),
                Some(Reply::Missing) | None => {
                    return Err(CallError::unknown_outcome(format!(
                        "no answer to {}",
                        command.method
                    )));
                }
            };
            answers.insert(command.name.clone(), answer);
        }
        Ok(Responses(answers))
    }

    pub(super) fn extend(&mut self, other: Responses) {
        self.0.extend(other.0);
    }

    /// The answer to a question; an error where it was refused or not asked.
    pub(super) fn get(&self, name: &str) -> Result<&Value, &str> {
        match self.0.get(name) {
            Some(Ok(value)) => Ok(value),
            Some(Err(words)) => Err(words),
            None => Err("not asked"),
        }
    }

    /// The rows of a dictionary.
    pub(super) fn statuses(&self, name: &str) -> Result<Vec<PortalOption>, &str> {
        let rows = rows(self.get(name)?);
        Ok(rows.map(|row| choice(row, "STATUS_ID", "NAME")).collect())
    }

    pub(super) fn currencies(&self, name: &str) -> Result<Vec<PortalOption>, &str> {
        let rows = rows(self.get(name)?);
        Ok(rows.map(|row| choice(row, "CURRENCY", "FULL_NAME")).collect())
    }

    /// The users who are still there, by their names.
    pub(super) fn users(&self, name: &str) -> Result<Vec<PortalOption>, &str> {
        let rows = rows(self.get(name)?);
        let active = rows.filter(|row| row.get("ACTIVE").is_none_or(parse_flag));
        Ok(active.map(user_choice).collect())
    }

    /// How many of the objects of one page do not carry this mark.
    pub(super) fn unmarked(&self, name: &str, originator: &str) -> Result<usize, &str> {
        let rows = rows(self.get(name)?);
        Ok(rows.filter(|row| words(&row["ORIGINATOR_ID"]) != originator).count())
    }

    /// The funnels that the webhook's user sees.
    pub(super) fn funnels(&self, name: &str) -> Result<Vec<PortalOption>, &str> {
        let rows = rows(&self.get(name)?["categories"]);
        Ok(rows.map(|row| choice(row, "id", "name")).collect())
    }

    /// Whether a user is active; none where there is no such user.
    pub(super) fn user(&self, name: &str, id: u64) -> Result<Option<bool>, &str> {
        let users = self.get(name)?;
        let id = id.to_string();
        match rows(users).find(|row| words(&row["ID"]) == id) {
            Some(user) => Ok(Some(user.get("ACTIVE").is_none_or(parse_flag))),
            None if rows(users).next().is_none() => Ok(None),
            // A page of all users: the portal did not understand the filter.
            None => Err("other users were listed"),
        }
    }
}

/// Why a question has no answer. A right that the webhook lacks is no error where the program works
/// without it.
fn reason(method: &str, refusal: &ApiError) -> Result<String, CallError> {
    let optional =
        method.starts_with("user.") && refusal.code.eq_ignore_ascii_case("insufficient_scope");
    if !optional && is_fatal(refusal.class()) {
        return Err(CallError::Refused(refusal.clone()));
    }
    Ok(refusal.to_string())
}

fn choice(row: &Value, id: &str, name: &str) -> PortalOption {
    let semantics = row.get("SEMANTICS").and_then(Value::as_str).map(str::to_owned);
    PortalOption { id: words(&row[id]), name: words(&row[name]), semantics }
}

fn user_choice(row: &Value) -> PortalOption {
    let names = ["LAST_NAME", "NAME"].map(|key| words(&row[key]));
    PortalOption { id: words(&row["ID"]), name: names.join(" ").trim().to_owned(), semantics: None }
}

fn rows(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// A scalar as text; null is empty.
pub(super) fn words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// A flag in any of the portal's spellings.
pub(super) fn parse_flag(value: &Value) -> bool {
    matches!(words(value).as_str(), "true" | "Y" | "y" | "1")
}
