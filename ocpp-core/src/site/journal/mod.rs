//! The journal: messages about transactions, delivered in order, each once.
//!
//! Owns the transaction journal: starts and stops in a log, samples as entries `sample/<position>` between them, so that one
//! of the middle can go alone (`samples`); and the entries `tx/<number>` and `failures`. Every fact is appended before anything is sent that
//! depends on it, and the next message leaves only when the delivery of the one before is durable, so that a crash repeats
//! at most one message (1.6 §3.7, 2.x E04, E13). Each delivery is committed by one operation: a start by putting the
//! transaction's entry, a sample by putting it again with the register and the time that were told (one of no transaction by
//! deleting its own), a stop by deleting the entry; what follows only tidies up. What a stop tells of the time before it is in
//! `readings`.

mod event;
mod readings;
mod record;
mod restore;
mod samples;

use core::time::Duration;
use ocpp_rpc::queue::Queue;

pub(crate) use event::{EventFacts, News, trigger_of_sample, trigger_of_stop};
pub(crate) use readings::{StopReading, StopReadings};
use record::{Account, Failures, register_of};
pub(crate) use record::{JournalRecord, KnownTransaction, Measured, Sampled, StartVerdict, Started, Stopped};
pub(crate) use restore::OpenTransaction;
pub(crate) use samples::Room;

use crate::site::bearer::Holder;
use crate::station::{IdToken, Limits, TransactionId, TransactionNo};
use crate::store::framing::Record;
use crate::store::{EntryKey, Log, LogIndex, StoreOp, StoreQueue, Ticket};
use crate::table::Table;
use crate::time::{Boot, Clock, Instant, Stamp};
use crate::words::digits;

/// A record that the CSMS has not confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pending {
    pub position: LogIndex,
    pub record: JournalRecord,
    /// What 2.x tells beside it; of each event of a transaction.
    pub event: Option<EventFacts>,
    ticket: Ticket,
    /// Whether it is in the log: one that is not is an entry.
    is_logged: bool,
}

impl Pending {
    /// The transaction it tells of.
    pub fn transaction(&self) -> Option<TransactionNo> {
        self.record.transaction(TransactionNo(self.position))
    }

    /// Who was accepted, if it tells.
    fn token(&self) -> Option<&IdToken> {
        let begun = if let JournalRecord::Started(start) = &self.record { start.token.as_ref() } else { None };
        begun.or_else(|| self.authorised().map(|holder| &holder.token))
    }

    /// Who was accepted, if it tells that alone.
    pub fn authorised(&self) -> Option<&Holder> {
        self.event.as_ref()?.news.as_ref()?.authorised.as_ref()
    }

    /// Whether it tells that something happened, and no values.
    pub fn is_wordless(&self) -> bool {
        matches!(&self.record, JournalRecord::Sampled(sample) if sample.values.is_empty())
    }

