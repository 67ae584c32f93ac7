//! What is said to the portal for one step: one command, or two where the portal would overwrite
//! the closing date.

use serde_json::{Map, json};

use super::{Push, WorkItem, carries_mark};
use crate::config::PartyConfig;
use crate::crm::deal_parties::DealParties;
use crate::crm::objects::{Object, existing};
use crate::domain::failure_code::FailureCode;
use crate::domain::issue_detail::IssueDetail;
use crate::domain::messages::Message;
use crate::domain::owned_values::OwnedValues;
use crate::domain::record::Kind;
use crate::domain::run_error::{Result, RunError};
use crate::domain::warning::Warning;
use crate::mapping::deal::{DealLinks, closedate, funnel_of, is_closed};
use crate::mapping::multifield::{Beside, Values};
use crate::mapping::{CrmFields, Fields, creation_fields, mapped, origin};
use crate::mirror::{Booking, Row};
use crate::portal::batch::Command;
use crate::portal::dialect::Dialect;
use crate::state::{Operation, PendingWork};
use crate::sync::plan::Step;

/// A step as commands, and what will be true once they are answered.
pub(super) struct PreparedStep {
    pub(super) item: WorkItem,
    pub(super) operation: Operation,
    /// Perhaps a move to another funnel, the command that counts, perhaps the closing date; empty
    /// once it is sent.
    pub(super) commands: Vec<Command>,
    /// Phones and e-mails that are ours then.
    pub(super) owned_values: OwnedValues,
    /// What is still to be done then.
    pub(super) pending: PendingWork,
    /// Fingerprint of the deal's people.
    pub(super) links_hash: u64,
    /// Whose mark the object keeps, where that is another record's.
    pub(super) shared_with: Option<String>,
}

/// What a command of a call is called before its place in the batch: a move to another funnel, what
/// counts, and the closing date.
pub(super) const MOVING: char = 'm';
pub(super) const MAIN: char = 'r';
pub(super) const CLOSING: char = 'c';

impl Push<'_, '_> {
    /// Makes up the call of a step. `at` is its place in the batch.
    pub(super) fn prepare_call(&mut self, at: usize, mut item: WorkItem) -> Result<PreparedStep> {
        let row = item.planned.row.take();
        let mut call = match (item.planned.step, &row) {
            (Step::Delete, _) => prepare_deletion(at, item),
            (step, None) => Err(broken_plan(&format!("{step} without a row"))),
            (Step::SendCloseDate, Some(row)) => prepare_closing_date(at, item, row),
            (_, Some(row)) => match item.crm_id() {
                None => self.prepare_creation(at, item, row),
                Some(crm_id) => self.prepare_update(at, item, row, crm_id),
            },
        }?;
        call.item.planned.row = row;
        Ok(call)
    }

    fn prepare_creation(&self, at: usize, mut item: WorkItem, row: &Row) -> Result<PreparedStep> {
        let kind = item.kind();
        let mut mapped = self.map_fields(&item, row)?;
        item.warnings.append(&mut mapped.warnings);
        let (mut fields, owned_values) =
            self.contact_points(kind, &mapped, &OwnedValues::default(), &Object::default());
        fields.append(&mut mapped.fields);
        fields.append(&mut origin(&self.config.portal.originator, item.id()));
        fields.append(&mut creation_fields(kind, funnel_of(row, &self.config.deal), self.config));
        let command = self.creation_command(at, kind, fields);
        // The portal puts today's date over the departure; the id for correcting that is known only
        // afterwards.
        let is_date_kept = self.is_import() && self.are_dates_kept == Some(true);
        let pending = PendingWork {
            close: self.closed_booking(row).is_some() && !is_date_kept,
            recheck: has_missing_parties(&item),
            ..PendingWork::default()
        };
        let links_hash = links_hash(&item);
        Ok(PreparedStep {
            item,
            operation: Operation::Create,
            commands: vec![command],
            owned_values,
            pending,
            links_hash,
            shared_with: None,
        })
    }

    /// An export of the portal's import methods starts no automation rule.
    fn creation_command(&self, at: usize, kind: Kind, fields: Fields) -> Command {
        let name = format!("{MAIN}{at}");
        // The fields are moved into their place: `json!` would copy them.
        if self.is_import() && kind == Kind::Booking {
            let mut params =
                json!({"entityTypeId": kind.entity_type_id(), "useOriginalUfNames": "Y"});
            params["fields"] = Dialect::Universal.new_object(fields).into();
            return Command::new(name, "crm.item.import", params);
        }
        let mut params =
            if self.is_import() { json!({"params": {"IMPORT": "Y"}}) } else { json!({}) };
        params["fields"] = Dialect::Legacy.new_object(fields).into();
        Command::new(name, kind.method("add"), params)
    }

