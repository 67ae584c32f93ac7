//! What stands in the portal, so that two histories can be compared: ids and times, which differ,
//! are left out.

use bitrix24_sandbox::{Kind, Portal, Record};

/// Fields in which two equal histories may differ.
const FLEETING: [&str; 6] =
    ["ID", "DATE_CREATE", "DATE_MODIFY", "LAST_ACTIVITY_TIME", "MOVED_TIME", "COMPANY_ID"];

/// Every object with all its fields, a line each.
pub(crate) fn snapshot(portal: &Portal) -> Vec<String> {
    let mut lines: Vec<String> = Kind::ALL
        .into_iter()
        .flat_map(|kind| portal.records(kind).map(move |record| line(portal, kind, record)))
        .collect();
    lines.sort();
    lines
}

fn line(portal: &Portal, kind: Kind, record: &Record) -> String {
    let fields =
        record.fields().filter(|(name, value)| !FLEETING.contains(name) && !value.is_blank());
    let fields: Vec<String> =
        fields.map(|(name, value)| format!("{name}={}", value.text())).collect();
    let mut reach: Vec<String> =
        record.rows.iter().map(|row| format!("{}={}", row.type_id, row.value)).collect();
    reach.sort();
    let links: Vec<String> =
        record.link_ids().into_iter().map(|id| origin(portal, Kind::Contact, id)).collect();
    let company = record
        .field("COMPANY_ID")
        .text()
        .parse()
        .map_or(String::new(), |id| origin(portal, Kind::Company, id));
    format!(
        "{} {}: {} | {} | contacts {} | company {company}",
        kind.word(),
        record.text("ORIGIN_ID"),
        fields.join(", "),
        reach.join(", "),
        links.join(" ")
    )
}

fn origin(portal: &Portal, kind: Kind, id: u64) -> String {
    portal.get(kind, id).map_or(String::new(), |record| record.text("ORIGIN_ID").to_owned())
}
