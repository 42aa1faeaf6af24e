//! Whether the CSMS accepted the station since it booted (1.6 §4.2, 2.x B01 to B03).
//!
//! Owns the wait between BootNotifications. Stores that a CSMS accepted the station once.

use core::time::Duration;

use chrono::{DateTime, Utc};

use crate::station::{BootReason, RegistrationStatus};
use crate::time::Instant;

/// Where the registration of this boot stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// A BootNotification is due as soon as the link is open.
    Due,
    /// It is on its way.
    Asked,
    /// The CSMS said something other than accepted, or nothing: ask again then.
    Waiting { answer: Option<RegistrationStatus>, until: Instant },
    /// Accepted.
    Accepted,
}

/// What a station may send, as far as its registration goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leave {
    /// Nothing before the CSMS has said something.
    Nothing,
    /// It has the station wait, and only what it asks for may leave.
    AskedFor,
    /// It accepted the station.
    All,
}

/// The registration of this boot.
#[derive(Debug)]
pub(crate) struct Registration {
    state: State,
    /// The CSMS asks for the next BootNotification.
    is_triggered: bool,
    once_accepted: bool,
}

/// The entry that says that a CSMS accepted the station once (1.6 §4.2.1).
pub(crate) const ENTRY: &str = "registered";

impl Registration {
    pub fn new(once_accepted: bool) -> Self {
        Registration { state: State::Due, is_triggered: false, once_accepted }
    }

    pub fn is_accepted(&self) -> bool {
        self.state == State::Accepted
    }

    /// Whether a CSMS accepted the station in this boot or an earlier one.
    pub fn once_accepted(&self) -> bool {
        self.once_accepted
    }

    /// What may leave, beside a BootNotification and answers (1.6 §4.2, 2.x B02, B03).
    pub fn leave(&self) -> Leave {
        match self.state {
            State::Accepted => Leave::All,
            State::Waiting { answer: Some(RegistrationStatus::Pending), .. } => Leave::AskedFor,
            State::Due | State::Asked | State::Waiting { .. } => Leave::Nothing,
        }
    }

    /// The CSMS asks for a BootNotification. False once it has accepted the station.
    #[cfg(feature = "remote_trigger")]
    pub fn trigger(&mut self) -> bool {
        match self.state {
            State::Accepted => false,
            State::Due | State::Asked => true,
            State::Waiting { .. } => {
                self.state = State::Due;
                self.is_triggered = true;
                true
            }
        }
    }

    /// Whether the CSMS refused the station for now: nothing may be sent, nothing answered (1.6 §4.2).
    pub fn is_rejected(&self) -> bool {
        matches!(self.state, State::Waiting { answer: Some(RegistrationStatus::Rejected), .. })
    }

    /// Whether a BootNotification is to be sent now.
    pub fn is_due(&self, now: Instant) -> bool {
        match self.state {
            State::Due => true,
            State::Waiting { until, .. } => until <= now,
            State::Asked | State::Accepted => false,
        }
    }

    pub fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Waiting { until, .. } => Some(until),
            State::Due | State::Asked | State::Accepted => None,
        }
    }

    /// Why the next one is sent, where that is told (2.x B01.FR.09).
    #[cfg_attr(not(feature = "transaction_events"), allow(dead_code, reason = "1.6 does not tell it"))]
    pub fn reason(&self, boot: BootReason) -> BootReason {
        if self.is_triggered { BootReason::Triggered } else { boot }
    }

    pub fn asked(&mut self) {
        self.state = State::Asked;
        self.is_triggered = false;
    }

    /// Takes the CSMS's answer. True when it is the first acceptance ever, which is to be stored.
    #[must_use]
    pub fn answered(&mut self, now: Instant, status: RegistrationStatus, wait: Duration) -> bool {
        match status {
            RegistrationStatus::Accepted => {
                self.state = State::Accepted;
                !core::mem::replace(&mut self.once_accepted, true)
            }
            RegistrationStatus::Pending | RegistrationStatus::Rejected => {
                self.state = State::Waiting { answer: Some(status), until: now + wait };
                false
            }
        }
    }

    /// Another family is spoken: the CSMS is to accept the station in it.
    pub fn renew(&mut self) {
        self.state = State::Due;
    }

    /// No usable answer came.
    pub fn failed(&mut self, now: Instant, wait: Duration) {
        if self.state == State::Asked {
            self.state = State::Waiting { answer: None, until: now + wait };
        }
    }

    /// The link is gone. A question on its way is asked again on the next link; an acceptance stays (OCPP-J 1.6 §5.4).
    pub fn link_closed(&mut self) {
        if self.state == State::Asked {
            self.state = State::Due;
        }
    }
}

/// What the CSMS answered to a BootNotification.
#[derive(Debug)]
pub(crate) struct BootAnswer {
    pub status: RegistrationStatus,
    /// Its time, if it told one.
    pub time: Option<DateTime<Utc>>,
    /// How long to wait, or how often to send a Heartbeat; none if it leaves that to the station.
    pub interval_seconds: Option<u32>,
}

impl BootAnswer {
    /// When to ask again, if the station is not accepted: by default after `default`.
    pub fn wait(&self, default: Duration) -> Duration {
        self.interval_seconds.map_or(default, |seconds| Duration::from_secs(seconds.into()))
    }
}
