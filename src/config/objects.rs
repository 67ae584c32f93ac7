//! `[contact]`, `[company]` and `[deal]`: what objects get beside the data of their records.

use std::collections::{BTreeMap, BTreeSet};

use super::choices::MatchBy;
use super::file;
use super::stays::StayFigure;
use super::template::Template;
use super::{bounded_int, fields, stays};
use crate::domain::messages::ConfigMessage;
use crate::domain::record::{BookingStatus, Kind};

/// What a contact or a company gets beside its own data.
#[derive(Clone, Debug)]
pub struct PartyConfig {
    /// `HONORIFIC` of men and women; empty for companies.
    pub honorific: [String; 2],
    /// The responsible user.
    pub assigned_by_id: Option<u64>,
    /// `SOURCE_ID`.
    pub source_id: Option<String>,
    /// `VALUE_TYPE` of phones; e-mails are always `WORK`.
    pub phone_type: String,
    /// How people who already stand in the CRM are recognised.
    pub match_existing: Vec<MatchBy>,
    /// `COMMENTS`.
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
    /// `CURRENCY_ID`.
    pub currency: String,
    /// The responsible user.
    pub assigned_by_id: Option<u64>,
    /// `SOURCE_ID`.
    pub source_id: Option<String>,
    /// `TITLE`.
    pub title: Template,
    /// `COMMENTS`.
    pub comments: Template,
    /// Stage, in full (`C5:NEW`), and probability of each status, in the order of
    /// [`BookingStatus::ALL`].
    pub stages: [(String, u8); 6],
    /// Field of the portal -> column of the mirror.
    pub fields: BTreeMap<String, String>,
}

impl DealConfig {
    /// Stage and probability of a status.
    pub fn stage(&self, status: BookingStatus) -> (&str, u8) {
        let (stage, probability) = &self.stages[status as usize];
        (stage, *probability)
    }

    /// The funnel of a status: its stage says it, `C5:NEW`. The general funnel is 0 and has no
    /// prefix.
    pub fn funnel(&self, status: BookingStatus) -> u64 {
        let prefix = self.stage(status).0.strip_prefix('C').and_then(|rest| rest.split_once(':'));
        prefix.and_then(|(number, _)| number.parse().ok()).unwrap_or(0)
    }

    /// The funnels of all statuses. When there are several, bookings move between them.
    pub fn funnels(&self) -> BTreeSet<u64> {
        BookingStatus::ALL.into_iter().map(|status| self.funnel(status)).collect()
    }
}

pub(super) fn contact(contact: file::Contact) -> Result<PartyConfig, ConfigMessage> {
    let file::Contact {
        honorific,
        assigned_by_id,
        source_id,
        phone_type,
        match_existing,
        comments,
        fields,
        stays,
    } = contact;
    let honorific = [honorific.male, honorific.female];
    fields::check_phone_type(Kind::Guest, &phone_type)?;
    check_fields(Kind::Guest, &fields, assigned_by_id, source_id.as_deref())?;
    stays::check(&stays, &fields)?;
    let comments = Template::parse(&comments);
    Ok(PartyConfig {
        honorific,
        assigned_by_id,
        source_id,
        phone_type,
        match_existing,
        comments,
        fields,
        stays,
    })
}

pub(super) fn company(company: file::Company) -> Result<PartyConfig, ConfigMessage> {
    let file::Company { assigned_by_id, source_id, phone_type, match_existing, comments, fields } =
        company;
    fields::check_phone_type(Kind::Company, &phone_type)?;
    check_fields(Kind::Company, &fields, assigned_by_id, source_id.as_deref())?;
    let comments = Template::parse(&comments);
    Ok(PartyConfig {
        honorific: Default::default(),
        assigned_by_id,
        source_id,
        phone_type,
        match_existing,
        comments,
        fields,
        stays: BTreeMap::new(),
    })
}

pub(super) fn deal(deal: file::Deal) -> Result<DealConfig, ConfigMessage> {
    let file::Deal {
        category_id,
        currency,
        assigned_by_id,
        source_id,
        title,
        comments,
        stages,
        probability,
        fields,
    } = deal;
    check_fields(Kind::Booking, &fields, assigned_by_id, source_id.as_deref())?;
    let file::Stages { temporary, confirmed, checked_in, checked_out, cancelled, no_show } = stages;
    let stages = [
        (temporary, probability.temporary),
        (confirmed, probability.confirmed),
        (checked_in, probability.checked_in),
        (checked_out, probability.checked_out),
        (cancelled, probability.cancelled),
        (no_show, probability.no_show),
    ];
    for ((_, probability), status) in stages.iter().zip(BookingStatus::ALL) {
        bounded_int(&format!("[deal.probability] {}", status.word()), *probability, 0..=100)?;
    }
    let stages =
        stages.map(|(stage, probability)| (full_stage(category_id, stage), probability as u8));
    let (title, comments) = (Template::parse(&title), Template::parse(&comments));
    Ok(DealConfig { currency, assigned_by_id, source_id, title, comments, stages, fields })
}

fn check_fields(
    kind: Kind,
    fields: &BTreeMap<String, String>,
    assigned_by_id: Option<u64>,
    source_id: Option<&str>,
) -> Result<(), ConfigMessage> {
    let keyed = fields::DedicatedKeys {
        assigned_by_id: assigned_by_id.is_some(),
        source_id: source_id.is_some(),
    };
    fields::check(kind, fields, &keyed)
}

/// The stage as the portal calls it: in a funnel other than the general one it carries the funnel's
/// prefix.
fn full_stage(category_id: u64, stage: String) -> String {
    if category_id == 0 || stage.contains(':') { stage } else { format!("C{category_id}:{stage}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_of_another_funnel_carries_its_prefix_once() {
        assert_eq!(full_stage(0, "NEW".into()), "NEW");
        assert_eq!(full_stage(5, "NEW".into()), "C5:NEW");
        assert_eq!(full_stage(5, "C5:NEW".into()), "C5:NEW");
    }
}