    /// Whether it tells what no other event does.
    fn tells_news(&self) -> bool {
        self.event.as_ref().is_some_and(|event| event.news.is_some())
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
pub(crate) struct Journal {
    queue: Queue<Pending>,
    known: Table<TransactionNo, Account>,
    next_position: u64,
    samples: usize,
    failures: u32,
    retry_at: Option<Instant>,
    /// What is before this position waited while the station was offline.
    offline_before: u64,
    /// The next message waits until this is durable.
    settled: Ticket,
    readings: StopReadings,
}

impl Journal {
    /// The first position of a boot: positions of different boots never meet.
    fn first_position(boot: Boot) -> u64 {
        u64::from(boot.0) << 32
    }

    /// The boot in which a transaction began.
    pub fn boot_of(transaction: TransactionNo) -> Boot {
        Boot(u32::try_from(transaction.0.0 >> 32).unwrap_or(u32::MAX))
    }

    /// Whether there is room for the start and the stop of one more transaction, beside the stops of `running` ones.
    pub fn has_room(&self, limits: &Limits, running: usize) -> bool {
        self.queue.len() + running + 2 <= limits.journal
    }

    /// Whether there is room for a sample.
    pub fn has_room_for_sample(&self, limits: &Limits, running: usize) -> bool {
        self.samples < limits.journal_samples && self.queue.len() + running < limits.journal
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
        (self.known.get(&transaction).map(|account| &account.known), self.readings.of(transaction))
    }

    /// Appends a record. The position of a start names its transaction.
    pub fn append(&mut self, store: &mut StoreQueue, record: JournalRecord, event: Option<EventFacts>) -> LogIndex {
        let position = LogIndex(self.next_position);
        self.next_position += 1;
        let is_logged = !record.is_sample();
        let bytes = record.to_bytes(event.as_ref());
        let op = if is_logged {
            StoreOp::Append { log: Log::Transactions, index: position, record: bytes }
        } else {
            self.samples += 1;
            StoreOp::Put { key: record::sample_key(position), value: bytes }
        };
        let ticket = store.push(op);
        self.queue.push_back(Pending { position, record, event, ticket, is_logged });
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
            let Some(first) = self.queue.pop_front() else { return };
            self.samples -= usize::from(first.record.is_sample());
            self.append(store, first.record.clone(), None);
            self.leave(store, &first);
        }
    }

    /// The station is offline: what still waits is told as of then (2.x E11.FR.07).
    pub fn went_offline(&mut self) {
        self.offline_before = self.next_position;
    }

    /// Whether a record was made while the station was offline, or waited so long (2.x E04.FR.03, E11.FR.07).
    #[cfg_attr(not(feature = "transaction_events"), allow(dead_code, reason = "1.6 does not tell it"))]
    pub fn is_offline(&self, pending: &Pending) -> bool {
        let was_offline = pending.event.as_ref().is_some_and(|event| event.is_offline);
        was_offline || pending.position.0 < self.offline_before
    }

    /// The message that is on its way, or next.
    pub fn first(&self) -> Option<&Pending> {
        self.queue.front()
    }

    /// The transactions of which anything was not delivered, or that go on.
    #[cfg(feature = "transaction_events")]
    pub fn transactions(&self) -> impl Iterator<Item = TransactionNo> {
        let is_begin = |pending: &&Pending| matches!(pending.record, JournalRecord::Started(_));
        let begun = self.queue.iter().filter(is_begin).map(|pending| TransactionNo(pending.position));
        self.known.iter().map(|(transaction, _)| *transaction).chain(begun)
    }

    /// Whether anything of a transaction, or of any, was not delivered.
    #[cfg(feature = "transaction_events")]
    pub fn holds(&self, transaction: Option<TransactionNo>) -> bool {
        let mut told = self.queue.iter().filter_map(Pending::transaction);
        told.any(|told| transaction.is_none_or(|wanted| wanted == told))
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
        self.known.get(&transaction).and_then(|account| account.known.verdict.csms_id)
    }

    /// The CSMS's number of a transaction as a name.
    pub fn number_of(&self, transaction: TransactionNo) -> Option<TransactionId> {
        self.csms_id(transaction).map(|number| TransactionId::new(&digits(number)))
    }

    /// The transaction that has this number at the CSMS and whose stop was not delivered.
    pub fn find(&self, csms_id: i64) -> Option<TransactionNo> {
        let mut known = self.known.iter();
        known.find(|(_, account)| account.known.verdict.csms_id == Some(csms_id)).map(|(transaction, _)| *transaction)
    }

    /// Who charges in a transaction, as far as anything tells it that was not delivered.
    pub fn token(&self, transaction: TransactionNo) -> Option<&IdToken> {
        let events = self.queue.iter().filter(|pending| pending.transaction() == Some(transaction));
        events.filter_map(Pending::token).next()
    }

    /// Who charges in a transaction, also if the CSMS was told.
    pub fn bearer(&self, transaction: TransactionNo) -> Option<&IdToken> {
        let known = || self.known.get(&transaction).and_then(|account| account.known.token.as_ref());
        self.token(transaction).or_else(known)
    }

    /// When a transaction began, if its stop was not delivered.
    pub fn started(&self, transaction: TransactionNo) -> Option<Stamp> {
        let known = self.known.get(&transaction).map(|account| account.known.started);
        let pending = || self.queue.iter().find(|pending| pending.position == transaction.0);
        known.or_else(|| pending().map(|pending| pending.record.at()))
    }

    /// A transaction ends: what its stop tells of the time before it is settled, `most` readings.
    pub fn settle_readings(&mut self, store: &mut StoreQueue, transaction: TransactionNo, most: usize) {
        self.readings.settle(store, transaction, most);
    }

    /// The CSMS took the first message. For a start, `verdict` is what it said, and `clock` knows when it began.
    pub fn delivered(&mut self, store: &mut StoreQueue, clock: &Clock, verdict: StartVerdict) -> Option<Pending> {
        let first = self.queue.pop_front()?;
        self.samples -= usize::from(first.record.is_sample());
        match &first.record {
            JournalRecord::Started(start) => {
                let transaction = TransactionNo(first.position);
                let started = clock.resolve(start.at).map_or(start.at, Stamp::from_wall);
                let mut account = Account::new(start.known(started, verdict));
                if let Some(event) = &first.event {
                    account.told(event);
                }
                store.push(StoreOp::Put { key: KnownTransaction::key(transaction), value: account.write() });
                self.known.insert(transaction, account);
            }
            JournalRecord::Sampled(sample) => {
                if let Some(account) = self.known.get_mut(&sample.transaction) {
                    account.told_mwh =
                        register_of(&sample.values).map_or(account.told_mwh, |v| v.max(account.told_mwh));
                    account.told_at = clock.resolve(sample.at).map_or(sample.at, Stamp::from_wall);
                    account.through = first.position;
                    if let Some(event) = &first.event {
                        account.told(event);
                    }
                    account.known.verdict.is_refused |= verdict.is_refused;
                    account.known.verdict.csms_id = verdict.csms_id.or(account.known.verdict.csms_id);
                    account.known.group = verdict.group.or_else(|| account.known.group.take());
                    let key = KnownTransaction::key(sample.transaction);
                    store.push(StoreOp::Put { key, value: account.write() });
                }
            }
            JournalRecord::Measured(_) => {}
            JournalRecord::Stopped(stop) => {
                self.known.remove(&stop.transaction);
                store.push(StoreOp::Delete { key: KnownTransaction::key(stop.transaction) });
                self.readings.forget(store, stop.transaction);
            }
        }
        self.leave(store, &first);
        Some(first)
    }

    /// The first record left the queue: it goes from the store, and with it what was counted of it.
    fn leave(&mut self, store: &mut StoreQueue, first: &Pending) {
        self.retry_at = None;
        let tidies = if first.is_logged {
            StoreOp::Trim { log: Log::Transactions, through: first.position }
        } else {
            StoreOp::Delete { key: record::sample_key(first.position) }
        };
        self.settled = store.push(tidies);
        if core::mem::take(&mut self.failures) > 0 {
            self.settled = store.push(StoreOp::Delete { key: EntryKey::new(record::FAILURES_ENTRY) });
        }
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
        let position = self.queue.front()?.position;
        self.failures += 1;
        if self.failures >= attempts.max(1) {
            return self.delivered(store, clock, StartVerdict::default()).map(AfterFailure::Dropped);
        }
        let failures = Failures { position, count: self.failures };
        store.push(StoreOp::Put { key: EntryKey::new(record::FAILURES_ENTRY), value: failures.to_bytes() });
        let at = now + interval.saturating_mul(self.failures);
        self.retry_at = Some(at);
        Some(AfterFailure::RetryAt(at))
    }
}

#[cfg(test)]
mod tests;
