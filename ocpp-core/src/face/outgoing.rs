//! Calls of the station: one on its way at a time, the most urgent kind first, as long as that is fair (`site/turns`).
//!
//! A face has a table of what it sends, in order of rank. Here a kind is known by its rank alone; what a call says, and what its end
//! means, is the face's.

use ocpp_rpc::engine::{CallEnd, CallId, Ignored, Lane, Received, ReplyToken};
use ocpp_rpc::{CallError, ErrorCode, Payload};
use ocpp_types::SmallString;

use super::failure::Failure;
use crate::site::Site;
use crate::site::shared::Shared;
use crate::site::timers::NextDeadline;
use crate::site::turns::{Rank, Turns};
use crate::site::verdict::Undelivered;
use crate::station::{CallFailure, Event, FrameRefusal, RawFrame, SecurityEventKind, Timer};
use crate::time::Instant;
use crate::words::{Reason, joined};

/// The calls of a face.
#[derive(Debug)]
pub(crate) struct Outgoing {
    /// Which kind of call is the next.
    turns: Turns,
    /// The call on its way.
    sent: Option<(CallId, Rank)>,
    /// The call about which the application is asked.
    pub(super) held: Option<Rank>,
}

/// What a frame of the CSMS is to a face.
#[derive(Debug)]
pub(crate) enum Arrival<'f> {
    /// A call to answer.
    Call(ReplyToken, alloc::borrow::Cow<'f, str>, Payload<'f>),
    /// The answer to our call of this rank.
    Answer(Rank, Payload<'f>),
    /// Our call of this rank brought nothing.
    Failed(Rank, Failure),
    /// Nothing that is left to do.
    Nothing,
}

impl Outgoing {
    /// For so many kinds of calls.
    pub fn new(kinds: usize) -> Self {
        Outgoing { turns: Turns::new(kinds), sent: None, held: None }
    }

    /// Whether a call may leave: none is on its way, no answer is owed that may have caused it (`site/answers`), and what the connection
    /// proved is on record.
    pub fn may_send(&self, site: &Site, shared: &Shared) -> bool {
        let is_busy = self.sent.is_some() || self.held.is_some();
        let is_open = shared.link.is_up() && shared.rpc.can_call() && shared.is_proof_durable();
        !is_busy && is_open && !site.owed.holds_calls(shared.now)
    }

    /// The first kind from `place` on that may be sent now; moves `place` behind it.
    pub fn next(&self, place: &mut usize, now: Instant) -> Option<Rank> {
        self.turns.next(place, now)
    }

    /// Hands a call to the engine.
    pub(super) fn transmit(
        &mut self,
        site: &mut Site,
        shared: &mut Shared,
        rank: Rank,
        action: &str,
        payload: &str,
    ) -> Result<(), Failure> {
        let timeout = site.message_timeout(shared);
        match shared.rpc.call(shared.now, Lane::Normal, action, payload, timeout) {
            Ok(call) => {
                site.heartbeat.sent(shared.now);
                self.turns.sent(rank, shared.now);
                self.sent = Some((call, rank));
                Ok(())
            }
            Err(error) => Err(Failure::new(CallFailure::Unsendable, error.reason())),
        }
    }

    /// How a call ended counts for the turn of its kind. None: it was answered as it should be. `is_repeated`: a kind that was not
    /// answered is sent again by itself, with nothing else to space that.
    pub fn settle_turn(&mut self, now: Instant, rank: Rank, is_repeated: bool, failure: Option<&Failure>) {
        match failure.map(Failure::kind) {
            None => self.turns.answered(rank, now),
            Some(Undelivered::Refused) => self.turns.refused(rank),
            Some(Undelivered::TimedOut) => self.turns.unanswered(rank, now, is_repeated),
            Some(Undelivered::Unsendable | Undelivered::LinkLost) => {}
        }
    }

    /// The CSMS asks for a message of this kind.
    #[cfg(feature = "remote_trigger")]
    pub fn wake(&mut self, rank: Rank) {
        self.turns.wake(rank);
    }

    /// There is no connection: on the next one nobody rests.
    pub fn rest_no_longer(&mut self) {
        self.turns.link_lost();
    }

    /// Adds when a kind of message may be sent again.
    pub fn add_deadlines(&self, shared: &Shared, next: &mut NextDeadline) {
        if shared.link.is_up() {
            self.turns.deadlines().for_each(|at| next.add(Timer::Backoff, Some(at)));
        }
    }

    /// A frame of the CSMS.
    pub fn receive<'f>(&mut self, shared: &mut Shared, bytes: &'f [u8]) -> Arrival<'f> {
        let now = shared.now;
        let (cause, reason) = match shared.rpc.receive(now, bytes) {
            Received::Call { token, action, payload } => return Arrival::Call(token, action, payload),
            Received::Result { call, payload } => {
                return self.end(call).map_or(Arrival::Nothing, |rank| Arrival::Answer(rank, payload));
            }
            Received::Error { call, error } => return self.fail(call, describe(&error)),
            Received::Malformed { fault, call } => {
                shared.event(Event::Unread { frame: RawFrame::new(bytes) });
                let reason = fault.reason();
                shared.raise(SecurityEventKind::InvalidMessages, Some(&reason));
                shared.event(Event::FrameRefused { cause: FrameRefusal::Malformed, reason });
                return match call {
                    Some(call) => self.fail(call, CallFailure::Unreadable.into()),
                    None => Arrival::Nothing,
                };
            }
            Received::Late { .. } => (FrameRefusal::Late, SmallString::default()),
            Received::Unknown { id, .. } => {
                (FrameRefusal::UnknownCall, joined(&[FrameRefusal::UnknownCall.text(), " ", id.as_str()]))
            }
            Received::Ignored(Ignored::RepeatInProgress(_)) | Received::Repeated { .. } => return Arrival::Nothing,
            Received::Ignored(ignored) => {
                let cause = match ignored {
                    Ignored::ReusedId(_) => FrameRefusal::ReusedId,
                    Ignored::TooManyCalls | Ignored::Overload => FrameRefusal::Overload,
                    _ => FrameRefusal::Other,
                };
                (cause, SmallString::default())
            }
            // 2.1 has both, and a CSMS sends neither.
            Received::Send { .. } | Received::ReplyRejected { .. } => (FrameRefusal::WrongType, SmallString::default()),
        };
        shared.refuse_frame(cause, reason);
        Arrival::Nothing
    }

    /// One of our calls ended without an answer.
    pub fn on_call_ended(&mut self, call: CallId, end: CallEnd) -> Option<(Rank, Failure)> {
        let failure = match end {
            CallEnd::TimedOut => CallFailure::TimedOut,
            CallEnd::LinkClosed | CallEnd::NotSent => CallFailure::LinkLost,
        };
        self.end(call).map(|rank| (rank, failure.into()))
    }

    fn end(&mut self, call: CallId) -> Option<Rank> {
        self.sent.take_if(|(sent, _)| *sent == call).map(|(_, rank)| rank)
    }

    fn fail<'f>(&mut self, call: CallId, failure: Failure) -> Arrival<'f> {
        self.end(call).map_or(Arrival::Nothing, |rank| Arrival::Failed(rank, failure))
    }
}

fn describe(error: &CallError) -> Failure {
    let cause = match error.code {
        ErrorCode::NotImplemented | ErrorCode::NotSupported => CallFailure::Unsupported,
        _ => CallFailure::Error,
    };
    Failure::new(cause, joined(&[error.received_code(), ": ", error.description()]))
}
