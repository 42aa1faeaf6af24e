//! A station's store in one file, with nothing but the standard library: operations are appended, and a start writes the file
//! anew. What a crash tore off is as if it had not been written (D1 to D3 of [`ocpp_core::store`]).

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use ocpp_core::store::{EntryKey, Image, Log, LogIndex, StoreOp};

/// A longer operation is none, but damage.
const MOST_BYTES: usize = 1 << 20;

/// The file. One program at a time may have it open.
#[derive(Debug)]
pub struct FileStore {
    file: File,
    /// How much of it is durable and whole.
    length: u64,
    path: PathBuf,
}

impl FileStore {
    /// Opens the file, or makes it, and reads what it holds. Restored, that is a valid station, whatever a crash left.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn open(path: &Path) -> io::Result<(Self, Image)> {
        let bytes = if path.exists() { fs::read(path)? } else { Vec::new() };
        let mut image = Image::default();
        let mut rest = bytes.as_slice();
        while let Some((op, after)) = read(rest) {
            image.apply(&op);
            rest = after;
        }
        // The same content in as few operations as can be, and without a torn end: beside, durable, then in its place.
        let beside = path.with_extension("new");
        let mut whole = Vec::new();
        operations(&image).for_each(|op| write(&op, &mut whole));
        let mut file = File::create(&beside)?;
        file.write_all(&whole)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        // The name is durable when the directory is.
        File::open(path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")))?
            .sync_all()?;
        Ok((FileStore { file, length: u64::try_from(whole.len()).unwrap_or(u64::MAX), path: path.to_owned() }, image))
    }

    /// Makes operations durable in their order. After an error none of them counts, and they come again.
    ///
    /// # Errors
    /// When they could not be written.
    pub fn commit<'a>(&mut self, ops: impl IntoIterator<Item = &'a StoreOp>) -> io::Result<()> {
        let mut bytes = Vec::new();
        ops.into_iter().for_each(|op| write(op, &mut bytes));
        let written = self.file.write_all(&bytes).and_then(|()| self.file.sync_data());
        if written.is_err() {
            // What is half there must not stand before what comes next.
            let mut file = File::options().append(true).open(&self.path)?;
            file.set_len(self.length)?;
            file.flush()?;
            file.sync_all()?;
            self.file = file;
            return written;
        }
        self.length += u64::try_from(bytes.len()).unwrap_or_default();
        Ok(())
    }
}

/// What makes this image out of nothing.
fn operations(image: &Image) -> impl Iterator<Item = StoreOp> {
    let entries = image.entries.iter().map(|(key, value)| StoreOp::Put { key: key.clone(), value: value.clone() });
    let records = Log::ALL.into_iter().flat_map(|log| {
        image.records(log).map(move |(index, record)| StoreOp::Append { log, index, record: record.to_vec() })
    });
    entries.chain(records)
}

/// An operation: its length and its checksum, then kind, number, name and bytes.
fn write(op: &StoreOp, bytes: &mut Vec<u8>) {
    let (kind, number, name, body): (u8, u64, &str, &[u8]) = match op {
        StoreOp::Append { log, index, record } => (b'a', index.0, log.as_str(), record),
        StoreOp::Trim { log, through } => (b't', through.0, log.as_str(), &[]),
        StoreOp::Put { key, value } => (b'p', 0, key.as_str(), value),
        StoreOp::Delete { key } => (b'd', 0, key.as_str(), &[]),
    };
    // Names have 64 characters at most.
    let name_length = u8::try_from(name.len()).unwrap_or(u8::MAX);
    let mut frame = vec![kind];
    frame.extend(number.to_le_bytes());
    frame.push(name_length);
    frame.extend(name.as_bytes());
    frame.extend(body);
    bytes.extend(u32::try_from(frame.len()).unwrap_or(u32::MAX).to_le_bytes());
    bytes.extend(checksum(&frame).to_le_bytes());
    bytes.extend(frame);
}

/// The first operation, and what comes behind it. None at the end, and where something is torn or damaged.
fn read(bytes: &[u8]) -> Option<(StoreOp, &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (sum, rest) = rest.split_first_chunk()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok().filter(|length| *length <= MOST_BYTES)?;
    let (frame, rest) = rest.split_at_checked(length)?;
    if checksum(frame) != u32::from_le_bytes(*sum) {
        return None;
    }
    let (kind, frame) = frame.split_first()?;
    let (number, frame) = frame.split_first_chunk()?;
    let (name_length, frame) = frame.split_first()?;
    let (name, body) = frame.split_at_checked(usize::from(*name_length))?;
    let (name, index, body) = (std::str::from_utf8(name).ok()?, LogIndex(u64::from_le_bytes(*number)), body.to_vec());
    let log = || Log::ALL.into_iter().find(|log| log.as_str() == name);
    let op = match kind {
        b'a' => StoreOp::Append { log: log()?, index, record: body },
        b't' => StoreOp::Trim { log: log()?, through: index },
        b'p' => StoreOp::Put { key: EntryKey::new(name), value: body },
        b'd' => StoreOp::Delete { key: EntryKey::new(name) },
        _ => return None,
    };
    Some((op, rest))
}

/// FNV-1a: it finds what is torn, not what is forged.
fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(name: &str, value: &[u8]) -> StoreOp {
        StoreOp::Put { key: EntryKey::new(name), value: value.to_vec() }
    }

    fn ops() -> Vec<StoreOp> {
        let append = |index| StoreOp::Append { log: Log::Transactions, index: LogIndex(index), record: vec![7; 9] };
        let trim = StoreOp::Trim { log: Log::Transactions, through: LogIndex(1) };
        vec![
            put("set/x", b"1"),
            append(1),
            append(2),
            put("set/x", b""),
            trim,
            StoreOp::Delete { key: EntryKey::new("set/x") },
        ]
    }

    /// The image after the first operations.
    fn image(count: usize) -> Image {
        let mut image = Image::default();
        ops().iter().take(count).for_each(|op| image.apply(op));
        image
    }

    #[test]
    fn every_cut_of_the_file_leaves_a_prefix() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store");
        let mut ends = Vec::new();
        {
            let (mut store, found) = FileStore::open(&path).unwrap();
            assert_eq!(found, Image::default());
            for op in &ops() {
                store.commit([op]).unwrap();
                ends.push(usize::try_from(store.length).unwrap());
            }
        }
        let whole = fs::read(&path).unwrap();
        for cut in 0..=whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            let kept = ends.iter().filter(|end| **end <= cut).count();
            let (mut store, found) = FileStore::open(&path).unwrap();
            assert_eq!(found, image(kept), "cut at {cut}");
            store.commit([&put("after", b"x")]).unwrap();
            let (_, found) = FileStore::open(&path).unwrap();
            assert_eq!(found.entry("after"), Some(b"x".as_slice()), "cut at {cut}");
        }
    }

    #[test]
    fn damage_is_no_operation() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store");
        let mut bytes = Vec::new();
        ops().iter().take(2).for_each(|op| write(op, &mut bytes));
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        fs::write(&path, &bytes).unwrap();
        assert_eq!(FileStore::open(&path).unwrap().1, image(1));
        fs::write(&path, [0xff; 64]).unwrap();
        assert_eq!(FileStore::open(&path).unwrap().1, Image::default());
    }
}
