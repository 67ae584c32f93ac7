//! A report by rooms has several rows of one booking: they are joined to one. Pure.

use crate::config::AmountOf;
use crate::domain::messages::FlawMessage;
use crate::domain::record::BookingStatus;
use crate::mirror::values::{Cents, moment};

/// One row of a booking.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RoomRow {
    /// Its line in the report.
    pub line: u64,
    /// By the columns of the report.
    pub values: Vec<String>,
}

/// How rows are joined.
pub struct Rooms<'r> {
    /// The columns of the report.
    pub columns: &'r [String],
    /// What a status word means.
    pub status: &'r dyn Fn(&str) -> Option<BookingStatus>,
    /// What an amount belongs to.
    pub amount_of: Option<AmountOf>,
}

impl Rooms<'_> {
    /// The rows that make the booking: rooms that were cancelled or not taken go where another one
    /// stays.
    pub fn rows_that_count<'a>(&self, rows: &'a [RoomRow]) -> Vec<&'a RoomRow> {
        let mut stays = Vec::new();
        for row in rows {
            match self.status_of(row) {
                Some(BookingStatus::Cancelled | BookingStatus::NoShow) => {}
                Some(_) | None => stays.push(row),
            }
        }
        if stays.is_empty() { rows.iter().collect() } else { stays }
    }

    /// The values of the booking.
    ///
    /// # Errors
    /// The rows contradict each other.
    pub fn join(&self, rows: &[RoomRow]) -> Result<Vec<String>, FlawMessage> {
        let rows = self.rows_that_count(rows);
        let columns = self.columns.iter().enumerate();
        columns.map(|(at, column)| self.joined(&rows, at, column)).collect()
    }

    fn status_of(&self, row: &RoomRow) -> Option<BookingStatus> {
        let at = self.columns.iter().position(|column| column == "status")?;
        (self.status)(&row.values[at])
    }

    fn joined(&self, rows: &[&RoomRow], at: usize, column: &str) -> Result<String, FlawMessage> {
        let mut values: Vec<&str> = Vec::new();
        for row in rows {
            let value = row.values[at].as_str();
            if !value.is_empty() && !values.contains(&value) {
                values.push(value);
            }
        }
        match (column, values.as_slice()) {
            (_, []) => Ok(String::new()),
            ("amount", _) => self.amount(rows, at),
            (_, [only]) => Ok((*only).to_owned()),
            ("status", several) => Ok(self.joined_status(several)),
            ("arrival", several) => Ok(outermost(several, Outermost::First)),
            ("departure" | "modified_at", several) => Ok(outermost(several, Outermost::Last)),
            ("guest_id", [first, ..]) => Ok((*first).to_owned()),
            ("id" | "number" | "company_id" | "payer_company_id" | "crm_id", _) => {
                Err(FlawMessage::Differing { lines: lines(rows) })
            }
            ("comment", several) => Ok(several.join("\n")),
            (_, several) => Ok(several.join(", ")),
        }
    }

    /// A booking has begun once one of its rooms was taken, and is over once all were left.
    fn joined_status(&self, words: &[&str]) -> String {
        // A word that is not understood fails the record.
        if let Some(unknown) = words.iter().find(|word| (self.status)(word).is_none()) {
            return (*unknown).to_owned();
        }
        if let Some(word) = self.word_of(words, BookingStatus::CheckedIn) {
            return word.to_owned();
        }
        // Words that are all understood and differ: others were not taken yet.
        if self.word_of(words, BookingStatus::CheckedOut).is_some() {
            return BookingStatus::CheckedIn.word().to_owned();
        }
        let confirmed = self.word_of(words, BookingStatus::Confirmed);
        let cancelled = self.word_of(words, BookingStatus::Cancelled);
        confirmed.or(cancelled).unwrap_or(words[0]).to_owned()
    }

    fn word_of<'w>(&self, words: &[&'w str], wanted: BookingStatus) -> Option<&'w str> {
        words.iter().copied().find(|word| (self.status)(word) == Some(wanted))
    }

    fn amount(&self, rows: &[&RoomRow], at: usize) -> Result<String, FlawMessage> {
        let mut amounts: Vec<&str> = Vec::new();
        let mut cents = Vec::new();
        for row in rows {
            let amount = row.values[at].as_str();
            if amount.is_empty() {
                continue;
            }
            // An amount that cannot be read fails the record.
            let Some(understood) = Cents::of_amount(amount) else { return Ok(amount.to_owned()) };
            amounts.push(amount);
            cents.push(understood);
        }
        let sum = Cents(cents.iter().map(|amount| amount.0).sum());
        let is_same = cents.iter().all(|one| *one == cents[0]);
        let not_zero = cents.iter().filter(|amount| amount.0 != 0).count();
        match self.amount_of {
            // A single amount is the booking's, whatever it belongs to.
            _ if cents.len() == 1 => Ok(amounts[0].to_owned()),
            None if not_zero <= 1 => Ok(sum.to_string()),
            Some(AmountOf::Room) => Ok(sum.to_string()),
            Some(AmountOf::Booking) if is_same => Ok(amounts[0].to_owned()),
            Some(AmountOf::Booking) => Err(FlawMessage::Differing { lines: lines(rows) }),
            None => Err(FlawMessage::WhoseAmount { lines: lines(rows) }),
        }
    }
}

