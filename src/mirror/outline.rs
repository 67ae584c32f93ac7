//! The mirror's outline: its rows in blocks of neighbours, each block by a digest of the few columns that show
//! whether anything in it may have to be sent. Where the digest is as it was, the rows need not be read.
//!
//! A block begins at every id whose own digest says so, and not after a number of rows: a row that comes or goes
//! then changes its own block, and leaves all others as they are. Residents are added up, since they are cheapest
//! read in the order in which they lie on the disk.

use std::collections::HashSet;

use anyhow::{Result, bail};
use rusqlite::Row as SqlRow;
use rusqlite::types::ValueRef;

use super::Mirror;
use super::rows::as_text;
use super::scan::out_of_order;
use crate::fingerprint::Digest;
use crate::record::{Id, IdRef, Kind};

/// Rows in a block, about: what one changed record costs to read.
pub(super) const GRAIN: u64 = 256;

/// What the blocks of an outline are marked by.
#[derive(Clone, Copy, Debug)]
pub struct Marks<'a> {
    /// Every digest begins with this.
    pub seed: u64,
    /// Rows as new as this are to be read.
    pub newest: &'a str,
    /// So are the bookings of these.
    pub touched: &'a HashSet<(Kind, Id)>,
}

/// The rows from one id on, up to the next block's first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    /// None for the first block, which begins before all ids.
    pub first: Option<Id>,
    /// What its rows look like, and where it ends.
    pub digest: u64,
    /// It has a row that is to be read whatever the digest.
    pub open: bool,
}

/// All rows of a kind.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outline {
    /// In the order of their ids; at least one, and together they hold all ids.
    pub blocks: Vec<Block>,
    /// How many rows there are.
    pub rows: u64,
    /// How many of them have no usable id, and are in no block.
    pub nameless: u64,
    /// Rows of `booking_guests`; 0 for the other kinds.
    pub residents: u64,
    /// The newest `modified_at`.
    pub newest: String,
}

impl Mirror {
    /// Reads the outline of a kind.
    ///
    /// # Errors
    /// The mirror is damaged or its rows are not in order.
    pub fn outline(&self, kind: Kind, marks: &Marks<'_>) -> Result<Outline> {
        self.draw_outline(kind, marks).map_err(|error| self.broken_off(kind, &error))
    }

    fn draw_outline(&self, kind: Kind, marks: &Marks<'_>) -> Result<Outline> {
        let mut sketch = Sketch::new(self.grain, marks);
        let mut records = self
            .connection
            .prepare_cached(&format!("{} ORDER BY id COLLATE BINARY", self.outlines[kind as usize]))?;
        let mut rows = records.query([])?;
        while let Some(row) = rows.next()? {
            sketch.record(kind, row)?;
        }
        if kind == Kind::Booking {
            let mut residents = self.connection.prepare_cached(&self.residents)?;
            let mut rows = residents.query([])?;
            while let Some(row) = rows.next()? {
                sketch.resident(row)?;
            }
        }
        Ok(sketch.finish(marks.seed))
    }
}

/// An outline that is being drawn.
struct Sketch<'a> {
    outline: Outline,
    /// Of the block that is being read.
    digest: Digest,
    /// Added up, by block.
    residents: Vec<u64>,
    last: Option<Id>,
    /// The block of the last resident.
    at: usize,
    grain: u64,
    fresh: &'a str,
    guests: Vec<IdRef<'a>>,
    companies: Vec<IdRef<'a>>,
}

