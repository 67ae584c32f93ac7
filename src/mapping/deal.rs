//! A booking of Ecvi as a deal of the CRM. One booking is one deal, also for a group: the deal then
//! has all its guests as contacts.

use serde_json::{Map, Value};

use super::{CrmFields, text};
use crate::config::DealConfig;
use crate::config::template::Template;
use crate::domain::record::{BookingStatus, Kind};
use crate::mapping::custom_fields::FieldTypes;
use crate::mirror::{Booking, Row};

/// The contacts and the company that a deal is linked with.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DealLinks {
    /// The last name of the booking's guest, empty where there is none.
    pub last_name: String,
    /// The booking's guest first, then all who stay, each once.
    pub contacts: Vec<i64>,
    /// The company, or the payer where there is none.
    pub company: Option<i64>,
}

/// The fields of a booking's deal.
pub fn deal(
    booking: &Booking,
    links: &DealLinks,
    extra: &Map<String, Value>,
    config: &DealConfig,
    types: &FieldTypes,
) -> CrmFields {
    let (stage, probability) = config.stage(booking.status);
    let mut deal = CrmFields::default();
    deal.text("TITLE", &fill(&config.title, booking, links, extra), 255);
    let comments = text::comment(&fill(&config.comments, booking, links, extra));
    let fields = &mut deal.fields;
    // Bare dates: a time with an offset can move the day.
    fields.insert("BEGINDATE".into(), booking.arrival.day.to_string().into());
    fields.insert("CLOSEDATE".into(), closedate(booking));
    fields.insert("OPPORTUNITY".into(), booking.amount.clone().into());
    // By hand, so that no product row recomputes it.
    fields.insert("IS_MANUAL_OPPORTUNITY".into(), "Y".into());
    fields.insert("CURRENCY_ID".into(), config.currency.clone().into());
    fields.insert("STAGE_ID".into(), stage.into());
    fields.insert("PROBABILITY".into(), probability.into());
    if booking.status == BookingStatus::CheckedOut {
        fields.insert("CLOSED".into(), "Y".into());
    }
    fields.insert("COMMENTS".into(), comments.into());
    // An empty text unlinks all contacts; a batch cannot carry an empty list.
    let contacts = if links.contacts.is_empty() {
        Value::from("")
    } else {
        Value::from(links.contacts.clone())
    };
    fields.insert("CONTACT_IDS".into(), contacts);
    let company = match links.company {
        Some(crm_id) => Value::from(crm_id),
        None => Value::from(""),
    };
    fields.insert("COMPANY_ID".into(), company);
    deal.custom(&config.fields, extra, types.of(Kind::Booking));
    deal
}

/// The departure. A portal puts today's date here when a deal reaches a final stage, also over a
/// value in the same call, so the caller sends it once more afterwards.
pub fn closedate(booking: &Booking) -> Value {
    booking.departure.day.to_string().into()
}

/// A template with the booking's values.
fn fill(
    template: &Template,
    booking: &Booking,
    links: &DealLinks,
    extra: &Map<String, Value>,
) -> String {
    template.fill(&|name| match name {
        "number" => booking.number.clone(),
        "last_name" => links.last_name.clone(),
        "arrival" => booking.arrival.for_people(),
        "departure" => booking.departure.for_people(),
        "amount" => booking.amount.clone(),
        "comment" => booking.comment.clone(),
        column => super::column(extra, column),
    })
}

/// The funnel that a booking belongs into.
pub fn funnel_of(row: &Row, config: &DealConfig) -> Option<u64> {
    row.booking().map(|booking| config.funnel(booking.status))
}

/// Whether the booking's deal is in a final stage, so that the portal puts today's date into its
/// CLOSEDATE. A hotel may count a booking as won before the guests come: by one of the portal's own
/// final stages, or by the stage of a status that ends a stay.
pub fn is_closed(booking: &Booking, config: &DealConfig) -> bool {
    let (stage, _) = config.stage(booking.status);
    if is_final_status(booking.status) || is_final(stage) {
        return true;
    }
    BookingStatus::ALL
        .into_iter()
        .any(|status| is_final_status(status) && config.stage(status).0 == stage)
}

/// Whether this is one of the stages that every funnel has and that end a deal: `WON`, `C5:LOSE`.
fn is_final(stage: &str) -> bool {
    let name = stage.rsplit(':').next().unwrap_or(stage);
    matches!(name, "WON" | "LOSE" | "APOLOGY")
}

fn is_final_status(status: BookingStatus) -> bool {
    match status {
        BookingStatus::Temporary | BookingStatus::Confirmed => false,
        BookingStatus::CheckedIn
        | BookingStatus::CheckedOut
        | BookingStatus::Cancelled
        | BookingStatus::NoShow => true,
    }
}
