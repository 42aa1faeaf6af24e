//! The thread between a machine and its store: takes operations in ticket order, commits what is queued together, and
//! confirms only what is durable.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use ocpp_core::store::Ticket;

/// Most operations that one commit takes.
const MAX_BATCH: usize = 256;

/// A place where operations become durable.
pub trait Backend: Send + 'static {
    /// Names the machine that an operation belongs to; each has its own tickets.
    type Source: Clone + Ord + Send + 'static;
    /// What is done.
    type Op: Send + 'static;
    /// Why it was not.
    type Error: Display;

    /// Makes the whole batch durable, in order, or nothing of it.
    ///
    /// # Errors
    /// When nothing of the batch was changed.
    fn commit(&mut self, batch: &[Write<Self::Source, Self::Op>]) -> Result<(), Self::Error>;
}

/// One operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write<S, O> {
    /// The machine.
    pub source: S,
    /// Its ticket.
    pub ticket: Ticket,
    /// What to do.
    pub op: O,
}

/// What became of operations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report<S> {
    /// The machine.
    pub source: S,
    /// The verdict.
    pub outcome: Outcome,
}

/// A verdict on the operations of one machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// This ticket and all before it are durable.
    Stored(Ticket),
    /// This ticket failed; it and all later ones were dropped, until it is issued again.
    Failed {
        /// The ticket.
        ticket: Ticket,
        /// Why.
        reason: String,
    },
}

/// The sending end of a store thread. Dropped, it lets the thread finish what is queued.
#[derive(Debug)]
pub struct Writer<S, O> {
    queue: Option<Sender<Write<S, O>>>,
    thread: Option<JoinHandle<()>>,
}

impl<S: Clone + Ord + Send + 'static, O: Send + 'static> Writer<S, O> {
    /// Starts the thread. `report` runs in it.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn spawn<B>(backend: B, report: impl FnMut(Report<S>) + Send + 'static) -> io::Result<Self>
    where
        B: Backend<Source = S, Op = O>,
    {
        let (queue, writes) = channel();
        let thread = std::thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || Worker { backend, report, expected: BTreeMap::new() }.run(&writes))?;
        Ok(Writer { queue: Some(queue), thread: Some(thread) })
    }

    /// Queues an operation. False if the thread is gone.
    pub fn write(&self, write: Write<S, O>) -> bool {
        self.queue.as_ref().is_some_and(|queue| queue.send(write).is_ok())
    }
}

impl<S, O> Drop for Writer<S, O> {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was printed already, and a drop has nobody to tell.
            let _ = thread.join();
        }
    }
}

struct Worker<B: Backend, R> {
    backend: B,
    report: R,
    /// The next ticket of each machine. Others are leftovers behind a failed one.
    expected: BTreeMap<B::Source, Ticket>,
}

impl<B: Backend, R: FnMut(Report<B::Source>)> Worker<B, R> {
    fn run(&mut self, writes: &Receiver<Write<B::Source, B::Op>>) {
        while let Ok(first) = writes.recv() {
            let batch: Vec<_> =
                std::iter::once(first).chain(writes.try_iter()).take(MAX_BATCH).filter(|w| self.admit(w)).collect();
            if batch.is_empty() {
                continue;
            }
            match self.backend.commit(&batch) {
                Ok(()) => self.confirm(&batch),
                Err(_) => batch.into_iter().for_each(|write| self.commit_alone(write)),
            }
        }
    }

    /// Takes a write in if it is the next one of its machine, or the first.
    fn admit(&mut self, write: &Write<B::Source, B::Op>) -> bool {
        let expected = self.expected.entry(write.source.clone()).or_insert(write.ticket);
        let is_next = *expected == write.ticket;
        if is_next {
            *expected = Ticket(write.ticket.0 + 1);
        }
        is_next
    }

    /// One confirmation for each machine in the batch: that of its last ticket.
    fn confirm(&mut self, batch: &[Write<B::Source, B::Op>]) {
        let last: BTreeMap<_, _> = batch.iter().map(|write| (&write.source, write.ticket)).collect();
        for (source, ticket) in last {
            (self.report)(Report { source: source.clone(), outcome: Outcome::Stored(ticket) });
        }
    }

