//! Ids of the mirror, and how rows are read in their order, whatever the mirror's encoding and
//! collations.
//!
//! Blanks around an id are padding, and `1.0` is 1. Most mirrors have tidy ids, and SQLite orders
//! them as the merge does. Untidy ids go through a function of ours, so that SQLite has to sort the
//! rows.

use std::borrow::Cow;

use rusqlite::types::{Value as Cell, ValueRef};
use rusqlite::{Connection, OptionalExtension};

use super::columns::BOOKING_GUEST_COLUMNS;
use super::values::{trimmed, whole_number};
use crate::domain::record::{IdRange, RecordId, RecordIdRef};

/// No id is so long: the portal's ORIGIN_ID holds 255 bytes. Longer cells are damage. They would be
/// copied with every step, kept in the state, and printed.
const MAX_ID_BYTES: usize = 1_000;

/// In the mirror's own encoding, where a letter of an id may have twice as many bytes.
const LONGEST_READ: usize = 2 * MAX_ID_BYTES;

/// The id in a cell; none where the cell cannot be one.
pub(super) fn id_of(value: ValueRef<'_>) -> Option<RecordIdRef<'_>> {
    match value {
        ValueRef::Text(bytes) if bytes.len() > MAX_ID_BYTES => None,
        ValueRef::Text(bytes) => {
            std::str::from_utf8(bytes).ok().map(|text| RecordIdRef::Text(tidy(text)))
        }
        other => RecordIdRef::from_cell(other),
    }
}

/// `'1.0 '` is `'1'`. Leading zeros belong to the id.
fn tidy(text: &str) -> &str {
    let text = trimmed(text);
    let Some((whole, _)) = text.split_once('.') else { return text };
    match whole_number(text) {
        Some(number) if number.to_string() == whole => whole,
        _ => text,
    }
}

/// The id as our SQL functions return it.
pub(super) fn key(id: RecordIdRef<'_>) -> Cell {
    match id {
        RecordIdRef::Number(number) => Cell::Integer(number),
        // Bytes: SQLite compares texts in the mirror's encoding, and UTF-16 has another order.
        RecordIdRef::Text(text) => Cell::Blob(text.as_bytes().to_vec()),
    }
}

/// The type of the ids of a column.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum IdType {
    Number,
    Text,
    Mixed,
}

/// An id in the type of the ids that it is compared with: `'7'` is 7 where those are numbers, and
/// the other way round.
pub(super) fn as_type(id: RecordId, wanted: Option<IdType>) -> RecordId {
    match (wanted, &id) {
        (Some(IdType::Number), RecordId::Text(_)) | (Some(IdType::Text), RecordId::Number(_)) => {
            id.other_type_id().unwrap_or(id)
        }
        _ => id,
    }
}

/// How the ids of a query are compared, in SQL.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct IdOrder {
    /// What rows are ordered by and compared with.
    pub(super) expression: String,
    is_keyed: bool,
}

impl IdOrder {
    /// Of records; `select` has their ids in the column `id`.
    pub(super) fn of_records(connection: &Connection, select: &str) -> rusqlite::Result<RecordIds> {
        if is_row_number(connection, select)? {
            let order = IdOrder { expression: "id COLLATE BINARY".into(), is_keyed: false };
            return Ok(RecordIds { order, id_type: Some(IdType::Number), too_long: 0 });
        }
        let shape = Shape::look(connection, select, "id")?;
        let Shape { has_numbers, has_texts, has_untidy, too_long } = shape;
        let id_type = match (has_numbers, has_texts) {
            (true, false) => Some(IdType::Number),
            (false, true) => Some(IdType::Text),
            (true, true) => Some(IdType::Mixed),
            (false, false) => None,
        };
        let expression = if has_untidy { "ecvi_id(id)" } else { "id COLLATE BINARY" };
        Ok(RecordIds {
            order: IdOrder { expression: expression.into(), is_keyed: has_untidy },
            id_type,
            too_long,
        })
    }

    /// Of the booking ids in `booking_guests`, which are compared with those of `bookings`.
    pub(super) fn of_stays(
        connection: &Connection,
        select: &str,
        bookings: &str,
        id_type: Option<IdType>,
    ) -> rusqlite::Result<StayIds> {
        if id_type == Some(IdType::Mixed) {
            let expression = "ecvi_id(booking_id)".into();
            let order = IdOrder { expression, is_keyed: true };
            return Ok(StayIds {
                select: meeting(&bounded(select, "booking_id"), bookings),
                order,
                convert_to: None,
            });
        }
        let has_texts = has_any(connection, select, IdType::Text)?;
        let bounded = if has_texts { bounded(select, "booking_id") } else { select.to_owned() };
        let select = &bounded;
        let has_strangers = match id_type {
            Some(IdType::Number) => has_texts,
            Some(IdType::Text) => has_any(connection, select, IdType::Number)?,
            _ => false,
        };
        let convert_to = id_type.filter(|_| has_strangers);
        let function = match convert_to {
            Some(IdType::Number) => "ecvi_number",
            Some(IdType::Text) => "ecvi_text_id",
            _ => "ecvi_id",
        };
        // A number has only one form, so numbers are not checked.
        let is_keyed = convert_to.is_some()
            || has_texts && Shape::look(connection, select, "booking_id")?.has_untidy;
        let expression = if is_keyed {
            format!("{function}(booking_id)")
        } else {
            "booking_id COLLATE BINARY".into()
        };
        let order = IdOrder { expression, is_keyed };
        Ok(StayIds { select: select.to_owned(), order, convert_to })
    }

