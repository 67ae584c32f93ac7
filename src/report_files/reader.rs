//! A report from its file to its rows.

use std::fs::File;
use std::io::Cursor;
use std::vec;

use super::encoding::DecodedFile;
use super::layout::{self, HEAD_LINES, Layout};
use super::records::{CsvRecords, Record};
use super::rows::{Finding, RowReader};
use super::source::Source;
use super::workbook::{self, FileKind};
use super::{encoding, refusal};
use crate::config::ReportConfig;
use crate::domain::messages::LoadMessage;
use crate::domain::mirror_table::MirrorTable;
use crate::domain::run_error::{Result, RunError};

/// Semicolons first: so Excel and Ecvi write in Russia.
const SEPARATORS: [u8; 4] = [b';', b'\t', b',', b'|'];

/// How a report is to be read.
#[derive(Clone, Copy)]
pub struct Reading<'r> {
    /// The table that it fills, and its headings.
    pub config: &'r ReportConfig,
    /// Of a file that is neither UTF-8 nor UTF-16.
    pub encoding: Option<&'static encoding_rs::Encoding>,
    /// Somebody says that the file is right, cut or empty as it is.
    pub is_trusted: bool,
    /// Whether a word is a status.
    pub is_status: &'r dyn Fn(&str) -> bool,
}

/// A report whose headings were found.
pub struct Report<'r> {
    reading: Reading<'r>,
    source: &'r Source,
    layout: Layout,
    records: Records,
}

/// What is known at the end of a report.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FileEnd {
    /// Whether the last line has its end; none of a workbook.
    pub ends_with_line_break: Option<bool>,
}

enum Records {
    Csv(Box<CsvRecords<DecodedFile>>),
    Sheet(vec::IntoIter<Record>),
}

impl<'r> Report<'r> {
    /// Opens a report and finds its headings.
    pub fn open(source: &'r Source, reading: Reading<'r>) -> Result<Report<'r>> {
        let mut file = source.open()?;
        let kind = FileKind::look(&mut file).map_err(|error| source.unreadable(&error))?;
        let (layout, records) = match kind {
            FileKind::WebPage => return Err(LoadMessage::WebPage { path: source.shown() }.into()),
            FileKind::Zip | FileKind::Xls => open_workbook(source, reading, file, kind)?,
            FileKind::Text => open_text(source, reading, file)?,
        };
        Ok(Report { reading, source, layout, records })
    }

    /// The columns that it fills, in the order of the values of its rows.
    pub fn columns(&self) -> Vec<String> {
        self.layout.places.iter().map(|place| place.column.clone()).collect()
    }

    /// The heading of a column.
    pub fn heading(&self, column: &str) -> Option<String> {
        self.layout.place(column).map(|place| place.heading.clone())
    }

    /// All headings, as the report has them.
    pub(super) fn shown_headings(&self) -> &[String] {
        &self.layout.shown_headings
    }

    /// Gives every row to `take`.
    pub fn read(mut self, mut take: impl FnMut(Finding) -> Result<()>) -> Result<FileEnd> {
        let Reading { config, is_trusted, is_status, .. } = self.reading;
        let reader = RowReader { table: config.table, layout: &self.layout, is_status };
        let mut last_short_line = None;
        while let Some(record) = self.records.next(self.source)? {
            if record.line <= self.layout.line {
                continue;
            }
            if record.is_cut && !is_trusted {
                return Err(cut(self.source, config.table, record.line));
            }
            let finding = reader.read(&record);
            let is_short = finding.is_some() && record.fields.len() < self.layout.width;
            last_short_line = is_short.then_some(record.line);
            if let Some(finding) = finding {
                take(finding)?;
            }
        }
        let end = FileEnd { ends_with_line_break: self.records.ends_with_line_break() };
        match last_short_line {
            Some(line) if end.ends_with_line_break == Some(false) && !is_trusted => {
                Err(cut(self.source, config.table, line))
            }
            _ => Ok(end),
        }
    }
}

fn cut(source: &Source, table: MirrorTable, line: u64) -> RunError {
    LoadMessage::ReportCut { path: source.shown(), line, table: table.name().to_owned() }.into()
}

fn empty(source: &Source, table: MirrorTable) -> RunError {
    LoadMessage::ReportEmpty { path: source.shown(), table: table.name().to_owned() }.into()
}

impl Records {
    fn next(&mut self, source: &Source) -> Result<Option<Record>> {
        match self {
            Records::Csv(records) => records.next().map_err(|error| source.unreadable(&error)),
            Records::Sheet(rows) => Ok(rows.next()),
        }
    }

    fn ends_with_line_break(&self) -> Option<bool> {
        match self {
            Records::Csv(records) => Some(records.ends_with_line_break()),
            Records::Sheet(_) => None,
        }
    }
}

