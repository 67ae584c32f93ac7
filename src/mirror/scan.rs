//! The rows of one kind as a stream ordered by id: all of them, or those of some spans.

use std::borrow::Cow;
use std::hash::Hasher;

use rusqlite::types::Value as Cell;
use rusqlite::{CachedStatement, Connection, params_from_iter};
use serde_json::{Map, Value};

use super::Mirror;
use super::cell::{RowReader, modified_at};
use super::ids::{IdOrder, IdType, id_of};
use super::reason::ReadError;
use super::rows::{Entity, Row, RowError};
use crate::domain::failure_code::FailureCode;
use crate::domain::messages::MirrorMessage;
use crate::domain::record::{IdRange, Kind, RecordId, RecordKey};
use crate::domain::run_error::RunError;
use crate::mirror::booking_guests::{BookingGuests, MAX_GUESTS, Stays};
use crate::platform::hash::Fingerprint;

/// Prepared statements over one kind.
pub struct Scan<'m> {
    mirror: &'m Mirror,
    kind: Kind,
    records: CachedStatement<'m>,
    parameters: Vec<Cell>,
    /// None for guests and companies.
    booking_guests: Option<CachedStatement<'m>>,
    booking_guests_parameters: Vec<Cell>,
    convert_to: Option<IdType>,
}

/// A query for the ids of a span, ordered as the merge compares them and not by the column's own
/// collation.
fn range_query(select: &str, order: &IdOrder, span: &IdRange) -> String {
    let id = &order.expression;
    let filter = match (&span.start, &span.end) {
        (None, None) => String::new(),
        (Some(_), None) => format!("WHERE {id} >= ?1"),
        (None, Some(_)) => format!("WHERE {id} < ?1"),
        (Some(_), Some(_)) => format!("WHERE {id} >= ?1 AND {id} < ?2"),
    };
    format!("{select} {filter} ORDER BY {id}")
}

/// The steps in which `SQLite` runs a query.
fn query_plan(connection: &Connection, sql: &str) -> rusqlite::Result<Vec<String>> {
    let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
    let parameters = vec![Cell::Null; plan.parameter_count()];
    plan.query_map(params_from_iter(parameters), |row| row.get(3))?.collect()
}

/// Whether `SQLite` finds the rows of a query by an index that has them in order.
fn uses_index(connection: &Connection, sql: &str) -> rusqlite::Result<bool> {
    let steps = query_plan(connection, sql)?;
    Ok(!steps.is_empty() && steps.iter().all(|step| step.starts_with("SEARCH")))
}

