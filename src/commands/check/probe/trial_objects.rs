//! The trial cards: made by the program's own mapping, found again by an originator of their own,
//! and deleted.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use serde_json::{Map, Value, json};

use crate::config::Config;
use crate::crm::diff::values_equal;
use crate::domain::record::{BookingStatus, Kind, RecordId};
use crate::mapping::company::company;
use crate::mapping::contact::contact;
use crate::mapping::custom_fields::FieldTypes;
use crate::mapping::deal::{DealLinks, deal};
use crate::mapping::{Fields, origin};
use crate::mirror::{Booking, Company, Guest};
use crate::portal::batch::{Command, Reply};
use crate::portal::client::Client;
use crate::portal::{ApiError, CallError, object_id};

/// The name of every trial card, so that people know it.
pub(super) const TITLE: &str = "Проба ecvi-b24";
/// A phone number that nobody has.
pub(super) const PHONE: &str = "+70000000000";
/// `ORIGIN_ID` of all of them.
const ORIGIN: &str = "probe";
/// Texts that a portal is known to spoil.
const COMMENT: &str = "[VIP] <a@b.example> R&D (c) $result[0] «+7» #1 100%\nвторая строка 😀";

/// The cards under trial.
pub(super) struct TrialObjects<'b, 'g> {
    client: &'b mut Client<'g>,
    config: Config,
    originator: String,
    pub(super) contact: i64,
    pub(super) company: i64,
    pub(super) deal: i64,
    /// Whether an imported deal kept its closing date, where that was seen.
    pub(super) are_dates_kept: Option<bool>,
}

impl<'b, 'g> TrialObjects<'b, 'g> {
    pub(super) fn new(client: &'b mut Client<'g>, config: &Config) -> TrialObjects<'b, 'g> {
        let originator = format!("PROBE {}", config.portal.originator);
        let mut config = config.clone();
        // The hotel's own columns have no part in a trial.
        config.contact.fields.clear();
        config.company.fields.clear();
        config.deal.fields.clear();
        TrialObjects {
            client,
            config,
            originator,
            contact: 0,
            company: 0,
            deal: 0,
            are_dates_kept: None,
        }
    }

    /// One command, sent as a run sends it: in a batch, and never twice.
    pub(super) fn ask(&mut self, method: &str, params: Value) -> Result<Value, CallError> {
        let command = Command::new("c", method, params);
        let mut replies = self.client.batch("probe", &[command], &mut |_| Ok(()))?;
        match replies.remove("c") {
            Some(Reply::Ok(value)) => Ok(value),
            Some(Reply::Err(refusal)) => Err(CallError::Refused(refusal)),
            Some(Reply::Missing) | None => {
                Err(CallError::unknown_outcome(format!("no answer to {method}")))
            }
        }
    }

    /// The trial cards of a kind.
    pub(super) fn find(&mut self, kind: Kind, origin: Option<&str>) -> Result<Vec<i64>, CallError> {
        let mut filter = json!({"ORIGINATOR_ID": self.originator});
        if let Some(origin) = origin {
            filter["@ORIGIN_ID"] = json!([origin]);
        }
        let select = ["ID", "ORIGINATOR_ID"];
        let params =
            json!({"filter": filter, "select": select, "order": {"ID": "ASC"}, "start": -1});
        let rows = self.ask(&kind.method("list"), params)?;
        // A portal that ignores a filter lists everything: only what carries our originator counts.
        let mut ids = Vec::new();
        for row in rows.as_array().into_iter().flatten() {
            if row["ORIGINATOR_ID"] == self.originator.as_str() {
                ids.extend(object_id(&row["ID"]));
            }
        }
        Ok(ids)
    }

    /// Those that carry the originator and the origin of this probe.
    pub(super) fn find_made(&mut self, kind: Kind) -> Result<Vec<i64>, CallError> {
        self.find(kind, Some(ORIGIN))
    }

    /// One card with all its fields.
    pub(super) fn get(&mut self, kind: Kind, id: i64) -> Result<Value, CallError> {
        self.ask(&kind.method("get"), json!({"id": id}))
    }

    /// Changes fields of a card.
    pub(super) fn update(
        &mut self,
        kind: Kind,
        id: i64,
        fields: &Value,
    ) -> Result<Value, CallError> {
        self.ask(&kind.method("update"), json!({"id": id, "fields": fields}))
    }

    /// Makes a contact, a company and a closed deal of both.
    pub(super) fn make(&mut self) -> Result<(), CallError> {
        let mut fields = self.contact_fields();
        fields.insert("PHONE".into(), json!([{"VALUE": PHONE, "VALUE_TYPE": "WORK"}]));
        self.contact = self.add(Kind::Guest, fields)?;
        self.company = self.add(Kind::Company, self.company_fields())?;
        self.deal = self.add(Kind::Booking, self.deal_fields())?;
        Ok(())
    }

    fn deal_fields(&self) -> Fields {
        let links = DealLinks {
            last_name: TITLE.into(),
            contacts: vec![self.contact],
            company: Some(self.company),
        };
        let mut fields =
            deal(&booking(), &links, &Map::new(), &self.config.deal, &FieldTypes::default()).fields;
        fields.insert("CATEGORY_ID".into(), self.config.deal.funnel(booking().status).into());
        fields
    }

