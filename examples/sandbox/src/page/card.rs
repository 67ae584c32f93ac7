//! The card of a contact, a company or a deal: every field that holds something, and what is linked
//! to it.

use super::display;
use super::html::{escape_text, whole_page};
use crate::data::record::{Kind, Record};
use crate::data::schema;
use crate::portal::Portal;
use crate::values::legacy_output::ROW_TYPES;

/// A caption, and the HTML beside it.
type Entry = (String, String);

pub(super) fn card_page(portal: &Portal, kind: Kind, record: &Record) -> String {
    let mut entries = row_entries(record);
    entries.extend(link_entry(portal, kind, record));
    entries.extend(field_entries(portal, kind, record));
    entries.extend(deals_entry(portal, kind, record));
    let mut list = String::new();
    for (caption, html) in &entries {
        list.extend(["<dt>", &escape_text(caption), "</dt><dd>", html, "</dd>"]);
    }
    let title = format!("{} №{}: {}", kind_name(kind), record.id, display::name(kind, record));
    let back = "<p><a href=\"/\">Все сделки, контакты и компании</a></p>";
    whole_page(&title, &format!("{back}<dl>{list}</dl>"))
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Contact => "Контакт",
        Kind::Company => "Компания",
        Kind::Deal => "Сделка",
    }
}

/// Phones, e-mails and the other rows, an entry for each type.
fn row_entries(record: &Record) -> Vec<Entry> {
    let mut entries = Vec::new();
    for type_id in ROW_TYPES {
        let mut values = Vec::new();
        for row in record.rows_of(type_id) {
            values.push(escape_text(&format!("{} ({})", row.value, row.value_type)));
        }
        if let Some(field) = schema::find_field(Kind::Contact, type_id)
            && !values.is_empty()
        {
            entries.push((field.title.to_owned(), values.join("<br>")));
        }
    }
    entries
}

/// A deal's contacts, a contact's companies.
fn link_entry(portal: &Portal, kind: Kind, record: &Record) -> Option<Entry> {
    let (other, caption) = match kind {
        Kind::Deal => (Kind::Contact, "Контакты"),
        Kind::Contact | Kind::Company => (Kind::Company, "Компании"),
    };
    let mut lines = Vec::new();
    for link in &record.links {
        let object = display::object_or_gone(portal, other, link.id);
        lines.push(if link.primary { format!("{object} (основной)") } else { object });
    }
    entry_of_lines(caption, &lines)
}

fn entry_of_lines(caption: &str, lines: &[String]) -> Option<Entry> {
    if lines.is_empty() { None } else { Some((caption.to_owned(), lines.join("<br>"))) }
}

/// Every field that holds something; user fields have no captions but their names.
fn field_entries(portal: &Portal, kind: Kind, record: &Record) -> Vec<Entry> {
    let mut captions = Vec::new();
    for field in schema::fields_of(kind) {
        captions.push((field.name, field.title));
    }
    for field in portal.dictionaries.user_fields(kind) {
        captions.push((&field.name, &field.name));
    }
    let mut entries = Vec::new();
    for (name, caption) in captions {
        if name != "STAGE_SEMANTIC_ID" && !record.field(name).is_blank() {
            let html = display::field_value(portal, kind, record, name);
            entries.push((caption.to_owned(), html));
        }
    }
    entries
}

/// The deals of a contact or a company.
fn deals_entry(portal: &Portal, kind: Kind, record: &Record) -> Option<Entry> {
    let mut lines = Vec::new();
    for deal in portal.records(Kind::Deal) {
        let is_own = match kind {
            Kind::Contact => deal.is_linked_to(record.id),
            Kind::Company => deal.text("COMPANY_ID") == record.id.to_string(),
            Kind::Deal => false,
        };
        if is_own {
            lines.push(display::object_or_gone(portal, Kind::Deal, deal.id));
        }
    }
    entry_of_lines("Сделки", &lines)
}
