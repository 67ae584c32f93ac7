//! Compares a card of the CRM with what we write: the fields whose values differ.
//!
//! Pure. A portal does not read back what it was sent: dates get a time, numbers become texts,
//! comments are escaped ([`normal`]), so both sides are brought to one form before they are
//! compared.

mod normal;

use std::collections::BTreeMap;

use crate::config::DealConfig;
use crate::crm::objects::Object;
use crate::crm::objects::card::ObjectWithFields;
use crate::domain::owned_values::OwnedValues;
use crate::domain::record::{Kind, RecordKey};
use crate::mapping::CrmFields;
use crate::mapping::custom_fields::FieldType;
use crate::mapping::multifield::{Beside, Values};
use crate::portal::dialect::Dialect;
pub(crate) use normal::{display_value, values_equal};

/// The fields without personal data: their values may be shown in reports and logs.
const IMPERSONAL: [&str; 12] = [
    "BEGINDATE", "CLOSEDATE", "OPPORTUNITY", "PROBABILITY", "CURRENCY_ID", "STAGE_ID",
    "IS_MANUAL_OPPORTUNITY", "TYPE_ID", "COMPANY_ID", "CONTACT_IDS", "ORIGINATOR_ID", "ORIGIN_ID",
];

/// A field whose value in the CRM differs from what we write.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// The portal's name of the field.
    pub field: String,
    /// What we write; of phones and e-mails those that are missing.
    pub ours: String,
    /// What is in the CRM; of phones and e-mails those of ours that have to go.
    pub theirs: String,
    /// The guests that are added to ours, once they have a card.
    pub coming: Vec<RecordKey>,
}

/// A value, and after it the guests who will get a card.
pub fn with_coming(
    value: &str,
    coming: &[RecordKey],
    name: impl Fn(&RecordKey) -> String,
) -> String {
    let mut names: Vec<String> = coming.iter().map(name).collect();
    if !value.is_empty() {
        names.insert(0, value.to_owned());
    }
    names.join(", ")
}

impl Difference {
    /// Whether the values may be personal data.
    pub fn is_personal(&self) -> bool {
        !IMPERSONAL.contains(&self.field.as_str())
    }

    /// The people of a deal, of whom those in `coming` have no card yet.
    pub fn of_people(
        mapped: &CrmFields,
        card: &ObjectWithFields,
        coming: &[RecordKey],
    ) -> Option<Difference> {
        let field = "CONTACT_IDS";
        let theirs = normal::display_value(field, card.fields.get(field)?);
        let ours = match mapped.fields.get(field) {
            Some(ids) => normal::display_value(field, ids),
            None => String::new(),
        };
        Some(Difference { field: field.to_owned(), ours, theirs, coming: coming.to_vec() })
    }
}

/// The fields of a card that differ from what we write, in the order of their names; phones and
/// e-mails last, of which `written` are ours.
pub fn differences(
    mapped: &CrmFields,
    written: &OwnedValues,
    card: &ObjectWithFields,
    types: &BTreeMap<String, FieldType>,
) -> Vec<Difference> {
    let CrmFields { fields, phones, emails, warnings: _ } = mapped;
    let mut found = Vec::new();
    // Cards are read by the lists of the legacy methods.
    for (field, ours) in &Dialect::Legacy.changes(fields.clone()) {
        // A portal that does not know a field, or its people, does not answer with it.
        let Some(theirs) = card.fields.get(field) else { continue };
        if !normal::values_equal(field, types.get(field), ours, theirs) {
            found.push(Difference {
                field: field.clone(),
                ours: normal::display_value(field, ours),
                theirs: normal::display_value(field, theirs),
                coming: Vec::new(),
            });
        }
    }
    // The type of a row (WORK, HOME) makes no difference.
    let value_type = "";
    let Object { phones: found_phones, emails: found_emails, .. } = &card.object;
    for (field, values, wanted, written, existing) in [
        ("PHONE", Values::Phones, phones, &written.phones, found_phones),
        ("EMAIL", Values::Emails, emails, &written.emails, found_emails),
    ] {
        found.extend(rows(field, &Beside { values, wanted, written, existing, value_type }));
    }
    found
}

/// People may add values of their own; ours have to be there in some spelling, and no others of
/// ours.
fn rows(field: &str, beside: &Beside<'_>) -> Option<Difference> {
    let missing = beside.missing();
    let outdated: Vec<&str> = beside.outdated().iter().map(|row| row.value.as_str()).collect();
    if missing.is_empty() && outdated.is_empty() {
        return None;
    }
    Some(Difference {
        field: field.to_owned(),
        ours: missing.join(", "),
        theirs: outdated.join(", "),
        coming: Vec::new(),
    })
}

