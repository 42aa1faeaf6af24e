//! What all messages have in common.

use crate::codec::{Decode, Encode};

/// Who sends a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Only the station, to the CSMS.
    StationToCsms,
    /// Only the CSMS, to the station.
    CsmsToStation,
    /// Either side.
    Both,
}

impl Direction {
    /// Whether a station may send it.
    pub fn from_station(self) -> bool {
        matches!(self, Self::StationToCsms | Self::Both)
    }

    /// Whether a CSMS may send it.
    pub fn from_csms(self) -> bool {
        matches!(self, Self::CsmsToStation | Self::Both)
    }
}

/// A payload with an action of its own: that of a CALL or, from 2.1 on, of a SEND.
pub trait Message: Decode + Encode {
    /// The name of the action, exactly as it stands in the frame.
    const ACTION: &'static str;
    /// Who sends it.
    const DIRECTION: Direction;
}

/// The payload of a CALL. It names the payload that answers it.
pub trait Request: Message {
    /// The payload of the answer.
    type Response: Decode + Encode;
}
