//! The address in the fields of a contact or company (facts, section 4.4).

use crate::data::record::Kind;
use crate::data::schema;
use crate::rules::draft::Change;

/// Parts that are not sent become empty; when all that are sent are empty, the address stays as it
/// is.
pub(crate) fn complete_address(kind: Kind, change: &mut Change) {
    for prefix in ["ADDRESS", "REG_ADDRESS"] {
        complete_parts(kind, prefix, change);
    }
}

fn complete_parts(kind: Kind, prefix: &str, change: &mut Change) {
    let mut is_filled = false;
    for (name, value) in &change.fields {
        if name.starts_with(prefix) {
            is_filled |= !matches!(value.text().as_str(), "" | "0");
        }
    }
    if !is_filled {
        change.fields.retain(|(name, _)| !name.starts_with(prefix));
        return;
    }
    for field in schema::fields_of(kind) {
        if field.name.starts_with(prefix) && change.get(field.name).is_none() {
            change.set(field.name, "");
        }
    }
}
