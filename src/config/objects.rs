//! `[contact]`, `[company]` and `[deal]`: what objects get beside the data of their records.

use std::collections::{BTreeMap, BTreeSet};

use enum_map::{EnumMap, enum_map};

use super::choices::MatchBy;
use super::fields::DedicatedKeys;
use super::stays::StayFigure;
use super::template::Template;
use super::{bounded_int, fields, file, stays};
use crate::domain::messages::ConfigMessage;
use crate::domain::record::{BookingStatus, Kind};

/// What a contact or a company gets beside its own data.
#[derive(Clone, Debug)]
pub struct PartyConfig {
    /// `HONORIFIC` of men and women; empty for companies.
    pub honorific: [String; 2],
    /// `ASSIGNED_BY_ID`: the responsible user.
    pub assigned_by_id: Option<u64>,
    /// `SOURCE_ID`: where the party came from.
    pub source_id: Option<String>,
    /// `VALUE_TYPE` of phones; e-mails are always `WORK`.
    pub phone_type: String,
    /// How people who are in the CRM already are recognised.
    pub match_existing: Vec<MatchBy>,
    /// `COMMENTS`, with names of columns in it.
    pub comments: Template,
    /// Field of the portal -> column of the mirror.
    pub fields: BTreeMap<String, String>,
    /// Field of the portal -> what the bookings say of a guest; empty for companies, and where
    /// nobody asks for it.
    pub stays: BTreeMap<String, StayFigure>,
}

/// What a deal gets beside its booking's data.
#[derive(Clone, Debug)]
pub struct DealConfig {
    /// `CURRENCY_ID` of all amounts.
    pub currency: String,
    /// `ASSIGNED_BY_ID`: the responsible user.
    pub assigned_by_id: Option<u64>,
    /// `SOURCE_ID`: where the booking came from.
    pub source_id: Option<String>,
    /// `TITLE`, with names of columns in it.
    pub title: Template,
    /// `COMMENTS`, with names of columns in it.
    pub comments: Template,
    /// Stage, in full (`C5:NEW`), and probability of each status.
    pub stages: EnumMap<BookingStatus, (String, u8)>,
    /// Field of the portal -> column of the mirror.
    pub fields: BTreeMap<String, String>,
}

impl DealConfig {
    /// Stage and probability of a status.
    pub fn stage(&self, status: BookingStatus) -> (&str, u8) {
        let (stage, probability) = &self.stages[status];
        (stage, *probability)
    }

    /// The funnel of a status: its stage says it, `C5:NEW`. The general funnel is 0 and has no
    /// prefix.
    pub fn funnel(&self, status: BookingStatus) -> u64 {
        let (stage, _) = self.stage(status);
        let number_and_stage = stage.strip_prefix('C').and_then(|rest| rest.split_once(':'));
        number_and_stage.and_then(|(number, _)| number.parse().ok()).unwrap_or(0)
    }

    /// The funnels of all statuses. When there are several, bookings move between them.
    pub fn funnels(&self) -> BTreeSet<u64> {
        BookingStatus::ALL.into_iter().map(|status| self.funnel(status)).collect()
    }
}

pub(super) fn contact(section: file::Contact) -> Result<PartyConfig, ConfigMessage> {
    let party = PartyConfig {
        honorific: [section.honorific.male, section.honorific.female],
        assigned_by_id: section.assigned_by_id,
        source_id: section.source_id,
        phone_type: section.phone_type,
        match_existing: section.match_existing,
        comments: section.comments,
        fields: section.fields,
        stays: section.stays,
    };
    check_party(Kind::Guest, &party)?;
    Ok(party)
}

pub(super) fn company(section: file::Company) -> Result<PartyConfig, ConfigMessage> {
    let party = PartyConfig {
        honorific: Default::default(),
        assigned_by_id: section.assigned_by_id,
        source_id: section.source_id,
        phone_type: section.phone_type,
        match_existing: section.match_existing,
        comments: section.comments,
        fields: section.fields,
        stays: BTreeMap::new(),
    };
    check_party(Kind::Company, &party)?;
    Ok(party)
}

fn check_party(kind: Kind, party: &PartyConfig) -> Result<(), ConfigMessage> {
    fields::check_phone_type(kind, &party.phone_type)?;
    let keyed = DedicatedKeys::new(party.assigned_by_id.as_ref(), party.source_id.as_ref());
    fields::check(kind, &party.fields, &keyed)?;
    stays::check(&party.stays, &party.fields)
}

pub(super) fn deal(deal: file::Deal) -> Result<DealConfig, ConfigMessage> {
    let keyed = DedicatedKeys::new(deal.assigned_by_id.as_ref(), deal.source_id.as_ref());
    fields::check(Kind::Booking, &deal.fields, &keyed)?;
    let file::Deal { stages, probability, .. } = deal;
    let stages = enum_map! {
        BookingStatus::Temporary => (&stages.temporary, probability.temporary),
        BookingStatus::Confirmed => (&stages.confirmed, probability.confirmed),
        BookingStatus::CheckedIn => (&stages.checked_in, probability.checked_in),
        BookingStatus::CheckedOut => (&stages.checked_out, probability.checked_out),
        BookingStatus::Cancelled => (&stages.cancelled, probability.cancelled),
        BookingStatus::NoShow => (&stages.no_show, probability.no_show),
    };
    for (status, (_, probability)) in &stages {
        bounded_int(&format!("[deal.probability] {}", status.word()), *probability, 0..=100)?;
    }
    Ok(DealConfig {
        currency: deal.currency,
        assigned_by_id: deal.assigned_by_id,
        source_id: deal.source_id,
        title: deal.title,
        comments: deal.comments,
        stages: stages.map(|_, (stage, probability)| {
            (full_stage(deal.category_id, stage), probability as u8)
        }),
        fields: deal.fields,
    })
}

/// The stage as the portal calls it: in a funnel other than the general one it carries the funnel's
/// prefix.
fn full_stage(category_id: u64, stage: &str) -> String {
    if category_id == 0 || stage.contains(':') {
        stage.to_owned()
    } else {
        format!("C{category_id}:{stage}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_of_another_funnel_carries_its_prefix_once() {
        assert_eq!(full_stage(0, "NEW"), "NEW");
        assert_eq!(full_stage(5, "NEW"), "C5:NEW");
        assert_eq!(full_stage(5, "C5:NEW"), "C5:NEW");
    }
}
