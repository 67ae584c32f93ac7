//! Stored values in the words of people.

use super::html::{link, text};
use crate::data::record::{Kind, Record};
use crate::methods::portal_info::USER;
use crate::portal::Portal;
use crate::rules::comments::decode;

/// `2020-05-29` as `29.05.2020`.
pub(super) fn day(day: &str) -> String {
    match day.split('-').collect::<Vec<_>>().as_slice() {
        [year, month, day] => format!("{day}.{month}.{year}"),
        _ => day.to_owned(),
    }
}

/// `13050.00` as `13 050,00 RUB`.
pub(super) fn money(deal: &Record) -> String {
    let (whole, part) =
        deal.text("OPPORTUNITY").split_once('.').unwrap_or((deal.text("OPPORTUNITY"), "00"));
    let digits: Vec<char> = whole.chars().collect();
    let groups: Vec<String> = digits.rchunks(3).rev().map(|group| group.iter().collect()).collect();
    format!("{},{part} {}", groups.join("\u{a0}"), deal.text("CURRENCY_ID"))
}

/// The name on top of a card.
pub(super) fn name(kind: Kind, record: &Record) -> String {
    if kind != Kind::Contact {
        return record.text("TITLE").to_owned();
    }
    let parts = ["LAST_NAME", "NAME", "SECOND_NAME"].map(|part| record.text(part));
    let name = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    if name.is_empty() { format!("Контакт #{}", record.id) } else { name }
}

/// A link to another object, or what is left of one that is gone.
pub(super) fn linked(portal: &Portal, kind: Kind, id: u64) -> String {
    match portal.get(kind, id) {
        Some(record) => link(kind, id, &name(kind, record)),
        None => format!("<span class=gone>№{id}, нет в CRM</span>"),
    }
}

/// A deal's stage, coloured by its meaning.
pub(super) fn stage(portal: &Portal, deal: &Record) -> String {
    let id = deal.text("STAGE_ID");
    let name = portal
        .dictionaries
        .statuses
        .iter()
        .find(|status| status.id == id)
        .map_or(id, |status| &status.name);
    format!("<span class=\"stage {}\">{}</span>", text(deal.text("STAGE_SEMANTIC_ID")), text(name))
}

/// An address in one line.
pub(super) fn address(record: &Record) -> String {
    let parts = ["POSTAL_CODE", "COUNTRY", "PROVINCE", "REGION", "CITY"]
        .map(|part| record.text(&format!("ADDRESS_{part}")));
    let street = [record.text("ADDRESS"), record.text("ADDRESS_2")];
    parts.into_iter().chain(street).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

/// A comment, which the portal stores escaped.
pub(super) fn comment(record: &Record) -> String {
    text(&decode(record.text("COMMENTS")))
}

/// Any stored value of a field.
pub(super) fn value(portal: &Portal, kind: Kind, record: &Record, name: &str) -> String {
    use crate::data::schema::{Type, find};
    let stored = record.text(name);
    match find(kind, name).map(|field| field.holds) {
        Some(Type::Comments) => comment(record),
        Some(Type::Date) => text(&day(stored)),
        Some(Type::DateTime) => text(&stored.replace('T', " ")),
        Some(Type::Flag) => text(if stored == "Y" { "да" } else { "нет" }),
        Some(Type::Company) => {
            stored.parse().map_or_else(|_| String::new(), |id| linked(portal, Kind::Company, id))
        }
        Some(Type::Status(entity)) if entity != "DEAL_STAGE" => {
            let entry = portal.dictionaries.of(entity).find(|status| status.id == stored);
            text(entry.map_or(stored, |status| &status.name))
        }
        Some(Type::Status(_)) => stage(portal, record),
        Some(Type::User) => text(&user(portal, stored)),
        Some(Type::Category) => text(&funnel(portal, stored)),
        Some(Type::Money) if name == "OPPORTUNITY" => text(&money(record)),
        Some(_) => text(stored),
        None => {
            let field = portal.dictionaries.user_field(kind, name);
            let written =
                field.map(|field| portal.write_user_field(field, record)).unwrap_or_default();
            let items: Vec<String> = written.values().map(crate::php::Php::text).collect();
            text(&if written.is_array() { items.join(", ") } else { written.text() })
        }
    }
}

fn user(portal: &Portal, id: &str) -> String {
    if id == portal.settings.user.id.to_string() { USER.join(" ") } else { format!("№{id}") }
}

fn funnel(portal: &Portal, id: &str) -> String {
    let mut funnels = portal.dictionaries.categories.iter();
    funnels
        .find(|funnel| funnel.id.to_string() == id)
        .map_or_else(|| id.to_owned(), |funnel| funnel.name.clone())
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
