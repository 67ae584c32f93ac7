//! Objects of the CRM: listed, found, matched with people, and compared with what we write.

#[cfg(test)]
pub(crate) mod answers;
pub mod contact_match;
pub mod deal_parties;
pub mod diff;
pub mod inventory;
pub mod objects;
