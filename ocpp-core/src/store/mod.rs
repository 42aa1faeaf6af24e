//! Durability: operations go out with tickets, confirmations come back, and frames wait for them.
//!
//! The host promises that each operation is atomic, that operations become durable in ticket order (a crash leaves a
//! prefix), that `Stored(t)` comes only when `t` and all before it are durable, and that a failed operation and all
//! after it are dropped until they are issued again.

#[cfg(feature = "station")]
pub(crate) mod framing;
mod image;
#[cfg(feature = "station")]
pub(crate) mod pack;
mod queue;

use alloc::vec::Vec;
use core::fmt;

use ocpp_types::SmallString;
#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

pub use crate::table::Table;
pub use image::Image;
pub(crate) use queue::StoreQueue;

/// Numbers the store operations of one run, from 1, without gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Ticket(pub u64);

/// A position in a log. Positions grow and are never used twice, also across reboots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct LogIndex(pub u64);

/// The logs that a machine keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum Log {
    /// What the CSMS must learn of transactions, in chronological order (1.6 §3.7, 2.x E04).
    Transactions,
    /// Readings of transactions that their stops will tell (1.6 `transactionData`).
    StopReadings,
}

impl Log {
    /// All logs.
    pub const ALL: [Log; 2] = [Log::Transactions, Log::StopReadings];

    /// A short name, fit for a table or a file.
    pub fn as_str(self) -> &'static str {
        match self {
            Log::Transactions => "transactions",
            Log::StopReadings => "stop_readings",
        }
    }
}

/// The name of an entry: at most 64 characters of `[A-Za-z0-9._/-]`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct EntryKey(SmallString);

impl EntryKey {
    /// The key of this name, as a store gives it back.
    pub fn new(name: &str) -> Self {
        EntryKey(SmallString::new(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EntryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One atomic change of the store. Records may hold secrets, so `Debug` tells their sizes alone.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum StoreOp {
    /// Adds a record at the end of a log.
    Append {
        /// The log.
        log: Log,
        /// Its position, greater than that of every earlier record of the log.
        index: LogIndex,
        /// The framed record.
        #[cfg_attr(feature = "serde", serde(with = "crate::forms::hex"))]
        record: Vec<u8>,
    },
    /// Removes the records of a log up to and including `through`.
    Trim {
        /// The log.
        log: Log,
        /// The last position to remove.
        through: LogIndex,
    },
    /// Sets an entry.
    Put {
        /// The entry's name.
        key: EntryKey,
        /// The framed value.
        #[cfg_attr(feature = "serde", serde(with = "crate::forms::hex"))]
        value: Vec<u8>,
    },
    /// Removes an entry; one that is not there is no error.
    Delete {
        /// The entry's name.
        key: EntryKey,
    },
}

impl fmt::Debug for StoreOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreOp::Append { log, index, record } => {
                write!(f, "Append({} {}, {} bytes)", log.as_str(), index.0, record.len())
            }
            StoreOp::Trim { log, through } => write!(f, "Trim({} {})", log.as_str(), through.0),
            StoreOp::Put { key, value } => write!(f, "Put({key}, {} bytes)", value.len()),
            StoreOp::Delete { key } => write!(f, "Delete({key})"),
        }
    }
}
