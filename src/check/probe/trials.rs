//! The trials: each does what a pass does and looks at what came of it.

use serde_json::{Value, json};

use super::Rule;
use super::bench::{Bench, PHONE, departure};
use crate::portal::CallError;
use crate::record::Kind;

/// Tries one rule: does it hold?
pub(super) fn run(rule: Rule, bench: &mut Bench<'_, '_>) -> Result<bool, CallError> {
    match rule {
        Rule::Origin => origin(bench),
        Rule::Comments => comments(bench),
        Rule::Address => address(bench),
        Rule::Phones => phones(bench),
        Rule::ClosingDate => closing_date(bench),
        Rule::UnknownStage => unknown_stage(bench),
        Rule::Unbinding => unbinding(bench),
        Rule::Import => bench.import(),
        // Told by the objects having been made, and by what is left of them.
        Rule::Creation => Ok(bench.deal != 0),
        Rule::Deletion => bench.clear().map(|left| left == 0),
    }
}

fn origin(bench: &mut Bench<'_, '_>) -> Result<bool, CallError> {
    let made = [(Kind::Guest, bench.contact), (Kind::Company, bench.company), (Kind::Booking, bench.deal)];
    for (kind, id) in made {
        if bench.find_made(kind)? != [id] || !bench.find(kind, Some("prob"))?.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A portal escapes what it stores, so that is undone before the words are compared.
fn comments(bench: &mut Bench<'_, '_>) -> Result<bool, CallError> {
    let stored = text(&bench.get(Kind::Guest, bench.contact)?["COMMENTS"]);
    let stored =
        stored.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
    Ok(stored == text(&bench.contact_fields()["COMMENTS"]))
}

fn address(bench: &mut Bench<'_, '_>) -> Result<bool, CallError> {
    let (stored, sent) = (bench.get(Kind::Guest, bench.contact)?, bench.contact_fields());
    let parts = ["ADDRESS_COUNTRY", "ADDRESS_PROVINCE", "ADDRESS_CITY"];
    Ok(parts.iter().all(|part| text(&stored[*part]) == text(&sent[*part])))
}

fn phones(bench: &mut Bench<'_, '_>) -> Result<bool, CallError> {
    let rows = bench.get(Kind::Guest, bench.contact)?["PHONE"].clone();
    let Some(row) = rows.as_array().into_iter().flatten().find(|row| row["VALUE"] == PHONE) else {
        return Ok(false);
    };
    let wanted = "+70000000001";
    let change = json!([{"ID": row["ID"], "VALUE": wanted, "VALUE_TYPE": "WORK"}]);
    bench.update(Kind::Guest, bench.contact, &json!({"PHONE": change}))?;
    let rows = bench.get(Kind::Guest, bench.contact)?["PHONE"].clone();
    let values: Vec<String> = rows.as_array().into_iter().flatten().map(|row| text(&row["VALUE"])).collect();
    Ok(values == [wanted])
}

fn closing_date(bench: &mut Bench<'_, '_>) -> Result<bool, CallError> {
    bench.update(Kind::Booking, bench.deal, &json!({"CLOSEDATE": departure()}))?;
    let stored = text(&bench.get(Kind::Booking, bench.deal)?["CLOSEDATE"]);
    // The time behind the date is the server's.
    Ok(stored.starts_with(&text(&departure())))
}

fn unknown_stage(bench: &mut Bench<'_, '_>) -> Result<bool, CallError> {
    let before = bench.get(Kind::Booking, bench.deal)?["STAGE_ID"].clone();
    match bench.update(Kind::Booking, bench.deal, &json!({"STAGE_ID": "NO_SUCH_STAGE"})) {
        Ok(_) | Err(CallError::Refused(_)) => {}
        Err(error) => return Err(error),
    }
    Ok(bench.get(Kind::Booking, bench.deal)?["STAGE_ID"] == before)
}

fn unbinding(bench: &mut Bench<'_, '_>) -> Result<bool, CallError> {
    bench.update(Kind::Booking, bench.deal, &json!({"CONTACT_IDS": ""}))?;
    let bound = bench.ask("crm.deal.contact.items.get", json!({"id": bench.deal}))?;
    Ok(bound.as_array().is_some_and(Vec::is_empty))
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
