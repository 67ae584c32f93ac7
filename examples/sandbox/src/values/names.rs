//! The names of the universal methods: `camelCase` beside the legacy `UPPER_CASE` (facts, section
//! 4.2).

use crate::data::record::Kind;
use crate::data::schema;

const ODD: &[(&str, &str)] = &[
    ("DATE_CREATE", "createdTime"),
    ("DATE_MODIFY", "updatedTime"),
    ("CREATED_BY_ID", "createdBy"),
    ("MODIFY_BY_ID", "updatedBy"),
    ("MOVED_BY_ID", "movedBy"),
    ("COMPANY_TYPE", "typeId"),
    ("STAGE_SEMANTIC_ID", "stageSemanticId"),
];

/// `ORIGINATOR_ID` as `originatorId`, `UF_CRM_12_A` as `ufCrm_12A`.
pub(crate) fn camel(name: &str) -> String {
    if let Some((_, odd)) = ODD.iter().find(|(legacy, _)| *legacy == name) {
        return (*odd).to_owned();
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

/// The legacy name of a universal one, among the standard fields of a kind.
pub(crate) fn legacy(kind: Kind, name: &str) -> Option<&'static str> {
    schema::fields(kind).map(|field| field.name).find(|legacy| camel(legacy) == name)
}

/// A legacy name, which the universal methods understand as well (facts, section 14.4).
pub(crate) fn upper(kind: Kind, name: &str) -> Option<&'static str> {
    schema::find(kind, name).map(|field| field.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_turned_both_ways() {
        assert_eq!(camel("ORIGINATOR_ID"), "originatorId");
        assert_eq!(camel("UF_CRM_1700000000"), "ufCrm_1700000000");
        assert_eq!(camel("UF_CRM_LOYALTY_CARD"), "ufCrmLoyaltyCard");
        assert_eq!(legacy(Kind::Company, "typeId"), Some("COMPANY_TYPE"));
        assert_eq!(legacy(Kind::Contact, "typeId"), Some("TYPE_ID"));
        assert_eq!(legacy(Kind::Deal, "closedate"), Some("CLOSEDATE"));
    }
}
