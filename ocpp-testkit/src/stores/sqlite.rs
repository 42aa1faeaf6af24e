//! A CSMS's database on SQLite: a table of facts, from which sessions are rebuilt, and views of them for people.
//!
//! The views are `transactions` (the bill), `meter_values`, `status` and `findings`; `schema.sql` has them.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ocpp_core::csms::Fact;
use ocpp_core::store::Ticket;
use rusqlite::{Connection, ErrorCode, OptionalExtension, params};
use serde_json::Value;
use thiserror::Error;

use super::{Backend, Write, advice};

const SCHEMA: &str = include_str!("schema.sql");
/// The version of the facts that this program writes. Version 1, which has connectors by number, is read.
const VERSION: i64 = 2;

/// Why the database could not be opened, read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// SQLite refused.
    #[error("ledger: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A fact does not read as one, or cannot be written as JSON.
    #[error("ledger: fact {ticket} of {station:?}: {source}")]
    Fact {
        /// The station.
        station: String,
        /// Its place.
        ticket: u64,
        /// What was wrong.
        source: serde_json::Error,
    },
    /// Another fact has this place.
    #[error("ledger: place {ticket} of {station:?} holds another fact")]
    Taken {
        /// The station.
        station: String,
        /// The place.
        ticket: u64,
    },
    /// The file was written by a later version of the program.
    #[error("ledger: version {0} of the database is not known")]
    Version(i64),
    /// The database belongs to another program.
    #[error("ledger: a database of another program")]
    Foreign,
}

impl LedgerError {
    /// What its owner can do.
    pub fn advice(&self) -> &'static str {
        match self {
            LedgerError::Sqlite(error) => match error.sqlite_error_code() {
                Some(ErrorCode::CannotOpen) => "check the path and its permissions, and name a file",
                Some(ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => advice(ErrorKind::PermissionDenied),
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => "end the process that holds it",
                Some(ErrorCode::DiskFull) => advice(ErrorKind::StorageFull),
                Some(ErrorCode::NotADatabase) => "choose another place for the ledger",
                Some(ErrorCode::DatabaseCorrupt) => "take its copy if there is one, or move it away for a new one",
                Some(_) | None => "check the disk and its permissions",
            },
            LedgerError::Fact { .. } | LedgerError::Taken { .. } => "look at the table of facts",
            LedgerError::Version(_) => "run the program that wrote it, or a later one",
            LedgerError::Foreign => "choose another place for the ledger",
        }
    }
}

/// A transaction as the database shows it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Bill {
    /// The station.
    pub station: String,
    /// The transaction's name.
    pub transaction: String,
    /// The EVSE, in 1.6 the connector; 0 if none was told.
    pub evse: i64,
    /// The token, if one was told at its begin.
    pub token: Option<String>,
    /// The register at the start, in Wh.
    pub meter_start_wh: Option<i64>,
    /// The register at the end, in Wh.
    pub meter_stop_wh: Option<i64>,
    /// The energy in Wh.
    pub energy_wh: Option<i64>,
    /// Why it ended; none while it runs.
    pub reason: Option<String>,
    /// How many of its events did not arrive, where they are numbered (2.x).
    pub missing_events: i64,
}

/// The facts of all stations. Clones share one connection.
#[derive(Clone, Debug)]
pub struct Ledger {
    connection: Arc<Mutex<Connection>>,
}

impl Ledger {
    /// Opens or creates the database in this file. Every commit is on disk when it returns.
    ///
    /// # Errors
    /// When the file cannot be opened, or is no database of this program.
    pub fn open(file: &Path) -> Result<Self, LedgerError> {
        Self::prepare(Connection::open(file)?)
    }

    /// A database that is gone with the process.
    ///
    /// # Errors
    /// When SQLite cannot start.
    pub fn in_memory() -> Result<Self, LedgerError> {
        Self::prepare(Connection::open_in_memory()?)
    }

