//! Typed calls and handlers on top of the raw [`Engine`].
//!
//! [`Engine::request`] makes a call of a [`Request`] and gives a [`Pending`], which knows the type of the answer.
//! [`Dispatch`] serves the peer's calls by one closure for each type of request; [`read_request`] reads them into one
//! exhaustive enumeration instead.
//!
//! ```
//! # #[cfg(feature = "v1_6")] {
//! use core::time::Duration;
//! use ocpp_rpc::engine::{Config, Engine, Lane, Received};
//! use ocpp_rpc::typed::{Dispatch, Reply};
//! use ocpp_rpc::{Dialect, Instant};
//! use ocpp_types::v1_6::{ClearCacheRequest, ClearCacheResponse, ClearCacheStatus, HeartbeatRequest};
//!
//! let now = Instant::from_millis(0);
//! let mut engine = Engine::new(Config::STANDARD, 7);
//! engine.opened(now, Dialect::V1_6);
//!
//! let heartbeat = engine.request(now, Lane::Background, &HeartbeatRequest::new(), Duration::from_secs(30)).unwrap();
//! let frame = engine.poll_transmit().unwrap();
//! let id = frame.text.split('"').nth(1).unwrap();
//! let answer = format!(r#"[3,"{id}",{{"currentTime":"2025-06-01T12:00:00Z"}}]"#);
//! let response = heartbeat.outcome(&engine.receive(now, answer.as_bytes())).unwrap().unwrap();
//! assert_eq!(response.current_time.to_rfc3339(), "2025-06-01T12:00:00+00:00");
//!
//! if let Received::Call { token, action, payload } = engine.receive(now, br#"[2,"1","ClearCache",{}]"#) {
//!     Dispatch::new(&action, &payload)
//!         .on(|_: ClearCacheRequest| Reply::Now(ClearCacheResponse::new(ClearCacheStatus::Accepted)))
//!         .finish(&mut engine, now, token)
//!         .unwrap();
//! }
//! assert_eq!(engine.poll_transmit().unwrap().text, r#"[3,"1",{"status":"Accepted"}]"#);
//! # }
//! ```

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;
use core::str::FromStr;
use core::time::Duration;

use ocpp_types::json::Reader;
use ocpp_types::lenient::{Decoded, Quirks, Repair};
use ocpp_types::{Encode, Fault, Message, Request, Violation};

use crate::engine::{Answer, CallEnd, CallId, CallRefused, Event, Lane, Received, ReplyRefused, ReplyToken};
use crate::frame::{FrameFault, Payload};
use crate::{CallError, Dialect, Engine, ErrorCode, Instant};

/// A call of an `R`, whose answer is an `R::Response`.
pub struct Pending<R> {
    call: CallId,
    request: PhantomData<fn() -> R>,
}

/// Why a call has no response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallFailure {
    /// The peer answered with an error.
    #[error("refused: {0}")]
    Refused(CallError),
    /// The peer answered, but the response breaks its schema.
    #[error("response: {0}")]
    Violation(Violation),
    /// The peer's answer is no readable frame.
    #[error("answer: {0}")]
    Malformed(FrameFault),
    /// No answer came in time.
    #[error("timed out")]
    TimedOut,
    /// The connection closed after the call was sent.
    #[error("connection closed before the answer")]
    LinkClosed,
    /// The connection closed before the call was sent.
    #[error("connection closed before the call was sent")]
    NotSent,
}

impl CallFailure {
    /// Whether the peer may have executed the call all the same.
    pub fn may_have_been_executed(&self) -> bool {
        match self {
            Self::Refused(_) | Self::NotSent => false,
            Self::Violation(_) | Self::Malformed(_) | Self::TimedOut | Self::LinkClosed => true,
        }
    }
}

impl From<CallEnd> for CallFailure {
    fn from(end: CallEnd) -> Self {
        match end {
            CallEnd::TimedOut => Self::TimedOut,
            CallEnd::LinkClosed => Self::LinkClosed,
            CallEnd::NotSent => Self::NotSent,
        }
    }
}

