//! The two dialects of the portal: the legacy methods (`crm.deal.add`) and the universal ones
//! (`crm.item.import`).
//!
//! They differ in the names of fields, in how a yes is spelled, and in what an empty value does.
//! All else is the same in both: dates, numbers, money, lists, and the rows of phones in an import
//! (docs/bitrix24.md, Legacy and universal). The program uses the legacy names and booleans, and
//! translates them here.

use serde_json::{Map, Value};

/// Which methods take the fields.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dialect {
    /// `crm.contact.add`, `crm.deal.update` and the like.
    Legacy,
    /// `crm.item.import`, `crm.item.update` and the like.
    Universal,
}

impl Dialect {
    /// The fields of a new object. There is nothing to clear, so empty values are left out where
    /// that is possible.
    pub fn new_object(self, mut fields: Map<String, Value>) -> Map<String, Value> {
        if self == Dialect::Universal {
            fields.retain(|_, value| value.as_str() != Some(""));
        }
        self.changes(fields)
    }

    /// Changed fields of an existing object; an empty text clears.
    pub fn changes(self, fields: Map<String, Value>) -> Map<String, Value> {
        fields.into_iter().map(|(name, value)| (self.name(&name), self.value(value))).collect()
    }

    /// `IS_MANUAL_OPPORTUNITY` is `isManualOpportunity` in the universal dialect. Custom fields
    /// keep their names, which an import has to ask for (`useOriginalUfNames`).
    pub fn name(self, legacy: &str) -> String {
        match self {
            Dialect::Universal if !legacy.starts_with("UF_") => camel_case(legacy),
            Dialect::Universal | Dialect::Legacy => legacy.to_owned(),
        }
    }

    /// Custom fields of yes and no: the legacy methods take `1` and `0`; the universal ones read
    /// `1` as a no.
    fn value(self, value: Value) -> Value {
        match (self, value) {
            (Dialect::Legacy, Value::Bool(yes)) => if yes { "1" } else { "0" }.into(),
            (Dialect::Universal, Value::Bool(yes)) => if yes { "Y" } else { "N" }.into(),
            (_, Value::Array(values)) => {
                values.into_iter().map(|value| self.value(value)).collect()
            }
            (_, value) => value,
        }
    }
}

fn camel_case(legacy: &str) -> String {
    let mut words = legacy.split('_').map(str::to_ascii_lowercase);
    let mut name = words.next().unwrap_or_default();
    for word in words {
        let (first, rest) = word.split_at(word.len().min(1));
        name.push_str(&first.to_ascii_uppercase());
        name.push_str(rest);
    }
    name
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn translated(by: impl Fn(Map<String, Value>) -> Map<String, Value>) -> Value {
        let fields = json!({"IS_MANUAL_OPPORTUNITY": "Y", "BEGINDATE": "2020-05-20", "CONTACT_IDS": [1],
            "COMPANY_ID": "", "UF_CRM_PAID": true, "UF_CRM_TAGS": [true, false]});
        let Value::Object(fields) = fields else { unreachable!() };
        by(fields).into()
    }

    #[test]
    fn universal_methods_have_names_of_their_own_and_take_y_for_a_yes() {
        let expected = json!({"isManualOpportunity": "Y", "begindate": "2020-05-20", "contactIds": [1],
            "UF_CRM_PAID": "Y", "UF_CRM_TAGS": ["Y", "N"]});
        assert_eq!(translated(|fields| Dialect::Universal.new_object(fields)), expected);
    }

    #[test]
    fn legacy_methods_take_1_for_a_yes_and_an_empty_text_to_clear() {
        let expected = json!({"IS_MANUAL_OPPORTUNITY": "Y", "BEGINDATE": "2020-05-20", "CONTACT_IDS": [1],
            "COMPANY_ID": "", "UF_CRM_PAID": "1", "UF_CRM_TAGS": ["1", "0"]});
        assert_eq!(translated(|fields| Dialect::Legacy.changes(fields)), expected);
        assert_eq!(translated(|fields| Dialect::Legacy.new_object(fields)), expected);
    }
}
