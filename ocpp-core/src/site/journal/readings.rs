//! Readings of running transactions that their stop will tell (1.6 `transactionData`, 2.x `TxEndedMeasurands`).
//!
//! Owns the log of them. A transaction has at most so many: when they grow more, every second one goes, and from then on
//! only every second new one is kept (1.6 errata 3.91). The first and the last reading are not here: they are part of the
//! records of start and stop, and never go.
//!
//! A log is trimmed from its beginning only, so a transaction that runs for long would keep all that came after its first
//! reading. Once the log is long, each new reading has the oldest one that is needed written again at the end.

use alloc::vec::Vec;
use ocpp_rpc::queue::Queue;

use ocpp_types::SmallString;
#[cfg(all(test, feature = "serde"))]
use serde::{Deserialize, Serialize};

use crate::site::metering::SampleContext;
use crate::station::{MeterSample, TransactionNo};
use crate::store::framing::Record;
use crate::store::pack::packed;
use crate::store::{Image, Log, LogIndex, StoreOp, StoreQueue};
use crate::table::Table;
use crate::time::{Clock, Stamp};
use crate::words::{joined, numbered};

/// Readings move while the log holds more than so many times those that may be kept.
const LONG_LOG: usize = 2;

/// Values of one moment of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(all(test, feature = "serde"), derive(Serialize, Deserialize))]
pub(crate) struct StopReading {
    pub transaction: TransactionNo,
    pub at: Stamp,
    pub context: SampleContext,
    pub values: Vec<MeterSample>,
}

/// A reading and its place among those of its transaction, which also tells whether it is the same.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(all(test, feature = "serde"), derive(Serialize, Deserialize))]
struct Placed {
    place: u64,
    /// From here on only the readings whose places are multiples of this are kept: a stop that is told again after a restart
    /// has to tell the same.
    stride: u64,
    reading: StopReading,
}

packed!(StopReading { transaction, at, context, values });
packed!(Placed { place, stride, reading });

impl Record for Placed {
    const KIND: u8 = 6;
}

/// The readings of one transaction, oldest first, and where they are in the log.
#[derive(Debug)]
struct Thinned {
    readings: Vec<(LogIndex, Placed)>,
    /// The readings at multiples of it are kept.
    stride: u64,
    next_place: u64,
    /// The stop is on record: what it tells does not change any more.
    is_settled: bool,
}

impl Thinned {
    const NEW: Thinned = Thinned { readings: Vec::new(), stride: 1, next_place: 0, is_settled: false };

    fn thin(&mut self, stride: u64) {
        self.stride = stride;
        self.readings.retain(|(_, kept)| kept.place.is_multiple_of(stride));
    }
}

/// The readings of all transactions.
#[derive(Debug)]
pub(crate) struct StopReadings {
    kept: Table<TransactionNo, Thinned>,
    next_position: u64,
    /// The positions that may still be in the log.
    logged: Queue<LogIndex>,
}

impl StopReadings {
    /// Reads the log, and trims what no transaction needs. Gives the places that could not be read.
    pub fn restore(
        image: &Image,
        clock: &mut Clock,
        store: &mut StoreQueue,
        first_position: u64,
        is_needed: impl Fn(TransactionNo) -> bool,
        is_settled: impl Fn(TransactionNo) -> bool,
    ) -> (Self, Vec<SmallString>) {
        let mut readings = StopReadings { kept: Table::default(), next_position: first_position, logged: Queue::new() };
        let mut skipped = Vec::new();
        let mut needed = Table::default();
        for (position, bytes) in image.records(Log::StopReadings) {
            readings.logged.push_back(position);
            match Placed::from_bytes(bytes) {
                // Of one that moved, the later record stays.
                Ok(placed) if is_needed(placed.reading.transaction) => {
                    clock.saw(placed.reading.at);
                    needed.insert((placed.reading.transaction, placed.place), (position, placed));
                }
                Ok(_) => {}
                Err(_) => skipped.push(numbered(&joined(&[Log::StopReadings.as_str(), "/"]), position.0)),
            }
        }
        for ((transaction, place), (position, placed)) in needed {
            let mut thinned = readings.kept.remove(&transaction).unwrap_or(Thinned::NEW);
            thinned.is_settled = is_settled(transaction);
            thinned.next_place = place.saturating_add(1);
            thinned.stride = thinned.stride.max(placed.stride);
            thinned.readings.push((position, placed));
            readings.kept.insert(transaction, thinned);
        }
        for thinned in readings.kept.values_mut() {
            thinned.thin(thinned.stride);
        }
        readings.trim(store);
        (readings, skipped)
    }

