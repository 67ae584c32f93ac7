//! The mirror's outline: its rows in blocks of neighbouring ids, each with a digest of the few
//! columns that show whether anything in it may have to be sent. The rows of a block whose digest
//! is as before need not be read.
//!
//! A block begins at every id whose own digest says so, and not after a number of rows: a new or
//! deleted row then changes only its own block. The digests of `booking_guests` are added up, so
//! that the rows can be read in the order in which they are on the disk.

use std::collections::HashSet;

use rusqlite::Row as SqlRow;
use rusqlite::types::ValueRef;

use super::Mirror;
use super::cell::modified_at;
use super::ids::{IdType, as_type, id_of};
use super::reason::ReadError;
use super::scan::out_of_order;
use crate::domain::record::{Kind, RecordId, RecordIdRef, RecordKey};
use crate::domain::run_error::RunError;
use crate::platform::hash::Digest;

/// Rows in a block, on average: one changed record makes a run read so many rows.
pub(super) const GRAIN: u64 = 256;

/// A table with no more rows than this is read whole in every run: that takes some milliseconds.
pub(super) const FEW: u64 = 2_000;

/// Where fewer than one row in so many has another `modified_at` than the row before, `modified_at`
/// says almost nothing. A few odd rows make no difference.
const ALIKE: u64 = 100;

/// What an outline depends on besides the rows.
#[derive(Clone, Copy, Debug)]
pub struct ChangeInputs<'a> {
    /// Every digest begins with this.
    pub seed: u64,
    /// Guests and companies whose bookings are to be read.
    pub dirty_parties: &'a HashSet<RecordKey>,
}

/// The rows from one id on, up to the next block's first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    /// None for the first block, which begins before all ids.
    pub first: Option<RecordId>,
    /// Of its rows, and of where it ends.
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
    pub booking_guests: u64,
    /// Every row is to be read: that costs little here, or `modified_at` says almost nothing.
    pub says_little: bool,
}

impl Mirror {
    /// Reads the outline of a kind.
    ///
    /// # Errors
    /// The mirror is damaged or its rows are not in order.
    pub fn outline(&self, kind: Kind, inputs: &ChangeInputs<'_>) -> Result<Outline, RunError> {
        self.draw_outline(kind, inputs).map_err(|error| self.broken_off(kind, error))
    }

    fn draw_outline(&self, kind: Kind, inputs: &ChangeInputs<'_>) -> Result<Outline, ReadError> {
        let mut sketch = Sketch::new(self.grain, inputs);
        let ids = self.record_ids(kind)?;
        let outline = ids.bounded(&self.records[kind].outline);
        let sql = format!("{outline} ORDER BY {}", ids.order.expression);
        let mut records = self.connection.prepare_cached(&sql)?;
        let mut rows = records.query([])?;
        while let Some(row) = rows.next()? {
            sketch.add_record(kind, row)?;
        }
        if kind == Kind::Booking {
            let stays = self.stay_ids()?;
            let mut booking_guests = self.connection.prepare_cached(&stays.select)?;
            let mut rows = booking_guests.query([])?;
            while let Some(row) = rows.next()? {
                sketch.add_booking_guest(row, stays.convert_to)?;
            }
        }
        let mut outline = sketch.finish(inputs.seed);
        outline.rows += ids.too_long;
        outline.rows_without_id += ids.too_long;
        outline.says_little |= outline.rows <= self.few;
        Ok(outline)
    }
}

/// An outline that is being drawn.
struct Sketch<'a> {
    outline: Outline,
    /// Of the block that is being read.
    digest: Digest,
    /// The digests of `booking_guests` added up, by block.
    guest_sums: Vec<u64>,
    last: Option<RecordId>,
    /// The block of the last row of `booking_guests`.
    at: usize,
    grain: u64,
    /// The `modified_at` of the last row.
    modified: String,
    /// How many rows have another `modified_at` than the row before.
    turns: u64,
    /// The dirty guests, sorted.
    guests: Vec<RecordIdRef<'a>>,
    /// The dirty companies, sorted.
    companies: Vec<RecordIdRef<'a>>,
}

