//! The users of the CRM: they edit, merge, delete and restore objects, and move deals about.

use bitrix24_sandbox::{Harm, Kind, Spoiled};
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::edits::CONTACTS;
use crate::invariants::{Object, origin_of};
use crate::rng::Rng;
use crate::world::{World, kind_of};

/// What somebody does in the CRM.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum CrmAction {
    Edit(Kind),
    Delete(Kind),
    Restore(Kind),
    Merge(Kind),
    /// Into another funnel.
    Move,
    Unbind,
    /// Somebody makes a card of their own.
    Add(Kind),
    /// Broken bytes get into a card: no answer can show it, until somebody mends it.
    Spoil(Kind),
    /// All spoiled cards are mended.
    Mend,
    /// Another program puts its own mark on a card.
    Disown(Kind),
    /// A card has an e-mail from before the portal checked such values: it refuses to save it.
    Invalidate(Kind),
}

/// What a portal changes together with the stage.
const STAGE: &[&str] = &["STAGE_ID", "CLOSEDATE"];
const REACH: &[&str] = &["PHONE", "EMAIL"];
/// After so long every call that was on its way has taken effect.
const ARRIVED: TimeDelta = TimeDelta::minutes(3);

impl World {
    /// Does it, when there is an object to do it to.
    pub(crate) fn change_crm(&mut self, crm_action: CrmAction, rng: &mut Rng) {
        self.let_late_calls_act();
        match crm_action {
            CrmAction::Edit(kind) => self.edit(kind, rng),
            CrmAction::Delete(kind) => self.delete(kind, rng),
            CrmAction::Restore(kind) => self.restore(kind, rng),
            CrmAction::Merge(kind) => self.merge(kind, rng),
            CrmAction::Move => self.move_deal(rng),
            CrmAction::Unbind => self.unbind(rng),
            CrmAction::Add(kind) => self.add(kind, rng),
            CrmAction::Spoil(kind) => self.spoil(kind, rng),
            CrmAction::Disown(kind) => self.disown(kind, rng),
            CrmAction::Invalidate(kind) => self.invalidate(kind, rng),
            CrmAction::Mend => self.portal.settings.spoiled.clear(),
        }
    }

    fn some(&self, kind: Kind, rng: &mut Rng) -> Option<u64> {
        let ids: Vec<u64> = self.portal.records(kind).map(|record| record.id).collect();
        (!ids.is_empty()).then(|| rng.one_of(&ids))
    }

    fn edit(&mut self, kind: Kind, rng: &mut Rng) {
        let Some(id) = self.some(kind, rng) else { return };
        let row = self.portal.get(kind, id).and_then(|record| record.rows.first().cloned());
        let name = if kind == Kind::Contact { "LAST_NAME" } else { "TITLE" };
        let (change, fields) = match (kind, rng.roll(4), row) {
            (Kind::Deal, 0 | 1, _) => {
                let stage = rng.one_of(&["NEW", "PREPARATION", "WON", "LOSE"]);
                (json!({"STAGE_ID": stage}), STAGE)
            }
            (Kind::Deal, ..) => (
                json!({"TITLE": "Своё название", "COMMENTS": "созвониться"}),
                &["TITLE", "COMMENTS"][..],
            ),
            (_, 0, Some(row)) => {
                (json!({row.type_id: [{"ID": row.id, "VALUE": "+7 911 999-99-99"}]}), REACH)
            }
            (_, 1, Some(row)) => (json!({row.type_id: [{"ID": row.id, "DELETE": "Y"}]}), REACH),
            (_, 2, _) => {
                (json!({"PHONE": [{"VALUE": "+7 911 888-88-88", "VALUE_TYPE": "HOME"}]}), REACH)
            }
            _ => (
                json!({"COMMENTS": "постоянный", name: "Правленый"}),
                &["COMMENTS", "LAST_NAME", "TITLE"][..],
            ),
        };
        self.portal.edit(kind, id, change.clone(), self.portal_now());
        self.invariants.edited.note((kind, id), fields);
        self.tell(format!("CRM: somebody edits {kind:?} {id}: {change}"));
    }

