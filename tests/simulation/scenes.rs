//! Some steps that belong together: what random ones hardly ever come to.

use bitrix24_sandbox::{Harm, Kind as Entity, Spoiled};
use chrono::TimeDelta;
use ecvi_b24::domain::record::Kind;
use ecvi_b24::sync::options::{RunKind, RunOptions};

use crate::crm_users::CrmAction;
use crate::ecvi_changes::HotelAction;
use crate::rng::Rng;
use crate::wire::{Fault, Incident};
use crate::world::World;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Scene {
    /// Calls that make or change objects of a kind are not answered for some runs, carried out
    /// or not.
    Silence(Entity, bool),
    /// A booking is gone, and the deletion of its deal is not answered, carried out or not.
    DeletionLost(bool),
    /// An object is deleted and brought back, and no answer can show it from then on.
    SpoiledDouble(Entity),
    /// A booking that could not be read is history when it can be.
    OldAtLast,
}

impl World {
    pub(crate) fn play(&mut self, scene: Scene, rng: &mut Rng) {
        self.tell(format!("{scene:?}"));
        match scene {
            Scene::Silence(kind, executed) => self.be_silent(kind, executed),
            Scene::DeletionLost(executed) => self.lose_deletion(executed, rng),
            Scene::SpoiledDouble(kind) => self.spoil_double(kind, rng),
            Scene::OldAtLast => self.be_old_at_last(rng),
        }
    }

    fn be_silent(&mut self, kind: Entity, executed: bool) {
        self.silent = Some((kind, executed));
        for _ in 0..6 {
            self.run(&plain(), &[]);
            self.wait(TimeDelta::minutes(5));
        }
        self.silent = None;
    }

    fn lose_deletion(&mut self, executed: bool, rng: &mut Rng) {
        self.change_ecvi(HotelAction::Drop(Kind::Booking), rng);
        let fault = Fault::DeletionLost { executed };
        let lost = Incident { at: 1, lasts: 0, fault, rng: 1 };
        self.run(&plain(), std::slice::from_ref(&lost));
        self.wait(TimeDelta::minutes(12));
        self.run(&plain(), &[lost]);
    }

    fn spoil_double(&mut self, kind: Entity, rng: &mut Rng) {
        self.change_crm(CrmAction::Delete(kind), rng);
        self.change_crm(CrmAction::Restore(kind), rng);
        let Some(newest) = self.portal.records(kind).next_back().map(|card| card.id) else {
            return;
        };
        let harm = Spoiled::Everywhere(Harm::WrongEncoding);
        self.portal.settings.spoiled.insert((kind, newest), harm);
        self.run(&RunOptions { full: true, ..plain() }, &[]);
    }

    fn be_old_at_last(&mut self, rng: &mut Rng) {
        if self.config.export.bookings_from.is_none() {
            return;
        }
        self.change_ecvi(HotelAction::New(Kind::Booking), rng);
        let Some(booking) = self.hotel.bookings.last_mut() else { return };
        let status = std::mem::replace(&mut booking.status, "waitlist");
        let id = booking.id.clone();
        self.fill_mirror();
        self.run(&plain(), &[]);
        let now = self.portal_now().format("%Y-%m-%d %H:%M:%S").to_string();
        if let Some(booking) = self.hotel.bookings.iter_mut().find(|row| row.id == id) {
            booking.status = status;
            booking.arrival = "2026-12-02 14:00".into();
            booking.departure = "2026-12-03T12:00:00".into();
            booking.modified_at = Some(now);
        }
        self.fill_mirror();
        self.run(&plain(), &[]);
    }
}

fn plain() -> RunOptions {
    RunOptions::new(RunKind::Sync)
}
