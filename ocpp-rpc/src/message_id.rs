//! Message ids: what is accepted, and a source of ids that never repeat.

use alloc::string::String;
use core::fmt;

use compact_str::CompactString;

/// The id that pairs a message with its answer: 1 to 36 characters (OCPP-J 1.6 §4.1.4, Part 4 §4.1.4).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "String", into = "String")
)]
pub struct MessageId(CompactString);

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
    pub const UNREADABLE: Self = Self(CompactString::const_new("-1"));

    /// Takes `text` as an id.
    pub fn new(text: &str) -> Result<Self, MessageIdError> {
        if text.is_empty() {
            return Err(MessageIdError::Empty);
        }
        // The byte length bounds the count from above: most ids need no counting.
        if text.len() > Self::MAX_CHARS && text.chars().count() > Self::MAX_CHARS {
            return Err(MessageIdError::TooLong);
        }
        Ok(Self(text.into()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
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
        id.0.into()
    }
}

/// A source of message ids: the seed in 13 characters, a dash, a counter.
///
/// An id may never be used twice by one sender, on whatever connection (errata of OCPP-J 1.6 §3.1, Part 4 §4.1.4). So
/// the seed must differ from each earlier run's and from those of other senders on the same connection (a local
/// controller, Part 4 §6.4): draw 64 random bits, or count the boots in the upper half. Within a run no id repeats.
#[derive(Clone, PartialEq, Eq)]
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
        let mut start = CompactString::default();
        push_base32(&mut start, self.seed, 13);
        id.as_str().strip_prefix(start.as_str()).is_some_and(|rest| rest.starts_with('-'))
    }

    /// The next id.
    pub fn next_id(&mut self) -> MessageId {
        let mut id = CompactString::default();
        push_base32(&mut id, self.seed, 13);
        id.push('-');
        push_base32(&mut id, self.next, 1);
        self.next = self.next.wrapping_add(1);
        MessageId(id)
    }
}

impl fmt::Debug for MessageIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageIds").field("next", &self.next).finish_non_exhaustive()
    }
}

/// Appends `value` in base 32 with at least `width` digits.
fn push_base32(text: &mut CompactString, value: u64, width: u32) {
    let digits = (u64::BITS - value.leading_zeros()).div_ceil(5).max(width);
    for digit in (0..digits).rev() {
        let value = (value >> (5 * digit)) & 31;
        text.push(char::from_digit(value as u32, 32).unwrap_or('0'));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use alloc::string::ToString;
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