fn open_text(source: &Source, reading: Reading<'_>, file: File) -> Result<(Layout, Records)> {
    let decoded =
        encoding::decoded(file, reading.encoding).map_err(|error| source.unreadable(&error))?;
    let mut records = CsvRecords::new(decoded);
    let head = records.head(HEAD_LINES).map_err(|error| source.unreadable(&error))?;
    let ReportConfig { table, headings, .. } = reading.config;
    let layout = if head.trim().is_empty() {
        if !reading.is_trusted {
            return Err(empty(source, *table));
        }
        Layout::for_empty_file(*table, headings)
    } else {
        let (separator, rows) = separated(&head, |rows| layout::score(rows, headings));
        let layout = layout::find(&rows, *table, headings)
            .map_err(|error| refusal::headings(&source.path, *table, error))?;
        records.expect(separator, Some(layout.width));
        layout
    };
    Ok((layout, Records::Csv(Box::new(records))))
}

/// The separator by which the most headings are found, and the first rows by it.
fn separated(head: &str, score: impl Fn(&[Record]) -> usize) -> (u8, Vec<Record>) {
    let mut best = (SEPARATORS[0], Vec::new());
    let mut best_score = (0, 0);
    for separator in SEPARATORS {
        let rows = head_rows(head, separator);
        let widest = rows.iter().map(|row| row.fields.len()).max().unwrap_or_default();
        let own_score = (score(&rows), widest);
        if own_score > best_score {
            best = (separator, rows);
            best_score = own_score;
        }
    }
    best
}

fn head_rows(head: &str, separator: u8) -> Vec<Record> {
    let mut records = CsvRecords::new(Cursor::new(head));
    records.expect(separator, None);
    let mut rows = Vec::new();
    while let Ok(Some(record)) = records.next() {
        rows.push(record);
    }
    rows
}

/// Of several sheets the one with the most headings.
fn open_workbook(
    source: &Source,
    reading: Reading<'_>,
    file: File,
    kind: FileKind,
) -> Result<(Layout, Records)> {
    let ReportConfig { table, headings, .. } = reading.config;
    let sheets = workbook::sheets(file, kind).map_err(|error| LoadMessage::NoWorkbook {
        path: source.shown(),
        error: error.to_string().into(),
    })?;
    let mut best: Vec<Record> = Vec::new();
    let mut best_score = 0;
    for sheet in sheets {
        let score = layout::score(first_rows(&sheet), headings);
        if best.is_empty() || score > best_score {
            best = sheet;
            best_score = score;
        }
    }
    if best.is_empty() {
        if !reading.is_trusted {
            return Err(empty(source, *table));
        }
        return Ok((Layout::for_empty_file(*table, headings), Records::Sheet(best.into_iter())));
    }
    let layout = layout::find(first_rows(&best), *table, headings)
        .map_err(|error| refusal::headings(&source.path, *table, error))?;
    Ok((layout, Records::Sheet(best.into_iter())))
}

/// The rows among which the headings are looked for.
fn first_rows(sheet: &[Record]) -> &[Record] {
    &sheet[..sheet.len().min(HEAD_LINES)]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::Heading;

    /// Reads a file of these bytes to its end, whatever becomes of it.
    fn read(bytes: &[u8]) -> Result<FileEnd> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("guests.csv");
        std::fs::write(&file, bytes).unwrap();
        let heading = |(text, column): (&str, &str)| Heading {
            text: text.into(),
            columns: vec![column.into()],
            is_required: true,
        };
        let headings =
            [("Код", "id"), ("Имя", "first_name"), ("Рождён", "birth_date")].map(heading);
        let config = ReportConfig {
            table: MirrorTable::Guests,
            file: file.clone(),
            headings: headings.to_vec(),
        };
        let reading =
            Reading { config: &config, encoding: None, is_trusted: false, is_status: &|_| true };
        let source = Source::find(&file).unwrap();
        Report::open(&source, reading)?.read(|_| Ok(()))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

        #[test]
        fn no_file_ends_the_program(
            start in prop::sample::select(vec![
                b"PK\x03\x04".to_vec(),
                b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec(),
                b"\xff\xfe".to_vec(),
                "Код;Имя;Рождён\n".as_bytes().to_vec(),
            ]),
            rest in prop::collection::vec(any::<u8>(), 0..600),
        ) {
            drop(read(&[start, rest].concat()));
        }
    }

    #[test]
    fn a_file_of_headings_alone_is_read() {
        let end = read("Код;Имя;Рождён\n".as_bytes()).unwrap();
        assert_eq!(end.ends_with_line_break, Some(true));
    }
}
