//! Compares the configuration with the portal's answers. Pure: the same answers give the same
//! findings.

use serde_json::Value;

use super::fields::{ConfiguredField, choices, configured_fields, is_unfillable, portal_type};
use super::finding::{Finding, Problem, SettingKind};
use crate::config::{Config, DealConfig};
use crate::domain::record::{BookingStatus, Kind};
use crate::mapping::contact;
use crate::sync::preflight::config_check::queries::{
    CONTACT_TYPES, CURRENCIES, FUNNELS, HONORIFICS, SOURCES, fields_of, sources, stages_of, user,
    users,
};
use crate::sync::preflight::config_check::responses::{PortalOption, Responses, parse_flag};

/// Everything that is wrong or could not be checked, in the order of the configuration.
pub(super) fn findings(config: &Config, answers: &Responses) -> Vec<Finding> {
    let mut found = people(config, answers);
    let funnels = funnels(&config.deal, answers);
    let no_funnel = funnels.iter().any(Finding::is_error);
    found.extend(funnels);
    found.extend(currency(&config.deal, answers));
    // A funnel that does not exist has no stages.
    if !no_funnel {
        found.extend(stages(&config.deal, answers));
    }
    for (key, source) in sources(config) {
        let choices = answers.statuses(SOURCES);
        found.extend(check_member(key, source, SettingKind::Source, choices));
    }
    for (key, id) in users(config) {
        found.extend(responsible(key, id, answers));
    }
    for kind in Kind::SEND_ORDER {
        for configured in configured_fields(config, kind) {
            found.extend(field(kind, &configured, answers));
        }
    }
    found
}

fn people(config: &Config, answers: &Responses) -> Vec<Finding> {
    let [male, female] = &config.contact.honorific;
    let mut found = Vec::new();
    for (key, value) in [("[contact] honorific M", male), ("[contact] honorific F", female)] {
        if !value.is_empty() {
            let choices = answers.statuses(HONORIFICS);
            found.extend(check_member(key, value, SettingKind::Honorific, choices));
        }
    }
    let types = answers.statuses(CONTACT_TYPES);
    found.extend(check_member("TYPE_ID", contact::TYPE, SettingKind::ContactType, types));
    found
}

fn funnels(deal: &DealConfig, answers: &Responses) -> Vec<Finding> {
    let funnels = deal.funnels();
    let has_several = funnels.len() > 1;
    let mut found = Vec::new();
    for funnel in funnels {
        if funnel == 0 {
            continue;
        }
        // A stage may name a funnel of its own.
        let status = BookingStatus::ALL.into_iter().find(|status| deal.funnel(*status) == funnel);
        let key = match status {
            Some(status) if has_several => format!("[deal.stages] {}", status.word()),
            Some(_) | None => "[deal] category_id".to_owned(),
        };
        let choices = answers.funnels(FUNNELS);
        found.extend(check_member(&key, &funnel.to_string(), SettingKind::Funnel, choices));
    }
    found
}

fn currency(deal: &DealConfig, answers: &Responses) -> Option<Finding> {
    check_member(
        "[deal] currency",
        &deal.currency,
        SettingKind::Currency,
        answers.currencies(CURRENCIES),
    )
}

fn stages(deal: &DealConfig, answers: &Responses) -> Vec<Finding> {
    let mut found = Vec::new();
    for status in BookingStatus::ALL {
        let key = format!("[deal.stages] {}", status.word());
        let (value, _) = deal.stage(status);
        let stages = answers.statuses(&stages_of(deal.funnel(status)));
        let finding = match (check_member(&key, value, SettingKind::Stage, stages.clone()), stages)
        {
            (None, Ok(stages)) => check_stage_outcome(&key, value, status, &stages),
            (finding, _) => finding,
        };
        found.extend(finding);
    }
    found
}

/// The stage of a stay that is over should end the deal.
fn check_stage_outcome(
    key: &str,
    value: &str,
    status: BookingStatus,
    stages: &[PortalOption],
) -> Option<Finding> {
    let (wanted, problem) = match status {
        BookingStatus::CheckedOut => ("S", Problem::NotSuccess),
        BookingStatus::Cancelled | BookingStatus::NoShow => ("F", Problem::NotFailure),
        BookingStatus::Temporary | BookingStatus::Confirmed | BookingStatus::CheckedIn => {
            return None;
        }
    };
    let mut choices = stages.to_vec();
    choices.retain(|stage| stage.semantics.as_deref() == Some(wanted));
    if choices.iter().any(|stage| stage.id == value) {
        return None;
    }
    let what = SettingKind::Stage;
    Some(Finding { key: key.into(), value: value.into(), what, problem, choices })
}

/// What is wrong with a value that should be one of the portal's.
fn check_member(
    key: &str,
    value: &str,
    what: SettingKind,
    choices: Result<Vec<PortalOption>, &str>,
) -> Option<Finding> {
    let (problem, choices) = match choices {
        Ok(choices) if choices.iter().any(|choice| choice.id == value) => return None,
        Ok(choices) => (Problem::Absent, choices),
        Err(reason) => (Problem::Unchecked(reason.to_owned()), Vec::new()),
    };
    Some(Finding { key: key.into(), value: value.into(), what, problem, choices })
}

fn responsible(key: &str, id: u64, answers: &Responses) -> Option<Finding> {
    let problem = match answers.user(&user(id), id) {
        Ok(Some(true)) => return None,
        Ok(Some(false)) => Problem::Dismissed,
        Ok(None) => Problem::Absent,
        Err(words) => Problem::Unchecked(words.to_owned()),
    };
    let key = key.to_owned();
    let value = id.to_string();
    Some(Finding { key, value, what: SettingKind::User, problem, choices: Vec::new() })
}

fn field(kind: Kind, field: &ConfiguredField<'_>, answers: &Responses) -> Option<Finding> {
    let ConfiguredField { section, name, value, .. } = field;
    let (problem, choices) = match answers.get(&fields_of(kind)) {
        Err(reason) => (Problem::Unchecked(reason.to_owned()), Vec::new()),
        Ok(fields) => match field_problem(field, fields)? {
            problem @ Problem::Unfit { .. } => (problem, Vec::new()),
            problem => (problem, choices(kind, fields)),
        },
    };
    let key = format!("{section} {name}");
    let value = (*value).to_owned();
    Some(Finding { key, value, what: SettingKind::Field, problem, choices })
}

/// What is wrong with a field, if anything; `fields` are all fields of the portal.
fn field_problem(field: &ConfiguredField<'_>, fields: &Value) -> Option<Problem> {
    let Some(meta) = fields.get(field.name) else { return Some(Problem::Absent) };
    if parse_flag(&meta["isReadOnly"]) {
        return Some(Problem::ReadOnly);
    }
    let portal_type = portal_type(meta);
    if is_unfillable(&portal_type) {
        return Some(Problem::Unfillable(portal_type));
    }
    if !field.types.is_empty() && !field.types.contains(&portal_type.as_str()) {
        return Some(Problem::Unfit { is: portal_type, fit: field.types.join(", ") });
    }
    None
}
