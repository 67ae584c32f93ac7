//! `[contact.stays]`: what the bookings say of a guest, and which fields of the contact show it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use super::fields::check_name;
use crate::domain::messages::ConfigMessage;
use crate::domain::record::Kind;

const SECTION: &str = "[contact.stays]";

/// One thing that the bookings say of a guest.
#[derive(Clone, Copy, PartialEq, Eq, Debug, IntoStaticStr, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum StayFigure {
    /// How many times the guest stayed.
    Stays,
    /// Nights of these stays.
    Nights,
    /// What these stays cost, where the guest made the booking.
    Sum,
    /// The day on which the first of them began.
    FirstStay,
    /// The day on which the last of them began.
    LastStay,
    /// The next day on which the guest is expected.
    NextArrival,
    /// Bookings that were cancelled.
    Cancelled,
    /// Bookings for which nobody came.
    NotShown,
}

impl StayFigure {
    /// The word of the configuration.
    pub fn word(self) -> &'static str {
        self.into()
    }

    /// The types of the portal that a field for it may have; a text shows everything.
    pub fn field_types(self) -> &'static [&'static str] {
        match self {
            StayFigure::Stays
            | StayFigure::Nights
            | StayFigure::Cancelled
            | StayFigure::NotShown => &["integer", "double", "string"],
            StayFigure::Sum => &["money", "double", "string"],
            StayFigure::FirstStay | StayFigure::LastStay | StayFigure::NextArrival => {
                &["date", "datetime", "string"]
            }
        }
    }
}

/// Checks the names of the fields: a field of the hotel's own, and none that another table fills
/// too.
pub(super) fn check(
    stays: &BTreeMap<String, StayFigure>,
    fields: &BTreeMap<String, String>,
) -> Result<(), ConfigMessage> {
    for field in stays.keys() {
        check_name(Kind::Guest, SECTION, field)?;
        if !field.starts_with("UF_") {
            return Err(ConfigMessage::FieldNotCustom {
                section: SECTION.to_owned(),
                field: field.clone(),
            });
        }
        if fields.contains_key(field) {
            return Err(ConfigMessage::FieldFilledTwice { field: field.clone() });
        }
    }
    Ok(())
}
