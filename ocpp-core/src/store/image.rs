//! What a store holds at rest: the entries and the logs, as plain maps.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{EntryKey, Log, LogIndex, StoreOp};

/// The contents of a store. A driver fills one from its flash or database to restore a machine; tests keep one in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// The entries.
    pub entries: BTreeMap<EntryKey, Vec<u8>>,
    /// The records of each log, by position.
    pub logs: BTreeMap<Log, BTreeMap<LogIndex, Vec<u8>>>,
}

impl Image {
    /// Carries out one operation.
    pub fn apply(&mut self, op: &StoreOp) {
        match op {
            StoreOp::Append { log, index, record } => {
                self.logs.entry(*log).or_default().insert(*index, record.clone());
            }
            StoreOp::Trim { log, through } => {
                let records = self.logs.entry(*log).or_default();
                *records = match through.0.checked_add(1) {
                    Some(first_kept) => records.split_off(&LogIndex(first_kept)),
                    None => BTreeMap::new(),
                };
            }
            StoreOp::Put { key, value } => {
                self.entries.insert(key.clone(), value.clone());
            }
            StoreOp::Delete { key } => {
                self.entries.remove(key);
            }
        }
    }

    /// The value of an entry.
    pub fn entry(&self, name: &str) -> Option<&[u8]> {
        self.entries.get(&EntryKey::new(name)).map(Vec::as_slice)
    }

    /// The records of a log in order.
    pub fn records(&self, log: Log) -> impl Iterator<Item = (LogIndex, &[u8])> {
        self.logs.get(&log).into_iter().flatten().map(|(index, record)| (*index, record.as_slice()))
    }
}
