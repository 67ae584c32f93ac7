//! Deals of ours without a booking, as the inventory of an initial export shows them: they are only
//! reported, and never deleted.

use std::collections::BTreeMap;

use crate::config::MirrorConfig;
use crate::domain::record::{IdRange, Kind, RecordId, RecordKey};
use crate::domain::run_error::Result;
use crate::mirror::Mirror;
use crate::platform::clock::{Clock, ReadLimit};
use crate::state::State;
use crate::sync::plan::PlanStore;

/// Saves them as warnings, in the place of earlier ones.
pub(super) fn report(
    mirror: &MirrorConfig,
    state: &State,
    queue: &PlanStore,
    clock: &Clock,
) -> Result<()> {
    let mut orphans: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    queue.each_inventory(Kind::Booking, |origin, crm_id| {
        if !state.has_record_for(Kind::Booking, origin, crm_id)? {
            orphans.entry(origin.to_owned()).or_default().push(crm_id);
        }
        Ok(())
    })?;
    let history = link_old_bookings(mirror, &clock.read_limit(None), &mut orphans)?;
    let writer = state.writer()?;
    writer.clear_orphaned_deals()?;
    for (booking, deal) in &history {
        writer.link_by_origin(booking, *deal)?;
    }
    for (origin, deals) in &orphans {
        writer.save_orphaned_deals(
            &RecordKey::new(Kind::Booking, RecordId::parse(origin)),
            deals,
            clock.now(),
        )?;
    }
    Ok(writer.commit()?)
}

/// Bookings from before `bookings_from` are not sent, but one that has a deal keeps it, also where
/// the state was lost: they are taken out of `orphans`.
fn link_old_bookings(
    mirror: &MirrorConfig,
    limit: &ReadLimit,
    orphans: &mut BTreeMap<String, Vec<i64>>,
) -> Result<Vec<(RecordKey, i64)>> {
    let mut history = Vec::new();
    if orphans.is_empty() {
        return Ok(history);
    }
    for row in Mirror::open_within(mirror, limit)?.scan(Kind::Booking)?.rows(IdRange::ALL)? {
        let booking = RecordKey::new(Kind::Booking, row?.id);
        history.extend(orphans.remove(&booking.id.to_string()).map(|deals| (booking, deals[0])));
    }
    Ok(history)
}
