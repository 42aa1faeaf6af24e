//! Readings of running transactions that their stop will tell (1.6 `transactionData`, 2.x `TxEndedMeasurands`).
//!
//! Owns the log of them. A transaction has at most so many: when they grow more, every second one goes, and from then on
//! only every second new one is kept (1.6 errata 3.91). The first and the last reading are not here: they are part of the
//! records of start and stop, and never go.

use alloc::vec::Vec;

use compact_str::{CompactString, format_compact};
use serde::{Deserialize, Serialize};

use crate::parts::metering::SampleContext;
use crate::station::{MeterSample, TransactionNo};
use crate::store::framing::Record;
use crate::store::{Image, Log, LogIndex, StoreOp, StoreQueue};
use crate::table::Table;
use crate::time::{Clock, Stamp};

/// Values of one moment of a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StopReading {
    pub transaction: TransactionNo,
    pub at: Stamp,
    pub context: SampleContext,
    pub values: Vec<MeterSample>,
}

impl Record for StopReading {
    const KIND: u8 = 5;
}

/// The readings of one transaction.
#[derive(Debug)]
struct Thinned {
    readings: Vec<(LogIndex, StopReading)>,
    /// Of so many new ones, one is kept.
    stride: u32,
    passed: u32,
}

/// The readings of all transactions.
#[derive(Debug)]
pub(crate) struct StopReadings {
    kept: Table<TransactionNo, Thinned>,
    next_position: u64,
    /// The last position that may still be in the log.
    last: Option<LogIndex>,
}

impl StopReadings {
    /// Reads the log, and trims what no transaction needs. Gives the places that could not be read.
    pub fn restore(
        image: &Image,
        clock: &mut Clock,
        store: &mut StoreQueue,
        first_position: u64,
        most: usize,
        is_needed: impl Fn(TransactionNo) -> bool,
    ) -> (Self, Vec<CompactString>) {
        let mut readings = StopReadings { kept: Table::default(), next_position: first_position, last: None };
        let mut skipped = Vec::new();
        let mut first = None;
        for (position, bytes) in image.records(Log::StopReadings) {
            first = first.or(Some(position));
            readings.last = Some(position);
            match StopReading::from_bytes(bytes) {
                Ok(reading) if is_needed(reading.transaction) => {
                    clock.saw(reading.at);
                    readings.keep(position, reading, most);
                }
                Ok(_) => {}
                Err(_) => skipped.push(format_compact!("{}/{}", Log::StopReadings.as_str(), position.0)),
            }
        }
        if first.is_some_and(|first| readings.first_needed().is_none_or(|needed| first < needed)) {
            readings.trim(store);
        }
        (readings, skipped)
    }

    /// The readings of a transaction, oldest first.
    pub fn of(&self, transaction: TransactionNo) -> impl Iterator<Item = &StopReading> {
        self.kept.get(&transaction).into_iter().flat_map(|thinned| &thinned.readings).map(|(_, reading)| reading)
    }

    /// Takes a reading in. A transaction keeps at most `most`, all of them `limit`: false if there was no room.
    pub fn add(&mut self, store: &mut StoreQueue, reading: StopReading, most: usize, limit: usize) -> bool {
        if let Some(thinned) = self.kept.get_mut(&reading.transaction) {
            thinned.passed += 1;
            if thinned.passed < thinned.stride {
                return true;
            }
            thinned.passed = 0;
        }
        if most == 0 || self.kept.values().map(|thinned| thinned.readings.len()).sum::<usize>() >= limit {
            return false;
        }
        let position = LogIndex(self.next_position);
        self.next_position += 1;
        self.last = Some(position);
        store.push(StoreOp::Append { log: Log::StopReadings, index: position, record: reading.to_bytes() });
        self.keep(position, reading, most);
        true
    }

    fn keep(&mut self, position: LogIndex, reading: StopReading, most: usize) {
        if !self.kept.contains_key(&reading.transaction) {
            self.kept.insert(reading.transaction, Thinned { readings: Vec::new(), stride: 1, passed: 0 });
        }
        let Some(thinned) = self.kept.get_mut(&reading.transaction) else { return };
        thinned.readings.push((position, reading));
        if thinned.readings.len() > most {
            let mut goes = false;
            thinned.readings.retain(|_| {
                goes = !goes;
                !goes
            });
            thinned.stride = thinned.stride.saturating_mul(2);
        }
    }

