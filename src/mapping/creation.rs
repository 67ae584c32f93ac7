//! Fields that only a new object gets. People change them afterwards, and that is not undone.

use super::Fields;
use crate::config::Config;
use crate::domain::record::Kind;

/// The fields that go with a creation only: the responsible user, the source, and a deal's funnel
/// (which an update could not change).
pub fn creation_fields(kind: Kind, funnel: Option<u64>, config: &Config) -> Fields {
    let (assigned_by_id, source_id) = match kind {
        Kind::Guest => (config.contact.assigned_by_id, &config.contact.source_id),
        Kind::Company => (config.company.assigned_by_id, &config.company.source_id),
        Kind::Booking => (config.deal.assigned_by_id, &config.deal.source_id),
    };
    let mut fields = Fields::new();
    if let Some(user) = assigned_by_id {
        fields.insert("ASSIGNED_BY_ID".into(), user.into());
    }
    if let Some(source) = source_id.as_deref()
        && !source.is_empty()
    {
        fields.insert("SOURCE_ID".into(), source.into());
    }
    if let Some(funnel) = funnel {
        fields.insert("CATEGORY_ID".into(), funnel.into());
    }
    fields
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::*;

    #[test]
    fn responsible_user_source_and_funnel_go_with_a_creation() {
        let toml = "[mirror]\npath='m'\n[portal]\nwebhook='https://h/rest/1/x/'\n
            [contact]\nassigned_by_id=7\n[deal]\nsource_id='WEB'\ncategory_id=5";
        let config = crate::config::parse(toml, Path::new(""), None).unwrap();
        let fields =
            |kind, funnel| serde_json::Value::Object(creation_fields(kind, funnel, &config));
        assert_eq!(fields(Kind::Guest, None), json!({"ASSIGNED_BY_ID": 7}));
        assert_eq!(fields(Kind::Company, None), json!({}));
        assert_eq!(fields(Kind::Booking, Some(5)), json!({"SOURCE_ID": "WEB", "CATEGORY_ID": 5}));
    }
}
