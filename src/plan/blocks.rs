//! Which blocks of the mirror are read, and which of those stand as sent when they were. Pure.

use crate::mirror::Block;
use crate::plan::Pair;
use crate::record::Span;
use crate::state::{BlockChange, Blocks, Stood};

/// The blocks of a kind, while they are compared.
pub(super) struct Watched {
    blocks: Vec<Seen>,
    /// As the state has them.
    kept: Blocks,
    /// The block of the last pair.
    at: usize,
}

struct Seen {
    block: Block,
    /// Its rows are read.
    due: bool,
    /// What the state is to know of it; of a block that is read, as long as everything stands.
    stood: Option<Stood>,
}

impl Watched {
    /// Compares the mirror's blocks with what is kept of them.
    pub(super) fn new(blocks: Vec<Block>, kept: Blocks, all: bool) -> Watched {
        let seen = |block: Block| {
            let before = kept.get(&block.first).copied().flatten();
            let before = before.filter(|stood| !all && !block.open && stood.digest == block.digest);
            let new = Stood { digest: block.digest, linked: 0 };
            Seen { block, due: before.is_none(), stood: before.or(Some(new)) }
        };
        Watched { blocks: blocks.into_iter().map(seen).collect(), kept, at: 0 }
    }

    /// Records that are in the mirror and have an object, in the blocks that are not read.
    pub(super) fn linked(&self) -> u64 {
        self.blocks.iter().filter(|seen| !seen.due).filter_map(|seen| seen.stood).map(|it| it.linked).sum()
    }

    /// Where the rows are that are to be read.
    pub(super) fn spans(&self) -> Vec<Span> {
        let mut spans: Vec<Span> = Vec::new();
        let mut joins = false;
        for (at, seen) in self.blocks.iter().enumerate() {
            let upto = self.blocks.get(at + 1).and_then(|next| next.block.first.clone());
            match spans.last_mut() {
                Some(span) if seen.due && joins => span.upto = upto,
                _ if seen.due => spans.push(Span { from: seen.block.first.clone(), upto }),
                _ => {}
            }
            joins = seen.due;
        }
        spans
    }

    /// Takes note of a pair of a block that is read; they come in the order of their ids.
    pub(super) fn saw(&mut self, pair: &Pair, may_go_unread: bool) {
        let begins = |seen: &Seen| seen.block.first.as_ref().is_none_or(|first| *first <= pair.id);
        while self.blocks.get(self.at + 1).is_some_and(begins) {
            self.at += 1;
        }
        let stood = &mut self.blocks[self.at].stood;
        let linked = pair.row.is_some() && pair.known.as_ref().is_some_and(|known| known.crm_id.is_some());
        *stood =
            stood.filter(|_| may_go_unread).map(|it| Stood { linked: it.linked + u64::from(linked), ..it });
    }

    /// What the state has to be told, after all pairs.
    pub(super) fn changes(self) -> Vec<BlockChange> {
        let Watched { blocks, mut kept, .. } = self;
        let mut changes = Vec::new();
        for Seen { block, stood, .. } in blocks {
            if kept.remove(&block.first) != Some(stood) {
                changes.push(BlockChange::Keep(block.first, stood));
            }
        }
        changes.extend(kept.into_keys().map(BlockChange::Drop));
        changes
    }
}
