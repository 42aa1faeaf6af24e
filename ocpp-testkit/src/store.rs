//! A store in memory that is as slow, as unreliable and as dishonest as it is told to be.
//!
//! It keeps apart what is durable and what is not yet, so that a crash can leave any prefix that a real one could leave.

use std::collections::VecDeque;
use std::time::Duration;

use ocpp_core::store::{Image, StoreOp, Ticket};
use ocpp_core::time::Instant;
use thiserror::Error;

/// What is left of a torn record: too little to say what it was.
pub(crate) const TORN_BYTES: usize = 1;

/// How a store behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreHabits {
    /// From an operation until it is durable.
    pub lag: Duration,
    /// Whether it confirms at once, before anything is durable: a broken promise, to prove that checks see it.
    pub lies: bool,
    /// Whether a crash leaves a torn piece of the first record that does not survive.
    pub tears: bool,
}

impl Default for StoreHabits {
    fn default() -> Self {
        StoreHabits { lag: Duration::from_millis(5), lies: false, tears: false }
    }
}

/// What a store says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreReply {
    /// The ticket and all before it are durable.
    Stored(Ticket),
    /// The operation failed; it and all after it were dropped.
    Failed(Ticket),
}

/// An operation out of turn: the fault of the machine that issued it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("store operation {issued:?} issued where {due:?} was due")]
pub struct OutOfTurn {
    /// The ticket that came.
    pub issued: Ticket,
    /// The ticket that had to come.
    pub due: Ticket,
}

/// A store of operations in order.
#[derive(Clone, Debug)]
pub struct SimStore<Op> {
    habits: StoreHabits,
    /// Of all runs, in order.
    durable: Vec<Op>,
    /// Of this run, in order; the last one has the ticket `issued`.
    pending: VecDeque<Pending<Op>>,
    replies: VecDeque<(Instant, StoreReply)>,
    issued: Ticket,
    numbering: Numbering,
    /// How many of the coming operations fail.
    failures: u32,
    has_failed: bool,
}

/// How a machine numbers its operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbering {
    /// From 1 in each run, as a station does.
    PerRun,
    /// On from the last durable one, as a CSMS's session does.
    PerLife,
}

#[derive(Clone, Debug)]
struct Pending<Op> {
    ticket: Ticket,
    op: Op,
    durable_at: Instant,
    fails: bool,
}

impl<Op> SimStore<Op> {
    /// An empty store.
    pub fn new(habits: StoreHabits, numbering: Numbering) -> Self {
        SimStore {
            habits,
            durable: Vec::new(),
            pending: VecDeque::new(),
            replies: VecDeque::new(),
            issued: Ticket(0),
            numbering,
            failures: 0,
            has_failed: false,
        }
    }

    /// Sets how it behaves from the next operation on.
    pub fn set_habits(&mut self, habits: StoreHabits) {
        self.habits = habits;
    }

    /// Lets the next `count` operations fail.
    pub fn fail_next(&mut self, count: u32) {
        self.failures = count;
    }

    /// Takes an operation.
    ///
    /// # Errors
    /// When the ticket is not the one after the last, or the one that failed.
    pub fn submit(&mut self, now: Instant, ticket: Ticket, op: Op) -> Result<(), OutOfTurn> {
        let due = Ticket(self.issued.0 + 1);
        if ticket != due {
            return Err(OutOfTurn { issued: ticket, due });
        }
        self.issued = ticket;
        let fails = self.failures > 0;
        self.failures = self.failures.saturating_sub(1);
        let after = self.pending.back().map_or(now, |pending| pending.durable_at);
        self.pending.push_back(Pending { ticket, op, durable_at: after.max(now + self.habits.lag), fails });
        if self.habits.lies {
            self.replies.push_back((now, StoreReply::Stored(ticket)));
        }
        Ok(())
    }

    /// The next thing it says. To be drained at [`Self::poll_timeout`].
    pub fn poll_reply(&mut self, now: Instant) -> Option<StoreReply> {
        while self.pending.front().is_some_and(|pending| pending.durable_at <= now) {
            let Some(Pending { ticket, op, durable_at, fails }) = self.pending.pop_front() else { break };
            if fails {
                self.has_failed = true;
                self.pending.clear();
                self.issued = Ticket(ticket.0 - 1);
                self.replies.push_back((durable_at, StoreReply::Failed(ticket)));
            } else {
                self.durable.push(op);
                if !self.habits.lies {
                    self.replies.push_back((durable_at, StoreReply::Stored(ticket)));
                }
            }
        }
        let (at, reply) = self.replies.front().copied()?;
        if at > now {
            return None;
        }
        self.replies.pop_front();
        Some(reply)
    }

