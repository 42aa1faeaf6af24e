//! When a heartbeat is due: after silence of ours, and once a day for the clock (1.6 §4.6, 2.x G02).

use core::time::Duration;

use crate::time::Instant;

/// The clock is synchronised at least this often, however busy the link is (1.6 §4.6 note, OCPP-J 1.6 §5.3).
const CLOCK_SYNC: Duration = Duration::from_secs(24 * 60 * 60);

/// The least time between two heartbeats that are sent for the clock alone: a CSMS that does not answer them is not asked without
/// end.
const CLOCK_RETRY: Duration = Duration::from_secs(15 * 60);

/// The times that heartbeats depend on.
#[derive(Debug, Default)]
pub(crate) struct Heartbeat {
    last_call: Instant,
    last_sync: Instant,
    /// When one was sent last.
    last_asked: Option<Instant>,
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

    /// A heartbeat is on its way.
    pub fn asked(&mut self, now: Instant) {
        self.is_wanted = false;
        self.last_asked = Some(now);
    }

    /// A message was sent.
    pub fn sent(&mut self, now: Instant) {
        self.last_call = now;
    }

    /// The CSMS told its time.
    pub fn synced(&mut self, now: Instant) {
        self.last_sync = now;
    }

    /// When the next heartbeat is due. An `interval` of zero leaves the daily one.
    pub fn deadline(&self, interval: Duration) -> Instant {
        let sync = self.last_sync + CLOCK_SYNC;
        let sync = self.last_asked.map_or(sync, |asked| sync.max(asked + CLOCK_RETRY));
        if interval.is_zero() { sync } else { sync.min(self.last_call + interval) }
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
        heartbeat.synced(day);
        heartbeat.sent(day);
        assert_eq!(heartbeat.deadline(Duration::from_secs(300)), day + Duration::from_secs(300));
        assert_eq!(heartbeat.deadline(Duration::ZERO), day + CLOCK_SYNC);
    }
}
