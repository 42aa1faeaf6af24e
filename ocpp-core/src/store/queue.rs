//! The operations that the host has not confirmed yet, and the way back when one fails.

use core::time::Duration;
use ocpp_rpc::queue::Queue;

use super::{StoreOp, Ticket};
use crate::time::Instant;

/// Wait before an operation that failed is issued again; doubled each time up to [`MAX_RETRY`].
const FIRST_RETRY: Duration = Duration::from_secs(1);
const MAX_RETRY: Duration = Duration::from_secs(60);

/// Issues tickets and remembers what is unconfirmed.
#[derive(Debug)]
pub(crate) struct StoreQueue<Op = StoreOp> {
    issued: u64,
    durable: u64,
    unconfirmed: Queue<Op>,
    /// How many of `unconfirmed` the host has been handed.
    handed: usize,
    failures: u32,
    retry_at: Option<Instant>,
}

impl<Op> Default for StoreQueue<Op> {
    fn default() -> Self {
        StoreQueue::resume(0, Queue::new())
    }
}

impl<Op> StoreQueue<Op> {
    /// A queue that goes on after `durable` operations, with those that are not known to be.
    pub fn resume(durable: u64, unconfirmed: Queue<Op>) -> Self {
        let issued = durable + unconfirmed.len() as u64;
        StoreQueue { issued, durable, unconfirmed, handed: 0, failures: 0, retry_at: None }
    }

    /// The operations that are not confirmed, in order.
    #[cfg(feature = "csms")]
    pub fn unconfirmed(&self) -> impl Iterator<Item = &Op> {
        self.unconfirmed.iter()
    }

    /// Takes an operation in. It reaches the host by [`Self::poll`].
    pub fn push(&mut self, op: Op) -> Ticket {
        self.issued += 1;
        self.unconfirmed.push_back(op);
        Ticket(self.issued)
    }

    /// The next operation to hand to the host. None while a failed one waits for its retry.
    pub fn poll(&mut self) -> Option<(Ticket, Op)>
    where
        Op: Clone,
    {
        if self.retry_at.is_some() {
            return None;
        }
        let op = self.unconfirmed.get(self.handed)?.clone();
        self.handed += 1;
        Some((Ticket(self.durable + self.handed as u64), op))
    }

    /// Whether the host was ever handed this ticket.
    #[cfg(feature = "station")]
    pub fn was_handed(&self, ticket: Ticket) -> bool {
        ticket.0 > 0 && ticket.0 <= self.durable + self.handed as u64
    }

    /// The host confirmed `ticket` and all before it. False if it was never handed out.
    pub fn stored(&mut self, ticket: Ticket) -> bool {
        if ticket.0 > self.durable + self.handed as u64 {
            return false;
        }
        while self.durable < ticket.0 {
            self.unconfirmed.pop_front();
            self.handed -= 1;
            self.durable += 1;
            self.failures = 0;
        }
        true
    }

    /// The host could not carry out `ticket`: it and all after it will be issued again. Gives the wait, or none if
    /// the ticket was never handed out or is durable.
    pub fn failed(&mut self, now: Instant, ticket: Ticket) -> Option<Duration> {
        if ticket.0 <= self.durable || ticket.0 > self.durable + self.handed as u64 {
            return None;
        }
        self.handed = usize::try_from(ticket.0 - self.durable - 1).unwrap_or(0);
        let wait = FIRST_RETRY.saturating_mul(1 << self.failures.min(6)).min(MAX_RETRY);
        self.failures += 1;
        self.retry_at = Some(now + wait);
        Some(wait)
    }

    /// Whether `ticket` is durable.
    pub fn is_durable(&self, ticket: Ticket) -> bool {
        ticket.0 <= self.durable
    }

    /// The last ticket issued; once it is durable, everything before is.
    #[cfg(feature = "csms")]
    pub fn last(&self) -> Ticket {
        Ticket(self.issued)
    }

    /// Frees the memory of an empty queue.
    #[cfg(feature = "csms")]
    pub fn give_back(&mut self) {
        if self.unconfirmed.is_empty() {
            self.unconfirmed = Queue::new();
        }
    }

    /// Operations that are not confirmed.
    pub fn len(&self) -> usize {
        self.unconfirmed.len()
    }

    /// When a failed operation is to be issued again.
    pub fn deadline(&self) -> Option<Instant> {
        self.retry_at
    }

    /// Lets time pass.
    pub fn tick(&mut self, now: Instant) {
        if self.retry_at.is_some_and(|at| at <= now) {
            self.retry_at = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Log, LogIndex};

    fn op(n: u64) -> StoreOp {
        StoreOp::Trim { log: Log::Transactions, through: LogIndex(n) }
    }

    #[test]
    fn one_confirmation_covers_all_before_it() {
        let mut queue = StoreQueue::<StoreOp>::default();
        let tickets = [queue.push(op(1)), queue.push(op(2)), queue.push(op(3))];
        assert!(!queue.stored(tickets[0]), "not handed out yet");
        assert_eq!(queue.poll(), Some((tickets[0], op(1))));
        assert_eq!(queue.poll(), Some((tickets[1], op(2))));
        assert!(queue.stored(tickets[1]));
        assert!(queue.is_durable(tickets[0]) && queue.is_durable(tickets[1]) && !queue.is_durable(tickets[2]));
        assert!(queue.stored(tickets[0]), "an old confirmation again is harmless");
        assert_eq!(queue.poll(), Some((tickets[2], op(3))));
        assert_eq!(queue.poll(), None);
    }

    #[test]
    fn failed_operation_and_all_after_it_are_issued_again_in_order() {
        let mut queue = StoreQueue::<StoreOp>::default();
        let t = [queue.push(op(1)), queue.push(op(2)), queue.push(op(3))];
        while queue.poll().is_some() {}
        assert!(queue.stored(t[0]));
        let now = Instant::from_millis(0);
        assert_eq!(queue.failed(now, t[1]), Some(Duration::from_secs(1)));
        assert_eq!(queue.failed(now, t[2]), None, "dropped with the one before it");
        assert_eq!(queue.poll(), None, "waits for the retry");
        queue.tick(now + Duration::from_secs(1));
        assert_eq!(queue.poll(), Some((t[1], op(2))));
        assert_eq!(queue.poll(), Some((t[2], op(3))));
        assert_eq!(queue.failed(now, t[1]), Some(Duration::from_secs(2)), "the wait grows");
    }
}