    fn delete(&mut self, kind: Kind, rng: &mut Rng) {
        let Some(id) = self.some(kind, rng) else { return };
        self.delete_object(kind, id);
    }

    pub(crate) fn delete_object(&mut self, kind: Kind, id: u64) {
        self.lose((kind, id));
        self.portal.delete(kind, id);
        self.bin.push((kind, id));
        self.tell(format!("CRM: somebody deletes {kind:?} {id}"));
    }

    /// The records behind an object that goes may be created once more.
    fn lose(&mut self, (kind, id): Object) {
        let mut origins: Vec<String> = self.holders(kind, id);
        let named = self.hotel.crm_ids(kind_of(kind)).into_iter();
        origins.extend(
            named.filter(|(_, crm_id)| crm_id.cast_unsigned() == id).map(|(id, _)| id.to_string()),
        );
        if let Some(record) = self.portal.get(kind, id) {
            origins.extend(origin_of(kind, record).map(|(_, origin)| origin));
        }
        origins.sort();
        origins.dedup();
        for origin in origins {
            self.invariants.permit((kind, origin));
        }
        let link = match kind {
            Kind::Contact => CONTACTS,
            Kind::Company => "COMPANY_ID",
            Kind::Deal => return,
        };
        for deal in self.portal.records(Kind::Deal) {
            self.invariants.edited.note((Kind::Deal, deal.id), &[link]);
        }
    }

    fn restore(&mut self, kind: Kind, rng: &mut Rng) {
        let gone: Vec<Object> = self.bin.iter().filter(|(of, _)| *of == kind).copied().collect();
        if gone.is_empty() {
            return;
        }
        let old = rng.one_of(&gone);
        self.bin.retain(|object| *object != old);
        let Some(new) = self.portal.restore(kind, old.1) else { return };
        self.invariants.edited.note_all((kind, new));
        // A guest's own card stays one.
        if self.invariants.named.contains(&old) {
            self.invariants.named.insert((kind, new));
        }
        if let Some(origin) = self.portal.get(kind, new).and_then(|record| origin_of(kind, record))
        {
            self.invariants.restored(origin, self.portal_now());
        }
        self.tell(format!("CRM: somebody restores {kind:?} {} from the bin, as {new}", old.1));
        // The bytes may have been broken in the bin.
        if rng.chance(15) {
            self.portal
                .settings
                .spoiled
                .insert((kind, new), Spoiled::Everywhere(Harm::WrongEncoding));
            self.tell(format!("CRM: {kind:?} {new} is spoiled"));
        }
    }

    fn merge(&mut self, kind: Kind, rng: &mut Rng) {
        let (Some(keep), Some(drop)) = (self.some(kind, rng), self.some(kind, rng)) else {
            return;
        };
        self.merge_objects(kind, keep, drop);
    }

    pub(crate) fn merge_objects(&mut self, kind: Kind, keep: u64, drop: u64) {
        if keep == drop {
            return;
        }
        self.lose((kind, drop));
        self.portal.merge(kind, keep, drop, self.portal_now());
        self.invariants.named.insert((kind, keep));
        self.invariants.edited.note_all((kind, keep));
        self.bin.push((kind, drop));
        self.merged = true;
        self.tell(format!("CRM: somebody merges {kind:?} {drop} into {keep}"));
    }

    fn move_deal(&mut self, rng: &mut Rng) {
        let Some(id) = self.some(Kind::Deal, rng) else { return };
        let to = if rng.chance(60) { self.funnel } else { 0 };
        self.move_to(id, to);
    }

