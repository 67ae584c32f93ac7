//! Objects of the CRM: how they are listed, found, matched with people, and compared with what they
//! should be.

#[cfg(test)]
mod answers;
pub mod contact_match;
pub mod deal_parties;
pub mod diff;
pub mod inventory;
pub mod objects;
