//! Our calls: waiting to be sent, waiting for the answer, departed.

use crate::queue::Queue;
use alloc::string::String;
use core::time::Duration;

use ocpp_types::SmallString;

use super::bounded::{pop_releasing, push_bounded, remove_releasing};
use super::types::{CallId, Cancelled, Departure, Lane};
use crate::{Instant, MessageId};

/// A call to be sent.
#[derive(Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Queued {
    pub call: CallId,
    pub lane: Lane,
    pub action: SmallString,
    pub payload: String,
    pub timeout: Duration,
}

/// The call that was sent and waits for its answer.
#[derive(Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Waiting {
    call: CallId,
    id: MessageId,
    action: SmallString,
    deadline: Instant,
    /// Nobody wants the answer any more, but the line is taken until it comes or the time is over.
    cancelled: bool,
}

#[derive(Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Departed {
    call: CallId,
    id: MessageId,
    departure: Departure,
}

/// What an answer with some id is.
#[derive(Clone, Debug)]
pub(super) enum Match {
    /// The answer the waiting call waits for. The call has ended.
    Answer { call: CallId, action: SmallString },
    /// An answer to a call that ended before.
    Late { call: CallId, departure: Departure },
    /// Nobody's.
    Unknown,
}

#[derive(Clone, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Outgoing {
    queue: Queue<Queued>,
    waiting: Option<Waiting>,
    departed: Queue<Departed>,
    made: u64,
}

impl Outgoing {
    pub fn in_hand(&self) -> usize {
        self.queue.len() + usize::from(self.waiting.is_some())
    }

    /// Whether a call would be sent now if nothing else held it back.
    pub fn is_ready(&self) -> bool {
        self.waiting.is_none() && !self.queue.is_empty()
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.waiting.as_ref().map(|waiting| waiting.deadline)
    }

    /// The call whose answer is waited for.
    pub fn waiting(&self) -> Option<CallId> {
        self.waiting.as_ref().filter(|waiting| !waiting.cancelled).map(|waiting| waiting.call)
    }

    pub fn push(&mut self, lane: Lane, action: &str, payload: String, timeout: Duration) -> CallId {
        let call = CallId(self.made);
        self.made += 1;
        let place = self.queue.partition_point(|queued| queued.lane <= lane);
        self.queue.insert(place, Queued { call, lane, action: action.into(), payload, timeout });
        call
    }

    /// The next call to be sent, if none is waited for.
    pub fn pop(&mut self) -> Option<Queued> {
        if self.waiting.is_some() { None } else { pop_releasing(&mut self.queue) }
    }

    /// The popped call is sent with `id`.
    pub fn sent(&mut self, queued: Queued, id: MessageId, now: Instant) {
        // A time-out below the clock's step would let the deadline stand still.
        let deadline = now + queued.timeout.max(Duration::from_millis(1));
        let Queued { call, action, .. } = queued;
        self.waiting = Some(Waiting { call, id, action, deadline, cancelled: false });
    }

    /// Finds whose answer bears `id`; the waiting call ends with it.
    pub fn answered(&mut self, id: &MessageId, memory: usize) -> Match {
        match self.waiting.take() {
            Some(waiting) if waiting.id == *id => {
                let Waiting { call, id, action, cancelled, .. } = waiting;
                self.depart(Departed { call, id, departure: Departure::Answered }, memory);
                if cancelled {
                    Match::Late { call, departure: Departure::Cancelled }
                } else {
                    Match::Answer { call, action }
                }
            }
            other => {
                self.waiting = other;
                match self.departed.iter().rev().find(|departed| departed.id == *id) {
                    Some(departed) => Match::Late { call: departed.call, departure: departed.departure },
                    None => Match::Unknown,
                }
            }
        }
    }

    /// Ends the waiting call if it is `call` and wanted.
    pub fn settle(&mut self, call: CallId, memory: usize) -> bool {
        self.waiting() == Some(call) && self.end_waiting(Departure::Answered, memory).is_some()
    }

    /// Ends the waiting call if its time is over. Answers the call, unless nobody wants it any more.
    pub fn expire(&mut self, now: Instant, memory: usize) -> Option<CallId> {
        if self.deadline().is_some_and(|deadline| deadline <= now) {
            self.end_waiting(Departure::TimedOut, memory)
        } else {
            None
        }
    }

    pub fn cancel(&mut self, call: CallId) -> Cancelled {
        if let Some(place) = self.queue.iter().position(|queued| queued.call == call) {
            remove_releasing(&mut self.queue, place);
            return Cancelled::NotSent;
        }
        match &mut self.waiting {
            Some(waiting) if waiting.call == call && !waiting.cancelled => {
                waiting.cancelled = true;
                Cancelled::MayHaveBeenExecuted
            }
            _ => Cancelled::Ended,
        }
    }

    /// The connection closed: ends the waiting call, and answers it unless it was cancelled.
    pub fn close(&mut self, memory: usize) -> Option<CallId> {
        self.end_waiting(Departure::LinkClosed, memory)
    }

    /// The next of the calls that were never sent.
    pub fn pop_unsent(&mut self) -> Option<CallId> {
        pop_releasing(&mut self.queue).map(|queued| queued.call)
    }

    /// The id `call` was answered under, if that is still remembered.
    pub fn answered_id(&self, call: CallId) -> Option<&MessageId> {
        let answered = |departed: &&Departed| departed.call == call && departed.departure == Departure::Answered;
        self.departed.iter().find(answered).map(|departed| &departed.id)
    }

    fn end_waiting(&mut self, departure: Departure, memory: usize) -> Option<CallId> {
        let Waiting { call, id, cancelled, .. } = self.waiting.take()?;
        let departure = if cancelled { Departure::Cancelled } else { departure };
        self.depart(Departed { call, id, departure }, memory);
        if cancelled { None } else { Some(call) }
    }

    fn depart(&mut self, departed: Departed, memory: usize) {
        push_bounded(&mut self.departed, departed, memory);
    }
}