    /// The readings of a transaction, oldest first.
    pub fn of(&self, transaction: TransactionNo) -> impl Iterator<Item = &StopReading> {
        self.kept.get(&transaction).into_iter().flat_map(|thinned| &thinned.readings).map(|(_, kept)| &kept.reading)
    }

    /// Takes a reading in. A transaction keeps at most `most`, all of them `limit`: for more, the running one that has the
    /// most is thinned. False if there was no room. The log holds no more than three times `limit`, and two.
    pub fn add(&mut self, store: &mut StoreQueue, reading: StopReading, most: usize, limit: usize) -> bool {
        let transaction = reading.transaction;
        let (place, mut stride, held) = self
            .kept
            .get(&transaction)
            .map_or((0, 1, 0), |thinned| (thinned.next_place, thinned.stride, thinned.readings.len()));
        let is_passed = !place.is_multiple_of(stride);
        let mut is_thinned = !is_passed && held >= most;
        if !is_passed && most == 0 {
            return false;
        }
        let mut appended = usize::from(!is_passed);
        if !is_passed && !is_thinned && self.readings().count() >= limit {
            let running = self.kept.iter().filter(|(_, thinned)| !thinned.is_settled && thinned.readings.len() > 1);
            let lengths = running.map(|(transaction, thinned)| (thinned.readings.len(), *transaction));
            match lengths.max() {
                None => return false,
                Some((_, longest)) if longest == transaction => is_thinned = true,
                Some((length, longest)) => {
                    self.widen(store, longest, length - 1);
                    appended += 1;
                }
            }
        }
        let mut thinned = self.kept.remove(&transaction).unwrap_or(Thinned::NEW);
        thinned.next_place = place.saturating_add(1);
        if !is_passed {
            if is_thinned {
                stride = stride.saturating_mul(2);
            }
            let placed = Placed { place, stride, reading };
            thinned.readings.push((self.append(store, placed.to_bytes()), placed));
            thinned.thin(stride);
        }
        self.kept.insert(transaction, thinned);
        for _ in 0..appended {
            if self.logged.len() > limit.saturating_mul(LONG_LOG) {
                self.move_oldest(store);
            }
        }
        true
    }

    fn append(&mut self, store: &mut StoreQueue, record: Vec<u8>) -> LogIndex {
        let position = LogIndex(self.next_position);
        self.next_position += 1;
        self.logged.push_back(position);
        store.push(StoreOp::Append { log: Log::StopReadings, index: position, record });
        position
    }

    /// Writes the oldest reading in the log again at its end. One for each new one is enough: before the log could have
    /// grown by `limit`, all that were kept have moved.
    fn move_oldest(&mut self, store: &mut StoreQueue) {
        let Some((_, oldest)) = self.readings().min_by_key(|(position, _)| *position) else { return };
        let transaction = oldest.reading.transaction;
        let Some(mut thinned) = self.kept.remove(&transaction) else { return };
        if let Some((position, oldest)) = thinned.readings.iter_mut().min_by_key(|(position, _)| *position) {
            oldest.stride = thinned.stride;
            *position = self.append(store, oldest.to_bytes());
        }
        self.kept.insert(transaction, thinned);
        self.trim(store);
    }

