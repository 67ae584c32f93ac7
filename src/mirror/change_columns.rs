//! The mirror's outline: its rows in blocks of neighbours, each block by a digest of the few
//! columns that show whether anything in it may have to be sent. Where the digest is as it was, the
//! rows need not be read.
//!
//! A block begins at every id whose own digest says so, and not after a number of rows: a row that
//! comes or goes then changes its own block, and leaves all others as they are. Residents are added
//! up, since they are cheapest read in the order in which they lie on the disk.

use std::collections::HashSet;

use rusqlite::Row as SqlRow;
use rusqlite::types::ValueRef;

use super::Mirror;
use super::cell::raw_text;
use super::ids::{IdType, as_type, id_of};
use super::reason::ReadError;
use super::scan::out_of_order;
use crate::domain::record::{Kind, RecordId, RecordIdRef, RecordKey};
use crate::domain::run_error::RunError;
use crate::platform::hash::Digest;

/// Rows in a block, about: what one changed record costs to read.
pub(super) const GRAIN: u64 = 256;

/// Of no more rows than this each is read in every run: that takes some milliseconds.
pub(super) const FEW: u64 = 2_000;

/// Where fewer rows than one in so many have another `modified_at` than the row before, it says
/// next to nothing. One odd row, or ten, make no difference.
const ALIKE: u64 = 100;

/// What the blocks of an outline are marked by.
#[derive(Clone, Copy, Debug)]
pub struct ChangeInputs<'a> {
    /// Every digest begins with this.
    pub seed: u64,
    /// The bookings of these are to be read.
    pub dirty_parties: &'a HashSet<RecordKey>,
}

/// The rows from one id on, up to the next block's first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    /// None for the first block, which begins before all ids.
    pub first: Option<RecordId>,
    /// What its rows look like, and where it ends.
    pub digest: u64,
    /// It has a row that is to be read whatever the digest.
    pub open: bool,
    /// It has a row whose `modified_at` may stay as it is for a day of changes.
    pub coarse: bool,
}

/// All rows of a kind.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outline {
    /// In the order of their ids; at least one, and together they hold all ids.
    pub blocks: Vec<Block>,
    /// How many rows there are.
    pub rows: u64,
    /// How many of them have no usable id, and are in no block.
    pub rows_without_id: u64,
    /// Rows of `booking_guests`; 0 for the other kinds.
    pub residents: u64,
    /// Every row is to be read: that costs little here, or `modified_at` says next to nothing.
    pub says_little: bool,
}

impl Mirror {
    /// Reads the outline of a kind.
    ///
    /// # Errors
    /// The mirror is damaged or its rows are not in order.
    pub fn outline(&self, kind: Kind, marks: &ChangeInputs<'_>) -> Result<Outline, RunError> {
        self.draw_outline(kind, marks).map_err(|error| self.broken_off(kind, error))
    }

    fn draw_outline(&self, kind: Kind, marks: &ChangeInputs<'_>) -> Result<Outline, ReadError> {
        let mut sketch = Sketch::new(self.grain, marks);
        let order = &self.record_ids(kind)?.order.expression;
        let mut records = self
            .connection
            .prepare_cached(&format!("{} ORDER BY {order}", self.records[kind].outline))?;
        let mut rows = records.query([])?;
        while let Some(row) = rows.next()? {
            sketch.record(kind, row)?;
        }
        if kind == Kind::Booking {
            let stays = self.stay_ids()?;
            let mut residents = self.connection.prepare_cached(&stays.select)?;
            let mut rows = residents.query([])?;
            while let Some(row) = rows.next()? {
                sketch.resident(row, stays.convert_to)?;
            }
        }
        let mut outline = sketch.finish(marks.seed);
        outline.says_little |= outline.rows <= self.few;
        Ok(outline)
    }
}

/// An outline that is being drawn.
struct Sketch<'a> {
    outline: Outline,
    /// Of the block that is being read.
    digest: Digest,
    /// Added up, by block.
    residents: Vec<u64>,
    last: Option<RecordId>,
    /// The block of the last resident.
    at: usize,
    grain: u64,
    /// The `modified_at` of the last row, and how many rows have another one than the row before.
    modified: String,
    turns: u64,
    guests: Vec<RecordIdRef<'a>>,
    companies: Vec<RecordIdRef<'a>>,
}