    /// The fields of a trial card, as they are sent.
    pub(super) fn trial_fields(&self, kind: Kind) -> Fields {
        match kind {
            Kind::Guest => {
                let mut fields = self.contact_fields();
                fields.insert("PHONE".into(), PHONE.into());
                fields
            }
            Kind::Company => self.company_fields(),
            Kind::Booking => self.deal_fields(),
        }
    }

    /// What the portal says about the fields of a kind.
    pub(super) fn field_descriptions(&mut self, kind: Kind) -> Result<Value, CallError> {
        self.ask(&kind.method("fields"), json!({}))
    }

    /// The contact's fields, as they are sent.
    pub(super) fn contact_fields(&self) -> Fields {
        contact(
            &RecordId::Number(1),
            &guest(),
            &Map::new(),
            &self.config.contact,
            &FieldTypes::default(),
        )
        .fields
    }

    fn company_fields(&self) -> Fields {
        company(
            &RecordId::Number(1),
            &Company { name: TITLE.into(), ..Company::default() },
            &Map::new(),
            &self.config.company,
            &FieldTypes::default(),
        )
        .fields
    }

    /// Adds the origin of a trial card.
    fn with_origin(&self, mut fields: Fields) -> Fields {
        fields.append(&mut origin(&self.originator, &RecordId::Text(ORIGIN.into())));
        fields
    }

    fn add(&mut self, kind: Kind, fields: Fields) -> Result<i64, CallError> {
        let params = json!({"fields": self.with_origin(fields)});
        let added = self.ask(&kind.method("add"), params)?;
        object_id(&added).ok_or_else(|| {
            CallError::unknown_outcome(format!("no id of the new {}", kind.crm_entity()))
        })
    }

    /// Imports a contact and a closed deal beside the others. False where the right is missing.
    pub(super) fn import(&mut self) -> Result<bool, CallError> {
        let params =
            json!({"fields": self.with_origin(self.contact_fields()), "params": {"IMPORT": "Y"}});
        let status = booking().status;
        let (stage, _) = self.config.deal.stage(status);
        let funnel = self.config.deal.funnel(status);
        let fields = json!({"title": TITLE, "originatorId": self.originator, "originId": ORIGIN,
            "stageId": stage, "categoryId": funnel, "closedate": departure()});
        let contact = allowed(self.ask("crm.contact.add", params))?;
        let params = json!({"entityTypeId": Kind::Booking.entity_type_id(), "fields": fields});
        let deal = allowed(self.ask("crm.item.import", params))?;
        if let Some(id) = deal.as_ref().and_then(|deal| object_id(deal.pointer("/item/id")?)) {
            let stored = self.get(Kind::Booking, id)?;
            let is_kept = values_equal("CLOSEDATE", None, &departure(), &stored["CLOSEDATE"]);
            self.are_dates_kept = Some(is_kept);
        }
        Ok(contact.is_some() && deal.is_some())
    }

    /// Deletes everything that carries the originator, and tells how many cards are left.
    pub(super) fn clear(&mut self) -> Result<usize, CallError> {
        let mut left = 0;
        for kind in [Kind::Booking, Kind::Guest, Kind::Company] {
            for id in self.find(kind, None)? {
                let deleted = self.ask(&kind.method("delete"), json!({"id": id}));
                // Too slow an answer says nothing; what is left is counted afterwards.
                if let Err(error) = deleted {
                    log::info!("probe: {} {id}: {error}", kind.crm_entity());
                }
            }
            left += self.find(kind, None)?.len();
        }
        Ok(left)
    }
}

/// What was done; none where the right or the method is missing: that is no failure but an answer.
fn allowed(answer: Result<Value, CallError>) -> Result<Option<Value>, CallError> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(CallError::Refused(refusal)) if lacks_right(&refusal) => Ok(None),
        Err(error) => Err(error),
    }
}

fn lacks_right(refusal: &ApiError) -> bool {
    refusal.is_access_denied() || refusal.code.eq_ignore_ascii_case("error_method_not_found")
}

fn guest() -> Guest {
    Guest {
        last_name: TITLE.into(),
        birth_date: NaiveDate::from_ymd_opt(1980, 1, 1),
        country: "Россия".into(),
        region: "Омская область".into(),
        city: "Омск".into(),
        sex: "M".into(),
        comment: COMMENT.into(),
        vip: true,
        ..Guest::default()
    }
}

/// A stay of long ago that is over.
fn booking() -> Booking {
    Booking {
        number: TITLE.into(),
        status: BookingStatus::CheckedOut,
        arrival: may_2020(20).into(),
        departure: may_2020(29).into(),
        amount: "1.00".into(),
        comment: String::new(),
        guest: None,
        company: None,
        payer: None,
        staying_guests: Vec::new(),
    }
}

fn may_2020(day: u32) -> NaiveDateTime {
    NaiveDate::from_ymd_opt(2020, 5, day).unwrap_or_default().and_time(NaiveTime::MIN)
}

/// The day on which the trial deal ends.
pub(super) fn departure() -> Value {
    crate::mapping::deal::closedate(&booking())
}