    /// After a batch failed: so that one bad operation fails alone, and no other machine pays for it.
    fn commit_alone(&mut self, write: Write<B::Source, B::Op>) {
        let expected = self.expected.get(&write.source).copied();
        if expected.is_some_and(|next| next <= write.ticket) {
            return;
        }
        let batch = [write];
        let [write] = &batch;
        match self.backend.commit(&batch) {
            Ok(()) => self.confirm(&batch),
            Err(error) => {
                self.expected.insert(write.source.clone(), write.ticket);
                let outcome = Outcome::Failed { ticket: write.ticket, reason: error.to_string() };
                (self.report)(Report { source: write.source.clone(), outcome });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    /// Remembers what it committed; refuses every batch with an operation in `bad`.
    #[derive(Clone, Default)]
    struct Memory {
        commits: Arc<Mutex<Vec<Vec<u32>>>>,
        bad: Arc<Mutex<Vec<u32>>>,
    }

    impl Backend for Memory {
        type Source = char;
        type Op = u32;
        type Error = String;

        fn commit(&mut self, batch: &[Write<char, u32>]) -> Result<(), String> {
            let bad = self.bad.lock().unwrap();
            if let Some(write) = batch.iter().find(|write| bad.contains(&write.op)) {
                return Err(format!("no {}", write.op));
            }
            self.commits.lock().unwrap().push(batch.iter().map(|write| write.op).collect());
            Ok(())
        }
    }

    fn run(memory: &Memory, writes: &[(char, u64, u32)]) -> Vec<Report<char>> {
        let mut reports = Vec::new();
        let (queue, receiver) = channel();
        for &(source, ticket, op) in writes {
            queue.send(Write { source, ticket: Ticket(ticket), op }).unwrap();
        }
        drop(queue);
        Worker { backend: memory.clone(), report: |report| reports.push(report), expected: BTreeMap::new() }
            .run(&receiver);
        reports
    }

    fn stored(source: char, ticket: u64) -> Report<char> {
        Report { source, outcome: Outcome::Stored(Ticket(ticket)) }
    }

    #[test]
    fn queued_operations_share_a_commit_and_a_confirmation() {
        let memory = Memory::default();
        let reports = run(&memory, &[('a', 1, 10), ('b', 1, 20), ('a', 2, 11)]);
        assert_eq!(*memory.commits.lock().unwrap(), [[10, 20, 11]]);
        assert_eq!(reports, [stored('a', 2), stored('b', 1)]);
    }

    #[test]
    fn failed_operation_takes_the_later_ones_of_its_machine_along_and_no_others() {
        let memory = Memory::default();
        memory.bad.lock().unwrap().push(11);
        let reports = run(&memory, &[('a', 1, 10), ('a', 2, 11), ('b', 1, 20), ('a', 3, 12), ('b', 2, 21)]);
        assert_eq!(memory.commits.lock().unwrap().concat(), [10, 20, 21]);
        let failed = Report { source: 'a', outcome: Outcome::Failed { ticket: Ticket(2), reason: "no 11".to_owned() } };
        assert_eq!(reports, [stored('a', 1), failed, stored('b', 1), stored('b', 2)]);
    }

    #[test]
    fn operations_behind_a_failed_one_are_dropped_until_it_comes_again() {
        let memory = Memory::default();
        memory.bad.lock().unwrap().push(10);
        // 12 was queued before the machine learned of the failure; then it issues all three again.
        let reports = run(&memory, &[('a', 1, 10), ('a', 2, 11), ('a', 3, 12), ('a', 1, 13), ('a', 2, 11)]);
        let failed = Report { source: 'a', outcome: Outcome::Failed { ticket: Ticket(1), reason: "no 10".to_owned() } };
        assert_eq!(reports[0], failed);
        assert_eq!(memory.commits.lock().unwrap().concat(), Vec::<u32>::new(), "one batch: 13 is behind 10 still");

        let (reports_in, reports_out) = channel();
        let writer = Writer::spawn(memory.clone(), move |report| reports_in.send(report).unwrap()).unwrap();
        let send = |ticket, op| assert!(writer.write(Write { source: 'a', ticket: Ticket(ticket), op }));
        send(1, 10);
        assert_eq!(reports_out.recv().unwrap(), failed);
        send(2, 11);
        send(1, 13);
        send(2, 14);
        drop(writer);
        assert_eq!(reports_out.iter().last().unwrap(), stored('a', 2));
        assert_eq!(memory.commits.lock().unwrap().concat(), [13, 14]);
    }
}
