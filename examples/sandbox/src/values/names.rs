//! The names of the universal methods: `camelCase` beside the legacy `UPPER_CASE` (facts, section
//! 4.2).

use crate::data::record::Kind;
use crate::data::schema;
use crate::portal::Portal;

/// Fields whose universal names do not follow from the legacy ones.
const IRREGULAR: &[(&str, &str)] = &[
    ("DATE_CREATE", "createdTime"),
    ("DATE_MODIFY", "updatedTime"),
    ("CREATED_BY_ID", "createdBy"),
    ("MODIFY_BY_ID", "updatedBy"),
    ("MOVED_BY_ID", "movedBy"),
    ("COMPANY_TYPE", "typeId"),
    ("STAGE_SEMANTIC_ID", "stageSemanticId"),
];

/// `ORIGINATOR_ID` as `originatorId`, `UF_CRM_12_A` as `ufCrm_12A`.
pub(crate) fn camel_case(name: &str) -> String {
    if let Some((_, universal)) = IRREGULAR.iter().find(|(legacy, _)| *legacy == name) {
        return (*universal).to_owned();
    }
    let mut out = String::new();
    for part in name.split('_') {
        push_part(&mut out, part);
    }
    out
}

fn push_part(out: &mut String, part: &str) {
    let lower = part.to_lowercase();
    let mut letters = lower.chars();
    match letters.next() {
        Some(first) if out.is_empty() => out.push(first),
        Some(digit) if digit.is_ascii_digit() => out.extend(['_', digit]),
        Some(first) => out.extend(first.to_uppercase()),
        None => {}
    }
    out.push_str(letters.as_str());
}

/// The standard field of a kind that has this universal name.
fn standard_legacy_name(kind: Kind, name: &str) -> Option<&'static str> {
    for field in schema::fields_of(kind) {
        if camel_case(field.name) == name {
            return Some(field.name);
        }
    }
    // The universal methods understand legacy names as well (facts, section 14.4).
    let field = schema::find_field(kind, name)?;
    Some(field.name)
}

impl Portal {
    /// The legacy name of a field that a universal method names, user fields by either name;
    /// addresses do not exist there.
    pub(crate) fn legacy_name(&self, kind: Kind, name: &str) -> Option<String> {
        if let Some(standard) = standard_legacy_name(kind, name)
            && !schema::is_address(standard)
        {
            return Some(standard.to_owned());
        }
        for field in self.dictionaries.user_fields(kind) {
            if field.name == name || camel_case(&field.name) == name {
                return Some(field.name.clone());
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_turned_both_ways() {
        assert_eq!(camel_case("ORIGINATOR_ID"), "originatorId");
        assert_eq!(camel_case("UF_CRM_1700000000"), "ufCrm_1700000000");
        assert_eq!(camel_case("UF_CRM_LOYALTY_CARD"), "ufCrmLoyaltyCard");
        assert_eq!(standard_legacy_name(Kind::Company, "typeId"), Some("COMPANY_TYPE"));
        assert_eq!(standard_legacy_name(Kind::Contact, "typeId"), Some("TYPE_ID"));
        assert_eq!(standard_legacy_name(Kind::Deal, "closedate"), Some("CLOSEDATE"));
    }
}
