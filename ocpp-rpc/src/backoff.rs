//! How long a station waits before it connects again.

use core::time::Duration;

/// The settings of the back-off (Part 4 §5.3 of 2.0.1, §5.4 of 2.1). 1.6 asks for a back-off without naming its settings
/// (errata of OCPP-J 1.6 §3.4): use the same ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BackoffSettings {
    /// `RetryBackOffWaitMinimum`: the first wait, without its random part.
    pub wait_minimum: Duration,
    /// `RetryBackOffRandomRange`: the random part of each wait is 0 to this, both included.
    pub random_range: Duration,
    /// `RetryBackOffRepeatTimes`: how many times the wait is doubled.
    pub repeat_times: u32,
    /// No wait is longer than this, the random part included. A bound of our own: the variables know none, and a large
    /// `repeat_times` means years.
    pub ceiling: Duration,
}

impl Default for BackoffSettings {
    /// 10 s doubled up to five times, 10 s at random, at most an hour.
    fn default() -> Self {
        Self {
            wait_minimum: Duration::from_secs(10),
            random_range: Duration::from_secs(10),
            repeat_times: 5,
            ceiling: Duration::from_secs(3600),
        }
    }
}

/// Where a station is in its back-off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The wait before the next attempt: after the loss of a connection, and after each attempt that failed. `random` is
    /// any number, uniformly drawn.
    pub fn next_wait(&mut self, settings: &BackoffSettings, random: u32) -> Duration {
        let doublings = self.failures.min(settings.repeat_times);
        self.failures = self.failures.saturating_add(1);
        let factor = 1u32.checked_shl(doublings).unwrap_or(u32::MAX);
        let steps = settings.random_range.as_millis().saturating_add(1);
        let jitter = u64::try_from(steps.saturating_mul(random.into()) >> 32).unwrap_or(u64::MAX);
        let wait = settings.wait_minimum.saturating_mul(factor).saturating_add(Duration::from_millis(jitter));
        wait.min(settings.ceiling)
    }

    /// Connected: the next loss begins with the first wait again (errata 2025-04 of 2.0.1 §4.12, 2025-06 of 2.1 §4.1).
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    const SETTINGS: BackoffSettings = BackoffSettings {
        wait_minimum: Duration::from_secs(4),
        random_range: Duration::from_secs(3),
        repeat_times: 3,
        ceiling: Duration::from_secs(1_000),
    };

    fn waits(settings: &BackoffSettings, random: u32) -> Vec<u128> {
        let mut backoff = Backoff::default();
        (0..6).map(|_| backoff.next_wait(settings, random).as_millis()).collect()
    }

    #[test]
    fn wait_doubles_repeat_times_and_then_stays() {
        assert_eq!(waits(&SETTINGS, 0), [4_000, 8_000, 16_000, 32_000, 32_000, 32_000]);
    }

    #[test]
    fn random_part_is_new_each_time_and_reaches_its_maximum() {
        assert_eq!(waits(&SETTINGS, u32::MAX), [7_000, 11_000, 19_000, 35_000, 35_000, 35_000]);
        assert_eq!(waits(&SETTINGS, 1 << 31)[0], 5_500);
        assert_eq!(waits(&BackoffSettings { random_range: Duration::ZERO, ..SETTINGS }, u32::MAX)[0], 4_000);
    }

    #[test]
    fn success_resets_the_wait() {
        let mut backoff = Backoff::default();
        for _ in 0..4 {
            backoff.next_wait(&SETTINGS, 0);
        }
        backoff.reset();
        assert_eq!(backoff.next_wait(&SETTINGS, 0), Duration::from_secs(4));
    }

    #[test]
    fn absurd_settings_are_capped() {
        let absurd = BackoffSettings {
            wait_minimum: Duration::MAX,
            random_range: Duration::MAX,
            repeat_times: u32::MAX,
            ..SETTINGS
        };
        assert_eq!(waits(&absurd, u32::MAX), [1_000_000; 6]);
        let mut backoff = Backoff { failures: u32::MAX };
        let long = BackoffSettings { repeat_times: u32::MAX, ..SETTINGS };
        assert_eq!(backoff.next_wait(&long, 7), Duration::from_secs(1_000));
    }
}
