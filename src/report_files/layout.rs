//! Where the headings of a report are, and which of its columns is which of the mirror's.

use std::collections::BTreeMap;

use super::records::Record;
use crate::config::{Heading, plain_heading};
use crate::domain::mirror_table::MirrorTable;
use crate::mirror::values::trimmed;

/// The headings are within the first lines: a title and a date may be above them.
pub(super) const HEAD_LINES: usize = 30;

/// Which value of a row goes into which column.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Layout {
    /// The line of the headings.
    pub(super) line: u64,
    /// How many values a row has.
    pub(super) width: usize,
    pub(super) places: Vec<Place>,
    /// As they are compared: a long report repeats them on every page.
    pub(super) headings: Vec<String>,
    /// As the report has them.
    pub(super) shown_headings: Vec<String>,
}

/// Where the value of a column comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Place {
    pub(super) column: String,
    /// The heading of the first part, as the report has it.
    pub(super) heading: String,
    parts: Vec<Part>,
}

/// A cell, or one word of it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Part {
    position: usize,
    word: usize,
    /// How many columns the words of the cell are for.
    words: usize,
}

/// Why no layout was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum LayoutError {
    /// Some headings are there, others are not.
    Missing { missing: Vec<String>, present: Vec<String>, line: u64 },
    /// A heading is there twice.
    Doubled { heading: String, columns: Vec<String>, line: u64 },
    /// Not one of the headings is there. What is there is shown where it looks like headings.
    None { wanted: Vec<String>, present: Vec<String> },
}

/// How many of the wanted headings the best row has.
pub(super) fn score(rows: &[Record], wanted: &[Heading]) -> usize {
    rows.iter().map(|row| hits(row, wanted)).max().unwrap_or(0)
}

fn hits(row: &Record, wanted: &[Heading]) -> usize {
    let present: Vec<String> = row.fields.iter().map(|field| plain_heading(field)).collect();
    wanted.iter().filter(|heading| present.contains(&plain_heading(&heading.text))).count()
}

/// Finds the row of the headings among the first rows.
pub(super) fn find(
    rows: &[Record],
    table: MirrorTable,
    wanted: &[Heading],
) -> Result<Layout, LayoutError> {
    let best = score(rows, wanted);
    let row = rows.iter().find(|row| best > 0 && hits(row, wanted) == best);
    let Some(row) = row else { return Err(none(rows, wanted)) };
    Layout::from_row(row, table, wanted)
}

fn none(rows: &[Record], wanted: &[Heading]) -> LayoutError {
    let required = wanted.iter().filter(|heading| heading.is_required);
    let wanted = required.map(|heading| heading.text.clone()).collect();
    let mut headings = rows.iter().map(present);
    let present = headings.find(|texts| look_like_headings(texts)).unwrap_or_default();
    LayoutError::None { wanted, present }
}

/// A row with digits may be a guest's, whose data is never shown.
fn look_like_headings(texts: &[String]) -> bool {
    let has_data = texts.iter().any(|text| text.contains(|c: char| c.is_ascii_digit() || c == '@'));
    texts.len() > 1 && !has_data
}

fn shown(heading: &str) -> String {
    trimmed(heading).replace('\n', " ")
}

/// The texts of a row as they are shown, without the empty ones.
fn present(row: &Record) -> Vec<String> {
    let headings = row.fields.iter().map(|field| shown(field));
    headings.filter(|field| !field.is_empty()).collect()
}

impl Layout {
    fn from_row(
        row: &Record,
        table: MirrorTable,
        wanted: &[Heading],
    ) -> Result<Layout, LayoutError> {
        let headings: Vec<String> = row.fields.iter().map(|field| plain_heading(field)).collect();
        let mut places: BTreeMap<&str, Place> = BTreeMap::new();
        let mut missing = Vec::new();
        for heading in wanted {
            let at = positions(&headings, &heading.text);
            match at.as_slice() {
                [] if heading.is_required && !may_be_absent(heading, wanted, &headings) => {
                    missing.push(heading.text.clone());
                }
                [] => {}
                [position] => add(&mut places, heading, *position),
                several => return Err(doubled(row, heading, several)),
            }
        }
        if !missing.is_empty() {
            return Err(LayoutError::Missing { missing, present: present(row), line: row.line });
        }
        let width =
            headings.iter().rposition(|heading| !heading.is_empty()).map_or(0, |last| last + 1);
        let places = places.into_values().collect();
        let shown_headings = row.fields.iter().map(|field| shown(field)).collect();
        let layout = Layout { line: row.line, width, places, headings, shown_headings };
        Ok(layout.with_both_names_of_bookings(table))
    }