    fn prepare_update(
        &mut self,
        at: usize,
        mut item: WorkItem,
        row: &Row,
        crm_id: i64,
    ) -> Result<PreparedStep> {
        let kind = item.kind();
        let mut mapped = self.map_fields(&item, row)?;
        item.warnings.append(&mut mapped.warnings);
        let object = item.object.clone().unwrap_or_default();
        let ours = self.owned_values(&item, &object, &mapped);
        let (mut fields, owned_values) = self.contact_points(kind, &mapped, &ours, &object);
        fields.append(&mut mapped.fields);
        let keeps_origin = self.keeps_origin(&item, &object)?;
        if !keeps_origin {
            fields.append(&mut origin(&self.config.portal.originator, item.id()));
        }
        let mut commands = Vec::new();
        let funnel = funnel_of(row, &self.config.deal);
        if let Some(funnel) = funnel.filter(|funnel| *funnel != object.category) {
            if self.config.deal.funnels().contains(&object.category) {
                commands.push(move_command(at, crm_id, funnel, &fields));
            } else {
                let message = object.category.to_string();
                item.warnings.push(Warning { code: FailureCode::OtherFunnel, message });
            }
        }
        commands.push(update_command(format!("{MAIN}{at}"), kind, crm_id, fields));
        if let Some(booking) = self.closed_booking(row) {
            // In the same batch, so that the departure stands there a moment after the stage.
            commands.push(update_command(
                format!("{CLOSING}{at}"),
                kind,
                crm_id,
                closing_date(booking),
            ));
        }
        let pending = PendingWork { recheck: has_missing_parties(&item), ..PendingWork::default() };
        let links_hash = links_hash(&item);
        let is_own = object.origin == item.id().to_string();
        let shared_with = Some(object.origin).filter(|_| keeps_origin && !is_own);
        Ok(PreparedStep {
            item,
            operation: Operation::Update,
            commands,
            owned_values,
            pending,
            links_hash,
            shared_with,
        })
    }

    fn map_fields(&self, item: &WorkItem, row: &Row) -> Result<CrmFields> {
        let nobody = DealLinks::default();
        let links = item.parties.as_ref().map_or(&nobody, |people| &people.links);
        let stays = self.queue.stay_summary(self.state, &item.planned.key)?;
        let mapped = mapped(row, links, stays.as_ref(), self.config, self.types);
        let mut mapped = mapped.ok_or_else(|| broken_plan("a row that cannot be read"))?;
        for stranger in item.parties.iter().flat_map(|people| &people.strangers) {
            mapped.warn(FailureCode::UnknownReference, &stranger.to_string());
        }
        if let Some(people) = item.parties.as_ref().filter(|people| !people.missing.is_empty()) {
            let message = IssueDetail::Parties(people.missing.clone()).to_string();
            mapped.warnings.push(Warning { code: FailureCode::WithoutCompanion, message });
        }
        Ok(mapped)
    }

