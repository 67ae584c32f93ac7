//! The portal that a history has: builds, rights and habits differ. And what its administrator and
//! its vendor decide while the program works.

use std::collections::HashSet;

use bitrix24_sandbox::{Accounting, Condition, Kind as Entity, ListOrder, Portal, Row, robots};
use ecvi_b24::state::{Issue, Severity, State};

use crate::invariants::{Object, origin_of};
use crate::rng::Rng;
use crate::world::World;

/// What a portal says whose plan has ended.
const NO_SUBSCRIPTION: &str = "available only by subscription";

/// What is decided about the whole portal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Decision {
    /// The tariff's disk space is used up: every change is refused, until it is freed.
    FillDisk,
    FreeDisk,
    /// The plan ends: everything is refused, until it is paid.
    EndPlan,
    PayPlan,
    /// A field has to be filled from now on.
    Require(Entity),
    /// None has to.
    RequireNothing,
    /// The webhook's user may see no object of a kind that stands there now.
    Hide(Entity),
    /// The webhook's user may not change objects of a kind.
    Forbid(Entity),
    /// The webhook's user may see and change everything.
    ShowAll,
}

/// A portal as one may be.
pub(crate) fn portal(rng: &mut Rng) -> Portal {
    let mut portal = Portal::new();
    let settings = &mut portal.settings;
    settings.accounting =
        rng.one_of(&[Accounting::Documented, Accounting::Separate, Accounting::Bans]);
    // Whoever is no administrator is told "Access denied" where others are told that nothing is
    // there.
    settings.user.admin = rng.chance(85);
    settings.cost = rng.one_of(&[0.05, 0.05, 2.0, 9.0]);
    settings.leaking_errors = rng.chance(30);
    settings.list_order = rng.weighted(&[
        (7, ListOrder::AsAsked),
        (1, ListOrder::Ascending),
        (1, ListOrder::Scattered),
    ]);
    settings.robot = rng.weighted(&[(7, None), (3, Some(robots::reformat as fn(&mut Vec<Row>)))]);
    portal
}

impl World {
    pub(crate) fn decide(&mut self, decision: Decision) {
        self.relieved |= matches!(decision, Decision::FreeDisk | Decision::PayPlan);
        self.struck |= matches!(decision, Decision::FillDisk | Decision::EndPlan);
        let settings = &mut self.portal.settings;
        match decision {
            Decision::FillDisk => settings.full_disk = true,
            Decision::FreeDisk => settings.full_disk = false,
            Decision::EndPlan => settings.condition = Condition::NoSubscription,
            Decision::PayPlan => settings.condition = Condition::Working,
            Decision::Require(kind) => {
                let field = if kind == Entity::Deal { "COMMENTS" } else { "ADDRESS_CITY" };
                settings.required.push((kind, field.to_owned()));
            }
            Decision::RequireNothing => settings.required.clear(),
            Decision::Hide(kind) => self.narrow_role(kind),
            Decision::Forbid(kind) => {
                settings.denied.insert(format!("crm.{}.update", kind.word()));
            }
            Decision::ShowAll => {
                settings.hidden.clear();
                settings.denied.clear();
            }
        }
        self.tell(format!("the portal: {decision:?}"));
    }

    /// What the program does not know of, it may make anew: it knows nobody else who is hidden, or
    /// forgot whom it knew.
    fn narrow_role(&mut self, kind: Entity) {
        let objects: Vec<Object> = self.portal.records(kind).map(|card| (kind, card.id)).collect();
        let is_unknown = |(kind, id): &&Object| self.holders(*kind, *id).is_empty();
        let unknown: Vec<Object> = objects.iter().filter(is_unknown).copied().collect();
        if self.forgot || unknown.len() == objects.len() {
            self.permit_all(&unknown);
        }
        self.portal.settings.hidden.extend(objects);
    }

    /// What the program knew is lost: whatever it may not see now it may make anew.
    pub(crate) fn forget(&mut self) {
        self.forgot = true;
        self.permit_all(&self.portal.settings.hidden.clone());
    }

    fn permit_all(&mut self, objects: &[Object]) {
        for (kind, id) in objects {
            let origin = self.portal.get(*kind, *id).and_then(|card| origin_of(*kind, card));
            origin.into_iter().for_each(|origin| self.invariants.permit(origin));
        }
    }

    /// The portal works as it should.
    pub(crate) fn mend_portal(&mut self) {
        self.decide(Decision::FreeDisk);
        self.decide(Decision::PayPlan);
        self.decide(Decision::RequireNothing);
        self.decide(Decision::ShowAll);
        let settings = &mut self.portal.settings;
        settings.spoiled.clear();
        // A list that does not come as it was asked for is no answer: nothing is carried over
        // meanwhile.
        settings.list_order = ListOrder::AsAsked;
    }

    /// How a phone or an e-mail stands on a card, after the portal's robots.
    pub(crate) fn after_robots(&self, type_id: &str, value: &str) -> String {
        let type_id = type_id.to_owned();
        let mut rows =
            vec![Row { id: 0, type_id, value_type: "WORK".to_owned(), value: value.to_owned() }];
        if let Some(robot) = self.portal.settings.robot {
            robot(&mut rows);
        }
        rows.pop().map(|row| row.value).unwrap_or_default()
    }

    /// A full disk and an ended plan are no fault of a record: nobody is put aside for them. A run
    /// that sees the portal take a change again cannot tell that from a refusal of one record.
    pub(crate) fn check_nobody_is_put_aside_for_the_portal(&mut self) {
        if self.relieved {
            return;
        }
        let attempt = |failure: &Issue| (failure.key.clone(), failure.attempts, failure.last_at);
        let before: HashSet<_> = self.put_aside_before.iter().map(attempt).collect();
        for failure in self.failures() {
            if before.contains(&attempt(&failure)) {
                continue;
            }
            let reasons = [self.portal.settings.full_disk_text.as_str(), NO_SUBSCRIPTION];
            if reasons.iter().any(|reason| failure.detail.to_string().contains(reason)) {
                let (key, message) = (failure.key, failure.detail.to_string());
                self.wrong(format!("{key} was put aside for the whole portal: {message}"));
            }
        }
    }

    /// Who is put aside, by the state on disk; nobody is asked for before there was a reason.
    pub(crate) fn failures(&self) -> Vec<Issue> {
        if !self.struck || !self.config.state.exists() {
            return Vec::new();
        }
        let state = State::open_readonly(&self.config.state).expect("the state");
        state.issues(Severity::Failure).expect("the failures")
    }
}