/// Leaves out the stage of a deal that people moved into a funnel that is not configured: the deal
/// stays there, and our stages do not exist in it.
pub fn without_foreign_stage(
    kind: Kind,
    deal: &DealConfig,
    object: &Object,
    mapped: &mut CrmFields,
) {
    if kind == Kind::Booking && !deal.funnels().contains(&object.category) {
        mapped.fields.remove("STAGE_ID");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::crm::answers::least_config;
    use crate::domain::record::RecordId;
    use crate::mapping::multifield::MultifieldRow;

    fn listed(id: &str, value: &str) -> MultifieldRow {
        MultifieldRow { id: id.into(), value: value.into(), value_type: "WORK".into() }
    }

    fn found(ours: Value, theirs: Value) -> Vec<Difference> {
        let (Value::Object(ours), Value::Object(theirs)) = (ours, theirs) else { unreachable!() };
        let mapped = CrmFields { fields: ours, phones: vec!["+71".into()], ..CrmFields::default() };
        let phones = vec![listed("1", "+72"), listed("2", " +71")];
        let card =
            ObjectWithFields { object: Object { phones, ..Object::default() }, fields: theirs };
        differences(&mapped, &OwnedValues::default(), &card, &BTreeMap::new())
    }

    #[test]
    fn what_reads_otherwise_is_named_with_both_values() {
        let ours = json!({"STAGE_ID": "WON", "OPPORTUNITY": "13050.00", "TITLE": "A"});
        let theirs = json!({"STAGE_ID": "NEW", "OPPORTUNITY": "13050", "TITLE": "B"});
        let found = found(ours, theirs);
        assert_eq!(
            (found[0].field.as_str(), found[0].ours.as_str(), found[0].theirs.as_str()),
            ("STAGE_ID", "WON", "NEW")
        );
        assert_eq!(found[1].field, "TITLE");
        assert_eq!(found.iter().map(Difference::is_personal).collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn who_is_still_to_come_is_named_behind_the_value() {
        let coming = [1, 2].map(|id| RecordKey::new(Kind::Guest, RecordId::Number(id)));
        let name = |key: &RecordKey| format!("guest {}", key.id);
        assert_eq!(with_coming("7", &coming, name), "7, guest 1, guest 2");
        assert_eq!(with_coming("", &coming, name), "guest 1, guest 2");
        assert_eq!(with_coming("7", &[], name), "7");
    }

    #[test]
    fn phones_and_emails_that_are_missing_are_named_after_the_fields() {
        let fields = serde_json::Map::from_iter([("TITLE".to_owned(), json!("A"))]);
        let phones = vec!["+71".to_owned()];
        let emails = vec!["a@x.ru".to_owned()];
        let mapped = CrmFields { fields, phones, emails, ..CrmFields::default() };
        let theirs = serde_json::Map::from_iter([("TITLE".to_owned(), json!("B"))]);
        let card = ObjectWithFields { fields: theirs, ..ObjectWithFields::default() };
        let found = differences(&mapped, &OwnedValues::default(), &card, &BTreeMap::new());
        let found: Vec<_> = found.iter().map(|one| (one.field.as_str(), &*one.ours)).collect();
        assert_eq!(found, [("TITLE", "A"), ("PHONE", "+71"), ("EMAIL", "a@x.ru")]);
    }

    #[test]
    fn values_that_people_added_are_no_difference_and_ours_must_be_there() {
        assert!(found(json!({}), json!({})).is_empty());
        let beside = Beside {
            values: Values::Phones,
            wanted: &["+73".into()],
            written: &["+72".into()],
            existing: &[listed("1", "+72")],
            value_type: "",
        };
        let replaced = rows("PHONE", &beside).unwrap();
        assert_eq!((replaced.ours.as_str(), replaced.theirs.as_str()), ("+73", "+72"));
        let dropped = rows("PHONE", &Beside { wanted: &[], ..beside }).unwrap();
        assert_eq!((dropped.ours.as_str(), dropped.theirs.as_str()), ("", "+72"));
        let missing = rows("PHONE", &Beside { existing: &[], ..beside }).unwrap();
        assert_eq!((missing.ours.as_str(), missing.theirs.as_str()), ("+73", ""));
    }

    #[test]
    fn a_deal_in_a_funnel_of_peoples_own_keeps_its_stage() {
        let keeps_stage = |kind, category| {
            let fields = serde_json::Map::from_iter([("STAGE_ID".to_owned(), json!("WON"))]);
            let mut mapped = CrmFields { fields, ..CrmFields::default() };
            let object = Object { category, ..Object::default() };
            without_foreign_stage(kind, &least_config().deal, &object, &mut mapped);
            mapped.fields.is_empty()
        };
        assert!(keeps_stage(Kind::Booking, 99) && !keeps_stage(Kind::Booking, 0));
        assert!(!keeps_stage(Kind::Guest, 99));
    }
}
