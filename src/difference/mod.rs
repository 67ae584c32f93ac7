//! What stands in the CRM beside what we write there: the fields that read otherwise.
//!
//! Pure. A portal does not read back what it was sent: dates get a time, numbers become texts, comments are escaped
//! ([`normal`]), so both sides are brought to one form before they are compared.

mod normal;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::mapping::Mapped;
use crate::mapping::custom::FieldType;
use crate::mapping::multifield::Standing;
use crate::objects::card::Card;

/// The fields whose values tell nothing of a person: they may be shown in reports and logs.
const IMPERSONAL: [&str; 12] = [
    "BEGINDATE",
    "CLOSEDATE",
    "OPPORTUNITY",
    "PROBABILITY",
    "CURRENCY_ID",
    "STAGE_ID",
    "IS_MANUAL_OPPORTUNITY",
    "TYPE_ID",
    "COMPANY_ID",
    "CONTACT_IDS",
    "ORIGINATOR_ID",
    "ORIGIN_ID",
];

/// A field that reads otherwise than we write it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// The portal's name.
    pub field: String,
    /// What we write; of phones and e-mails those that are missing.
    pub ours: String,
    /// What stands there.
    pub theirs: String,
}

impl Difference {
    /// Whether the values may tell something of a person.
    pub fn is_personal(&self) -> bool {
        !IMPERSONAL.contains(&self.field.as_str())
    }
}

/// The fields of a card that differ from what we write, in the order of their names; phones and e-mails last.
pub fn differences(mapped: &Mapped, card: &Card, types: &BTreeMap<String, FieldType>) -> Vec<Difference> {
    let Mapped { fields, phones, emails, warnings: _ } = mapped;
    let mut found = Vec::new();
    for (field, ours) in fields {
        // A portal that does not know a field, or its people, does not answer with it.
        let Some(theirs) = card.fields.get(field) else { continue };
        if !normal::same(field, types.get(field), ours, theirs) {
            let (ours, theirs) = (normal::shown(field, ours), normal::shown(field, theirs));
            found.push(Difference { field: field.clone(), ours, theirs });
        }
    }
    found.extend(missing("PHONE", phones, &card.object.phones));
    found.extend(missing("EMAIL", emails, &card.object.emails));
    found
}

/// People may add values of their own; ours have to be there.
fn missing(field: &str, wanted: &[String], standing: &[Standing]) -> Option<Difference> {
    let stands = |value: &str| standing.iter().any(|row| row.value.trim() == value.trim());
    let missing: Vec<&str> = wanted.iter().map(String::as_str).filter(|value| !stands(value)).collect();
    let theirs: Vec<&str> = standing.iter().map(|row| row.value.as_str()).collect();
    let (ours, theirs) = (missing.join(", "), theirs.join(", "));
    (!missing.is_empty()).then(|| Difference { field: field.to_owned(), ours, theirs })
}

/// Leaves out what a deal in a funnel of somebody's own is not asked to have.
pub fn without_stage(mapped: &mut Mapped) {
    mapped.fields.remove("STAGE_ID");
}

/// A value as people read it.
pub fn plain(value: &Value) -> String {
    normal::text(value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::objects::Object;

    fn found(ours: Value, theirs: Value) -> Vec<Difference> {
        let (Value::Object(ours), Value::Object(theirs)) = (ours, theirs) else { unreachable!() };
        let mapped = Mapped { fields: ours, phones: vec!["+71".into()], ..Mapped::default() };
        let phones = vec![
            Standing { id: "1".into(), value: "+72".into() },
            Standing { id: "2".into(), value: " +71".into() },
        ];
        let card = Card { object: Object { phones, ..Object::default() }, fields: theirs };
        differences(&mapped, &card, &BTreeMap::new())
    }

    #[test]
    fn what_reads_otherwise_is_named_with_both_values() {
        let ours = json!({"STAGE_ID": "WON", "OPPORTUNITY": "13050.00", "TITLE": "A"});
        let theirs = json!({"STAGE_ID": "NEW", "OPPORTUNITY": "13050", "TITLE": "B"});
        let found = found(ours, theirs);
        let stage = Difference { field: "STAGE_ID".into(), ours: "WON".into(), theirs: "NEW".into() };
        assert_eq!(found[0], stage);
        assert_eq!(found[1].field, "TITLE");
        assert_eq!(found.iter().map(Difference::is_personal).collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn values_that_people_added_are_no_difference_and_ours_must_be_there() {
        assert!(found(json!({}), json!({})).is_empty());
        let missing = missing("PHONE", &["+73".into()], &[]).unwrap();
        assert_eq!((missing.ours.as_str(), missing.theirs.as_str()), ("+73", ""));
    }
}
