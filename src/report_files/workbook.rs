//! The sheets of a workbook (XLSX, XLS, ODS) as rows of texts.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek};

use calamine::{Data, Dimensions, Reader, Sheets, Xlsx, XlsxError, open_workbook_from_rs};

use super::layout::HEAD_LINES;
use super::records::Record;

/// As many as old versions of Excel had; no report has so many.
const MAX_COLUMNS: u32 = 256;

/// What a file is, by its first bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum FileKind {
    /// A zip archive: XLSX or ODS.
    Zip,
    /// A workbook of old versions of Excel.
    Xls,
    /// HTML or another XML.
    WebPage,
    /// Anything else is taken for CSV.
    Text,
}

impl FileKind {
    /// Looks at the first bytes, and goes back to the beginning.
    pub(super) fn look(file: &mut File) -> std::io::Result<FileKind> {
        let mut head = Vec::new();
        file.take(64).read_to_end(&mut head)?;
        file.rewind()?;
        let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head);
        Ok(match text {
            [b'P', b'K', 3 | 5, ..] => FileKind::Zip,
            [0xd0, 0xcf, 0x11, 0xe0, ..] => FileKind::Xls,
            _ if text.trim_ascii_start().starts_with(b"<") => FileKind::WebPage,
            _ => FileKind::Text,
        })
    }
}

type Workbook = Sheets<BufReader<File>>;

fn open(file: File, kind: FileKind) -> Result<Workbook, calamine::Error> {
    let reader = BufReader::new(file);
    if kind == FileKind::Xls {
        return Ok(Sheets::Xls(open_workbook_from_rs(reader).map_err(calamine::Error::Xls)?));
    }
    let again = BufReader::new(reader.get_ref().try_clone()?);
    let xlsx = match open_workbook_from_rs(reader) {
        Ok(xlsx) => return Ok(Sheets::Xlsx(xlsx)),
        Err(error) => calamine::Error::Xlsx(error),
    };
    // What is no XLSX either is told as such: that is what people export.
    open_workbook_from_rs(again).map(Sheets::Ods).map_err(|_| xlsx)
}

/// The rows of every sheet.
///
/// # Errors
/// The file is damaged, or not whole.
pub(super) fn sheets(file: File, kind: FileKind) -> Result<Vec<Vec<Record>>, calamine::Error> {
    let mut workbook = open(file, kind)?;
    let mut sheets = Vec::new();
    for name in workbook.sheet_names() {
        sheets.push(sheet(&mut workbook, &name)?);
    }
    Ok(sheets)
}

/// The cells of a sheet, as they are found: one stray cell may lie a million rows further down.
fn sheet(workbook: &mut Workbook, name: &str) -> Result<Vec<Record>, calamine::Error> {
    let mut grid = Grid::default();
    let Sheets::Xlsx(xlsx) = workbook else {
        let range = workbook.worksheet_range(name)?;
        let (top, left) = range.start().unwrap_or_default();
        for (row, column, cell) in range.used_cells() {
            grid.add(top + row as u32, left + column as u32, cell);
        }
        return Ok(grid.into_records());
    };
    match read_cells(xlsx, name, &mut grid) {
        // A chart has no cells.
        Ok(()) | Err(XlsxError::NotAWorksheet(_)) => {}
        Err(error) => return Err(calamine::Error::Xlsx(error)),
    }
    let merged = xlsx.merge_cells_by_sheet_name(name).map_err(calamine::Error::Xlsx)?;
    for area in &merged {
        grid.fill_down(area);
    }
    Ok(grid.into_records())
}

fn read_cells(
    xlsx: &mut Xlsx<BufReader<File>>,
    name: &str,
    grid: &mut Grid,
) -> Result<(), XlsxError> {
    let mut cells = xlsx.worksheet_cells_reader(name)?;
    while let Some(cell) = cells.next_cell()? {
        let (row, column) = cell.get_position();
        grid.add(row, column, &cell.get_value().clone().into());
    }
    Ok(())
}

/// The filled cells of a sheet by row and column. Rows without any are left out.
#[derive(Default)]
struct Grid {
    rows: BTreeMap<u32, BTreeMap<u32, String>>,
}

