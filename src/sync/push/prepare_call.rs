//! What is said to the portal for one step: one command, or two where the portal would overwrite the closing date.

use anyhow::{Context, Result, bail};
use serde_json::{Map, json};

use super::{Push, Target, Way};
use crate::config::{Method, PersonConfig};
use crate::crm::objects::{Object, existing};
use crate::domain::failure_code::Code;
use crate::domain::owned_values::Written;
use crate::domain::record::Kind;
use crate::domain::warning::Warning;
use crate::mapping::deal::{Links, closedate, is_closed};
use crate::mapping::multifield::{Beside, Values};
use crate::mapping::{Fields, Mapped, creation_fields, mapped, origin};
use crate::mirror::{Body, Booking, Row};
use crate::portal::batch::Command;
use crate::portal::dialect::Dialect;
use crate::state::{Operation, Todo};
use crate::sync::plan::Step;

/// A step as commands, and what will be true once they are answered.
pub(super) struct Call {
    pub(super) target: Target,
    pub(super) operation: Operation,
    /// Perhaps a move to another funnel, the command that counts, perhaps the closing date; empty once it is sent.
    pub(super) commands: Vec<Command>,
    /// Phones and e-mails that are ours then.
    pub(super) written: Written,
    /// What is still to be done then.
    pub(super) todo: Todo,
    /// Fingerprint of the deal's people.
    pub(super) links: u64,
    /// Whose mark the object keeps, where that is another record's.
    pub(super) shared_with: Option<String>,
}

/// What a command of a call is called before its place in the batch: a move to another funnel, what counts, and the
/// closing date.
pub(super) const MOVING: char = 'm';
pub(super) const MAIN: char = 'r';
pub(super) const CLOSING: char = 'c';

impl Push<'_, '_> {
    /// Makes up the call of a step. `at` is its place in the batch.
    pub(super) fn call(&mut self, at: usize, mut target: Target) -> Result<Call> {
        let row = target.planned.row.take();
        let mut call = match (target.planned.step, &row) {
            (Step::Delete, _) => deletion(at, target),
            (step, None) => bail!("{step} without a row"),
            (Step::Close, Some(row)) => closing(at, target, row),
            (_, Some(row)) => match target.crm_id() {
                None => self.creation(at, target, row),
                Some(crm_id) => self.update(at, target, row, crm_id),
            },
        }?;
        call.target.planned.row = row;
        Ok(call)
    }

    fn creation(&self, at: usize, mut target: Target, row: &Row) -> Result<Call> {
        let kind = target.kind();
        let mut mapped = self.mapped(&target, row)?;
        target.warnings.append(&mut mapped.warnings);
        let (mut fields, written) = self.reach(kind, &mapped, &Written::default(), &Object::default());
        fields.append(&mut mapped.fields);
        fields.append(&mut origin(&self.config.portal.originator, target.id()));
        fields.append(&mut creation_fields(kind, self.funnel(row), self.config));
        let (method, fields, mut params) = match (self.way, kind) {
            (Way::Export { method: Method::Import, .. }, Kind::Booking) => (
                "crm.item.import".to_owned(),
                Dialect::Universal.new_object(fields),
                json!({"entityTypeId": kind.entity_type_id(), "useOriginalUfNames": "Y"}),
            ),
            (Way::Export { method: Method::Import, .. }, Kind::Guest | Kind::Company) => {
                let fields = Dialect::Legacy.new_object(fields);
                (format!("crm.{}.add", kind.entity()), fields, json!({"params": {"IMPORT": "Y"}}))
            }
            (Way::Sync | Way::Export { method: Method::Add, .. }, _) => {
                (format!("crm.{}.add", kind.entity()), Dialect::Legacy.new_object(fields), json!({}))
            }
        };
        // Moved: `json!` would copy it.
        params["fields"] = fields.into();
        // The portal puts today's date over the departure; the id for correcting that is known only afterwards.
        let todo = Todo { close: self.closed(row), recheck: misses(&target), resend: false };
        let commands = vec![Command::new(format!("{MAIN}{at}"), method, params)];
        let links = links(&target);
        Ok(Call { target, operation: Operation::Create, commands, written, todo, links, shared_with: None })
    }

