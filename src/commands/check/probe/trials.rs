//! The trials: each does what a run does and looks at what came of it.

use serde_json::json;

use super::PortalAssumption;
use crate::commands::check::probe::trial_objects::{PHONE, TrialObjects, departure};
use crate::crm::diff::values_equal;
use crate::domain::record::Kind;
use crate::portal::CallError;

/// Whether a rule holds.
type Trial = fn(&mut TrialObjects<'_, '_>) -> Result<bool, CallError>;

/// What is tried on the objects, in an order in which no trial spoils the next.
pub(super) const TRIALS: [(PortalAssumption, Trial); 8] = [
    (PortalAssumption::Origin, origin),
    (PortalAssumption::Comments, comments),
    (PortalAssumption::Address, address),
    (PortalAssumption::Phones, phones),
    (PortalAssumption::ClosingDate, closing_date),
    (PortalAssumption::UnknownStage, unknown_stage),
    (PortalAssumption::Unbinding, unbinding),
    (PortalAssumption::Import, |bench| bench.import()),
];

fn origin(bench: &mut TrialObjects<'_, '_>) -> Result<bool, CallError> {
    let made = [(Kind::Guest, bench.contact), (Kind::Company, bench.company), (Kind::Booking, bench.deal)];
    for (kind, id) in made {
        if bench.find_made(kind)? != [id] || !bench.find(kind, Some("prob"))?.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}

fn comments(bench: &mut TrialObjects<'_, '_>) -> Result<bool, CallError> {
    reads_as_sent(bench, &["COMMENTS"])
}

fn address(bench: &mut TrialObjects<'_, '_>) -> Result<bool, CallError> {
    reads_as_sent(bench, &["ADDRESS_COUNTRY", "ADDRESS_PROVINCE", "ADDRESS_CITY"])
}

fn reads_as_sent(bench: &mut TrialObjects<'_, '_>, fields: &[&str]) -> Result<bool, CallError> {
    let (stored, sent) = (bench.get(Kind::Guest, bench.contact)?, bench.contact_fields());
    Ok(fields.iter().all(|field| values_equal(field, None, &sent[*field], &stored[*field])))
}

fn phones(bench: &mut TrialObjects<'_, '_>) -> Result<bool, CallError> {
    let rows = bench.get(Kind::Guest, bench.contact)?["PHONE"].clone();
    let Some(row) = rows.as_array().into_iter().flatten().find(|row| row["VALUE"] == PHONE) else {
        return Ok(false);
    };
    let wanted = "+70000000001";
    let change = json!([{"ID": row["ID"], "VALUE": wanted, "VALUE_TYPE": "WORK"}]);
    bench.update(Kind::Guest, bench.contact, &json!({"PHONE": change}))?;
    let rows = bench.get(Kind::Guest, bench.contact)?["PHONE"].clone();
    Ok(rows.as_array().is_some_and(|rows| rows.len() == 1 && rows[0]["VALUE"] == wanted))
}

fn closing_date(bench: &mut TrialObjects<'_, '_>) -> Result<bool, CallError> {
    bench.update(Kind::Booking, bench.deal, &json!({"CLOSEDATE": departure()}))?;
    let stored = bench.get(Kind::Booking, bench.deal)?;
    Ok(values_equal("CLOSEDATE", None, &departure(), &stored["CLOSEDATE"]))
}

fn unknown_stage(bench: &mut TrialObjects<'_, '_>) -> Result<bool, CallError> {
    let before = bench.get(Kind::Booking, bench.deal)?["STAGE_ID"].clone();
    match bench.update(Kind::Booking, bench.deal, &json!({"STAGE_ID": "NO_SUCH_STAGE"})) {
        Ok(_) | Err(CallError::Refused(_)) => {}
        Err(error) => return Err(error),
    }
    Ok(bench.get(Kind::Booking, bench.deal)?["STAGE_ID"] == before)
}

fn unbinding(bench: &mut TrialObjects<'_, '_>) -> Result<bool, CallError> {
    bench.update(Kind::Booking, bench.deal, &json!({"CONTACT_IDS": ""}))?;
    let bound = bench.ask("crm.deal.contact.items.get", json!({"id": bench.deal}))?;
    Ok(bound.as_array().is_some_and(Vec::is_empty))
}
