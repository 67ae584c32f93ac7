//! The time: the machine's, or a virtual one in which an hour of waiting takes no time.
//!
//! Everything that depends on time asks here, so that a history of days can be replayed in
//! milliseconds. Within one process time follows the monotonic clock: setting the wall clock
//! meanwhile neither shortens the wait for a doubt nor moves the end of the run.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Local, NaiveDate, TimeDelta, Utc};

use crate::domain::messages::PlatformMessage;

const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// A run without time for a request still reads a small mirror, and says what it leaves to the next.
const SHORTEST_READING: Duration = Duration::from_secs(1);
/// A clock may drift so far by itself.
pub(crate) const CLOCK_DRIFT: TimeDelta = TimeDelta::minutes(1);

/// A source of time and a way to wait.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clock. Waiting ends early when the flag is raised (SIGTERM, SIGINT).
    System {
        /// Raised by a signal: finish the current request, save, and end.
        stop: Arc<AtomicBool>,
        /// What both clocks of the machine showed at the same moment.
        began: (DateTime<Utc>, Instant),
    },
    /// Time that passes by waiting only.
    Virtual(Rc<Cell<DateTime<Utc>>>),
}

impl Clock {
    /// The machine's clock, whose waits end early when `stop` is raised.
    pub fn system(stop: Arc<AtomicBool>) -> Clock {
        Clock::System { stop, began: (SystemTime::now().into(), Instant::now()) }
    }

    /// A virtual clock that shows this time.
    pub fn virtual_at(start: DateTime<Utc>) -> Clock {
        Clock::Virtual(Rc::new(Cell::new(start)))
    }

    /// The time that this clock shows now.
    pub fn now(&self) -> DateTime<Utc> {
        match self {
            Clock::System { began: (time, instant), .. } => {
                saturating_add(*time, instant.elapsed())
            }
            Clock::Virtual(time) => time.get(),
        }
    }

    /// The later of the two clocks, for the dates of doubts: a later date only makes the next
    /// process wait longer.
    pub fn later_of_clocks(&self) -> DateTime<Utc> {
        match self {
            Clock::System { .. } => self.now().max(SystemTime::now().into()),
            Clock::Virtual(time) => time.get(),
        }
    }

    /// Waits for `duration`, or until a signal asks the program to end.
    pub fn sleep(&self, duration: Duration) {
        match self {
            Clock::System { .. } => {
                let began = Instant::now();
                while !self.interrupted() && began.elapsed() < duration {
                    let left = duration.saturating_sub(began.elapsed());
                    std::thread::sleep(left.min(POLL_INTERVAL));
                }
            }
            Clock::Virtual(time) => time.set(saturating_add(time.get(), duration)),
        }
    }

    /// The limit that `end` and a signal set. Virtual time does not pass while something is
    /// computed.
    pub fn read_limit(&self, end: Option<DateTime<Utc>>) -> ReadLimit {
        match self {
            Clock::System { stop, .. } => {
                let left = end.map(|end| (end - self.now()).to_std().unwrap_or_default());
                let left = left.map(|left| left.max(SHORTEST_READING));
                let end = left.and_then(|left| Instant::now().checked_add(left));
                ReadLimit { stop: Arc::clone(stop), end }
            }
            Clock::Virtual(_) => ReadLimit::default(),
        }
    }

    /// The limit that a time from now and a signal set.
    pub fn limit_of(&self, time: Duration) -> ReadLimit {
        self.read_limit(Some(saturating_add(self.now(), time)))
    }

    /// Whether a signal asked the program to end.
    pub fn interrupted(&self) -> bool {
        match self {
            Clock::System { stop, .. } => stop.load(Ordering::Relaxed),
            Clock::Virtual(_) => false,
        }
    }
}

/// Ends a computation that cannot ask the clock itself: at a time, or when a signal comes.
#[derive(Clone, Debug, Default)]
pub struct ReadLimit {
    stop: Arc<AtomicBool>,
    end: Option<Instant>,
}

impl ReadLimit {
    /// Ends after this time, for a command that signals end at once.
    pub fn lasting(time: Duration) -> ReadLimit {
        ReadLimit { stop: Arc::default(), end: Instant::now().checked_add(time) }
    }

    /// Whether the time is over or a signal came.
    pub fn is_over(&self) -> bool {
        self.is_stopped() || self.end.is_some_and(|end| Instant::now() >= end)
    }

    /// Whether a signal asked the program to end.
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Refuses a clock that is before 1970 or after 9999: the dates of a state and of a log could not be
/// written or compared.
pub fn require_possible_time() -> Result<(), PlatformMessage> {
    const YEAR_10000: Duration = Duration::from_secs(253_402_300_800);
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since_1970) if since_1970 < YEAR_10000 => Ok(()),
        Ok(_) | Err(_) => Err(PlatformMessage::ClockWrong),
    }
}

/// The day of the hotel's calendar: its clock is this machine's.
pub fn local_day(time: DateTime<Utc>) -> NaiveDate {
    time.with_timezone(&Local).date_naive()
}

/// `time` plus `wait`, or the last time that can be represented.
pub fn saturating_add(time: DateTime<Utc>, wait: Duration) -> DateTime<Utc> {
    let wait = TimeDelta::from_std(wait).unwrap_or(TimeDelta::MAX);
    time.checked_add_signed(wait).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Whether a time is longer ago than the limit, or unknown. A time in the future comes from another
/// clock and says nothing.
pub(crate) fn is_stale(at: Option<DateTime<Utc>>, limit: Duration, now: DateTime<Utc>) -> bool {
    at.is_none_or(|at| is_older(at, limit, now) || now - at < -CLOCK_DRIFT)
}

/// Whether a time is longer ago than the limit.
pub(crate) fn is_older(at: DateTime<Utc>, limit: Duration, now: DateTime<Utc>) -> bool {
    now - at > TimeDelta::from_std(limit).unwrap_or(TimeDelta::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_that_no_calendar_holds_ends_with_it() {
        let start = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        assert_eq!(saturating_add(start, Duration::from_secs(60)), start + TimeDelta::seconds(60));
        assert_eq!(
            saturating_add(start, Duration::from_secs(300_000 * 31_557_600)),
            DateTime::<Utc>::MAX_UTC
        );
        assert_eq!(saturating_add(start, Duration::MAX), DateTime::<Utc>::MAX_UTC);
    }
}
