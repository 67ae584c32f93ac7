//! What a portal has that a configuration could name: for `init`.

use std::collections::BTreeMap;

use serde_json::json;

use super::queries::{
    CURRENCIES, FUNNELS, all_funnels, currencies, fields, fields_of, stages, stages_of,
};
use super::responses::{PortalOption, Responses};
use super::{ask, fields as own_fields};
use crate::domain::per_kind::PerKind;
use crate::domain::record::Kind;
use crate::portal::CallError;
use crate::portal::batch::Command;
use crate::portal::client::Client;

/// A portal shows so many users on a page.
const USERS_ON_A_PAGE: usize = 50;
/// Users after the last of these pages cannot be chosen by name, only by number.
const USER_PAGES: usize = 4;

/// What a portal has. What it does not tell is empty.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct PortalOptions {
    /// The funnels of deals.
    pub funnels: Vec<PortalOption>,
    /// The stages of each funnel, in the order of the portal.
    pub stages: BTreeMap<u64, Vec<PortalOption>>,
    /// The currencies that the portal has.
    pub currencies: Vec<PortalOption>,
    /// The users, where the webhook may list them.
    pub users: Vec<PortalOption>,
    /// The custom fields that a column of the mirror can fill.
    pub custom_fields: PerKind<Vec<PortalOption>>,
    /// Of the oldest fifty cards, how many are not ours. There are no deals among them.
    pub strangers: PerKind<usize>,
}

/// Asks a portal what it has. `originator` is the mark of our own cards.
///
/// # Errors
/// The portal cannot be asked at all. What one question is refused for leaves its answer empty.
pub fn fetch_options(
    client: &mut Client<'_>,
    originator: &str,
) -> Result<PortalOptions, CallError> {
    let mut answers = ask(client, &first_queries())?;
    let funnels = funnels(&answers);
    let numbers: Vec<u64> = funnels.iter().filter_map(|funnel| funnel.id.parse().ok()).collect();
    let stage_queries: Vec<Command> = numbers.iter().map(|funnel| stages(*funnel)).collect();
    answers.extend(ask(client, &stage_queries)?);
    let mut stages = BTreeMap::new();
    for funnel in numbers {
        stages.insert(funnel, answers.statuses(&stages_of(funnel)).unwrap_or_default());
    }
    Ok(PortalOptions {
        funnels,
        stages,
        currencies: answers.currencies(CURRENCIES).unwrap_or_default(),
        users: users(&answers),
        custom_fields: PerKind::from_fn(|kind| custom_fields(kind, &answers)),
        strangers: PerKind::from_fn(|kind| {
            answers.unmarked(&strangers_of(kind), originator).unwrap_or_default()
        }),
    })
}

fn first_queries() -> Vec<Command> {
    let mut commands = vec![all_funnels(), currencies()];
    commands.extend(Kind::SEND_ORDER.map(fields));
    for page in 0..USER_PAGES {
        let params = json!({"FILTER": {"ACTIVE": "Y"}, "start": page * USERS_ON_A_PAGE});
        commands.push(Command::new(users_on(page), "user.get", params));
    }
    for kind in [Kind::Guest, Kind::Company] {
        let method = kind.method("list");
        let params =
            json!({"select": ["ID", "ORIGINATOR_ID"], "order": {"ID": "ASC"}, "start": -1});
        commands.push(Command::new(strangers_of(kind), method, params));
    }
    commands
}

fn users_on(page: usize) -> String {
    format!("users_{page}")
}

fn strangers_of(kind: Kind) -> String {
    format!("strangers_{}", kind.crm_entity())
}

/// The general funnel always exists, also where the webhook's user sees no funnel.
fn funnels(answers: &Responses) -> Vec<PortalOption> {
    let funnels = answers.funnels(FUNNELS).unwrap_or_default();
    if funnels.is_empty() {
        return vec![PortalOption { id: "0".into(), name: String::new(), semantics: None }];
    }
    funnels
}

/// Users by their names, each once: after its last page a portal may show the first one again.
fn users(answers: &Responses) -> Vec<PortalOption> {
    let mut users: BTreeMap<String, PortalOption> = BTreeMap::new();
    for page in 0..USER_PAGES {
        for user in answers.users(&users_on(page)).unwrap_or_default() {
            users.insert(user.id.clone(), user);
        }
    }
    let mut users: Vec<PortalOption> = users.into_values().collect();
    users.sort_by_key(|user| user.name.to_lowercase());
    users
}

fn custom_fields(kind: Kind, answers: &Responses) -> Vec<PortalOption> {
    let Ok(told) = answers.get(&fields_of(kind)) else { return Vec::new() };
    let mut choices = own_fields::choices(kind, told);
    choices.retain(|field| field.id.starts_with("UF_"));
    choices
}
