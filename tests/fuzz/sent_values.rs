//! No value reaches the portal that the row does not say: cards of a mirror that was never seen
//! before, held against its rows by eyes that know nothing of how the program reads them.

use bitrix24_sandbox::{Kind as Entity, Record};
use rusqlite::Connection;
use rusqlite::types::ValueRef;

use crate::hotel::Hotel;

/// What a flag says that is on.
const ON: [&str; 11] = ["1", "1.0", "\u{1}", "y", "yes", "t", "true", "on", "д", "да", "истина"];

/// Looks at every card of ours.
pub(crate) fn check(hotel: &Hotel) -> Result<(), String> {
    let mirror = Connection::open(&hotel.config.mirror.path).unwrap();
    for entity in Entity::ALL {
        for card in
            hotel.wire.portal.records(entity).filter(|card| card.text("ORIGINATOR_ID") == "ECVI")
        {
            if let Some((name, _)) =
                card.fields().find(|(_, value)| value.text().contains('\u{fffd}'))
            {
                return Err(format!(
                    "{entity:?} {}: {name} has letters that nobody wrote",
                    card.id
                ));
            }
            match entity {
                Entity::Contact => guest(&mirror, card)?,
                Entity::Deal => booking(&mirror, card)?,
                Entity::Company => {}
            }
        }
    }
    Ok(())
}

fn guest(mirror: &Connection, card: &Record) -> Result<(), String> {
    let flag = cell(mirror, "guests", "is_blacklisted", card).to_lowercase();
    let is_listed = card.text("COMMENTS").contains("ЧЕРНЫЙ СПИСОК");
    if is_listed && !ON.contains(&flag.trim()) {
        return Err(format!("guest {} is black-listed by {flag:?}", card.text("ORIGIN_ID")));
    }
    day(card, "BIRTHDATE", &cell(mirror, "guests", "birth_date", card))
}

fn booking(mirror: &Connection, card: &Record) -> Result<(), String> {
    day(card, "BEGINDATE", &cell(mirror, "bookings", "arrival", card))?;
    let (sent, said) = (card.text("OPPORTUNITY"), cell(mirror, "bookings", "amount", card));
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    // With more than two decimals it is rounded, and an exponent is SQLite's own way to write a
    // small one.
    let is_rounded =
        said.contains('e') || said.rsplit('.').next().is_some_and(|places| places.len() > 2);
    let (sent, said) = (digits(sent), digits(&said));
    let is_same = sent.trim_end_matches('0') == said.trim_end_matches('0')
        || said.trim_matches('0').is_empty();
    if is_same || is_rounded { Ok(()) } else { Err(format!("the amount {said} went as {sent}")) }
}

/// The card's day is the one that the cell begins with.
fn day(card: &Record, field: &str, said: &str) -> Result<(), String> {
    let sent = &card.text(field);
    let Some(sent) = sent.get(..10) else { return Ok(()) };
    let turned = sent.split('-').rev().collect::<Vec<_>>().join(".");
    let said = said.trim_matches(|c: char| !c.is_ascii_digit());
    // A row that was not found says nothing.
    if said.is_empty() || said.starts_with(sent) || said.starts_with(&turned) {
        return Ok(());
    }
    Err(format!("{field} is {sent}, and the row says {said:?}"))
}

/// The cell of the card's row, as text. Where several rows may be meant, nothing is asked.
fn cell(mirror: &Connection, table: &str, column: &str, card: &Record) -> String {
    let sql = format!("SELECT CAST(id AS TEXT) COLLATE BINARY, \"{column}\" FROM {table}");
    let Ok(mut statement) = mirror.prepare(&sql) else { return String::new() };
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let id: String = row.get(0).unwrap_or_default();
        if id.trim().trim_end_matches(".0") == card.text("ORIGIN_ID") {
            return match row.get_ref(1).unwrap() {
                ValueRef::Null => String::new(),
                ValueRef::Integer(number) => number.to_string(),
                ValueRef::Real(number) => number.to_string(),
                ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                    String::from_utf8_lossy(bytes).into_owned()
                }
            };
        }
    }
    String::new()
}
