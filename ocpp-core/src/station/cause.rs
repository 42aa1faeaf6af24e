//! Why something brought nothing, for a host to match on. The texts beside these are for people, and may change.

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

/// Why a call of the station, or of the host, brought nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[non_exhaustive]
pub enum CallFailure {
    /// The CSMS answered with an error. The text has its code.
    Error,
    /// The CSMS answered that it does not know, or not support, the action.
    Unsupported,
    /// The CSMS answered that it will not.
    Refused,
    /// The CSMS's answer cannot be read.
    Unreadable,
    /// It cannot be written in the version of the connection, and never will be.
    Unsendable,
    /// No answer came in time. The CSMS may have executed it.
    TimedOut,
    /// The link went. The CSMS may have executed it.
    LinkLost,
    /// A setting that it needs has no value.
    NotConfigured,
    /// The host did not give what it needs.
    HostFailed,
    /// None of these, or not known.
    #[default]
    Other,
}

impl CallFailure {
    /// In words; none without the feature `texts`.
    pub(crate) fn text(self) -> &'static str {
        if !cfg!(feature = "texts") {
            return "";
        }
        match self {
            CallFailure::Error => "answered with an error",
            CallFailure::Unsupported => "the CSMS does not support it",
            CallFailure::Refused => "the CSMS will not",
            CallFailure::Unreadable => "malformed answer",
            CallFailure::Unsendable => "the message cannot be written in this version of OCPP",
            CallFailure::TimedOut => "no answer in time",
            CallFailure::LinkLost => "the link went",
            CallFailure::NotConfigured => "CpoName is not set",
            CallFailure::HostFailed => "no request was made",
            CallFailure::Other => "it failed",
        }
    }
}

/// Why a frame of the CSMS, or a part of it, has no effect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[non_exhaustive]
pub enum FrameRefusal {
    /// It is no message of OCPP.
    Malformed,
    /// The payload of a call breaks its schema, or that of a message that it carries.
    Call,
    /// The payload of an answer does so, or says no where there is no event for that.
    Answer,
    /// It answers a call that was given up before.
    Late,
    /// It answers a call that was never made.
    UnknownCall,
    /// Its id is that of another call.
    ReusedId,
    /// More waits than may.
    Overload,
    /// A CSMS does not send this type of message.
    WrongType,
    /// The CSMS has rejected the station, which says nothing meanwhile (1.6 §4.2).
    Rejected,
    /// None of these, or not known.
    #[default]
    Other,
}

impl FrameRefusal {
    /// In words; none without the feature `texts`.
    pub(crate) fn text(self) -> &'static str {
        if !cfg!(feature = "texts") {
            return "";
        }
        match self {
            FrameRefusal::Malformed => "no message of OCPP",
            FrameRefusal::Call => "the payload is wrong",
            FrameRefusal::Answer => "the answer is wrong",
            FrameRefusal::Late => "answer came too late",
            FrameRefusal::UnknownCall => "answer to unknown call",
            FrameRefusal::ReusedId => "the id is that of another call",
            FrameRefusal::Overload => "too much waits",
            FrameRefusal::WrongType => "message type is not that of a CSMS",
            FrameRefusal::Rejected => "the station is rejected",
            FrameRefusal::Other => "no effect",
        }
    }
}
