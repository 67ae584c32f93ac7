//! Which blocks of the mirror are read, and which are clean afterwards: all their records are as
//! sent. Pure.
//!
//! A block is read if its digest is not the one with which it was clean. A block whose digest has
//! changed is read in the next runs too, until no second change can have the same `modified_at`,
//! and once more after that. The time of the change is the one when we saw it, by our own clock,
//! and not a time of the rows.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::record::{IdRange, RecordId};
use crate::mirror::{Block, Outline};
use crate::state::{BlockChange, Blocks, CleanBlock, StoredBlock};
use crate::sync::plan::Pair;

/// Where `modified_at` may have no time of day: longer than a day.
const A_DAY_AND_MORE: TimeDelta = TimeDelta::hours(26);

/// Where `modified_at` may have no seconds: longer than a minute.
const MINUTES: TimeDelta = TimeDelta::minutes(2);

/// How blocks are compared.
#[derive(Clone, Copy)]
pub(super) struct BlockOptions {
    /// Every row is read.
    pub(super) reads_all: bool,
    /// The digests are made in another way than the last time: a difference says nothing.
    pub(super) is_reading_new: bool,
    /// The time of the run.
    pub(super) now: DateTime<Utc>,
}

/// The blocks of a kind, while they are compared.
pub(super) struct BlockComparison {
    blocks: Vec<ComparedBlock>,
    /// The blocks of the state.
    stored: Blocks,
    /// The block of the last pair.
    current: usize,
    options: BlockOptions,
}

struct ComparedBlock {
    block: Block,
    /// Its rows are read.
    is_read: bool,
    /// Its digest is not the last one: it is read once more, whatever is found.
    changed: bool,
    /// The values for the state. A block that is read is clean until one of its records is not.
    stored: StoredBlock,
}

impl ComparedBlock {
    fn new(block: Block, before: Option<StoredBlock>, options: BlockOptions) -> ComparedBlock {
        let digest = block.digest;
        let before = before.unwrap_or_default();
        let changed = !options.is_reading_new && before.seen != Some(digest);
        let changed_at = if changed { Some(options.now) } else { before.changed_at };
        let lasts = if block.coarse { A_DAY_AND_MORE } else { MINUTES };
        let is_fresh = changed_at.is_some_and(|at| (options.now - at).abs() < lasts);
        // Also once more when it is fresh no longer: the last reading may have come before the second
        // change.
        let must_be_read = options.reads_all || block.open || changed_at.is_some();
        let still_clean = before.clean.filter(|clean| !must_be_read && clean.digest == digest);
        let stored = StoredBlock {
            clean: still_clean.or(Some(CleanBlock { digest, linked: 0 })),
            seen: Some(digest),
            changed_at: changed_at.filter(|_| is_fresh),
        };
        ComparedBlock { block, is_read: still_clean.is_none(), changed, stored }
    }
}

impl BlockComparison {
    /// Compares the mirror's blocks with what the state has of them.
    pub(super) fn new(outline: Outline, stored: Blocks, options: BlockOptions) -> BlockComparison {
        let options = BlockOptions {
            reads_all: options.reads_all || outline.says_little,
            is_reading_new: options.is_reading_new || stored.is_empty(),
            ..options
        };
        let mut blocks = Vec::new();
        for block in outline.blocks {
            let before = stored.get(&block.first).copied();
            blocks.push(ComparedBlock::new(block, before, options));
        }
        BlockComparison { blocks, stored, current: 0, options }
    }

    /// Records that are in the mirror and have an object, in the blocks that are not read: the
    /// others have counted none yet.
    pub(super) fn linked(&self) -> u64 {
        self.blocks.iter().filter_map(|block| block.stored.clean).map(|clean| clean.linked).sum()
    }

    /// The ids of the rows that are to be read.
    pub(super) fn ranges_to_read(&self) -> Vec<IdRange> {
        let mut spans: Vec<IdRange> = Vec::new();
        let mut joins = false;
        for (at, seen) in self.blocks.iter().enumerate() {
            let upto = self.blocks.get(at + 1).and_then(|next| next.block.first.clone());
            match spans.last_mut() {
                Some(span) if seen.is_read && joins => span.end = upto,
                _ if seen.is_read => {
                    spans.push(IdRange { start: seen.block.first.clone(), end: upto });
                }
                _ => {}
            }
            joins = seen.is_read;
        }
        spans
    }

    /// Notes a pair of a block that is read. Pairs come in the order of their ids.
    pub(super) fn note_pair(&mut self, pair: &Pair, is_skippable: bool) {
        let BlockOptions { is_reading_new, now, .. } = self.options;
        let StoredBlock { clean, changed_at, .. } = self.stored_block(&pair.id);
        // Digests that are made in another way do not show that the block changed: its rows do.
        if is_reading_new && !is_skippable {
            *changed_at = Some(now);
        }
        let has_object = pair.stored.as_ref().is_some_and(|stored| stored.crm_id.is_some());
        match clean {
            Some(clean) if is_skippable => {
                clean.linked += u64::from(pair.row.is_some() && has_object);
            }
            _ => *clean = None,
        }
    }

    /// Something without a row or a record, with this id, is not settled: its block is read again.
    /// It comes in the order of the pairs.
    pub(super) fn note_unsettled(&mut self, id: &RecordId) {
        self.stored_block(id).clean = None;
    }

