//! When a heartbeat is due: after silence of ours, and once a day for the clock (1.6 §4.6, 2.x G02).

use core::time::Duration;

use crate::time::Instant;

/// The clock is synchronised at least this often, however busy the link is (1.6 §4.6 note, OCPP-J 1.6 §5.3).
const CLOCK_SYNC: Duration = Duration::from_secs(24 * 60 * 60);

/// The least time between two heartbeats that are sent for the clock alone: a CSMS that does not answer them is not asked without
/// end.
const CLOCK_RETRY: Duration = Duration::from_secs(15 * 60);

/// The same while the time that the CSMS told last is not believed.
const DOUBT: Duration = Duration::from_secs(5 * 60);

/// The times that heartbeats depend on.
#[derive(Debug, Default)]
pub(crate) struct Heartbeat {
    last_call: Instant,
    last_ask: Instant,
    /// When the CSMS told its time, and whether it is believed.
    last_sync: Instant,
    is_doubted: bool,
    is_wanted: bool,
}

impl Heartbeat {
    /// The CSMS asks for one.
    #[cfg(feature = "remote_trigger")]
    pub fn trigger(&mut self) {
        self.is_wanted = true;
    }

    /// Whether the CSMS asked for one.
    pub fn is_wanted(&self) -> bool {
        self.is_wanted
    }

    /// A heartbeat is on its way, or the application has its word about it.
    pub fn asked(&mut self, now: Instant) {
        self.is_wanted = false;
        self.last_ask = now;
    }

    /// A message was sent: not one that could not be.
    pub fn sent(&mut self, now: Instant) {
        self.last_call = now;
    }

    /// The CSMS told its time, which is believed or not.
    pub fn synced(&mut self, now: Instant, is_believed: bool) {
        self.last_sync = now;
        self.is_doubted = !is_believed;
    }

    /// When the next heartbeat is due. An `interval` of zero leaves the daily one.
    pub fn deadline(&self, interval: Duration) -> Instant {
        let (period, retry) = if self.is_doubted { (DOUBT, DOUBT) } else { (CLOCK_SYNC, CLOCK_RETRY) };
        let sync = (self.last_sync + period).max(self.last_ask + retry);
        if interval.is_zero() { sync } else { sync.min(self.last_call.max(self.last_ask) + interval) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn busy_link_still_synchronises_the_clock_daily() {
        let mut heartbeat = Heartbeat::default();
        let day = Instant::ZERO + CLOCK_SYNC;
        heartbeat.sent(Instant::from_millis(day.as_millis() - 1));
        assert_eq!(heartbeat.deadline(Duration::from_secs(300)), day);
        heartbeat.synced(day, true);
        heartbeat.sent(day);
        assert_eq!(heartbeat.deadline(Duration::from_secs(300)), day + Duration::from_secs(300));
        assert_eq!(heartbeat.deadline(Duration::ZERO), day + CLOCK_SYNC);
    }

    #[test]
    fn time_that_is_not_believed_is_asked_for_again_soon() {
        let mut heartbeat = Heartbeat::default();
        let now = Instant::from_millis(1_000);
        heartbeat.synced(now, false);
        for second in 0..300 {
            heartbeat.sent(Instant::from_millis(1_000 * second));
        }
        assert_eq!(heartbeat.deadline(Duration::from_secs(86_400)), now + DOUBT);
        heartbeat.asked(now + DOUBT);
        assert_eq!(heartbeat.deadline(Duration::ZERO), now + DOUBT + DOUBT, "whatever comes of it");
    }
}