    /// When it has something to say or to do.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let pending = self.pending.front().map(|pending| pending.durable_at);
        let reply = self.replies.front().map(|(at, _)| *at);
        pending.into_iter().chain(reply).min()
    }

    /// Everything durable, of all runs, in order.
    pub fn durable(&self) -> &[Op] {
        &self.durable
    }

    /// Whether an operation ever failed.
    pub fn has_failed(&self) -> bool {
        self.has_failed
    }

    /// How many operations are not durable: a crash now keeps none of them, or the first, or the first two, and so on.
    pub fn volatile(&self) -> usize {
        self.pending.len()
    }

    /// The machine loses its power: of the operations not durable yet, the first `keep` are.
    pub fn crash(&mut self, keep: usize) {
        self.durable.extend(self.pending.drain(..).take(keep).map(|pending| pending.op));
        self.replies.clear();
        self.issued = match self.numbering {
            Numbering::PerRun => Ticket(0),
            Numbering::PerLife => Ticket(self.durable.len() as u64),
        };
    }
}

impl SimStore<StoreOp> {
    /// The same as [`Self::crash`], with the torn piece if the store's habits are so.
    pub fn crash_torn(&mut self, keep: usize) {
        let torn = self.pending.get(keep).and_then(|pending| match &pending.op {
            StoreOp::Append { log, index, record } => {
                let record = record.iter().take(TORN_BYTES).copied().collect();
                Some(StoreOp::Append { log: *log, index: *index, record })
            }
            StoreOp::Trim { .. } | StoreOp::Put { .. } | StoreOp::Delete { .. } => None,
        });
        self.crash(keep);
        self.durable.extend(torn.filter(|_| self.habits.tears));
    }

    /// What is durable, as a machine is restored from it.
    pub fn image(&self) -> Image {
        let mut image = Image::default();
        self.durable.iter().for_each(|op| image.apply(op));
        image
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    fn filled(habits: StoreHabits) -> SimStore<char> {
        let mut store = SimStore::new(habits, Numbering::PerRun);
        for (n, op) in ['a', 'b', 'c'].into_iter().enumerate() {
            store.submit(at(n as u64), Ticket(n as u64 + 1), op).unwrap();
        }
        store
    }

    #[test]
    fn confirmations_lag_and_a_crash_leaves_the_chosen_prefix() {
        let mut store = filled(StoreHabits::default());
        assert_eq!(store.poll_timeout(), Some(at(5)));
        assert_eq!(store.poll_reply(at(4)), None);
        assert_eq!(store.poll_reply(at(5)), Some(StoreReply::Stored(Ticket(1))));
        assert_eq!((store.durable(), store.volatile()), (&['a'][..], 2));
        for keep in 0..=2 {
            let mut crashed = store.clone();
            crashed.crash(keep);
            assert_eq!(crashed.durable(), &['a', 'b', 'c'][..1 + keep]);
            assert_eq!(crashed.poll_timeout(), None);
            assert_eq!(crashed.submit(at(9), Ticket(1), 'd'), Ok(()), "tickets count from one again");
        }
    }

    #[test]
    fn torn_record_is_left_where_the_first_lost_one_was() {
        use ocpp_core::store::{Log, LogIndex};
        let append = |index| StoreOp::Append { log: Log::Transactions, index: LogIndex(index), record: vec![1, 2, 3] };
        for (tears, left) in [(false, 1), (true, 2)] {
            let mut store = SimStore::new(StoreHabits { tears, ..StoreHabits::default() }, Numbering::PerRun);
            for index in 1..=3 {
                store.submit(at(0), Ticket(index), append(index)).unwrap();
            }
            store.crash_torn(1);
            let lengths: Vec<usize> =
                store.image().records(Log::Transactions).map(|(_, record)| record.len()).collect();
            assert_eq!(lengths, &[3, TORN_BYTES][..left]);
        }
    }

    #[test]
    fn failed_operation_takes_the_later_ones_with_it() {
        let mut store = SimStore::new(StoreHabits::default(), Numbering::PerLife);
        store.fail_next(1);
        for (ticket, op) in [(1, 'a'), (2, 'b')] {
            store.submit(at(0), Ticket(ticket), op).unwrap();
        }
        assert_eq!(store.poll_reply(at(5)), Some(StoreReply::Failed(Ticket(1))));
        assert_eq!(store.poll_reply(at(5)), None);
        assert_eq!(store.submit(at(6), Ticket(3), 'c'), Err(OutOfTurn { issued: Ticket(3), due: Ticket(1) }));
        store.submit(at(6), Ticket(1), 'a').unwrap();
        assert_eq!(store.poll_reply(at(11)), Some(StoreReply::Stored(Ticket(1))));
    }

    #[test]
    fn liar_confirms_what_a_crash_then_loses() {
        let mut store = filled(StoreHabits { lies: true, ..StoreHabits::default() });
        assert_eq!(store.poll_reply(at(2)), Some(StoreReply::Stored(Ticket(1))));
        store.crash(0);
        assert_eq!(store.durable(), &[] as &[char]);
    }
}
