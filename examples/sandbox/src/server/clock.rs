//! The clock of a served portal: wall time, possibly set, possibly faster.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

/// Wall time that may have been set, and that may run faster.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    /// The time that was set, and the moment of wall time when it was.
    set_to: DateTime<Utc>,
    set_at: Instant,
    /// How many times faster than wall time it runs.
    scale: f64,
    /// Real seconds slept for each virtual second of work.
    pub(crate) slept_part: f64,
}

impl Default for Clock {
    fn default() -> Clock {
        Clock { set_to: Utc::now(), set_at: Instant::now(), scale: 1.0, slept_part: 0.0 }
    }
}

impl Clock {
    pub(crate) fn now(&self) -> DateTime<Utc> {
        let elapsed = self.set_at.elapsed().as_secs_f64() * self.scale;
        self.set_to + TimeDelta::microseconds((elapsed * 1e6) as i64)
    }

    pub(crate) fn set(&mut self, now: DateTime<Utc>) {
        self.set_to = now;
        self.set_at = Instant::now();
    }

    pub(crate) fn set_scale(&mut self, scale: f64) {
        self.set(self.now());
        self.scale = scale;
    }

    /// What so many virtual seconds of work cost in real time.
    pub(crate) fn real_time(&self, virtual_seconds: f64) -> Duration {
        Duration::from_secs_f64((virtual_seconds * self.slept_part).clamp(0.0, 3600.0))
    }
}
