//! Two streams ordered by id, merged: every id once, with its row, with what is known of it, or both.

use std::cmp::Ordering;
use std::iter::Peekable;

use anyhow::Result;

use super::decide::Pair;
use crate::mirror::Row;
use crate::record::Id;
use crate::state::Known;

/// The merged stream. An error of either side ends it.
pub struct Merge<M: Iterator<Item = Result<Row>>, S: Iterator<Item = Result<(Id, Known)>>> {
    mirror: Peekable<M>,
    state: Peekable<S>,
}

impl<M: Iterator<Item = Result<Row>>, S: Iterator<Item = Result<(Id, Known)>>> Merge<M, S> {
    /// Merges two streams that are both ordered by id.
    pub fn new(mirror: M, state: S) -> Merge<M, S> {
        Merge { mirror: mirror.peekable(), state: state.peekable() }
    }

    fn next_pair(&mut self) -> Result<Option<Pair>> {
        let order = match (self.mirror.peek(), self.state.peek()) {
            (None, None) => return Ok(None),
            (Some(Ok(row)), Some(Ok((id, _)))) => row.id.cmp(id),
            (Some(_), None) | (Some(Err(_)), _) => Ordering::Less,
            (None, Some(_)) | (Some(Ok(_)), Some(Err(_))) => Ordering::Greater,
        };
        let row = if order == Ordering::Greater { None } else { self.mirror.next().transpose()? };
        let known = if order == Ordering::Less { None } else { self.state.next().transpose()? };
        let id = match (&row, &known) {
            (Some(row), _) => row.id.clone(),
            (None, Some((id, _))) => id.clone(),
            (None, None) => return Ok(None),
        };
        Ok(Some(Pair { id, row, known: known.map(|(_, known)| known) }))
    }
}

impl<M: Iterator<Item = Result<Row>>, S: Iterator<Item = Result<(Id, Known)>>> Iterator for Merge<M, S> {
    type Item = Result<Pair>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_pair().transpose()
    }
}
