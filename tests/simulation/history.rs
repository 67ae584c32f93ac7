//! A history: what happens, step by step. Each step carries a seed of its own, so that a step can
//! be left out and the others still make sense.

use bitrix24_sandbox::Kind as Entity;
use ecvi_b24::domain::record::Kind;
use ecvi_b24::sync::options::{RunKind, RunOptions};

use crate::crm_users::CrmAction;
use crate::ecvi_changes::HotelAction;
use crate::portal_changes::Decision;
use crate::rng::Rng;
use crate::scenes::Scene;
use crate::wire::{Call, Fault, Incident};

/// One step.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Step {
    Ecvi(HotelAction, u64),
    Crm(CrmAction, u64),
    Portal(Decision),
    Run(RunOptions, Vec<Incident>),
    /// Minutes without anything.
    Wait(i64),
    /// This machine's clock is set by so many minutes.
    Clock(i64),
    /// A copy of the state is kept.
    Backup,
    /// The state is replaced by the copy.
    Restore,
    /// The state is lost.
    Lose,
    /// `reset-id` for one record, or all of a kind; or with `--crm-id`.
    Reset(Kind, ResetTo, u64),
    /// The mirror is damaged for one run.
    Damage(u64),
    /// The mirror is filled anew row by row, while runs are made.
    Refill(u64),
    /// Some steps that belong together.
    Scene(Scene, u64),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ResetTo {
    Nothing,
    All,
    Another,
}

/// A history of 5 to 30 steps.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct History {
    /// For what stands there at the beginning.
    pub(crate) seed: u64,
    pub(crate) steps: Vec<Step>,
}

impl History {
    pub(crate) fn random(seed: u64) -> History {
        let mut rng = Rng::new(seed);
        let mut steps = Vec::new();
        // Most histories are about what comes after the first export.
        if rng.chance(70) {
            steps.push(Step::Run(RunOptions::new(RunKind::InitialExport), Vec::new()));
        }
        // Short ones more often.
        let length = 5 + rng.roll(26).min(rng.roll(26));
        steps.extend((0..length).map(|_| step(&mut rng)));
        History { seed: rng.next(), steps }
    }
}

fn kind(rng: &mut Rng) -> Kind {
    rng.weighted(&[(4, Kind::Guest), (2, Kind::Company), (5, Kind::Booking)])
}

fn step(rng: &mut Rng) -> Step {
    match rng.roll(100) {
        0..30 => Step::Ecvi(hotel_action(rng), rng.next()),
        30..41 => Step::Crm(crm_action(rng), rng.next()),
        41..43 => Step::Portal(decision(rng)),
        43..76 => run(rng),
        76 => Step::Clock(rng.one_of(&[-60, -5, 5, 60])),
        77..86 => Step::Wait(rng.one_of(&[0, 1, 3, 3, 20, 60 * 24])),
        86..89 => Step::Backup,
        89..91 => Step::Restore,
        91..93 => Step::Lose,
        93..97 => {
            let to =
                rng.weighted(&[(3, ResetTo::Nothing), (1, ResetTo::All), (2, ResetTo::Another)]);
            Step::Reset(kind(rng), to, rng.next())
        }
        97 => Step::Scene(scene(rng), rng.next()),
        98 => Step::Damage(rng.next()),
        _ => Step::Refill(rng.next()),
    }
}

fn scene(rng: &mut Rng) -> Scene {
    let (kind, executed) = (rng.one_of(&Entity::ALL), rng.chance(50));
    rng.one_of(&[
        Scene::Silence(kind, executed),
        Scene::DeletionLost(executed),
        Scene::SpoiledDouble(kind),
        Scene::OldAtLast,
    ])
}

fn hotel_action(rng: &mut Rng) -> HotelAction {
    let kind = kind(rng);
    rng.weighted(&[
        (4, HotelAction::New(kind)),
        (5, HotelAction::Change(kind)),
        (3, HotelAction::Rebook),
        (3, HotelAction::Drop(kind)),
        (1, HotelAction::Spoil(kind)),
    ])
}

