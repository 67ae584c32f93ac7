//! What has to hold after every run, whatever came over the wire and stood in the mirror.

use std::collections::{BTreeMap, BTreeSet};

use bitrix24_sandbox::{Kind as Entity, Portal, Record};
use ecvi_b24::commands::status::Status;
use ecvi_b24::domain::run_error::Outcome;
use ecvi_b24::state::State;
use ecvi_b24::sync::run_report::RunReport;

use crate::hotel::{Hotel, SECRET};
use crate::log_lines;

const OURS: &str = "ECVI";
/// Fields in which two equal histories may differ.
const FLEETING: [&str; 6] =
    ["ID", "DATE_CREATE", "DATE_MODIFY", "LAST_ACTIVITY_TIME", "MOVED_TIME", "COMPANY_ID"];

/// What the run says of itself, aloud, in the log and in `status`.
pub(crate) fn after_run(hotel: &Hotel, ended: &RunReport) -> Result<(), String> {
    if let Some(line) = log_lines::told() {
        return Err(format!("a line of the log tells too much: {line}"));
    }
    let state = State::open_readonly(&hotel.config.state).map_err(|error| format!("{error:#}"))?;
    let status = Status::collect(&hotel.config, &state, None, hotel.clock.now())
        .map_err(|error| format!("no status: {error:#}"))?;
    let document = serde_json::to_string(&status).map_err(|error| error.to_string())?;
    let told = format!(
        "{:?} {:?} {document} {}",
        ended.message,
        ended.failures,
        status.render(&hotel.config, true, hotel.clock.now())
    );
    if told.contains(SECRET) {
        return Err(format!("the secret is told: {told}"));
    }
    let issues = status.failures.iter().chain(&status.warnings).chain(&status.waiting);
    if let Some(issue) = issues.into_iter().find(|issue| issue.code.known().is_none()) {
        return Err(format!("a failure without a code: {issue:?}"));
    }
    let run = status.last_run.as_ref().ok_or("the run stands nowhere")?;
    if run.outcome != Some(ended.outcome.into()) {
        return Err(format!(
            "status says {:?} of a run that ended {:?}",
            run.outcome, ended.outcome
        ));
    }
    match ended.outcome {
        Outcome::Ok if ended.counts.failed > 0 => Err("ok, though records failed".into()),
        Outcome::Partial if ended.counts.failed == 0 && ended.message.is_none() => {
            Err("partial, and nobody says why".into())
        }
        Outcome::Failed | Outcome::Refused | Outcome::Interrupted if ended.message.is_none() => {
            Err("an early end without a word".into())
        }
        _ => Ok(()),
    }
}

/// Nothing stands there twice, and what is not ours stands there as it did.
pub(crate) fn at_portal(portal: &Portal, before: &[String]) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for (entity, record) in ours(portal) {
        if !seen.insert((entity, record.text("ORIGIN_ID").to_owned())) {
            return Err(format!("{entity:?} {} stands there twice", record.text("ORIGIN_ID")));
        }
    }
    let now = strangers(portal);
    if now == before { Ok(()) } else { Err(format!("foreign objects were touched: {now:?}")) }
}

fn all(portal: &Portal) -> impl Iterator<Item = (Entity, &Record)> {
    Entity::ALL
        .into_iter()
        .flat_map(|entity| portal.records(entity).map(move |record| (entity, record)))
}

fn ours(portal: &Portal) -> impl Iterator<Item = (Entity, &Record)> {
    all(portal).filter(|(_, record)| record.text("ORIGINATOR_ID") == OURS)
}

/// Everything that is not ours.
pub(crate) fn strangers(portal: &Portal) -> Vec<String> {
    all(portal)
        .filter(|(_, record)| record.text("ORIGINATOR_ID") != OURS)
        .map(|(entity, record)| format!("{entity:?} {record:?}"))
        .collect()
}

/// Our objects by kind and origin, with all that stands in them.
pub(crate) fn snapshot(portal: &Portal) -> BTreeMap<(Entity, String), String> {
    let line = |(entity, record): (Entity, &Record)| {
        // An address that lost every part stays, so it does not count.
        let counts = |name: &str| !FLEETING.contains(&name) && !name.starts_with("ADDRESS");
        let fields = record.fields().filter(|(name, value)| counts(name) && !value.is_blank());
        let fields: Vec<String> =
            fields.map(|(name, value)| format!("{name}={}", value.text())).collect();
        let reach: BTreeSet<String> =
            record.rows.iter().map(|row| format!("{}={}", row.type_id, row.value)).collect();
        let people: Vec<String> =
            record.link_ids().into_iter().map(|id| origin(portal, Entity::Contact, id)).collect();
        let company = record.field("COMPANY_ID").text().parse();
        let company = company.map_or(String::new(), |id| origin(portal, Entity::Company, id));
        (
            (entity, record.text("ORIGIN_ID").to_owned()),
            format!("{fields:?} {reach:?} {people:?} {company}"),
        )
    };
    ours(portal).map(line).collect()
}

fn origin(portal: &Portal, entity: Entity, id: u64) -> String {
    portal.get(entity, id).map_or(String::new(), |record| record.text("ORIGIN_ID").to_owned())
}

/// Everything that stands in `wanted` stands in `found`, and equal.
pub(crate) fn same(
    wanted: &BTreeMap<(Entity, String), String>,
    found: &BTreeMap<(Entity, String), String>,
) -> Result<(), String> {
    for (object, line) in wanted {
        let there = found.get(object);
        if there != Some(line) {
            return Err(format!("{object:?} is\n     {there:?}, not\n     {line}"));
        }
    }
    Ok(())
}
