//! What becomes of a file's content when changes reach the drive, or a part of them does.

use std::ops::Range;
use std::sync::Arc;

use crate::power_cut::disk::Content;
use crate::power_cut::events::Change;

/// A write reaches the drive by such pieces.
const SECTOR: usize = 512;
/// What became of a change that was not synchronised when the power went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    There,
    Absent,
    /// The first half of its sectors is there.
    FirstHalf,
    LastHalf,
    /// The file has grown, and nothing was written into the new part.
    Zeroed,
    /// The sectors that these bits name.
    Sectors(u64),
}

/// How long a file of this length is after the change.
pub(crate) fn length_after(length: usize, change: &Change) -> usize {
    match change {
        Change::Write { at, bytes } => length.max(at + bytes.len()),
        Change::Resize { length } => *length,
        Change::Mode { .. } => length,
    }
}

/// Whether the change may be there by half.
pub(crate) fn has_sectors(change: &Change) -> bool {
    matches!(change, Change::Write { at, bytes } if sectors(*at, bytes).count() > 1)
}

/// The change reaches the drive, as far as its fate says.
pub(crate) fn save(content: &mut Content, change: &Change, fate: Fate) {
    if fate == Fate::Absent {
        return;
    }
    match change {
        Change::Resize { length } => Arc::make_mut(&mut content.bytes).resize(*length, 0),
        Change::Mode { mode } => content.mode = *mode,
        Change::Write { at, bytes } => {
            write(Arc::make_mut(&mut content.bytes), *at, bytes, fate);
        }
    }
}

fn write(file: &mut Vec<u8>, at: usize, bytes: &[u8], fate: Fate) {
    file.resize(file.len().max(at + bytes.len()), 0);
    let count = sectors(at, bytes).count();
    for (number, sector) in sectors(at, bytes).enumerate() {
        let is_there = match fate {
            Fate::There => true,
            Fate::Absent | Fate::Zeroed => false,
            Fate::FirstHalf => number < count.div_ceil(2),
            Fate::LastHalf => number >= count.div_ceil(2),
            Fate::Sectors(bits) => bits >> (number % 64) & 1 == 1,
        };
        if is_there {
            file[sector.clone()].copy_from_slice(&bytes[sector.start - at..sector.end - at]);
        }
    }
}

/// The parts of a write, each within one sector of the file.
fn sectors(at: usize, bytes: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let end = at + bytes.len();
    (at / SECTOR..end.div_ceil(SECTOR))
        .map(move |sector| at.max(sector * SECTOR)..end.min((sector + 1) * SECTOR))
}
