//! Frames: reading them in one pass, and writing them.
//!
//! [`Frame::open`] reads what the RPC layer needs, message type, id and action, and stops at the payload. The payload is
//! read later, in place, by whoever knows its type ([`Payload`]); so each byte is parsed once.

use alloc::borrow::Cow;

use ocpp_types::json::{Kind, Reader};

use crate::{CallError, Dialect, Limits, MessageId};

mod fault;
mod payload;
#[cfg(test)]
mod tests;
pub mod write;

pub(crate) use fault::kind_code;
pub use fault::{FrameFault, FrameRule};
pub use payload::Payload;

/// The kinds of message of the RPC framework.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum MessageType {
    /// A request.
    Call = 2,
    /// The answer to a request.
    CallResult = 3,
    /// The refusal of a request.
    CallError = 4,
    /// The refusal of an answer. 2.1 only.
    CallResultError = 5,
    /// A message without answer. 2.1 only.
    Send = 6,
}

impl MessageType {
    /// The type with this number, if `dialect` has it.
    pub fn from_number(number: i64, dialect: Dialect) -> Option<Self> {
        match number {
            2 => Some(Self::Call),
            3 => Some(Self::CallResult),
            4 => Some(Self::CallError),
            5 if dialect.has_send() => Some(Self::CallResultError),
            6 if dialect.has_send() => Some(Self::Send),
            _ => None,
        }
    }

    /// The number of this type on the wire.
    pub const fn number(self) -> u8 {
        self as u8
    }
}

/// One received message, its payload yet unread.
#[derive(Clone, Debug)]
pub enum Frame<'a> {
    /// A request; it is to be answered.
    Call {
        /// The id the answer must bear.
        id: MessageId,
        /// What is asked for, as spelled by the peer; names are case-sensitive.
        action: Cow<'a, str>,
        /// The arguments.
        payload: Payload<'a>,
    },
    /// The answer to one of our requests.
    CallResult {
        /// The id of the request.
        id: MessageId,
        /// The response.
        payload: Payload<'a>,
    },
    /// The refusal of one of our requests.
    CallError {
        /// The id of the request, or `-1` if the peer could not read it.
        id: MessageId,
        /// Why.
        error: CallError,
    },
    /// The refusal of one of our answers.
    CallResultError {
        /// The id of the answer.
        id: MessageId,
        /// Why.
        error: CallError,
    },
    /// A message that must not be answered.
    Send {
        /// Its id.
        id: MessageId,
        /// What it is.
        action: Cow<'a, str>,
        /// The arguments.
        payload: Payload<'a>,
    },
}

/// How much of an over-long frame is looked at for its id.
const HEAD_BYTES: usize = 256;

impl<'a> Frame<'a> {
    /// Reads a frame up to its payload.
    ///
    /// The length is checked before anything else, UTF-8 once for the whole frame. What is wrong in or after the payload
    /// comes to light when the payload is read.
    pub fn open(bytes: &'a [u8], dialect: Dialect, limits: &Limits) -> Result<Self, FrameFault> {
        if bytes.len() > limits.frame_bytes {
            let head = bytes.get(..HEAD_BYTES.min(limits.frame_bytes)).unwrap_or_default();
            let rule = FrameRule::TooLong { max: limits.frame_bytes, actual: bytes.len() };
            return Err(FrameFault::with_head(rule, head, dialect, limits));
        }
        let text = match core::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let head = bytes.get(..error.valid_up_to()).unwrap_or_default();
                let rule = FrameRule::Encoding { offset: error.valid_up_to() };
                return Err(FrameFault::with_head(rule, head, dialect, limits));
            }
        };
        if limits.has_too_many_items(text) {
            let head = bytes.get(..HEAD_BYTES.min(bytes.len())).unwrap_or_default();
            return Err(FrameFault::with_head(FrameRule::TooManyItems(limits.items), head, dialect, limits));
        }
        let mut head = Head::default();
        read(text, dialect, limits, &mut head).map_err(|rule| head.fault(rule))
    }
}

/// What was readable of a frame, also if it turned out to be faulty.
#[derive(Default)]
struct Head {
    message_type: Option<MessageType>,
    id: Option<MessageId>,
}

impl Head {
    fn fault(self, rule: FrameRule) -> FrameFault {
        FrameFault { rule, message_type: self.message_type, id: self.id }
    }
}

fn read<'a>(text: &'a str, dialect: Dialect, limits: &Limits, head: &mut Head) -> Result<Frame<'a>, FrameRule> {
    let mut reader = Reader::with_depth(text, limits.depth);
    if reader.peek()? != Kind::Array {
        return Err(FrameRule::NotAnArray);
    }
    reader.begin_array()?;
    if !reader.next_element()? {
        return Err(FrameRule::Missing("message type"));
    }
    let message_type = if reader.peek()? == Kind::Number {
        let digits = reader.number()?;
        let number = digits.parse().ok();
        number.and_then(|number| MessageType::from_number(number, dialect)).ok_or(FrameRule::UnknownType(number))
    } else {
        reader.skip_value()?;
        Err(FrameRule::WrongType("message type"))
    };
    head.message_type = message_type.as_ref().ok().copied();
    let id = read_id(&mut reader);
    head.id = id.as_ref().ok().cloned();
    // An unknown type outranks what is wrong with the id: such a message may have another layout.
    let (message_type, id) = (message_type?, id?);
    match message_type {
        MessageType::Call => {
            let (action, payload) = read_action(reader, limits)?;
            Ok(Frame::Call { id, action, payload })
        }
        MessageType::Send => {
            let (action, payload) = read_action(reader, limits)?;
            Ok(Frame::Send { id, action, payload })
        }
        MessageType::CallResult => Ok(Frame::CallResult { id, payload: Payload::at(reader, limits)? }),
        MessageType::CallError => Ok(Frame::CallError { id, error: read_error(reader)? }),
        MessageType::CallResultError => Ok(Frame::CallResultError { id, error: read_error(reader)? }),
    }
}

fn read_id(reader: &mut Reader<'_>) -> Result<MessageId, FrameRule> {
    if !reader.next_element()? {
        return Err(FrameRule::Missing("message id"));
    }
    if reader.peek()? != Kind::String {
        return Err(FrameRule::WrongType("message id"));
    }
    Ok(MessageId::new(&reader.string()?)?)
}

fn read_action<'a>(mut reader: Reader<'a>, limits: &Limits) -> Result<(Cow<'a, str>, Payload<'a>), FrameRule> {
    if !reader.next_element()? {
        return Err(FrameRule::Missing("action"));
    }
    if reader.peek()? != Kind::String {
        return Err(FrameRule::WrongType("action"));
    }
    let action = reader.string()?;
    if action.len() > limits.action_bytes {
        return Err(FrameRule::ActionTooLong { max: limits.action_bytes, actual: action.len() });
    }
    Ok((action, Payload::at(reader, limits)?))
}

fn read_error(mut reader: Reader<'_>) -> Result<CallError, FrameRule> {
    let error = CallError::read(&mut reader)?;
    reader.finish()?;
    Ok(error)
}