impl<'a> Sketch<'a> {
    fn new(grain: u64, marks: &Marks<'a>) -> Sketch<'a> {
        let first = Block { first: None, digest: 0, open: false };
        let outline =
            Outline { blocks: vec![first], rows: 0, nameless: 0, residents: 0, newest: String::new() };
        let touched = |of: Kind| {
            let ids = marks.touched.iter().filter(|(kind, _)| *kind == of).map(|(_, id)| id.borrowed());
            let mut ids: Vec<IdRef<'a>> = ids.collect();
            ids.sort_unstable();
            ids
        };
        Sketch {
            outline,
            digest: Digest::new(0),
            residents: vec![0],
            last: None,
            at: 0,
            grain,
            fresh: marks.newest,
            guests: touched(Kind::Guest),
            companies: touched(Kind::Company),
        }
    }

    fn record(&mut self, kind: Kind, row: &SqlRow<'_>) -> Result<()> {
        self.outline.rows += 1;
        let Some(id) = IdRef::of(row.get_ref(0)?) else {
            self.outline.nameless += 1;
            return Ok(());
        };
        self.begin(id)?;
        let modified = row.get_ref(1)?;
        self.digest.id(id);
        self.digest.value(modified);
        let mut open = self.see(&as_text(modified));
        if kind == Kind::Booking {
            self.digest.value(row.get_ref(2)?);
            for (at, touched) in [(3, &self.guests), (4, &self.companies), (5, &self.companies)] {
                let person = row.get_ref(at)?;
                self.digest.value(person);
                open |= !touched.is_empty() && is_among(touched, person);
            }
        }
        if open && let Some(block) = self.outline.blocks.last_mut() {
            block.open = true;
        }
        Ok(())
    }

    /// Begins a new block where the id says so. Rows of one id are never parted.
    fn begin(&mut self, id: IdRef<'_>) -> Result<()> {
        let last = self.last.as_ref().map(Id::borrowed);
        if last == Some(id) {
            return Ok(());
        }
        if let Some(last) = &self.last
            && last.borrowed() > id
        {
            bail!(out_of_order(&id.into(), last));
        }
        let mut own = Digest::new(0);
        own.id(id);
        if own.finish().is_multiple_of(self.grain) {
            self.end();
            self.outline.blocks.push(Block { first: Some(id.into()), digest: 0, open: false });
            self.residents.push(0);
        }
        match (&mut self.last, id) {
            (Some(Id::Text(last)), IdRef::Text(text)) => text.clone_into(last),
            (last, id) => *last = Some(id.into()),
        }
        Ok(())
    }

    fn end(&mut self) {
        if let Some(block) = self.outline.blocks.last_mut() {
            block.digest = std::mem::replace(&mut self.digest, Digest::new(0)).finish();
        }
    }

    /// Whether the row is as new as those that are to be read.
    fn see(&mut self, modified_at: &str) -> bool {
        if modified_at > self.outline.newest.as_str() {
            modified_at.clone_into(&mut self.outline.newest);
        }
        modified_at >= self.fresh
    }

    fn resident(&mut self, row: &SqlRow<'_>) -> Result<()> {
        self.outline.residents += 1;
        let (Some(booking), Some(guest)) = (IdRef::of(row.get_ref(0)?), IdRef::of(row.get_ref(1)?)) else {
            return Ok(());
        };
        let at = self.block_of(booking);
        let mut digest = Digest::new(0);
        digest.id(booking);
        digest.id(guest);
        digest.value(row.get_ref(2)?);
        self.residents[at] = self.residents[at].wrapping_add(digest.finish());
        if !self.guests.is_empty() && self.guests.binary_search(&guest).is_ok() {
            self.outline.blocks[at].open = true;
        }
        Ok(())
    }

    /// The block of a booking: mostly that of the resident before.
    fn block_of(&mut self, id: IdRef<'_>) -> usize {
        let blocks = &self.outline.blocks;
        let begins = |block: &Block| block.first.as_ref().is_none_or(|first| first.borrowed() <= id);
        let here = begins(&blocks[self.at]) && !blocks.get(self.at + 1).is_some_and(begins);
        if !here {
            self.at = blocks.partition_point(begins).saturating_sub(1);
        }
        self.at
    }

    fn finish(mut self, seed: u64) -> Outline {
        self.end();
        let blocks = &mut self.outline.blocks;
        for at in 0..blocks.len() {
            let mut digest = Digest::new(seed);
            digest.word(blocks[at].digest);
            digest.word(self.residents[at]);
            // Its end too: a block that swallowed its empty neighbour is another one.
            for border in [Some(at), Some(at + 1).filter(|next| *next < blocks.len())] {
                match border.and_then(|border| blocks[border].first.as_ref()) {
                    Some(id) => digest.id(id.borrowed()),
                    None => digest.value(ValueRef::Null),
                }
            }
            blocks[at].digest = digest.finish();
        }
        self.outline
    }
}

/// As [`super::rows::Cells::reference`] reads it.
fn is_among(ids: &[IdRef<'_>], value: ValueRef<'_>) -> bool {
    match value {
        ValueRef::Text(bytes) => ids.binary_search(&IdRef::Text(&String::from_utf8_lossy(bytes))).is_ok(),
        other => IdRef::of(other).is_some_and(|id| ids.binary_search(&id).is_ok()),
    }
}
