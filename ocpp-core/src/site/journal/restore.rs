//! The journal after a restart, from what was durable.

use alloc::vec::Vec;
use core::time::Duration;
use ocpp_rpc::queue::Queue;

use ocpp_types::SmallString;

use super::event::EventFacts;
use super::record::{self, Failures};
use super::{Account, Journal, JournalRecord, KnownTransaction, Pending, StartVerdict, StopReadings, register_of};
use crate::site::plugs::Spot;
use crate::station::{ChargingState, IdToken, TransactionNo};
use crate::store::framing::Record;
use crate::store::{EntryKey, Image, Log, LogIndex, StoreOp, StoreQueue, Ticket};
use crate::table::Table;
use crate::time::{Boot, Clock, Instant, Stamp};
use crate::words::{joined, numbered};

/// A transaction that ran when the power failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OpenTransaction {
    pub transaction: TransactionNo,
    pub spot: Spot,
    pub token: Option<IdToken>,
    pub group: Option<IdToken>,
    /// The register at its begin.
    pub meter_start_mwh: i64,
    /// The highest register value that was told or is on record.
    pub meter_mwh: i64,
    /// The CSMS does not accept the token.
    pub is_refused: bool,
    /// When the last thing of it that is on record happened.
    pub last: Stamp,
    /// The number of its next event.
    pub next_seq: u32,
    /// What it did when the last thing of it happened that is on record.
    pub state: ChargingState,
}

impl Journal {
    /// The last boot that left anything on record.
    pub fn last_boot(image: &Image) -> Boot {
        let logged = Log::ALL.into_iter().flat_map(|log| image.records(log)).map(|(position, _)| position);
        let kept = image.entries.keys().filter_map(KnownTransaction::transaction_of).map(|transaction| transaction.0);
        let samples = image.entries.keys().filter_map(record::sample_position);
        logged.chain(kept).chain(samples).max().map_or(Boot(0), |last| Self::boot_of(TransactionNo(last)))
    }

