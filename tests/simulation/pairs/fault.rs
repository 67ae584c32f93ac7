//! What a fault does, and which faults a run can meet.

use bitrix24_sandbox::Kind;
use chrono::TimeDelta;

use crate::invariants::origin_of;
use crate::lists::{Asked, Oddity};
use crate::wire::{Call, Fault, Incident};
use crate::world::World;

/// One fault of a pair.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum FaultAt {
    /// In the midst of a run, at the request or the commit of this number.
    Run { fault: Fault, at: u32, next: Next },
    /// Between two runs.
    Gap(Gap),
}

/// When the next run begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Next {
    /// As cron has it.
    Later,
    /// So that the late call takes effect behind its first request.
    AroundTheEffect,
    /// So that the late call takes effect when it is over.
    BeforeTheEffect,
}

/// What happens between two runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Gap {
    /// The state is replaced by the copy that was made so many runs ago.
    Restore(usize),
    Delete(Kind, End),
    /// All of a kind are merged into this one: two of them.
    Merge(Kind, End),
    Move(End),
}

/// Of the cards with our mark the oldest or the newest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum End {
    Oldest,
    Newest,
}

const ENDS: [End; 2] = [End::Oldest, End::Newest];

/// The portal's own limit: a call that it has takes effect within a minute.
const WITHIN: i64 = 59;
/// How long the program waits for an answer.
const PATIENCE: u64 = 75;
/// A run of these scenes takes less.
const A_RUN: TimeDelta = TimeDelta::seconds(20);

/// What is told of a fault, by its kind.
pub(super) fn kind(fault: &FaultAt) -> &'static str {
    match fault {
        FaultAt::Run { fault, .. } => match fault {
            Fault::Late { .. } => "late effect",
            Fault::Killed(Call::Lost) => "killed before a request",
            Fault::Killed(Call::Late(_)) => "killed, late effect",
            Fault::Killed(Call::Done) => "killed after a request",
            Fault::Unsaved => "killed at a commit",
            Fault::Odd(Oddity::Short) => "a list that is short",
            Fault::Odd(Oddity::Repeated) => "a list that repeats",
            Fault::Odd(Oddity::Reversed) => "a list in another order",
            Fault::Odd(Oddity::Lagging) => "lists that lag behind",
            _ => "lost answer",
        },
        FaultAt::Gap(gap) => match gap {
            Gap::Restore(1) => "state of the run before",
            Gap::Restore(_) => "state of two runs before",
            Gap::Delete(..) => "a user deletes",
            Gap::Merge(..) => "a user merges",
            Gap::Move(_) => "a user moves a deal",
        },
    }
}

impl FaultAt {
    /// Everything that a run can meet which makes these requests and so many commits, and what can
    /// happen before the next one.
    pub(super) fn of_run(asked: &[Asked], commits: u32) -> Vec<FaultAt> {
        let mut faults = Vec::new();
        for (request, asked) in (1..).zip(asked) {
            of_request(&mut faults, request, *asked);
        }
        faults.extend((1..=commits).map(|commit| run(Fault::Unsaved, commit)));
        faults
    }

    /// Everything that can happen between two runs.
    pub(super) fn of_gap(copies: usize) -> Vec<FaultAt> {
        let mut gaps: Vec<Gap> = (1..=copies.min(2)).map(Gap::Restore).collect();
        for kind in Kind::ALL {
            gaps.extend(ENDS.map(|end| Gap::Delete(kind, end)));
            gaps.extend(ENDS.map(|end| Gap::Merge(kind, end)));
        }
        gaps.extend(ENDS.map(Gap::Move));
        gaps.into_iter().map(FaultAt::Gap).collect()
    }

    /// The harm of it cannot be undone by the program alone: what people did stays, and a list that
    /// leaves a card out cannot be seen through.
    pub(super) fn leaves_traces(&self) -> bool {
        match self {
            FaultAt::Run { fault, .. } => *fault == Fault::Odd(Oddity::Short),
            FaultAt::Gap(gap) => !matches!(gap, Gap::Restore(_)),
        }
    }