    fn closed_booking<'r>(&self, row: &'r Row) -> Option<&'r Booking> {
        row.booking().filter(|booking| is_closed(booking, &self.config.deal))
    }

    /// `PHONE` and `EMAIL`, and which of their values are ours then.
    fn contact_points(
        &self,
        kind: Kind,
        mapped: &CrmFields,
        written: &OwnedValues,
        object: &Object,
    ) -> (Fields, OwnedValues) {
        let Some(PartyConfig { phone_type, .. }) = self.config.party(kind) else {
            return (Fields::new(), OwnedValues::default());
        };
        let phones = Beside {
            values: Values::Phones,
            wanted: &mapped.phones,
            written: &written.phones,
            existing: &object.phones,
            value_type: phone_type,
        };
        let emails = Beside {
            values: Values::Emails,
            wanted: &mapped.emails,
            written: &written.emails,
            existing: &object.emails,
            value_type: "WORK",
        };
        let phones = phones.diff_rows();
        let emails = emails.diff_rows();
        let fields = [("PHONE", phones.elements), ("EMAIL", emails.elements)];
        let fields = fields.into_iter().filter(|(_, rows)| !rows.is_empty());
        let fields = fields.map(|(name, rows)| (name.to_owned(), rows.into())).collect();
        (fields, OwnedValues { phones: phones.ours, emails: emails.ours })
    }

    /// Which phones and e-mails of an object are ours. On an object with the record's own mark that
    /// this state has never written to, after a takeover or a lost state, what means the same as
    /// Ecvi has now was written by us.
    fn owned_values(&self, item: &WorkItem, object: &Object, mapped: &CrmFields) -> OwnedValues {
        let written = &item.record.owned_values;
        let is_marked = carries_mark(&self.config.portal.originator, item.id(), object);
        if item.record.carries_origin || !is_marked {
            return written.clone();
        }
        written.union(&OwnedValues { phones: mapped.phones.clone(), emails: mapped.emails.clone() })
    }

    /// An object that carries several records keeps its first owner's origin.
    fn keeps_origin(&mut self, item: &WorkItem, object: &Object) -> Result<bool> {
        if object.originator != self.config.portal.originator {
            return Ok(false);
        }
        if object.origin == item.id().to_string() {
            return Ok(true);
        }
        let holders = self.ecvi().other_holders(item.key(), object.crm_id)?;
        if holders.iter().any(|holder| holder.id.to_string() == object.origin) {
            return Ok(true);
        }
        // Its owner may have no object just now, after reset-id, a lost or an older state, and
        // finds this one by the mark alone.
        let Some(owner) = self.ecvi().find_owner(item.kind(), &object.origin)? else {
            return Ok(false);
        };
        let record = self.state.record(&owner)?.unwrap_or_default();
        let Some(crm_id) = record.plan_record.crm_id else { return Ok(true) };
        Ok(!record.is_alive(self.run, self.client.clock().now())
            && existing(self.client, item.kind(), &[crm_id])?.is_empty())
    }
}

fn prepare_deletion(at: usize, item: WorkItem) -> Result<PreparedStep> {
    let id = item.crm_id().ok_or_else(|| broken_plan("a deletion without an object"))?;
    let method = item.kind().method("delete");
    let commands = vec![Command::new(format!("{MAIN}{at}"), method, json!({"id": id}))];
    Ok(PreparedStep {
        item,
        operation: Operation::Delete,
        commands,
        owned_values: OwnedValues::default(),
        pending: PendingWork::default(),
        links_hash: 0,
        shared_with: None,
    })
}

fn prepare_closing_date(at: usize, item: WorkItem, row: &Row) -> Result<PreparedStep> {
    let id = item.crm_id().ok_or_else(|| broken_plan("a closing date without a deal"))?;
    let booking = row.booking().ok_or_else(|| broken_plan("a closing date without a booking"))?;
    let commands =
        vec![update_command(format!("{MAIN}{at}"), item.kind(), id, closing_date(booking))];
    let owned_values = item.record.owned_values.clone();
    let links_hash = item.record.links_hash;
    let pending = PendingWork { close: false, ..item.record.plan_record.pending };
    Ok(PreparedStep {
        item,
        operation: Operation::Update,
        commands,
        owned_values,
        pending,
        links_hash,
        shared_with: None,
    })
}

/// A step that no plan has. It would be sent wrongly, so the run ends.
fn broken_plan(step: &str) -> RunError {
    RunError::State(Message::Foreign(format!("the plan has {step}")))
}

fn closing_date(booking: &Booking) -> Fields {
    Map::from_iter([("CLOSEDATE".to_owned(), closedate(booking))])
}

fn update_command(name: String, kind: Kind, id: i64, fields: Fields) -> Command {
    let fields = Dialect::Legacy.changes(fields);
    let params =
        Map::from_iter([("id".to_owned(), id.into()), ("fields".to_owned(), fields.into())]);
    Command::new(name, kind.method("update"), params.into())
}

/// The legacy method drops a funnel in silence, so the universal one moves the deal.
fn move_command(at: usize, id: i64, funnel: u64, fields: &Fields) -> Command {
    let stage = fields.get("STAGE_ID").cloned().unwrap_or_default();
    let fields = [("CATEGORY_ID".to_owned(), funnel.into()), ("STAGE_ID".to_owned(), stage)];
    let fields = Dialect::Universal.changes(Map::from_iter(fields));
    let params =
        json!({"entityTypeId": Kind::Booking.entity_type_id(), "id": id, "fields": fields});
    Command::new(format!("{MOVING}{at}"), "crm.item.update", params)
}

fn has_missing_parties(item: &WorkItem) -> bool {
    item.parties.as_ref().is_some_and(|people| !people.missing.is_empty())
}

fn links_hash(item: &WorkItem) -> u64 {
    item.parties.as_ref().map_or(0, DealParties::fingerprint)
}