    /// A transaction ends, and from now on no more than `most` readings are told, the same ones each time: should the number
    /// have become lower, the rule by which they are chosen is on record before the stop is.
    pub fn settle(&mut self, store: &mut StoreQueue, transaction: TransactionNo, most: usize) {
        self.widen(store, transaction, most.max(1));
        if let Some(thinned) = self.kept.get_mut(&transaction) {
            thinned.is_settled = true;
        }
    }

    /// Thins the readings of a transaction until no more than `most` are left, and writes the last one again with the rule.
    fn widen(&mut self, store: &mut StoreQueue, transaction: TransactionNo, most: usize) {
        let Some(mut thinned) = self.kept.remove(&transaction) else { return };
        let stride = thinned.stride;
        while thinned.readings.len() > most && thinned.stride < u64::MAX {
            let wider = thinned.stride.saturating_mul(2);
            thinned.thin(wider);
        }
        if thinned.stride > stride
            && let Some((position, last)) = thinned.readings.last_mut()
        {
            last.stride = thinned.stride;
            *position = self.append(store, last.to_bytes());
        }
        self.kept.insert(transaction, thinned);
    }

    /// The stop of a transaction was delivered.
    pub fn forget(&mut self, store: &mut StoreQueue, transaction: TransactionNo) {
        if self.kept.remove(&transaction).is_some() {
            self.trim(store);
        }
    }

    fn readings(&self) -> impl Iterator<Item = &(LogIndex, Placed)> {
        self.kept.values().flat_map(|thinned| &thinned.readings)
    }

    fn trim(&mut self, store: &mut StoreQueue) {
        let needed = self.readings().map(|(position, _)| *position).min();
        let mut through = None;
        while let Some(first) = self.logged.front().copied().filter(|first| needed.is_none_or(|needed| *first < needed))
        {
            self.logged.pop_front();
            through = Some(first);
        }
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

    #[cfg(feature = "serde")]
    #[test]
    fn records_have_the_bytes_of_postcard() {
        use crate::store::pack::agrees_with_postcard;
        agrees_with_postcard::<Placed>();
    }

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
            let readings = StopReadings { kept: Table::default(), next_position: 100, logged: Queue::new() };
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
            let mut clock = Clock::new(Boot(2), vec![], vec![]);
            let is_needed = |transaction: TransactionNo| needed.contains(&transaction.0.0);
            let restored = StopReadings::restore(&self.image, &mut clock, &mut self.store, 500, is_needed, |_| false);
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
        assert!(!bench.readings.add(&mut bench.store, reading(2, 0), 4, 1), "the first of each stays");
        assert!(!bench.readings.add(&mut bench.store, reading(1, 1), 0, 9));
    }

    /// One transaction runs on and on, while others come and go on another EVSE, with a store that may stop anywhere.
    #[test]
    fn log_stays_short_beside_a_long_transaction_and_every_prefix_of_it_restores() {
        const LIMIT: usize = 6;
        let mut bench = Bench::new();
        for at in 0..2 {
            assert!(bench.readings.add(&mut bench.store, reading(1, at), 4, LIMIT));
        }
        bench.flush();
        let mut longest = 0;
        for visit in 2..60_u64 {
            for at in 0..visit as i64 % 5 {
                let before = times(&bench.readings, visit);
                assert!(bench.readings.add(&mut bench.store, reading(visit, at), 4, LIMIT));
                while let Some((_, op)) = bench.store.poll() {
                    bench.image.apply(&op);
                    longest = longest.max(bench.image.records(Log::StopReadings).count());
                    let mut clock = Clock::new(Boot(2), vec![], vec![]);
                    let mut store = StoreQueue::default();
                    let is_needed = |transaction: TransactionNo| [1, visit].contains(&transaction.0.0);
                    let (restored, skipped) =
                        StopReadings::restore(&bench.image, &mut clock, &mut store, 9_000, is_needed, |_| false);
                    assert_eq!((times(&restored, 1), skipped), (vec![0, 1], vec![]), "visit {visit}");
                    let restored = times(&restored, visit);
                    assert!(restored == before || restored == times(&bench.readings, visit), "{restored:?}");
                }
            }
            bench.readings.forget(&mut bench.store, TransactionNo(LogIndex(visit)));
            bench.flush();
        }
        assert!((2 * LIMIT..=3 * LIMIT + 2).contains(&longest), "{longest} records");
        let restored = bench.restored(&[1]);
        assert_eq!(times(&restored, 1), [0, 1]);
        bench.restored(&[]);
        assert_eq!(bench.image.records(Log::StopReadings).count(), 0);
    }

