//! `[mirror]`: which file is read, by which queries, and how its values are to be understood.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use encoding_rs::Encoding;
use enum_map::EnumMap;

use super::file;
use super::shown::FilePath;
use super::template::{NAMES, Template};
use super::{DealConfig, PartyConfig};
use crate::domain::messages::ConfigMessage;
use crate::domain::mirror_table::MirrorTable;
use crate::domain::per_kind::PerKind;
use crate::domain::record::{BookingStatus, Kind};

/// The mirror's file and shape.
#[derive(Clone, Debug)]
pub struct MirrorConfig {
    /// The `SQLite` file of the mirror.
    pub path: PathBuf,
    /// A table's name, or a `SELECT` in parentheses.
    pub sources: EnumMap<MirrorTable, String>,
    /// The columns beyond the usual ones that fields and templates ask for, by [`Kind`].
    pub columns: PerKind<Vec<String>>,
    /// The hotel's own status codes.
    pub statuses: BTreeMap<String, BookingStatus>,
    /// New ids of the CRM are written into the mirror's `crm_id`.
    pub write_back: bool,
    /// How texts that are not UTF-8 are read; without it they fail.
    pub encoding: Option<&'static Encoding>,
}

pub(super) fn mirror(
    mirror: file::Mirror,
    columns: PerKind<Vec<String>>,
) -> Result<MirrorConfig, ConfigMessage> {
    let file::Mirror {
        path: FilePath(path),
        encoding: encoding_name,
        queries,
        statuses,
        write_back,
    } = mirror;
    let is_replaced = queries.keys().any(|table| *table != MirrorTable::BookingGuests);
    if write_back && is_replaced {
        return Err(ConfigMessage::WriteBackWithQueries);
    }
    Ok(MirrorConfig {
        path,
        sources: EnumMap::from_fn(|table| source(queries.get(&table), table)),
        columns,
        statuses: statuses.into_iter().map(status).collect::<Result<_, _>>()?,
        write_back,
        encoding: encoding_name.as_deref().map(|name| encoding("[mirror]", name)).transpose()?,
    })
}

/// The table, or the query in its place, which may end with a comment.
fn source(query: Option<&String>, table: MirrorTable) -> String {
    match query {
        Some(query) => format!("({}\n)", query.trim().trim_end_matches(';')),
        None => table.name().to_owned(),
    }
}

fn status((code, status): (String, String)) -> Result<(String, BookingStatus), ConfigMessage> {
    match status.parse() {
        Ok(parsed) => Ok((code.trim().to_owned(), parsed)),
        Err(_) => Err(ConfigMessage::NoSuchStatus { code, status }),
    }
}

/// An encoding whose texts can be told from UTF-8: not UTF-16, which SQLite itself knows.
pub(super) fn encoding(section: &str, name: &str) -> Result<&'static Encoding, ConfigMessage> {
    match Encoding::for_label_no_replacement(name.as_bytes()) {
        Some(found) if found.is_ascii_compatible() && found != encoding_rs::UTF_8 => Ok(found),
        Some(_) | None => Err(ConfigMessage::NoSuchEncoding {
            section: section.to_owned(),
            name: name.to_owned(),
        }),
    }
}

/// The columns beyond the usual ones that fields and templates ask for.
pub(super) fn own_columns(
    contact: &PartyConfig,
    company: &PartyConfig,
    deal: &DealConfig,
) -> PerKind<Vec<String>> {
    PerKind::from_fn(|kind| match kind {
        Kind::Guest => named_by(&contact.fields, &[&contact.comments], &["marks", "comment"]),
        Kind::Company => named_by(&company.fields, &[&company.comments], &["comment"]),
        Kind::Booking => named_by(&deal.fields, &[&deal.title, &deal.comments], &NAMES),
    })
}

fn named_by(
    fields: &BTreeMap<String, String>,
    templates: &[&Template],
    usual: &[&str],
) -> Vec<String> {
    let in_templates = templates.iter().flat_map(|template| template.names());
    let own = in_templates.filter(|name| !usual.contains(name));
    let columns: BTreeSet<&str> = fields.values().map(String::as_str).chain(own).collect();
    columns.into_iter().map(str::to_owned).collect()
}
