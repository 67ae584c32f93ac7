//! Lines of a CSV file, put together to records: a quoted value may go over several lines.
//!
//! A quote that is not closed would take in the rows behind it. So a record of several lines counts
//! only where it has as many values as there are headings; else its first line alone is broken, and
//! the lines behind it are read on their own.

use std::collections::VecDeque;
use std::io::{self, BufRead};

use csv_core::{ReadRecordResult, Reader, ReaderBuilder, Terminator};

/// Nobody writes a longer note about a guest.
const MOST_LINES: usize = 200;

/// One record, with the number of its first line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Record {
    pub(super) line: u64,
    pub(super) fields: Vec<String>,
    /// The file ends within its last value.
    pub(super) is_cut: bool,
}

/// The records of a CSV file.
pub(super) struct CsvRecords<R> {
    reader: R,
    /// Lines that are still to be read, before those of the reader.
    pending: VecDeque<Line>,
    lines_read: u64,
    separator: u8,
    /// Takes long to make, so there is one.
    parser: Reader,
    /// How many values a record has; unknown before the headings are.
    width: Option<usize>,
    ends_with_line_break: bool,
}

#[derive(Clone, Debug)]
struct Line {
    number: u64,
    text: String,
}

impl<R: BufRead> CsvRecords<R> {
    pub(super) fn new(reader: R) -> CsvRecords<R> {
        CsvRecords {
            reader,
            pending: VecDeque::new(),
            lines_read: 0,
            separator: b';',
            parser: parser(b';'),
            width: None,
            ends_with_line_break: true,
        }
    }

    /// The first lines, which stay to be read.
    pub(super) fn head(&mut self, lines: usize) -> io::Result<String> {
        while self.pending.len() < lines {
            let Some(line) = self.read_line()? else { break };
            self.pending.push_back(line);
        }
        Ok(self.pending.iter().map(|line| line.text.as_str()).collect())
    }

    /// Says how the records are written; known once the headings are.
    pub(super) fn expect(&mut self, separator: u8, width: Option<usize>) {
        self.separator = separator;
        self.parser = parser(separator);
        self.width = width;
    }

    /// Whether the last line that was read had its end.
    pub(super) fn ends_with_line_break(&self) -> bool {
        self.ends_with_line_break
    }

    /// The next record; none at the end of the file.
    pub(super) fn next(&mut self) -> io::Result<Option<Record>> {
        let Some(first) = self.next_line()? else { return Ok(None) };
        let mut text = first.text.clone();
        let mut following = Vec::new();
        loop {
            if let Some(fields) = self.split(&text) {
                let is_whole =
                    following.is_empty() || (self.fits(&fields) && self.is_well_quoted(&text));
                if is_whole {
                    return Ok(Some(record(&first, fields)));
                }
                return Ok(Some(self.retreat(&first, following)));
            }
            match self.next_line()? {
                Some(line) if following.len() < MOST_LINES => {
                    text.push_str(&line.text);
                    following.push(line);
                }
                Some(line) => {
                    following.push(line);
                    return Ok(Some(self.retreat(&first, following)));
                }
                None => return Ok(Some(self.unclosed(&first, following))),
            }
        }
    }

    /// The first line alone; what follows it is read again.
    fn retreat(&mut self, first: &Line, following: Vec<Line>) -> Record {
        for line in following.into_iter().rev() {
            self.pending.push_front(line);
        }
        record(first, without_quotes(&first.text, self.separator))
    }

    /// The file ended while a quote was open: it was cut there, or the quote is a stray one and
    /// whole rows follow.
    fn unclosed(&mut self, first: &Line, following: Vec<Line>) -> Record {
        for line in &following {
            if self.split(&line.text).is_some_and(|row| self.fits(&row)) {
                return self.retreat(first, following);
            }
        }
        Record { is_cut: true, ..record(first, without_quotes(&first.text, self.separator)) }
    }

    /// The values of a record, or none while a quote is open.
    fn split(&mut self, text: &str) -> Option<Vec<String>> {
        let mut values = vec![0; text.len() + 1];
        let mut ends = vec![0; text.bytes().filter(|byte| *byte == self.separator).count() + 2];
        self.parser.reset();
        let (result, _, _, count) =
            self.parser.read_record(text.as_bytes(), &mut values, &mut ends);
        match result {
            ReadRecordResult::Record => Some(cut_at(&ends[..count], &values)),
            // A line without anything in it.
            _ if text.trim_matches('\n').is_empty() => Some(Vec::new()),
            _ => None,
        }
    }

    fn fits(&self, fields: &[String]) -> bool {
        self.width.is_none_or(|width| fields.len() >= width)
    }

    /// Whether every quote that ends a value is at its end: one before a letter began another
    /// value, and the quote before it was a stray one.
    fn is_well_quoted(&self, text: &str) -> bool {
        let separator = char::from(self.separator);
        let mut rest = text;
        loop {
            if let Some(quoted) = rest.strip_prefix('"') {
                let Some(end) = end_of_quoted(quoted) else { return false };
                rest = quoted[end + 1..].trim_start_matches([' ', '\u{a0}']);
                if !rest.starts_with([separator, '\n']) {
                    return false;
                }
            }
            match rest.find([separator, '\n']) {
                Some(at) if rest[at..].starts_with(separator) => rest = &rest[at + 1..],
                Some(_) | None => return true,
            }
        }
    }