    /// Of a file without a line, where that was declared right.
    pub(super) fn for_empty_file(table: MirrorTable, wanted: &[Heading]) -> Layout {
        let mut places = BTreeMap::new();
        for heading in wanted {
            add(&mut places, heading, 0);
        }
        let places = places.into_values().collect();
        let layout =
            Layout { line: 0, width: 0, places, headings: Vec::new(), shown_headings: Vec::new() };
        layout.with_both_names_of_bookings(table)
    }

    /// A report of bookings may have the number alone, or the id alone.
    fn with_both_names_of_bookings(mut self, table: MirrorTable) -> Layout {
        if table == MirrorTable::Bookings {
            self.copy_place("number", "id");
            self.copy_place("id", "number");
        }
        self
    }

    fn copy_place(&mut self, from: &str, to: &str) {
        if self.place(to).is_none()
            && let Some(place) = self.place(from)
        {
            let copy = Place { column: to.to_owned(), ..place.clone() };
            self.places.push(copy);
        }
    }

    /// Where a column's value comes from.
    pub(super) fn place(&self, column: &str) -> Option<&Place> {
        self.places.iter().find(|place| place.column == column)
    }

    /// Whether a row is the headings once more.
    pub(super) fn is_headings(&self, fields: &[String]) -> bool {
        let plain = fields.iter().map(|field| plain_heading(field));
        plain.eq(self.headings.iter().cloned())
    }
}

/// A booking's number can replace its id.
fn may_be_absent(heading: &Heading, wanted: &[Heading], present: &[String]) -> bool {
    let is_number = heading.columns == ["number"];
    let id = wanted.iter().find(|other| other.columns == ["id"]);
    // Only where the headings are the columns themselves: a heading that a person names is needed.
    is_number
        && heading.text == "number"
        && id.is_some_and(|id| !positions(present, &id.text).is_empty())
}

fn positions(headings: &[String], wanted: &str) -> Vec<usize> {
    let wanted = plain_heading(wanted);
    (0..headings.len()).filter(|at| headings[*at] == wanted).collect()
}

fn add<'h>(places: &mut BTreeMap<&'h str, Place>, heading: &'h Heading, position: usize) {
    let words = heading.columns.len();
    for (word, column) in heading.columns.iter().enumerate() {
        let place = places.entry(column).or_insert_with(|| Place {
            column: column.clone(),
            heading: heading.text.clone(),
            parts: Vec::new(),
        });
        place.parts.push(Part { position, word, words });
        // In the order of the report: the day, then the time.
        place.parts.sort();
    }
}

fn doubled(row: &Record, heading: &Heading, at: &[usize]) -> LayoutError {
    let columns = at.iter().map(|position| (position + 1).to_string()).collect();
    LayoutError::Doubled { heading: heading.text.clone(), columns, line: row.line }
}

impl Place {
    /// The column's value in a row, without the blanks around it.
    pub(super) fn value(&self, fields: &[String]) -> String {
        let parts = self.parts.iter().map(|part| part.value(fields));
        let filled: Vec<String> = parts.filter(|value| !value.is_empty()).collect();
        // Phones and e-mails are lists; a day and a time of day are one moment.
        let between = if matches!(self.column.as_str(), "phone" | "email") { "; " } else { " " };
        filled.join(between)
    }

    /// The positions of its parts in a row.
    pub(super) fn positions(&self) -> Vec<usize> {
        self.parts.iter().map(|part| part.position).collect()
    }
}

