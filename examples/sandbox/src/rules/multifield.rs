//! Phones, e-mails and the like: rows with ids (facts, section 5).

use crate::answer::Refusal;
use crate::data::record::{Record, Row};
use crate::php::Php;
use crate::rules::email;

/// What a call is about to do to one row of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RowChange {
    pub(crate) id: Option<u64>,
    pub(crate) type_id: String,
    pub(crate) value_type: Option<String>,
    /// An empty value deletes the row.
    pub(crate) value: String,
}

/// The type of a row that comes without one, also when it changes an old row.
const DEFAULT_TYPE: &str = "WORK";

/// Characters that a value may have.
const MAX_VALUE: usize = 250;

/// Reads `[{ID?, VALUE, VALUE_TYPE?, DELETE?}, ...]`; anything but a list of arrays is ignored. An
/// old row that comes without a value is deleted; `DELETE` means nothing without an id.
pub(crate) fn read_rows(type_id: &str, value: &Php) -> Vec<RowChange> {
    let rows = value.values().filter(|row| row.is_array());
    rows.map(|row| read_row(type_id, row)).collect()
}

fn read_row(type_id: &str, row: &Php) -> RowChange {
    let id = row.get("ID").positive_id();
    let is_deleted = id.is_some() && row.get("DELETE").text().eq_ignore_ascii_case("Y");
    let sent_type = row.get("VALUE_TYPE").text().trim().to_owned();
    let value_type = if sent_type.is_empty() { DEFAULT_TYPE.to_owned() } else { sent_type };
    let sent_value = row.get("VALUE").text().trim().to_owned();
    let value = if is_deleted { String::new() } else { sent_value };
    RowChange { id, type_id: type_id.to_owned(), value_type: Some(value_type), value }
}

/// Every save checks all rows of the object, not only those sent: one that was bad before refuses
/// every later change (facts, section 14.3). Phones may be anything but `0`, which PHP takes for
/// empty.
pub(crate) fn check_rows(rows: &[Row]) -> Result<(), Refusal> {
    for row in rows {
        if row.value == "0" {
            let field = caption(&row.type_id);
            return Err(Refusal::core_error(format!("Не заполнено значение поля \"{field}\".")));
        }
        if row.type_id == "EMAIL" && !email::is_valid(&row.value) {
            return Err(Refusal::core_error("В поле \"E-mail\" указан некорректный адрес."));
        }
        if row.value.chars().count() > MAX_VALUE {
            let text = "Значение поля слишком длинное (не более 250 символов).";
            return Err(Refusal::core_error(text));
        }
    }
    Ok(())
}

fn caption(type_id: &str) -> &str {
    match type_id {
        "PHONE" => "Телефон",
        "EMAIL" => "E-mail",
        other => other,
    }
}

/// Applies changes; a row that is there already with the same value and type is recognised, and an
/// id of nobody makes a new row.
pub(crate) fn apply_rows(
    record: &mut Record,
    changes: &[RowChange],
    mut next_id: impl FnMut() -> u64,
) {
    for change in changes {
        match find_row(record, change) {
            Some(at) if change.value.is_empty() => drop(record.rows.remove(at)),
            Some(at) => overwrite_row(&mut record.rows[at], change),
            None if change.value.is_empty() => {}
            None => append_row(record, change, &mut next_id),
        }
    }
}

/// Where the row stands that a change names by its id and its type.
fn find_row(record: &Record, change: &RowChange) -> Option<usize> {
    let id = change.id?;
    record.rows.iter().position(|row| row.id == id && row.type_id == change.type_id)
}

fn overwrite_row(row: &mut Row, change: &RowChange) {
    row.value.clone_from(&change.value);
    if let Some(value_type) = &change.value_type {
        row.value_type.clone_from(value_type);
    }
}

fn append_row(record: &mut Record, change: &RowChange, next_id: &mut impl FnMut() -> u64) {
    let value_type = change.value_type.as_deref().unwrap_or(DEFAULT_TYPE);
    for row in record.rows_of(&change.type_id) {
        if row.value == change.value && row.value_type == value_type {
            return;
        }
    }
    record.rows.push(Row {
        id: next_id(),
        type_id: change.type_id.clone(),
        value_type: value_type.to_owned(),
        value: change.value.clone(),
    });
}
