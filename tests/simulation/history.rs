//! A history: what happens, step by step. Each step carries its own dice, so that a step can be
//! left out and the others still make sense.

use bitrix24_sandbox::Kind as Entity;
use ecvi_b24::domain::record::Kind;
use ecvi_b24::sync::options::{RunKind, RunOptions};

use crate::crm_users::Act;
use crate::dice::Dice;
use crate::ecvi_changes::Deed;
use crate::portal_changes::Decision;
use crate::scenes::Scene;
use crate::wire::{Call, Fault, Incident};

/// One step.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Step {
    Ecvi(Deed, u64),
    Crm(Act, u64),
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
        let mut dice = Dice::new(seed);
        let mut steps = Vec::new();
        // Most histories are about what comes after the first export.
        if dice.chance(70) {
            steps.push(Step::Run(RunOptions::new(RunKind::InitialExport), Vec::new()));
        }
        // Short ones more often.
        let length = 5 + dice.roll(26).min(dice.roll(26));
        steps.extend((0..length).map(|_| step(&mut dice)));
        History { seed: dice.next(), steps }
    }
}

fn kind(dice: &mut Dice) -> Kind {
    dice.weighted(&[(4, Kind::Guest), (2, Kind::Company), (5, Kind::Booking)])
}

fn step(dice: &mut Dice) -> Step {
    match dice.roll(100) {
        0..30 => Step::Ecvi(deed(dice), dice.next()),
        30..41 => Step::Crm(act(dice), dice.next()),
        41..43 => Step::Portal(decision(dice)),
        43..76 => run(dice),
        76 => Step::Clock(dice.one_of(&[-60, -5, 5, 60])),
        77..86 => Step::Wait(dice.one_of(&[0, 1, 3, 3, 20, 60 * 24])),
        86..89 => Step::Backup,
        89..91 => Step::Restore,
        91..93 => Step::Lose,
        93..97 => {
            let to =
                dice.weighted(&[(3, ResetTo::Nothing), (1, ResetTo::All), (2, ResetTo::Another)]);
            Step::Reset(kind(dice), to, dice.next())
        }
        97 => Step::Scene(scene(dice), dice.next()),
        98 => Step::Damage(dice.next()),
        _ => Step::Refill(dice.next()),
    }
}

fn scene(dice: &mut Dice) -> Scene {
    let (kind, executed) = (dice.one_of(&Entity::ALL), dice.chance(50));
    dice.one_of(&[
        Scene::Silence(kind, executed),
        Scene::DeletionLost(executed),
        Scene::SpoiledDouble(kind),
        Scene::OldAtLast,
    ])
}

fn deed(dice: &mut Dice) -> Deed {
    let kind = kind(dice);
    dice.weighted(&[
        (4, Deed::New(kind)),
        (5, Deed::Change(kind)),
        (3, Deed::Rebook),
        (3, Deed::Drop(kind)),
        (1, Deed::Spoil(kind)),
    ])
}

fn act(dice: &mut Dice) -> Act {
    let kind = dice.one_of(&Entity::ALL);
    dice.weighted(&[
        (4, Act::Edit(kind)),
        (4, Act::Delete(kind)),
        (2, Act::Restore(kind)),
        (4, Act::Merge(kind)),
        (1, Act::Move),
        (1, Act::Unbind),
        (2, Act::Add(kind)),
        (2, Act::Spoil(kind)),
        (2, Act::Mend),
        (1, Act::Disown(kind)),
        (1, Act::Invalidate(kind)),
    ])
}

/// What may happen between two requests: what the program has just looked at is still ours.
fn act_between(dice: &mut Dice) -> Act {
    match act(dice) {
        Act::Disown(kind) => Act::Edit(kind),
        act => act,
    }
}

fn decision(dice: &mut Dice) -> Decision {
    let kind = dice.one_of(&Entity::ALL);
    dice.weighted(&[
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

fn run(dice: &mut Dice) -> Step {
    let mut options = RunOptions::new(dice.weighted(&[
        (8, RunKind::Sync),
        (2, RunKind::InitialExport),
        (1, RunKind::Retry),
    ]));
    options.full = dice.chance(8);
    options.retry_failed = dice.chance(10);
    options.time_limit = dice.chance(8).then(|| std::time::Duration::from_secs(dice.next() % 5));
    let incidents = match dice.roll(10) {
        0..4 => 0,
        4..8 => 1,
        _ => 3,
    };
    Step::Run(options, (0..incidents).map(|_| incident(dice)).collect())
}

/// The portal's minute begins when it has the whole of the call.
fn late(dice: &mut Dice) -> Fault {
    let patience = dice.one_of(&[1, 30, 75]);
    let sent = dice.roll(patience as usize + 1) as i64;
    Fault::Late { patience, effect: sent + dice.roll(60) as i64 }
}

fn call(dice: &mut Dice) -> Call {
    let later = dice.roll(60) as i64;
    dice.weighted(&[(3, Call::Done), (1, Call::Late(later)), (1, Call::Lost)])
}

fn incident(dice: &mut Dice) -> Incident {
    let (executed, act, deed) = (dice.chance(60), act_between(dice), deed(dice));
    let decision = decision(dice);
    let (late, call) = (late(dice), call(dice));
    let fault = dice.weighted(&[
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
        (6, Fault::Act(act)),
        (2, Fault::Decision(decision)),
        (3, Fault::Deed(deed)),
    ]);
    let lasts = if dice.chance(20) { dice.roll(20) as u32 } else { 0 };
    Incident { at: 1 + dice.roll(12) as u32, lasts, fault, dice: dice.next() >> 1 }
}
