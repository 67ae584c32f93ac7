use super::*;
use crate::sync::plan::fast_and_whole::{World, id};
use crate::sync::plan::removals::tests::{now, plan_without};

fn limits(allowed: Option<u64>) -> Limits {
    Limits { max_deletes: 25, allowed, delete_after: TimeDelta::seconds(120) }
}

#[test]
fn whoever_was_held_back_long_enough_goes_at_once_when_somebody_allows_it() {
    let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    let delete_after = limits(None).delete_after;
    let times = |held: Option<i64>, allowed| {
        let state = State::in_memory().unwrap();
        let since = held.map(|seconds| now - TimeDelta::seconds(seconds));
        state.set(&HELD_SINCE, &PerKind::all(since)).unwrap();
        waiting_times(&state, now, limits(allowed)).unwrap()
    };
    assert_eq!(times(Some(120), Some(5)), PerKind::all(TimeDelta::zero()));
    assert_eq!(times(Some(-120), Some(5)), PerKind::all(TimeDelta::zero()));
    for (held, allowed) in [(Some(119), Some(5)), (Some(120), None), (None, Some(5))] {
        assert_eq!(times(held, allowed), PerKind::all(delete_after), "{held:?} {allowed:?}");
    }
}

#[test]
fn where_nobody_is_missing_now_nobody_is_held_back_for_those_who_went_before() {
    let plan = plan_without(&[]);
    let held = |missing, given_up| {
        let losses = Losses { kind: Kind::Booking, missing, given_up, all: 9 };
        let held = plan.too_many(losses, 25, false).unwrap();
        held.map(|held| (held.gone, held.limit))
    };
    assert_eq!(held(0, 4), None);
    assert_eq!(held(1, 3), Some((4, 3)));
    assert_eq!(held(1, 2), None);
}

#[test]
fn whoever_is_held_back_does_not_go_and_all_others_do() {
    let state = State::in_memory().unwrap();
    let held = |kind| SuppressedRemoval { kind, gone: 9, limit: 3, reason: HoldReason::Many };
    let verdict = |held, allowed| {
        let mut plan = plan_without(&[(Kind::Booking, 1)]);
        let all = plan_without(&[(Kind::Booking, 1)]);
        plan.judge_removals(&state, &all, &[held], limits(allowed), now()).unwrap();
        let verdict = plan.removal_verdicts[Kind::Booking].clone();
        (verdict.given_up.len(), verdict.is_held)
    };
    assert_eq!(verdict(held(Kind::Guest), None), (1, false));
    assert_eq!(verdict(held(Kind::Booking), None), (0, true));
}

#[test]
fn what_is_held_back_is_told_with_its_reason() {
    let told = |kind, reason| {
        let held = SuppressedRemoval { kind, gone: 9, limit: 3, reason };
        held.message()
    };
    let message = |kept: SyncMessage| {
        Message::from(SyncMessage::ConfirmRemovals { kept: kept.into(), gone: 9 })
    };
    let many = SyncMessage::ManyBookingsGone { gone: 9, limit: 3 };
    assert_eq!(told(Kind::Booking, HoldReason::Many), message(many));
    let oldest = SyncMessage::OldestBookingsGone { gone: 9 };
    assert_eq!(told(Kind::Booking, HoldReason::Oldest), message(oldest));
    let guests = SyncMessage::ManyGuestsGone { gone: 9, limit: 3 };
    assert_eq!(told(Kind::Guest, HoldReason::Many), message(guests));
}

#[test]
fn one_other_number_in_the_smallest_hotel_is_another_hotel_until_somebody_says_so() {
    let mut world = World::new();
    for thrown in 1..6 {
        world.put(Kind::Booking, &id(thrown), (thrown, 1));
    }
    world.run(false, (false, true), usize::MAX, true);
    world.sql("UPDATE bookings SET number = '3682' WHERE id = ?1", [id(1)]);
    let mirror = world.mirror();
    let is_taken = |allowed| {
        let options = world.options(&mirror);
        Plan::build_guarded(&mirror, &world.state, options, limits(allowed)).is_ok()
    };
    assert!(!is_taken(None) && !is_taken(Some(0)) && is_taken(Some(1)));
}

#[test]
fn where_all_ids_are_gone_all_are_kept_and_the_mirror_is_the_hotels_own() {
    let world = World::settled();
    world.sql("UPDATE bookings SET id = NULL", []);
    let mirror = world.mirror();
    let options = world.options(&mirror);
    let plan = Plan::build_guarded(&mirror, &world.state, options, limits(None)).unwrap();
    let held = SuppressedRemoval {
        kind: Kind::Booking,
        gone: 16,
        limit: 25,
        reason: HoldReason::RowsWithoutId,
    };
    assert_eq!(plan.held_back, [held]);
    assert_eq!(plan.queue.count(Kind::Booking, Step::Delete).unwrap(), 0);
}
