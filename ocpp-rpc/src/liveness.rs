//! Whether the other end of a connection still lives: when to ping, when to give up.

use core::time::Duration;

use crate::Instant;

/// When to ping and when to give up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct LivenessSettings {
    /// `WebSocketPingInterval` (OCPP-J 1.6 §7, Part 4 §8.4): ping after this long without anything from the peer. Zero: no
    /// pings of ours.
    #[cfg_attr(feature = "serde", serde(rename = "ping_interval_ms", with = "crate::time::millis"))]
    pub ping_interval: Duration,
    /// Without anything from the peer for this long after a ping, the peer is dead.
    #[cfg_attr(feature = "serde", serde(rename = "pong_within_ms", with = "crate::time::millis"))]
    pub pong_within: Duration,
    /// Without pings of ours: the peer is dead after this long without anything from it. Zero: never.
    #[cfg_attr(feature = "serde", serde(rename = "silence_limit_ms", with = "crate::time::millis"))]
    pub silence_limit: Duration,
}

impl Default for LivenessSettings {
    /// A ping after one minute of silence, 20 s for the answer.
    fn default() -> Self {
        Self {
            ping_interval: Duration::from_secs(60),
            pong_within: Duration::from_secs(20),
            silence_limit: Duration::ZERO,
        }
    }
}

/// What to do about a silent peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing yet.
    Wait,
    /// Send a WebSocket ping.
    Ping,
    /// The peer is dead: drop the connection.
    Dead,
}

/// The state of one connection.
///
/// Anything received counts as life, not only a pong: a pong may queue behind a long message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Liveness {
    heard: Instant,
    pinged: Option<Instant>,
    is_dead: bool,
}

impl Liveness {
    /// A connection opened at `now`.
    pub const fn opened(now: Instant) -> Self {
        Self { heard: now, pinged: None, is_dead: false }
    }

    /// Something came from the peer: a frame, a ping or a pong.
    pub fn heard(&mut self, now: Instant) {
        self.heard = self.heard.max(now);
        self.pinged = None;
    }

    /// What is due at `now`. [`Verdict::Ping`] and [`Verdict::Dead`] are each said once.
    pub fn handle_timeout(&mut self, now: Instant, settings: &LivenessSettings) -> Verdict {
        if self.poll_timeout(settings).is_none_or(|deadline| now < deadline) {
            return Verdict::Wait;
        }
        if settings.ping_interval > Duration::ZERO && self.pinged.is_none() {
            self.pinged = Some(now);
            return Verdict::Ping;
        }
        self.is_dead = true;
        Verdict::Dead
    }

    /// When [`Liveness::handle_timeout`] is next to be called.
    pub fn poll_timeout(&self, settings: &LivenessSettings) -> Option<Instant> {
        // Spans below the clock's step would let the deadline stand still.
        let after = |start: Instant, span: Duration| start + span.max(Duration::from_millis(1));
        match self.pinged {
            _ if self.is_dead => None,
            Some(pinged) => Some(after(pinged, settings.pong_within)),
            None if settings.ping_interval > Duration::ZERO => Some(after(self.heard, settings.ping_interval)),
            None if settings.silence_limit > Duration::ZERO => Some(after(self.heard, settings.silence_limit)),
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: LivenessSettings = LivenessSettings {
        ping_interval: Duration::from_secs(60),
        pong_within: Duration::from_secs(20),
        silence_limit: Duration::from_secs(7),
    };

    fn at(seconds: u64) -> Instant {
        Instant::from_millis(seconds * 1000)
    }

    #[test]
    fn silent_peer_is_pinged_and_then_given_up() {
        let mut link = Liveness::opened(at(0));
        assert_eq!(link.poll_timeout(&SETTINGS), Some(at(60)));
        assert_eq!(link.handle_timeout(at(59), &SETTINGS), Verdict::Wait);
        assert_eq!(link.handle_timeout(at(61), &SETTINGS), Verdict::Ping);
        assert_eq!(link.poll_timeout(&SETTINGS), Some(at(81)));
        assert_eq!(link.handle_timeout(at(80), &SETTINGS), Verdict::Wait);
        assert_eq!(link.handle_timeout(at(81), &SETTINGS), Verdict::Dead);
        assert_eq!(link.handle_timeout(at(99), &SETTINGS), Verdict::Wait);
        assert_eq!(link.poll_timeout(&SETTINGS), None);
    }

    #[test]
    fn anything_heard_counts_as_life() {
        let mut link = Liveness::opened(at(0));
        link.heard(at(50));
        assert_eq!(link.handle_timeout(at(60), &SETTINGS), Verdict::Wait);
        assert_eq!(link.handle_timeout(at(110), &SETTINGS), Verdict::Ping);
        link.heard(at(129));
        assert_eq!(link.handle_timeout(at(130), &SETTINGS), Verdict::Wait);
        assert_eq!(link.poll_timeout(&SETTINGS), Some(at(189)));
    }

    #[test]
    fn without_pings_of_ours_only_silence_kills() {
        let settings = LivenessSettings { ping_interval: Duration::ZERO, ..SETTINGS };
        let mut link = Liveness::opened(at(0));
        assert_eq!(link.handle_timeout(at(6), &settings), Verdict::Wait);
        assert_eq!(link.handle_timeout(at(7), &settings), Verdict::Dead);
        let settings = LivenessSettings { silence_limit: Duration::ZERO, ..settings };
        let mut link = Liveness::opened(at(0));
        assert_eq!((link.poll_timeout(&settings), link.handle_timeout(at(9_999), &settings)), (None, Verdict::Wait));
    }

    #[test]
    fn deadlines_move_even_with_tiny_spans() {
        let tiny = Duration::from_nanos(1);
        let settings = LivenessSettings { ping_interval: tiny, pong_within: tiny, silence_limit: tiny };
        let mut link = Liveness::opened(at(0));
        for expected in [Verdict::Ping, Verdict::Dead] {
            let deadline = link.poll_timeout(&settings).unwrap();
            assert_eq!(link.handle_timeout(deadline, &settings), expected);
            assert!(link.poll_timeout(&settings).is_none_or(|next| next > deadline));
        }
    }
}