    /// The id as a parameter that is compared with the expression.
    pub(super) fn parameter(&self, id: &RecordId) -> Cell {
        if self.is_keyed { key(id.borrowed()) } else { id.clone().into() }
    }

    /// The ends of a span that it has, as parameters.
    pub(super) fn parameters(&self, span: &IdRange) -> Vec<Cell> {
        span.start.iter().chain(&span.end).map(|id| self.parameter(id)).collect()
    }
}

/// The ids of one kind of records.
#[derive(Clone, Debug)]
pub(super) struct RecordIds {
    pub(super) order: IdOrder,
    /// None where the table is empty.
    pub(super) id_type: Option<IdType>,
    /// How many rows have an id that is far too long to be one.
    pub(super) too_long: u64,
}

impl RecordIds {
    /// The rows of `select` without those whose ids are too long.
    pub(super) fn bounded<'s>(&self, select: &'s str) -> Cow<'s, str> {
        if self.too_long == 0 { select.into() } else { bounded(select, "id").into() }
    }
}

/// The bookings' ids in `booking_guests`.
#[derive(Clone, Debug)]
pub(super) struct StayIds {
    /// The rows of `booking_guests`.
    pub(super) select: String,
    pub(super) order: IdOrder,
    /// The type of the bookings' own ids, where these have another one.
    pub(super) convert_to: Option<IdType>,
}

/// What the ids of a column look like.
struct Shape {
    has_numbers: bool,
    has_texts: bool,
    /// Whether SQLite might order a text in another way than the merge does: not printable ASCII,
    /// padded, or a decimal.
    has_untidy: bool,
    too_long: u64,
}

impl Shape {
    fn look(connection: &Connection, select: &str, column: &str) -> rusqlite::Result<Shape> {
        let sql = format!(
            "SELECT coalesce(max(typeof({column}) IN ('integer', 'real')), 0),
                    coalesce(max(typeof({column}) = 'text'), 0),
                    coalesce(max(CASE WHEN typeof({column}) = 'text'
                        AND octet_length({column}) <= {LONGEST_READ}
                        THEN length({column}) <> length(CAST({column} AS BLOB))
                             OR {column} GLOB '*[^!-~]*' OR {column} GLOB '*[0-9].*' END), 0),
                    coalesce(sum(typeof({column}) IN ('text', 'blob')
                        AND octet_length({column}) > {LONGEST_READ}), 0)
             FROM ({select})"
        );
        connection.query_row(&sql, [], |row| {
            Ok(Shape {
                has_numbers: row.get(0)?,
                has_texts: row.get(1)?,
                has_untidy: row.get(2)?,
                too_long: row.get(3)?,
            })
        })
    }
}

/// The rows of `select` without those in which the column has more bytes than an id. SQLite knows
/// how many without reading them.
fn bounded(select: &str, column: &str) -> String {
    format!(
        "SELECT * FROM (SELECT * FROM ({select})
                        WHERE coalesce(octet_length({column}), 0) <= {LONGEST_READ})"
    )
}

/// Whether `booking_guests` has a booking id of this type. Texts are ordered after all numbers, so
/// an index finds it at once.
fn has_any(connection: &Connection, select: &str, id_type: IdType) -> rusqlite::Result<bool> {
    let filter = match id_type {
        IdType::Text => ">= '' AND typeof(booking_id) = 'text'",
        IdType::Number | IdType::Mixed => "< ''",
    };
    let sql = format!("SELECT 1 FROM ({select}) WHERE booking_id COLLATE BINARY {filter} LIMIT 1");
    connection.prepare(&sql)?.exists([])
}

/// `booking_guests` where some booking ids are numbers and others texts: each row gets the id of
/// the booking that exists.
fn meeting(select: &str, bookings: &str) -> String {
    let known = format!("SELECT ecvi_id(id) FROM ({bookings}) WHERE ecvi_id(id) IS NOT NULL");
    let other_type = format!(
        "CASE WHEN ecvi_id(booking_id) NOT IN ({known}) THEN ecvi_other_type(booking_id) END"
    );
    let others = BOOKING_GUEST_COLUMNS[1..].join(", ");
    format!(
        "SELECT booking_id, {others}
         FROM (SELECT coalesce({other_type}, booking_id) AS booking_id, {others} FROM ({select}))"
    )
}

/// Whether the id is the number of its row, which is always whole.
fn is_row_number(connection: &Connection, select: &str) -> rusqlite::Result<bool> {
    let sql = format!("EXPLAIN QUERY PLAN SELECT 1 FROM ({select}) WHERE id = 0");
    let plan: Option<String> = connection.query_row(&sql, [], |row| row.get(3)).optional()?;
    Ok(plan.is_some_and(|step| step.contains("USING INTEGER PRIMARY KEY")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_around_an_id_are_padding_and_a_whole_decimal_is_its_number() {
        let text = |text: &'static str| id_of(ValueRef::Text(text.as_bytes()));
        for (written, id) in [
            ("1 ", "1"),
            ("1.0", "1"),
            ("\u{feff}1\u{a0}", "1"),
            ("1.00 ", "1"),
            ("-3.0", "-3"),
            ("007", "007"),
            ("007.0", "007.0"),
            ("1.5", "1.5"),
            ("1e3", "1e3"),
            ("a.0", "a.0"),
        ] {
            assert_eq!(text(written), Some(RecordIdRef::Text(id)), "{written}");
        }
        assert_eq!(id_of(ValueRef::Real(1.0)), Some(RecordIdRef::Number(1)));
        for none in
            [ValueRef::Real(1.5), ValueRef::Real(1e20), ValueRef::Null, ValueRef::Blob(b"1")]
        {
            assert_eq!(id_of(none), None, "{none:?}");
        }
    }
}
