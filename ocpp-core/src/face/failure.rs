//! Why a call of ours brought nothing.

use alloc::string::String;

use ocpp_types::SmallString;

use super::answers::Written;
use crate::site::verdict::Undelivered;
use crate::station::CallFailure;

/// What cannot be said in the version of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unsendable;

/// What leaves, if it can be written.
pub(crate) type Message = Result<String, Unsendable>;

/// What a builder gave, as a message.
pub(crate) fn message(written: Written) -> Message {
    written.map_err(|_| Unsendable)
}

/// Why a call of ours brought nothing.
#[derive(Debug)]
pub(crate) struct Failure {
    pub cause: CallFailure,
    /// More of it; that of the cause if empty.
    detail: SmallString,
}

impl From<CallFailure> for Failure {
    fn from(cause: CallFailure) -> Self {
        Failure::new(cause, SmallString::default())
    }
}

impl From<Unsendable> for Failure {
    fn from(_: Unsendable) -> Self {
        CallFailure::Unsendable.into()
    }
}

impl Failure {
    /// For this cause, with more of it.
    pub fn new(cause: CallFailure, detail: SmallString) -> Self {
        Failure { cause, detail }
    }

    /// In words.
    pub fn reason(&self) -> SmallString {
        if self.detail.is_empty() { self.cause.text().into() } else { self.detail.clone() }
    }

    /// As far as its block needs to know.
    pub fn kind(&self) -> Undelivered {
        match self.cause {
            CallFailure::Error
            | CallFailure::Unsupported
            | CallFailure::Refused
            | CallFailure::Unreadable
            | CallFailure::NotConfigured
            | CallFailure::HostFailed
            | CallFailure::Other => Undelivered::Refused,
            CallFailure::Unsendable => Undelivered::Unsendable,
            CallFailure::TimedOut => Undelivered::TimedOut,
            CallFailure::LinkLost => Undelivered::LinkLost,
        }
    }
}
