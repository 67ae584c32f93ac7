//! The browsable page: what the hotel's data looks like in the CRM, for people who try the
//! program.

mod card;
mod display;
mod html;

use html::{cell, escape_text, object_link, table};

use crate::data::record::{Kind, Record};
use crate::portal::Portal;

/// Rows of a table; the newest come first.
const MAX_ROWS: usize = 200;

const DEAL_HEADINGS: [&str; 8] =
    ["Сделка", "Стадия", "Сумма", "Начало", "Завершение", "Контакты", "Компания", "Комментарий"];
const CONTACT_HEADINGS: [&str; 6] =
    ["Контакт", "Телефон", "E-mail", "Дата рождения", "Адрес", "Комментарий"];
const COMPANY_HEADINGS: [&str; 5] = ["Компания", "Телефон", "E-mail", "Адрес", "Комментарий"];

/// The page at a path; `None` when there is none.
pub(crate) fn find_page(portal: &Portal, path: &str) -> Option<String> {
    if path == "/" {
        return Some(overview_page(portal));
    }
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let ["crm", word, "details", id] = parts.as_slice() else { return None };
    let kind = Kind::of_word(word)?;
    let record = portal.get(kind, id.parse().ok()?)?;
    Some(card::card_page(portal, kind, record))
}

fn overview_page(portal: &Portal) -> String {
    let deals = section(portal, Kind::Deal, "Сделки", &DEAL_HEADINGS);
    let contacts = section(portal, Kind::Contact, "Контакты", &CONTACT_HEADINGS);
    let companies = section(portal, Kind::Company, "Компании", &COMPANY_HEADINGS);
    html::whole_page("Песочница Битрикс24", &[deals, contacts, companies].concat())
}

/// A heading with the number of objects, and a table of the newest ones.
fn section(portal: &Portal, kind: Kind, title: &str, headings: &[&str]) -> String {
    let total = portal.count(kind);
    let heading = format!("<h2>{title} <small>{total}</small></h2>");
    if total == 0 {
        return format!("{heading}<p>Пока пусто.</p>");
    }
    let is_cut = total > MAX_ROWS;
    let note = if is_cut {
        format!("<p>Показаны последние {MAX_ROWS}.</p>")
    } else {
        String::new()
    };
    let mut rows = Vec::new();
    for record in portal.records(kind).rev().take(MAX_ROWS) {
        rows.push(match kind {
            Kind::Deal => deal_row(portal, record),
            Kind::Contact => contact_row(record),
            Kind::Company => company_row(record),
        });
    }
    format!("{heading}{note}{}", table(headings, &rows))
}

fn deal_row(portal: &Portal, deal: &Record) -> Vec<String> {
    let mut contacts = Vec::new();
    for id in deal.link_ids() {
        contacts.push(display::object_or_gone(portal, Kind::Contact, id));
    }
    vec![
        cell(&object_link(Kind::Deal, deal.id, deal.text("TITLE"))),
        cell(&display::stage(portal, deal)),
        format!("<td class=sum>{}</td>", escape_text(&display::money(deal))),
        cell(&escape_text(&display::day(deal.text("BEGINDATE")))),
        cell(&escape_text(&display::day(deal.text("CLOSEDATE")))),
        cell(&contacts.join("<br>")),
        cell(&display::company(portal, deal)),
        cell(&display::comment(deal)),
    ]
}

fn contact_row(contact: &Record) -> Vec<String> {
    vec![
        cell(&object_link(Kind::Contact, contact.id, &display::name(Kind::Contact, contact))),
        cell(&escape_text(&contact.values("PHONE").join(", "))),
        cell(&escape_text(&contact.values("EMAIL").join(", "))),
        cell(&escape_text(&display::day(contact.text("BIRTHDATE")))),
        cell(&escape_text(&display::address(contact))),
        cell(&display::comment(contact)),
    ]
}

fn company_row(company: &Record) -> Vec<String> {
    vec![
        cell(&object_link(Kind::Company, company.id, &display::name(Kind::Company, company))),
        cell(&escape_text(&company.values("PHONE").join(", "))),
        cell(&escape_text(&company.values("EMAIL").join(", "))),
        cell(&escape_text(&display::address(company))),
        cell(&display::comment(company)),
    ]
}
