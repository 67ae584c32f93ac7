//! One report: its rows are read, joined by their ids, and compared with the table of the mirror.

use crate::commands::cli;
use crate::config::{Config, ReportConfig};
use crate::domain::messages::LoadMessage;
use crate::domain::mirror_table::MirrorTable;
use crate::domain::record::BookingStatus;
use crate::domain::run_error::{Result, RunError};
use crate::mirror::fill::{Changes, Filling, ReadRow, Removal, Scope};
use crate::platform::clock::ReadLimit;
use crate::report_files::{Finding, Flaw, Reading, Report, ReportRow, Source};

use super::{guard, join};

#[derive(Clone, Copy)]
pub(super) struct Loader<'l> {
    pub(super) config: &'l Config,
    pub(super) options: &'l cli::Load,
    pub(super) filling: &'l Filling,
    pub(super) limit: &'l ReadLimit,
}

/// A table, compared and not written yet.
#[derive(Debug)]
pub(super) struct Loaded {
    /// The name of the report.
    pub(super) file: String,
    pub(super) scope: Scope,
    pub(super) changes: Changes,
    /// How many rows of the mirror the report lacks; none where that is not checked.
    pub(super) lost: Option<u64>,
    /// How many rows the report has.
    pub(super) rows: u64,
    pub(super) findings: Findings,
    pub(super) ends_with_line_break: Option<bool>,
}

/// More flaws than these are counted alone: a report of another shape has one in every row.
const MOST_FLAWS_KEPT: usize = 1000;

/// What reading a report found beside its rows.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// The first of them, by their lines.
    pub(super) flaws: Vec<Flaw>,
    /// How many more there are.
    pub(super) more_flaws: u64,
    /// How many rows have one.
    pub(super) unreadable: u64,
    /// Rows whose id is unknown: while there are any, no row that the report lacks is removed.
    pub(super) hidden: u64,
}

impl Findings {
    /// Takes note of the flaws of a row.
    pub(super) fn note(&mut self, flaws: Vec<Flaw>) {
        self.unreadable += u64::from(!flaws.is_empty());
        for flaw in flaws {
            if self.flaws.len() < MOST_FLAWS_KEPT {
                self.flaws.push(flaw);
            } else {
                self.more_flaws += 1;
            }
        }
    }
}

impl Loader<'_> {
    /// Reads a report. A report of bookings fills `booking_guests` too, where that has none of its
    /// own.
    pub(super) fn load(&self, report: &ReportConfig, source: &Source) -> Result<Vec<Loaded>> {
        let table = report.table;
        let is_trusted = self.is_trusted(table);
        let reading = Reading {
            config: report,
            encoding: self.config.load.encoding,
            is_trusted,
            is_status: &|word| self.status(word).is_some(),
        };
        let report = Report::open(source, reading)?;
        let columns = join::columns(table, report.columns());
        self.filling.begin_table(table, &columns, !self.options.dry_run)?;
        let key_heading = report.heading(table.key_columns()[0]);
        let width = report.columns().len();
        let mut findings = Findings::default();
        let end = report.read(|finding| self.take(table, finding, &mut findings))?;
        if !is_trusted {
            guard::refuse_cut_line(self.filling, table, source, end)?;
        }
        let stays =
            self.joined(table, &columns[..width], &columns, key_heading.as_deref(), &mut findings)?;
        let hidden = findings.hidden;
        let own = self.compared(table, columns, source, findings)?;
        let mut loaded = vec![Loaded { ends_with_line_break: end.ends_with_line_break, ..own }];
        if let Some(stay_columns) = stays {
            loaded.push(self.derived(stay_columns, source, hidden)?);
        }
        Ok(loaded)
    }

    /// What a word means as a status.
    pub(super) fn status(&self, word: &str) -> Option<BookingStatus> {
        self.config.mirror.statuses.get(word).copied().or_else(|| word.parse().ok())
    }

    fn is_trusted(&self, table: MirrorTable) -> bool {
        is_named(self.options.trust.as_deref(), table)
    }

    fn is_partial(&self, table: MirrorTable) -> bool {
        is_named(self.options.partial.as_deref(), table)
    }

    fn take(&self, table: MirrorTable, finding: Finding, findings: &mut Findings) -> Result<()> {
        if self.limit.is_over() {
            let path = self.config.mirror.path.display().to_string();
            return Err(RunError::interrupted(LoadMessage::Interrupted { path }));
        }
        match finding {
            Finding::Row(ReportRow { line, key, values, print, flaws }) => {
                findings.note(flaws);
                self.filling.add_read(table, &ReadRow { line, key, values, print })
            }
            Finding::Unreadable { key, flaw } => {
                findings.note(vec![flaw]);
                match key {
                    Some(key) => self.filling.keep(table, &key)?,
                    None => findings.hidden += 1,
                }
                Ok(())
            }
        }
    }

    fn compared(
        &self,
        table: MirrorTable,
        columns: Vec<String>,
        source: &Source,
        mut findings: Findings,
    ) -> Result<Loaded> {
        findings.flaws.sort_by_key(|flaw| flaw.line);
        let is_whole = !self.is_partial(table);
        let removal = match (is_whole && findings.hidden == 0, table) {
            (true, _) => Removal::Absent,
            (false, MirrorTable::BookingGuests) if !is_whole => Removal::OfStagedBookings,
            (false, _) => Removal::Nothing,
        };
        let scope = Scope { table, columns, removal };
        let if_believed =
            self.filling.compare(&Scope { removal: Removal::Absent, ..scope.clone() })?;
        let is_guarded = is_whole && !self.is_trusted(table);
        let lost = is_guarded.then_some(if_believed.gone);
        Ok(Loaded { lost, ..self.loaded(scope, source, findings)? })
    }

    fn loaded(&self, scope: Scope, source: &Source, findings: Findings) -> Result<Loaded> {
        Ok(Loaded {
            file: source.name(),
            changes: self.filling.compare(&scope)?,
            lost: None,
            rows: self.filling.staged(scope.table)?,
            findings,
            ends_with_line_break: None,
            scope,
        })
    }

    /// Who stays, by a report of bookings. What became of its bookings says whether they may go.
    fn derived(&self, columns: Vec<String>, source: &Source, hidden: u64) -> Result<Loaded> {
        let table = MirrorTable::BookingGuests;
        let is_whole = !self.is_partial(MirrorTable::Bookings) && hidden == 0;
        let removal = if is_whole { Removal::Absent } else { Removal::OfStagedBookings };
        self.loaded(Scope { table, columns, removal }, source, Findings::default())
    }
}

/// An option without a table names all of them.
fn is_named(option: Option<&[MirrorTable]>, table: MirrorTable) -> bool {
    option.is_some_and(|tables| tables.is_empty() || tables.contains(&table))
}
