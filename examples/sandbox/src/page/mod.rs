//! The browsable page: what the hotel's data looks like in the CRM, for those who work at the desk.

mod card;
mod display;
mod html;

use html::{cell, link, table, text};

use crate::data::record::{Kind, Record};
use crate::portal::Portal;

/// Rows of a table; the newest come first.
const SHOWN: usize = 200;

/// The page at a path; `None` when there is none.
pub(crate) fn page(portal: &Portal, path: &str) -> Option<String> {
    if path == "/" {
        return Some(overview(portal));
    }
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let ["crm", word, "details", id] = parts.as_slice() else { return None };
    let kind = Kind::of_word(word)?;
    let record = portal.get(kind, id.parse().ok()?)?;
    Some(card::card(portal, kind, record))
}

fn overview(portal: &Portal) -> String {
    let body = [deals(portal), contacts(portal), companies(portal)].concat();
    html::page("Песочница Битрикс24", &body)
}

fn deals(portal: &Portal) -> String {
    let row = |deal: &Record| {
        let company = deal.text("COMPANY_ID").parse().ok().filter(|id| *id > 0);
        let people =
            deal.link_ids().into_iter().map(|id| display::linked(portal, Kind::Contact, id));
        vec![
            cell(&link(Kind::Deal, deal.id, deal.text("TITLE"))),
            cell(&display::stage(portal, deal)),
            format!("<td class=sum>{}</td>", text(&display::money(deal))),
            cell(&text(&display::day(deal.text("BEGINDATE")))),
            cell(&text(&display::day(deal.text("CLOSEDATE")))),
            cell(&people.collect::<Vec<_>>().join("<br>")),
            cell(
                &company.map_or_else(String::new, |id| display::linked(portal, Kind::Company, id)),
            ),
            cell(&display::comment(deal)),
        ]
    };
    let heads = [
        "Сделка", "Стадия", "Сумма", "Начало", "Завершение", "Контакты", "Компания", "Комментарий",
    ];
    section(portal, Kind::Deal, "Сделки", &heads, row)
}

fn contacts(portal: &Portal) -> String {
    let row = |contact: &Record| {
        vec![
            cell(&link(Kind::Contact, contact.id, &display::name(Kind::Contact, contact))),
            cell(&text(&contact.values("PHONE").join(", "))),
            cell(&text(&contact.values("EMAIL").join(", "))),
            cell(&text(&display::day(contact.text("BIRTHDATE")))),
            cell(&text(&display::address(contact))),
            cell(&display::comment(contact)),
        ]
    };
    let heads = ["Контакт", "Телефон", "E-mail", "Дата рождения", "Адрес", "Комментарий"];
    section(portal, Kind::Contact, "Контакты", &heads, row)
}

fn companies(portal: &Portal) -> String {
    let row = |company: &Record| {
        vec![
            cell(&link(Kind::Company, company.id, &display::name(Kind::Company, company))),
            cell(&text(&company.values("PHONE").join(", "))),
            cell(&text(&company.values("EMAIL").join(", "))),
            cell(&text(&display::address(company))),
            cell(&display::comment(company)),
        ]
    };
    section(
        portal,
        Kind::Company,
        "Компании",
        &["Компания", "Телефон", "E-mail", "Адрес", "Комментарий"],
        row,
    )
}

fn section(
    portal: &Portal,
    kind: Kind,
    title: &str,
    heads: &[&str],
    row: impl Fn(&Record) -> Vec<String>,
) -> String {
    let total = portal.count(kind);
    let rows: Vec<Vec<String>> = portal.records(kind).rev().take(SHOWN).map(row).collect();
    let note = match total {
        0 => "<p>Пока пусто.</p>".to_owned(),
        _ if total > SHOWN => format!("<p>Показаны последние {SHOWN}.</p>"),
        _ => String::new(),
    };
    let table = if total == 0 { String::new() } else { table(heads, &rows) };
    format!("<h2>{title} <small>{total}</small></h2>{note}{table}")
}
