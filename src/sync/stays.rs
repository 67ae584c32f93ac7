//! What a run writes down of stays, before it sends anything: a run that is cut short forgets no
//! contact.

use crate::domain::run_error::Result;
use crate::state::{State, Writer};
use crate::sync::plan::{Plan, STAYS};

/// What the bookings say by now, and which contacts are to show it. To be called after the blocks
/// are written down: these marks make them void.
pub(super) fn note(state: &State, writer: &Writer<'_>, plan: &Plan) -> Result<()> {
    let Some(rules) = plan.stays else {
        if state.get(&STAYS)?.flatten().is_some() {
            writer.clear_stays()?;
            writer.set(&STAYS, &None)?;
        }
        return Ok(());
    };
    plan.queue.each_changed_stays(|stays| writer.keep_stays(stays))?;
    if rules.fills_all {
        writer.all_stays_changed()?;
    }
    for guest in &plan.compared.stay_guests {
        writer.stays_changed(guest)?;
    }
    Ok(writer.set(&STAYS, &Some(rules.shown))?)
}
