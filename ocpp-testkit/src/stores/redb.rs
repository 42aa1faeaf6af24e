//! A station's store on redb: entries and log records in two tables, each commit durable when it returns.

use std::path::Path;
use std::sync::Arc;

use ocpp_core::store::{EntryKey, Image, Log, LogIndex, StoreOp};
use redb::backends::InMemoryBackend;
use redb::{
    CommitError, Database, DatabaseError, ReadableTable, StorageError, TableDefinition, TableError, TransactionError,
};
use thiserror::Error;

use super::{Backend, Write};

const ENTRIES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("entries");
const RECORDS: TableDefinition<'_, (&str, u64), &[u8]> = TableDefinition::new("records");

/// Why the store could not be opened, read or written.
#[derive(Debug, Error)]
#[error("station store: {0}")]
pub struct StationStoreError(Box<redb::Error>);

macro_rules! from_each {
    ($($error:ident),*) => {$(
        impl From<$error> for StationStoreError {
            fn from(error: $error) -> Self {
                StationStoreError(Box::new(error.into()))
            }
        }
    )*};
}

from_each!(CommitError, DatabaseError, StorageError, TableError, TransactionError);

/// The store of one station. Clones are the same store: one writes, another can read when the station restarts.
#[derive(Clone, Debug)]
pub struct StationStore {
    database: Arc<Database>,
}

impl StationStore {
    /// Opens or creates the store in this file. A file left by a crash is repaired to its last commit.
    ///
    /// # Errors
    /// When the file cannot be opened, is no database, or is in use by another process.
    pub fn open(file: &Path) -> Result<Self, StationStoreError> {
        Self::with_tables(Database::create(file)?)
    }

    /// A store that is gone with the process.
    ///
    /// # Errors
    /// When memory cannot be had.
    pub fn in_memory() -> Result<Self, StationStoreError> {
        Self::with_tables(Database::builder().create_with_backend(InMemoryBackend::new())?)
    }

    fn with_tables(database: Database) -> Result<Self, StationStoreError> {
        let transaction = database.begin_write()?;
        transaction.open_table(ENTRIES)?;
        transaction.open_table(RECORDS)?;
        transaction.commit()?;
        Ok(StationStore { database: Arc::new(database) })
    }

    /// All that is durable.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn load(&self) -> Result<Image, StationStoreError> {
        let transaction = self.database.begin_read()?;
        let mut image = Image::default();
        for entry in transaction.open_table(ENTRIES)?.iter()? {
            let (key, value) = entry?;
            image.apply(&StoreOp::Put { key: EntryKey::new(key.value()), value: value.value().to_vec() });
        }
        let records = transaction.open_table(RECORDS)?;
        for log in Log::ALL {
            for entry in records.range((log.as_str(), 0)..=(log.as_str(), u64::MAX))? {
                let (position, record) = entry?;
                let index = LogIndex(position.value().1);
                image.apply(&StoreOp::Append { log, index, record: record.value().to_vec() });
            }
        }
        Ok(image)
    }

    fn write<'a>(&self, ops: impl Iterator<Item = &'a StoreOp>) -> Result<(), StationStoreError> {
        // The default durability of a redb transaction is immediate: it is on disk when `commit` returns.
        let transaction = self.database.begin_write()?;
        {
            let mut entries = transaction.open_table(ENTRIES)?;
            let mut records = transaction.open_table(RECORDS)?;
            for op in ops {
                match op {
                    StoreOp::Append { log, index, record } => {
                        records.insert((log.as_str(), index.0), record.as_slice())?;
                    }
                    StoreOp::Trim { log, through } => {
                        records.retain_in((log.as_str(), 0)..=(log.as_str(), through.0), |_, _| false)?;
                    }
                    StoreOp::Put { key, value } => {
                        entries.insert(key.as_str(), value.as_slice())?;
                    }
                    StoreOp::Delete { key } => {
                        entries.remove(key.as_str())?;
                    }
                }
            }
        }
        Ok(transaction.commit()?)
    }
}

impl Backend for StationStore {
    type Source = ();
    type Op = StoreOp;
    type Error = StationStoreError;

    fn commit(&mut self, batch: &[Write<(), StoreOp>]) -> Result<(), StationStoreError> {
        self.write(batch.iter().map(|write| &write.op))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocpp_core::store::Ticket;
    use proptest::prelude::*;

    fn op() -> impl Strategy<Value = StoreOp> {
        let bytes = || prop::collection::vec(any::<u8>(), 0..20);
        let key = || prop::sample::select(vec!["a", "boot", "keys/1"]).prop_map(EntryKey::new);
        let index = || prop_oneof![0_u64..6, Just(u64::MAX)].prop_map(LogIndex);
        let log = Log::Transactions;
        prop_oneof![
            (index(), bytes()).prop_map(move |(index, record)| StoreOp::Append { log, index, record }),
            index().prop_map(move |through| StoreOp::Trim { log, through }),
            (key(), bytes()).prop_map(|(key, value)| StoreOp::Put { key, value }),
            key().prop_map(|key| StoreOp::Delete { key }),
        ]
    }

    fn writes(ops: &[StoreOp]) -> Vec<Write<(), StoreOp>> {
        ops.iter().zip(1..).map(|(op, n)| Write { source: (), ticket: Ticket(n), op: op.clone() }).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn store_holds_what_the_plain_maps_hold(ops in prop::collection::vec(op(), 0..30), batch in 1_usize..8) {
            let mut store = StationStore::in_memory().unwrap();
            let mut image = Image::default();
            for chunk in ops.chunks(batch) {
                store.commit(&writes(chunk)).unwrap();
                chunk.iter().for_each(|op| image.apply(op));
            }
            image.logs.retain(|_, records| !records.is_empty());
            prop_assert_eq!(store.load().unwrap(), image);
        }
    }

    #[test]
    fn committed_operations_are_there_after_the_file_is_opened_again() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("station.redb");
        let ops = [
            StoreOp::Put { key: EntryKey::new("boot"), value: vec![1, 2] },
            StoreOp::Append { log: Log::Transactions, index: LogIndex(7), record: vec![3] },
        ];
        StationStore::open(&file).unwrap().commit(&writes(&ops)).unwrap();
        let image = StationStore::open(&file).unwrap().load().unwrap();
        assert_eq!(image.entry("boot"), Some([1, 2].as_slice()));
        assert_eq!(image.records(Log::Transactions).collect::<Vec<_>>(), [(LogIndex(7), [3].as_slice())]);
        std::fs::write(&file, "not a database").unwrap();
        assert!(StationStore::open(&file).is_err());
    }
}
