//! What the mirror looked like where everything stood as sent, by blocks of neighbouring ids: a pass that finds the
//! same again need not read the rows.
//!
//! A block is void as soon as any of its records changes in the state; triggers see to that, so nobody can forget it.

use std::collections::BTreeMap;

use anyhow::Result;
use rusqlite::types::Value;

use super::State;
use super::records::BEFORE_ALL;
use super::writer::Writer;
use crate::record::{Id, Kind};

/// A block in which everything stood as sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stood {
    /// Of its rows in the mirror.
    pub digest: u64,
    /// Records in it that are in the mirror and have an object.
    pub linked: u64,
}

/// The blocks of a kind, by their first ids; none in place of what is void.
pub type Blocks = BTreeMap<Option<Id>, Option<Stood>>;

/// What becomes of one block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BlockChange {
    /// It begins here, and stood so, or is void.
    Keep(Option<Id>, Option<Stood>),
    /// No block begins here any more.
    Drop(Option<Id>),
}

fn border(first: Option<&Id>) -> Value {
    first.map_or(BEFORE_ALL, |id| id.clone().into())
}

impl State {
    /// The blocks of a kind.
    pub fn blocks(&self, kind: Kind) -> Result<Blocks> {
        let mut statement =
            self.connection.prepare_cached("SELECT first, digest, linked FROM blocks WHERE kind = ?1")?;
        let found = statement.query_map([kind], |row| {
            let (digest, linked): (Option<i64>, u64) = (row.get(1)?, row.get(2)?);
            let stood = digest.map(|digest| Stood { digest: digest.cast_unsigned(), linked });
            // The first block begins before all ids, with what is none.
            Ok((row.get(0).ok(), stood))
        })?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }

    /// Whether everything stood as sent in the last pass that read the mirror, and nothing was done to a record since.
    pub fn is_at_rest(&self) -> Result<bool> {
        let sql = "SELECT NOT EXISTS (SELECT 1 FROM blocks WHERE digest IS NULL)
                      AND NOT EXISTS (SELECT 1 FROM doubts)
                      AND NOT EXISTS (SELECT 1 FROM touched)
                      AND NOT EXISTS (SELECT 1 FROM write_backs)
                      AND NOT EXISTS (SELECT 1 FROM troubles WHERE severity <> 'warning')";
        Ok(self.connection.query_row(sql, [], |row| row.get(0))?)
    }
}

impl Writer<'_> {
    /// The blocks of a kind are these from now on.
    pub fn keep_blocks(&self, kind: Kind, changes: &[BlockChange]) -> Result<()> {
        let mut keep = self.transaction.prepare_cached(
            "INSERT OR REPLACE INTO blocks (kind, first, digest, linked) VALUES (?1, ?2, ?3, ?4)",
        )?;
        let mut drop =
            self.transaction.prepare_cached("DELETE FROM blocks WHERE kind = ?1 AND first = ?2")?;
        for change in changes {
            match change {
                BlockChange::Keep(first, stood) => {
                    let digest = stood.map(|stood| stood.digest.cast_signed());
                    let linked = stood.map_or(0, |stood| stood.linked);
                    keep.execute((kind, border(first.as_ref()), digest, linked))?;
                }
                BlockChange::Drop(first) => {
                    drop.execute((kind, border(first.as_ref())))?;
                }
            }
        }
        Ok(())
    }
}