    /// Reads the journal and the entries. Gives the open transactions, and the places of values that could not be read.
    pub fn restore(
        image: &Image,
        clock: &mut Clock,
        store: &mut StoreQueue,
        retry_interval: Duration,
    ) -> (Self, Vec<OpenTransaction>, Vec<SmallString>) {
        let mut skipped = Vec::new();
        let mut known: Table<TransactionNo, Account> = Table::default();
        // With whether it is in the log.
        let mut records: Table<LogIndex, (&[u8], bool)> = Table::default();
        for (position, bytes) in image.records(Log::Transactions) {
            records.insert(position, (bytes, true));
        }
        for (key, value) in &image.entries {
            if let Some(position) = record::sample_position(key) {
                records.insert(position, (value, false));
            }
            let Some(transaction) = KnownTransaction::transaction_of(key) else { continue };
            match Account::read(value) {
                Ok(entry) => {
                    clock.saw(entry.known.started);
                    known.insert(transaction, entry);
                }
                Err(_) => skipped.push(SmallString::new(key.as_str())),
            }
        }

        let mut open: Table<TransactionNo, OpenTransaction> =
            known.iter().map(|(no, entry)| (*no, entry.open(*no))).collect();
        let mut started = Table::default();
        let mut queue = Queue::new();
        let mut delivered = None;
        let mut is_log_pending = false;
        for (position, (bytes, is_logged)) in records {
            let Ok((record, event)) = JournalRecord::from_bytes(bytes) else {
                if is_logged {
                    skipped.push(numbered(&joined(&[Log::Transactions.as_str(), "/"]), position.0));
                } else {
                    let key = record::sample_key(position);
                    skipped.push(SmallString::new(key.as_str()));
                    store.push(StoreOp::Delete { key });
                }
                continue;
            };
            clock.saw(record.at());
            let own = TransactionNo(position);
            let transaction = record.transaction(own).unwrap_or(own);
            // Present is enough: a corrupt entry must not pass for a delivered stop.
            let is_known = image.entries.contains_key(&KnownTransaction::key(transaction));
            let is_pending = match &record {
                // An entry is put when the start was delivered, and the trim did not come to pass.
                JournalRecord::Started(start) => {
                    if !is_known {
                        started.insert(transaction, ());
                        let account = Account::new(start.known(start.at, StartVerdict::default()));
                        open.insert(transaction, OpenTransaction { next_seq: 0, ..account.open(transaction) });
                    }
                    !is_known
                }
                // The entry is deleted when the stop was delivered.
                // The entry says how far samples were delivered.
                JournalRecord::Sampled(_)
                    if known.get(&transaction).is_some_and(|account| position <= account.through) =>
                {
                    false
                }
                JournalRecord::Sampled(_) | JournalRecord::Stopped(_) => is_known || started.contains_key(&transaction),
                JournalRecord::Measured(_) => true,
            };
            // Numbers go on: those of what is on record, and of before there were any, from what was delivered.
            let event = match open.get_mut(&transaction) {
                Some(open) if is_pending => Some(
                    open.take(event.unwrap_or_else(|| EventFacts::unknown(open.next_seq, record.likely_trigger()))),
                ),
                Some(_) | None => event,
            };
            match &record {
                JournalRecord::Started(_) | JournalRecord::Measured(_) => {}
                JournalRecord::Sampled(sample) => {
                    if let Some(open) = open.get_mut(&transaction) {
                        open.meter_mwh = register_of(&sample.values).map_or(open.meter_mwh, |v| v.max(open.meter_mwh));
                        open.last = sample.at;
                    }
                }
                JournalRecord::Stopped(_) => {
                    open.remove(&transaction);
                }
            }
            match (is_pending, is_logged) {
                (true, _) => {
                    is_log_pending |= is_logged;
                    queue.push_back(Pending { position, record, event, ticket: Ticket(0), is_logged });
                }
                (false, true) if !is_log_pending => delivered = Some(position),
                (false, true) => {}
                (false, false) => {
                    store.push(StoreOp::Delete { key: record::sample_key(position) });
                }
            }
        }

        if let Some(through) = delivered {
            store.push(StoreOp::Trim { log: Log::Transactions, through });
        }
        let samples = queue.iter().filter(|pending| pending.record.is_sample()).count();
        let first_position = Self::first_position(clock.boot());
        let is_needed = |transaction| {
            started.contains_key(&transaction) || image.entries.contains_key(&KnownTransaction::key(transaction))
        };
        let (readings, unread) = StopReadings::restore(image, clock, store, first_position, is_needed, |transaction| {
            !open.contains_key(&transaction)
        });
        skipped.extend(unread);
        for open in open.values_mut() {
            // The stop tells these too, and may not be below them, nor before them.
            let kept = readings.of(open.transaction).filter_map(|reading| register_of(&reading.values)).max();
            open.meter_mwh = kept.map_or(open.meter_mwh, |kept| kept.max(open.meter_mwh));
            if let Some(last) = readings.of(open.transaction).last() {
                open.last = clock.later(open.last, last.at);
            }
        }
        let failures = read_failures(image, store, queue.front().map(|first: &Pending| first.position));
        let journal = Journal {
            queue,
            known,
            next_position: first_position,
            samples,
            failures,
            // How long it waited already is not known.
            retry_at: (failures > 0).then(|| Instant::ZERO + retry_interval.saturating_mul(failures)),
            offline_before: first_position,
            settled: Ticket(0),
            readings,
        };
        (journal, open.into_iter().map(|(_, open)| open).collect(), skipped)
    }
}

/// How often the first message failed before the restart. What is kept of another goes.
fn read_failures(image: &Image, store: &mut StoreQueue, first: Option<LogIndex>) -> u32 {
    let Some(bytes) = image.entry(record::FAILURES_ENTRY) else { return 0 };
    match Failures::from_bytes(bytes) {
        Ok(failures) if Some(failures.position) == first => failures.count,
        Ok(_) | Err(_) => {
            store.push(StoreOp::Delete { key: EntryKey::new(record::FAILURES_ENTRY) });
            0
        }
    }
}

impl Account {
    fn open(&self, transaction: TransactionNo) -> OpenTransaction {
        let known = &self.known;
        OpenTransaction {
            transaction,
            spot: known.spot,
            token: known.token.clone(),
            group: known.group.clone(),
            meter_start_mwh: known.meter_start_mwh,
            meter_mwh: self.told_mwh,
            is_refused: known.verdict.is_refused,
            last: self.told_at,
            next_seq: self.progress.next_seq,
            state: self.progress.state,
        }
    }
}

impl OpenTransaction {
    /// Learns of an event that is on record.
    fn take(&mut self, event: EventFacts) -> EventFacts {
        self.next_seq = event.seq_no.saturating_add(1);
        self.state = event.state;
        if let Some(holder) = event.news.as_ref().and_then(|news| news.authorised.as_ref()) {
            (self.token, self.group) = (Some(holder.token.clone()), holder.group.clone());
        }
        event
    }
}