    fn prepare(connection: Connection) -> Result<Self, LedgerError> {
        let count = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
        let has_tables = count("SELECT count(*) FROM sqlite_master")? > 0;
        if has_tables && count("SELECT count(*) FROM sqlite_master WHERE name = 'facts'")? == 0 {
            return Err(LedgerError::Foreign);
        }
        let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if version > VERSION {
            return Err(LedgerError::Version(version));
        }
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.execute_batch(SCHEMA)?;
        connection.pragma_update(None, "user_version", VERSION)?;
        Ok(Ledger { connection: Arc::new(Mutex::new(connection)) })
    }

    /// The facts of a station, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read, or holds something that is no fact.
    pub fn facts(&self, station: &str) -> Result<Vec<(Ticket, Fact)>, LedgerError> {
        let connection = self.connection();
        let mut select =
            connection.prepare_cached("SELECT ticket, kind, body FROM facts WHERE station = ?1 ORDER BY ticket")?;
        let mut rows = select.query([station])?;
        let mut facts = Vec::new();
        while let Some(row) = rows.next()? {
            let ticket: u64 = row.get(0)?;
            let fact = join(row.get(1)?, row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?);
            let fact = fact.map_err(|source| LedgerError::Fact { station: station.to_owned(), ticket, source })?;
            facts.push((Ticket(ticket), fact));
        }
        Ok(facts)
    }

    /// All transactions, in the order in which each station began them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn bills(&self) -> Result<Vec<Bill>, LedgerError> {
        let connection = self.connection();
        let mut select = connection.prepare(
            "SELECT station, transaction_id, evse, token, meter_start_wh, meter_stop_wh, energy_wh, reason, missing_events
             FROM transactions ORDER BY station, started_at",
        )?;
        let bills = select.query_map([], |row| {
            Ok(Bill {
                station: row.get(0)?,
                transaction: row.get(1)?,
                evse: row.get(2)?,
                token: row.get(3)?,
                meter_start_wh: row.get(4)?,
                meter_stop_wh: row.get(5)?,
                energy_wh: row.get(6)?,
                reason: row.get(7)?,
                missing_events: row.get(8)?,
            })
        })?;
        Ok(bills.collect::<Result<_, _>>()?)
    }

    /// A panic while it was held left no half of a transaction behind: SQLite rolls back.
    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Backend for Ledger {
    type Source = String;
    type Op = Fact;
    type Error = LedgerError;

    fn commit(&mut self, batch: &[Write<String, Fact>]) -> Result<(), LedgerError> {
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        for write in batch {
            insert(&transaction, write)?;
        }
        Ok(transaction.commit()?)
    }
}

/// The same fact again under its ticket changes nothing: an earlier commit may have become durable and failed later.
fn insert(connection: &Connection, write: &Write<String, Fact>) -> Result<(), LedgerError> {
    let (station, ticket) = (&write.source, write.ticket.0);
    let failed = |source| LedgerError::Fact { station: station.clone(), ticket, source };
    let (kind, body) = split(&write.op).map_err(failed)?;
    let added = connection
        .prepare_cached(
            "INSERT INTO facts (station, ticket, kind, body) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
        )?
        .execute(params![station, ticket, kind, body])?;
    if added == 1 {
        return Ok(());
    }
    let is_same = connection
        .prepare_cached("SELECT 1 FROM facts WHERE station = ?1 AND ticket = ?2 AND kind = ?3 AND body = ?4")?
        .query_row(params![station, ticket, kind, body], |_| Ok(()))
        .optional()?;
    is_same.ok_or_else(|| LedgerError::Taken { station: station.clone(), ticket })
}

/// A fact as its kind and its fields: `{"Started":{..}}` becomes `Started` and `{..}`.
fn split(fact: &Fact) -> Result<(String, String), serde_json::Error> {
    match serde_json::to_value(fact)? {
        Value::Object(tagged) => match tagged.into_iter().next() {
            Some((kind, body)) => Ok((kind, serde_json::to_string(&body)?)),
            None => Err(serde::ser::Error::custom("a fact without kind")),
        },
        other => Err(serde::ser::Error::custom(format!("a fact is an object, not {other}"))),
    }
}

fn join(kind: String, body: &str) -> Result<Fact, serde_json::Error> {
    let body: Value = serde_json::from_str(body)?;
    serde_json::from_value(Value::Object([(kind, body)].into_iter().collect()))
}

#[cfg(test)]
mod tests;
