//! Why a call of ours brought nothing.

use alloc::string::String;

use compact_str::CompactString;

use super::answers::Written;
use crate::site::verdict::Undelivered;

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
pub(crate) enum Failure {
    /// The CSMS refused it, or its answer was unusable.
    Refused(CompactString),
    /// It cannot be written in the version of the connection, and never will be.
    Unsendable(CompactString),
    /// No answer came in time.
    TimedOut,
    /// The link went.
    LinkLost,
}

impl From<Unsendable> for Failure {
    fn from(_: Unsendable) -> Self {
        Failure::Unsendable("the message cannot be written in this version of OCPP".into())
    }
}

impl Failure {
    /// In words.
    pub fn reason(&self) -> CompactString {
        match self {
            Failure::Refused(reason) | Failure::Unsendable(reason) => reason.clone(),
            Failure::TimedOut => "no answer in time".into(),
            Failure::LinkLost => "the link went".into(),
        }
    }

    /// As far as its block needs to know.
    pub fn kind(&self) -> Undelivered {
        match self {
            Failure::Refused(_) => Undelivered::Refused,
            Failure::Unsendable(_) => Undelivered::Unsendable,
            Failure::TimedOut => Undelivered::TimedOut,
            Failure::LinkLost => Undelivered::LinkLost,
        }
    }
}
