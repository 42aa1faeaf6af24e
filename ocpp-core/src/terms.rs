//! Words that the boundaries of both sides share.

use core::fmt;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// A driver's identifier: the text that a reader, an app or a CSMS gives. Compared without regard to ASCII case
/// (1.6 §7.28), kept as written, masked in `Debug`.
#[derive(Clone, Serialize, Deserialize)]
pub struct IdToken(CompactString);

impl IdToken {
    /// The token of this text.
    pub fn new(text: &str) -> Self {
        IdToken(CompactString::new(text))
    }

    /// The text as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PartialEq for IdToken {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for IdToken {}

impl fmt::Debug for IdToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdToken(***{})", self.0.chars().count())
    }
}

/// What a CSMS says of a token (1.6 `AuthorizationStatus`; 2.x knows more, which mean `Invalid` or `Blocked` here).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AuthorizationStatus {
    /// Allowed to charge.
    Accepted,
    /// Blocked.
    Blocked,
    /// Expired.
    Expired,
    /// Unknown.
    Invalid,
    /// Charging elsewhere already.
    ConcurrentTx,
}

/// What the CSMS said to a BootNotification (1.6 §7.38, 2.x B01 to B03).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RegistrationStatus {
    /// Accepted.
    Accepted,
    /// Wait, the CSMS wants to configure first.
    Pending,
    /// Refused for now.
    Rejected,
}

/// The verdict on vendor-specific data (1.6 §7.23).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AskId(pub u64);

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn token_ignores_case_and_does_not_print() {
        assert_eq!(IdToken::new("04a2F3"), IdToken::new("04A2f3"));
        assert_ne!(IdToken::new("04A2F3"), IdToken::new("04A2F4"));
        assert!(!format!("{:?}", IdToken::new("04A2F3")).contains("04A2"));
    }
}
