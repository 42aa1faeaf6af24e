//! The call engine: pairs calls with answers on one connection after another, on raw JSON.
//!
//! The engine owns no socket and no clock. Bytes and the time go in, frames and facts come out:
//!
//! ```
//! use core::time::Duration;
//! use ocpp_rpc::engine::{Config, Engine, Lane, Received};
//! use ocpp_rpc::{CallError, Dialect, ErrorCode, Instant};
//!
//! let mut engine = Engine::new(Config::STANDARD, 0x5eed);
//! let now = Instant::from_millis(5_000);
//! engine.opened(now, Dialect::V1_6);
//! let boot = engine.call(now, Lane::First, "BootNotification", "{}", Duration::from_secs(30))?;
//!
//! // After anything happened: write what is due, wake up at the deadline, see what time did.
//! while let Some(frame) = engine.poll_transmit() {
//!     assert!(frame.text.starts_with("[2,"));
//! }
//! while let Some(event) = engine.poll_event() {
//!     println!("{event:?}");
//! }
//! assert_eq!(engine.poll_timeout(), Some(now + Duration::from_secs(30)));
//!
//! // A frame came in.
//! match engine.receive(now, br#"[2,"77","Vendor",{}]"#) {
//!     Received::Call { token, action, payload } if action == "Vendor" => match payload.raw() {
//!         Ok(arguments) => engine.reply(now, token, arguments)?,
//!         Err(violation) => engine.reply_violation(now, token, &violation)?,
//!     },
//!     Received::Call { token, .. } => {
//!         engine.reply_error(now, token, &CallError::new(ErrorCode::NotImplemented, "unknown action"))?;
//!     }
//!     Received::Result { call, payload } => assert!(call == boot && payload.raw().is_ok()),
//!     other => println!("{other:?}"),
//! }
//! assert_eq!(engine.poll_transmit().map(|frame| frame.text).as_deref(), Some(r#"[3,"77",{}]"#));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Contracts
//!
//! - **Each call ends once**: in [`Received::Result`], [`Received::Error`] or [`Received::Malformed`], in an
//!   [`Event::CallEnded`], in [`Engine::settle`] or in [`Engine::cancel`]. What comes after that is [`Received::Late`].
//! - **One call at a time** is sent; the next one after the answer or the time-out (OCPP-J 1.6 §4.1.1, Part 4 §4.1.1).
//!   Answers and SENDs never wait.
//! - **Deadlines move**: after [`Engine::handle_timeout`] at the deadline, and after polling, the next one is later or
//!   there is none. Handling a time-out early does no harm. A `now` before one already seen counts as the latest seen.
//! - **Everything is bounded** by [`Config`], whatever the peer sends and whether or not the host polls.

use crate::queue::Queue;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use ocpp_types::SmallString;
use ocpp_types::Violation;
use ocpp_types::json::Writer;

use crate::call_error::check_object;
use crate::frame::{FrameFault, MessageType, write};
use crate::{CallError, Dialect, ErrorCode, Frame, Instant, MessageId, MessageIds};

mod bounded;
mod incoming;
mod outgoing;
#[cfg(test)]
mod tests;
mod types;

use bounded::pop_releasing;
use incoming::{Fingerprint, Incoming, Recognised};
use outgoing::{Match, Outgoing};
pub use types::*;

/// The calls and answers of one peer.
///
/// With the feature `serde` the whole state can be written down and read back, by the same version of this crate: so a
/// session can move to another process while its connection stays with a gateway.
#[derive(Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Engine {
    config: Config,
    ids: MessageIds,
    now: Instant,
    /// The version of the open connection.
    dialect: Option<Dialect>,
    /// No call is sent before this.
    quiet_until: Instant,
    outgoing: Outgoing,
    incoming: Incoming,
    /// Frames to be written before the next call.
    outbox: Queue<Transmit>,
    events: Queue<Event>,
    unsupported: Vec<SmallString>,
}

impl Engine {
    /// An engine without a connection. The seed makes its message ids unique: see [`MessageIds`].
    pub fn new(config: Config, seed: u64) -> Self {
        Self {
            config,
            ids: MessageIds::new(seed),
            now: Instant::ZERO,
            dialect: None,
            quiet_until: Instant::ZERO,
            outgoing: Outgoing::default(),
            incoming: Incoming::default(),
            outbox: Queue::new(),
            events: Queue::new(),
            unsupported: Vec::new(),
        }
    }

    /// What the engine allows.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The version of the open connection; `None` without one.
    pub fn dialect(&self) -> Option<Dialect> {
        self.dialect
    }

    /// Whether a call made now would be the next frame sent, but for answers.
    pub fn can_call(&self) -> bool {
        self.dialect.is_some() && self.outgoing.in_hand() == 0 && !self.holds_calls()
    }

