//! Which lane is next. Pure: the content of the lanes and the time are passed in.
//!
//! The portal gives each method a time budget of its own. While one lane waits for its budget, the
//! others work.

use chrono::{DateTime, Utc};
use enum_map::EnumMap;

use crate::sync::plan::{Lane, Priority, Turn};

/// Lanes whose records bookings need.
const PARTY_LANES: [Lane; 2] = [Lane::Companies, Lane::Guests];

/// The next step of a lane, and what holds it back.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct LaneState {
    /// The turn of its next step; none where it is empty.
    pub(super) next: Option<Turn>,
    /// Until when the budget of its methods is used up.
    pub(super) held_until: Option<DateTime<Utc>>,
    /// That is after the end of this run: nothing more goes in this lane.
    pub(super) is_closed: bool,
}

impl LaneState {
    fn can_go(&self) -> bool {
        self.next.is_some() && self.held_until.is_none()
    }
}

/// What is to be done next.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum NextStep {
    /// Steps of this lane, where a turn is given only those before it.
    Go(Lane, Option<Turn>),
    /// All that is left waits for budgets; the one of this lane is the first to be free again.
    Wait(Lane, DateTime<Utc>),
    /// Nothing is left that can go in this run.
    End,
}

/// All lanes at one moment.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Schedule {
    pub(super) lanes: EnumMap<Lane, LaneState>,
    /// Half of the time is over: what changed in bookings goes without waiting for guests and
    /// companies.
    pub(super) is_half_time: bool,
    /// The bookings that can go are worth a request.
    pub(super) is_batch_full: bool,
    /// It is not known yet whether closing dates have to be sent at all.
    pub(super) is_closing_unknown: bool,
}

impl Schedule {
    /// Bookings from this turn on still wait for guests or companies.
    pub(super) fn barrier(&self) -> Option<&Turn> {
        let booking = self.lanes[Lane::Bookings].next.as_ref();
        if self.is_half_time && booking.is_some_and(|next| next.priority == Priority::Changes) {
            return None;
        }
        let open = PARTY_LANES.into_iter().filter(|lane| !self.lanes[*lane].is_closed);
        open.filter_map(|lane| self.lanes[lane].next.as_ref()).min()
    }

    /// Whether the next booking can go and waits for nobody.
    fn has_ready_bookings(&self) -> bool {
        let bookings = &self.lanes[Lane::Bookings];
        let waits = self.barrier().is_some_and(|barrier| bookings.next.as_ref() >= Some(barrier));
        bookings.can_go() && !waits
    }

    /// The lane of the guests or companies that are needed first and can go.
    fn next_parties(&self) -> Option<Lane> {
        let can_go = PARTY_LANES.into_iter().filter(|lane| self.lanes[*lane].can_go());
        can_go.min_by_key(|lane| self.lanes[*lane].next.clone())
    }

    /// The rule: bookings whose guests and companies are done, then those whom the next bookings
    /// need, then closing dates, and deletions last, because a booking that comes may take over the
    /// deal of one that goes.
    pub(super) fn next_step(&self) -> NextStep {
        let parties = self.next_parties();
        if self.is_closing_unknown && self.lanes[Lane::ClosingDates].can_go() {
            return NextStep::Go(Lane::ClosingDates, None);
        }
        if (self.is_batch_full || parties.is_none()) && self.has_ready_bookings() {
            return NextStep::Go(Lane::Bookings, self.barrier().cloned());
        }
        let is_last =
            self.lanes[Lane::Bookings].next.is_none() && self.lanes[Lane::Deletions].can_go();
        if is_last && self.is_half_time {
            return NextStep::Go(Lane::Deletions, None);
        }
        if let Some(lane) = parties {
            return NextStep::Go(lane, None);
        }
        if self.lanes[Lane::ClosingDates].can_go() {
            return NextStep::Go(Lane::ClosingDates, None);
        }
        if is_last && self.barrier().is_none() {
            return NextStep::Go(Lane::Deletions, None);
        }
        self.first_to_be_free().map_or(NextStep::End, |(until, lane)| NextStep::Wait(lane, until))
    }

    /// Whether bookings that go now go before changed guests or companies that they may name.
    pub(super) fn are_parties_late(&self) -> bool {
        PARTY_LANES.into_iter().any(|lane| {
            let LaneState { next, is_closed, .. } = &self.lanes[lane];
            let has_changes = next.as_ref().is_some_and(|next| next.priority == Priority::Changes);
            has_changes && (*is_closed || self.is_half_time)
        })
    }

    fn first_to_be_free(&self) -> Option<(DateTime<Utc>, Lane)> {
        let waiting = self.lanes.iter().filter(|(_, lane)| lane.next.is_some() && !lane.is_closed);
        waiting.filter_map(|(lane, state)| Some((state.held_until?, lane))).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::record::RecordId;

    fn turn(newest_first: i64) -> Turn {
        Turn { priority: Priority::Changes, newest_first, booking: Some(RecordId::Number(1)) }
    }

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap()
    }

    /// The turns of the next company, guest, booking, closing date and deletion; 0 where there is
    /// none.
    fn schedule(turns: [i64; 5]) -> Schedule {
        let next = |place: i64| (place != 0).then(|| turn(place));
        let lanes = EnumMap::from_array(
            turns.map(|place| LaneState { next: next(place), ..LaneState::default() }),
        );
        Schedule { lanes, is_batch_full: true, ..Schedule::default() }
    }

    fn hold(schedule: &mut Schedule, lane: Lane, second: i64) {
        schedule.lanes[lane].held_until = Some(at(second));
    }

