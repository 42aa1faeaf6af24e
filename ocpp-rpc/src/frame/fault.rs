use alloc::borrow::Cow;
use alloc::format;
use core::fmt;

use ocpp_types::{Fault, RuleKind, Violation};

use super::{Head, MessageType, read};
use crate::{CallError, Dialect, ErrorCode, Limits, MessageId, MessageIdError};

/// A frame that cannot be read up to its payload.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{rule}")]
pub struct FrameFault {
    /// What is wrong.
    pub rule: FrameRule,
    /// The message type, if it was readable and the dialect has it.
    pub message_type: Option<MessageType>,
    /// The message id, if it was readable.
    pub id: Option<MessageId>,
}

/// What is wrong with a frame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameRule {
    /// The frame is longer than allowed. Only its first bytes were looked at.
    #[error("frame has {actual} bytes, at most {max} allowed")]
    TooLong {
        /// [`Limits::frame_bytes`].
        max: usize,
        /// The frame's length in bytes.
        actual: usize,
    },
    /// The frame has more list items and object members than allowed. Only its first bytes were looked at.
    #[error("frame has more than {0} items")]
    TooManyItems(usize),
    /// The frame is not UTF-8.
    #[error("not UTF-8 from byte {offset} on")]
    Encoding {
        /// The first byte that is wrong.
        offset: usize,
    },
    /// The frame is not JSON, or nested too deeply.
    #[error("{0}")]
    Json(Fault),
    /// The frame is JSON, but no array.
    #[error("frame is not an array")]
    NotAnArray,
    /// An element is missing.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// An element has the wrong JSON type.
    #[error("{0} has the wrong JSON type")]
    WrongType(&'static str),
    /// The dialect has no message type of this number; `None` if it is no whole number.
    #[error("unknown message type{}", Shown(*.0))]
    UnknownType(Option<i64>),
    /// The message id is not acceptable.
    #[error(transparent)]
    Id(#[from] MessageIdError),
    /// The action's name is longer than allowed.
    #[error("action has {actual} bytes, at most {max} allowed")]
    ActionTooLong {
        /// [`Limits::action_bytes`].
        max: usize,
        /// The name's length in bytes.
        actual: usize,
    },
}

impl FrameRule {
    /// What is wrong in few words, without the numbers that `Display` tells.
    pub fn brief(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "frame is too long",
            Self::TooManyItems(_) => "frame has too many items",
            Self::Encoding { .. } => "not UTF-8",
            Self::Json(fault) => fault.rule().brief(),
            Self::NotAnArray => "frame is not an array",
            Self::Missing(_) => "an element is missing",
            Self::WrongType(_) => "an element has the wrong JSON type",
            Self::UnknownType(_) => "unknown message type",
            Self::Id(_) => "message id is empty or too long",
            Self::ActionTooLong { .. } => "action is too long",
        }
    }
}

/// The number, if there is one.
struct Shown(Option<i64>);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |number| write!(f, " {number}"))
    }
}

impl From<Fault> for FrameRule {
    fn from(fault: Fault) -> Self {
        Self::Json(fault)
    }
}

impl FrameFault {
    /// The fault `rule` of a frame of which only the beginning `head` is readable.
    pub(super) fn with_head(rule: FrameRule, head: &[u8], dialect: Dialect, limits: &Limits) -> Self {
        let text = match core::str::from_utf8(head) {
            Ok(text) => text,
            Err(error) => {
                head.get(..error.valid_up_to()).and_then(|head| core::str::from_utf8(head).ok()).unwrap_or_default()
            }
        };
        let mut head = Head::default();
        // What is wrong with the beginning is of no interest: it is cut off.
        let _ = read(text, dialect, limits, &mut head);
        head.fault(rule)
    }

    /// The error code for this fault (Part 4 §4.3).
    pub fn code(&self) -> ErrorCode {
        match &self.rule {
            // B06.FR.17 and its likes answer messages with too many bytes so.
            FrameRule::TooLong { .. } => ErrorCode::FormatViolation,
            // B06.FR.16 and its likes, messages with too many elements.
            FrameRule::TooManyItems(_) => ErrorCode::OccurrenceConstraintViolation,
            FrameRule::UnknownType(_) => ErrorCode::MessageTypeNotSupported,
            FrameRule::ActionTooLong { .. } => ErrorCode::NotImplemented,
            FrameRule::Encoding { .. }
            | FrameRule::Json(_)
            | FrameRule::NotAnArray
            | FrameRule::Missing(_)
            | FrameRule::WrongType(_)
            | FrameRule::Id(_) => ErrorCode::RpcFrameworkError,
        }
    }

    /// The CALLERROR this frame is to be answered with: its id, `-1` if that was unreadable, and its content.
    ///
    /// `None` where no answer is due: what is known to be an answer or a SEND is never answered (Part 4 §4.2.4), and
    /// unknown message types only in 2.0.1 (Part 4 of 2.0.1, §4.4; ignored by OCPP-J 1.6 §4.1.3 and 2.1 Part 4 §4.4).
    pub fn answer(&self, dialect: Dialect) -> Option<(MessageId, CallError)> {
        match self.message_type {
            None | Some(MessageType::Call) => {}
            Some(
                MessageType::CallResult | MessageType::CallError | MessageType::CallResultError | MessageType::Send,
            ) => {
                return None;
            }
        }
        if matches!(self.rule, FrameRule::UnknownType(_)) && !dialect.answers_unknown_type() {
            return None;
        }
        let id = self.id.clone().unwrap_or(MessageId::UNREADABLE);
        let text = if cfg!(feature = "texts") { Cow::Owned(format!("{self}")) } else { self.rule.brief().into() };
        Some((id, CallError::new(self.code(), text)))
    }
}

/// The error code for a payload that breaks its schema.
pub(crate) fn kind_code(violation: &Violation, dialect: Dialect) -> ErrorCode {
    match violation.rule.kind() {
        // The payload as a whole is no object: in 1.6 that is a matter of form, in 2.x of the PDU's structure.
        RuleKind::Type if violation.path == "$" => match dialect {
            Dialect::V1_6 => ErrorCode::FormatViolation,
            Dialect::V2_0_1 | Dialect::V2_1 => ErrorCode::ProtocolError,
        },
        RuleKind::Format => ErrorCode::FormatViolation,
        RuleKind::Occurrence => ErrorCode::OccurrenceConstraintViolation,
        RuleKind::Type => ErrorCode::TypeConstraintViolation,
        RuleKind::Property => ErrorCode::PropertyConstraintViolation,
    }
}