impl<R: Request> Pending<R> {
    /// The call, to cancel it or to find it in [`Event`]s.
    pub fn call(&self) -> CallId {
        self.call
    }

    /// The response or the failure, if `received` is this call's end.
    pub fn outcome(&self, received: &Received<'_>) -> Option<Result<R::Response, CallFailure>> {
        self.outcome_lenient(received, Quirks::NONE).map(|outcome| outcome.map(|decoded| decoded.value))
    }

    /// As [`Pending::outcome`], with the repairs of the response that `quirks` allow.
    pub fn outcome_lenient(
        &self,
        received: &Received<'_>,
        quirks: Quirks,
    ) -> Option<Result<Decoded<R::Response>, CallFailure>> {
        match received {
            Received::Result { call, payload } if *call == self.call => {
                Some(payload.decode_lenient(quirks).map_err(CallFailure::Violation))
            }
            Received::Error { call, error } if *call == self.call => Some(Err(CallFailure::Refused(error.clone()))),
            Received::Malformed { call: Some(call), fault } if *call == self.call => {
                Some(Err(CallFailure::Malformed(fault.clone())))
            }
            _ => None,
        }
    }

    /// The failure, if `event` is this call's end.
    pub fn failure(&self, event: &Event) -> Option<CallFailure> {
        match event {
            Event::CallEnded { call, end } if *call == self.call => Some((*end).into()),
            Event::CallEnded { .. } | Event::ReplyExpired(_) => None,
        }
    }

    /// Takes an answer under an unknown id for this call's, if this call is the one that waits and the response fits: a
    /// quirk for peers that answer with ids of their own. The call has ended if there is a response.
    pub fn claim(&self, engine: &mut Engine, now: Instant, received: &Received<'_>) -> Option<R::Response> {
        match received {
            Received::Unknown { answer: Answer::Result(payload), .. } if engine.waiting() == Some(self.call) => {
                let response = payload.decode().ok()?;
                engine.settle(now, self.call).then_some(response)
            }
            _ => None,
        }
    }
}

impl<R> Clone for Pending<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Pending<R> {}

impl<R> fmt::Debug for Pending<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pending").field(&self.call).finish()
    }
}

impl Engine {
    /// Takes a typed call: see [`Engine::call`]. A request that breaks its schema is refused.
    pub fn request<R: Request>(
        &mut self,
        now: Instant,
        lane: Lane,
        request: &R,
        timeout: Duration,
    ) -> Result<Pending<R>, CallRefused> {
        let payload = request.to_json().map_err(CallRefused::Payload)?;
        let call = self.call_checked(now, lane, R::ACTION, payload, timeout)?;
        Ok(Pending { call, request: PhantomData })
    }

    /// Sends a typed message without answer (2.1): see [`Engine::send`].
    pub fn send_message<M: Message>(&mut self, now: Instant, message: &M) -> Result<(), CallRefused> {
        self.send_with(now, M::ACTION, |writer| message.write(writer))
    }

    /// Answers a call with a typed response: see [`Engine::reply`]. A response that breaks its schema is refused, and
    /// the call still waits.
    pub fn respond<T: Encode>(&mut self, now: Instant, token: ReplyToken, response: &T) -> Result<(), ReplyRefused> {
        self.reply_with(now, token, 0, |writer| response.write(writer))
    }
}

/// What a handler answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply<T> {
    /// This.
    Now(T),
    /// Later: the handler keeps the token and will call [`Engine::respond`].
    Later,
    /// An error.
    Error(CallError),
}

/// One call of the peer on its way to the handler of its type.
#[derive(Debug)]
pub struct Dispatch<'a> {
    action: &'a str,
    payload: &'a Payload<'a>,
    quirks: Quirks,
    repairs: Vec<Repair>,
    state: State,
}

#[derive(Debug)]
enum State {
    /// No handler took the call yet.
    Open,
    Now(String),
    Later,
    Error(CallError),
    Violation(Violation),
    BadResponse(Violation),
}

