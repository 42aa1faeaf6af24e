//! The protocol versions and what their RPC framework allows.

use core::fmt;

/// The OCPP version spoken on a connection. It belongs to the connection, never to the station: the same station may
/// come back with another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Dialect {
    /// OCPP-J 1.6.
    #[cfg_attr(feature = "serde", serde(rename = "ocpp1.6"))]
    V1_6,
    /// OCPP 2.0.1.
    #[cfg_attr(feature = "serde", serde(rename = "ocpp2.0.1"))]
    V2_0_1,
    /// OCPP 2.1.
    #[cfg_attr(feature = "serde", serde(rename = "ocpp2.1"))]
    V2_1,
}

impl Dialect {
    /// All versions, oldest first.
    pub const ALL: [Self; 3] = [Self::V1_6, Self::V2_0_1, Self::V2_1];

    /// The WebSocket subprotocol name (OCPP-J 1.6 §3.1.2, Part 4 §3.1.2).
    pub const fn subprotocol(self) -> &'static str {
        match self {
            Self::V1_6 => "ocpp1.6",
            Self::V2_0_1 => "ocpp2.0.1",
            Self::V2_1 => "ocpp2.1",
        }
    }

    /// The version with this subprotocol name. Names are compared exactly (RFC 6455 §11.3.4).
    pub fn from_subprotocol(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.subprotocol() == name)
    }

    /// Whether SEND and CALLRESULTERROR exist (Part 4 of 2.1, §4.1.3). Without the feature `v2_1` they never do, and their code goes.
    pub const fn has_send(self) -> bool {
        match self {
            Self::V1_6 | Self::V2_0_1 => false,
            Self::V2_1 => cfg!(feature = "v2_1"),
        }
    }

    /// Whether an unknown message type is answered with `MessageTypeNotSupported`. Only 2.0.1 asks for that (Part 4
    /// §4.4); 1.6 (OCPP-J §4.1.3) and 2.1 (Part 4 §4.4) ignore the message.
    pub(crate) const fn answers_unknown_type(self) -> bool {
        match self {
            Self::V1_6 | Self::V2_1 => false,
            Self::V2_0_1 => cfg!(feature = "v2_0_1"),
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.subprotocol())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subprotocol_names_are_exact() {
        for dialect in Dialect::ALL {
            assert_eq!(Dialect::from_subprotocol(dialect.subprotocol()), Some(dialect));
        }
        for name in ["", "ocpp1.5", "ocpp2.0", "OCPP1.6", "ocpp1.6 ", "ocpp2", "1.6"] {
            assert_eq!(Dialect::from_subprotocol(name), None, "{name}");
        }
    }
}
