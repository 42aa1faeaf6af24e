//! What the station proves itself with, and how safe its connection must be (1.6 security white paper A01, A05; 2.x A01, A05).
//!
//! Takes changes of password and security profile, and how each attempt to connect ended; says what to connect with. A
//! change is a trial beside what was proven last, both in the one entry `access`, until a connection proves it. A trial
//! that is refused, or fails a few times, gives way to what was proven, and that to the trial again: so the station finds
//! what the CSMS takes, whatever of its answer arrived and whenever the power failed.
//!
//! Connected by what was proven, it gives up another security profile, but keeps another password: a CSMS that is slow to
//! take the new one over may still refuse the old one later.

use alloc::vec::Vec;
use core::fmt;

use compact_str::CompactString;
use ocpp_rpc::handshake::{Password, SecurityProfile};
use serde::{Deserialize, Serialize};

use crate::site::shared::Shared;
use crate::station::{ConnectRefusal, ConnectRequest, SecurityEventKind, StationConfig};
use crate::store::framing::Record;
use crate::store::{EntryKey, Image, StoreOp, StoreQueue, Ticket};

const ENTRY: &str = "access";

/// Failures in a row, of whatever kind, after which the other way is tried.
const PATIENCE: u8 = 3;

/// The fewest bytes of a password (A00.FR.205).
const LEAST_PASSWORD: usize = 16;

/// What to connect with.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Way {
    /// None: the first one, which the configuration has.
    password: Option<Vec<u8>>,
    /// 0: none.
    profile: u8,
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Way").field("profile", &self.profile).finish_non_exhaustive()
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredAccess {
    proven: Way,
    trial: Option<Way>,
}

impl Record for StoredAccess {
    const KIND: u8 = 50;
}

/// How the station gets in.
#[derive(Debug)]
pub(crate) struct Access {
    ways: StoredAccess,
    stored: Ticket,
    /// Whether the trial is next, once it is durable.
    prefers_trial: bool,
    /// Whether the present connection or attempt is by the trial.
    uses_trial: bool,
    /// Whether a connection came about by what was proven after the trial had failed.
    has_trial_failed: bool,
    failures: u8,
}

/// A change of what to connect with.
pub(crate) enum AccessChange {
    Password(Vec<u8>),
    Profile(u8),
}

impl Access {
    /// Reads what was stored; a station that stored nothing has what its configuration says.
    pub fn restore(
        config: &StationConfig,
        has_password: bool,
        image: &Image,
        skipped: &mut Vec<CompactString>,
    ) -> Self {
        let stored = image.entry(ENTRY).map(StoredAccess::from_bytes);
        if matches!(stored, Some(Err(_))) {
            skipped.push(ENTRY.into());
        }
        let first = || Way { password: None, profile: config.first_profile(has_password) };
        let configured = || StoredAccess { proven: first(), trial: None };
        let ways = stored.and_then(Result::ok).unwrap_or_else(configured);
        Access {
            prefers_trial: ways.trial.is_some(),
            ways,
            stored: Ticket(0),
            uses_trial: false,
            has_trial_failed: false,
            failures: 0,
        }
    }

    /// The security profile that is in use, or on trial; 0 is none.
    pub fn profile(&self) -> u8 {
        self.ways.trial.as_ref().unwrap_or(&self.ways.proven).profile
    }

    /// Whether there is a password that is long enough, `first` being that of a station that was never told another.
    pub fn has_password(&self, first: Option<&Password>) -> bool {
        let length = match &self.latest().password {
            Some(password) => password.len(),
            None => first.map_or(0, |password| password.as_bytes().len()),
        };
        length >= LEAST_PASSWORD
    }

    /// What further changes begin with.
    fn latest(&self) -> &Way {
        self.ways.trial.as_ref().filter(|_| !self.has_trial_failed).unwrap_or(&self.ways.proven)
    }

    fn keep(&mut self, store: &mut StoreQueue) -> Ticket {
        self.stored = store.push(StoreOp::Put { key: EntryKey::new(ENTRY), value: self.ways.to_bytes() });
        self.stored
    }
}

impl Shared {
    /// How to connect now.
    pub fn connect_request(&mut self) -> ConnectRequest {
        let access = &mut self.access;
        access.uses_trial = access.prefers_trial && self.store.is_durable(access.stored);
        let trial = access.ways.trial.as_ref().filter(|_| access.uses_trial);
        let way = trial.unwrap_or(&access.ways.proven);
        let profile = SecurityProfile::from_number(way.profile.into());
        self.address.request(&self.config, way.password.as_deref(), profile)
    }

    /// Takes a change in; the station connects anew with it once it is durable.
    pub fn change_access(&mut self, change: AccessChange) -> Ticket {
        let access = &mut self.access;
        let mut way = access.latest().clone();
        match change {
            AccessChange::Password(password) => way.password = Some(password),
            AccessChange::Profile(profile) => way.profile = profile,
        }
        access.has_trial_failed = false;
        // An attempt that is under way proves nothing of it.
        access.uses_trial = false;
        access.failures = 0;
        access.ways.trial = (way != access.ways.proven).then_some(way);
        access.prefers_trial = access.ways.trial.is_some();
        let ticket = access.keep(&mut self.store);
        self.reconnect_after = Some(ticket);
        ticket
    }

    /// The connection is there.
    pub fn on_connected(&mut self) {
        let access = &mut self.access;
        access.failures = 0;
        if access.uses_trial {
            access.uses_trial = false;
            access.prefers_trial = false;
            if let Some(trial) = access.ways.trial.take() {
                access.ways.proven = trial;
                access.keep(&mut self.store);
            }
        } else if !access.prefers_trial && access.ways.trial.is_some() {
            access.has_trial_failed = true;
            if access.ways.trial.as_ref().is_some_and(|trial| trial.profile != access.ways.proven.profile) {
                access.ways.trial = None;
                access.keep(&mut self.store);
                let info = "SecurityProfile: no connection, the former one again";
                self.raise(SecurityEventKind::ReconfigurationOfSecurityParameters, Some(info));
            }
        }
    }

    /// The connection did not come about.
    pub fn on_connect_failed(&mut self, refusal: Option<ConnectRefusal>) {
        let access = &mut self.access;
        access.failures = access.failures.saturating_add(1);
        if access.ways.trial.is_some() && (refusal.is_some() || access.failures >= PATIENCE) {
            access.prefers_trial = !access.uses_trial;
            access.failures = 0;
        }
        let kind = match refusal {
            None => return,
            Some(ConnectRefusal::Credentials) => SecurityEventKind::FailedToAuthenticateAtCsms,
            Some(ConnectRefusal::CsmsCertificate) => SecurityEventKind::InvalidCsmsCertificate,
            Some(ConnectRefusal::TlsVersion) => SecurityEventKind::InvalidTlsVersion,
            Some(ConnectRefusal::TlsCipherSuite) => SecurityEventKind::InvalidTlsCipherSuite,
        };
        self.raise(kind, None);
    }
}