    /// Our call that was sent and waits for its answer.
    pub fn waiting(&self) -> Option<CallId> {
        self.outgoing.waiting()
    }

    /// A connection was opened, on which `dialect` is spoken. An open one counts as closed.
    pub fn opened(&mut self, now: Instant, dialect: Dialect) {
        self.closed(now);
        self.dialect = Some(dialect);
        self.quiet_until = self.now + self.config.quiet_after_open;
    }

    /// The connection closed. Our calls end, the peer's are forgotten.
    pub fn closed(&mut self, now: Instant) {
        self.advance(now);
        if self.dialect.take().is_none() {
            return;
        }
        if let Some(call) = self.outgoing.close(self.config.remember_departed) {
            self.events.push_back(Event::CallEnded { call, end: CallEnd::LinkClosed });
        }
        while let Some(call) = self.outgoing.pop_unsent() {
            self.events.push_back(Event::CallEnded { call, end: CallEnd::NotSent });
        }
        self.incoming.close();
        self.outbox = Queue::new();
        self.unsupported.clear();
    }

    /// Takes a call. `payload` is the text of one JSON object; `timeout` counts from the moment the call is sent, and is
    /// at least one millisecond.
    ///
    /// A retry is a new call, with a message id of its own.
    pub fn call(
        &mut self,
        now: Instant,
        lane: Lane,
        action: &str,
        payload: &str,
        timeout: Duration,
    ) -> Result<CallId, CallRefused> {
        check(payload).map_err(CallRefused::Payload)?;
        self.call_checked(now, lane, action, payload.into(), timeout)
    }

    /// Takes a call whose payload is known to be an object.
    pub(crate) fn call_checked(
        &mut self,
        now: Instant,
        lane: Lane,
        action: &str,
        payload: String,
        timeout: Duration,
    ) -> Result<CallId, CallRefused> {
        self.advance(now);
        self.dialect.ok_or(CallRefused::LinkClosed)?;
        if self.is_unsupported(action) {
            return Err(CallRefused::Unsupported);
        }
        let ended = self.events.iter().filter(|event| matches!(event, Event::CallEnded { .. })).count();
        if self.outgoing.in_hand() + ended >= self.config.max_calls {
            return Err(CallRefused::Full);
        }
        Ok(self.outgoing.push(lane, action, payload, timeout))
    }

    /// Gives up a call.
    pub fn cancel(&mut self, now: Instant, call: CallId) -> Cancelled {
        self.advance(now);
        self.outgoing.cancel(call)
    }

    /// Ends the waiting call as answered, for an answer the application recognised itself ([`Received::Unknown`]).
    /// `false` if `call` is not the waiting one.
    pub fn settle(&mut self, now: Instant, call: CallId) -> bool {
        self.advance(now);
        self.outgoing.settle(call, self.config.remember_departed)
    }

    /// Sends a message without answer (2.1). It does not wait for calls.
    pub fn send(&mut self, now: Instant, action: &str, payload: &str) -> Result<(), CallRefused> {
        check(payload).map_err(CallRefused::Payload)?;
        self.send_with(now, action, |writer| writer.raw(payload))
    }

    pub(crate) fn send_with(
        &mut self,
        now: Instant,
        action: &str,
        payload: impl FnOnce(&mut Writer),
    ) -> Result<(), CallRefused> {
        self.advance(now);
        if !self.dialect.ok_or(CallRefused::LinkClosed)?.has_send() {
            return Err(CallRefused::NotInDialect);
        }
        if !self.has_room() {
            return Err(CallRefused::Full);
        }
        let id = self.ids.next_id();
        let text = write::send(String::new(), &id, action, payload).map_err(CallRefused::Payload)?;
        self.outbox.push_back(Transmit { text, what: Sent::Send });
        Ok(())
    }

    /// Tells the peer that its answer to `call` could not be processed (CALLRESULTERROR, 2.1).
    pub fn reject_result(&mut self, now: Instant, call: CallId, error: &CallError) -> Result<(), CallRefused> {
        self.advance(now);
        let dialect = self.dialect.ok_or(CallRefused::LinkClosed)?;
        if !dialect.has_send() {
            return Err(CallRefused::NotInDialect);
        }
        if !self.has_room() {
            return Err(CallRefused::Full);
        }
        let id = self.outgoing.answered_id(call).ok_or(CallRefused::UnknownCall)?;
        let text = write::call_result_error(String::new(), id, error, dialect);
        self.outbox.push_back(Transmit { text, what: Sent::ResultError(call) });
        Ok(())
    }

