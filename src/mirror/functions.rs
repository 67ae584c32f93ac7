//! SQL functions that read ids and texts as this program does, and substitutes for the collations
//! of the program that fills the mirror.

use std::borrow::Cow;

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{Value as Cell, ValueRef};
use rusqlite::{Connection, Result};

use super::cell::{Encoding, text_of};
use super::ids::{IdType, as_type, id_of, key};
use crate::domain::record::RecordId;

/// Adds the functions to a connection.
pub(super) fn add(connection: &Connection, encoding: Encoding) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("ecvi_id", 1, flags, |call| Ok(id_key(call, None)))?;
    connection.create_scalar_function("ecvi_number", 1, flags, |call| {
        Ok(id_key(call, Some(IdType::Number)))
    })?;
    connection.create_scalar_function("ecvi_text_id", 1, flags, |call| {
        Ok(id_key(call, Some(IdType::Text)))
    })?;
    connection.create_scalar_function("ecvi_other_type", 1, flags, |call| {
        let other = id_of(call.get_raw(0)).and_then(|id| RecordId::from(id).other_type_id());
        Ok(other.map_or(Cell::Null, Cell::from))
    })?;
    connection.create_scalar_function("ecvi_mark", 1, flags, |call| {
        Ok(id_of(call.get_raw(0)).map(|id| RecordId::from(id).to_string().into_bytes()))
    })?;
    connection.create_scalar_function("ecvi_text", 1, flags, move |call| {
        Ok(text_of(call.get_raw(0), encoding).map(Cow::into_owned))
    })?;
    connection.create_scalar_function("ecvi_broken", -1, flags, |call| Ok(first_broken(call)))
}

/// The id in the order of the merge; NULL where the cell cannot be one.
fn id_key(call: &Context<'_>, wanted: Option<IdType>) -> Cell {
    let id = id_of(call.get_raw(0)).map(|id| as_type(id.into(), wanted));
    id.map_or(Cell::Null, |id| key(id.borrowed()))
}

/// The position of the first cell that is no text; SQLite would make other letters of it. The cells
/// come as the bytes of UTF-16, behind a flag that says which end of a letter comes first.
fn first_broken(call: &Context<'_>) -> Option<i64> {
    let is_little_endian = matches!(call.get_raw(0), ValueRef::Integer(1));
    for at in 1..call.len() {
        if let ValueRef::Blob(bytes) = call.get_raw(at)
            && !is_utf_16(bytes, is_little_endian)
        {
            return Some(at as i64 - 1);
        }
    }
    None
}

fn is_utf_16(bytes: &[u8], is_little_endian: bool) -> bool {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let unit = if is_little_endian { u16::from_le_bytes } else { u16::from_be_bytes };
    let units = pairs.iter().map(|pair| unit(*pair));
    rest.is_empty() && char::decode_utf16(units).all(|letter| letter.is_ok())
}

/// Makes tables readable whose columns or indexes have a collation that only the program that fills
/// the mirror knows.
///
/// Our own queries never compare by that collation, so any order is good enough. A query of the
/// hotel's own may compare by it. So such queries are prepared before, and SQLite says which
/// collation is missing.
pub(super) fn substitute_collations(connection: &Connection) -> Result<()> {
    connection.collation_needed(|connection, name| connection.create_collation(name, Ord::cmp))
}
