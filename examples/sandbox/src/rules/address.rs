//! The address in the fields of a contact or company (facts, section 4.4).

use crate::data::record::Kind;
use crate::data::schema;
use crate::php::Php;
use crate::values::legacy_input::Change;

/// Parts that are not sent become empty; when all that are sent are empty, the address stays as it
/// is.
pub(crate) fn complete(kind: Kind, change: &mut Change) {
    for prefix in ["ADDRESS", "REG_ADDRESS"] {
        let ours = |name: &str| name.starts_with(prefix);
        let sent: Vec<&Php> =
            change.fields.iter().filter(|(name, _)| ours(name)).map(|(_, value)| value).collect();
        if sent.is_empty() {
            continue;
        }
        if sent.iter().all(|part| matches!(part.text().as_str(), "" | "0")) {
            change.fields.retain(|(name, _)| !ours(name));
            continue;
        }
        for field in schema::fields(kind).filter(|field| ours(field.name)) {
            if change.get(field.name).is_none() {
                change.set(field.name, "");
            }
        }
    }
}
