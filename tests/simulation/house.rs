//! The portal that a history has: builds, rights and habits differ. And what its administrator and its vendor decide
//! while the program works.

use bitrix24_sandbox::{Accounting, Condition, ListOrder, Portal};

use crate::dice::Dice;
use crate::world::World;

/// What is decided about the whole portal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Decision {
    /// The tariff's disk space is used up: every change is refused, until it is freed.
    FillDisk,
    FreeDisk,
    /// The plan ends: everything is refused, until it is paid.
    EndPlan,
    PayPlan,
}

/// A portal as one may be.
pub(crate) fn portal(dice: &mut Dice) -> Portal {
    let mut portal = Portal::new();
    let settings = &mut portal.settings;
    settings.accounting = dice.one_of(&[Accounting::Documented, Accounting::Separate, Accounting::Bans]);
    // Whoever is no administrator is told "Access denied" where others are told that nothing is there.
    settings.user.admin = dice.chance(85);
    settings.cost = dice.one_of(&[0.05, 0.05, 2.0, 9.0]);
    settings.leaking_errors = dice.chance(30);
    settings.list_order =
        dice.weighted(&[(7, ListOrder::AsAsked), (1, ListOrder::Ascending), (1, ListOrder::Scattered)]);
    portal
}

impl World {
    pub(crate) fn decide(&mut self, decision: Decision) {
        let settings = &mut self.portal.settings;
        match decision {
            Decision::FillDisk => settings.full_disk = true,
            Decision::FreeDisk => settings.full_disk = false,
            Decision::EndPlan => settings.condition = Condition::NoSubscription,
            Decision::PayPlan => settings.condition = Condition::Working,
        }
        self.tell(format!("the portal: {decision:?}"));
    }

    /// The portal works as it should.
    pub(crate) fn open_house(&mut self) {
        self.decide(Decision::FreeDisk);
        self.decide(Decision::PayPlan);
        let settings = &mut self.portal.settings;
        settings.spoiled.clear();
        // A list that does not come as it was asked for is no answer: nothing is carried over meanwhile.
        settings.list_order = ListOrder::AsAsked;
    }
}