impl Mirror {
    /// Prepares to read all rows of a kind, or those of some spans in one go.
    pub fn scan(&self, kind: Kind) -> Result<Scan<'_>, RunError> {
        self.scan_of(kind, &IdRange::ALL[0])
    }

    /// Prepares to read the rows of one span.
    pub fn scan_of(&self, kind: Kind, span: &IdRange) -> Result<Scan<'_>, RunError> {
        self.prepare_scan(kind, span).map_err(|error| self.broken_off(kind, error))
    }

    fn prepare_scan(&self, kind: Kind, span: &IdRange) -> Result<Scan<'_>, ReadError> {
        let ids = self.record_ids(kind)?;
        let order = &ids.order;
        let sql = range_query(&ids.bounded(&self.records[kind].rows), order, span);
        let mut prepared = Scan {
            mirror: self,
            kind,
            records: self.connection.prepare_cached(&sql)?,
            parameters: order.parameters(span),
            booking_guests: None,
            booking_guests_parameters: Vec::new(),
            convert_to: None,
        };
        if kind == Kind::Booking {
            let stays = self.stay_ids()?;
            let sql = range_query(&stays.select, &stays.order, span);
            prepared.booking_guests = Some(self.connection.prepare_cached(&sql)?);
            prepared.booking_guests_parameters = stays.order.parameters(span);
            prepared.convert_to = stays.convert_to;
        }
        Ok(prepared)
    }

    /// Whether some rows of a kind can be read without reading all. That is not so where a hotel's
    /// own query computes its ids.
    pub fn can_seek(&self, kind: Kind) -> Result<bool, RunError> {
        self.is_indexed(kind).map_err(|error| self.broken_off(kind, error))
    }

    fn is_indexed(&self, kind: Kind) -> Result<bool, ReadError> {
        let span = IdRange { start: Some(RecordId::Number(0)), end: Some(RecordId::Number(0)) };
        let ids = self.record_ids(kind)?;
        let rows = ids.bounded(&self.records[kind].rows);
        let records = uses_index(&self.connection, &range_query(&rows, &ids.order, &span))?;
        if kind != Kind::Booking || !records {
            return Ok(records);
        }
        let stays = self.stay_ids()?;
        Ok(uses_index(&self.connection, &range_query(&stays.select, &stays.order, &span))?)
    }

    /// Whether there is a row with this id.
    pub fn has(&self, key: &RecordKey) -> Result<bool, RunError> {
        let ids = self.record_ids(key.kind)?;
        let select = ids.bounded(&self.records[key.kind].rows);
        let order = &ids.order;
        let sql = format!("SELECT 1 FROM ({select}) WHERE {} = ?1 LIMIT 1", order.expression);
        self.connection
            .prepare_cached(&sql)
            .and_then(|mut statement| statement.exists([order.parameter(&key.id)]))
            .map_err(|error| self.broken_off(key.kind, error))
    }

    /// The rows that have this id, or the bookings with this number.
    pub fn find(&self, kind: Kind, word: &str) -> Result<Vec<Row>, RunError> {
        let ids = self.record_ids(kind)?;
        let select = ids.bounded(&self.records[kind].rows);
        let order = &ids.order;
        let number = if kind == Kind::Booking { "ecvi_text(number)" } else { "NULL" };
        let id = &order.expression;
        let sql = format!(
            "SELECT * FROM ({select}) WHERE {id} IN (?1, ?2) OR {number} = ?3 ORDER BY {id}"
        );
        let mut scan = self.scan(kind)?;
        let prepared = self.connection.prepare_cached(&sql);
        scan.records = prepared.map_err(|error| self.broken_off(kind, error))?;
        let [id, text] = [RecordId::parse(word), RecordId::Text(word.to_owned())];
        scan.parameters =
            vec![order.parameter(&id), order.parameter(&text), Cell::Text(word.to_owned())];
        scan.rows(IdRange::ALL)?.collect()
    }
}

impl Scan<'_> {
    /// The rows that lie in these spans, ordered by id, each id once.
    pub fn rows<'s>(&'s mut self, spans: &'s [IdRange]) -> Result<Rows<'s>, RunError> {
        let mirror = self.mirror;
        let kind = self.kind;
        self.begin(spans).map_err(|error| mirror.broken_off(kind, error))
    }

    fn begin<'s>(&'s mut self, spans: &'s [IdRange]) -> rusqlite::Result<Rows<'s>> {
        let booking_guests = match &mut self.booking_guests {
            Some(statement) => {
                let rows = statement.query(params_from_iter(&self.booking_guests_parameters))?;
                Some(BookingGuests::new(rows, self.convert_to))
            }
            None => None,
        };
        let ids = self.mirror.records[self.kind].ids.get();
        let too_long = ids.map_or(0, |ids| ids.too_long);
        Ok(Rows {
            mirror: self.mirror,
            kind: self.kind,
            names: self.kind.table().columns(),
            cursor: self.records.query(params_from_iter(&self.parameters))?,
            booking_guests,
            spans,
            ahead: None,
            count: too_long,
            without_id: too_long,
        })
    }
}

/// A stream of rows. An error ends the run: the mirror is damaged or its rows are not in order.
pub struct Rows<'s> {
    mirror: &'s Mirror,
    kind: Kind,
    names: &'static [&'static str],
    cursor: rusqlite::Rows<'s>,
    booking_guests: Option<BookingGuests<'s>>,
    spans: &'s [IdRange],
    /// A row that was read after the one that is returned.
    ahead: Option<Row>,
    count: u64,
    without_id: u64,
}

