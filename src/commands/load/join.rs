//! Rows of one id: the same row twice is one row, rooms of a booking are joined, and what
//! contradicts itself stays out.

use super::table::{Findings, Loader};
use crate::domain::messages::FlawMessage;
use crate::domain::mirror_table::MirrorTable;
use crate::domain::run_error::Result;
use crate::mirror::fill::ReadRow;
use crate::report_files::Flaw;
use crate::report_files::rooms::{RoomRow, Rooms};

/// The columns of a guest who stays, by a report of bookings.
const STAY_COLUMNS: [&str; 4] = ["booking_id", "guest_id", "room", "position"];

/// The columns that a report fills: those who stay have an order, that of their rows, where it
/// names none.
pub(super) fn columns(table: MirrorTable, mut reported: Vec<String>) -> Vec<String> {
    let has_order = reported.iter().any(|column| column == "position");
    if table == MirrorTable::BookingGuests && !has_order {
        reported.push("position".to_owned());
    }
    reported
}

fn position(columns: &[String], wanted: &str) -> Option<usize> {
    columns.iter().position(|column| column == wanted)
}

/// The value of a column; empty where the report does not have the column.
fn value(row: &RoomRow, columns: &[String], wanted: &str) -> String {
    position(columns, wanted).map(|at| row.values[at].clone()).unwrap_or_default()
}

impl Loader<'_> {
    /// Joins what was read, and stages it. Returns the columns of those who stay, where the report
    /// tells of them too.
    pub(super) fn joined(
        &self,
        table: MirrorTable,
        reported: &[String],
        columns: &[String],
        heading: Option<&str>,
        findings: &mut Findings,
    ) -> Result<Option<Vec<String>>> {
        let stay_columns = self.stay_columns(table, reported);
        if let Some(stays) = &stay_columns {
            self.filling.begin_table(MirrorTable::BookingGuests, stays, !self.options.dry_run)?;
        }
        self.filling.for_each_key(table, |key, rows| {
            let rows = without_doubles(rows);
            if self.filling.is_kept(table, key)? {
                return Ok(());
            }
            let line = rows[0].line;
            let staged = match table {
                MirrorTable::Guests | MirrorTable::Companies => {
                    self.stage_one(table, columns, &rows)?
                }
                MirrorTable::Bookings => {
                    self.stage_booking(columns, rows, stay_columns.as_deref())?
                }
                MirrorTable::BookingGuests => self.stage_stays(columns, reported, rows)?,
            };
            if let Err(kind) = staged {
                findings.note(vec![Flaw { line, heading: heading.map(str::to_owned), kind }]);
                self.filling.keep(table, key)?;
            }
            Ok(())
        })?;
        if stay_columns.is_some() {
            self.filling.keep_stays_of_kept_bookings()?;
        }
        Ok(stay_columns)
    }

    /// A report of bookings says who stays, where no other report does.
    fn stay_columns(&self, table: MirrorTable, reported: &[String]) -> Option<Vec<String>> {
        let has_own_report = self.config.load.report(MirrorTable::BookingGuests).is_some();
        let names_guests = position(reported, "guest_id").is_some();
        let is_told_here = table == MirrorTable::Bookings && !has_own_report && names_guests;
        is_told_here.then(|| STAY_COLUMNS.map(str::to_owned).to_vec())
    }

    fn stage_one(
        &self,
        table: MirrorTable,
        columns: &[String],
        rows: &[ReadRow],
    ) -> Result<Result<(), FlawMessage>> {
        let first = &rows[0];
        if rows.iter().any(|row| row.values != first.values) {
            let lines = rows.iter().skip(1).map(|row| row.line).collect();
            return Ok(Err(FlawMessage::Differing { lines }));
        }
        self.filling.stage(table, columns, &first.values).map(Ok)
    }

    fn stage_booking(
        &self,
        columns: &[String],
        rows: Vec<ReadRow>,
        stay_columns: Option<&[String]>,
    ) -> Result<Result<(), FlawMessage>> {
        let amount_of = self.config.load.amount_of;
        let rooms = Rooms { columns, status: &|word| self.status(word), amount_of };
        let mut room_rows = Vec::new();
        for ReadRow { line, values, .. } in rows {
            room_rows.push(RoomRow { line, values });
        }
        let booking = match rooms.join(&room_rows) {
            Ok(booking) => booking,
            Err(kind) => return Ok(Err(kind)),
        };
        self.filling.stage(MirrorTable::Bookings, columns, &booking)?;
        if let Some(stay_columns) = stay_columns {
            self.stage_guests_of_rooms(columns, &rooms.rows_that_count(&room_rows), stay_columns)?;
        }
        Ok(Ok(()))
    }

    fn stage_guests_of_rooms(
        &self,
        columns: &[String],
        rows: &[&RoomRow],
        stay_columns: &[String],
    ) -> Result<()> {
        for (at, row) in rows.iter().enumerate() {
            let guest = value(row, columns, "guest_id");
            if !guest.is_empty() {
                let booking = value(row, columns, "id");
                let room = value(row, columns, "room");
                let stay = [booking, guest, room, at.to_string()];
                self.filling.stage(MirrorTable::BookingGuests, stay_columns, &stay)?;
            }
        }
        Ok(())
    }

    /// A room without a guest is no row of the mirror.
    fn stage_stays(
        &self,
        columns: &[String],
        reported: &[String],
        rows: Vec<ReadRow>,
    ) -> Result<Result<(), FlawMessage>> {
        let guest = position(columns, "guest_id");
        for (at, row) in rows.into_iter().enumerate() {
            if guest.is_some_and(|guest| row.values[guest].is_empty()) {
                continue;
            }
            let mut values = row.values;
            if columns.len() > reported.len() {
                values.push(at.to_string());
            }
            self.filling.stage(MirrorTable::BookingGuests, columns, &values)?;
        }
        Ok(Ok(()))
    }
}

/// A row that is in the report twice, cell by cell, is one row.
fn without_doubles(rows: Vec<ReadRow>) -> Vec<ReadRow> {
    let mut single: Vec<ReadRow> = Vec::new();
    for row in rows {
        if !single.iter().any(|known| known.print == row.print) {
            single.push(row);
        }
    }
    single
}
