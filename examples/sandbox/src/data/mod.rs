//! What the portal stores: objects, their fields, dictionaries, user fields.

pub(crate) mod dictionaries;
pub(crate) mod record;
pub(crate) mod schema;
pub(crate) mod store;
pub(crate) mod user_field;