    /// Takes a frame from the peer and says what it means.
    pub fn receive<'a>(&mut self, now: Instant, frame: &'a [u8]) -> Received<'a> {
        self.advance(now);
        let Some(dialect) = self.dialect else {
            return Received::Ignored(Ignored::LinkClosed);
        };
        match Frame::open(frame, dialect, &self.config.limits) {
            Ok(Frame::Call { id, action, payload }) => match self.take_call(id, Fingerprint::of(frame), dialect) {
                Ok(token) => Received::Call { token, action, payload },
                Err(received) => received,
            },
            Ok(Frame::Send { action, payload, .. }) => Received::Send { action, payload },
            Ok(Frame::CallResult { id, payload }) => self.take_answer(id, Answer::Result(payload)),
            Ok(Frame::CallError { id, error }) => self.take_answer(id, Answer::Error(error)),
            Ok(Frame::CallResultError { id, error }) => {
                Received::ReplyRejected { token: self.incoming.answered_token(&id), error }
            }
            Err(fault) => self.take_fault(fault, dialect),
        }
    }

    /// Answers a call of the peer. `payload` is the text of one JSON object.
    pub fn reply(&mut self, now: Instant, token: ReplyToken, payload: &str) -> Result<(), ReplyRefused> {
        check(payload).map_err(ReplyRefused::Payload)?;
        self.reply_with(now, token, payload.len(), |writer| writer.raw(payload))
    }

    pub(crate) fn reply_with(
        &mut self,
        now: Instant,
        token: ReplyToken,
        payload_bytes: usize,
        payload: impl FnOnce(&mut Writer),
    ) -> Result<(), ReplyRefused> {
        self.advance(now);
        let (id, _) = self.open_call(token)?;
        let text = write::call_result(room_for(payload_bytes), id, payload).map_err(ReplyRefused::Payload)?;
        self.answer(token, text);
        Ok(())
    }

    /// Answers a call of the peer with an error.
    pub fn reply_error(&mut self, now: Instant, token: ReplyToken, error: &CallError) -> Result<(), ReplyRefused> {
        self.advance(now);
        let (id, dialect) = self.open_call(token)?;
        let text = write::call_error(String::new(), id, error, dialect);
        self.answer(token, text);
        Ok(())
    }

    /// Answers a call of the peer whose payload breaks its schema.
    pub fn reply_violation(
        &mut self,
        now: Instant,
        token: ReplyToken,
        violation: &Violation,
    ) -> Result<(), ReplyRefused> {
        let (_, dialect) = self.open_call(token)?;
        self.reply_error(now, token, &CallError::violation(violation, dialect))
    }

    /// Ends what is due at `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.advance(now);
        if let Some(call) = self.outgoing.expire(self.now, self.config.remember_departed) {
            self.events.push_back(Event::CallEnded { call, end: CallEnd::TimedOut });
        }
        while let Some(token) = self.incoming.expired(self.now) {
            let error = CallError::new(ErrorCode::InternalError, "no answer in time");
            if self.reply_error(now, token, &error).is_err() {
                return;
            }
            self.events.push_back(Event::ReplyExpired(token));
        }
    }

    /// When [`Engine::handle_timeout`] is next to be called.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let quiet = (self.outgoing.is_ready() && self.now < self.quiet_until).then_some(self.quiet_until);
        [quiet, self.outgoing.deadline(), self.incoming.deadline()].into_iter().flatten().min()
    }

    /// The next fact to be known.
    pub fn poll_event(&mut self) -> Option<Event> {
        pop_releasing(&mut self.events)
    }

    /// The next frame to be written. A call counts as sent from here on.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        if let Some(frame) = pop_releasing(&mut self.outbox) {
            return Some(frame);
        }
        if self.holds_calls() {
            return None;
        }
        let queued = self.outgoing.pop()?;
        let id = self.ids.next_id();
        // Raw text is never refused.
        let room = room_for(queued.action.len() + queued.payload.len());
        let text = write::call(room, &id, &queued.action, |writer| writer.raw(&queued.payload)).unwrap_or_default();
        let what = Sent::Call(queued.call);
        self.outgoing.sent(queued, id, self.now);
        Some(Transmit { text, what })
    }

    /// Time never runs backwards.
    fn advance(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }

    fn holds_calls(&self) -> bool {
        self.now < self.quiet_until || self.config.serialise_directions && self.incoming.len() > 0
    }

    /// Whether a frame may be put into the outbox without taking the place of an answer still owed.
    fn has_room(&self) -> bool {
        self.outbox.len() + self.incoming.len() < self.config.max_outbox
    }

    fn open_call(&self, token: ReplyToken) -> Result<(&MessageId, Dialect), ReplyRefused> {
        match self.dialect {
            Some(dialect) if self.incoming.is_current(token) => {
                let id = self.incoming.id(token).ok_or(ReplyRefused::AlreadyAnswered)?;
                Ok((id, dialect))
            }
            _ => Err(ReplyRefused::LinkClosed),
        }
    }

    fn answer(&mut self, token: ReplyToken, text: String) {
        let Config { remember_answers, remember_answer_bytes, .. } = self.config;
        self.incoming.answered(token, &text, self.now, remember_answers, remember_answer_bytes);
        self.outbox.push_back(Transmit { text, what: Sent::Reply(token) });
    }

    fn refuse(&mut self, id: &MessageId, error: &CallError, dialect: Dialect) {
        let text = write::call_error(String::new(), id, error, dialect);
        self.outbox.push_back(Transmit { text, what: Sent::Refusal });
    }

    fn take_call(
        &mut self,
        id: MessageId,
        fingerprint: Fingerprint,
        dialect: Dialect,
    ) -> Result<ReplyToken, Received<'static>> {
        let oldest = self.now.saturating_sub(self.config.remember_answers_for);
        self.incoming.forget(oldest);
        let has_room = self.has_room();
        match self.incoming.recognise(&id, fingerprint) {
            Recognised::InProgress(token) => return Err(Received::Ignored(Ignored::RepeatInProgress(token))),
            _ if !has_room => return Err(Received::Ignored(Ignored::Overload)),
            Recognised::Repeat(token, answer) => {
                let text = answer.to_string();
                self.outbox.push_back(Transmit { text, what: Sent::Reply(token) });
                return Err(Received::Repeated { token });
            }
            Recognised::Reused if self.config.reused_id == ReusedId::Refuse => {
                let error = CallError::new(ErrorCode::RpcFrameworkError, "message id was used before");
                self.refuse(&id, &error, dialect);
                return Err(Received::Ignored(Ignored::ReusedId(id)));
            }
            Recognised::Reused | Recognised::New => {}
        }
        let expired = self.events.iter().filter(|event| matches!(event, Event::ReplyExpired(_))).count();
        if self.incoming.len() + expired >= self.config.max_incoming {
            let error = CallError::new(ErrorCode::GenericError, "too many calls at once");
            self.refuse(&id, &error, dialect);
            return Err(Received::Ignored(Ignored::TooManyCalls));
        }
        // A window below the clock's step would let the deadline stand still.
        let within = self.config.answer_within.max(Duration::from_millis(1));
        Ok(self.incoming.push(id, fingerprint, self.now + within))
    }

    fn is_unsupported(&self, action: &str) -> bool {
        self.unsupported.iter().any(|known| known == action)
    }

    fn take_answer<'a>(&mut self, id: MessageId, answer: Answer<'a>) -> Received<'a> {
        match (self.outgoing.answered(&id, self.config.remember_departed), answer) {
            (Match::Answer { call, .. }, Answer::Result(payload)) => Received::Result { call, payload },
            (Match::Answer { call, action }, Answer::Error(error)) => {
                let has_room = self.unsupported.len() < self.config.remember_unsupported;
                if error.code == ErrorCode::NotImplemented && has_room && !self.is_unsupported(&action) {
                    self.unsupported.push(action);
                }
                Received::Error { call, error }
            }
            (Match::Late { call, departure }, answer) => Received::Late { call, departure, answer },
            (Match::Unknown, answer) => Received::Unknown { id, answer },
        }
    }

    fn take_fault<'a>(&mut self, fault: FrameFault, dialect: Dialect) -> Received<'a> {
        if let Some((id, error)) = fault.answer(dialect) {
            if !self.has_room() {
                return Received::Ignored(Ignored::Overload);
            }
            self.refuse(&id, &error, dialect);
        }
        let call = match (fault.message_type, &fault.id) {
            (Some(MessageType::CallResult | MessageType::CallError), Some(id)) => {
                match self.outgoing.answered(id, self.config.remember_departed) {
                    Match::Answer { call, .. } => Some(call),
                    Match::Late { .. } | Match::Unknown => None,
                }
            }
            _ => None,
        };
        Received::Malformed { fault, call }
    }
}

impl fmt::Debug for Engine {
    /// Shows no payloads: they hold tokens and keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("dialect", &self.dialect)
            .field("waiting", &self.waiting())
            .field("calls", &self.outgoing.in_hand())
            .field("incoming", &self.incoming.len())
            .field("outbox", &self.outbox.len())
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}

fn check(payload: &str) -> Result<(), Violation> {
    check_object(payload).map_err(|fault| Violation::locate(&fault, payload, 0))
}

/// A text for a frame with so many bytes of action and payload: one that grows as it is written takes three times as much.
fn room_for(bytes: usize) -> String {
    // The punctuation, and an id of usual length.
    String::with_capacity(bytes + 64)
}
