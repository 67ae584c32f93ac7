//! The configuration beside the portal's answers. Pure: the same answers give the same findings.

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
    // The stages of a funnel that is not there are not there either.
    if !no_funnel {
        found.extend(stages(&config.deal, answers));
    }
    found.extend(sources(config).filter_map(|(key, source)| {
        let told = answers.statuses(SOURCES);
        check_member(key, source, SettingKind::Source, told)
    }));
    found.extend(users(config).filter_map(|(key, id)| responsible(key, id, answers)));
    for kind in Kind::SEND_ORDER {
        let fields = configured_fields(config, kind).into_iter();
        found.extend(fields.filter_map(|configured| field(kind, &configured, answers)));
    }
    found
}

fn people(config: &Config, answers: &Responses) -> Vec<Finding> {
    let [male, female] = &config.contact.honorific;
    let honorifics = [("[contact] honorific M", male), ("[contact] honorific F", female)];
    let honorifics = honorifics.into_iter().filter(|(_, honorific)| !honorific.is_empty());
    let found = honorifics.filter_map(|(key, honorific)| {
        check_member(key, honorific, SettingKind::Honorific, answers.statuses(HONORIFICS))
    });
    let kind = check_member(
        "TYPE_ID",
        contact::TYPE,
        SettingKind::ContactType,
        answers.statuses(CONTACT_TYPES),
    );
    found.chain(kind).collect()
}

fn funnels(deal: &DealConfig, answers: &Responses) -> Vec<Finding> {
    let named = deal.funnels().into_iter().filter(|funnel| *funnel != 0);
    let finding = |funnel: u64| {
        // A stage may name a funnel of its own.
        let of = |status: &BookingStatus| deal.funnel(*status) == funnel;
        let status = BookingStatus::ALL.into_iter().find(of).filter(|_| deal.funnels().len() > 1);
        let key = status.map_or("[deal] category_id".into(), |status| {
            format!("[deal.stages] {}", status.word())
        });
        check_member(&key, &funnel.to_string(), SettingKind::Funnel, answers.funnels(FUNNELS))
    };
    named.filter_map(finding).collect()
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
    let stage = |status: BookingStatus| {
        let key = format!("[deal.stages] {}", status.word());
        let value = deal.stage(status).0;
        let told = answers.statuses(&stages_of(deal.funnel(status)));
        check_member(&key, value, SettingKind::Stage, told.clone())
            .or_else(|| check_stage_outcome(&key, value, status, &told.ok()?))
    };
    BookingStatus::ALL.into_iter().filter_map(stage).collect()
}

/// A stay that is over belongs on a stage that ends the deal.
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
    let is_wanted = |stage: &&PortalOption| stage.semantics.as_deref() == Some(wanted);
    let fine = stages.iter().filter(is_wanted).any(|stage| stage.id == value);
    let choices = stages.iter().filter(is_wanted).cloned().collect();
    (!fine).then(|| Finding {
        key: key.into(),
        value: value.into(),
        what: SettingKind::Stage,
        problem,
        choices,
    })
}

/// What is wrong with a value that should be one of the portal's.
fn check_member(
    key: &str,
    value: &str,
    what: SettingKind,
    told: Result<Vec<PortalOption>, &str>,
) -> Option<Finding> {
    let (problem, choices) = match told {
        Ok(choices) if choices.iter().any(|choice| choice.id == value) => return None,
        Ok(choices) => (Problem::Absent, choices),
        Err(words) => (Problem::Unchecked(words.to_owned()), Vec::new()),
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
    let ConfiguredField { section, name, value, types } = field;
    let finding = |problem, choices| {
        let key = format!("{section} {name}");
        let value = (*value).to_owned();
        Some(Finding { key, value, what: SettingKind::Field, problem, choices })
    };
    let told = match answers.get(&fields_of(kind)) {
        Ok(told) => told,
        Err(words) => return finding(Problem::Unchecked(words.to_owned()), Vec::new()),
    };
    let Some(meta) = told.get(*name) else { return finding(Problem::Absent, choices(kind, told)) };
    match portal_type(meta) {
        _ if parse_flag(&meta["isReadOnly"]) => finding(Problem::ReadOnly, choices(kind, told)),
        form if is_unfillable(&form) => finding(Problem::Unfillable(form), choices(kind, told)),
        form if !types.is_empty() && !types.contains(&form.as_str()) => {
            finding(Problem::Unfit { is: form, fit: types.join(", ") }, Vec::new())
        }
        _ => None,
    }
}
