//! The bytes of a record: `[format][kind][body]`, the body in `postcard`.
//!
//! A kind is never given another meaning; a changed body gets a new kind, and the old one stays readable.

use alloc::vec::Vec;

use serde::{Serialize, de::DeserializeOwned};
use thiserror::Error;

/// The one format so far: postcard 1 bodies.
const FORMAT: u8 = 1;

/// Why a stored value could not be read. It is skipped and reported, never a reason to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FramingError {
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
pub trait Record: Serialize + DeserializeOwned {
    /// Distinguishes the types of one log or entry.
    const KIND: u8;

    /// The framed bytes.
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::from([FORMAT, Self::KIND]);
        // Serialising plain data to memory does not fail; an empty body would read as corrupt and be reported.
        bytes.extend(postcard::to_allocvec(self).unwrap_or_default());
        bytes
    }

    /// Reads framed bytes.
    ///
    /// # Errors
    /// When the bytes are not a whole record of this kind.
    fn from_bytes(bytes: &[u8]) -> Result<Self, FramingError> {
        read_body(bytes, Self::KIND)
    }
}

/// Added to the kind of a record that more follows than its first version had.
#[cfg(feature = "station")]
pub(crate) const MORE: u8 = 64;

/// Appends to framed bytes what a record of the first version has not.
#[cfg(feature = "station")]
pub(crate) fn append(bytes: &mut Vec<u8>, more: &impl Serialize) {
    if let Some(kind) = bytes.get_mut(1) {
        *kind |= MORE;
    }
    bytes.extend(postcard::to_allocvec(more).unwrap_or_default());
}

/// Reads framed bytes, and what was appended to them, if anything was.
///
/// # Errors
/// When the bytes are not a whole record of this kind.
#[cfg(feature = "station")]
pub(crate) fn read_with<R: Record, M: DeserializeOwned>(bytes: &[u8]) -> Result<(R, Option<M>), FramingError> {
    match bytes {
        [_, kind, ..] if *kind == R::KIND | MORE => read_body(bytes, *kind).map(|(record, more)| (record, Some(more))),
        _ => R::from_bytes(bytes).map(|record| (record, None)),
    }
}

fn read_body<T: DeserializeOwned>(bytes: &[u8], wanted: u8) -> Result<T, FramingError> {
    match bytes {
        [FORMAT, kind, body @ ..] if *kind == wanted => match postcard::take_from_bytes(body) {
            Ok((record, [])) => Ok(record),
            Ok(_) | Err(_) => Err(FramingError::Body(*kind)),
        },
        [FORMAT, kind, ..] => Err(FramingError::Kind(*kind)),
        [format, _, ..] => Err(FramingError::Format(*format)),
        _ => Err(FramingError::Short(bytes.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Sample(u32, i64);
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
}
