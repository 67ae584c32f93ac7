//! Fields of the portal that the hotel fills from columns of its own: which names are allowed in
//! `[….fields]`.
//!
//! Whether a field exists and may be written is the portal's to say, and
//! [`crate::sync::preflight::config_check`] asks it.

use std::collections::BTreeMap;

use crate::domain::messages::ConfigMessage;
use crate::domain::record::Kind;

/// What the program itself writes: no column of the hotel may fill these fields.
fn program_fields(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Guest => &[
            "LAST_NAME", "NAME", "SECOND_NAME", "BIRTHDATE", "HONORIFIC", "TYPE_ID", "COMMENTS",
            "ADDRESS_COUNTRY", "ADDRESS_PROVINCE", "ADDRESS_CITY", "PHONE", "EMAIL",
        ],
        Kind::Company => &[
            "TITLE", "COMMENTS", "ADDRESS", "ADDRESS_CITY", "ADDRESS_COUNTRY",
            "ADDRESS_POSTAL_CODE", "PHONE", "EMAIL",
        ],
        Kind::Booking => &[
            "TITLE", "BEGINDATE", "CLOSEDATE", "OPPORTUNITY", "IS_MANUAL_OPPORTUNITY",
            "CURRENCY_ID", "STAGE_ID", "CATEGORY_ID", "PROBABILITY", "CLOSED", "COMMENTS",
            "CONTACT_ID", "CONTACT_IDS", "COMPANY_ID",
        ],
    }
}

/// Whether the program fills this field itself.
pub(crate) fn is_program_field(kind: Kind, name: &str) -> bool {
    program_fields(kind).contains(&name) || name.starts_with("ORIGIN")
}

/// Fields that have a key of their own; a column may fill them where that key is absent.
pub(super) struct DedicatedKeys {
    pub(super) assigned_by_id: bool,
    pub(super) source_id: bool,
}

impl DedicatedKeys {
    pub(super) fn new(assigned_by_id: Option<&u64>, source_id: Option<&String>) -> DedicatedKeys {
        DedicatedKeys { assigned_by_id: assigned_by_id.is_some(), source_id: source_id.is_some() }
    }
}

/// Checks the name of a field in a section of the configuration.
pub(super) fn check_name(kind: Kind, section: &str, name: &str) -> Result<(), ConfigMessage> {
    let section = section.to_owned();
    let field = name.to_owned();
    if !name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_') {
        return Err(ConfigMessage::FieldNotUpperCase { section, field });
    }
    if is_program_field(kind, name) {
        return Err(ConfigMessage::FieldOfProgram { section, field });
    }
    Ok(())
}

/// Checks the names of a `[….fields]` table.
pub(super) fn check(
    kind: Kind,
    fields: &BTreeMap<String, String>,
    keyed: &DedicatedKeys,
) -> Result<(), ConfigMessage> {
    for name in fields.keys() {
        let section = format!("[{}.fields]", kind.crm_entity());
        let field = name.clone();
        check_name(kind, &section, name)?;
        let key = match name.as_str() {
            "ASSIGNED_BY_ID" if keyed.assigned_by_id => "assigned_by_id",
            "SOURCE_ID" if keyed.source_id => "source_id",
            _ => continue,
        };
        return Err(ConfigMessage::FieldHasKey { section, field, key: key.to_owned() });
    }
    Ok(())
}

/// Checks `phone_type`: a portal stores any word as it is given, and then shows none.
pub(super) fn check_phone_type(kind: Kind, phone_type: &str) -> Result<(), ConfigMessage> {
    const KNOWN: [&str; 7] = ["WORK", "MOBILE", "FAX", "HOME", "PAGER", "MAILING", "OTHER"];
    if KNOWN.contains(&phone_type) {
        return Ok(());
    }
    Err(ConfigMessage::NoSuchPhoneType {
        section: kind.crm_entity().to_owned(),
        phone_type: phone_type.to_owned(),
        known: KNOWN.join(", "),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;
    use crate::domain::record::RecordId;
    use crate::mapping::company::company;
    use crate::mapping::contact::contact;
    use crate::mapping::custom_fields::FieldTypes;
    use crate::mapping::deal::{DealLinks, deal};

    const FREE: DedicatedKeys = DedicatedKeys { assigned_by_id: false, source_id: false };

    fn one(name: &str) -> BTreeMap<String, String> {
        BTreeMap::from([(name.to_owned(), "column".to_owned())])
    }

    #[test]
    fn custom_fields_and_free_standard_fields_may_be_filled() {
        for name in ["UF_CRM_TARIFF", "UF_CRM_1718293", "UTM_SOURCE", "SOURCE_ID"] {
            assert!(check(Kind::Booking, &one(name), &FREE).is_ok(), "{name}");
        }
        assert!(check(Kind::Booking, &one("uf_crm_tariff"), &FREE).is_err());
    }

    #[test]
    fn a_field_with_a_key_of_its_own_is_filled_by_one_of_both() {
        let keyed = DedicatedKeys { assigned_by_id: true, source_id: true };
        assert!(check(Kind::Guest, &one("SOURCE_ID"), &keyed).is_err());
        assert!(check(Kind::Guest, &one("ASSIGNED_BY_ID"), &keyed).is_err());
    }

    #[test]
    fn every_field_that_the_mapping_writes_is_refused() {
        let toml = "[mirror]\npath='m'\n[portal]\nwebhook='https://h/rest/1/x/'";
        let config = crate::config::parse(toml, std::path::Path::new(""), None).unwrap();
        let (types, extra, id) = (FieldTypes::default(), Map::new(), RecordId::Number(1));
        let guest = serde_json::from_str(
            r#"{"last_name":"","first_name":"","middle_name":"","birth_date":null,"phones":[],"emails":[],
                "country":"x","region":"","city":"","sex":"","comment":"","vip":false,"blacklisted":false}"#,
        );
        let firm = serde_json::from_str(
            r#"{"name":"","address":"x","city":"","country":"","postal_code":"","phones":[],"emails":[],
                "comment":""}"#,
        );
        let booking = serde_json::from_str(
            r#"{"number":"1","status":"checked_out","arrival":{"day":"2020-05-20","time":null},
                "departure":{"day":"2020-05-29","time":null},"amount":"0.00","comment":"","guest":null,"company":null,
                "payer":null,"staying_guests":[]}"#,
        );
        let mapped = [
            (Kind::Guest, contact(&id, &guest.unwrap(), &extra, &config.contact, &types)),
            (Kind::Company, company(&id, &firm.unwrap(), &extra, &config.company, &types)),
            (
                Kind::Booking,
                deal(&booking.unwrap(), &DealLinks::default(), &extra, &config.deal, &types),
            ),
        ];
        for (kind, mapped) in mapped {
            for name in mapped.fields.keys() {
                assert!(check(kind, &one(name), &FREE).is_err(), "{kind} {name}");
            }
        }
        for name in ["PHONE", "EMAIL", "ORIGIN_ID", "ORIGINATOR_ID"] {
            assert!(check(Kind::Guest, &one(name), &FREE).is_err(), "{name}");
        }
    }

    #[test]
    fn a_phone_type_that_the_portal_does_not_know_is_refused() {
        assert!(check_phone_type(Kind::Guest, "MOBILE").is_ok());
        assert!(check_phone_type(Kind::Guest, "Mobile").is_err());
    }
}
