//! The stages of a session, each with what is valid in it.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::Grant;
use crate::site::metering::Register;
use crate::station::{IdToken, StopReason, TransactionNo};
use crate::time::{Clock, Instant, Stamp};

/// Where a session stands.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Nobody is here.
    #[default]
    Idle,
    /// A plug is in, or a token was accepted; the rest is missing.
    Preparing { since: Instant, grant: Option<Grant> },
    /// Everything is there but the register's value.
    Starting {
        grant: Grant,
        /// How often the meter kept silent.
        silent: u8,
    },
    /// The meter keeps silent, and energy flows all the same: the transaction begins with its first word.
    Unmetered { grant: Grant },
    /// A transaction ran when the power failed, and goes on if the vehicle is still there.
    Interrupted { running: Running, patience: Duration },
    /// A transaction runs.
    Running(Running),
    /// A transaction ends; the register's last value is missing.
    Stopping(Stopping),
    /// The transaction ended, or never came to be, and the plug is still in.
    Finishing { held_for: Option<Holder> },
}

/// A transaction that runs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Running {
    pub transaction: TransactionNo,
    pub token: IdToken,
    pub group: Option<IdToken>,
    /// The CSMS refused the token.
    pub is_refused: bool,
    /// And the energy that it may have all the same has flowed: the transaction goes on without.
    pub is_cut_off: bool,
    /// The register at the begin.
    pub meter_start_mwh: i64,
    /// The register as it is told.
    pub register: Register,
    /// When the last sample was due; at first, the start.
    pub sampled_at: Instant,
    /// When the last thing of it that is on record happened: what follows is told with no earlier time.
    pub last: Stamp,
}

impl Running {
    /// When the next sample is due, counted from the start of the transaction (1.6 §9.1.19).
    pub fn sample_at(&self, interval: Duration) -> Option<Instant> {
        (!interval.is_zero()).then(|| self.sampled_at + interval)
    }

    /// The due sample was taken, or could not be. Samples that time ran past are not made up for.
    pub fn sample_taken(&mut self, now: Instant, interval: Duration) {
        let due = self.sampled_at + interval;
        self.sampled_at = if due + interval > now { due } else { now };
    }

    /// The time of something that happens now, and is recorded.
    pub fn stamp(&mut self, clock: &Clock, now: Instant) -> Stamp {
        self.last = clock.stamp_after(now, self.last);
        self.last
    }

    /// Who may take the cable.
    pub fn holder(&self) -> Holder {
        Holder { token: self.token.clone(), group: self.group.clone() }
    }
}

/// A transaction that ends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stopping {
    pub running: Running,
    pub reason: StopReason,
    pub token: Option<IdToken>,
    /// Whether the cable is free afterwards, whatever the reason.
    pub is_freed: bool,
    /// How often the meter kept silent.
    pub silent: u8,
    /// When the energy ended, as far as is known: the register is read after it.
    pub since: Option<Instant>,
    /// When the contactor's time to open ends.
    pub until: Option<Instant>,
}

impl Stopping {
    pub fn new(running: Running, reason: StopReason, token: Option<IdToken>) -> Self {
        Stopping { running, reason, token, is_freed: false, silent: 0, since: None, until: None }
    }
}

/// Whose token frees a cable that is kept locked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Holder {
    pub token: IdToken,
    pub group: Option<IdToken>,
}
