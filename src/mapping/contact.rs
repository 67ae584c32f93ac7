//! A guest of Ecvi as a contact of the CRM.

use serde_json::{Map, Value};

use super::{CrmFields, text};
use crate::config::PartyConfig;
use crate::domain::record::{Kind, RecordId};
use crate::mapping::custom_fields::FieldTypes;
use crate::mirror::Guest;

/// The type of contact that means a client. Every new portal has it.
pub const TYPE: &str = "CLIENT";
/// Names hold 50 characters in the portal.
const NAME: usize = 50;
const PLACE: usize = 128;

/// The fields of a guest's contact.
pub fn contact(
    id: &RecordId,
    guest: &Guest,
    extra: &Map<String, Value>,
    config: &PartyConfig,
    types: &FieldTypes,
) -> CrmFields {
    let Guest { last_name, first_name, middle_name, birth_date, phones, emails, .. } = guest;
    let Guest { country, region, city, sex, .. } = guest;
    let mut contact = CrmFields::default();
    // Without a last and a first name the portal refuses the update, and the booking would wait for
    // it.
    let nameless = last_name.trim().is_empty() && first_name.trim().is_empty();
    let last_name = if nameless { &format!("Гость №{id}") } else { last_name };
    contact.text("LAST_NAME", last_name, NAME);
    contact.text("NAME", first_name, NAME);
    contact.text("SECOND_NAME", middle_name, NAME);
    let birth_date = birth_date.map(|date| date.to_string()).unwrap_or_default();
    contact.fields.insert("BIRTHDATE".into(), birth_date.into());
    contact.fields.insert("HONORIFIC".into(), honorific(sex, config).into());
    contact.fields.insert("TYPE_ID".into(), TYPE.into());
    let comments = config.comments.fill(&|name| match name {
        "marks" => guest_flags(guest),
        "comment" => guest.comment.clone(),
        column => super::column(extra, column),
    });
    contact.fields.insert("COMMENTS".into(), text::comment(&comments).into());
    // The oblast is the portal's PROVINCE; its REGION is a district.
    contact.address(&[
        ("ADDRESS_COUNTRY", country, PLACE),
        ("ADDRESS_PROVINCE", region, PLACE),
        ("ADDRESS_CITY", city, PLACE),
    ]);
    contact.set_contact_points(phones, emails);
    contact.custom(&config.fields, extra, types.of(Kind::Guest));
    contact
}

fn honorific<'c>(sex: &str, config: &'c PartyConfig) -> &'c str {
    let [male, female] = &config.honorific;
    match sex {
        "M" => male,
        "F" => female,
        _ => "",
    }
}

/// `{ VIP }` and `{ ЧЕРНЫЙ СПИСОК }`, in this order.
fn guest_flags(guest: &Guest) -> String {
    match (guest.vip, guest.blacklisted) {
        (true, true) => "{ VIP } { ЧЕРНЫЙ СПИСОК }",
        (true, false) => "{ VIP }",
        (false, true) => "{ ЧЕРНЫЙ СПИСОК }",
        (false, false) => "",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guest() -> Guest {
        serde_json::from_str(EMPTY).unwrap()
    }

    const EMPTY: &str = r#"{"last_name":"","first_name":"","middle_name":"","birth_date":null,"phones":[],
        "emails":[],"country":"","region":"","city":"","sex":"","comment":"","vip":false,"blacklisted":false}"#;

    fn map(guest: &Guest) -> CrmFields {
        let config = PartyConfig {
            honorific: ["HNR_RU_1".into(), "HNR_RU_2".into()],
            assigned_by_id: None,
            source_id: None,
            phone_type: "WORK".into(),
            match_existing: vec![],
            comments: crate::config::template::Template::parse("[{marks} ]{comment}"),
            fields: std::collections::BTreeMap::new(),
            stays: std::collections::BTreeMap::new(),
        };
        contact(&RecordId::Number(42), guest, &Map::new(), &config, &FieldTypes::default())
    }

    #[test]
    fn a_vip_and_a_black_listed_guest_are_marked_before_the_comment() {
        let text = |vip, blacklisted, comment: &str| {
            map(&Guest { vip, blacklisted, comment: comment.into(), ..guest() }).fields["COMMENTS"]
                .clone()
        };
        assert_eq!(text(true, false, "любит тишину"), "{ VIP } любит тишину");
        assert_eq!(text(false, true, "долг"), "{ ЧЕРНЫЙ СПИСОК } долг");
        assert_eq!(text(true, true, "x"), "{ VIP } { ЧЕРНЫЙ СПИСОК } x");
        assert_eq!(text(true, false, ""), "{ VIP }");
        assert_eq!(text(false, false, ""), "");
    }

    #[test]
    fn a_guest_without_a_last_and_a_first_name_is_called_by_the_id() {
        assert_eq!(map(&guest()).fields["LAST_NAME"], "Гость №42");
        let only_middle = Guest { middle_name: "Иванович".into(), ..guest() };
        assert_eq!(map(&only_middle).fields["LAST_NAME"], "Гость №42");
        let only_first = Guest { first_name: "Иван".into(), ..guest() };
        assert_eq!(map(&only_first).fields["LAST_NAME"], "");
    }

    #[test]
    fn the_parts_of_an_address_go_together_or_not_at_all() {
        let fields = map(&Guest { city: "Омск".into(), ..guest() }).fields;
        assert_eq!(fields["ADDRESS_CITY"], "Омск");
        assert_eq!(fields["ADDRESS_COUNTRY"], "");
        assert_eq!(fields["ADDRESS_PROVINCE"], "");
        assert!(!map(&guest()).fields.contains_key("ADDRESS_CITY"));
    }

    #[test]
    fn an_email_that_the_portal_would_refuse_is_left_out_with_a_warning() {
        let mapped = map(&Guest { emails: vec!["нет".into(), "a@b.ru".into()], ..guest() });
        assert_eq!(mapped.emails, ["a@b.ru"]);
        assert_eq!(mapped.warnings[0].code.name(), "EMAIL_LEFT_OUT");
    }
}
