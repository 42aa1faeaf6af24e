//! The clock of a driver: milliseconds since it was made, and back to the runtime's instants.

use std::time::Duration;

use ocpp_core::time::Instant;

/// Reads the runtime's monotonic clock.
#[derive(Clone, Copy, Debug)]
pub struct MonotonicClock {
    start: tokio::time::Instant,
}

impl MonotonicClock {
    /// A clock that shows zero now.
    pub fn start() -> Self {
        MonotonicClock { start: tokio::time::Instant::now() }
    }

    /// The time now.
    pub fn now(&self) -> Instant {
        let millis = self.start.elapsed().as_millis();
        Instant::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
    }

    /// Waits until this clock shows `deadline`; for ever if there is none.
    pub async fn sleep_until(&self, deadline: Option<Instant>) {
        match deadline.and_then(|at| self.start.checked_add(Duration::from_millis(at.as_millis()))) {
            Some(at) => tokio::time::sleep_until(at).await,
            None => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn sleeper_wakes_when_the_clock_shows_its_deadline() {
        let clock = MonotonicClock::start();
        assert_eq!(clock.now(), Instant::ZERO);
        let deadline = Instant::from_millis(1_500);
        clock.sleep_until(Some(deadline)).await;
        assert!(clock.now() >= deadline);
        let never = tokio::time::timeout(Duration::from_secs(3_600), clock.sleep_until(None)).await;
        assert!(never.is_err());
    }
}
