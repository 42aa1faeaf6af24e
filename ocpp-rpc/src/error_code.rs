//! The error codes of CALLERROR and CALLRESULTERROR.

use alloc::string::String;
use core::fmt;

use ocpp_types::SmallString;

use crate::Dialect;

/// An RPC error code: what it means, whatever a version calls it.
///
/// [`ErrorCode::parse`] accepts the spellings of every version, [`ErrorCode::name_in`] gives the one to send. The codes
/// are those of OCPP-J 1.6 table 7 and of Part 4 §4.3, which is the same in 2.0.1 and 2.1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(from = "String", into = "String"))]
pub enum ErrorCode {
    /// The action is not known to the receiver.
    NotImplemented,
    /// The action is known to the receiver, which does not support it.
    NotSupported,
    /// The receiver failed inside while it processed the action.
    InternalError,
    /// 1.6: the payload is incomplete. 2.x: the payload does not have the structure its action asks for.
    ProtocolError,
    /// A security issue kept the receiver from completing the action.
    SecurityError,
    /// The payload is not well formed. `FormationViolation` in 1.6, `FormatViolation` in 2.x.
    FormatViolation,
    /// A field has a value that is not allowed.
    PropertyConstraintViolation,
    /// A field is missing, or occurs too seldom or too often. `OccurenceConstraintViolation` (one `r`) in 1.6.
    OccurrenceConstraintViolation,
    /// A field has the wrong JSON type.
    TypeConstraintViolation,
    /// None of the other codes fits.
    GenericError,
    /// The message is not a valid RPC message, for instance its id cannot be read. 2.x only.
    RpcFrameworkError,
    /// The message type number is not supported. 2.x only.
    MessageTypeNotSupported,
    /// A code no version defines, as it was received. Received only: it is never sent.
    Other(SmallString),
}

impl ErrorCode {
    /// The codes the specifications define.
    pub const DEFINED: [Self; 12] = [
        Self::NotImplemented,
        Self::NotSupported,
        Self::InternalError,
        Self::ProtocolError,
        Self::SecurityError,
        Self::FormatViolation,
        Self::PropertyConstraintViolation,
        Self::OccurrenceConstraintViolation,
        Self::TypeConstraintViolation,
        Self::GenericError,
        Self::RpcFrameworkError,
        Self::MessageTypeNotSupported,
    ];

    /// What only 1.6 spells so.
    pub(crate) const SPELLED_IN_1_6: [&str; 2] = ["FormationViolation", "OccurenceConstraintViolation"];

    /// Longest unknown code kept, in bytes. What is longer is cut.
    pub const OTHER_MAX: usize = 64;

    /// Reads a code as any version spells it. Never fails: what is unknown is kept as [`ErrorCode::Other`].
    pub fn parse(name: &str) -> Self {
        match name {
            "FormationViolation" => Self::FormatViolation,
            "OccurenceConstraintViolation" => Self::OccurrenceConstraintViolation,
            _ => Self::DEFINED
                .into_iter()
                .find(|code| code.as_str() == name)
                .unwrap_or_else(|| Self::Other(cut(name, Self::OTHER_MAX).into())),
        }
    }

    /// The name as 2.x spells it, or the received text of an unknown code. For logs; to send, use
    /// [`ErrorCode::name_in`].
    pub fn as_str(&self) -> &str {
        match self {
            Self::NotImplemented => "NotImplemented",
            Self::NotSupported => "NotSupported",
            Self::InternalError => "InternalError",
            Self::ProtocolError => "ProtocolError",
            Self::SecurityError => "SecurityError",
            Self::FormatViolation => "FormatViolation",
            Self::PropertyConstraintViolation => "PropertyConstraintViolation",
            Self::OccurrenceConstraintViolation => "OccurrenceConstraintViolation",
            Self::TypeConstraintViolation => "TypeConstraintViolation",
            Self::GenericError => "GenericError",
            Self::RpcFrameworkError => "RpcFrameworkError",
            Self::MessageTypeNotSupported => "MessageTypeNotSupported",
            Self::Other(name) => name,
        }
    }

    /// The name to send in `dialect`: always one its table allows. A code the dialect lacks becomes the nearest it has,
    /// an unknown one `GenericError`.
    pub fn name_in(&self, dialect: Dialect) -> &str {
        match (self, dialect) {
            (Self::Other(_), _) | (Self::MessageTypeNotSupported, Dialect::V1_6) => "GenericError",
            (Self::FormatViolation | Self::RpcFrameworkError, Dialect::V1_6) => "FormationViolation",
            (Self::OccurrenceConstraintViolation, Dialect::V1_6) => "OccurenceConstraintViolation",
            _ => self.as_str(),
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<String> for ErrorCode {
    fn from(name: String) -> Self {
        Self::parse(&name)
    }
}

impl From<ErrorCode> for String {
    fn from(code: ErrorCode) -> Self {
        code.as_str().into()
    }
}

/// The longest beginning of `text` that has at most `max` bytes.
pub(crate) fn cut(text: &str, max: usize) -> &str {
    let mut end = max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const V1_6: [&str; 10] = [
        "NotImplemented",
        "NotSupported",
        "InternalError",
        "ProtocolError",
        "SecurityError",
        "FormationViolation",
        "PropertyConstraintViolation",
        "OccurenceConstraintViolation",
        "TypeConstraintViolation",
        "GenericError",
    ];

    const V2: [&str; 12] = [
        "FormatViolation",
        "GenericError",
        "InternalError",
        "MessageTypeNotSupported",
        "NotImplemented",
        "NotSupported",
        "OccurrenceConstraintViolation",
        "PropertyConstraintViolation",
        "ProtocolError",
        "RpcFrameworkError",
        "SecurityError",
        "TypeConstraintViolation",
    ];

    fn table(dialect: Dialect) -> &'static [&'static str] {
        match dialect {
            Dialect::V1_6 => &V1_6,
            Dialect::V2_0_1 | Dialect::V2_1 => &V2,
        }
    }

    #[test]
    fn each_spelling_of_each_version_is_read_and_written_back() {
        for dialect in Dialect::ALL {
            for &name in table(dialect) {
                let code = ErrorCode::parse(name);
                assert!(ErrorCode::DEFINED.contains(&code), "{name}");
                assert_eq!(code.name_in(dialect), name);
            }
        }
    }

    #[test]
    fn only_names_of_the_version_are_sent() {
        for dialect in Dialect::ALL {
            for code in ErrorCode::DEFINED.into_iter().chain([ErrorCode::parse("Teapot")]) {
                assert!(table(dialect).contains(&code.name_in(dialect)), "{code} in {dialect}");
            }
        }
    }

    #[test]
    fn unknown_codes_are_kept_within_bounds() {
        assert_eq!(ErrorCode::parse("Teapot").as_str(), "Teapot");
        assert_eq!(ErrorCode::parse("").as_str(), "");
        let long = "ä".repeat(40);
        assert_eq!(ErrorCode::parse(&long).as_str(), "ä".repeat(32));
        assert_eq!(cut("aä", 2), "a");
    }
}
