//! The outbox: messages about transactions, delivered in order, each once.
//!
//! Owns the transaction journal and the entries `tx/<number>`. Every fact is appended before anything is sent that
//! depends on it, and the next message leaves only when the delivery of the one before is durable, so that a crash repeats
//! at most one message (1.6 §3.7, 2.x E04, E13). Each delivery is committed by one operation: a start by putting the
//! transaction's entry, a sample by trimming, a stop by deleting the entry; the trims that follow only tidy up. What a stop
//! tells of the time before it is in `readings`.

mod readings;
mod record;
mod restore;

use alloc::collections::VecDeque;
use core::time::Duration;

pub(crate) use readings::{StopReading, StopReadings};
pub(crate) use record::{JournalRecord, KnownTransaction, Measured, Sampled, StartVerdict, Started, Stopped};
pub(crate) use restore::OpenTransaction;

use crate::station::{Limits, TransactionNo};
use crate::store::framing::Record;
use crate::store::{Log, LogIndex, StoreOp, StoreQueue, Ticket};
use crate::table::Table;
use crate::time::{Boot, Clock, Instant, Stamp};

/// A record that the CSMS has not confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pending {
    pub position: LogIndex,
    pub record: JournalRecord,
    ticket: Ticket,
}

impl Pending {
    /// The transaction it tells of.
    pub fn transaction(&self) -> Option<TransactionNo> {
        self.record.transaction(TransactionNo(self.position))
    }
}

/// What became of a message after a failed attempt.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum AfterFailure {
    /// It is sent again then.
    RetryAt(Instant),
    /// It was given up.
    Dropped(Pending),
}

/// The queue of undelivered records and the transactions that the CSMS knows.
#[derive(Debug)]
pub(crate) struct Outbox {
    queue: VecDeque<Pending>,
    known: Table<TransactionNo, KnownTransaction>,
    next_position: u64,
    samples: usize,
    failures: u32,
    retry_at: Option<Instant>,
    /// The next message waits until this is durable.
    settled: Ticket,
    readings: StopReadings,
}

impl Outbox {
    /// The first position of a boot: positions of different boots never meet.
    fn first_position(boot: Boot) -> u64 {
        u64::from(boot.0) << 32
    }

    /// Whether there is room for the start and the stop of one more transaction, beside the stops of `running` ones.
    pub fn has_room(&self, limits: &Limits, running: usize) -> bool {
        self.queue.len() + running + 2 <= limits.journal
    }

    /// Whether there is room for a sample.
    pub fn has_room_for_sample(&self, limits: &Limits, running: usize) -> bool {
        self.samples < limits.journal_samples && self.queue.len() + running < limits.journal
    }

    /// Whether there is room for a reading of no transaction: half of the samples' room is for those of transactions.
    pub fn has_room_beside(&self, limits: &Limits, running: usize) -> bool {
        self.samples < limits.journal_samples / 2 && self.has_room_for_sample(limits, running)
    }

    /// Keeps a reading for the stop of its transaction. False if there was no room.
    pub fn keep_for_stop(
        &mut self,
        store: &mut StoreQueue,
        limits: &Limits,
        most: usize,
        reading: StopReading,
    ) -> bool {
        self.readings.add(store, reading, most, limits.stop_readings)
    }

    /// What a stop tells of the time before it.
    pub fn history(
        &self,
        transaction: TransactionNo,
    ) -> (Option<&KnownTransaction>, impl Iterator<Item = &StopReading>) {
        (self.known.get(&transaction), self.readings.of(transaction))
    }

    /// Appends a record. The position of a start names its transaction.
    pub fn append(&mut self, store: &mut StoreQueue, record: JournalRecord) -> LogIndex {
        let position = LogIndex(self.next_position);
        self.next_position += 1;
        self.samples += usize::from(record.is_sample());
        let op = StoreOp::Append { log: Log::Transactions, index: position, record: record.to_bytes() };
        let ticket = store.push(op);
        self.queue.push_back(Pending { position, record, ticket });
        position
    }