    /// A call takes effect when the next run has begun.
    pub(super) fn is_late(&self) -> bool {
        matches!(self, FaultAt::Run { next: Next::AroundTheEffect | Next::BeforeTheEffect, .. })
    }

    pub(super) fn is_restore(&self) -> bool {
        matches!(self, FaultAt::Gap(Gap::Restore(_)))
    }

    pub(super) fn incident(&self) -> Option<Incident> {
        let FaultAt::Run { fault, at, .. } = self else { return None };
        let lasts = if *fault == Fault::Odd(Oddity::Lagging) { u32::MAX } else { 0 };
        Some(Incident { at: *at, lasts, fault: *fault, rng: 0 })
    }

    /// Waits for the next run.
    pub(super) fn wait(&self, world: &mut World) {
        let lead = match self {
            FaultAt::Run { next: Next::AroundTheEffect, .. } => TimeDelta::milliseconds(50),
            FaultAt::Run { next: Next::BeforeTheEffect, .. } => A_RUN,
            FaultAt::Run { .. } | FaultAt::Gap(_) => return world.wait(TimeDelta::minutes(3)),
        };
        let effect = world.last_effect.map_or(TimeDelta::zero(), |at| at - world.portal_now());
        world.wait((effect - lead).max(TimeDelta::seconds(1)));
    }
}

fn run(fault: Fault, at: u32) -> FaultAt {
    FaultAt::Run { fault, at, next: Next::Later }
}

/// A question that nobody answers is lost or the process dies in it; whether the portal heard it
/// makes no difference.
fn of_request(faults: &mut Vec<FaultAt>, at: u32, asked: Asked) {
    faults.push(run(Fault::LostAfter, at));
    faults.push(run(Fault::Killed(Call::Lost), at));
    if asked.writes {
        faults.push(run(Fault::Killed(Call::Done), at));
        let late = Fault::Late { patience: PATIENCE, effect: PATIENCE as i64 + WITHIN };
        for fault in [late, Fault::Killed(Call::Late(WITHIN))] {
            for next in [Next::AroundTheEffect, Next::BeforeTheEffect] {
                faults.push(FaultAt::Run { fault, at, next });
            }
        }
    }
    let odd = [
        (asked.rows > 0, Oddity::Short),
        (asked.rows > 0, Oddity::Repeated),
        (asked.rows > 1, Oddity::Reversed),
        (asked.is_fresh, Oddity::Lagging),
    ];
    faults.extend(odd.iter().filter(|(is, _)| *is).map(|(_, odd)| run(Fault::Odd(*odd), at)));
}

impl World {
    /// False where there is nothing that it could happen to.
    pub(super) fn between(&mut self, gap: Gap, copies: &[Option<Vec<u8>>]) -> bool {
        match gap {
            Gap::Restore(ago) => {
                let Some(copy) = copies.len().checked_sub(ago).map(|at| &copies[at]) else {
                    return false;
                };
                self.put_back(copy.as_deref());
                true
            }
            Gap::Delete(kind, end) => {
                let Some([one, _]) = self.ends(kind, end) else { return false };
                self.delete_object(kind, one);
                true
            }
            Gap::Merge(kind, end) => {
                let Some([one, other]) = self.ends(kind, end).filter(|[a, b]| a != b) else {
                    return false;
                };
                self.merge_objects(kind, one, other);
                true
            }
            Gap::Move(end) => {
                let Some([one, _]) = self.ends(Kind::Deal, end) else { return false };
                self.move_to(one, self.funnel);
                true
            }
        }
    }

    /// The oldest and the newest card with our mark, or the other way round.
    fn ends(&self, kind: Kind, end: End) -> Option<[u64; 2]> {
        let ours = self.portal.records(kind).filter(|card| origin_of(kind, card).is_some());
        let ids: Vec<u64> = ours.map(|card| card.id).collect();
        let (oldest, newest) = (*ids.first()?, *ids.last()?);
        Some(match end {
            End::Oldest => [oldest, newest],
            End::Newest => [newest, oldest],
        })
    }
}
