//! The columns of the mirror: which are read, which must exist, and what stands for those that a hotel does not have.

use anyhow::{Result, bail};
use rusqlite::Connection;

use crate::record::Kind;
use crate::say;

/// The columns that are read, and how many of them, from the front, must exist.
pub(super) fn columns(kind: Kind) -> (&'static [&'static str], usize) {
    match kind {
        Kind::Guest => (
            &[
                "id",
                "modified_at",
                "last_name",
                "first_name",
                "middle_name",
                "birth_date",
                "phone",
                "email",
                "country",
                "region",
                "city",
                "sex",
                "comment",
                "is_vip",
                "is_blacklisted",
                "crm_id",
            ],
            2,
        ),
        Kind::Company => (
            &[
                "id",
                "modified_at",
                "name",
                "address",
                "city",
                "country",
                "postal_code",
                "phone",
                "email",
                "comment",
                "crm_id",
            ],
            2,
        ),
        Kind::Booking => (
            &[
                "id",
                "modified_at",
                "number",
                "status",
                "arrival",
                "departure",
                "amount",
                "comment",
                "guest_id",
                "company_id",
                "payer_company_id",
                "crm_id",
            ],
            6,
        ),
    }
}

/// The columns that show whether a record may have to be read: whatever else changes, `modified_at` changes with it.
pub(super) fn outlined(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Guest | Kind::Company => &["id", "modified_at"],
        Kind::Booking => &["id", "modified_at", "number", "guest_id", "company_id", "payer_company_id"],
    }
}

/// The residents' columns, of which the first two must exist.
pub(super) const RESIDENT_COLUMNS: &[&str] = &["booking_id", "guest_id", "position"];

pub(super) fn found_columns(connection: &Connection, source: &str) -> rusqlite::Result<Vec<String>> {
    let statement = connection.prepare(&format!("SELECT * FROM {source} LIMIT 0"))?;
    Ok(statement.column_names().map(str::to_ascii_lowercase).collect())
}

fn missing<'n>(found: &[String], wanted: impl Iterator<Item = &'n str>) -> Option<String> {
    let missing: Vec<&str> = wanted.filter(|name| !found.contains(&name.to_ascii_lowercase())).collect();
    (!missing.is_empty()).then(|| missing.join(", "))
}

/// The columns that the configuration names beyond the usual ones.
pub(super) fn require_own(found: &[String], own: &[String], table: &str) -> Result<()> {
    if let Some(missing) = missing(found, own.iter().map(String::as_str)) {
        bail!(say!(
            "конфигурация называет столбцы, которых в {table} зеркала нет: {missing}. Исправьте fields, title или comments в [contact], [company], [deal] либо зеркало",
            "the configuration names columns that {table} of the mirror has not: {missing}. Correct fields, title or comments in [contact], [company], [deal], or the mirror"
        ));
    }
    Ok(())
}

pub(super) fn require(found: &[String], required: &[&str], table: &str) -> Result<()> {
    if let Some(missing) = missing(found, required.iter().copied()) {
        bail!(say!(
            "в зеркале у {table} нет столбцов: {missing}. Исправьте зеркало или [mirror.queries] {table}",
            "columns are missing in {table} of the mirror: {missing}. Correct the mirror or [mirror.queries] {table}"
        ));
    }
    Ok(())
}

/// The columns by position; those that the hotel does not have read as NULL.
pub(super) fn select_list(wanted: &[&str], found: &[String]) -> String {
    let cell = |name: &&str| {
        let known = found.contains(&name.to_ascii_lowercase());
        if known { format!("\"{name}\"") } else { format!("NULL AS \"{name}\"") }
    };
    wanted.iter().map(cell).collect::<Vec<_>>().join(", ")
}
