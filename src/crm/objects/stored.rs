//! Values on a card that make the portal refuse every change of it.

use super::Object;
use crate::mapping::text::{is_email, is_phone};

impl Object {
    /// The fields with a phone or an e-mail that the portal does not take. It checks all rows of a
    /// card at each save, not only those that are sent (docs/bitrix24.md, Phones and e-mails).
    pub fn unsavable_fields(&self) -> Vec<&'static str> {
        let mut fields = Vec::new();
        if self.phones.iter().any(|row| !is_phone(&row.value)) {
            fields.push("PHONE");
        }
        if self.emails.iter().any(|row| !is_email(&row.value)) {
            fields.push("EMAIL");
        }
        fields
    }
}
