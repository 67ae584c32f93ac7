//! Digests of the mirror by blocks of neighbouring ids, where every record was as sent: a run that
//! finds the same digest need not read the rows.
//!
//! A block is void as soon as any of its records changes in the state. Triggers do that, so no code
//! can forget it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rusqlite::Row;
use rusqlite::types::Value;

use super::columns::Time;
use super::records::BEFORE_ALL;
use super::statements::query_all;
use super::writer::Writer;
use super::{Result, State};
use crate::domain::record::{Kind, RecordId};

/// A block in which every record was as sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CleanBlock {
    /// The digest of its rows in the mirror.
    pub digest: u64,
    /// Records in it that are in the mirror and have an object.
    pub linked: u64,
}

/// A block as the state has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct StoredBlock {
    /// None where a record in it has to be read.
    pub clean: Option<CleanBlock>,
    /// Its digest when it was last seen.
    pub seen: Option<u64>,
    /// When its digest changed last, as far as that is known.
    pub changed_at: Option<DateTime<Utc>>,
}

/// The blocks of a kind, by their first ids.
pub type Blocks = BTreeMap<Option<RecordId>, StoredBlock>;

/// A change of one block, by its first id.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BlockChange {
    /// A block begins here, with these values.
    Keep(Option<RecordId>, StoredBlock),
    /// No block begins here any more.
    Drop(Option<RecordId>),
}

fn first_id(first: Option<&RecordId>) -> Value {
    first.map_or(BEFORE_ALL, |id| id.clone().into())
}

fn stored_block(row: &Row<'_>) -> rusqlite::Result<StoredBlock> {
    let digest: Option<i64> = row.get(1)?;
    let linked = row.get(2)?;
    let seen: Option<i64> = row.get(3)?;
    let changed_at: Option<Time> = row.get(4)?;
    Ok(StoredBlock {
        clean: digest.map(|digest| CleanBlock { digest: digest.cast_unsigned(), linked }),
        seen: seen.map(i64::cast_unsigned),
        changed_at: changed_at.map(|Time(at)| at),
    })
}

impl State {
    /// The blocks of a kind.
    pub fn blocks(&self, kind: Kind) -> Result<Blocks> {
        let sql = "SELECT first, digest, linked, seen, changed_at FROM blocks WHERE kind = ?1";
        // The first block begins with a value before all ids, which is no id.
        query_all(&self.connection, sql, [kind], |row| Ok((row.get(0).ok(), stored_block(row)?)))
    }

    /// Whether every record was as sent in the last run that read the mirror, and no record was
    /// changed since.
    pub fn is_clean(&self) -> Result<bool> {
        let sql = "SELECT NOT EXISTS (SELECT 1 FROM blocks WHERE digest IS NULL)
                      AND NOT EXISTS (SELECT 1 FROM doubts)
                      AND NOT EXISTS (SELECT 1 FROM touched)
                      AND NOT EXISTS (SELECT 1 FROM write_backs)
                      AND NOT EXISTS (SELECT 1 FROM troubles WHERE severity <> 'warning')";
        Ok(self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
    }
}

impl Writer<'_> {
    /// Saves the changes of a kind's blocks.
    pub fn save_blocks(&self, kind: Kind, changes: &[BlockChange]) -> Result<()> {
        for change in changes {
            match change {
                BlockChange::Keep(first, block) => self.save_block(kind, first.as_ref(), block)?,
                BlockChange::Drop(first) => {
                    let sql = "DELETE FROM blocks WHERE kind = ?1 AND first = ?2";
                    self.execute(sql, (kind, first_id(first.as_ref())))?;
                }
            }
        }
        Ok(())
    }

    fn save_block(
        &self,
        kind: Kind,
        first: Option<&RecordId>,
        StoredBlock { clean, seen, changed_at }: &StoredBlock,
    ) -> Result<()> {
        let digest = clean.map(|clean| clean.digest.cast_signed());
        let linked = clean.map_or(0, |clean| clean.linked);
        let seen = seen.map(u64::cast_signed);
        self.execute(
            "INSERT OR REPLACE INTO blocks (kind, first, digest, linked, seen, changed_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            (kind, first_id(first), digest, linked, seen, changed_at.map(Time)),
        )
    }
}