impl Rows<'_> {
    /// Rows read until now.
    pub fn seen(&self) -> u64 {
        self.count
    }

    /// Rows without a usable id, left out of the stream.
    pub fn without_id(&self) -> u64 {
        self.without_id
    }

    fn read(&mut self) -> rusqlite::Result<Option<Row>> {
        loop {
            let Some(row) = self.cursor.next()? else { return Ok(None) };
            self.count += 1;
            let Some(id) = id_of(row.get_ref(0)?).map(RecordId::from) else {
                self.without_id += 1;
                continue;
            };
            if !is_wanted(&id, &mut self.spans) {
                continue;
            }
            let stays = match &mut self.booking_guests {
                Some(booking_guests) => booking_guests.of(&id)?,
                None => Stays::default(),
            };
            let own = self.mirror.records[self.kind].own_columns.len();
            let cells = RowReader::new(row, self.names, own, self.mirror.encoding);
            return Ok(Some(parse(self.mirror, self.kind, id, stays, cells)));
        }
    }

    /// The next row. Several rows with one id are one row that cannot be read.
    fn next_unique(&mut self) -> Result<Option<Row>, ReadError> {
        let next = match self.ahead.take() {
            Some(row) => Some(row),
            None => self.read()?,
        };
        let Some(mut row) = next else { return Ok(None) };
        while let Some(next) = self.read()? {
            if next.id > row.id {
                self.ahead = Some(next);
                break;
            }
            if next.id < row.id {
                return Err(out_of_order(&next.id, &row.id).into());
            }
            row.body = Err(RowError::new(FailureCode::DuplicateId, "id", &row.id.to_string()));
        }
        Ok(Some(row))
    }
}

/// Whether the id lies in a span. Spans that end before it are dropped.
fn is_wanted(id: &RecordId, spans: &mut &[IdRange]) -> bool {
    while let [first, rest @ ..] = *spans
        && first.ends_before(id)
    {
        *spans = rest;
    }
    spans.first().is_some_and(|span| !span.starts_after(id))
}

impl Iterator for Rows<'_> {
    type Item = Result<Row, RunError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_unique().map_err(|error| self.mirror.broken_off(self.kind, error)).transpose()
    }
}

pub(super) fn out_of_order(next: &RecordId, after: &RecordId) -> RunError {
    MirrorMessage::OutOfOrder { id: next.to_string(), after: after.to_string() }.into()
}

fn parse(mirror: &Mirror, kind: Kind, id: RecordId, stays: Stays, mut cells: RowReader) -> Row {
    let dated = modified_at(cells.at(1)).map(Cow::into_owned);
    let is_date_too_long = dated.is_none();
    let modified_at = dated.unwrap_or_default();
    let own = &mirror.records[kind].own_columns;
    let content_hash = content_hash(&cells, own.len());
    let name_column = match kind {
        Kind::Guest => "last_name",
        Kind::Company => "name",
        Kind::Booking => "number",
    };
    let display_name = cells.text(name_column).unwrap_or_default();
    let parties_hash = if kind == Kind::Booking { parties_hash(&cells, &stays.guests) } else { 0 };
    if stays.has_unreadable {
        cells.warn(FailureCode::UnknownReference, "booking_guests.guest_id");
    }
    let entity = match kind {
        Kind::Guest => cells.guest().map(Entity::Guest),
        Kind::Company => cells.company().map(Entity::Company),
        Kind::Booking if stays.are_too_many => Err(too_many_guests()),
        Kind::Booking => {
            cells.booking(stays.guests, |word| mirror.status(word)).map(Entity::Booking)
        }
    };
    let lacks_time = mirror.records[kind].is_dated && modified_at.trim().is_empty();
    let crm_id = if is_date_too_long {
        Err(RowError::new(FailureCode::BadDate, "modified_at", ""))
    } else if lacks_time {
        Err(RowError::new(FailureCode::NoValue, "modified_at", ""))
    } else {
        cells.crm_id()
    };
    let custom_columns = custom_columns(&cells, own);
    // Of several errors one is told: that of `crm_id` first, that of a custom column last.
    let mut body = check_id(&id).and(entity);
    if let Err(error) = &custom_columns {
        body = body.and(Err(error.clone()));
    }
    if let Err(error) = &crm_id {
        body = Err(error.clone());
    }
    Row {
        id,
        modified_at,
        content_hash,
        parties_hash,
        display_name,
        crm_id: crm_id.unwrap_or_default(),
        custom_columns: custom_columns.unwrap_or_default(),
        body,
        warnings: cells.into_warnings(),
    }
}

