//! The trials: each does what a run does, and looks at what came of it.

use serde_json::json;

use super::PortalAssumption;
use crate::commands::check::probe::trial_objects::{PHONE, TrialObjects, departure};
use crate::crm::diff::values_equal;
use crate::domain::record::Kind;
use crate::portal::CallError;

/// Tells whether an assumption holds.
type Trial = fn(&mut TrialObjects<'_, '_>) -> Result<bool, CallError>;

/// What is tried on the cards, in an order in which no trial spoils the next.
pub(super) const TRIALS: [(PortalAssumption, Trial); 8] = [
    (PortalAssumption::Origin, origin),
    (PortalAssumption::Comments, comments),
    (PortalAssumption::Address, address),
    (PortalAssumption::Phones, phones),
    (PortalAssumption::ClosingDate, closing_date),
    (PortalAssumption::UnknownStage, unknown_stage),
    (PortalAssumption::Unbinding, unbinding),
    (PortalAssumption::Import, |objects| objects.import()),
];

fn origin(objects: &mut TrialObjects<'_, '_>) -> Result<bool, CallError> {
    let made = [
        (Kind::Guest, objects.contact),
        (Kind::Company, objects.company),
        (Kind::Booking, objects.deal),
    ];
    for (kind, id) in made {
        if objects.find_made(kind)? != [id] || !objects.find(kind, Some("prob"))?.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}

fn comments(objects: &mut TrialObjects<'_, '_>) -> Result<bool, CallError> {
    reads_as_sent(objects, &["COMMENTS"])
}

fn address(objects: &mut TrialObjects<'_, '_>) -> Result<bool, CallError> {
    reads_as_sent(objects, &["ADDRESS_COUNTRY", "ADDRESS_PROVINCE", "ADDRESS_CITY"])
}

fn reads_as_sent(objects: &mut TrialObjects<'_, '_>, fields: &[&str]) -> Result<bool, CallError> {
    let stored = objects.get(Kind::Guest, objects.contact)?;
    let sent = objects.contact_fields();
    Ok(fields.iter().all(|field| values_equal(field, None, &sent[*field], &stored[*field])))
}

fn phones(objects: &mut TrialObjects<'_, '_>) -> Result<bool, CallError> {
    let rows = objects.get(Kind::Guest, objects.contact)?["PHONE"].clone();
    let Some(row) = rows.as_array().into_iter().flatten().find(|row| row["VALUE"] == PHONE) else {
        return Ok(false);
    };
    let wanted = "+70000000001";
    let change = json!([{"ID": row["ID"], "VALUE": wanted, "VALUE_TYPE": "WORK"}]);
    objects.update(Kind::Guest, objects.contact, &json!({"PHONE": change}))?;
    let rows = objects.get(Kind::Guest, objects.contact)?["PHONE"].clone();
    Ok(rows.as_array().is_some_and(|rows| rows.len() == 1 && rows[0]["VALUE"] == wanted))
}

fn closing_date(objects: &mut TrialObjects<'_, '_>) -> Result<bool, CallError> {
    objects.update(Kind::Booking, objects.deal, &json!({"CLOSEDATE": departure()}))?;
    let stored = objects.get(Kind::Booking, objects.deal)?;
    Ok(values_equal("CLOSEDATE", None, &departure(), &stored["CLOSEDATE"]))
}

fn unknown_stage(objects: &mut TrialObjects<'_, '_>) -> Result<bool, CallError> {
    let before = objects.get(Kind::Booking, objects.deal)?["STAGE_ID"].clone();
    match objects.update(Kind::Booking, objects.deal, &json!({"STAGE_ID": "NO_SUCH_STAGE"})) {
        Ok(_) | Err(CallError::Refused(_)) => {}
        Err(error) => return Err(error),
    }
    Ok(objects.get(Kind::Booking, objects.deal)?["STAGE_ID"] == before)
}

fn unbinding(objects: &mut TrialObjects<'_, '_>) -> Result<bool, CallError> {
    objects.update(Kind::Booking, objects.deal, &json!({"CONTACT_IDS": ""}))?;
    let bound = objects.ask("crm.deal.contact.items.get", json!({"id": objects.deal}))?;
    Ok(bound.as_array().is_some_and(Vec::is_empty))
}
