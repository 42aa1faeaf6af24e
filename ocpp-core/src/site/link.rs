//! The connection to the CSMS: connecting, back-off, pings, and noticing that the peer is dead.

#[cfg(all(feature = "security", feature = "transaction_events"))]
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

use ocpp_rpc::backoff::{Backoff, BackoffSettings};
use ocpp_rpc::handshake::{Identity, IdentityRules, Password, SecurityProfile, connection_url};
use ocpp_rpc::liveness::{Liveness, LivenessSettings, Verdict};
use ocpp_types::SmallString;

#[cfg(all(feature = "security", feature = "transaction_events"))]
use super::networks::Network;
use crate::MisuseError;
use crate::rng::Rng;
#[cfg(all(feature = "security", feature = "transaction_events"))]
use crate::station::NetworkConnectionProfile;
use crate::station::{ConnectRequest, StationConfig};
use crate::time::Instant;
use crate::words::joined;

/// So many calls in a row that nothing was heard after, and the peer counts as dead: without pings nobody else would notice.
const MAX_UNHEARD_CALLS: u8 = 3;

/// A connection attempt that the host does not report on is given up after this.
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
    /// The host wants no connection.
    is_held: bool,
    /// Where the last attempt went, and with which profile.
    pub target: Option<(SmallString, Option<SecurityProfile>)>,
}

/// What time asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum LinkDue {
    Connect,
    Ping,
    /// The peer is dead or the host forgot us: close, and tell the rest.
    GiveUp,
}

