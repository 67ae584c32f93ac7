//! What a report has to offer that no configuration knows yet: headings that are called as usual,
//! and status words.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, Reading, Report, Source};
use crate::config::{Heading, ReportConfig, plain_heading};
use crate::domain::column_names::{columns_called, names_in};
use crate::domain::mirror_table::MirrorTable;
use crate::domain::run_error::Result;

/// What a report has to offer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReportSurvey {
    /// The headings that are called as usual, and their columns.
    pub headings: Vec<(String, &'static str)>,
    /// The words of its status, and in how many rows each is.
    pub statuses: BTreeMap<String, u64>,
    /// Several rows have an amount for one booking.
    pub has_several_amounts: bool,
}

/// Reads a report to its end.
pub fn survey(source: &Source, table: MirrorTable) -> Result<ReportSurvey> {
    let config = ReportConfig { table, file: source.path.clone(), headings: usual_headings(table) };
    let statuses: RefCell<BTreeMap<String, u64>> = RefCell::default();
    let reading = Reading {
        config: &config,
        encoding: None,
        is_trusted: false,
        // Any word may be a status: they are collected here.
        is_status: &|word: &str| {
            *statuses.borrow_mut().entry(word.to_owned()).or_default() += 1;
            true
        },
    };
    let report = Report::open(source, reading)?;
    let mut headings = Vec::new();
    for heading in report.shown_headings() {
        if let Some(columns) = columns_called(&plain_heading(heading), table) {
            headings.push((heading.clone(), columns));
        }
    }
    let amount_at = report.columns().iter().position(|column| column == "amount");
    let mut with_amount: BTreeSet<String> = BTreeSet::new();
    let mut has_several_amounts = false;
    report.read(|finding| {
        if let Finding::Row(row) = finding
            && let Some(at) = amount_at
            && !row.values[at].is_empty()
        {
            has_several_amounts |= !with_amount.insert(row.key);
        }
        Ok(())
    })?;
    Ok(ReportSurvey { headings, statuses: statuses.into_inner(), has_several_amounts })
}

/// Every name that hotels give to a column of this table.
fn usual_headings(table: MirrorTable) -> Vec<Heading> {
    let mut headings = Vec::new();
    for text in names_in(table) {
        let Some(columns) = columns_called(text, table) else { continue };
        let columns = columns.split(' ').map(str::to_owned).collect();
        headings.push(Heading { text: text.to_owned(), columns, is_required: false });
    }
    headings
}
