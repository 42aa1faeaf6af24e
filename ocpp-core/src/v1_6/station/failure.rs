//! Why a call of ours brought nothing.

use compact_str::CompactString;

use crate::site::verdict::Undelivered;

/// Why a call of ours brought nothing.
#[derive(Debug)]
pub(super) enum Failure {
    /// The CSMS refused it, or its answer was unusable.
    Refused(CompactString),
    /// It cannot be written in 1.6, and never will be.
    Unsendable(CompactString),
    /// No answer came in time.
    TimedOut,
    /// The link went.
    LinkLost,
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
}

impl Failure {
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
