//! Words that the boundaries of both sides share.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use ocpp_rpc::Payload;
use ocpp_types::SmallString;
use ocpp_types::lenient::Repair;
#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

pub use crate::token::IdToken;

use crate::text::Text;

/// What a CSMS says of a token (1.6 §7.2, 2.x AuthorizationStatusEnumType). 1.6 knows the first five; there the others are told as
/// `Invalid` if the token is not known, else as `Blocked`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[non_exhaustive]
pub enum AuthorizationStatus {
    /// Allowed to charge.
    Accepted,
    /// Blocked.
    Blocked,
    /// Expired.
    Expired,
    /// Not valid; in 1.6 also: not known.
    Invalid,
    /// Charging elsewhere already.
    ConcurrentTx,
    /// Valid, without enough credit.
    NoCredit,
    /// Valid, not for this type of EVSE.
    #[cfg_attr(feature = "serde", serde(rename = "NotAllowedTypeEVSE"))]
    NotAllowedTypeEvse,
    /// Valid, not at this place.
    NotAtThisLocation,
    /// Valid, not here at this time.
    NotAtThisTime,
    /// Not known.
    Unknown,
}

/// What the CSMS said to a BootNotification (1.6 §7.38, 2.x B01 to B03).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum RegistrationStatus {
    /// Accepted.
    Accepted,
    /// Wait, the CSMS wants to configure first.
    Pending,
    /// Refused for now.
    Rejected,
}

/// The verdict on vendor-specific data (1.6 §7.23).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum DataTransferStatus {
    /// Taken.
    Accepted,
    /// Refused.
    Rejected,
    /// The vendor is known, the kind of message is not.
    UnknownMessageId,
    /// The vendor is not known.
    UnknownVendor,
}

/// Names an open question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct AskId(pub u64);

/// A frame of the peer as it arrived, cut off behind its first [`MAX_BYTES`](Self::MAX_BYTES); what is no UTF-8 is replaced. Tokens and keys
/// in it are masked in `Debug`.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct RawFrame(pub String);

impl RawFrame {
    /// How much of a frame is kept.
    pub const MAX_BYTES: usize = 2048;

    pub(crate) fn new(bytes: &[u8]) -> Self {
        Self::joined(bytes, &[])
    }

    pub(crate) fn of(payload: &Payload<'_>) -> Self {
        let (head, rest) = payload.frame();
        Self::joined(head.as_bytes(), rest.as_bytes())
    }

    fn joined(head: &[u8], rest: &[u8]) -> Self {
        let bytes: Vec<u8> = head.iter().chain(rest).copied().take(Self::MAX_BYTES).collect();
        RawFrame(String::from_utf8_lossy(&bytes).into_owned())
    }
}

impl fmt::Debug for RawFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawFrame({})", Text(self.0.as_bytes()))
    }
}

/// A payload of the peer, as it arrived: one JSON text. Tokens and keys in it are masked in `Debug`.
#[cfg(feature = "csms")]
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct RawPayload(pub String);

#[cfg(feature = "csms")]
impl fmt::Debug for RawPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawPayload({})", Text(self.0.as_bytes()))
    }
}

/// One deviation of a message from its schema that was mended when it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct RepairNote {
    /// What was done: the name of an [`ocpp_types::lenient::RepairKind`].
    pub kind: SmallString,
    /// The JSON path of the value in the payload.
    pub path: SmallString,
    /// The rule that was broken.
    pub rule: SmallString,
    /// What the message no longer holds, at most 100 characters of it; empty where nothing was lost.
    pub text: SmallString,
}

#[cfg_attr(not(any(feature = "csms", feature = "lenient")), allow(dead_code, reason = "nothing is repaired"))]
impl RepairNote {
    /// How many repairs of one message are told one by one.
    pub const MAX: usize = 16;

    pub(crate) fn list(repairs: &[Repair]) -> Vec<Self> {
        repairs.iter().take(Self::MAX).map(Self::new).collect()
    }

    fn new(repair: &Repair) -> Self {
        RepairNote {
            kind: SmallString::new(repair.kind.as_str()),
            path: SmallString::new(&repair.path),
            rule: SmallString::display(&repair.rule),
            text: repair.text.chars().take(100).collect(),
        }
    }
}
