//! The connection to the CSMS: connecting, back-off, pings, and noticing that the peer is dead.

use core::time::Duration;

use compact_str::CompactString;
use ocpp_rpc::Dialect;

use crate::rng::Rng;
use crate::time::Instant;

/// A connection attempt that the driver does not report on is given up after this.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(120);

/// Waits between connection attempts, in the terms of 2.x (`RetryBackOff*`, 2.0.1 Part 4 §5.3). 1.6 has no keys for
/// them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BackOff {
    /// The wait before the first attempt after a loss; doubled with each further one.
    pub minimum: Duration,
    /// How often it is doubled.
    pub repeats: u32,
    /// The upper end of the random part that is added.
    pub random: Duration,
}

impl BackOff {
    pub const STANDARD: BackOff =
        BackOff { minimum: Duration::from_secs(10), repeats: 5, random: Duration::from_secs(10) };

    fn wait(&self, attempt: u32, rng: &mut Rng) -> Duration {
        let random = u64::try_from(self.random.as_millis()).unwrap_or(u64::MAX);
        let jitter = Duration::from_millis(rng.next_u64() % random.saturating_add(1));
        self.minimum.saturating_mul(1 << attempt.min(self.repeats).min(30)).saturating_add(jitter)
    }
}

/// How the link is kept alive.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Liveness {
    /// Silence of the peer after which a ping is sent. Zero: never (1.6 §9.1.34).
    pub ping_interval: Duration,
    /// How long the answer may take.
    pub ping_timeout: Duration,
}

#[derive(Clone, Debug)]
enum State {
    Down { retry_at: Instant },
    Connecting { until: Instant },
    Up { heard: Instant, pinged: Option<Instant> },
}

/// The connection.
#[derive(Debug)]
pub(crate) struct Link {
    state: State,
    attempt: u32,
    rng: Rng,
}

/// What time asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum LinkDue {
    Connect,
    Ping,
    /// The peer is dead or the driver forgot us: close, and tell the rest.
    GiveUp,
}

impl Link {
    pub fn new(now: Instant, rng: Rng) -> Self {
        Link { state: State::Down { retry_at: now }, attempt: 0, rng }
    }

    pub fn is_up(&self) -> bool {
        matches!(self.state, State::Up { .. })
    }

    /// Whether there is no connection, nor an attempt at one.
    pub fn is_down(&self) -> bool {
        matches!(self.state, State::Down { .. })
    }

    /// The subprotocol of this connection, if it is one that was offered.
    pub fn choose(offered: &[Dialect], subprotocol: &CompactString) -> Option<Dialect> {
        Dialect::from_subprotocol(subprotocol).filter(|dialect| offered.contains(dialect))
    }

    pub fn opened(&mut self, now: Instant) {
        self.state = State::Up { heard: now, pinged: None };
        self.attempt = 0;
    }

    /// Something arrived: the peer lives.
    pub fn heard(&mut self, now: Instant) {
        if let State::Up { heard, pinged } = &mut self.state {
            *heard = now;
            *pinged = None;
        }
    }

    /// The connection is gone. Gives the time of the next attempt.
    pub fn closed(&mut self, now: Instant) -> Instant {
        let retry_at = now + BackOff::STANDARD.wait(self.attempt, &mut self.rng);
        self.attempt = self.attempt.saturating_add(1);
        self.state = State::Down { retry_at };
        retry_at
    }

    /// Connect again now, by order.
    pub fn reconnect(&mut self, now: Instant) {
        self.attempt = 0;
        self.state = State::Down { retry_at: now };
    }

    /// What is due at `now`; call it again until it gives nothing.
    pub fn due(&mut self, now: Instant, liveness: Liveness) -> Option<LinkDue> {
        match &mut self.state {
            State::Down { retry_at } if *retry_at <= now => {
                self.state = State::Connecting { until: now + CONNECT_TIMEOUT };
                Some(LinkDue::Connect)
            }
            State::Connecting { until } if *until <= now => Some(LinkDue::GiveUp),
            State::Up { pinged: Some(at), .. } if *at + liveness.ping_timeout <= now => Some(LinkDue::GiveUp),
            State::Up { heard, pinged: pinged @ None }
                if !liveness.ping_interval.is_zero() && *heard + liveness.ping_interval <= now =>
            {
                *pinged = Some(now);
                Some(LinkDue::Ping)
            }
            State::Down { .. } | State::Connecting { .. } | State::Up { .. } => None,
        }
    }

    pub fn deadline(&self, liveness: Liveness) -> Option<Instant> {
        match self.state {
            State::Down { retry_at } => Some(retry_at),
            State::Connecting { until } => Some(until),
            State::Up { pinged: Some(at), .. } => Some(at + liveness.ping_timeout),
            State::Up { heard, pinged: None } => {
                (!liveness.ping_interval.is_zero()).then(|| heard + liveness.ping_interval)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silent_peer_is_pinged_then_given_up() {
        let liveness = Liveness { ping_interval: Duration::from_secs(60), ping_timeout: Duration::from_secs(20) };
        let at = |seconds: u64| Instant::from_millis(seconds * 1000);
        let mut link = Link::new(at(0), Rng::new(1));
        assert_eq!(link.due(at(0), liveness), Some(LinkDue::Connect));
        assert_eq!(link.due(at(0), liveness), None);
        link.opened(at(1));
        link.heard(at(5));
        assert_eq!(link.deadline(liveness), Some(at(65)));
        assert_eq!(link.due(at(65), liveness), Some(LinkDue::Ping));
        assert_eq!(link.deadline(liveness), Some(at(85)));
        link.heard(at(70));
        assert_eq!(link.due(at(85), liveness), None);
        assert_eq!(link.due(at(130), liveness), Some(LinkDue::Ping));
        assert_eq!(link.due(at(150), liveness), Some(LinkDue::GiveUp));
    }

    #[test]
    fn waits_grow_to_a_bound_and_are_jittered() {
        let back_off = BackOff::STANDARD;
        let mut rng = Rng::new(7);
        for attempt in 0..40 {
            let wait = back_off.wait(attempt, &mut rng);
            let base = back_off.minimum * (1 << attempt.min(5));
            assert!(wait >= base && wait <= base + back_off.random, "attempt {attempt}: {wait:?}");
        }
    }
}
