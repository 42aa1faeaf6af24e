//! Real stores for the machines: redb for a station, SQLite for a CSMS, each written by a thread of its own.

mod redb;
mod sqlite;
mod writer;

pub use self::redb::{StationStore, StationStoreError};
pub use sqlite::{Bill, Ledger, LedgerError};
pub use writer::{Backend, Outcome, Report, Write, Writer};

use std::io::ErrorKind;

/// What whoever named a file can do about it.
pub fn advice(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::NotFound => "check the path",
        ErrorKind::PermissionDenied => "run as a user who may, or choose another place",
        ErrorKind::IsADirectory => "name a file",
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            "a file stands where the path needs a folder: choose another"
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "make room, or choose another place",
        ErrorKind::ReadOnlyFilesystem => "choose a place that can be written",
        ErrorKind::AddrInUse => "choose another port, or end the program that has it",
        ErrorKind::AddrNotAvailable => "choose an address of this machine",
        ErrorKind::InvalidData | ErrorKind::UnexpectedEof => "look at what is in it",
        _ => "check how it is written, or choose another",
    }
}