/// What became of a dispatched call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handled {
    /// It is answered.
    Answered,
    /// It waits for a later answer.
    Later,
    /// No handler takes its action; it is answered with `NotImplemented`.
    NotImplemented,
    /// Its payload breaks the schema; it is answered with the error code for that.
    Violation(Violation),
    /// The handler's response breaks its schema and was not sent; the call is answered with `InternalError`.
    BadResponse(Violation),
}

impl<'a> Dispatch<'a> {
    /// The call of `action` with `payload`.
    pub fn new(action: &'a str, payload: &'a Payload<'a>) -> Self {
        Self { action, payload, quirks: Quirks::NONE, repairs: Vec::new(), state: State::Open }
    }

    /// Repairs payloads as `quirks` allow; [`Dispatch::repairs`] tells what was done.
    #[must_use]
    pub fn lenient(self, quirks: Quirks) -> Self {
        Self { quirks, ..self }
    }

    /// What had to be repaired to read the payload.
    pub fn repairs(&self) -> &[Repair] {
        &self.repairs
    }

    /// Calls `handler` if the call is an `R`.
    #[must_use]
    pub fn on<R: Request>(mut self, handler: impl FnOnce(R) -> Reply<R::Response>) -> Self {
        if !matches!(self.state, State::Open) || self.action != R::ACTION {
            return self;
        }
        self.state = match self.payload.decode_lenient::<R>(self.quirks) {
            Err(violation) => State::Violation(violation),
            Ok(Decoded { value, repairs }) => {
                self.repairs = repairs;
                match handler(value) {
                    Reply::Now(response) => match response.to_json() {
                        Ok(payload) => State::Now(payload),
                        Err(violation) => State::BadResponse(violation),
                    },
                    Reply::Later => State::Later,
                    Reply::Error(error) => State::Error(error),
                }
            }
        };
        self
    }

    /// Answers the call by what its handler said.
    pub fn finish(self, engine: &mut Engine, now: Instant, token: ReplyToken) -> Result<Handled, ReplyRefused> {
        match self.state {
            State::Open => {
                let error = CallError::new(ErrorCode::NotImplemented, "unknown action");
                engine.reply_error(now, token, &error).map(|()| Handled::NotImplemented)
            }
            State::Now(payload) => {
                engine.reply_with(now, token, payload.len(), |writer| writer.raw(&payload)).map(|()| Handled::Answered)
            }
            State::Later => Ok(Handled::Later),
            State::Error(error) => engine.reply_error(now, token, &error).map(|()| Handled::Answered),
            State::Violation(violation) => {
                engine.reply_violation(now, token, &violation).map(|()| Handled::Violation(violation))
            }
            State::BadResponse(violation) => {
                let error = CallError::new(ErrorCode::InternalError, "response could not be built");
                engine.reply_error(now, token, &error).map(|()| Handled::BadResponse(violation))
            }
        }
    }
}

/// Reads a call of the peer into an enumeration of requests, such as `v1_6::CsmsRequest` by its `read`.
///
/// The error is the one to answer with: `NotImplemented` for an action no enumeration `A` has, `NotSupported` for one the
/// other side takes, else what the violation asks for.
pub fn read_request<A: FromStr, T>(
    action: &str,
    payload: &Payload<'_>,
    dialect: Dialect,
    read: impl FnOnce(A, &mut Reader<'_>) -> Result<Option<T>, Fault>,
) -> Result<T, CallError> {
    let action = A::from_str(action).map_err(|_| CallError::new(ErrorCode::NotImplemented, "unknown action"))?;
    let request = payload.decode_with(|reader| match read(action, reader)? {
        Some(request) => Ok(Some(request)),
        None => reader.skip_value().map(|()| None),
    });
    match request {
        Ok(Some(request)) => Ok(request),
        Ok(None) => Err(CallError::new(ErrorCode::NotSupported, "action is not for this side")),
        Err(violation) => Err(CallError::violation(&violation, dialect)),
    }
}

#[cfg(test)]
mod tests;