    /// The next line, of those that are to be read again first.
    fn next_line(&mut self) -> io::Result<Option<Line>> {
        match self.pending.pop_front() {
            Some(line) => Ok(Some(line)),
            None => self.read_line(),
        }
    }

    fn read_line(&mut self) -> io::Result<Option<Line>> {
        let mut text = String::new();
        if self.reader.read_line(&mut text)? == 0 {
            return Ok(None);
        }
        self.lines_read += 1;
        self.ends_with_line_break = text.ends_with('\n');
        let end = text.trim_end_matches(['\r', '\n']).len();
        text.truncate(end);
        text.push('\n');
        Ok(Some(Line { number: self.lines_read, text }))
    }
}

fn record(first: &Line, fields: Vec<String>) -> Record {
    Record { line: first.number, fields, is_cut: false }
}

/// Where the quote is that ends a value; two of them are one within it.
fn end_of_quoted(text: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = text[from..].find('"') {
        let at = from + at;
        if !text[at + 1..].starts_with('"') {
            return Some(at);
        }
        from = at + 2;
    }
    None
}

fn parser(separator: u8) -> Reader {
    ReaderBuilder::new().delimiter(separator).terminator(Terminator::Any(b'\n')).build()
}

/// The values, each of which ends where the next one begins.
fn cut_at(ends: &[usize], values: &[u8]) -> Vec<String> {
    let mut texts = Vec::with_capacity(ends.len());
    let mut start = 0;
    for end in ends {
        texts.push(String::from_utf8_lossy(&values[start..*end]).into_owned());
        start = *end;
    }
    texts
}

fn without_quotes(text: &str, separator: u8) -> Vec<String> {
    text.trim_end_matches('\n').split(char::from(separator)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(text: &str) -> CsvRecords<&[u8]> {
        let mut records = CsvRecords::new(text.as_bytes());
        records.expect(b';', Some(3));
        records
    }

    fn read(text: &str) -> Vec<(u64, String)> {
        let mut records = records(text);
        let mut found = Vec::new();
        while let Some(Record { line, fields, is_cut }) = records.next().unwrap() {
            found.push((line, fields.join("|") + if is_cut { " (cut)" } else { "" }));
        }
        found
    }

    fn line(number: u64, text: &str) -> (u64, String) {
        (number, text.to_owned())
    }

    #[test]
    fn a_quoted_value_may_hold_separators_quotes_and_line_breaks() {
        let found =
            read("1;\"a;b\";c\r\n2;\"он сказал \"\"да\"\"\r\nи ушёл\";d\n3;ООО \"Ромашка\";e");
        assert_eq!(found[0], line(1, "1|a;b|c"));
        assert_eq!(found[1], line(2, "2|он сказал \"да\"\nи ушёл|d"));
        assert_eq!(found[2], line(4, "3|ООО \"Ромашка\"|e"));
    }

    #[test]
    fn a_quote_that_nobody_closes_breaks_its_own_line_alone() {
        let found = read("1;\"Отель;x\n2;b;c\n3;\"d\";e\n4;f;g\n");
        assert_eq!(
            found,
            [line(1, "1|\"Отель|x"), line(2, "2|b|c"), line(3, "3|d|e"), line(4, "4|f|g")]
        );
        let at_the_end = read("1;b;c\n2;\"d;e\n3;f;g\n");
        assert_eq!(at_the_end, [line(1, "1|b|c"), line(2, "2|\"d|e"), line(3, "3|f|g")]);
    }

    #[test]
    fn a_file_that_ends_within_a_quoted_value_is_cut() {
        assert_eq!(
            read("1;b;c\n2;d;\"Просит ти"),
            [line(1, "1|b|c"), line(2, "2|d|\"Просит ти (cut)")]
        );
        assert_eq!(read("1;b;\"Просит\nтихий\nном")[0], line(1, "1|b|\"Просит (cut)"));
    }

    #[test]
    fn blank_lines_are_records_without_values_and_keep_the_count_of_lines() {
        assert_eq!(read("\n1;b;c\n\n2;d;e\n").last(), Some(&line(4, "2|d|e")));
    }

    #[test]
    fn whether_the_last_line_has_its_end_is_told() {
        for (text, is_ended) in [("1;b;c\n", true), ("1;b;c", false), ("1;b;c\r\n", true)] {
            let mut records = records(text);
            while records.next().unwrap().is_some() {}
            assert_eq!(records.ends_with_line_break(), is_ended, "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read(rows in proptest::collection::vec(
            proptest::collection::vec("[a;,\"\n ё]{0,6}", 3), 1..6
        )) {
            let quoted = |value: &String| format!("\"{}\"", value.replace('"', "\"\""));
            let lines = rows.iter().map(|row| row.iter().map(quoted).collect::<Vec<_>>().join(";"));
            let text = lines.map(|line| line + "\r\n").collect::<Vec<_>>().concat();
            let mut records = records(&text);
            for row in rows {
                proptest::prop_assert_eq!(records.next().unwrap().unwrap().fields, row);
            }
            proptest::prop_assert!(records.next().unwrap().is_none());
        }

        #[test]
        fn every_line_belongs_to_one_record(text in "[a;\"\n]{0,60}") {
            let mut records = records(&text);
            let mut last = 0;
            while let Some(record) = records.next().unwrap() {
                proptest::prop_assert!(record.line > last);
                last = record.line;
            }
            proptest::prop_assert!(last as usize <= text.lines().count());
        }
    }
}