    #[test]
    fn a_booking_goes_right_behind_its_own_guests_and_companies() {
        let goes = |turns| schedule(turns).next_step();
        assert_eq!(goes([0, 1, 1, 0, 0]), NextStep::Go(Lane::Guests, None));
        assert_eq!(goes([1, 2, 1, 0, 0]), NextStep::Go(Lane::Companies, None));
        assert_eq!(goes([3, 2, 1, 0, 0]), NextStep::Go(Lane::Bookings, Some(turn(2))));
        assert_eq!(goes([0, 0, 1, 0, 0]), NextStep::Go(Lane::Bookings, None));
    }

    #[test]
    fn few_bookings_wait_for_more_as_long_as_guests_can_go() {
        let few = |turns| Schedule { is_batch_full: false, ..schedule(turns) };
        assert_eq!(few([0, 2, 1, 0, 0]).next_step(), NextStep::Go(Lane::Guests, None));
        let mut held = few([0, 2, 1, 0, 0]);
        hold(&mut held, Lane::Guests, 60);
        assert_eq!(held.next_step(), NextStep::Go(Lane::Bookings, Some(turn(2))));
    }

    #[test]
    fn while_one_budget_is_waited_for_the_others_work() {
        let mut schedule = schedule([0, 9, 1, 1, 0]);
        hold(&mut schedule, Lane::Bookings, 60);
        assert_eq!(schedule.next_step(), NextStep::Go(Lane::Guests, None));
        hold(&mut schedule, Lane::Guests, 120);
        assert_eq!(schedule.next_step(), NextStep::Go(Lane::ClosingDates, None));
        hold(&mut schedule, Lane::ClosingDates, 90);
        assert_eq!(schedule.next_step(), NextStep::Wait(Lane::Bookings, at(60)));
    }

    #[test]
    fn deletions_go_when_nothing_else_is_left() {
        assert_eq!(schedule([0, 0, 0, 1, 1]).next_step(), NextStep::Go(Lane::ClosingDates, None));
        assert_eq!(schedule([0, 0, 0, 0, 1]).next_step(), NextStep::Go(Lane::Deletions, None));
        let mut waiting = schedule([0, 0, 1, 0, 1]);
        hold(&mut waiting, Lane::Bookings, 60);
        assert_eq!(waiting.next_step(), NextStep::Wait(Lane::Bookings, at(60)));
        let mut waiting = schedule([0, 1, 0, 0, 1]);
        hold(&mut waiting, Lane::Guests, 60);
        assert_eq!(waiting.next_step(), NextStep::Wait(Lane::Guests, at(60)));
    }

    #[test]
    fn a_budget_that_is_free_only_after_the_run_keeps_nobody_waiting() {
        let mut schedule = schedule([0, 1, 1, 0, 1]);
        hold(&mut schedule, Lane::Guests, 900);
        schedule.lanes[Lane::Guests].is_closed = true;
        assert_eq!(schedule.next_step(), NextStep::Go(Lane::Bookings, None));
        schedule.lanes[Lane::Bookings].next = None;
        assert_eq!(schedule.next_step(), NextStep::Go(Lane::Deletions, None));
        schedule.lanes[Lane::Deletions].next = None;
        assert_eq!(schedule.next_step(), NextStep::End);
    }

    #[test]
    fn when_half_of_the_time_is_over_bookings_and_deletions_wait_for_no_guests() {
        let late = |turns| Schedule { is_half_time: true, ..schedule(turns) };
        assert_eq!(late([0, 1, 2, 0, 0]).next_step(), NextStep::Go(Lane::Bookings, None));
        assert_eq!(late([0, 1, 0, 0, 1]).next_step(), NextStep::Go(Lane::Deletions, None));
        assert_eq!(late([0, 1, 0, 0, 0]).next_step(), NextStep::Go(Lane::Guests, None));
        let mut unchanged = late([0, 1, 2, 0, 0]);
        let booking = unchanged.lanes[Lane::Bookings].next.as_mut().unwrap();
        booking.priority = Priority::Resends;
        assert_eq!(unchanged.next_step(), NextStep::Go(Lane::Guests, None));
    }

    #[test]
    fn a_budget_that_no_step_needs_keeps_nobody_waiting() {
        let mut schedule = schedule([0, 0, 0, 0, 0]);
        hold(&mut schedule, Lane::Guests, 60);
        assert_eq!(schedule.next_step(), NextStep::End);
    }

    #[test]
    fn the_first_closing_date_goes_at_once_where_nobody_knows_whether_more_have_to() {
        let unknown = Schedule { is_closing_unknown: true, ..schedule([1, 1, 1, 2, 0]) };
        assert_eq!(unknown.next_step(), NextStep::Go(Lane::ClosingDates, None));
    }

    #[test]
    fn bookings_go_before_changed_guests_at_half_time_or_where_no_budget_is_left_for_guests() {
        let late = |turns| Schedule { is_half_time: true, ..schedule(turns) };
        assert!(
            late([0, 1, 1, 0, 0]).are_parties_late() && late([1, 0, 1, 0, 0]).are_parties_late()
        );
        assert!(!late([0, 0, 1, 0, 0]).are_parties_late());
        let mut early = schedule([0, 1, 1, 0, 0]);
        assert!(!early.are_parties_late());
        early.lanes[Lane::Guests].is_closed = true;
        assert!(early.are_parties_late());
        early.lanes[Lane::Guests].next.as_mut().unwrap().priority = Priority::Resends;
        assert!(!early.are_parties_late());
    }
}
