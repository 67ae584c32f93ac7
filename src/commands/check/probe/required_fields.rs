//! Fields that the portal demands, and the records of the mirror that leave them empty.
//!
//! A portal marks more fields as required than it demands: by default it asks REST for none of them
//! (docs/bitrix24.md, Questions of a check). So the trial cards decide: they leave fields empty,
//! and are made or refused.

use std::collections::BTreeMap;

use serde_json::Value;

use super::trial_objects::TrialObjects;
use crate::commands::check::CheckResult;
use crate::config::Config;
use crate::domain::display;
use crate::domain::messages::CheckMessage;
use crate::domain::record::{IdRange, Kind, RecordKey};
use crate::domain::run_error::Result;
use crate::mapping::custom_fields::FieldTypes;
use crate::mapping::deal::DealLinks;
use crate::mapping::stays::StaySummary;
use crate::mapping::{Fields, creation_fields, mapped};
use crate::mirror::{Booking, Mirror, Row};
use crate::platform::clock::ReadLimit;
use crate::portal::{ApiError, CallError};
use crate::sync::preflight::config_check::field_label;

/// Marked on every portal, or filled by the portal itself. Of the names one is enough, and one is
/// always sent.
const NEVER_DEMANDED: [&str; 8] = [
    "NAME", "SECOND_NAME", "LAST_NAME", "TITLE", "ASSIGNED_BY_ID", "OPENED", "EXPORT",
    "CATEGORY_ID",
];

/// A field that the portal marks as required.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct RequiredField {
    kind: Kind,
    name: String,
    /// As people know it.
    label: String,
}

/// The records that leave a required field empty.
struct EmptyRecords {
    count: u64,
    first: RecordKey,
    /// What the first record is called.
    display_name: String,
}

impl RequiredField {
    /// A user field without a label is called by its name.
    fn new(kind: Kind, name: &str, description: &Value) -> RequiredField {
        let label = field_label(name, description).unwrap_or_else(|| name.to_owned());
        RequiredField { kind, name: name.to_owned(), label }
    }

    /// Whether the portal's refusal names this field.
    fn is_named_by(&self, refusal: &ApiError) -> bool {
        refusal.text.contains(&self.name) || refusal.text.contains(&self.label)
    }
}

/// The fields that the portal marks as required and may demand.
pub(super) fn marked(objects: &mut TrialObjects<'_, '_>) -> Result<Vec<RequiredField>, CallError> {
    let mut required = Vec::new();
    for kind in Kind::SEND_ORDER {
        let descriptions = objects.field_descriptions(kind)?;
        for (name, description) in descriptions.as_object().into_iter().flatten() {
            let is_required = matches!(description["isRequired"], Value::Bool(true))
                || description["isRequired"] == "Y";
            let is_read_only = description["isReadOnly"] == true;
            if is_required && !is_read_only && !NEVER_DEMANDED.contains(&name.as_str()) {
                required.push(RequiredField::new(kind, name, description));
            }
        }
    }
    Ok(required)
}

/// Of the marked fields those that the portal demands, or may demand. A trial card that was made
/// without a field shows that the field is not demanded; a refusal for another reason shows
/// nothing.
pub(super) fn demanded(
    marked: Vec<RequiredField>,
    refusal: Option<&ApiError>,
    objects: &TrialObjects<'_, '_>,
) -> Vec<RequiredField> {
    match refusal {
        Some(refusal) if is_about_required(&marked, refusal) => marked,
        Some(_) => Vec::new(),
        None => marked
            .into_iter()
            .filter(|field| !is_empty(&objects.trial_fields(field.kind), &field.name))
            .collect(),
    }
}

/// Whether a trial card was refused for a required field that it left empty.
pub(super) fn is_about_required(marked: &[RequiredField], refusal: &ApiError) -> bool {
    refusal.code == "CRM_FIELD_ERROR_REQUIRED"
        || marked.iter().any(|field| field.is_named_by(refusal))
}