impl Grid {
    fn add(&mut self, row: u32, column: u32, cell: &Data) {
        if column < MAX_COLUMNS && !matches!(cell, Data::Empty) {
            self.rows.entry(row).or_default().insert(column, text(cell));
        }
    }

    /// The rooms of a booking may share one tall cell with its number: each row has it.
    fn fill_down(&mut self, area: &Dimensions) {
        let (first, column) = area.start;
        let value = self.rows.get(&first).and_then(|row| row.get(&column)).cloned();
        let Some(value) = value.filter(|_| area.end.0 > first) else { return };
        for (_, row) in self.rows.range_mut(first + 1..=area.end.0) {
            row.insert(column, value.clone());
        }
    }

    /// All rows are as wide as the widest of the first ones: among them are the headings, and what
    /// is further to the right has none.
    fn into_records(self) -> Vec<Record> {
        let head = self.rows.values().take(HEAD_LINES);
        let end = head.filter_map(|row| row.keys().next_back()).max().map_or(0, |last| last + 1);
        let left = self.rows.values().filter_map(|row| row.keys().next()).min();
        let left = left.copied().unwrap_or_default();
        let mut records = Vec::new();
        for (row, mut cells) in self.rows {
            let fields = (left..end).map(|column| cells.remove(&column).unwrap_or_default());
            let line = u64::from(row) + 1;
            records.push(Record { line, fields: fields.collect(), is_cut: false });
        }
        records
    }
}

/// A cell as a CSV would have it.
fn text(cell: &Data) -> String {
    match cell {
        Data::Empty => String::new(),
        Data::Int(number) => number.to_string(),
        Data::Float(number) => number_text(*number),
        Data::String(text) => text.clone(),
        Data::Bool(is_on) => u8::from(*is_on).to_string(),
        Data::DateTime(moment) if moment.is_duration() => number_text(moment.as_f64()),
        Data::DateTime(moment) => moment_text(moment.as_f64(), moment.to_ymd_hms_milli()),
        Data::DateTimeIso(text) | Data::DurationIso(text) => text.clone(),
        Data::Error(error) => error.to_string(),
    }
}

/// Beyond fifteen digits a workbook has lost some; such a number is written as Excel shows it.
fn number_text(number: f64) -> String {
    const EXACT: f64 = 1e15;
    if number.abs() < EXACT {
        return number.to_string();
    }
    format!("{number:E}").replace('E', "E+")
}

type Parts = (u16, u8, u8, u8, u8, u8, u16);

/// A day, a moment, or a time of day without a day.
fn moment_text(days: f64, parts: Parts) -> String {
    let (year, month, day, hour, minute, second, _) = parts;
    let time = format!("{hour:02}:{minute:02}:{second:02}");
    let day = format!("{year:04}-{month:02}-{day:02}");
    if days < 1.0 {
        time
    } else if (hour, minute, second) == (0, 0, 0) {
        day
    } else {
        format!("{day} {time}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_written_with_all_its_digits_or_as_one_that_lost_some() {
        for (number, text) in [
            (123.0, "123"),
            (79_001_234_567.0, "79001234567"),
            (12_500.5, "12500.5"),
            (1.5e16, "1.5E+16"),
        ] {
            assert_eq!(number_text(number), text);
        }
    }

    #[test]
    fn a_day_has_no_time_and_a_time_no_day() {
        assert_eq!(moment_text(46_162.0, (2026, 5, 20, 0, 0, 0, 0)), "2026-05-20");
        assert_eq!(moment_text(46_162.5, (2026, 5, 20, 12, 0, 0, 0)), "2026-05-20 12:00:00");
        assert_eq!(moment_text(0.5, (1899, 12, 31, 12, 0, 0, 0)), "12:00:00");
    }

    #[test]
    fn a_cell_that_several_rows_share_stands_in_each_of_them() {
        let mut grid = Grid::default();
        for (row, column, text) in [(3, 1, "7"), (3, 2, "a"), (4, 2, "b"), (6, 1, "8")] {
            grid.add(row, column, &Data::String(text.into()));
        }
        grid.fill_down(&Dimensions { start: (3, 1), end: (4, 1) });
        let mut lines = Vec::new();
        for record in grid.into_records() {
            lines.push(format!("{}: {}", record.line, record.fields.join("|")));
        }
        assert_eq!(lines, ["4: 7|a", "5: 7|b", "7: 8|"]);
    }
}
