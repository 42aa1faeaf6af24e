//! A station's store on redb: entries and log records in two tables, each commit durable when it returns.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Once, PoisonError};

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
#[non_exhaustive]
pub enum StationStoreError {
    /// The file system refused.
    #[error(transparent)]
    Io(io::Error),
    /// Another process has it open.
    #[error("another process has this store open")]
    Locked,
    /// The file holds something else.
    #[error("this file is no station store")]
    Foreign,
    /// The file ends too early.
    #[error("this store is cut off: {has} of {needs} bytes are there")]
    Truncated {
        /// The bytes that are there.
        has: u64,
        /// The bytes that its header speaks of.
        needs: u64,
    },
    /// The file contradicts itself.
    #[error("this store is damaged")]
    Damaged,
    /// The database refused for another reason.
    #[error("station store: {0}")]
    Database(Box<redb::Error>),
}

impl StationStoreError {
    /// What its owner can do.
    pub fn advice(&self) -> &'static str {
        match self {
            StationStoreError::Io(error) => super::advice(error.kind()),
            StationStoreError::Locked => "end that process, or choose another store",
            StationStoreError::Foreign => "choose another place for the store",
            StationStoreError::Truncated { .. } | StationStoreError::Damaged => {
                "take its copy if there is one, or move it away for a new one"
            }
            StationStoreError::Database(_) => "choose another store",
        }
    }
}

impl From<redb::Error> for StationStoreError {
    fn from(error: redb::Error) -> Self {
        match error {
            redb::Error::Io(error) if error.kind() == ErrorKind::UnexpectedEof => StationStoreError::Damaged,
            redb::Error::Io(error) => StationStoreError::Io(error),
            redb::Error::DatabaseAlreadyOpen => StationStoreError::Locked,
            redb::Error::Corrupted(_) => StationStoreError::Damaged,
            error => StationStoreError::Database(Box::new(error)),
        }
    }
}

macro_rules! from_each {
    ($($error:ident),*) => {$(
        impl From<$error> for StationStoreError {
            fn from(error: $error) -> Self {
                redb::Error::from(error).into()
            }
        }
    )*};
}

from_each!(CommitError, DatabaseError, StorageError, TableError, TransactionError);

/// The store of one station. Clones are the same store: one writes, another can read when the station restarts.
#[derive(Clone, Debug)]
pub struct StationStore {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// None in memory.
    file: Option<PathBuf>,
    /// None after a failure, until it is opened again.
    database: Mutex<Option<Database>>,
}

impl StationStore {
    /// Opens or creates the store in this file. A file left by a crash is repaired to its last commit.
    ///
    /// # Errors
    /// When the file cannot be opened, is no database, or is in use by another process.
    pub fn open(file: &Path) -> Result<Self, StationStoreError> {
        Ok(Self::holding(open(file)?, Some(file.to_owned())))
    }

    /// A store that is gone with the process.
    ///
    /// # Errors
    /// When memory cannot be had.
    pub fn in_memory() -> Result<Self, StationStoreError> {
        let database = Database::builder().create_with_backend(InMemoryBackend::new())?;
        Ok(Self::holding(with_tables(database)?, None))
    }

    fn holding(database: Database, file: Option<PathBuf>) -> Self {
        StationStore { shared: Arc::new(Shared { file, database: Mutex::new(Some(database)) }) }
    }

    /// All that is durable.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn load(&self) -> Result<Image, StationStoreError> {
        self.with(read)
    }

    /// After a failure redb refuses everything, also when the disk has room again: then the file is opened anew.
    fn with<T>(&self, act: impl FnOnce(&Database) -> Result<T, StationStoreError>) -> Result<T, StationStoreError> {
        let mut place = self.shared.database.lock().unwrap_or_else(PoisonError::into_inner);
        let database = match (place.take(), &self.shared.file) {
            (Some(database), _) => database,
            (None, Some(file)) => open(file)?,
            (None, None) => return Err(StationStoreError::Damaged),
        };
        let outcome = guarded(|| act(&database));
        if outcome.is_ok() || self.shared.file.is_none() {
            *place = Some(database);
        } else {
            // It is dropped where a panic of it is caught; what it says then was said.
            let _ = guarded(|| Ok(drop(database)));
        }
        outcome
    }
}

fn open(file: &Path) -> Result<Database, StationStoreError> {
    match fs::metadata(file) {
        Ok(found) if found.is_dir() => Err(StationStoreError::Io(ErrorKind::IsADirectory.into())),
        Ok(found) if found.len() > 0 => {
            check(&mut File::open(file).map_err(StationStoreError::Io)?, found.len())?;
            guarded(|| with_tables(Database::open(file)?))
        }
        Err(error) if error.kind() != ErrorKind::NotFound => Err(StationStoreError::Io(error)),
        Ok(_) | Err(_) => create(file),
    }
}

/// Made beside and moved into place, so that no crash leaves half a store.
fn create(file: &Path) -> Result<Database, StationStoreError> {
    let beside = file.with_extension("new");
    let made = guarded(|| with_tables(Database::create(&beside)?)).and_then(|database| {
        fs::rename(&beside, file).map_err(StationStoreError::Io)?;
        if let Some(folder) = file.parent().and_then(|folder| File::open(folder).ok()) {
            folder.sync_all().map_err(StationStoreError::Io)?;
        }
        Ok(database)
    });
    if made.is_err() {
        // What is left of it would be in the way of the next attempt.
        let _ = fs::remove_file(&beside);
    }
    made
}

fn with_tables(database: Database) -> Result<Database, StationStoreError> {
    let transaction = database.begin_write()?;
    transaction.open_table(ENTRIES)?;
    transaction.open_table(RECORDS)?;
    transaction.commit()?;
    Ok(database)
}

