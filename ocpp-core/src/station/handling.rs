//! Who handles a message: the core, the application, or one after the other.

use alloc::string::String;
use core::fmt;

use ocpp_types::SmallString;
#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

/// Which way a call goes, as the station sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum Direction {
    /// From the CSMS.
    Incoming,
    /// To the CSMS.
    Outgoing,
}

/// Who handles the calls of one action.
///
/// A question about a call has ten seconds. It ends unanswered when the link goes: the CSMS of a call that came in has given
/// it up, and the station makes a call that did not leave anew after it reconnected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum Handling {
    /// The station.
    #[default]
    Core,
    /// The station, and [`Event::Observed`](super::Event::Observed) tells of it.
    Observe,
    /// The application is asked, by [`Question::Incoming`](super::Question::Incoming) before the station looks at the call,
    /// or [`Question::Outgoing`](super::Question::Outgoing) before it leaves. Without an answer the station goes on.
    Ask,
    /// The application alone: the same questions, but nothing is sent and the station does nothing. Without an answer a call
    /// of the CSMS is refused with `InternalError`, and one of the station counts as timed out.
    App,
}

/// Who handles the calls of one action in one direction. What has no rule is the core's.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(deny_unknown_fields))]
pub struct HandlingRule {
    /// Which way.
    pub direction: Direction,
    /// The action's name, in its letter case; a vendor's too.
    pub action: SmallString,
    /// Who.
    pub handling: Handling,
}

/// The payload of a message: the text of one JSON object. Its `Debug` shows the length alone, as it may hold tokens and keys.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct RawJson(pub String);

impl fmt::Debug for RawJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawJson({} bytes)", self.0.len())
    }
}

impl From<&str> for RawJson {
    fn from(text: &str) -> Self {
        RawJson(text.into())
    }
}
