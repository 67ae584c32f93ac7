//! What the program says about the objects of the CRM.

use super::messages;

messages! {
    /// The objects of the CRM.
    pub enum CrmMessage {
        NotListed =>
            "карточка открывается, но ни один список её не показывает",
            "the card opens, but no list shows it";
    }
}