impl<'a> Sketch<'a> {
    fn new(grain: u64, marks: &ChangeInputs<'a>) -> Sketch<'a> {
        let outline = Outline {
            blocks: vec![Block::beginning(None)],
            rows: 0,
            rows_without_id: 0,
            residents: 0,
            says_little: false,
        };
        let touched = |of: Kind| {
            let ids = marks
                .dirty_parties
                .iter()
                .filter(|key| key.kind == of)
                .map(|key| key.id.borrowed());
            let mut ids: Vec<RecordIdRef<'a>> = ids.collect();
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
            modified: String::new(),
            turns: 0,
            guests: touched(Kind::Guest),
            companies: touched(Kind::Company),
        }
    }

    fn record(&mut self, kind: Kind, row: &SqlRow<'_>) -> Result<(), ReadError> {
        self.outline.rows += 1;
        let Some(id) = id_of(row.get_ref(0)?) else {
            self.outline.rows_without_id += 1;
            return Ok(());
        };
        self.begin(id)?;
        let modified = row.get_ref(1)?;
        self.digest.id(id);
        self.digest.value(modified);
        let modified_at = raw_text(modified);
        let coarse = self.see(&modified_at);
        // Nothing but its content tells a change of such a row.
        let mut open = modified_at.trim().is_empty();
        if kind == Kind::Booking {
            self.digest.value(row.get_ref(2)?);
            for (at, touched) in [(3, &self.guests), (4, &self.companies), (5, &self.companies)] {
                let person = row.get_ref(at)?;
                self.digest.value(person);
                open |= !touched.is_empty() && is_among(touched, person);
            }
        }
        if let Some(block) = self.outline.blocks.last_mut() {
            block.open |= open;
            block.coarse |= coarse;
        }
        Ok(())
    }

    /// Begins a new block where the id says so. Rows of one id are never parted.
    fn begin(&mut self, id: RecordIdRef<'_>) -> Result<(), RunError> {
        let last = self.last.as_ref().map(RecordId::borrowed);
        if last == Some(id) {
            return Ok(());
        }
        if let Some(last) = &self.last
            && last.borrowed() > id
        {
            return Err(out_of_order(&id.into(), last));
        }
        let mut own = Digest::new(0);
        own.id(id);
        if own.finish().is_multiple_of(self.grain) {
            self.end();
            self.outline.blocks.push(Block::beginning(Some(id.into())));
            self.residents.push(0);
        }
        match (&mut self.last, id) {
            (Some(RecordId::Text(last)), RecordIdRef::Text(text)) => text.clone_into(last),
            (last, id) => *last = Some(id.into()),
        }
        Ok(())
    }

    fn end(&mut self) {
        if let Some(block) = self.outline.blocks.last_mut() {
            block.digest = std::mem::replace(&mut self.digest, Digest::new(0)).finish();
        }
    }

    /// Whether this time may stay as it is for a day of changes.
    fn see(&mut self, modified_at: &str) -> bool {
        if modified_at != self.modified {
            modified_at.clone_into(&mut self.modified);
            self.turns += 1;
        }
        is_coarse(modified_at)
    }

    fn resident(&mut self, row: &SqlRow<'_>, convert_to: Option<IdType>) -> rusqlite::Result<()> {
        self.outline.residents += 1;
        let Some(named) = id_of(row.get_ref(0)?) else { return Ok(()) };
        let converted = convert_to.map(|_| as_type(named.into(), convert_to));
        let booking = converted.as_ref().map_or(named, RecordId::borrowed);
        let at = self.block_of(booking);
        let Some(guest) = id_of(row.get_ref(1)?) else {
            // Its booking has a warning: whoever nobody can make out may be another one by now.
            self.residents[at] = self.residents[at].wrapping_add(unreadable(row.get_ref(1)?));
            return Ok(());
        };
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
    fn block_of(&mut self, id: RecordIdRef<'_>) -> usize {
        let blocks = &self.outline.blocks;
        let begins =
            |block: &Block| block.first.as_ref().is_none_or(|first| first.borrowed() <= id);
        let here = begins(&blocks[self.at]) && !blocks.get(self.at + 1).is_some_and(begins);
        if !here {
            self.at = blocks.partition_point(begins).saturating_sub(1);
        }
        self.at
    }

    fn finish(mut self, seed: u64) -> Outline {
        self.end();
        self.outline.says_little = self.turns * ALIKE < self.outline.rows;
        let blocks = &mut self.outline.blocks;
        for at in 0..blocks.len() {
            let mut digest = Digest::new(seed);
            digest.word(blocks[at].digest);
            digest.word(self.residents[at]);
            match &blocks[at].first {
                Some(first) => digest.id(first.borrowed()),
                None => digest.value(ValueRef::Null),
            }
            // Its end too: a block that swallowed its empty neighbour is another one.
            if let Some(end) = blocks.get(at + 1).and_then(|next| next.first.as_ref()) {
                digest.id(end.borrowed());
            }
            blocks[at].digest = digest.finish();
        }
        self.outline
    }
}

impl Block {
    fn beginning(first: Option<RecordId>) -> Block {
        Block { first, digest: 0, open: false, coarse: false }
    }
}

/// Whether a `modified_at` tells no two changes of one day apart: it has no time, or midnight, or
/// is none at all.
fn is_coarse(modified_at: &str) -> bool {
    let text = modified_at.as_bytes();
    let is_number = text.iter().all(u8::is_ascii_digit);
    let of_an_instant = if is_number { 10 } else { "2026-11-28 10:00".len() };
    let midnight = text.get(11..16) == Some(b"00:00");
    let has_seconds = text.get(16..19).is_some_and(|seconds| seconds != b":00");
    text.len() < of_an_instant || midnight && !has_seconds
}

/// What stands for a guest whom nobody can make out.
fn unreadable(value: ValueRef<'_>) -> u64 {
    let mut digest = Digest::new(1);
    digest.value(value);
    digest.finish()
}

/// Whether a cell names one of these.
fn is_among(ids: &[RecordIdRef<'_>], value: ValueRef<'_>) -> bool {
    id_of(value).is_some_and(|id| ids.binary_search(&id).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_modified_at_without_a_time_of_day_tells_no_two_changes_of_a_day_apart() {
        let none = [
            "",
            "2026-11-28",
            "28.11.2026",
            "20261128",
            "2026-11-28 00:00",
            "2026-11-28T00:00:00Z",
            "вчера",
        ];
        for coarse in none {
            assert!(is_coarse(coarse), "{coarse}");
        }
        let some = [
            "2026-11-28 10:00",
            "2026-11-28T10:00:00Z",
            "2026-11-28 00:00:01",
            "1796000000",
            "1796000000123",
        ];
        for fine in some {
            assert!(!is_coarse(fine), "{fine}");
        }
    }
}
