//! The questions to the portal: one command for each dictionary of which the configuration names a
//! value, all in one batch.

use std::collections::BTreeSet;

use serde_json::json;

use super::fields as own_fields;
use crate::config::Config;
use crate::domain::record::Kind;
use crate::portal::batch::Command;
use crate::sync::preflight::config_check::responses::Responses;

/// The names of the questions.
pub(super) const HONORIFICS: &str = "honorifics";
pub(super) const CONTACT_TYPES: &str = "contact_types";
pub(super) const SOURCES: &str = "sources";
pub(super) const FUNNELS: &str = "funnels";
pub(super) const CURRENCIES: &str = "currencies";

/// The name of the question for a kind's fields.
pub(super) fn fields_of(kind: Kind) -> String {
    format!("fields_{}", kind.crm_entity())
}

/// The name of the question for the stages of a funnel.
pub(super) fn stages_of(funnel: u64) -> String {
    format!("stages_{funnel}")
}

/// The name of the question for a user.
pub(super) fn user(id: u64) -> String {
    format!("user_{id}")
}

/// The name of the question for a dictionary that a field takes its values from.
pub(super) fn dictionary(entity: &str) -> String {
    format!("dictionary_{entity}")
}

/// The first batch: all questions but those that depend on its answers.
pub(super) fn first_queries(config: &Config) -> Vec<Command> {
    let funnels = config.deal.funnels();
    let mut commands = vec![statuses(CONTACT_TYPES, "CONTACT_TYPE")];
    commands.extend(funnels.iter().map(|funnel| stages(*funnel)));
    if config.contact.honorific.iter().any(|honorific| !honorific.is_empty()) {
        commands.push(statuses(HONORIFICS, "HONORIFIC"));
    }
    if sources(config).next().is_some() {
        commands.push(statuses(SOURCES, "SOURCE"));
    }
    commands.push(currencies());
    if funnels.iter().any(|funnel| *funnel != 0) {
        commands.push(all_funnels());
    }
    for kind in Kind::SEND_ORDER {
        if !own_fields::configured_fields(config, kind).is_empty() {
            commands.push(fields(kind));
        }
    }
    let users: BTreeSet<u64> = users(config).map(|(_, id)| id).collect();
    for id in users {
        commands.push(Command::new(user(id), "user.get", json!({"ID": id})));
    }
    commands
}

/// The stages of a funnel.
pub(super) fn stages(funnel: u64) -> Command {
    match funnel {
        0 => statuses(&stages_of(0), "DEAL_STAGE"),
        funnel => statuses(&stages_of(funnel), &format!("DEAL_STAGE_{funnel}")),
    }
}

pub(super) fn currencies() -> Command {
    Command::new(CURRENCIES, "crm.currency.list", json!({}))
}

/// All funnels of deals.
pub(super) fn all_funnels() -> Command {
    let deals = json!({"entityTypeId": Kind::Booking.entity_type_id()});
    Command::new(FUNNELS, "crm.category.list", deals)
}

/// The fields of a kind.
pub(super) fn fields(kind: Kind) -> Command {
    Command::new(fields_of(kind), kind.method("fields"), json!({}))
}

/// The second batch, mostly empty: the dictionaries that configured fields take their values from.
pub(super) fn dependent_queries(config: &Config, answers: &Responses) -> Vec<Command> {
    let mut commands = Vec::new();
    for entity in own_fields::dictionaries(config, answers) {
        commands.push(statuses(&dictionary(&entity), &entity));
    }
    commands
}

/// The configured sources with their keys.
pub(super) fn sources(config: &Config) -> impl Iterator<Item = (&'static str, &str)> {
    let Config { contact, company, deal, .. } = config;
    [
        ("[contact] source_id", &contact.source_id),
        ("[company] source_id", &company.source_id),
        ("[deal] source_id", &deal.source_id),
    ]
    .into_iter()
    .filter_map(|(key, source)| Some((key, source.as_deref()?)))
    .filter(|(_, source)| !source.is_empty())
}

/// The configured users with their keys.
pub(super) fn users(config: &Config) -> impl Iterator<Item = (&'static str, u64)> {
    let Config { contact, company, deal, .. } = config;
    [
        ("[contact] assigned_by_id", contact.assigned_by_id),
        ("[company] assigned_by_id", company.assigned_by_id),
        ("[deal] assigned_by_id", deal.assigned_by_id),
    ]
    .into_iter()
    .filter_map(|(key, user)| Some((key, user?)))
}

fn statuses(name: &str, entity: &str) -> Command {
    Command::new(
        name,
        "crm.status.list",
        json!({"order": {"SORT": "ASC"}, "filter": {"ENTITY_ID": entity}}),
    )
}
