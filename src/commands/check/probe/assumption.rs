//! What the program relies on.

use serde::{Deserialize, Serialize};

use crate::domain::messages::CheckMessage;

/// A behaviour of the portal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PortalAssumption {
    /// The trial cards can be made.
    Creation,
    /// A new card is found by its origin at once, and no other.
    Origin,
    /// Comments arrive as readable as they were sent.
    Comments,
    /// The parts of an address are read back.
    Address,
    /// A phone is replaced by the id of its row.
    Phones,
    /// `CLOSEDATE` holds the departure after it was sent once more.
    ClosingDate,
    /// A stage that does not exist changes nothing.
    UnknownStage,
    /// An empty `CONTACT_IDS` unbinds everybody.
    Unbinding,
    /// Contacts and deals may be imported.
    Import,
    /// What was deleted is gone from the lists.
    Deletion,
}

impl PortalAssumption {
    /// What should be so, and what follows where it is not.
    pub(super) fn title_and_consequence(self) -> (CheckMessage, CheckMessage) {
        match self {
            Self::Creation => (CheckMessage::Creation, CheckMessage::WithoutCreation),
            Self::Origin => (CheckMessage::Origin, CheckMessage::WithoutOrigin),
            Self::Comments => (CheckMessage::Comments, CheckMessage::WithoutComments),
            Self::Address => (CheckMessage::Address, CheckMessage::WithoutAddress),
            Self::Phones => (CheckMessage::Phones, CheckMessage::WithoutPhones),
            Self::ClosingDate => (CheckMessage::ClosingDate, CheckMessage::WithoutClosingDate),
            Self::UnknownStage => (CheckMessage::UnknownStage, CheckMessage::WithoutUnknownStage),
            Self::Unbinding => (CheckMessage::Unbinding, CheckMessage::WithoutUnbinding),
            Self::Import => (CheckMessage::Import, CheckMessage::WithoutImport),
            Self::Deletion => (CheckMessage::Deletion, CheckMessage::WithoutDeletion),
        }
    }
}