    pub(crate) fn move_to(&mut self, id: u64, to: i64) {
        let stage = if to == 0 { "NEW".to_owned() } else { format!("C{to}:NEW") };
        let fields = json!({"categoryId": to, "stageId": stage});
        self.unmetered(|portal, now| {
            drop(portal.call(
                "crm.item.update",
                json!({"entityTypeId": 2, "id": id, "fields": fields}),
                now,
            ));
        });
        self.invariants.edited.note((Kind::Deal, id), STAGE);
        self.tell(format!("CRM: somebody moves Deal {id} into funnel {to}"));
    }

    fn unbind(&mut self, rng: &mut Rng) {
        let Some(deal) = self.some(Kind::Deal, rng) else { return };
        let Some(contact) = self.some(Kind::Contact, rng) else { return };
        let unbound = self.portal.unbind(deal, contact) || self.portal.bind(deal, contact);
        self.invariants.edited.note((Kind::Deal, deal), &[CONTACTS]);
        self.tell(format!("CRM: somebody changes Deal {deal}: Contact {contact} ({unbound})"));
    }

    fn add(&mut self, kind: Kind, rng: &mut Rng) {
        if kind == Kind::Contact && rng.chance(50) {
            return self.add_twin();
        }
        let fields: Value = match kind {
            Kind::Contact => {
                json!({"LAST_NAME": "Чужой", "PHONE": [{"VALUE": "+7 922 000-00-00"}]})
            }
            Kind::Company => json!({"TITLE": "Чужая", "ORIGINATOR_ID": "1C", "ORIGIN_ID": "1"}),
            Kind::Deal => {
                json!({"TITLE": "Чужая сделка", "ORIGINATOR_ID": "ECVI2", "ORIGIN_ID": "2"})
            }
        };
        let Some(id) = self.portal.add_by_hand(kind, fields, self.portal_now()) else { return };
        self.tell(format!("CRM: somebody makes {kind:?} {id}"));
    }

    /// What is on its way was sent to a card of ours.
    fn disown(&mut self, kind: Kind, rng: &mut Rng) {
        self.wait(ARRIVED);
        self.let_late_calls_act();
        let Some(id) = self.some(kind, rng) else { return };
        self.lose((kind, id));
        let mark = json!({"ORIGINATOR_ID": "1C", "ORIGIN_ID": "77"});
        self.portal.edit(kind, id, mark, self.portal_now());
        self.tell(format!("CRM: another program marks {kind:?} {id} as its own"));
    }

    fn invalidate(&mut self, kind: Kind, rng: &mut Rng) {
        let Some(id) = self.some(kind, rng).filter(|_| kind != Kind::Deal) else { return };
        self.portal.add_unchecked_row(kind, id, "EMAIL", "нет адреса");
        self.invariants.edited.note((kind, id), REACH);
        self.tell(format!("CRM: {kind:?} {id} has an e-mail that the portal does not accept"));
    }

    fn spoil(&mut self, kind: Kind, rng: &mut Rng) {
        let Some(id) = self.some(kind, rng) else { return };
        let harm =
            rng.one_of(&[Harm::WrongEncoding, Harm::Empty, Harm::ServerError, Harm::Refused]);
        let spoiled = if rng.chance(70) { Spoiled::Lists(harm) } else { Spoiled::Everywhere(harm) };
        self.portal.settings.spoiled.insert((kind, id), spoiled);
        self.tell(format!("CRM: {kind:?} {id} is spoiled: {spoiled:?}"));
    }

    /// A guest of ours stood in the CRM already: they may be recognised.
    fn add_twin(&mut self) {
        let Some(guest) = self.hotel.guests.last() else { return };
        let phone = guest.phone.split(';').next().unwrap_or_default();
        let fields = json!({"LAST_NAME": guest.last_name.1, "PHONE": [{"VALUE": phone}]});
        let told = format!("CRM: somebody makes a card of guest {}", guest.id);
        let Some(id) = self.portal.add_by_hand(Kind::Contact, fields, self.portal_now()) else {
            return;
        };
        self.invariants.named.insert((Kind::Contact, id));
        self.tell(told);
    }
}