impl Link {
    /// A link that connects at `now`.
    pub fn new(now: Instant, rng: Rng) -> Self {
        Link {
            state: State::Down { retry_at: now },
            backoff: Backoff::default(),
            rng,
            unheard_calls: 0,
            is_held: false,
            target: None,
        }
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

    /// The connection is gone. Gives the time of the next attempt, if there will be one.
    pub fn closed(&mut self, now: Instant, settings: &BackoffSettings) -> Option<Instant> {
        let retry_at = now + self.backoff.next_wait(settings, self.rng.next_u32());
        self.state = State::Down { retry_at };
        self.retry_at()
    }

    /// When the next attempt is made; none if one is under way, the link is open, or the host wants none.
    pub fn retry_at(&self) -> Option<Instant> {
        match self.state {
            State::Down { retry_at } => (!self.is_held).then_some(retry_at),
            State::Connecting { .. } | State::Up(_) => None,
        }
    }

    /// The host wants no connection, until it wants one again.
    pub fn hold(&mut self, is_held: bool) {
        self.is_held = is_held;
    }

    /// Whether the host wants no connection.
    pub fn is_held(&self) -> bool {
        self.is_held
    }

    /// Whether an attempt at a connection is under way.
    pub fn is_connecting(&self) -> bool {
        matches!(self.state, State::Connecting { .. })
    }

    /// Connect again then, by order.
    pub fn reconnect(&mut self, at: Instant) {
        self.backoff.reset();
        self.state = State::Down { retry_at: at };
    }

    /// What is due at `now`; call it again until it gives nothing.
    pub fn due(&mut self, now: Instant, settings: &LivenessSettings) -> Option<LinkDue> {
        match &mut self.state {
            State::Down { retry_at } if *retry_at <= now && !self.is_held => {
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
            State::Down { .. } => self.retry_at(),
            State::Connecting { until } => Some(*until),
            State::Up(liveness) => liveness.poll_timeout(settings),
        }
    }
}

/// Where the CSMS is, and who the station says it is there.
#[derive(Debug)]
pub(crate) struct Address {
    identity: Identity,
    /// What another one may be.
    #[cfg(all(feature = "security", feature = "transaction_events"))]
    rules: IdentityRules,
    /// Of a station that was never told another.
    pub first_password: Option<Password>,
    url: SmallString,
    /// For the profiles that need TLS, if it is another one.
    tls_url: Option<SmallString>,
}

impl Address {
    /// The address that a configuration gives.
    pub fn of(config: &mut StationConfig, rules: &IdentityRules) -> Result<Self, MisuseError> {
        let identity = Identity::new(&config.network.identity, rules)
            .map_err(|_| MisuseError::unfit("network.identity", &config.network.identity, "cannot be sent"))?;
        let url = connection_url(&config.network.endpoint, &identity).map_err(|_| {
            MisuseError::unfit("network.endpoint", &config.network.endpoint, "is no ws:// or wss:// url")
        })?;
        let tls_url = match &config.network.tls_endpoint {
            None => None,
            Some(endpoint) => match connection_url(endpoint, &identity) {
                Ok(url) if is_tls(&url) => Some(SmallString::from(url)),
                Ok(_) | Err(_) => return Err(MisuseError::unfit("network.tls_endpoint", endpoint, "is no wss:// url")),
            },
        };
        let first_password = take_key(config).map_or_else(|| password(config), |key| Ok(Some(key)))?;
        Ok(Address {
            identity,
            #[cfg(all(feature = "security", feature = "transaction_events"))]
            rules: *rules,
            first_password,
            url: SmallString::from(url),
            tls_url,
        })
    }

    /// How to connect: with this password, or the first one.
    pub fn request(
        &self,
        config: &StationConfig,
        password: Option<&[u8]>,
        security_profile: Option<SecurityProfile>,
    ) -> ConnectRequest {
        let url = match &self.tls_url {
            _ if !security_profile.is_some_and(SecurityProfile::needs_tls) => self.url.clone(),
            Some(url) => url.clone(),
            None if is_tls(&self.url) => self.url.clone(),
            None => {
                let rest = self.url.split_once("://").map_or(self.url.as_str(), |(_, rest)| rest);
                joined(&["wss://", rest])
            }
        };
        // A00.FR.401: profile 3 has the certificate instead.
        let has_password = security_profile != Some(SecurityProfile::TlsWithClientCertificate);
        let told = password.and_then(|bytes| Password::from_bytes(bytes).ok());
        let password = told.as_ref().or(self.first_password.as_ref()).filter(|_| has_password);
        ConnectRequest {
            url,
            subprotocols: subprotocols(config),
            authorization: password.map(|password| SmallString::from(password.authorization(&self.identity))),
            security_profile,
            slot: config.network.slot,
            profile: None,
        }
    }

    /// How to connect by what the CSMS set: with a password of the network's own, this one, or the first one.
    #[cfg(all(feature = "security", feature = "transaction_events"))]
    pub fn request_by(
        &self,
        config: &StationConfig,
        slot: u8,
        network: &Network,
        password: Option<&[u8]>,
    ) -> ConnectRequest {
        let own = network.identity.as_ref().and_then(|identity| Identity::new(identity, &self.rules).ok());
        let identity = own.as_ref().unwrap_or(&self.identity);
        let security_profile = SecurityProfile::from_number(network.security_profile.into());
        let bytes = network.password.as_ref().map(|text| text.as_bytes()).or(password);
        let told = bytes.and_then(|bytes| Password::from_bytes(bytes).ok());
        let needs_password =
            security_profile.is_some_and(|profile| profile != SecurityProfile::TlsWithClientCertificate);
        let password = told.as_ref().or(self.first_password.as_ref()).filter(|_| needs_password);
        ConnectRequest {
            // It was checked when it was set.
            url: connection_url(&network.url, identity).unwrap_or_default().into(),
            subprotocols: subprotocols(config),
            authorization: password.map(|password| SmallString::from(password.authorization(identity))),
            security_profile,
            slot: config.network.slot,
            profile: Some(Box::new(NetworkConnectionProfile {
                slot,
                interface: network.interface.clone(),
                request: network.request.clone(),
            })),
        }
    }

    /// Whether this is an endpoint to connect to, under the station's identity or another, with the scheme that the profile needs.
    #[cfg(all(feature = "security", feature = "transaction_events"))]
    pub fn is_reachable(&self, endpoint: &str, identity: Option<&str>, security_profile: u8) -> bool {
        let own = identity.map(|identity| Identity::new(identity, &self.rules));
        let url = match &own {
            None => connection_url(endpoint, &self.identity),
            Some(Ok(own)) => connection_url(endpoint, own),
            Some(Err(_)) => return false,
        };
        url.is_ok_and(|url| security_profile < 2 || is_tls(&url))
    }
}

fn subprotocols(config: &StationConfig) -> Vec<SmallString> {
    config.network.versions.iter().map(|version| version.subprotocol().into()).collect()
}

fn is_tls(url: &str) -> bool {
    url.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("wss:"))
}

/// The password as it is sent.
fn password(config: &StationConfig) -> Result<Option<Password>, MisuseError> {
    let password = config.network.password.as_ref().map(|secret| Password::from_bytes(secret.0.as_bytes()));
    password
        .transpose()
        .map_err(|_| MisuseError::Configuration { member: "network.password", reason: "it is empty or too long" })
}

/// Takes the password out of the settings, in hexadecimal digits there: what is left of them may be printed.
fn take_key(config: &mut StationConfig) -> Option<Password> {
    let is_key = |name: &str| cfg!(feature = "security") && name.eq_ignore_ascii_case("AuthorizationKey");
    let place = config.policy.settings.iter().position(|(name, _)| is_key(name))?;
    let password = Password::from_authorization_key(&config.policy.settings.get(place)?.1).ok()?;
    config.policy.settings.remove(place);
    Some(password)
}

#[cfg(feature = "security")]
impl StationConfig {
    /// The security profile of a station that was never told another: that of its settings, or what its password and its
    /// endpoint amount to (A00.FR.004).
    pub(crate) fn first_profile(&self, has_password: bool) -> u8 {
        let set = self.policy.settings.iter().find(|(name, _)| name.eq_ignore_ascii_case("SecurityProfile"));
        let set = set.and_then(|(_, value)| value.parse().ok()).filter(|profile| *profile <= 3);
        let amounts_to = || u8::from(has_password) * if is_tls(&self.network.endpoint) { 2 } else { 1 };
        set.unwrap_or_else(amounts_to)
    }
}
