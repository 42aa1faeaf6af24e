use alloc::collections::VecDeque;
use alloc::string::String;
use core::time::Duration;

use crate::{Instant, MessageId};

/// Calls from several sources towards one party, which must get one at a time.
#[derive(Clone, Debug)]
pub(super) struct Line<O> {
    busy: Option<Busy<O>>,
    queue: VecDeque<Waiting<O>>,
}

/// The call that is under way.
#[derive(Clone, Debug)]
pub(super) struct Busy<O> {
    /// The id on the wire.
    pub id: MessageId,
    pub origin: O,
    deadline: Instant,
}

#[derive(Clone, Debug)]
pub(super) struct Waiting<O> {
    pub id: MessageId,
    pub origin: O,
    pub text: String,
}

impl<O> Line<O> {
    pub const fn new() -> Self {
        Self { busy: None, queue: VecDeque::new() }
    }

    pub fn len(&self) -> usize {
        self.queue.len()
    }

    pub fn busy(&self) -> Option<&Busy<O>> {
        self.busy.as_ref()
    }

    pub fn push(&mut self, call: Waiting<O>) {
        self.queue.push_back(call);
    }

    /// The next call, if none is under way; it is under way from now on.
    pub fn start(&mut self, now: Instant, timeout: Duration) -> Option<String> {
        if self.busy.is_some() {
            return None;
        }
        let call = self.queue.pop_front()?;
        Some(self.replace(call, now, timeout))
    }

    /// Puts `call` in the place of the one under way, if any.
    pub fn replace(&mut self, call: Waiting<O>, now: Instant, timeout: Duration) -> String {
        let Waiting { id, origin, text } = call;
        self.busy = Some(Busy { id, origin, deadline: now + timeout.max(Duration::from_millis(1)) });
        text
    }

    /// Forgets the waiting calls that `leaves` says so of.
    pub fn withdraw(&mut self, leaves: impl Fn(&O) -> bool) {
        self.queue.retain(|call| !leaves(&call.origin));
    }

    /// Ends the call under way if it bears `id`.
    pub fn answered(&mut self, id: &MessageId) -> Option<Busy<O>> {
        self.busy.take_if(|busy| busy.id == *id)
    }

    /// Ends the call under way if its time is over.
    pub fn expire(&mut self, now: Instant) -> Option<Busy<O>> {
        self.busy.take_if(|busy| busy.deadline <= now)
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.busy.as_ref().map(|busy| busy.deadline)
    }

    /// Forgets everything and gives what had not ended.
    pub fn clear(&mut self) -> impl Iterator<Item = (MessageId, O)> {
        let busy = self.busy.take().map(|busy| (busy.id, busy.origin));
        let queue = core::mem::take(&mut self.queue);
        busy.into_iter().chain(queue.into_iter().map(|waiting| (waiting.id, waiting.origin)))
    }
}
