use alloc::borrow::Cow;
use alloc::string::String;
use core::time::Duration;

use ocpp_types::Violation;

use crate::frame::{FrameFault, Payload};
use crate::{CallError, Limits, MessageId};

/// What an engine allows. Everything it keeps is bounded by these numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Config {
    /// Bounds on one incoming frame.
    pub limits: Limits,
    /// Most of our calls in hand at once: waiting to be sent, sent, or ended with the event not yet polled.
    pub max_calls: usize,
    /// Most calls of the peer waiting for our answer at once. A peer that keeps the rules has one, or a few after
    /// time-outs; what is beyond is answered with `GenericError`.
    pub max_incoming: usize,
    /// Most frames waiting for [`poll_transmit`](super::Engine::poll_transmit), answers still owed counted in. What is
    /// beyond is dropped and reported ([`Ignored::Overload`]).
    pub max_outbox: usize,
    /// How long the application may take to answer a call. Then the engine answers with `InternalError`.
    pub answer_within: Duration,
    /// How many of our ended calls are remembered, to tell late and repeated answers from unknown ones.
    pub remember_departed: usize,
    /// How many answers are kept, to be repeated should the peer repeat its call with the same id and content.
    /// 0 turns that off. Answers are kept for one connection only.
    pub remember_answers: usize,
    /// Longest answer kept, in bytes. A repeated call whose answer was longer is served again.
    pub remember_answer_bytes: usize,
    /// How long an answer is kept.
    pub remember_answers_for: Duration,
    /// What to do with a call that bears the id of an earlier one but has another content.
    pub reused_id: ReusedId,
    /// How many actions that the peer answered with `NotImplemented` are remembered. A call of one of them is refused
    /// at once until the connection ends. 0, the default, turns that off.
    pub remember_unsupported: usize,
    /// Send no call while the peer waits for an answer of ours: a quirk for peers that read the rule "one call at a
    /// time" as one for both directions together.
    pub serialise_directions: bool,
    /// Send no call for this long after the connection opened: a quirk for stations that a request right after the
    /// handshake breaks. Answers are not held back.
    pub quiet_after_open: Duration,
}

impl Config {
    /// For servers, and stations on an operating system.
    pub const STANDARD: Self = Self {
        limits: Limits::STANDARD,
        max_calls: 16,
        max_incoming: 8,
        max_outbox: 32,
        answer_within: Duration::from_secs(30),
        remember_departed: 4,
        remember_answers: 2,
        remember_answer_bytes: 512,
        remember_answers_for: Duration::from_secs(120),
        reused_id: ReusedId::Refuse,
        remember_unsupported: 0,
        serialise_directions: false,
        quiet_after_open: Duration::ZERO,
    };

    /// For microcontrollers.
    pub const SMALL: Self = Self {
        limits: Limits::SMALL,
        max_calls: 8,
        max_incoming: 4,
        max_outbox: 8,
        remember_departed: 2,
        remember_answers: 2,
        remember_answer_bytes: 256,
        ..Self::STANDARD
    };
}

impl Default for Config {
    fn default() -> Self {
        Self::STANDARD
    }
}

/// What to do with a call that bears the id of an earlier call of this connection but has another content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ReusedId {
    /// Answer with `RpcFrameworkError` (1.6: `FormationViolation`).
    Refuse,
    /// Serve it as a new call: for peers that use one id for all.
    Serve,
}

/// One of our calls. Never used twice by one engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CallId(pub(super) u64);

/// One call of the peer, to be answered. Never used twice by one engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ReplyToken {
    pub(super) connection: u32,
    pub(super) number: u64,
}

/// How urgent a call is. A call is sent before all waiting ones of later lanes; within a lane in order of their making.
///
/// Lanes are strict: a lane waits as long as earlier ones have something to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Lane {
    /// What everything else depends on, such as BootNotification.
    First,
    /// What somebody waits for, such as Authorize.
    Urgent,
    /// What must arrive in order, such as transaction messages.
    Normal,
    /// What may wait.
    Background,
}

/// What a frame from the peer means.
#[derive(Clone, Debug)]
pub enum Received<'a> {
    /// The peer calls. Answer with [`reply`](super::Engine::reply) or [`reply_error`](super::Engine::reply_error), an
    /// unknown action too (`NotImplemented`).
    Call {
        /// To answer with.
        token: ReplyToken,
        /// What is asked for. Names are case-sensitive.
        action: Cow<'a, str>,
        /// The arguments.
        payload: Payload<'a>,
    },
    /// The peer sent a message that takes no answer (2.1).
    Send {
        /// What it is.
        action: Cow<'a, str>,
        /// The arguments.
        payload: Payload<'a>,
    },
    /// Our call was answered, and has ended.
    Result {
        /// The call.
        call: CallId,
        /// The response.
        payload: Payload<'a>,
    },
    /// Our call was refused, and has ended.
    Error {
        /// The call.
        call: CallId,
        /// Why.
        error: CallError,
    },
    /// An answer to one of our calls that has ended before: the call's end stands, the answer may still be of interest.
    Late {
        /// The call.
        call: CallId,
        /// How the call ended.
        departure: Departure,
        /// The answer.
        answer: Answer<'a>,
    },
    /// An answer to no call we remember.
    ///
    /// If one of our calls is waiting and the answer fits it, the application may take it as that call's with
    /// [`settle`](super::Engine::settle): a quirk for peers that answer with ids of their own. The id `-1` means that
    /// the peer could not read the id of a frame of ours.
    Unknown {
        /// The id it bears.
        id: MessageId,
        /// The answer.
        answer: Answer<'a>,
    },
    /// The peer could not process an answer of ours (CALLRESULTERROR, 2.1).
    ReplyRejected {
        /// The call that was answered, if it is still remembered.
        token: Option<ReplyToken>,
        /// Why.
        error: CallError,
    },
    /// The peer repeated a call that was answered; the same answer is sent again.
    Repeated {
        /// The call as it was known when it was answered.
        token: ReplyToken,
    },
    /// The frame takes no effect.
    Ignored(Ignored),
    /// The frame is faulty. Where the protocol asks for a CALLERROR, it is under way.
    Malformed {
        /// What is wrong.
        fault: FrameFault,
        /// Our call that the faulty frame was the answer to, and which so has ended.
        call: Option<CallId>,
    },
}

