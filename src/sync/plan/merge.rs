//! Two streams ordered by id, merged: every id once, with its row, with what is known of it, or
//! both.

use std::cmp::Ordering;
use std::iter::Peekable;

use super::decide::Pair;
use crate::domain::record::RecordId;
use crate::domain::run_error::{Result, RunError};
use crate::mirror::Row;
use crate::state::PlanRecord;

/// Merges two streams that are both ordered by id. An error of either side ends it.
pub fn merge<M: Into<RunError>, S: Into<RunError>>(
    mirror: impl Iterator<Item = Result<Row, M>>,
    state: impl Iterator<Item = Result<(RecordId, PlanRecord), S>>,
) -> impl Iterator<Item = Result<Pair>> {
    let mut mirror = mirror.map(|row| row.map_err(Into::into)).peekable();
    let mut state = state.map(|record| record.map_err(Into::into)).peekable();
    std::iter::from_fn(move || next_pair(&mut mirror, &mut state).transpose())
}

fn next_pair(
    mirror: &mut Peekable<impl Iterator<Item = Result<Row>>>,
    state: &mut Peekable<impl Iterator<Item = Result<(RecordId, PlanRecord)>>>,
) -> Result<Option<Pair>> {
    let order = match (mirror.peek(), state.peek()) {
        (None, None) => return Ok(None),
        (Some(Ok(row)), Some(Ok((id, _)))) => row.id.cmp(id),
        (Some(_), None) | (Some(Err(_)), _) => Ordering::Less,
        (None, Some(_)) | (Some(Ok(_)), Some(Err(_))) => Ordering::Greater,
    };
    let row = if order == Ordering::Greater { None } else { mirror.next().transpose()? };
    let stored = if order == Ordering::Less { None } else { state.next().transpose()? };
    let id = match (&row, &stored) {
        (Some(row), _) => row.id.clone(),
        (None, Some((id, _))) => id.clone(),
        (None, None) => return Ok(None),
    };
    Ok(Some(Pair { id, row, stored: stored.map(|(_, stored)| stored) }))
}
