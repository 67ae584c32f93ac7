//! The sheets of a workbook (XLSX, XLS, ODS) as rows of texts.

use std::fs::File;
use std::io::{BufReader, Read, Seek};

use calamine::{Data, Dimensions, Range, Reader, Sheets, open_workbook_from_rs};

use super::records::Record;

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
        let range = workbook.worksheet_range(&name)?;
        let merged = match &mut workbook {
            Sheets::Xlsx(xlsx) => {
                xlsx.merge_cells_by_sheet_name(&name).map_err(calamine::Error::Xlsx)?
            }
            Sheets::Xls(_) | Sheets::Xlsb(_) | Sheets::Ods(_) => Vec::new(),
        };
        sheets.push(rows(&range, &merged));
    }
    Ok(sheets)
}

fn rows(range: &Range<Data>, merged: &[Dimensions]) -> Vec<Record> {
    let Some((top, left)) = range.start() else { return Vec::new() };
    let mut rows: Vec<Vec<String>> =
        range.rows().map(|row| row.iter().map(text).collect()).collect();
    for area in merged {
        fill_down(&mut rows, area, (top, left));
    }
    let first_line = u64::from(top) + 1;
    let numbered = (first_line..).zip(rows);
    numbered.map(|(line, fields)| Record { line, fields, is_cut: false }).collect()
}

/// The rooms of a booking may share one tall cell with its number: each row has it.
fn fill_down(rows: &mut [Vec<String>], area: &Dimensions, origin: (u32, u32)) {
    let Some(first) = area.start.0.checked_sub(origin.0).map(|row| row as usize) else { return };
    let Some(column) = area.start.1.checked_sub(origin.1).map(|at| at as usize) else { return };
    let Some(value) = rows.get(first).and_then(|row| row.get(column)).cloned() else { return };
    let height = (area.end.0 - area.start.0) as usize;
    for row in rows.iter_mut().skip(first + 1).take(height) {
        if let Some(cell) = row.get_mut(column) {
            cell.clone_from(&value);
        }
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
        let mut rows = vec![
            vec!["7".to_owned(), "a".into()],
            vec![String::new(), "b".into()],
            vec!["8".into()],
        ];
        fill_down(&mut rows, &Dimensions { start: (3, 1), end: (4, 1) }, (3, 1));
        assert_eq!(
            rows,
            [vec!["7".to_owned(), "a".into()], vec!["7".into(), "b".into()], vec!["8".into()]]
        );
    }
}