/// All but the first, at which the flaw is told.
fn lines(rows: &[&RoomRow]) -> Vec<u64> {
    rows.iter().skip(1).map(|row| row.line).collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outermost {
    First,
    Last,
}

/// The first or the last moment; one that cannot be read stays, and fails the record.
fn outermost(values: &[&str], wanted: Outermost) -> String {
    let mut best: Option<(&str, chrono::NaiveDateTime)> = None;
    for value in values {
        let Some(time) = moment(value).map(crate::mirror::Moment::or_midnight) else {
            return (*value).to_owned();
        };
        let is_better = best.is_none_or(|(_, best)| match wanted {
            Outermost::First => time < best,
            Outermost::Last => time > best,
        });
        if is_better {
            best = Some((value, time));
        }
    }
    best.map(|(value, _)| value.to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn join(rows: &[[&str; 6]], amount_of: Option<AmountOf>) -> Result<Vec<String>, FlawMessage> {
        let columns =
            ["id", "status", "arrival", "departure", "amount", "comment"].map(str::to_owned);
        let rooms = Rooms { columns: &columns, status: &|word| word.parse().ok(), amount_of };
        let row = |(at, values): (usize, &[&str; 6])| RoomRow {
            line: at as u64 + 2,
            values: values.map(str::to_owned).to_vec(),
        };
        rooms.join(&rows.iter().enumerate().map(row).collect::<Vec<_>>())
    }

    const FIRST: [&str; 6] =
        ["7", "confirmed", "2026-05-20 14:00", "2026-05-22 12:00", "1000.50", "тихий"];
    const SECOND: [&str; 6] =
        ["7", "confirmed", "2026-05-19", "2026-05-29 12:00", "2000.00", "с видом"];

    #[test]
    fn a_booking_spans_its_rooms_and_sums_their_amounts() {
        let joined = join(&[FIRST, SECOND], Some(AmountOf::Room)).unwrap();
        assert_eq!(
            joined,
            ["7", "confirmed", "2026-05-19", "2026-05-29 12:00", "3000.50", "тихий\nс видом"]
        );
    }

    #[test]
    fn nobody_guesses_whose_an_amount_is() {
        let lines = vec![3];
        let asked = join(&[FIRST, SECOND], None);
        assert_eq!(asked, Err(FlawMessage::WhoseAmount { lines: lines.clone() }));
        assert_eq!(
            join(&[FIRST, SECOND], Some(AmountOf::Booking)),
            Err(FlawMessage::Differing { lines })
        );
        let same = [FIRST, ["7", "confirmed", "2026-05-20", "2026-05-22", "1000.50", ""]];
        assert_eq!(join(&same, Some(AmountOf::Booking)).unwrap()[4], "1000.50");
        assert_eq!(join(&same, Some(AmountOf::Room)).unwrap()[4], "2001.00");
        assert!(join(&same, None).is_err(), "one amount twice may mean either");
        let free = [FIRST, SECOND].map(|row| [row[0], row[1], row[2], row[3], "0.00", row[5]]);
        assert_eq!(join(&free, None).unwrap()[4], "0.00");
    }

    #[test]
    fn a_room_that_was_cancelled_counts_only_where_all_were() {
        let cancelled = ["7", "cancelled", "2026-01-01", "2026-12-31", "9000.00", "отказ"];
        let joined = join(&[cancelled, FIRST], None).unwrap();
        assert_eq!(joined, FIRST.map(str::to_owned));
        assert_eq!(join(&[cancelled, cancelled], Some(AmountOf::Room)).unwrap()[1], "cancelled");
    }

    #[test]
    fn a_booking_has_begun_with_its_first_room_and_is_over_with_its_last() {
        let status = |words: [&str; 2]| {
            let rows = words.map(|word| ["7", word, "2026-05-20", "2026-05-22", "", ""]);
            join(&rows, None).unwrap()[1].clone()
        };
        assert_eq!(status(["confirmed", "checked_in"]), "checked_in");
        assert_eq!(status(["checked_out", "checked_in"]), "checked_in");
        assert_eq!(status(["checked_out", "confirmed"]), "checked_in");
        assert_eq!(status(["checked_out", "checked_out"]), "checked_out");
        assert_eq!(status(["temporary", "confirmed"]), "confirmed");
        assert_eq!(status(["no_show", "cancelled"]), "cancelled");
        assert_eq!(status(["confirmed", "???"]), "???");
    }

    #[test]
    fn a_moment_that_cannot_be_read_stays_for_the_mirrors_reader_to_refuse() {
        let odd = ["7", "confirmed", "вчера", "2026-05-22", "", ""];
        assert_eq!(join(&[FIRST, odd], None).unwrap()[2], "вчера");
    }
}
