//! `[load]`: the report files that `load` fills the mirror from, and which of their headings is
//! which column.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::choices::AmountOf;
use super::file;
use super::mirror;
use super::shown::FilePath;
use super::template::is_name;
use crate::domain::messages::ConfigMessage;
use crate::domain::mirror_table::MirrorTable;
use crate::domain::per_kind::PerKind;
use crate::domain::record::Kind;

/// What `load` was told.
#[derive(Clone, Debug, Default)]
pub struct LoadConfig {
    /// In the order of the tables, those that have a file.
    pub reports: Vec<ReportConfig>,
    /// How a report that is neither UTF-8 nor UTF-16 is read; without it as windows-1251.
    pub encoding: Option<&'static encoding_rs::Encoding>,
    /// What the amount in a report by rooms belongs to.
    pub amount_of: Option<AmountOf>,
}

/// The report of one table.
#[derive(Clone, Debug)]
pub struct ReportConfig {
    /// The table that it fills.
    pub table: MirrorTable,
    /// The file; its name may hold `*`, and the newest such file is read.
    pub file: PathBuf,
    /// The headings that are read.
    pub headings: Vec<Heading>,
}

/// A heading of a report.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Heading {
    /// The text in the report.
    pub text: String,
    /// The column that it fills; where there are several, the words of a cell go into one each.
    pub columns: Vec<String>,
    /// A report without it is refused.
    pub is_required: bool,
}

impl LoadConfig {
    /// The report of a table, if it has one.
    pub fn report(&self, table: MirrorTable) -> Option<&ReportConfig> {
        self.reports.iter().find(|report| report.table == table)
    }
}

/// Checks the section. `own_columns` are those that fields and templates ask for.
pub(super) fn load(
    load: file::Load,
    own_columns: &PerKind<Vec<String>>,
) -> Result<LoadConfig, ConfigMessage> {
    let file::Load { encoding, amount_of, mut files, guests, companies, bookings, booking_guests } =
        load;
    let sections = [
        (MirrorTable::Guests, guests),
        (MirrorTable::Companies, companies),
        (MirrorTable::Bookings, bookings),
        (MirrorTable::BookingGuests, booking_guests),
    ];
    let mut reports = Vec::new();
    for (table, written) in sections {
        let file = files.remove(&table);
        if file.is_none() && !written.is_empty() {
            return Err(ConfigMessage::ReportWithoutFile { table: table.name().to_owned() });
        }
        let Some(FilePath(file)) = file else { continue };
        let headings = if written.is_empty() {
            columns_as_headings(table, own_columns)
        } else {
            headings(table, written)?
        };
        reports.push(ReportConfig { table, file, headings });
    }
    let encoding = encoding.as_deref().map(|name| mirror::encoding("[load]", name)).transpose()?;
    Ok(LoadConfig { reports, encoding, amount_of })
}

/// A report whose headings are the columns of the mirror needs no list of them.
fn columns_as_headings(table: MirrorTable, own_columns: &PerKind<Vec<String>>) -> Vec<Heading> {
    let own = match table {
        MirrorTable::Guests => own_columns[Kind::Guest].as_slice(),
        MirrorTable::Companies => own_columns[Kind::Company].as_slice(),
        MirrorTable::Bookings => own_columns[Kind::Booking].as_slice(),
        MirrorTable::BookingGuests => &[],
    };
    let usual = table.columns().iter().copied();
    let columns = usual.chain(own.iter().map(String::as_str));
    let headings = columns.map(|column| Heading {
        text: column.to_owned(),
        columns: vec![column.to_owned()],
        is_required: table.required_of_reports().contains(&column),
    });
    headings.collect()
}

fn headings(
    table: MirrorTable,
    written: BTreeMap<String, String>,
) -> Result<Vec<Heading>, ConfigMessage> {
    let mut headings = Vec::new();
    let mut seen = BTreeSet::new();
    for (text, columns) in written {
        let columns: Vec<String> = columns.split_whitespace().map(str::to_owned).collect();
        refuse_odd_columns(table, &text, &columns)?;
        if !seen.insert(plain_heading(&text)) {
            return Err(ConfigMessage::HeadingTwice {
                table: table.name().to_owned(),
                heading: text,
            });
        }
        headings.push(Heading { text, columns, is_required: true });
    }
    require_columns(table, &headings)?;
    refuse_split_keys(table, &headings)?;
    Ok(headings)
}

/// A heading as headings are compared: without case, `ё` as `е`, blanks of any kind and number as
/// one.
pub fn plain_heading(text: &str) -> String {
    let text = text.replace(['\u{feff}', '\u{200b}', '\u{2060}'], " ");
    let text = text.to_lowercase().replace('ё', "е");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn refuse_odd_columns(
    table: MirrorTable,
    heading: &str,
    columns: &[String],
) -> Result<(), ConfigMessage> {
    let table = table.name().to_owned();
    let heading = heading.to_owned();
    if columns.is_empty() {
        return Err(ConfigMessage::HeadingWithoutColumn { table, heading });
    }
    match columns.iter().find(|column| !is_name(column)) {
        Some(odd) => Err(ConfigMessage::OddColumn { table, heading, column: odd.clone() }),
        None => Ok(()),
    }
}

/// How many headings fill the column.
fn count_filling(headings: &[Heading], column: &str) -> usize {
    headings.iter().flat_map(|heading| &heading.columns).filter(|name| *name == column).count()
}

fn require_columns(table: MirrorTable, headings: &[Heading]) -> Result<(), ConfigMessage> {
    let mut missing = Vec::new();
    for column in table.required_of_reports() {
        // A booking's id can replace its number.
        let is_replaced = *column == "number" && count_filling(headings, "id") > 0;
        if count_filling(headings, column) == 0 && !is_replaced {
            missing.push(*column);
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(ConfigMessage::ColumnsUnfilled {
        table: table.name().to_owned(),
        columns: missing.join(", "),
    })
}

/// An id that is put together from several cells, or taken out of one, is no id of Ecvi.
fn refuse_split_keys(table: MirrorTable, headings: &[Heading]) -> Result<(), ConfigMessage> {
    let keys =
        ["id", "booking_id", "guest_id", "company_id", "payer_company_id", "crm_id", "amount"];
    for key in keys {
        let is_split = headings.iter().any(|Heading { columns, .. }| {
            columns.len() > 1 && columns.iter().any(|column| column == key)
        });
        if is_split || count_filling(headings, key) > 1 {
            let table = table.name().to_owned();
            return Err(ConfigMessage::KeySplit { table, column: key.to_owned() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_compared_without_case_and_whatever_blanks_they_have() {
        for text in ["Дата приёма", " дата\u{a0}приема ", "\u{feff}ДАТА\n ПРИЁМА"]
        {
            assert_eq!(plain_heading(text), "дата приема", "{text:?}");
        }
    }
}