fn crm_action(rng: &mut Rng) -> CrmAction {
    let kind = rng.one_of(&Entity::ALL);
    rng.weighted(&[
        (4, CrmAction::Edit(kind)),
        (4, CrmAction::Delete(kind)),
        (2, CrmAction::Restore(kind)),
        (4, CrmAction::Merge(kind)),
        (1, CrmAction::Move),
        (1, CrmAction::Unbind),
        (2, CrmAction::Add(kind)),
        (2, CrmAction::Spoil(kind)),
        (2, CrmAction::Mend),
        (1, CrmAction::Disown(kind)),
        (1, CrmAction::Invalidate(kind)),
    ])
}

/// What may happen between two requests: what the program has just looked at is still ours.
fn action_during_run(rng: &mut Rng) -> CrmAction {
    match crm_action(rng) {
        CrmAction::Disown(kind) => CrmAction::Edit(kind),
        crm_action => crm_action,
    }
}

fn decision(rng: &mut Rng) -> Decision {
    let kind = rng.one_of(&Entity::ALL);
    rng.weighted(&[
        (2, Decision::Require(kind)),
        (2, Decision::RequireNothing),
        (2, Decision::Hide(kind)),
        (1, Decision::Forbid(kind)),
        (3, Decision::ShowAll),
        (2, Decision::FillDisk),
        (4, Decision::FreeDisk),
        (1, Decision::EndPlan),
        (3, Decision::PayPlan),
    ])
}

fn run(rng: &mut Rng) -> Step {
    let mut options = RunOptions::new(rng.weighted(&[
        (8, RunKind::Sync),
        (2, RunKind::InitialExport),
        (1, RunKind::Retry),
    ]));
    options.full = rng.chance(8);
    options.retry_failed = rng.chance(10);
    options.time_limit = rng.chance(8).then(|| std::time::Duration::from_secs(rng.next() % 5));
    let incidents = match rng.roll(10) {
        0..4 => 0,
        4..8 => 1,
        _ => 3,
    };
    Step::Run(options, (0..incidents).map(|_| incident(rng)).collect())
}

/// The portal's minute begins when it has the whole of the call.
fn late(rng: &mut Rng) -> Fault {
    let patience = rng.one_of(&[1, 30, 75]);
    let sent = rng.roll(patience as usize + 1) as i64;
    Fault::Late { patience, effect: sent + rng.roll(60) as i64 }
}

fn call(rng: &mut Rng) -> Call {
    let later = rng.roll(60) as i64;
    rng.weighted(&[(3, Call::Done), (1, Call::Late(later)), (1, Call::Lost)])
}

fn incident(rng: &mut Rng) -> Incident {
    let executed = rng.chance(60);
    let crm_action = action_during_run(rng);
    let hotel_action = hotel_action(rng);
    let decision = decision(rng);
    let late = late(rng);
    let call = call(rng);
    let fault = rng.weighted(&[
        (2, Fault::Refused),
        (4, Fault::LostBefore),
        (6, Fault::LostAfter),
        (5, Fault::Partly),
        (5, late),
        (3, Fault::Garbled),
        (3, Fault::OneSilent),
        (3, Fault::Page { executed }),
        (2, Fault::TooFast),
        (3, Fault::OverBudget),
        (1, Fault::Revoked),
        (1, Fault::Moved),
        (8, Fault::Killed(call)),
        (4, Fault::Speechless),
        (1, Fault::FullDisk),
        (4, Fault::DeletionLost { executed }),
        (6, Fault::CrmAction(crm_action)),
        (2, Fault::Decision(decision)),
        (3, Fault::HotelAction(hotel_action)),
    ]);
    let lasts = if rng.chance(20) { rng.roll(20) as u32 } else { 0 };
    Incident { at: 1 + rng.roll(12) as u32, lasts, fault, rng: rng.next() >> 1 }
}
