//! Virtual time: one monotonic time line, machines that count from their own start on it, and wall clocks that may be
//! unknown, wrong, or stepped.

use chrono::{DateTime, TimeDelta, Utc};
use ocpp_core::time::Instant;

/// When a machine started, on the time line of the world. Its own instants count from there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uptime {
    started: Instant,
}

impl Uptime {
    /// Of a machine that starts at `started`.
    pub fn since(started: Instant) -> Self {
        Uptime { started }
    }

    /// The machine's instant at `world`.
    pub fn of(self, world: Instant) -> Instant {
        Instant::from_millis(world.as_millis().saturating_sub(self.started.as_millis()))
    }

    /// The instant of the world at the machine's `own`.
    pub fn world(self, own: Instant) -> Instant {
        Instant::from_millis(self.started.as_millis().saturating_add(own.as_millis()))
    }
}

/// A clock on a wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WallClock {
    /// What it shows at the beginning of the world; none if it shows nothing.
    at_zero: Option<DateTime<Utc>>,
}

impl WallClock {
    /// A clock that shows nothing, as that of a device without a battery.
    pub const UNSET: WallClock = WallClock { at_zero: None };

    /// A clock that shows `wall` at the beginning of the world.
    pub fn starting_at(wall: DateTime<Utc>) -> Self {
        WallClock { at_zero: Some(wall) }
    }

    /// What it shows at `now`.
    pub fn read(&self, now: Instant) -> Option<DateTime<Utc>> {
        self.at_zero?.checked_add_signed(span(now))
    }

    /// Someone sets it to `wall` at `now`.
    pub fn set(&mut self, now: Instant, wall: DateTime<Utc>) {
        self.at_zero = wall.checked_sub_signed(span(now));
    }

    /// It jumps by `step`, back if negative. One that shows nothing stays so.
    pub fn step(&mut self, step: TimeDelta) {
        self.at_zero = self.at_zero.and_then(|wall| wall.checked_add_signed(step));
    }

    /// The instant at which it shows `wall`, if it runs on unstepped.
    pub fn instant_of(&self, wall: DateTime<Utc>) -> Option<Instant> {
        let since = wall.signed_duration_since(self.at_zero?).num_milliseconds();
        u64::try_from(since).ok().map(Instant::from_millis)
    }
}

fn span(now: Instant) -> TimeDelta {
    TimeDelta::milliseconds(i64::try_from(now.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Instant {
        Instant::from_millis(seconds * 1000)
    }

    #[test]
    fn machine_counts_from_its_own_start() {
        let uptime = Uptime::since(at(100));
        assert_eq!(uptime.of(at(130)), at(30));
        assert_eq!(uptime.world(at(30)), at(130));
        assert_eq!(uptime.of(at(50)), Instant::ZERO);
    }

    #[test]
    fn wall_clock_runs_steps_and_is_set() {
        let start = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let mut clock = WallClock::starting_at(start);
        assert_eq!(clock.read(at(5)), Some(start + TimeDelta::seconds(5)));
        assert_eq!(clock.instant_of(start + TimeDelta::seconds(5)), Some(at(5)));
        clock.step(TimeDelta::seconds(-60));
        assert_eq!(clock.read(at(5)), Some(start - TimeDelta::seconds(55)));
        let mut unset = WallClock::UNSET;
        unset.step(TimeDelta::seconds(1));
        assert_eq!(unset.read(at(5)), None);
        unset.set(at(5), start);
        assert_eq!(unset.read(at(6)), Some(start + TimeDelta::seconds(1)));
    }
}
