//! Which rows of a report are rows of the hotel, and what cannot be read of them. Pure.

use super::cells::{self, Cell};
use super::layout::{Layout, Place};
use super::records::Record;
use crate::domain::messages::{FlawMessage, LoadMessage};
use crate::domain::mirror_table::MirrorTable;
use crate::domain::visible_text;
use crate::mirror::values::trimmed;
use crate::platform::hash::text_hash;

/// A row as it goes into the mirror.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReportRow {
    /// Its line in the report.
    pub line: u64,
    /// The id that it is known by; of `booking_guests` the booking's.
    pub key: String,
    /// By the columns of the report.
    pub values: Vec<String>,
    /// A fingerprint of all its cells, those too that are not read.
    pub print: u64,
    /// What the mirror's reader will not understand.
    pub flaws: Vec<Flaw>,
}

/// Something in a report that cannot be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Flaw {
    /// The line of its row.
    pub line: u64,
    /// Under which heading, where it is one cell.
    pub heading: Option<String>,
    /// What is wrong there.
    pub kind: FlawMessage,
}

/// What a record of the file turned out to be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Finding {
    /// A row of the hotel.
    Row(ReportRow),
    /// A row that cannot go into the mirror; the id is there where it is certain.
    Unreadable {
        /// Whose row it is.
        key: Option<String>,
        /// Why it cannot go there.
        flaw: Flaw,
    },
}

impl Flaw {
    fn in_cell(line: u64, place: &Place, kind: FlawMessage) -> Flaw {
        Flaw { line, heading: Some(place.heading.clone()), kind }
    }

    /// `guests.csv, строка 17, «Заезд»: дата не читается`; never a value that may be a person's.
    pub fn message(&self, file: &str) -> LoadMessage {
        let file = file.to_owned();
        let line = self.line;
        let flaw = self.kind.clone().into();
        match &self.heading {
            Some(heading) => {
                LoadMessage::CellFlaw { file, line, heading: visible_text::name(heading), flaw }
            }
            None => LoadMessage::RowFlaw { file, line, flaw },
        }
    }
}

/// Reads the records below the headings.
pub(super) struct RowReader<'r> {
    pub(super) table: MirrorTable,
    pub(super) layout: &'r Layout,
    pub(super) is_status: &'r dyn Fn(&str) -> bool,
}

impl RowReader<'_> {
    /// The row in a record; none where the record is blank, the headings once more, or a sum of the
    /// rows.
    pub(super) fn read(&self, record: &Record) -> Option<Finding> {
        let fields = &record.fields;
        if fields.iter().all(|field| trimmed(field).is_empty()) || self.layout.is_headings(fields) {
            return None;
        }
        let key = self.key(fields);
        if is_total(fields, &key) || self.is_note(fields) {
            return None;
        }
        if let Some(kind) = self.wrong_width(fields) {
            let key = if self.is_key_certain(fields) { usable(key) } else { None };
            let flaw = Flaw { line: record.line, heading: None, kind };
            return Some(Finding::Unreadable { key, flaw });
        }
        match self.row(record) {
            Ok(row) => Some(Finding::Row(row)),
            Err(flaw) => Some(Finding::Unreadable { key: usable(key), flaw }),
        }
    }

    /// `Корпус 2, третий этаж` between the rows, or `Отчёт составлен 20.05.2026` below them: some
    /// words in the column of the ids or in one that is not read, and nothing else.
    fn is_note(&self, fields: &[String]) -> bool {
        let filled: Vec<usize> =
            (0..fields.len()).filter(|at| !trimmed(&fields[*at]).is_empty()).collect();
        let [position] = filled.as_slice() else { return false };
        let is_of_key = self.key_place().is_some_and(|place| place.positions().contains(position));
        let is_read = self.layout.places.iter().any(|place| place.positions().contains(position));
        let words = trimmed(&fields[*position]).split_whitespace();
        let with_letters = words.filter(|word| word.contains(char::is_alphabetic)).count();
        (is_of_key || !is_read) && with_letters > 1
    }

    fn key_place(&self) -> Option<&Place> {
        self.layout.place(self.table.key_columns()[0])
    }

    fn key(&self, fields: &[String]) -> String {
        let Some(place) = self.key_place() else { return String::new() };
        match cells::understand(self.table, &place.column, place.value(fields)) {
            Ok(Cell { value, flaw: None }) => value,
            Ok(_) | Err(_) => String::new(),
        }
    }

    fn wrong_width(&self, fields: &[String]) -> Option<FlawMessage> {
        let wanted = self.layout.width;
        match fields.get(wanted..) {
            // Many programs write a separator behind the last value as well.
            Some(rest) if rest.iter().all(|field| trimmed(field).is_empty()) => None,
            Some(_) | None => Some(FlawMessage::Width { found: fields.len(), wanted }),
        }
    }

    /// In a row that lacks values at its end the first ones are where they belong, and in any the
    /// very first.
    fn is_key_certain(&self, fields: &[String]) -> bool {
        let positions = self.key_place().map(Place::positions).unwrap_or_default();
        let Some(last) = positions.into_iter().max() else { return false };
        last == 0 || (fields.len() < self.layout.width && last + 1 < fields.len())
    }

    fn row(&self, record: &Record) -> Result<ReportRow, Flaw> {
        let line = record.line;
        let mut values = Vec::new();
        let mut flaws = Vec::new();
        for place in &self.layout.places {
            let text = place.value(&record.fields);
            let cell = cells::understand(self.table, &place.column, text)
                .map_err(|kind| Flaw::in_cell(line, place, kind))?;
            let kind = cell.flaw.or_else(|| self.flaw_of_booking(&place.column, &cell.value));
            if let Some(kind) = kind {
                flaws.push(Flaw::in_cell(line, place, kind));
            }
            values.push(cell.value);
        }
        let key = self.key(&record.fields);
        if key.is_empty() {
            let heading = self.key_place().map(|place| place.heading.clone());
            return Err(Flaw { line, heading, kind: FlawMessage::NoId });
        }
        let print = text_hash(&record.fields.join("\u{1f}"));
        Ok(ReportRow { line, key, values, print, flaws })
    }

    fn flaw_of_booking(&self, column: &str, value: &str) -> Option<FlawMessage> {
        if self.table != MirrorTable::Bookings {
            return None;
        }
        match column {
            "number" if value.is_empty() => Some(FlawMessage::Empty),
            "status" if !(self.is_status)(value) => {
                Some(FlawMessage::Status { status: visible_text::name(value) })
            }
            _ => None,
        }
    }
}