    /// The stop of a transaction was delivered.
    pub fn forget(&mut self, store: &mut StoreQueue, transaction: TransactionNo) {
        if self.kept.remove(&transaction).is_some() {
            self.trim(store);
        }
    }

    fn first_needed(&self) -> Option<LogIndex> {
        let firsts = self.kept.values().filter_map(|thinned| thinned.readings.first());
        firsts.map(|(position, _)| *position).min()
    }

    fn trim(&mut self, store: &mut StoreQueue) {
        let through = match self.first_needed() {
            Some(needed) => needed.0.checked_sub(1).map(LogIndex),
            None => self.last.take(),
        };
        if let Some(through) = through {
            store.push(StoreOp::Trim { log: Log::StopReadings, through });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Boot;
    use alloc::vec;

    fn reading(transaction: u64, at: i64) -> StopReading {
        let transaction = TransactionNo(LogIndex(transaction));
        StopReading { transaction, at: Stamp::Wall(at), context: SampleContext::Periodic, values: vec![] }
    }

    fn times(readings: &StopReadings, transaction: u64) -> Vec<i64> {
        let time = |reading: &StopReading| if let Stamp::Wall(at) = reading.at { at } else { -1 };
        readings.of(TransactionNo(LogIndex(transaction))).map(time).collect()
    }

    struct Bench {
        readings: StopReadings,
        store: StoreQueue,
        image: Image,
        ops: usize,
    }

    impl Bench {
        fn new() -> Self {
            let readings = StopReadings { kept: Table::default(), next_position: 100, last: None };
            Bench { readings, store: StoreQueue::default(), image: Image::default(), ops: 0 }
        }

        fn flush(&mut self) {
            while let Some((_, op)) = self.store.poll() {
                self.ops += 1;
                self.image.apply(&op);
            }
        }

        fn restored(&mut self, needed: &[u64]) -> StopReadings {
            self.flush();
            let mut clock = Clock::new(Boot(2), vec![]);
            let is_needed = |transaction: TransactionNo| needed.contains(&transaction.0.0);
            let restored = StopReadings::restore(&self.image, &mut clock, &mut self.store, 500, 4, is_needed);
            assert!(restored.1.is_empty());
            self.flush();
            restored.0
        }
    }

    #[test]
    fn long_transaction_keeps_few_readings_spread_over_all_of_it_and_few_records() {
        let mut bench = Bench::new();
        for at in 0..1000 {
            assert!(bench.readings.add(&mut bench.store, reading(1, at), 4, 100));
        }
        let kept = times(&bench.readings, 1);
        assert!((2..=4).contains(&kept.len()), "{kept:?}");
        assert!(kept.last().is_some_and(|last| *last >= 500), "{kept:?}");
        let restored = bench.restored(&[1]);
        assert_eq!(times(&restored, 1), kept, "alike after a restart");
        assert!(bench.ops < 40, "{} records", bench.ops);
    }

    #[test]
    fn log_is_trimmed_when_stops_are_delivered() {
        let mut bench = Bench::new();
        for at in 0..3 {
            assert!(bench.readings.add(&mut bench.store, reading(1, at), 4, 100));
            assert!(bench.readings.add(&mut bench.store, reading(2, at), 4, 100));
        }
        bench.readings.forget(&mut bench.store, TransactionNo(LogIndex(1)));
        bench.flush();
        assert_eq!(bench.image.records(Log::StopReadings).count(), 5, "the first of the other one is second");
        let restored = bench.restored(&[2]);
        assert_eq!((times(&restored, 1), times(&restored, 2)), (vec![], vec![0, 1, 2]));
        let ops = bench.ops;
        bench.restored(&[2]);
        assert_eq!(bench.ops, ops, "restored again, it writes nothing");
        bench.restored(&[]);
        assert_eq!(bench.image.records(Log::StopReadings).count(), 0);
    }

    #[test]
    fn full_memory_takes_no_more() {
        let mut bench = Bench::new();
        assert!(bench.readings.add(&mut bench.store, reading(1, 0), 4, 1));
        assert!(!bench.readings.add(&mut bench.store, reading(2, 0), 4, 1));
        assert!(!bench.readings.add(&mut bench.store, reading(1, 1), 0, 9));
    }
}
