//! Stored values as people read them.

use super::html::{escape_text, object_link};
use crate::data::record::{Kind, Record};
use crate::data::schema::{self, Type};
use crate::methods::portal_info::USER_NAME;
use crate::portal::Portal;
use crate::rules::comments::decode_entities;

/// `2020-05-29` as `29.05.2020`.
pub(super) fn day(day: &str) -> String {
    match day.split('-').collect::<Vec<_>>().as_slice() {
        [year, month, day] => format!("{day}.{month}.{year}"),
        _ => day.to_owned(),
    }
}

/// `13050.00` as `13 050,00 RUB`.
pub(super) fn money(deal: &Record) -> String {
    let sum = deal.text("OPPORTUNITY");
    let (whole, part) = sum.split_once('.').unwrap_or((sum, "00"));
    let digits: Vec<char> = whole.chars().collect();
    let groups: Vec<String> = digits.rchunks(3).rev().map(String::from_iter).collect();
    format!("{},{part} {}", groups.join("\u{a0}"), deal.text("CURRENCY_ID"))
}

/// The name on top of a card.
pub(super) fn name(kind: Kind, record: &Record) -> String {
    if kind != Kind::Contact {
        return record.text("TITLE").to_owned();
    }
    let name = join_filled(record, &["LAST_NAME", "NAME", "SECOND_NAME"], " ");
    if name.is_empty() { format!("Контакт #{}", record.id) } else { name }
}

/// The fields that hold something, with a separator between them.
fn join_filled(record: &Record, fields: &[&str], separator: &str) -> String {
    let mut filled = Vec::new();
    for field in fields {
        let text = record.text(field);
        if !text.is_empty() {
            filled.push(text);
        }
    }
    filled.join(separator)
}

/// A link to another object, or what is left of one that is gone.
pub(super) fn object_or_gone(portal: &Portal, kind: Kind, id: u64) -> String {
    match portal.get(kind, id) {
        Some(record) => object_link(kind, id, &name(kind, record)),
        None => format!("<span class=gone>№{id}, нет в CRM</span>"),
    }
}

/// A link to a deal's company, nothing where it has none.
pub(super) fn company(portal: &Portal, deal: &Record) -> String {
    match deal.text("COMPANY_ID").parse() {
        Ok(id) if id > 0 => object_or_gone(portal, Kind::Company, id),
        _ => String::new(),
    }
}

/// A deal's stage, coloured by its meaning.
pub(super) fn stage(portal: &Portal, deal: &Record) -> String {
    let id = deal.text("STAGE_ID");
    let name = match portal.dictionaries.find_stage(id) {
        Some(stage) => &stage.name,
        None => id,
    };
    let semantics = escape_text(deal.text("STAGE_SEMANTIC_ID"));
    format!("<span class=\"stage {semantics}\">{}</span>", escape_text(name))
}

/// An address in one line.
pub(super) fn address(record: &Record) -> String {
    let parts = [
        "ADDRESS_POSTAL_CODE", "ADDRESS_COUNTRY", "ADDRESS_PROVINCE", "ADDRESS_REGION",
        "ADDRESS_CITY", "ADDRESS", "ADDRESS_2",
    ];
    join_filled(record, &parts, ", ")
}

/// A comment, which the portal stores escaped.
pub(super) fn comment(record: &Record) -> String {
    escape_text(&decode_entities(record.text("COMMENTS")))
}

/// The stored value of any field, as HTML.
pub(super) fn field_value(portal: &Portal, kind: Kind, record: &Record, name: &str) -> String {
    let Some(field) = schema::find_field(kind, name) else {
        return user_field_value(portal, kind, record, name);
    };
    let stored = record.text(name);
    match field.holds {
        Type::Comments => comment(record),
        Type::Date => escape_text(&day(stored)),
        Type::DateTime => escape_text(&stored.replace('T', " ")),
        Type::Flag => escape_text(if stored == "Y" { "да" } else { "нет" }),
        Type::Company => match stored.parse() {
            Ok(id) => object_or_gone(portal, Kind::Company, id),
            Err(_) => String::new(),
        },
        Type::Status("DEAL_STAGE") => stage(portal, record),
        Type::Status(dictionary) => match portal.dictionaries.entry(dictionary, stored) {
            Some(entry) => escape_text(&entry.name),
            None => escape_text(stored),
        },
        Type::User => escape_text(&user_name(portal, stored)),
        Type::Category => escape_text(funnel_name(portal, stored)),
        Type::Money if name == "OPPORTUNITY" => escape_text(&money(record)),
        _ => escape_text(stored),
    }
}

fn user_field_value(portal: &Portal, kind: Kind, record: &Record, name: &str) -> String {
    let Some(field) = portal.dictionaries.user_field(kind, name) else { return String::new() };
    let value = portal.write_user_field(field, record);
    escape_text(&value.all_texts().join(", "))
}

fn user_name(portal: &Portal, id: &str) -> String {
    let is_own = id == portal.settings.user.id.to_string();
    if is_own { USER_NAME.join(" ") } else { format!("№{id}") }
}

fn funnel_name<'a>(portal: &'a Portal, id: &'a str) -> &'a str {
    for funnel in &portal.dictionaries.funnels {
        if funnel.id.to_string() == id {
            return &funnel.name;
        }
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_and_days_are_written_the_russian_way() {
        let mut deal = Record::default();
        deal.set("OPPORTUNITY", "1013050.00");
        deal.set("CURRENCY_ID", "RUB");
        assert_eq!(money(&deal), "1\u{a0}013\u{a0}050,00 RUB");
        assert_eq!(day("2020-05-29"), "29.05.2020");
    }
}
