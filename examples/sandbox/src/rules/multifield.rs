//! Phones, e-mails and the like: rows with ids (facts, section 5).

use crate::answer::Refusal;
use crate::data::record::{Record, Row};
use crate::php::Php;
use crate::rules::email;

/// What is to happen to one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RowChange {
    pub(crate) id: Option<u64>,
    pub(crate) type_id: String,
    pub(crate) value_type: Option<String>,
    /// Empty: delete.
    pub(crate) value: String,
}

/// The type of a row that comes without one, also when it changes an old row.
const DEFAULT_TYPE: &str = "WORK";

/// Characters of a value.
const MAX: usize = 250;

/// Reads `[{ID?, VALUE, VALUE_TYPE?, DELETE?}, ...]`; anything but a list of arrays is ignored. An
/// old row that comes without a value is deleted; `DELETE` means nothing without an id.
pub(crate) fn read(type_id: &str, value: &Php) -> Vec<RowChange> {
    value.values().filter(|row| row.is_array()).map(|row| read_row(type_id, row)).collect()
}

fn read_row(type_id: &str, row: &Php) -> RowChange {
    let id = u64::try_from(row.get("ID").int()).ok().filter(|id| *id > 0);
    let delete = id.is_some() && row.get("DELETE").text().eq_ignore_ascii_case("Y");
    let sent = row.get("VALUE_TYPE").text().trim().to_owned();
    let value_type = Some(if sent.is_empty() { DEFAULT_TYPE.to_owned() } else { sent });
    let value = if delete { String::new() } else { row.get("VALUE").text().trim().to_owned() };
    RowChange { id, type_id: type_id.to_owned(), value_type, value }
}

/// Every save checks all rows of the object, not only those sent: one that was bad before refuses
/// every later change (facts, section 14.3). Phones may be anything but `0`, which PHP takes for
/// empty.
pub(crate) fn check(rows: &[Row]) -> Result<(), Refusal> {
    for row in rows {
        if row.value == "0" {
            return Err(Refusal::core(format!(
                "Не заполнено значение поля \"{}\".",
                caption(&row.type_id)
            )));
        }
        if row.type_id == "EMAIL" && !email::is_valid(&row.value) {
            return Err(Refusal::core("В поле \"E-mail\" указан некорректный адрес."));
        }
        if row.value.chars().count() > MAX {
            return Err(Refusal::core("Значение поля слишком длинное (не более 250 символов)."));
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
pub(crate) fn apply(record: &mut Record, changes: &[RowChange], mut next_id: impl FnMut() -> u64) {
    for change in changes {
        let known = change.id.and_then(|id| {
            record.rows.iter().position(|row| row.id == id && row.type_id == change.type_id)
        });
        match known {
            Some(at) if change.value.is_empty() => drop(record.rows.remove(at)),
            Some(at) => overwrite(&mut record.rows[at], change),
            None if change.value.is_empty() => {}
            None => append(record, change, &mut next_id),
        }
    }
}

fn overwrite(row: &mut Row, change: &RowChange) {
    row.value.clone_from(&change.value);
    if let Some(value_type) = &change.value_type {
        row.value_type.clone_from(value_type);
    }
}

fn append(record: &mut Record, change: &RowChange, next_id: &mut impl FnMut() -> u64) {
    let value_type = change.value_type.clone().unwrap_or_else(|| DEFAULT_TYPE.to_owned());
    let same = |row: &Row| {
        row.type_id == change.type_id && row.value == change.value && row.value_type == value_type
    };
    if !record.rows.iter().any(same) {
        let (type_id, value) = (change.type_id.clone(), change.value.clone());
        record.rows.push(Row { id: next_id(), type_id, value_type, value });
    }
}