fn usable(key: String) -> Option<String> {
    Some(key).filter(|key| !key.is_empty())
}

/// `Итого: 25`, below the rows or between them.
fn is_total(fields: &[String], key: &str) -> bool {
    let first = fields.iter().map(|field| trimmed(field)).find(|field| !field.is_empty());
    first.is_some_and(|first| is_total_word(first) && (key.is_empty() || first.starts_with(key)))
}

fn is_total_word(text: &str) -> bool {
    let text = text.to_lowercase();
    let words =
        ["итого", "всего", "итог", "total", "grand total", "количество", "записей", "строк"];
    words.iter().any(|word| {
        let rest = text.strip_prefix(word);
        rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Heading;
    use crate::report_files::layout;

    fn record(text: &str) -> Record {
        Record { line: 5, fields: text.split(';').map(str::to_owned).collect(), is_cut: false }
    }

    fn read(text: &str) -> Option<Finding> {
        let heading = |(text, column): (&str, &str)| Heading {
            text: text.into(),
            columns: vec![column.into()],
            is_required: true,
        };
        let headings =
            [("Фамилия", "last_name"), ("Код", "id"), ("Рождён", "birth_date")].map(heading);
        let head = [record("Фамилия;Код;Рождён;Прочее;")];
        let layout = layout::find(&head, MirrorTable::Guests, &headings).unwrap();
        let reader =
            RowReader { table: MirrorTable::Guests, layout: &layout, is_status: &|_| true };
        reader.read(&record(text))
    }

    fn key(text: &str) -> Option<String> {
        match read(text)? {
            Finding::Row(row) => Some(row.key),
            Finding::Unreadable { key, .. } => key,
        }
    }

    fn kind(text: &str) -> Option<FlawMessage> {
        match read(text)? {
            Finding::Row(row) => row.flaws.into_iter().next().map(|flaw| flaw.kind),
            Finding::Unreadable { flaw, .. } => Some(flaw.kind),
        }
    }

    #[test]
    fn blank_rows_sums_and_headings_once_more_are_no_rows() {
        for text in [
            "",
            ";;;",
            " ;\u{a0};;",
            "фамилия;КОД;Рождён;Прочее;",
            "Итого;;;",
            "Всего: 25",
            ";Итого:;;3",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        for text in ["Всеволодов;7;;", "Итого;7;;"] {
            assert_eq!(key(text).as_deref(), Some("7"), "{text}");
        }
    }

    #[test]
    fn a_note_between_the_rows_is_no_row() {
        for text in
            [";Отчёт составлен 20.05.2026;;", ";;;Корпус 2, третий этаж", ";Подпись администратора"]
        {
            assert_eq!(read(text), None, "{text}");
        }
        for text in ["Белова Анна;;;", ";;20.05.2026;", ";;;Корпус", ";7 а;;", ";Корпус 2;;x"]
        {
            assert!(read(text).is_some(), "{text}");
        }
    }

    #[test]
    fn a_row_of_another_width_is_unreadable_and_its_id_counts_where_it_is_certain() {
        assert_eq!(kind("Белова;7"), Some(FlawMessage::Width { found: 2, wanted: 4 }));
        assert_eq!(key("Белова;7"), None, "the value may be cut");
        assert_eq!(key("Белова;7;x").as_deref(), Some("7"));
        assert_eq!(key("Белова;Анна;7;;x"), None);
        assert_eq!(kind("Белова;7;;;;;"), None, "separators alone");
    }

    #[test]
    fn a_row_without_an_id_or_spoiled_by_excel_is_unreadable() {
        assert_eq!(kind("Белова;;;"), Some(FlawMessage::NoId));
        assert_eq!(
            (kind("Белова;1E+10;;"), key("Белова;1E+10;;")),
            (Some(FlawMessage::Shortened), None)
        );
        assert_eq!(
            (kind("#Н/Д;7;;"), key("#Н/Д;7;;")),
            (Some(FlawMessage::SpreadsheetError), Some("7".into()))
        );
    }

    #[test]
    fn a_date_that_cannot_be_read_goes_into_the_mirror_and_is_told() {
        let Some(Finding::Row(row)) = read("Белова;7;вчера;") else { panic!() };
        assert!(row.values.contains(&"вчера".to_owned()));
        let [flaw] = row.flaws.as_slice() else { panic!() };
        assert_eq!((flaw.line, flaw.heading.as_deref()), (5, Some("Рождён")));
        assert!(!format!("{:?}", flaw.message("guests.csv")).contains("вчера"));
    }
}