fn too_many_guests() -> RowError {
    let most = format!("> {MAX_GUESTS}");
    RowError::new(FailureCode::TooManyGuests, "booking_guests", &most)
}

/// Refuses an id that the portal's ORIGIN_ID cannot hold or a batch would change.
fn check_id(id: &RecordId) -> Result<(), RowError> {
    let RecordId::Text(text) = id else { return Ok(()) };
    let usable = !text.is_empty()
        && text.len() <= 255
        && text.trim() == text
        && !text.chars().any(|c| c.is_control() || c == '$');
    if usable { Ok(()) } else { Err(RowError::new(FailureCode::BadId, "id", text)) }
}

/// To be raised when [`content_hash`] makes another number of the same row.
const CONTENT: u64 = 1;

impl Mirror {
    /// A fingerprint of the columns that make a kind's content hashes: hashes of other columns
    /// cannot be compared with them.
    pub fn content_terms(&self, kind: Kind) -> u64 {
        let mut print = Fingerprint::default();
        print.write_u64(CONTENT);
        for column in &self.records[kind].own_columns {
            print.text(column);
        }
        print.finish()
    }
}

fn content_hash(cells: &RowReader, extra: usize) -> u64 {
    let mut fingerprint = Fingerprint::default();
    for at in 0..cells.names.len() + extra {
        // This program may have written the CRM's id itself.
        if cells.names.get(at) != Some(&"crm_id") {
            fingerprint.value(cells.at(at));
        }
    }
    fingerprint.finish()
}

fn parties_hash(cells: &RowReader, staying_guests: &[RecordId]) -> u64 {
    let mut fingerprint = Fingerprint::default();
    for column in ["guest_id", "company_id", "payer_company_id"] {
        fingerprint.text(&cells.reference(column).map(|id| id.to_string()).unwrap_or_default());
    }
    for guest in staying_guests {
        fingerprint.text(&guest.to_string());
    }
    fingerprint.finish()
}

fn custom_columns(cells: &RowReader, columns: &[String]) -> Result<Map<String, Value>, RowError> {
    let mut values = Map::new();
    for (at, column) in columns.iter().enumerate() {
        values.insert(column.clone(), cells.own(at, column)?);
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use enum_map::EnumMap;

    use super::*;
    use crate::config::MirrorConfig;
    use crate::domain::mirror_table::MirrorTable;
    use crate::domain::per_kind::PerKind;
    use crate::mirror::sources::RecordSource;
    use crate::platform::clock::ReadLimit;

    #[test]
    fn of_the_usual_tables_rows_come_in_order_without_being_sorted_and_spans_are_gone_to_straight()
    {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mirror.db");
        Connection::open(&path)
            .unwrap()
            .execute_batch(include_str!("../../fixtures/schema.sql"))
            .unwrap();
        let config = MirrorConfig {
            path,
            sources: EnumMap::from_fn(|table: MirrorTable| table.name().to_owned()),
            columns: PerKind::default(),
            statuses: BTreeMap::new(),
            write_back: false,
            encoding: None,
        };
        let mirror = Mirror::open_within(&config, &ReadLimit::default()).unwrap();
        let all = &IdRange::ALL[0];
        for kind in Kind::SEND_ORDER {
            assert!(mirror.can_seek(kind).unwrap(), "{kind}");
            let RecordSource { rows, outline, .. } = &mirror.records[kind];
            let order = &mirror.record_ids(kind).unwrap().order;
            let stays = &mirror.stay_ids().unwrap().order;
            let queries = [
                range_query(rows, order, all),
                range_query(outline, order, all),
                range_query(&mirror.stays.rows, stays, all),
            ];
            for sql in queries {
                let steps = query_plan(&mirror.connection, &sql).unwrap();
                assert!(
                    matches!(steps.as_slice(), [step] if step.starts_with("SCAN")),
                    "{sql}: {steps:?}"
                );
            }
        }
    }
}
