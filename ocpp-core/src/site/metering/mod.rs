//! The last reading of an EVSE's meter, and the wait for the next.

mod aligned;
mod register;

use core::time::Duration;

#[cfg(all(test, feature = "serde"))]
use serde::{Deserialize, Serialize};

pub(crate) use aligned::Aligned;
pub(crate) use register::Register;

use crate::station::MeterReading;
use crate::store::pack::packed;
use crate::time::Instant;

/// Why a reading was taken (1.6 §7.35). Those of a transaction's begin and end are part of its start and stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(all(test, feature = "serde"), derive(Serialize, Deserialize))]
pub(crate) enum SampleContext {
    /// At a fixed time of the day.
    Clock,
    /// After an interval of the transaction.
    Periodic,
    /// The CSMS asked for it.
    Trigger,
    /// The transaction goes on after a power cut.
    InterruptionEnd,
    /// The cost is counted by it.
    Other,
}

packed!(enum SampleContext { 0 Clock, 1 Periodic, 2 Trigger, 3 InterruptionEnd, 4 Other });

/// The meter of one EVSE.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    last: Option<(Instant, MeterReading)>,
    waiting: Option<Instant>,
}

/// What [`Meter::read`] found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Read {
    /// A reading of now.
    Fresh(MeterReading),
    /// The meter kept silent: its last reading, if there ever was one.
    Stale(Option<MeterReading>),
    /// Ask the meter, and come again.
    Ask,
    /// It was asked; come again.
    Waiting,
}

/// How long a reading counts as fresh, and how long the meter may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MeterPolicy {
    pub freshness: Duration,
    pub timeout: Duration,
}

impl Meter {
    /// Takes a reading in.
    pub fn report(&mut self, now: Instant, reading: MeterReading) {
        self.last = Some((now, reading));
        self.waiting = None;
    }

    /// The values now, or the way to them.
    pub fn read(&mut self, now: Instant, policy: MeterPolicy) -> Read {
        if let Some((at, reading)) = &self.last
            && now.saturating_since(*at) <= policy.freshness
        {
            self.waiting = None;
            return Read::Fresh(reading.clone());
        }
        match self.waiting {
            None => {
                self.waiting = Some(now + policy.timeout);
                Read::Ask
            }
            Some(until) if until <= now => {
                self.waiting = None;
                Read::Stale(self.last.as_ref().map(|(_, reading)| reading.clone()))
            }
            Some(_) => Read::Waiting,
        }
    }

    /// The last reading, if it is no older than that.
    #[cfg(feature = "california_pricing")]
    pub fn latest(&self, now: Instant, freshness: Duration) -> Option<&MeterReading> {
        let (at, reading) = self.last.as_ref()?;
        (now.saturating_since(*at) <= freshness).then_some(reading)
    }

    /// The last reading, if it was taken since `since`, and is no older than `most`.
    pub fn since(&self, now: Instant, since: Instant, most: Duration) -> Option<&MeterReading> {
        let (at, reading) = self.last.as_ref()?;
        (*at >= since && now.saturating_since(*at) <= most).then_some(reading)
    }

    /// Whether it ever answered.
    pub fn has_answered(&self) -> bool {
        self.last.is_some()
    }

    /// When the last reading will be older than `freshness`.
    pub fn outdated_at(&self, freshness: Duration) -> Option<Instant> {
        self.last.as_ref().map(|(at, _)| *at + freshness + Duration::from_millis(1))
    }

    /// When the meter's time to answer ends.
    pub fn deadline(&self) -> Option<Instant> {
        self.waiting
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meter_is_asked_once_and_its_silence_ends_the_wait() {
        let policy = MeterPolicy { freshness: Duration::from_secs(1), timeout: Duration::from_secs(2) };
        let at = |seconds: u64| Instant::from_millis(seconds * 1000);
        let mut meter = Meter::default();
        assert_eq!(meter.read(at(0), policy), Read::Ask);
        assert_eq!(meter.read(at(1), policy), Read::Waiting);
        assert_eq!(meter.deadline(), Some(at(2)));
        assert_eq!(meter.read(at(2), policy), Read::Stale(None));
        assert_eq!(meter.deadline(), None);

        meter.report(at(3), MeterReading::energy_wh(7));
        assert_eq!(meter.read(at(4), policy), Read::Fresh(MeterReading::energy_wh(7)));
        assert_eq!(meter.read(at(5), policy), Read::Ask);
        assert_eq!(meter.read(at(7), policy), Read::Stale(Some(MeterReading::energy_wh(7))));
    }
}