    /// The values of the block in which this id is, and behind that of the last one.
    fn stored_block(&mut self, id: &RecordId) -> &mut StoredBlock {
        while let Some(next) = self.blocks.get(self.current + 1)
            && next.block.first.as_ref().is_none_or(|first| first <= id)
        {
            self.current += 1;
        }
        &mut self.blocks[self.current].stored
    }

    /// The changes for the state, after all pairs.
    pub(super) fn changes(self) -> Vec<BlockChange> {
        let BlockComparison { blocks, mut stored, .. } = self;
        let mut changes = Vec::new();
        for ComparedBlock { block, stored: mut seen, changed, .. } in blocks {
            if changed {
                seen.clean = None;
            }
            if stored.remove(&block.first) != Some(seen) {
                changes.push(BlockChange::Keep(block.first, seen));
            }
        }
        changes.extend(stored.into_keys().map(BlockChange::Drop));
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::PlanRecord;
    use crate::sync::plan::decide::tests::row;

    const DIGEST: u64 = 7;
    const STOOD: StoredBlock = StoredBlock {
        clean: Some(CleanBlock { digest: DIGEST, linked: 1 }),
        seen: Some(DIGEST),
        changed_at: None,
    };

    fn look() -> BlockOptions {
        BlockOptions {
            reads_all: false,
            is_reading_new: false,
            now: DateTime::from_timestamp(1_796_000_000, 0).unwrap(),
        }
    }

    fn block(digest: u64, coarse: bool) -> Block {
        Block { first: None, digest, open: false, coarse }
    }

    fn outline(digest: u64, says_little: bool) -> Outline {
        Outline {
            blocks: vec![block(digest, false)],
            rows: 5_000,
            rows_without_id: 0,
            booking_guests: 0,
            says_little,
        }
    }

    /// Whether a block is read that was seen to change so long ago, and whether that is kept in
    /// mind.
    fn look_at(coarse: bool, changed: TimeDelta) -> (bool, bool) {
        let before = StoredBlock { changed_at: Some(look().now - changed), ..STOOD };
        let seen = ComparedBlock::new(block(DIGEST, coarse), Some(before), look());
        (seen.is_read, seen.stored.changed_at.is_some())
    }

    #[test]
    fn a_block_that_changed_lately_is_read_by_our_own_clock_and_once_more_after_that() {
        let minute = TimeDelta::minutes(1);
        let hour = TimeDelta::hours(1);
        assert_eq!(look_at(false, minute), (true, true));
        assert_eq!(look_at(false, minute * 3), (true, false));
        assert_eq!(look_at(true, hour * 25), (true, true));
        assert_eq!(look_at(true, hour * 27), (true, false));
        // The clock was set back, a little or far.
        assert_eq!(look_at(false, -minute), (true, true));
        assert_eq!(look_at(false, -hour), (true, false));
        assert!(!ComparedBlock::new(block(DIGEST, false), Some(STOOD), look()).is_read);
    }

    #[test]
    fn a_block_that_looks_otherwise_is_read_once_more_whatever_is_found() {
        let kept: Blocks = [(None, STOOD)].into();
        let told =
            |look| BlockComparison::new(outline(DIGEST + 1, false), kept.clone(), look).changes();
        let changed =
            StoredBlock { clean: None, seen: Some(DIGEST + 1), changed_at: Some(look().now) };
        assert_eq!(told(look()), [BlockChange::Keep(None, changed)]);
        // Digests of other terms say nothing of a change.
        let stood = Some(CleanBlock { digest: DIGEST + 1, linked: 0 });
        let anew = told(BlockOptions { is_reading_new: true, ..look() });
        assert_eq!(
            anew,
            [BlockChange::Keep(None, StoredBlock { clean: stood, changed_at: None, ..changed })]
        );
    }

    #[test]
    fn where_modified_at_says_next_to_nothing_every_block_is_read() {
        let spans = |says_little| {
            let kept: Blocks = [(None, STOOD)].into();
            BlockComparison::new(outline(DIGEST, says_little), kept, look()).ranges_to_read().len()
        };
        assert_eq!([false, true].map(spans), [0, 1]);
    }

    #[test]
    fn a_block_with_a_row_that_is_to_be_read_is_read_however_it_stands() {
        let open = Block { open: true, ..block(DIGEST, false) };
        assert!(ComparedBlock::new(open, Some(STOOD), look()).is_read);
    }

    #[test]
    fn what_stands_in_a_block_counts_as_long_as_the_block_is_not_read() {
        let linked = |digest| {
            let kept: Blocks = [(None, STOOD)].into();
            BlockComparison::new(outline(digest, false), kept, look()).linked()
        };
        assert_eq!((linked(DIGEST), linked(DIGEST + 1)), (1, 0));
    }

    #[test]
    fn a_block_counts_who_is_there_and_has_an_object() {
        let linked = |has_row: bool, stored: Option<PlanRecord>| {
            let mut blocks = BlockComparison::new(outline(DIGEST, false), Blocks::new(), look());
            let row = has_row.then(row);
            blocks.note_pair(&Pair { id: RecordId::Number(1), row, stored }, true);
            blocks.blocks[0].stored.clean.map(|clean| clean.linked)
        };
        let known = |crm_id| Some(PlanRecord { crm_id, ..PlanRecord::default() });
        assert_eq!(linked(true, known(Some(7))), Some(1));
        assert_eq!(linked(false, known(Some(7))), Some(0));
        assert_eq!([linked(true, known(None)), linked(true, None)], [Some(0); 2]);
    }
}