    /// The message to send now: the first one, if it and the delivery before it are durable and no retry is waited for.
    pub fn due(&self, now: Instant, store: &StoreQueue) -> Option<&Pending> {
        let first = self.queue.front()?;
        let is_durable = store.is_durable(first.ticket) && store.is_durable(self.settled);
        (is_durable && self.retry_at.is_none_or(|at| at <= now)).then_some(first)
    }

    /// Readings of no transaction that were not delivered and wait for their retry let transactions pass (1.6 §3.7.1 is about
    /// these): they are appended anew behind them. A power cut in between repeats readings, and loses none.
    pub fn let_transactions_pass(&mut self, now: Instant, store: &mut StoreQueue) {
        let is_beside = |pending: &&Pending| pending.transaction().is_none();
        let count = self.queue.iter().take_while(is_beside).count();
        if self.retry_at.is_none_or(|at| at <= now) || count == self.queue.len() {
            return;
        }
        for _ in 0..count {
            let Some(Pending { position, record, .. }) = self.queue.pop_front() else { return };
            self.samples -= usize::from(record.is_sample());
            self.append(store, record);
            self.settled = store.push(StoreOp::Trim { log: Log::Transactions, through: position });
            self.failures = 0;
            self.retry_at = None;
        }
    }

    /// The message that is on its way, or next.
    pub fn first(&self) -> Option<&Pending> {
        self.queue.front()
    }

    /// Whether everything was delivered.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// When the first message is to be tried again.
    pub fn deadline(&self) -> Option<Instant> {
        self.retry_at
    }

    /// The CSMS's number of a transaction: none when it is not known yet, or never will be.
    pub fn csms_id(&self, transaction: TransactionNo) -> Option<i64> {
        self.known.get(&transaction).and_then(|known| known.verdict.csms_id)
    }

    /// The transaction that has this number at the CSMS and whose stop was not delivered.
    pub fn find(&self, csms_id: i64) -> Option<TransactionNo> {
        self.known.iter().find(|(_, known)| known.verdict.csms_id == Some(csms_id)).map(|(transaction, _)| *transaction)
    }

    /// The CSMS took the first message. For a start, `verdict` is what it said, and `clock` knows when it began.
    pub fn delivered(&mut self, store: &mut StoreQueue, clock: &Clock, verdict: StartVerdict) -> Option<Pending> {
        let first = self.queue.pop_front()?;
        self.failures = 0;
        self.retry_at = None;
        self.samples -= usize::from(first.record.is_sample());
        match &first.record {
            JournalRecord::Started(start) => {
                let transaction = TransactionNo(first.position);
                let started = clock.resolve(start.at).map_or(start.at, Stamp::from_wall);
                let known = start.known(started, verdict);
                store.push(StoreOp::Put { key: KnownTransaction::key(transaction), value: known.to_bytes() });
                self.known.insert(transaction, known);
            }
            JournalRecord::Sampled(_) | JournalRecord::Measured(_) => {}
            JournalRecord::Stopped(stop) => {
                self.known.remove(&stop.transaction);
                store.push(StoreOp::Delete { key: KnownTransaction::key(stop.transaction) });
                self.readings.forget(store, stop.transaction);
            }
        }
        self.settled = store.push(StoreOp::Trim { log: Log::Transactions, through: first.position });
        Some(first)
    }

    /// The CSMS failed to process the first message (1.6 §3.7.1): it is tried again after `interval` times the number of
    /// failures, or given up after `attempts`. The loss of the link is no failure.
    pub fn failed(
        &mut self,
        now: Instant,
        store: &mut StoreQueue,
        clock: &Clock,
        attempts: u32,
        interval: Duration,
    ) -> Option<AfterFailure> {
        self.queue.front()?;
        self.failures += 1;
        if self.failures >= attempts.max(1) {
            return self.delivered(store, clock, StartVerdict::default()).map(AfterFailure::Dropped);
        }
        let at = now + interval.saturating_mul(self.failures);
        self.retry_at = Some(at);
        Some(AfterFailure::RetryAt(at))
    }
}