    fn update(&mut self, at: usize, mut target: Target, row: &Row, crm_id: i64) -> Result<Call> {
        let kind = target.kind();
        let mut mapped = self.mapped(&target, row)?;
        target.warnings.append(&mut mapped.warnings);
        let object = target.object.clone().unwrap_or_default();
        let ours = self.written(&target, &object, &mapped);
        let (mut fields, written) = self.reach(kind, &mapped, &ours, &object);
        fields.append(&mut mapped.fields);
        let keeps_origin = self.keeps_origin(&target, &object)?;
        if !keeps_origin {
            fields.append(&mut origin(&self.config.portal.originator, target.id()));
        }
        let mut commands = Vec::new();
        if let Some(funnel) = self.funnel(row).filter(|funnel| *funnel != object.category) {
            if self.config.deal.funnels().contains(&object.category) {
                commands.push(moving(at, crm_id, funnel, &fields));
            } else {
                let message = object.category.to_string();
                target.warnings.push(Warning { code: Code::OtherFunnel, message });
            }
        }
        commands.push(update(format!("{MAIN}{at}"), kind, crm_id, fields));
        if let (true, Ok(Body::Booking(booking))) = (self.closed(row), &row.body) {
            // In the same batch, so that the departure stands there a moment after the stage.
            commands.push(update(format!("{CLOSING}{at}"), kind, crm_id, closing_date(booking)));
        }
        let todo = Todo { recheck: misses(&target), ..Todo::default() };
        let links = links(&target);
        let is_own = object.origin == target.id().to_string();
        let shared_with = Some(object.origin).filter(|_| keeps_origin && !is_own);
        Ok(Call { target, operation: Operation::Update, commands, written, todo, links, shared_with })
    }

    fn mapped(&self, target: &Target, row: &Row) -> Result<Mapped> {
        let nobody = Links::default();
        let links = target.people.as_ref().map_or(&nobody, |people| &people.links);
        let mapped = mapped(row, links, self.config, self.types);
        let mut mapped = mapped.context("a row that cannot be read is never sent")?;
        for (kind, id) in target.people.iter().flat_map(|people| &people.strangers) {
            mapped.warn(Code::UnknownReference, &format!("{kind} {id}"));
        }
        if let Some(people) = target.people.as_ref().filter(|people| !people.missing.is_empty()) {
            let missing: Vec<String> =
                people.missing.iter().map(|(kind, id)| format!("{kind} {id}")).collect();
            mapped.warnings.push(Warning { code: Code::WithoutCompanion, message: missing.join(", ") });
        }
        Ok(mapped)
    }

    /// The funnel that a booking belongs into.
    fn funnel(&self, row: &Row) -> Option<u64> {
        match &row.body {
            Ok(Body::Booking(booking)) => Some(self.config.deal.funnel(booking.status)),
            Ok(Body::Guest(_) | Body::Company(_)) | Err(_) => None,
        }
    }

    fn closed(&self, row: &Row) -> bool {
        matches!(&row.body, Ok(Body::Booking(booking)) if is_closed(booking, &self.config.deal))
    }

