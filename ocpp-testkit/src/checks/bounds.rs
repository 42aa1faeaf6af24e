//! Nothing grows beyond its bound: what a store holds, what waits, and what a machine keeps in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use ocpp_core::station::Limits;
use ocpp_core::store::{EntryKey, Log, LogIndex, StoreOp};

use super::Violation;

/// The prefix of the entries of running transactions.
const TRANSACTION: &str = "tx/";
/// The prefix of the entries of samples.
const SAMPLE: &str = "sample/";
/// How many times the readings that are kept their log may hold, beside one that is new and one that moves.
const READINGS_SLACK: usize = 3;
/// How much more than one made of the same records a machine that ran for long may hold, in characters of its `Debug` form:
/// the answers that it remembers, in case they are asked for again.
const MEMORY_SLACK: usize = 2_000;

/// Follows what the store of a station holds.
#[derive(Clone, Debug, Default)]
pub struct BoundsCheck {
    looked: usize,
    records: BTreeMap<Log, BTreeSet<LogIndex>>,
    transactions: BTreeSet<EntryKey>,
    samples: BTreeSet<EntryKey>,
    entries: BTreeSet<EntryKey>,
}

impl BoundsCheck {
    /// Looks at what became durable, and at how much waits to be.
    ///
    /// # Errors
    /// When there is more than the limits allow.
    pub fn look(&mut self, durable: &[StoreOp], volatile: usize, limits: &Limits) -> Result<(), Violation> {
        for op in durable.get(self.looked..).unwrap_or_default() {
            self.looked += 1;
            self.apply(op);
        }
        // A delivered record stays until the trim after it is durable.
        within("records of the journal", self.count(Log::Transactions), limits.journal + 1)?;
        // So does a delivered sample until it is gone.
        within("samples", self.samples.len(), limits.journal_samples + 1)?;
        // Readings that are needed no more stay until those before them are trimmed.
        within("readings for stops", self.count(Log::StopReadings), limits.stop_readings * READINGS_SLACK + 2)?;
        within("entries of transactions", self.transactions.len(), limits.journal)?;
        within("store operations under way", volatile, limits.unconfirmed + limits.journal)
    }

    fn apply(&mut self, op: &StoreOp) {
        match op {
            StoreOp::Append { log, index, .. } => {
                self.records.entry(*log).or_default().insert(*index);
            }
            StoreOp::Trim { log, through } => {
                self.records.entry(*log).or_default().retain(|index| index > through);
            }
            StoreOp::Put { key, .. } => {
                self.family(key).insert(key.clone());
            }
            StoreOp::Delete { key } => {
                self.family(key).remove(key);
            }
        }
    }

    fn count(&self, log: Log) -> usize {
        self.records.get(&log).map_or(0, BTreeSet::len)
    }

    fn family(&mut self, key: &EntryKey) -> &mut BTreeSet<EntryKey> {
        match key.as_str() {
            key if key.starts_with(TRANSACTION) => &mut self.transactions,
            key if key.starts_with(SAMPLE) => &mut self.samples,
            _ => &mut self.entries,
        }
    }

    /// Nothing runs and nothing waits: the store holds nothing of a transaction.
    ///
    /// # Errors
    /// When it does.
    pub fn at_rest(&self) -> Result<(), Violation> {
        within("records of the journal at rest", self.count(Log::Transactions), 0)?;
        within("samples at rest", self.samples.len(), 0)?;
        within("readings for stops at rest", self.count(Log::StopReadings), 0)?;
        within("entries of transactions at rest", self.transactions.len(), 0)
    }
}

/// A machine that ran for long holds about as much as one that was made of the same records.
///
/// # Errors
/// When it holds more.
pub fn is_no_bigger(what: &'static str, old: &impl Debug, fresh: &impl Debug) -> Result<(), Violation> {
    within(what, format!("{old:?}").len(), format!("{fresh:?}").len() + MEMORY_SLACK)
}

/// # Errors
/// When there is more than the limit.
pub fn within(what: &'static str, found: usize, limit: usize) -> Result<(), Violation> {
    if found > limit { Err(Violation::Bound { what, found, limit }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn append(index: u64) -> StoreOp {
        StoreOp::Append { log: Log::Transactions, index: LogIndex(index), record: vec![1, 2] }
    }

    #[test]
    fn journal_that_is_never_trimmed_is_seen() {
        let mut limits = Limits::default();
        limits.journal = 3;
        let mut ops: Vec<StoreOp> = (0..4).map(append).collect();
        let mut check = BoundsCheck::default();
        assert_eq!(check.look(&ops, 0, &limits), Ok(()));
        ops.push(StoreOp::Trim { log: Log::Transactions, through: LogIndex(0) });
        ops.push(append(4));
        assert_eq!(check.look(&ops, 0, &limits), Ok(()));
        ops.push(append(5));
        assert!(matches!(check.look(&ops, 0, &limits), Err(Violation::Bound { found: 5, limit: 4, .. })));
    }

    #[test]
    fn entry_that_outlives_its_transaction_is_seen() {
        let put = |key: &str| StoreOp::Put { key: EntryKey::new(key), value: Vec::new() };
        let mut check = BoundsCheck::default();
        check.look(&[put("boot"), put("tx/1")], 0, &Limits::default()).unwrap();
        assert!(check.at_rest().is_err());
        check
            .look(&[put("boot"), put("tx/1"), StoreOp::Delete { key: EntryKey::new("tx/1") }], 0, &Limits::default())
            .unwrap();
        assert_eq!(check.at_rest(), Ok(()));
    }

    #[test]
    fn memory_that_grew_is_seen() {
        assert_eq!(is_no_bigger("a list", &vec![1_000; 10], &vec![1_000; 9]), Ok(()));
        assert!(is_no_bigger("a list", &vec![1_000; 20_000], &vec![1_000; 9]).is_err());
    }
}