/// One result for each field: how many records leave it empty.
pub(super) fn check(
    config: &Config,
    types: &FieldTypes,
    demanded: &[RequiredField],
    limit: &ReadLimit,
) -> Vec<CheckResult> {
    let mut results = Vec::new();
    for kind in Kind::DISPLAY_ORDER {
        let fields: Vec<&RequiredField> =
            demanded.iter().filter(|field| field.kind == kind).collect();
        if fields.is_empty() {
            continue;
        }
        match check_kind(config, types, kind, &fields, limit) {
            Ok(found) => results.extend(found),
            Err(error) => {
                let reason = error.message().into();
                let unusable = CheckMessage::MirrorUnusable { reason };
                results.push(CheckResult::unusable("probe", &error, unusable));
            }
        }
    }
    results
}

fn check_kind(
    config: &Config,
    types: &FieldTypes,
    kind: Kind,
    fields: &[&RequiredField],
    limit: &ReadLimit,
) -> Result<Vec<CheckResult>> {
    let mut total = 0;
    let mut empty: BTreeMap<&str, EmptyRecords> = BTreeMap::new();
    let mirror = Mirror::open_within(&config.mirror, limit)?;
    let mut scan = mirror.scan(kind)?;
    for row in scan.rows(IdRange::ALL)? {
        let row = row?;
        let Some(sent) = sent(&row, kind, config, types) else { continue };
        total += 1;
        for field in fields.iter().filter(|field| is_empty(&sent, &field.name)) {
            let records =
                empty.entry(&field.name).or_insert_with(|| EmptyRecords::from_first(kind, &row));
            records.count += 1;
        }
    }
    Ok(fields.iter().map(|field| result(field, total, empty.get(field.name.as_str()))).collect())
}

impl EmptyRecords {
    fn from_first(kind: Kind, row: &Row) -> EmptyRecords {
        let first = RecordKey::new(kind, row.id.clone());
        EmptyRecords { count: 0, first, display_name: row.display_name.clone() }
    }
}

/// What would be sent of a row; none where it is not sent at all.
fn sent(row: &Row, kind: Kind, config: &Config, types: &FieldTypes) -> Option<Fields> {
    let departure = row.booking().map(|booking| booking.departure.day);
    let from = config.export.bookings_from;
    if departure.zip(from).is_some_and(|(departure, from)| departure < from) {
        return None;
    }
    let links = row.booking().map(links).unwrap_or_default();
    let object = mapped(row, &links, Some(&StaySummary::default()), config, types)?;
    let mut fields = object.fields;
    fields.append(&mut creation_fields(kind, None, config));
    fields.insert("PHONE".into(), object.phones.into());
    fields.insert("EMAIL".into(), object.emails.into());
    Some(fields)
}

/// Which cards the deal names does not matter here, only whether it names any.
fn links(booking: &Booking) -> DealLinks {
    let has_guests = booking.guest.is_some() || !booking.staying_guests.is_empty();
    let has_company = booking.company.is_some() || booking.payer.is_some();
    DealLinks {
        contacts: if has_guests { vec![1] } else { Vec::new() },
        company: has_company.then_some(1),
        ..DealLinks::default()
    }
}

fn is_empty(fields: &Fields, name: &str) -> bool {
    // A deal's contacts are sent under one name and described under another.
    let name = if name == "CONTACT_ID" { "CONTACT_IDS" } else { name };
    match fields.get(name) {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.trim().is_empty(),
        Some(Value::Array(values)) => values.is_empty(),
        Some(Value::Bool(_) | Value::Number(_) | Value::Object(_)) => false,
    }
}

fn result(field: &RequiredField, total: u64, empty: Option<&EmptyRecords>) -> CheckResult {
    let records = display::plural_name(field.kind).into();
    let field = field.name.clone();
    let Some(EmptyRecords { count, first, display_name }) = empty else {
        return CheckResult::ok(
            "probe",
            CheckMessage::RequiredFieldFilled { field, records, total },
        );
    };
    let example = display::record_name(first, display_name).into();
    let detail = CheckMessage::RequiredFieldEmpty { field, records, count: *count, total, example };
    CheckResult::warning("probe", detail).with_remedy(CheckMessage::FillRequiredField)
}
