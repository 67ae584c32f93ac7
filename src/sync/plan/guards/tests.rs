use super::*;

#[test]
fn whoever_was_held_back_long_enough_goes_at_once_when_somebody_allows_it() {
    let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    let delete_after = TimeDelta::seconds(120);
    let times = |held: Option<i64>, allowed| {
        let state = State::in_memory().unwrap();
        let since = held.map(|seconds| now - TimeDelta::seconds(seconds));
        state.set(&HELD_SINCE, &PerKind::all(since)).unwrap();
        let limits = Limits { max_deletes: 25, allowed, delete_after };
        waiting_times(&state, now, limits).unwrap()
    };
    assert_eq!(times(Some(120), Some(5)), PerKind::all(TimeDelta::zero()));
    assert_eq!(times(Some(-120), Some(5)), PerKind::all(TimeDelta::zero()));
    for (held, allowed) in [(Some(119), Some(5)), (Some(120), None), (None, Some(5))] {
        assert_eq!(times(held, allowed), PerKind::all(delete_after), "{held:?} {allowed:?}");
    }
}
