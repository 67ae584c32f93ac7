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
    /// What should be so.
    pub(super) fn title(self) -> CheckMessage {
        match self {
            PortalAssumption::Creation => CheckMessage::Creation,
            PortalAssumption::Origin => CheckMessage::Origin,
            PortalAssumption::Comments => CheckMessage::Comments,
            PortalAssumption::Address => CheckMessage::Address,
            PortalAssumption::Phones => CheckMessage::Phones,
            PortalAssumption::ClosingDate => CheckMessage::ClosingDate,
            PortalAssumption::UnknownStage => CheckMessage::UnknownStage,
            PortalAssumption::Unbinding => CheckMessage::Unbinding,
            PortalAssumption::Import => CheckMessage::Import,
            PortalAssumption::Deletion => CheckMessage::Deletion,
        }
    }

    /// What follows where it is not so.
    pub(super) fn consequence(self) -> CheckMessage {
        match self {
            PortalAssumption::Creation => CheckMessage::WithoutCreation,
            PortalAssumption::Origin => CheckMessage::WithoutOrigin,
            PortalAssumption::Comments => CheckMessage::WithoutComments,
            PortalAssumption::Address => CheckMessage::WithoutAddress,
            PortalAssumption::Phones => CheckMessage::WithoutPhones,
            PortalAssumption::ClosingDate => CheckMessage::WithoutClosingDate,
            PortalAssumption::UnknownStage => CheckMessage::WithoutUnknownStage,
            PortalAssumption::Unbinding => CheckMessage::WithoutUnbinding,
            PortalAssumption::Import => CheckMessage::WithoutImport,
            PortalAssumption::Deletion => CheckMessage::WithoutDeletion,
        }
    }
}
