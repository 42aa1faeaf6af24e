//! What a store holds at rest: the entries and the logs, as plain maps.

#[cfg(feature = "serde")]
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::{EntryKey, Log, LogIndex, StoreOp};
#[cfg(feature = "serde")]
use crate::forms::Hex;
use crate::table::Table;

/// The contents of a store. A host fills one from its flash or database to restore a machine; tests keep one in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(from = "Dump", into = "Dump"))]
pub struct Image {
    /// The entries.
    pub entries: Table<EntryKey, Vec<u8>>,
    /// The records of each log, by position.
    pub logs: Table<Log, Table<LogIndex, Vec<u8>>>,
}

impl Image {
    /// Carries out one operation.
    pub fn apply(&mut self, op: &StoreOp) {
        match op {
            StoreOp::Append { log, index, record } => {
                if !self.logs.contains_key(log) {
                    self.logs.insert(*log, Table::default());
                }
                if let Some(records) = self.logs.get_mut(log) {
                    records.insert(*index, record.clone());
                }
            }
            StoreOp::Trim { log, through } => {
                if let Some(records) = self.logs.get_mut(log) {
                    records.remove_through(through);
                }
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

/// The form of an image: records in hex.
#[cfg(feature = "serde")]
#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Dump {
    entries: BTreeMap<EntryKey, Hex<Vec<u8>>>,
    logs: BTreeMap<Log, BTreeMap<LogIndex, Hex<Vec<u8>>>>,
}

#[cfg(feature = "serde")]
impl From<Image> for Dump {
    fn from(image: Image) -> Self {
        Dump { entries: map_values(image.entries, Hex), logs: map_values(image.logs, |log| map_values(log, Hex)) }
    }
}

#[cfg(feature = "serde")]
impl From<Dump> for Image {
    fn from(dump: Dump) -> Self {
        let bytes = |Hex(bytes)| bytes;
        Image { entries: map_values(dump.entries, bytes), logs: map_values(dump.logs, |log| map_values(log, bytes)) }
    }
}

#[cfg(feature = "serde")]
fn map_values<K, A, B, M>(map: impl IntoIterator<Item = (K, A)>, with: impl Fn(A) -> B) -> M
where
    M: FromIterator<(K, B)>,
{
    map.into_iter().map(|(key, value)| (key, with(value))).collect()
}
