//! Real stores for the machines: redb for a station, SQLite for a CSMS, each written by a thread of its own.

mod redb;
mod sqlite;
mod writer;

pub use self::redb::{StationStore, StationStoreError};
pub use sqlite::{Bill, Ledger, LedgerError};
pub use writer::{Backend, Outcome, Report, Write, Writer};