    /// `PHONE` and `EMAIL`, and which of their values are ours then.
    fn reach(&self, kind: Kind, mapped: &Mapped, written: &Written, object: &Object) -> (Fields, Written) {
        let Some(PersonConfig { phone_type, .. }) = self.config.person(kind) else {
            return (Fields::new(), Written::default());
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
        let (phones, emails) = (phones.change(), emails.change());
        let fields = [("PHONE", phones.elements), ("EMAIL", emails.elements)];
        let fields = fields.into_iter().filter(|(_, rows)| !rows.is_empty());
        let fields = fields.map(|(name, rows)| (name.to_owned(), rows.into())).collect();
        (fields, Written { phones: phones.ours, emails: emails.ours })
    }

    /// Which phones and e-mails of an object are ours. On an object with the record's own mark that this state has
    /// never written to, after a takeover or a lost state, what means the same as Ecvi has now was written by us.
    fn written(&self, target: &Target, object: &Object, mapped: &Mapped) -> Written {
        let written = &target.record.written;
        let is_marked =
            object.originator == self.config.portal.originator && object.origin == target.id().to_string();
        if target.record.marked || !is_marked {
            return written.clone();
        }
        written.or(&Written { phones: mapped.phones.clone(), emails: mapped.emails.clone() })
    }

    /// An object that carries several records keeps its first owner's origin.
    fn keeps_origin(&mut self, target: &Target, object: &Object) -> Result<bool> {
        if object.originator != self.config.portal.originator || object.origin.is_empty() {
            return Ok(false);
        }
        if object.origin == target.id().to_string() {
            return Ok(true);
        }
        let holders = self.holders_in_ecvi(target.kind(), object.crm_id)?;
        if holders.iter().any(|id| id.to_string() == object.origin) {
            return Ok(true);
        }
        // Its owner may have no object just now, after reset-id, a lost or an older state, and finds this one by the mark
        // alone.
        let Some(owner) = self.owner(target.kind(), &object.origin)? else { return Ok(false) };
        let record = self.state.record(target.kind(), &owner)?.unwrap_or_default();
        let Some(crm_id) = record.known.crm_id else { return Ok(true) };
        Ok(!record.is_alive(self.run, self.gate.clock().now())
            && existing(self.gate, target.kind(), &[crm_id])?.is_empty())
    }
}

fn deletion(at: usize, target: Target) -> Result<Call> {
    let id = target.crm_id().context("a deletion without an object")?;
    let method = format!("crm.{}.delete", target.kind().entity());
    let commands = vec![Command::new(format!("{MAIN}{at}"), method, json!({"id": id}))];
    let (written, todo) = (Written::default(), Todo::default());
    Ok(Call { target, operation: Operation::Delete, commands, written, todo, links: 0, shared_with: None })
}

fn closing(at: usize, target: Target, row: &Row) -> Result<Call> {
    let id = target.crm_id().context("a closing date without a deal")?;
    let Ok(Body::Booking(booking)) = &row.body else { anyhow::bail!("a closing date without a booking") };
    let commands = vec![update(format!("{MAIN}{at}"), target.kind(), id, closing_date(booking))];
    let (written, links) = (target.record.written.clone(), target.record.links);
    let todo = Todo { close: false, ..target.record.known.todo };
    Ok(Call { target, operation: Operation::Update, commands, written, todo, links, shared_with: None })
}

fn closing_date(booking: &Booking) -> Fields {
    Map::from_iter([("CLOSEDATE".to_owned(), closedate(booking))])
}

fn update(name: String, kind: Kind, id: i64, fields: Fields) -> Command {
    let fields = Dialect::Legacy.changes(fields);
    let params = Map::from_iter([("id".to_owned(), id.into()), ("fields".to_owned(), fields.into())]);
    Command::new(name, format!("crm.{}.update", kind.entity()), params.into())
}

/// The legacy method drops a funnel in silence, so the universal one moves the deal.
fn moving(at: usize, id: i64, funnel: u64, fields: &Fields) -> Command {
    let stage = fields.get("STAGE_ID").cloned().unwrap_or_default();
    let fields = [("CATEGORY_ID".to_owned(), funnel.into()), ("STAGE_ID".to_owned(), stage)];
    let fields = Dialect::Universal.changes(Map::from_iter(fields));
    let params = json!({"entityTypeId": Kind::Booking.entity_type_id(), "id": id, "fields": fields});
    Command::new(format!("{MOVING}{at}"), "crm.item.update", params)
}

fn misses(target: &Target) -> bool {
    target.people.as_ref().is_some_and(|people| !people.missing.is_empty())
}

fn links(target: &Target) -> u64 {
    target.people.as_ref().map_or(0, crate::sync::push::parties::People::fingerprint)
}