/// An answer of the peer.
#[derive(Clone, Debug)]
pub enum Answer<'a> {
    /// CALLRESULT.
    Result(Payload<'a>),
    /// CALLERROR.
    Error(CallError),
}

/// How a call of ours ended that is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Departure {
    /// It was answered.
    Answered,
    /// It timed out.
    TimedOut,
    /// It was cancelled after it was sent.
    Cancelled,
    /// The connection closed after it was sent.
    LinkClosed,
}

/// Why a frame takes no effect.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ignored {
    /// No connection is open.
    LinkClosed,
    /// The peer repeated a call that still waits for its answer; it will get one answer.
    RepeatInProgress(ReplyToken),
    /// The peer used the id of an earlier call for another one ([`Config::reused_id`]); answered with an error.
    ReusedId(MessageId),
    /// Too many calls of the peer wait for an answer ([`Config::max_incoming`]); answered with an error.
    TooManyCalls,
    /// Too much waits to be sent ([`Config::max_outbox`]); the frame is dropped without an answer.
    Overload,
}

/// What time or the end of a connection does. Polled with [`poll_event`](super::Engine::poll_event).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Event {
    /// One of our calls ended without an answer.
    CallEnded {
        /// The call.
        call: CallId,
        /// How.
        end: CallEnd,
    },
    /// The application did not answer in time; the engine has answered with `InternalError`.
    ReplyExpired(ReplyToken),
}

/// How a call ended without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum CallEnd {
    /// No answer came in time. The peer may have executed the call.
    TimedOut,
    /// The connection closed after the call was sent. The peer may have executed it.
    LinkClosed,
    /// The connection closed before the call was sent: it was not executed.
    NotSent,
}

impl CallEnd {
    /// Whether the peer may have executed the call.
    pub const fn may_have_been_executed(self) -> bool {
        match self {
            Self::TimedOut | Self::LinkClosed => true,
            Self::NotSent => false,
        }
    }
}

/// A frame to be written to the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Transmit {
    /// The text of one WebSocket message.
    pub text: String,
    /// What it is, so that whoever writes it can tell what was written.
    pub what: Sent,
}

/// What a frame to be written is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Sent {
    /// One of our calls. Its time-out began when the frame was polled.
    Call(CallId),
    /// Our answer to a call, also a repeated one.
    Reply(ReplyToken),
    /// A SEND (2.1) of ours.
    Send,
    /// A CALLERROR for a frame that was refused before it became a call.
    Refusal,
    /// A CALLRESULTERROR (2.1) for the answer to one of our calls.
    ResultError(CallId),
}

/// Why a call or SEND was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallRefused {
    /// No connection is open.
    #[error("no connection is open")]
    LinkClosed,
    /// Too many calls are in hand ([`Config::max_calls`]), or too many frames wait to be sent ([`Config::max_outbox`]).
    #[error("too many calls or frames are waiting")]
    Full,
    /// The payload is not the text of one JSON object.
    #[error("payload: {0}")]
    Payload(Violation),
    /// The peer has answered `NotImplemented` to this action before ([`Config::remember_unsupported`]).
    #[error("the peer does not implement the action")]
    Unsupported,
    /// The version spoken on this connection has no such message.
    #[error("the protocol version has no such message")]
    NotInDialect,
    /// The call is not known any more, or was never answered.
    #[error("the call is not known")]
    UnknownCall,
}

impl CallRefused {
    /// Why, in few words.
    pub fn brief(&self) -> &'static str {
        match self {
            Self::LinkClosed => "no connection is open",
            Self::Full => "too many calls or frames are waiting",
            Self::Payload(violation) => violation.rule.brief(),
            Self::Unsupported => "the peer does not implement the action",
            Self::NotInDialect => "the protocol version has no such message",
            Self::UnknownCall => "the call is not known",
        }
    }
}

/// Why an answer of ours takes no effect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplyRefused {
    /// The connection the call came from has closed: nobody waits for the answer.
    #[error("the connection of the call has closed")]
    LinkClosed,
    /// The call has its answer: an earlier one, or the engine's after [`Config::answer_within`].
    #[error("the call is already answered")]
    AlreadyAnswered,
    /// The payload is not the text of one JSON object. The call still waits.
    #[error("payload: {0}")]
    Payload(Violation),
}

/// What cancelling a call did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancelled {
    /// The call was not sent and will not be.
    NotSent,
    /// The call was sent, the peer may execute it. Its answer will come as [`Received::Late`]; until then, or until its
    /// time-out, no other call is sent.
    MayHaveBeenExecuted,
    /// The call has ended before, or never was.
    Ended,
}
