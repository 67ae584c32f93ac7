//! What an issue names beside its code, as data. One place knows how it is written in the state and
//! in JSON.

use std::fmt::{self, Display};

use serde::{Serialize, Serializer};

use super::failure_code::FailureCode;
use super::record::{RecordId, RecordKey};

/// What an issue of a record is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum IssueDetail {
    /// Cards of the CRM, of the record's kind: `17, 18`.
    Cards(Vec<i64>),
    /// Guests and companies: `guest 42, company 7`.
    Parties(Vec<RecordKey>),
    /// A card that another record has already: `crm_id 17: guest 42`.
    TakenCard {
        /// The card's id in the CRM.
        crm_id: i64,
        /// The record that has it.
        owner: RecordKey,
    },
    /// Anything else: the portal's refusal, a column, a value.
    Text(String),
}

impl IssueDetail {
    /// The detail of a code as it is written in the state. What reads otherwise than expected is a
    /// text.
    pub fn read(code: Option<FailureCode>, text: &str) -> IssueDetail {
        let detail = match code {
            Some(
                FailureCode::ObjectMissing
                | FailureCode::AccessDenied
                | FailureCode::DealWithoutBooking
                | FailureCode::SeveralInCrm
                | FailureCode::DoubtfulMatch,
            ) => read_cards(text).map(IssueDetail::Cards),
            Some(
                FailureCode::GuestWaiting
                | FailureCode::WithoutCompanion
                | FailureCode::UnknownReference,
            ) => read_parties(text).map(IssueDetail::Parties),
            Some(FailureCode::CrmIdTaken) => read_taken_card(text),
            Some(_) | None => None,
        };
        detail.unwrap_or_else(|| IssueDetail::Text(text.to_owned()))
    }
}

fn read_cards(text: &str) -> Option<Vec<i64>> {
    text.split(", ").map(|id| id.parse().ok()).collect()
}

fn read_parties(text: &str) -> Option<Vec<RecordKey>> {
    text.split(", ").map(read_party).collect()
}

fn read_party(text: &str) -> Option<RecordKey> {
    let (kind, id) = text.split_once(' ')?;
    Some(RecordKey::new(kind.parse().ok()?, RecordId::parse(id)))
}

fn read_taken_card(text: &str) -> Option<IssueDetail> {
    let (crm_id, owner) = text.strip_prefix("crm_id ")?.split_once(": ")?;
    Some(IssueDetail::TakenCard { crm_id: crm_id.parse().ok()?, owner: read_party(owner)? })
}

impl Display for IssueDetail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IssueDetail::Cards(ids) => f.write_str(&joined(ids)),
            IssueDetail::Parties(keys) => f.write_str(&joined(keys)),
            IssueDetail::TakenCard { crm_id, owner } => write!(f, "crm_id {crm_id}: {owner}"),
            IssueDetail::Text(text) => f.write_str(text),
        }
    }
}

fn joined(values: &[impl Display]) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl Serialize for IssueDetail {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::record::Kind;

    #[test]
    fn a_detail_is_read_as_it_was_written() {
        let guest = RecordKey::new(Kind::Guest, RecordId::Number(42));
        let company = RecordKey::new(Kind::Company, RecordId::Text("c 7".to_owned()));
        for (code, detail) in [
            (FailureCode::SeveralInCrm, IssueDetail::Cards(vec![17, 18])),
            (FailureCode::ObjectMissing, IssueDetail::Cards(vec![17])),
            (FailureCode::WithoutCompanion, IssueDetail::Parties(vec![guest.clone(), company])),
            (FailureCode::CrmIdTaken, IssueDetail::TakenCard { crm_id: 17, owner: guest }),
        ] {
            assert_eq!(IssueDetail::read(Some(code), &detail.to_string()), detail);
        }
    }

    #[test]
    fn what_reads_otherwise_stays_as_it_is() {
        for (code, text) in [
            (Some(FailureCode::AccessDenied), "Access denied."),
            (Some(FailureCode::UnknownReference), "booking_guests.guest_id"),
            (Some(FailureCode::GuestWaiting), ""),
            (Some(FailureCode::CrmIdTaken), "crm_id 17"),
            (Some(FailureCode::PortalRefused), "17"),
            (None, "guest 42"),
        ] {
            assert_eq!(IssueDetail::read(code, text), IssueDetail::Text(text.to_owned()), "{text}");
        }
    }
}
