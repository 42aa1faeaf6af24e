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

use ocpp_rpc::handshake::{Password, SecurityProfile};
use ocpp_types::SmallString;
#[cfg(all(test, feature = "serde"))]
use serde::{Deserialize, Serialize};

use crate::station::StationConfig;
use crate::store::framing::Record;
use crate::store::pack::packed;
use crate::store::{EntryKey, Image, StoreOp, StoreQueue, Ticket};

const ENTRY: &str = "access";

/// Failures in a row, of whatever kind, after which the other way is tried.
const PATIENCE: u8 = 3;

/// The fewest bytes of a password (A00.FR.205).
const LEAST_PASSWORD: usize = 16;

/// What to connect with.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(all(test, feature = "serde"), derive(Serialize, Deserialize))]
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

#[derive(Debug)]
#[cfg_attr(all(test, feature = "serde"), derive(Serialize, Deserialize))]
struct StoredAccess {
    proven: Way,
    trial: Option<Way>,
}

packed!(Way { password, profile });
packed!(StoredAccess { proven, trial });

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
    pub fn restore(config: &StationConfig, has_password: bool, image: &Image, skipped: &mut Vec<SmallString>) -> Self {
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

    /// Whether what is known is on record.
    pub fn is_durable(&self, store: &StoreQueue) -> bool {
        store.is_durable(self.stored)
    }

    /// By what to connect now: a password, unless it is the first, and the security profile.
    pub fn way(&mut self, store: &StoreQueue) -> (Option<&[u8]>, Option<SecurityProfile>) {
        self.uses_trial = self.prefers_trial && store.is_durable(self.stored);
        let trial = self.ways.trial.as_ref().filter(|_| self.uses_trial);
        let way = trial.unwrap_or(&self.ways.proven);
        (way.password.as_deref(), SecurityProfile::from_number(way.profile.into()))
    }

    /// Takes a change in, which is to be tried once it is durable.
    pub fn change(&mut self, store: &mut StoreQueue, change: AccessChange) -> Ticket {
        let mut way = self.latest().clone();
        match change {
            AccessChange::Password(password) => way.password = Some(password),
            AccessChange::Profile(profile) => way.profile = profile,
        }
        self.has_trial_failed = false;
        // An attempt that is under way proves nothing of it.
        self.uses_trial = false;
        self.failures = 0;
        self.ways.trial = (way != self.ways.proven).then_some(way);
        self.prefers_trial = self.ways.trial.is_some();
        self.keep(store)
    }

    /// The security profile of the connections that were; 0 is none.
    #[cfg(feature = "transaction_events")]
    pub fn proven_profile(&self) -> u8 {
        self.ways.proven.profile
    }

    /// A connection came about by a network that is safer than what was in use: there is no way back (A05.FR.06). True if it is.
    #[cfg(feature = "transaction_events")]
    pub fn adopt(&mut self, store: &mut StoreQueue, profile: u8) -> bool {
        let is_safer = profile > self.profile();
        if is_safer {
            for way in [Some(&mut self.ways.proven), self.ways.trial.as_mut()].into_iter().flatten() {
                way.profile = profile;
            }
            self.keep(store);
        }
        is_safer
    }

    /// How many attempts it takes to try what was proven and what is on trial.
    #[cfg(feature = "transaction_events")]
    pub fn attempts(&self) -> u32 {
        if self.ways.trial.is_some() { 2 * u32::from(PATIENCE) } else { 1 }
    }

    /// The connection is there. True if another security profile was given up for it.
    pub fn connected(&mut self, store: &mut StoreQueue) -> bool {
        self.failures = 0;
        if self.uses_trial {
            self.uses_trial = false;
            self.prefers_trial = false;
            if let Some(trial) = self.ways.trial.take() {
                self.ways.proven = trial;
                self.keep(store);
            }
            return false;
        }
        if self.prefers_trial || self.ways.trial.is_none() {
            return false;
        }
        self.has_trial_failed = true;
        let is_given_up = self.ways.trial.as_ref().is_some_and(|trial| trial.profile != self.ways.proven.profile);
        if is_given_up {
            self.ways.trial = None;
            self.keep(store);
        }
        is_given_up
    }

    /// The connection did not come about.
    pub fn failed(&mut self, is_refused: bool) {
        self.failures = self.failures.saturating_add(1);
        if self.ways.trial.is_some() && (is_refused || self.failures >= PATIENCE) {
            self.prefers_trial = !self.uses_trial;
            self.failures = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(feature = "serde")]
    use super::*;

    #[cfg(feature = "serde")]
    #[test]
    fn records_have_the_bytes_of_postcard() {
        use crate::store::pack::agrees_with_postcard;
        agrees_with_postcard::<StoredAccess>();
    }
}