    /// Others come and go beside two long ones, one of which has ended: what its stop tells is not touched.
    #[test]
    fn full_memory_thins_the_longest_transaction_that_runs() {
        const LIMIT: usize = 8;
        let mut bench = Bench::new();
        for at in 0..4 {
            assert!(bench.readings.add(&mut bench.store, reading(1, at), 50, LIMIT));
        }
        bench.readings.settle(&mut bench.store, TransactionNo(LogIndex(1)), 50);
        for at in 0..100 {
            assert!(bench.readings.add(&mut bench.store, reading(2, at), 50, LIMIT));
        }
        let kept = times(&bench.readings, 2);
        assert!((2..=4).contains(&kept.len()) && kept.last() >= Some(&50), "{kept:?}");
        for visit in 3..200 {
            for at in 0..3 {
                assert!(bench.readings.add(&mut bench.store, reading(visit, at), 50, LIMIT));
            }
            assert!(bench.readings.readings().count() <= LIMIT);
            let (others, own) = (times(&bench.readings, 2), times(&bench.readings, visit));
            let restored = bench.restored(&[1, 2, visit]);
            assert_eq!((times(&restored, 1), times(&restored, 2)), (vec![0, 1, 2, 3], others));
            assert_eq!(times(&restored, visit), own);
            bench.readings.forget(&mut bench.store, TransactionNo(LogIndex(visit)));
            while let Some((_, op)) = bench.store.poll() {
                bench.image.apply(&op);
                assert!(bench.image.records(Log::StopReadings).count() <= 3 * LIMIT + 2);
            }
        }
        assert_eq!(times(&bench.readings, 1), [0, 1, 2, 3]);
    }

    #[test]
    fn what_is_kept_is_the_same_after_a_restart_though_the_log_was_trimmed() {
        for (most, readings) in [(1, 5), (2, 9), (4, 9), (4, 10), (4, 40), (5, 23)] {
            let mut bench = Bench::new();
            assert!(bench.readings.add(&mut bench.store, reading(2, 0), most, 100));
            for at in 0..readings {
                assert!(bench.readings.add(&mut bench.store, reading(1, at), most, 100));
            }
            assert!(bench.readings.add(&mut bench.store, reading(2, 1), most, 100));
            bench.readings.forget(&mut bench.store, TransactionNo(LogIndex(2)));
            for _ in 0..most {
                let kept = times(&bench.readings, 1);
                assert!((1..=most).contains(&kept.len()), "{kept:?}");
                assert_eq!(times(&bench.restored(&[1]), 1), kept, "{readings} readings, {most} at most");
                bench.readings.move_oldest(&mut bench.store);
            }
        }
    }

    #[test]
    fn lower_number_at_the_end_holds_over_restarts() {
        for most in 1..6 {
            let mut bench = Bench::new();
            for at in 0..7 {
                assert!(bench.readings.add(&mut bench.store, reading(1, at), 9, 100));
            }
            bench.readings.settle(&mut bench.store, TransactionNo(LogIndex(1)), most);
            let told = times(&bench.readings, 1);
            assert!((1..=most).contains(&told.len()), "{told:?}");
            assert_eq!(times(&bench.restored(&[1]), 1), told);
        }
    }
}
