//! When readings at fixed times of the day are due (1.6 §9.1.5, 2.x `AlignedDataCtrlr.Interval`).
//!
//! Times are those of the wall clock: each interval counted from midnight UTC. They are found anew when the clock steps: a
//! small step repeats no reading and loses none, a large one makes up for none.

use chrono::DateTime;

use crate::time::{Clock, Instant};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The next reading of one meter.
#[derive(Debug, Default)]
pub(crate) struct Aligned {
    planned: Option<Planned>,
}

#[derive(Clone, Copy, Debug)]
struct Planned {
    interval_ms: i64,
    /// Wall time, milliseconds since 1970.
    at_ms: i64,
}

impl Aligned {
    /// Whether a reading is due, which so counts as taken. An interval of 0 seconds means none, and so does no clock.
    pub fn is_due(&mut self, wall_ms: Option<i64>, interval_seconds: u32) -> bool {
        let interval_ms = i64::from(interval_seconds) * 1000;
        let Some(now_ms) = wall_ms.filter(|_| interval_ms > 0) else {
            self.planned = None;
            return false;
        };
        let planned = self.planned.filter(|planned| planned.interval_ms == interval_ms);
        let (is_due, keeps) = match planned {
            None => (false, false),
            // Passed by time going on, or by a step of less than an interval.
            Some(planned) if planned.at_ms <= now_ms => (now_ms - planned.at_ms < interval_ms, false),
            // One that lies further ahead than the interval, and the steps of a good clock, was planned before a step back.
            Some(planned) => (false, planned.at_ms - now_ms <= interval_ms + interval_ms.min(10_000)),
        };
        if !keeps {
            self.planned = Some(Planned { interval_ms, at_ms: next_after(now_ms, interval_ms) });
        }
        is_due
    }

    /// When the next reading is due, by the clock as it is now.
    pub fn deadline(&self, clock: &Clock) -> Option<Instant> {
        clock.instant_of(DateTime::from_timestamp_millis(self.planned?.at_ms)?)
    }
}

/// The first multiple of the interval since midnight after `now_ms`, or the next midnight.
fn next_after(now_ms: i64, interval_ms: i64) -> i64 {
    let midnight = now_ms.div_euclid(DAY_MS) * DAY_MS;
    let passed = (now_ms - midnight) / interval_ms;
    (midnight + (passed + 1) * interval_ms).min(midnight + DAY_MS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Boot;
    use alloc::vec;
    use alloc::vec::Vec;

    const MIDNIGHT: i64 = 1_700_006_400_000;

    /// The wall times, in seconds after midnight, at which readings are due while the clock shows these times.
    fn due(interval: u32, times: impl IntoIterator<Item = i64>) -> Vec<i64> {
        let mut aligned = Aligned::default();
        let wall = |seconds: i64| Some(MIDNIGHT + seconds * 1000);
        times.into_iter().filter(|seconds| aligned.is_due(wall(*seconds), interval)).collect()
    }

    #[test]
    fn intervals_are_counted_from_midnight() {
        assert_eq!(MIDNIGHT % DAY_MS, 0);
        assert_eq!(due(900, 100..3000), [900, 1800, 2700]);
        assert_eq!(due(50_000, (0..200_000).step_by(10)), [50_000, 86_400, 136_400, 172_800]);
        assert_eq!(due(86_400, 80_000..90_000), [86_400]);
        assert_eq!(due(0, 0..2000), Vec::<i64>::new());
    }

    #[test]
    fn small_steps_of_the_clock_lose_and_repeat_nothing_large_ones_make_up_for_nothing() {
        assert_eq!(due(900, (100..898).chain(903..1000)), [903], "three seconds forward over a time");
        assert_eq!(due(900, (100..902).chain(898..1000)), [900], "back over a time");
        assert_eq!(due(900, (100..200).chain(10_000..12_000)), [10_800, 11_700], "far forward");
        assert_eq!(due(900, (10_000..10_100).chain(100..2000)), [900, 1800], "far back");
    }

    #[test]
    fn deadline_is_the_next_time_and_none_without_a_clock() {
        let mut clock = Clock::new(Boot(1), vec![], vec![]);
        let mut aligned = Aligned::default();
        assert!(!aligned.is_due(clock.wall_ms(Instant::ZERO), 900));
        assert_eq!(aligned.deadline(&clock), None);
        let wall = DateTime::from_timestamp_millis(MIDNIGHT + 890_000).unwrap();
        let _ = clock.set(Instant::from_millis(5_000), wall);
        assert!(!aligned.is_due(clock.wall_ms(Instant::from_millis(5_000)), 900));
        assert_eq!(aligned.deadline(&clock), Some(Instant::from_millis(15_000)));
        assert!(aligned.is_due(clock.wall_ms(Instant::from_millis(15_000)), 900));
        assert_eq!(aligned.deadline(&clock), Some(Instant::from_millis(915_000)));
    }
}
