//! Message ids: what is accepted, and a source of ids that never repeat.

use alloc::boxed::Box;
use alloc::string::String;
use core::cmp::Ordering;
use core::fmt;

/// The id that pairs a message with its answer: 1 to 36 characters (OCPP-J 1.6 §4.1.4, Part 4 §4.1.4).
///
/// Ids of ASCII characters, UUIDs too, are held without an allocation.
#[derive(Clone, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "String", into = "String")
)]
pub struct MessageId(Repr);

/// Each text has one form only, so that equal ids are equal bytes.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Repr {
    /// Up to 36 bytes, filled up with zeros.
    Inline { len: u8, bytes: [u8; MessageId::MAX_CHARS] },
    /// 36 characters at most, but more bytes.
    Boxed(Box<str>),
}

/// Why a text is no message id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MessageIdError {
    /// The text is empty.
    #[error("message id is empty")]
    Empty,
    /// The text has more than 36 characters.
    #[error("message id has more than {} characters", MessageId::MAX_CHARS)]
    TooLong,
}

impl MessageId {
    /// Most characters an id may have.
    pub const MAX_CHARS: usize = 36;

    /// The id an answer bears when the id of the message it answers could not be read (Part 4 §4.2.3).
    pub const UNREADABLE: Self = {
        let mut bytes = [0; Self::MAX_CHARS];
        bytes[0] = b'-';
        bytes[1] = b'1';
        Self(Repr::Inline { len: 2, bytes })
    };

    /// Takes `text` as an id.
    pub fn new(text: &str) -> Result<Self, MessageIdError> {
        if text.is_empty() {
            return Err(MessageIdError::Empty);
        }
        let mut bytes = [0; Self::MAX_CHARS];
        // The byte length bounds the count from above: most ids need no counting.
        if let (Some(start), Ok(len)) = (bytes.get_mut(..text.len()), u8::try_from(text.len())) {
            start.copy_from_slice(text.as_bytes());
            return Ok(Self(Repr::Inline { len, bytes }));
        }
        if text.chars().nth(Self::MAX_CHARS).is_some() {
            return Err(MessageIdError::TooLong);
        }
        Ok(Self(Repr::Boxed(text.into())))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        // What was copied in is a whole text.
        core::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Repr::Inline { len, bytes } => bytes.get(..usize::from(*len)).unwrap_or_default(),
            Repr::Boxed(text) => text.as_bytes(),
        }
    }
}

impl PartialOrd for MessageId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for MessageId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl PartialEq<str> for MessageId {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl TryFrom<String> for MessageId {
    type Error = MessageIdError;

    fn try_from(text: String) -> Result<Self, MessageIdError> {
        Self::new(&text)
    }
}

impl From<MessageId> for String {
    fn from(id: MessageId) -> Self {
        id.as_str().into()
    }
}

/// A source of message ids: the seed in 13 characters, a dash, a counter.
///
/// An id may never be used twice by one sender, on whatever connection (errata of OCPP-J 1.6 §3.1, Part 4 §4.1.4). So
/// the seed must differ from each earlier run's and from those of other senders on the same connection (a local
/// controller, Part 4 §6.4): draw 64 random bits, or count the boots in the upper half. Within a run no id repeats.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MessageIds {
    seed: u64,
    next: u64,
}

impl MessageIds {
    /// A source for `seed`.
    pub const fn new(seed: u64) -> Self {
        Self { seed, next: 0 }
    }

    /// Whether this source, or another one with its seed, gave `id`.
    pub fn is_own(&self, id: &MessageId) -> bool {
        let start = Digits::default().base32(self.seed, 13).push(b'-');
        id.as_bytes().starts_with(start.bytes())
    }

    /// The next id.
    pub fn next_id(&mut self) -> MessageId {
        let Digits { len, bytes } = Digits::default().base32(self.seed, 13).push(b'-').base32(self.next, 1);
        self.next = self.next.wrapping_add(1);
        MessageId(Repr::Inline { len, bytes })
    }
}

impl fmt::Debug for MessageIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageIds").field("next", &self.next).finish_non_exhaustive()
    }
}

/// The beginning of a generated id, which has 27 characters at most.
struct Digits {
    len: u8,
    bytes: [u8; MessageId::MAX_CHARS],
}

impl Default for Digits {
    fn default() -> Self {
        Self { len: 0, bytes: [0; MessageId::MAX_CHARS] }
    }
}

impl Digits {
    fn push(mut self, byte: u8) -> Self {
        if let Some(slot) = self.bytes.get_mut(usize::from(self.len)) {
            *slot = byte;
            self.len += 1;
        }
        self
    }

    /// Appends `value` in base 32 with at least `width` digits.
    fn base32(mut self, value: u64, width: u32) -> Self {
        let digits = (u64::BITS - value.leading_zeros()).div_ceil(5).max(width);
        for digit in (0..digits).rev() {
            let value = (value >> (5 * digit)) as u8 & 31;
            self = self.push(if value < 10 { b'0' + value } else { b'a' + (value - 10) });
        }
        self
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use alloc::string::ToString;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    #[test]
    fn thirty_six_characters_are_allowed_whatever_their_bytes() {
        for ch in ["a", "ä", "電", "🔌"] {
            assert_eq!(MessageId::new(&ch.repeat(36)).unwrap().as_str(), ch.repeat(36));
            assert_eq!(MessageId::new(&ch.repeat(37)), Err(MessageIdError::TooLong));
        }
        assert_eq!(MessageId::new(""), Err(MessageIdError::Empty));
        assert_eq!(MessageId::UNREADABLE.as_str(), "-1");
    }

    #[test]
    fn ids_are_ordered_as_texts() {
        let texts = ["\u{1}", "1", "10", "2", "a", "é"].map(String::from);
        let long = "é".repeat(36);
        let ids: Vec<_> = texts.iter().chain([&long]).map(|text| MessageId::new(text).unwrap()).collect();
        assert!(ids.is_sorted());
        assert!(size_of::<MessageId>() <= 40);
    }

    #[test]
    fn ids_of_one_run_never_repeat() {
        let mut ids = MessageIds::new(7);
        let mut seen = BTreeSet::new();
        for _ in 0..100_000 {
            let id = ids.next_id();
            assert_eq!(MessageId::new(id.as_str()).as_ref(), Ok(&id));
            assert!(seen.insert(id));
        }
    }

    #[test]
    fn the_longest_generated_id_is_a_legal_one() {
        let mut ids = MessageIds { seed: u64::MAX, next: u64::MAX };
        let id = ids.next_id();
        assert_eq!(id.to_string(), "fvvvvvvvvvvvv-fvvvvvvvvvvvv");
        assert!(MessageId::new(id.as_str()).is_ok());
    }

    proptest! {
        #[test]
        fn different_seeds_share_no_id(a: u64, b: u64, i: u64, j: u64) {
            prop_assume!(a != b);
            let (mut a, mut b) = (MessageIds { seed: a, next: i }, MessageIds { seed: b, next: j });
            let (id_a, id_b) = (a.next_id(), b.next_id());
            prop_assert_ne!(&id_a, &id_b);
            prop_assert!(a.is_own(&id_a) && !a.is_own(&id_b));
        }
    }
}
