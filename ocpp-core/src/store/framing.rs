//! The bytes of a record: `[format][kind][body]`, the body as [`super::pack`] has it.
//!
//! A kind is never given another meaning; a changed body gets a new kind, and the old one stays readable.

use alloc::vec::Vec;

use thiserror::Error;

use super::pack::{Pack, Unpacker};

/// The one format so far.
const FORMAT: u8 = 1;

/// Why a stored value could not be read. It is skipped and reported, never a reason to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub(crate) enum FramingError {
    /// Fewer than two bytes.
    #[error("record of {0} bytes is too short")]
    Short(usize),
    /// Written by a later version of the format.
    #[error("record format {0} is unknown")]
    Format(u8),
    /// Not the kind, or a kind of a later version.
    #[error("record kind {0} is unknown here")]
    Kind(u8),
    /// The body does not decode.
    #[error("record body of kind {0} is corrupt")]
    Body(u8),
}

/// A type that is stored, with the number of its kind.
pub(crate) trait Record: Pack {
    /// Distinguishes the types of one log or entry.
    const KIND: u8;

    /// The framed bytes.
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(48);
        bytes.extend_from_slice(&[FORMAT, Self::KIND]);
        self.pack(&mut bytes);
        bytes
    }

    /// Reads framed bytes.
    ///
    /// # Errors
    /// When the bytes are not a whole record of this kind.
    fn from_bytes(bytes: &[u8]) -> Result<Self, FramingError> {
        let (kind, mut from) = open(bytes)?;
        if kind != Self::KIND {
            return Err(FramingError::Kind(kind));
        }
        let record = Self::unpack(&mut from);
        end(kind, &from).map(|()| record)
    }
}

/// Added to the kind of a record that more follows than its first version had.
pub(crate) const MORE: u8 = 64;

/// Appends to framed bytes what a record of the first version has not.
pub(crate) fn append(bytes: &mut Vec<u8>, more: &impl Pack) {
    if let Some(kind) = bytes.get_mut(1) {
        *kind |= MORE;
    }
    more.pack(bytes);
}

/// Reads framed bytes, and what was appended to them, if anything was.
///
/// # Errors
/// When the bytes are not a whole record of this kind.
pub(crate) fn read_with<R: Record, M: Pack>(bytes: &[u8]) -> Result<(R, Option<M>), FramingError> {
    let (kind, mut from) = open(bytes)?;
    if kind & !MORE != R::KIND {
        return Err(FramingError::Kind(kind));
    }
    let record = R::unpack(&mut from);
    let more = more(kind, &mut from);
    end(kind, &from).map(|()| (record, more))
}

/// The kind of framed bytes, and what follows.
///
/// # Errors
/// When they are too short, or of another format.
pub(crate) fn open(bytes: &[u8]) -> Result<(u8, Unpacker<'_>), FramingError> {
    match bytes {
        [FORMAT, kind, body @ ..] => Ok((*kind, Unpacker::new(body))),
        [format, _, ..] => Err(FramingError::Format(*format)),
        _ => Err(FramingError::Short(bytes.len())),
    }
}

/// What was appended to a record of this kind.
pub(crate) fn more<M: Pack>(kind: u8, from: &mut Unpacker<'_>) -> Option<M> {
    (kind & MORE != 0).then(|| M::unpack(from))
}

/// Asks whether a body of this kind was read whole.
///
/// # Errors
/// When it was not, or is corrupt.
pub(crate) fn end(kind: u8, from: &Unpacker<'_>) -> Result<(), FramingError> {
    if from.is_done() { Ok(()) } else { Err(FramingError::Body(kind)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::pack::packed;

    #[derive(Debug, PartialEq)]
    struct Sample(u32, i64);
    packed!(Sample { 0, 1 });
    impl Record for Sample {
        const KIND: u8 = 7;
    }

    #[test]
    fn record_reads_back_and_every_torn_prefix_is_refused() {
        let record = Sample(300, -5);
        let bytes = record.to_bytes();
        assert_eq!(bytes[..2], [1, 7]);
        assert_eq!(Sample::from_bytes(&bytes), Ok(record));
        for cut in 0..bytes.len() {
            assert!(Sample::from_bytes(&bytes[..cut]).is_err(), "prefix of {cut}");
        }
        let mut long = bytes.clone();
        long.push(0);
        assert_eq!(Sample::from_bytes(&long), Err(FramingError::Body(7)));
        assert_eq!(Sample::from_bytes(&[1, 8, 0, 0]), Err(FramingError::Kind(8)));
        assert_eq!(Sample::from_bytes(&[9, 7, 0, 0]), Err(FramingError::Format(9)));
        assert_eq!(Sample::from_bytes(&[]), Err(FramingError::Short(0)));
    }

    /// A kind of record that is added is held against postcard's bytes too.
    #[test]
    fn every_record_is_tested_for_its_bytes() {
        let mut folders = std::vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src/site"))];
        let mut sources = std::string::String::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    sources.push_str(&std::fs::read_to_string(path).unwrap());
                }
            }
        }
        let records: Vec<_> =
            sources.split("impl Record for ").skip(1).filter_map(|rest| rest.split_whitespace().next()).collect();
        let is_tested = |name: &&&str| sources.contains(&std::format!("agrees_with_postcard::<{name}>()"));
        assert_eq!(records.iter().filter(|name| !is_tested(name)).collect::<Vec<_>>(), Vec::<&&str>::new());
        assert!(records.len() >= 24, "{records:?}");
    }
}
