//! The connection to the CSMS: connecting, back-off, pings, and noticing that the peer is dead.

use core::time::Duration;

use compact_str::CompactString;
use ocpp_rpc::backoff::{Backoff, BackoffSettings};
use ocpp_rpc::handshake::{Identity, IdentityRules, Password, connection_url};
use ocpp_rpc::liveness::{Liveness, LivenessSettings, Verdict};

use crate::MisuseError;
use crate::rng::Rng;
use crate::station::{ConnectRequest, StationConfig};
use crate::time::Instant;

/// So many calls in a row that nothing was heard after, and the peer counts as dead: without pings nobody else would notice.
const MAX_UNHEARD_CALLS: u8 = 3;

/// A connection attempt that the driver does not report on is given up after this.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(120);

#[derive(Debug)]
enum State {
    Down { retry_at: Instant },
    Connecting { until: Instant },
    Up(Liveness),
}

/// The connection.
#[derive(Debug)]
pub(crate) struct Link {
    state: State,
    backoff: Backoff,
    rng: Rng,
    /// Calls that timed out since anything was heard.
    unheard_calls: u8,
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
    /// A link that connects at `now`.
    pub fn new(now: Instant, rng: Rng) -> Self {
        Link { state: State::Down { retry_at: now }, backoff: Backoff::default(), rng, unheard_calls: 0 }
    }

    pub fn is_up(&self) -> bool {
        matches!(self.state, State::Up(_))
    }

    /// Whether there is no connection, nor an attempt at one.
    pub fn is_down(&self) -> bool {
        matches!(self.state, State::Down { .. })
    }

    pub fn opened(&mut self, now: Instant) {
        self.state = State::Up(Liveness::opened(now));
        self.backoff.reset();
        self.unheard_calls = 0;
    }

    /// Something arrived: the peer lives.
    pub fn heard(&mut self, now: Instant) {
        self.unheard_calls = 0;
        if let State::Up(liveness) = &mut self.state {
            liveness.heard(now);
        }
    }

    /// A call of ours was not answered in time.
    pub fn call_timed_out(&mut self) {
        self.unheard_calls = self.unheard_calls.saturating_add(1);
    }

    /// The connection is gone. Gives the time of the next attempt.
    pub fn closed(&mut self, now: Instant) -> Instant {
        let retry_at = now + self.backoff.next_wait(&BackoffSettings::default(), self.rng.next_u32());
        self.state = State::Down { retry_at };
        retry_at
    }

    /// Connect again now, by order.
    pub fn reconnect(&mut self, now: Instant) {
        self.backoff.reset();
        self.state = State::Down { retry_at: now };
    }

    /// What is due at `now`; call it again until it gives nothing.
    pub fn due(&mut self, now: Instant, settings: &LivenessSettings) -> Option<LinkDue> {
        match &mut self.state {
            State::Down { retry_at } if *retry_at <= now => {
                self.state = State::Connecting { until: now + CONNECT_TIMEOUT };
                Some(LinkDue::Connect)
            }
            State::Connecting { until } if *until <= now => Some(LinkDue::GiveUp),
            State::Up(_) if self.unheard_calls >= MAX_UNHEARD_CALLS => Some(LinkDue::GiveUp),
            State::Up(liveness) => match liveness.handle_timeout(now, settings) {
                Verdict::Wait => None,
                Verdict::Ping => Some(LinkDue::Ping),
                Verdict::Dead => Some(LinkDue::GiveUp),
            },
            State::Down { .. } | State::Connecting { .. } => None,
        }
    }

    pub fn deadline(&self, settings: &LivenessSettings) -> Option<Instant> {
        match &self.state {
            State::Down { retry_at } => Some(*retry_at),
            State::Connecting { until } => Some(*until),
            State::Up(liveness) => liveness.poll_timeout(settings),
        }
    }
}

impl ConnectRequest {
    /// The request that a configuration asks for.
    pub(crate) fn of(config: &StationConfig) -> Result<Self, MisuseError> {
        let identity = Identity::new(&config.identity, &IdentityRules::V1_6)
            .map_err(|_| MisuseError::Configuration("identity cannot be sent"))?;
        let url = connection_url(&config.endpoint, &identity)
            .map_err(|_| MisuseError::Configuration("endpoint is no ws:// or wss:// url"))?;
        let authorization = match &config.password {
            None => None,
            Some(secret) => {
                let password = Password::from_bytes(secret.0.as_bytes())
                    .map_err(|_| MisuseError::Configuration("password is empty or too long"))?;
                Some(CompactString::from(password.authorization(&identity)))
            }
        };
        let subprotocols = config.versions.iter().map(|version| version.subprotocol().into()).collect();
        Ok(ConnectRequest { url: CompactString::from(url), subprotocols, authorization })
    }
}
