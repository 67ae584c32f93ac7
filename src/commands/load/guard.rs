//! Reports that look like an accident: cut, emptied, or shrunken by more than a third.

use super::table::Loaded;
use crate::domain::messages::LoadMessage;
use crate::domain::mirror_table::MirrorTable;
use crate::domain::run_error::Result;
use crate::mirror::fill::Filling;
use crate::report_files::{FileEnd, Source};

/// A program ends its last line always or never. Where it did and now does not, the line is cut.
pub(super) fn refuse_cut_line(
    filling: &Filling,
    table: MirrorTable,
    source: &Source,
    end: FileEnd,
) -> Result<()> {
    if end.ends_with_line_break != Some(false)
        || filling.ended_with_line_break(table)? != Some(true)
    {
        return Ok(());
    }
    Err(LoadMessage::LastLineCut { path: source.shown(), table: table.name().to_owned() }.into())
}

/// A report without rows that the mirror has.
pub(super) fn refuse_loss(loaded: &Loaded) -> Result<()> {
    let before = loaded.changes.before;
    let lost = loaded.lost.unwrap_or_default();
    if lost * 3 <= before {
        return Ok(());
    }
    let file = loaded.file.clone();
    let table = loaded.scope.table.name().to_owned();
    Err(if loaded.rows == 0 {
        LoadMessage::ReportEmptied { file, table, before }.into()
    } else {
        LoadMessage::ReportShrunken { file, table, before, lost }.into()
    })
}