impl Part {
    fn value(&self, fields: &[String]) -> String {
        let cell = fields.get(self.position).map_or("", |field| trimmed(field));
        if self.words == 1 {
            return cell.to_owned();
        }
        let mut words = cell.split_whitespace();
        if self.word + 1 < self.words {
            return words.nth(self.word).unwrap_or_default().to_owned();
        }
        // The last column gets all that is left.
        words.skip(self.word).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(line: u64, text: &str) -> Record {
        Record { line, fields: text.split(';').map(str::to_owned).collect(), is_cut: false }
    }

    fn wanted(pairs: &[(&str, &str)]) -> Vec<Heading> {
        let heading = |(text, columns): &(&str, &str)| Heading {
            text: (*text).to_owned(),
            columns: columns.split(' ').map(str::to_owned).collect(),
            is_required: true,
        };
        pairs.iter().map(heading).collect()
    }

    fn value(layout: &Layout, column: &str, text: &str) -> String {
        layout.place(column).unwrap().value(&row(0, text).fields)
    }

    #[test]
    fn headings_are_found_below_a_title() {
        let rows =
            [row(1, "Гости отеля"), row(2, ""), row(3, "№;КОД;Фамилия ;;"), row(4, "1;7;Белова;;")];
        let wanted = wanted(&[("Код", "id"), ("Фамилия", "last_name")]);
        let layout = find(&rows, MirrorTable::Guests, &wanted).unwrap();
        assert_eq!((layout.line, layout.width), (3, 3));
        assert_eq!(value(&layout, "last_name", "1;7; Белова"), "Белова");
        assert!(layout.is_headings(&row(9, "№;Код;ФАМИЛИЯ;;").fields));
    }

    #[test]
    fn a_missing_heading_is_named_beside_those_that_are_there() {
        let rows = [row(1, "Код;Имя")];
        let error =
            find(&rows, MirrorTable::Guests, &wanted(&[("Код", "id"), ("Фамилия", "last_name")]));
        let (missing, present) = (vec!["Фамилия".into()], vec!["Код".into(), "Имя".into()]);
        assert_eq!(error, Err(LayoutError::Missing { missing, present, line: 1 }));
    }

    #[test]
    fn a_doubled_heading_is_named_with_its_columns_only_where_it_is_read() {
        let rows = [row(1, "Код;Имя;Имя;Прочее;Прочее")];
        assert!(find(&rows, MirrorTable::Guests, &wanted(&[("Код", "id")])).is_ok());
        let error =
            find(&rows, MirrorTable::Guests, &wanted(&[("Код", "id"), ("Имя", "first_name")]));
        let columns = vec!["2".into(), "3".into()];
        assert_eq!(error, Err(LayoutError::Doubled { heading: "Имя".into(), columns, line: 1 }));
    }

    #[test]
    fn a_guests_row_is_not_shown_as_headings() {
        let wanted = wanted(&[("Код", "id")]);
        for (text, shown) in [("1;Белова;+7 900", 0), ("Номер;Гость", 2), ("Белова;a@b.ru", 0)]
        {
            let Err(LayoutError::None { present, .. }) =
                find(&[row(1, text)], MirrorTable::Guests, &wanted)
            else {
                panic!("{text}")
            };
            assert_eq!(present.len(), shown, "{text}");
        }
    }

    #[test]
    fn several_headings_make_one_value_and_one_heading_several() {
        let rows = [row(1, "Код;ФИО;Дата;Время;Мобильный;Телефон")];
        let wanted = wanted(&[
            ("Код", "id"),
            ("ФИО", "last_name first_name middle_name"),
            ("Время", "arrival"),
            ("Дата", "arrival"),
            ("Телефон", "phone"),
            ("Мобильный", "phone"),
        ]);
        let layout = find(&rows, MirrorTable::Guests, &wanted).unwrap();
        let text = "1;Алиев Руслан  Мамед оглы;20.05.2026;14:00;+7 900;";
        assert_eq!(value(&layout, "middle_name", text), "Мамед оглы");
        assert_eq!(value(&layout, "first_name", text), "Руслан");
        assert_eq!(value(&layout, "arrival", text), "20.05.2026 14:00");
        assert_eq!(value(&layout, "phone", text), "+7 900");
        assert_eq!(value(&layout, "phone", "1;;;;1;2"), "1; 2");
    }

    #[test]
    fn the_number_of_a_booking_stands_for_its_id() {
        let rows = [row(1, "Номер заявки;Статус")];
        let layout = find(
            &rows,
            MirrorTable::Bookings,
            &wanted(&[("Номер заявки", "number"), ("Статус", "status")]),
        );
        assert_eq!(value(&layout.unwrap(), "id", "3682;7"), "3682");
    }
}
