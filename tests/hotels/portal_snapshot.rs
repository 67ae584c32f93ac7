//! What stands in a portal, as people see it: objects by their names, and names instead of ids.

use std::collections::BTreeMap;

use bitrix24_sandbox::{Kind, Portal, Record};

/// `deal 3682` or `contact Приходько Анна` -> field -> value.
pub(crate) type Snapshot = BTreeMap<String, BTreeMap<String, String>>;

/// The order in which objects were made and when is nothing that people see.
const OWN: [&str; 6] =
    ["ORIGIN_ID", "DATE_CREATE", "DATE_MODIFY", "LAST_ACTIVITY_TIME", "MOVED_TIME", "CONTACT_ID"];

/// Everything in the portal, without some fields (`contact.HONORIFIC`).
pub(crate) fn snapshot(portal: &Portal, without: &[&str]) -> Snapshot {
    let mut snapshot = Snapshot::new();
    for kind in Kind::ALL {
        for record in portal.records(kind) {
            let mut fields = fields(portal, record);
            fields.retain(|name, _| {
                let full = format!("{}.{name}", kind.word());
                !OWN.contains(&name.as_str()) && !without.contains(&full.as_str())
            });
            let twin = snapshot.insert(name(kind, record), fields);
            assert_eq!(twin, None, "{} stands there twice", name(kind, record));
        }
    }
    snapshot
}

fn name(kind: Kind, record: &Record) -> String {
    let names = [record.text("TITLE"), record.text("LAST_NAME"), record.text("NAME")];
    format!("{} {}", kind.word(), names.join(" ").trim())
}

fn fields(portal: &Portal, record: &Record) -> BTreeMap<String, String> {
    let called =
        |kind, id| portal.get(kind, id).map_or_else(|| "nobody".to_owned(), |it| name(kind, it));
    let mut fields: BTreeMap<String, String> =
        record.fields().map(|(name, value)| (name.to_owned(), value.json())).collect();
    if let Ok(company) = record.text("COMPANY_ID").parse() {
        fields.insert("COMPANY_ID".into(), called(Kind::Company, company));
    }
    let people: Vec<String> =
        record.link_ids().into_iter().map(|id| called(Kind::Contact, id)).collect();
    fields.insert("CONTACT_IDS".into(), people.join(", "));
    for row in &record.rows {
        let values = fields.entry(row.type_id.clone()).or_default();
        values.extend([&row.value, " (", &row.value_type, "); "]);
    }
    // A field that was never filled reads like one that was emptied.
    fields.retain(|_, value| !matches!(value.as_str(), "" | "\"\"" | "null"));
    fields
}