fn read(database: &Database) -> Result<Image, StationStoreError> {
    let transaction = database.begin_read()?;
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

fn write<'a>(database: &Database, ops: impl Iterator<Item = &'a StoreOp>) -> Result<(), StationStoreError> {
    // The default durability of a redb transaction is immediate: it is on disk when `commit` returns.
    let transaction = database.begin_write()?;
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

impl Backend for StationStore {
    type Source = ();
    type Op = StoreOp;
    type Error = StationStoreError;

    fn commit(&mut self, batch: &[Write<(), StoreOp>]) -> Result<(), StationStoreError> {
        self.with(|database| write(database, batch.iter().map(|write| &write.op)))
    }
}

/// What a file of redb begins with.
const MAGIC: [u8; 9] = *b"redb\x1A\x0A\xA9\x0D\x0A";
const PAGE_BYTES: u64 = 4096;

/// Looks at a header before the database does, which panics where a file is shorter than its header says.
fn check(file: &mut File, has: u64) -> Result<(), StationStoreError> {
    let mut header = Vec::new();
    file.take(64).read_to_end(&mut header).map_err(StationStoreError::Io)?;
    if !header.starts_with(&MAGIC) {
        return Err(StationStoreError::Foreign);
    }
    let number = |at: usize| {
        let bytes = header.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
        bytes
            .map(|bytes| u64::from(u32::from_le_bytes(bytes)))
            .ok_or(StationStoreError::Truncated { has, needs: PAGE_BYTES })
    };
    let (page, header_pages, most_pages, full_regions, last_pages) =
        (number(12)?, number(16)?, number(20)?, number(24)?, number(28)?);
    if page != PAGE_BYTES || most_pages == 0 || last_pages > most_pages || full_regions + last_pages == 0 {
        return Err(StationStoreError::Damaged);
    }
    let last = if last_pages == 0 { 0 } else { header_pages + last_pages };
    let pages = full_regions.saturating_mul(header_pages + most_pages).saturating_add(last + 1);
    let needs = pages.saturating_mul(PAGE_BYTES);
    if has < needs { Err(StationStoreError::Truncated { has, needs }) } else { Ok(()) }
}

thread_local! {
    /// Whether a panic is caught by [`guarded`] and so nobody's business.
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// The last resort: redb asserts what only an undamaged file holds, deep in its pages.
fn guarded<T>(act: impl FnOnce() -> Result<T, StationStoreError>) -> Result<T, StationStoreError> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let tell = take_hook();
        set_hook(Box::new(move |panic| {
            if !IS_GUARDED.get() {
                tell(panic);
            }
        }));
    });
    IS_GUARDED.set(true);
    let outcome = catch_unwind(AssertUnwindSafe(act));
    IS_GUARDED.set(false);
    outcome.unwrap_or(Err(StationStoreError::Damaged))
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
        assert!(matches!(StationStore::open(&file), Err(StationStoreError::Foreign)));
    }

    /// A store with something in it, and its bytes.
    fn filled(file: &Path) -> Vec<u8> {
        let put = |n: u8| StoreOp::Put { key: EntryKey::new(&format!("key/{n}")), value: vec![n; 500] };
        let ops: Vec<StoreOp> = (0..40).map(put).collect();
        StationStore::open(file).unwrap().commit(&writes(&ops)).unwrap();
        std::fs::read(file).unwrap()
    }

    #[test]
    fn store_that_is_cut_off_anywhere_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("station.redb");
        let whole = filled(&file);
        for length in (1..64).step_by(7).chain((64..whole.len()).step_by(20_000)).chain([whole.len() - 1]) {
            std::fs::write(&file, &whole[..length]).unwrap();
            let error = StationStore::open(&file).and_then(|store| store.load()).expect_err(&length.to_string());
            assert!(
                matches!(error, StationStoreError::Truncated { .. } | StationStoreError::Foreign),
                "{length}: {error}"
            );
        }
    }

    /// What redb asserts of its pages is no reason for the process to end.
    #[test]
    fn damaged_store_panics_nowhere() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("station.redb");
        let whole = filled(&file);
        let mut errors = 0;
        for n in 0..150_usize {
            let mut bytes = whole.clone();
            // The header, and pages all over.
            let place = if n < 60 { n * 5 } else { (n * 7_919 * 37) % bytes.len() };
            for byte in bytes.iter_mut().skip(place).take(if n % 2 == 0 { 1 } else { 700 }) {
                *byte ^= 0x5A;
            }
            std::fs::write(&file, &bytes).unwrap();
            let outcome = StationStore::open(&file).and_then(|mut store| {
                store.load()?;
                store.commit(&writes(&[StoreOp::Put { key: EntryKey::new("new"), value: vec![1; 5_000] }]))
            });
            errors += usize::from(outcome.is_err());
        }
        assert!(errors > 20, "{errors}");
    }

    #[test]
    fn what_stands_in_the_way_of_a_store_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("station.redb");
        let first = StationStore::open(&file).unwrap();
        assert!(matches!(StationStore::open(&file), Err(StationStoreError::Locked)));
        drop(first);
        let kind = |file: &Path| match StationStore::open(file) {
            Err(StationStoreError::Io(error)) => error.kind(),
            other => panic!("{other:?}"),
        };
        assert_eq!(kind(directory.path()), ErrorKind::IsADirectory);
        assert_eq!(kind(&directory.path().join("none/station.redb")), ErrorKind::NotFound);
        assert_eq!(kind(&file.join("below")), ErrorKind::NotADirectory);
    }
}
