//! The card of a contact, a company or a deal: every field that holds something, and what is linked
//! to it.

use super::display;
use super::html::{page, text};
use crate::data::record::{Kind, Record};
use crate::data::schema;
use crate::portal::Portal;
use crate::values::legacy_output::ROW_TYPES;

/// The card's page.
pub(super) fn card(portal: &Portal, kind: Kind, record: &Record) -> String {
    let entries = [
        rows(record),
        links(portal, kind, record),
        fields(portal, kind, record),
        deals(portal, kind, record),
    ];
    let list: String = entries
        .concat()
        .iter()
        .map(|(term, html)| ["<dt>", &text(term), "</dt><dd>", html, "</dd>"].concat())
        .collect();
    let title = format!("{} №{}: {}", title(kind), record.id, display::name(kind, record));
    page(
        &title,
        &format!("<p><a href=\"/\">Все сделки, контакты и компании</a></p><dl>{list}</dl>"),
    )
}

fn title(kind: Kind) -> &'static str {
    match kind {
        Kind::Contact => "Контакт",
        Kind::Company => "Компания",
        Kind::Deal => "Сделка",
    }
}

type Entry = (String, String);

fn rows(record: &Record) -> Vec<Entry> {
    let of_type = |type_id: &str| {
        let rows = record.rows.iter().filter(|row| row.type_id == type_id);
        let values: Vec<String> =
            rows.map(|row| text(&format!("{} ({})", row.value, row.value_type))).collect();
        let caption = schema::find(Kind::Contact, type_id).map_or("", |field| field.title);
        (!values.is_empty()).then(|| (caption.to_owned(), values.join("<br>")))
    };
    ROW_TYPES.into_iter().filter_map(of_type).collect()
}

fn links(portal: &Portal, kind: Kind, record: &Record) -> Vec<Entry> {
    let (other, caption) = match kind {
        Kind::Deal => (Kind::Contact, "Контакты"),
        Kind::Contact | Kind::Company => (Kind::Company, "Компании"),
    };
    let primary = |yes: bool| if yes { " (основной)" } else { "" };
    let one = |link: &crate::data::record::Link| {
        format!("{}{}", display::linked(portal, other, link.id), primary(link.primary))
    };
    let all: Vec<String> = record.links.iter().map(one).collect();
    if all.is_empty() { Vec::new() } else { vec![(caption.to_owned(), all.join("<br>"))] }
}

fn fields(portal: &Portal, kind: Kind, record: &Record) -> Vec<Entry> {
    let standard =
        schema::fields(kind).map(|field| (field.name.to_owned(), field.title.to_owned()));
    let own =
        portal.dictionaries.user_fields(kind).map(|field| (field.name.clone(), field.name.clone()));
    let filled = standard
        .chain(own)
        .filter(|(name, _)| name != "STAGE_SEMANTIC_ID" && !record.field(name).is_blank());
    filled.map(|(name, title)| (title, display::value(portal, kind, record, &name))).collect()
}

/// The deals of a contact or a company.
fn deals(portal: &Portal, kind: Kind, record: &Record) -> Vec<Entry> {
    let ours = |deal: &&Record| match kind {
        Kind::Contact => deal.links.iter().any(|link| link.id == record.id),
        Kind::Company => deal.text("COMPANY_ID") == record.id.to_string(),
        Kind::Deal => false,
    };
    let found = portal.records(Kind::Deal).filter(ours);
    let all: Vec<String> = found.map(|deal| display::linked(portal, Kind::Deal, deal.id)).collect();
    if all.is_empty() { Vec::new() } else { vec![("Сделки".to_owned(), all.join("<br>"))] }
}