impl<'a> Sketch<'a> {
    fn new(grain: u64, inputs: &ChangeInputs<'a>) -> Sketch<'a> {
        let outline = Outline {
            blocks: vec![Block::beginning(None)],
            rows: 0,
            rows_without_id: 0,
            booking_guests: 0,
            says_little: false,
        };
        Sketch {
            outline,
            digest: Digest::new(0),
            guest_sums: vec![0],
            last: None,
            at: 0,
            grain,
            modified: String::new(),
            turns: 0,
            guests: sorted_ids(inputs.dirty_parties, Kind::Guest),
            companies: sorted_ids(inputs.dirty_parties, Kind::Company),
        }
    }

    fn add_record(&mut self, kind: Kind, row: &SqlRow<'_>) -> Result<(), ReadError> {
        self.outline.rows += 1;
        let Some(id) = id_of(row.get_ref(0)?) else {
            self.outline.rows_without_id += 1;
            return Ok(());
        };
        self.begin(id)?;
        let modified = row.get_ref(1)?;
        self.digest.id(id);
        self.digest.value(modified);
        let modified_at = modified_at(modified).unwrap_or_default();
        self.count_turn(&modified_at);
        let coarse = is_coarse(&modified_at);
        // Only the content of such a row tells a change.
        let mut open = modified_at.trim().is_empty();
        if kind == Kind::Booking {
            self.digest.value(row.get_ref(2)?);
            for (at, dirty) in [(3, &self.guests), (4, &self.companies), (5, &self.companies)] {
                let party = row.get_ref(at)?;
                self.digest.value(party);
                open |= !dirty.is_empty() && is_among(dirty, party);
            }
        }
        if let Some(block) = self.outline.blocks.last_mut() {
            block.open |= open;
            block.coarse |= coarse;
        }
        Ok(())
    }

    /// Begins a new block where the id says so. Rows of one id are always in one block.
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
            self.guest_sums.push(0);
        }
        match (&mut self.last, id) {
            // Without a new allocation for each row.
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

    fn count_turn(&mut self, modified_at: &str) {
        if modified_at != self.modified {
            modified_at.clone_into(&mut self.modified);
            self.turns += 1;
        }
    }

    fn add_booking_guest(
        &mut self,
        row: &SqlRow<'_>,
        convert_to: Option<IdType>,
    ) -> rusqlite::Result<()> {
        self.outline.booking_guests += 1;
        let Some(named) = id_of(row.get_ref(0)?) else { return Ok(()) };
        let converted = convert_to.map(|_| as_type(named.into(), convert_to));
        let booking = converted.as_ref().map_or(named, RecordId::borrowed);
        let at = self.block_of(booking);
        let guest_cell = row.get_ref(1)?;
        let Some(guest) = id_of(guest_cell) else {
            // Its booking has a warning, which ends when the cell changes.
            self.guest_sums[at] = self.guest_sums[at].wrapping_add(unreadable(guest_cell));
            return Ok(());
        };
        let mut digest = Digest::new(0);
        digest.id(booking);
        digest.id(guest);
        digest.value(row.get_ref(2)?);
        self.guest_sums[at] = self.guest_sums[at].wrapping_add(digest.finish());
        if !self.guests.is_empty() && self.guests.binary_search(&guest).is_ok() {
            self.outline.blocks[at].open = true;
        }
        Ok(())
    }

    /// The block of a booking: mostly that of the row before.
    fn block_of(&mut self, id: RecordIdRef<'_>) -> usize {
        let blocks = &self.outline.blocks;
        let is_before_next = blocks.get(self.at + 1).is_none_or(|next| !next.begins_before(id));
        if !(blocks[self.at].begins_before(id) && is_before_next) {
            let begun = blocks.partition_point(|block| block.begins_before(id));
            self.at = begun.saturating_sub(1);
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
            digest.word(self.guest_sums[at]);
            match &blocks[at].first {
                Some(first) => digest.id(first.borrowed()),
                None => digest.value(ValueRef::Null),
            }
            // Its end too: a block that has grown over an empty neighbour is another one.
            if let Some(Block { first: Some(end), .. }) = blocks.get(at + 1) {
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

    /// Whether the block begins at this id or before it.
    fn begins_before(&self, id: RecordIdRef<'_>) -> bool {
        self.first.as_ref().is_none_or(|first| first.borrowed() <= id)
    }
}

fn sorted_ids(keys: &HashSet<RecordKey>, kind: Kind) -> Vec<RecordIdRef<'_>> {
    let mut ids = Vec::new();
    for key in keys {
        if key.kind == kind {
            ids.push(key.id.borrowed());
        }
    }
    ids.sort_unstable();
    ids
}

/// Whether two changes on one day may have the same `modified_at`: it has no time, or midnight, or
/// is empty.
fn is_coarse(modified_at: &str) -> bool {
    let text = modified_at.as_bytes();
    let is_number = text.iter().all(u8::is_ascii_digit);
    let of_an_instant = if is_number { 10 } else { "2026-11-28 10:00".len() };
    let midnight = text.get(11..16) == Some(b"00:00");
    let has_seconds = text.get(16..19).is_some_and(|seconds| seconds != b":00");
    text.len() < of_an_instant || midnight && !has_seconds
}

/// The digest of a guest id that cannot be read.
fn unreadable(value: ValueRef<'_>) -> u64 {
    let mut digest = Digest::new(1);
    digest.value(value);
    digest.finish()
}

/// Whether a cell is one of these ids, which are sorted.
fn is_among(ids: &[RecordIdRef<'_>], value: ValueRef<'_>) -> bool {
    id_of(value).is_some_and(|id| ids.binary_search(&id).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_modified_at_without_a_time_of_day_tells_no_two_changes_of_a_day_apart() {
        let none = [
            "", "2026-11-28", "28.11.2026", "20261128", "2026-11-28 00:00", "2026-11-28T00:00:00Z",
            "вчера",
        ];
        for coarse in none {
            assert!(is_coarse(coarse), "{coarse}");
        }
        let some = [
            "2026-11-28 10:00", "2026-11-28T10:00:00Z", "2026-11-28 00:00:01", "1796000000",
            "1796000000123",
        ];
        for fine in some {
            assert!(!is_coarse(fine), "{fine}");
        }
    }
}
