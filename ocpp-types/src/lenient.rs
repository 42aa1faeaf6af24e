//! Decoding messages that break their schema in known ways.
//!
//! Strict decoding comes first, always. Only a message it refused is read again with `decode`, where each deviation that the
//! station's [`Quirks`] allow is mended and reported as a [`Repair`]. What is sent out is never repaired: encoding refuses whatever
//! the schema forbids.
//!
//! Reading so needs the feature `lenient`; without it only the names of this module are there.

use alloc::{boxed::Box, string::String, vec::Vec};
use core::fmt;

#[cfg(feature = "lenient")]
use crate::codec::{self, Decode};
#[cfg(feature = "lenient")]
use crate::json::{DEFAULT_DEPTH, path};
#[cfg(feature = "lenient")]
use crate::violation::Violation;
use crate::{
    json::Reader,
    violation::{Fault, Rule},
};

pub use salvage::{Absences, Salvage};

mod salvage;

/// The greatest number of repairs in one message; a message that needs more is refused.
pub const MAX_REPAIRS: usize = 1000;

macro_rules! repair_kinds {
    ($($(#[$doc:meta])* $kind:ident,)*) => {
        /// The ways in which lenient decoding mends a message.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum RepairKind {
            $($(#[$doc])* $kind,)*
        }

        impl RepairKind {
            /// All kinds.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// The name, for logs and settings.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => stringify!($kind),)*
                }
            }
        }
    };
}

repair_kinds! {
    /// A text longer than allowed was kept; `is_over_long` tells.
    OverLong,
    /// A text outside its enumeration became `Unrecognized`; the repair keeps the text.
    UnknownValue,
    /// A text was taken for the enumeration value that differs in the case of letters only.
    LetterCase,
    /// A number, `true` or `false` was taken as text, digit by digit.
    TextFromNumber,
    /// An object or array was taken as its JSON text.
    TextFromJson,
    /// A text was taken as the number, or truth value, it spells.
    NumberFromText,
    /// A fraction was rounded to the nearest integer.
    FractionRounded,
    /// A number outside its range was kept.
    OutOfRange,
    /// A time without zone, with a space for the `T`, or with an odd offset was read, in UTC unless it said otherwise.
    OddTime,
    /// A text that is no URI was kept.
    OddUri,
    /// A `null` was taken for an absent member or list item, or for an empty object.
    Null,
    /// A member that the schema does not know was ignored; the repair keeps its name.
    ExtraMember,
    /// A member was given twice; the last one counts.
    DuplicateMember,
    /// A list with too few or too many items was kept.
    ItemCount,
    /// A single value was taken for a list of it.
    SingleItem,
    /// A value that no other repair could read was taken for absent; the repair keeps its JSON text.
    Unreadable,
}

impl fmt::Display for RepairKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which repairs are allowed; one value for each station.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quirks(u32);

impl Quirks {
    /// No repair: strict decoding.
    pub const NONE: Self = Self(0);
    /// Every repair.
    pub const ALL: Self = Self((1 << RepairKind::ALL.len()) - 1);
    /// What stations and servers of the field are known to need, and what leaves no doubt of what was meant. Not allowed are members
    /// given twice, rounded fractions, numbers out of range, texts that are no URI, and lists of a wrong length.
    pub const FIELD: Self = Self(
        Self::bit(RepairKind::OverLong)
            | Self::bit(RepairKind::UnknownValue)
            | Self::bit(RepairKind::LetterCase)
            | Self::bit(RepairKind::TextFromNumber)
            | Self::bit(RepairKind::TextFromJson)
            | Self::bit(RepairKind::NumberFromText)
            | Self::bit(RepairKind::OddTime)
            | Self::bit(RepairKind::Null)
            | Self::bit(RepairKind::ExtraMember)
            | Self::bit(RepairKind::SingleItem)
            | Self::bit(RepairKind::Unreadable),
    );

    /// Allows `kind` too.
    #[must_use]
    pub const fn with(self, kind: RepairKind) -> Self {
        Self(self.0 | Self::bit(kind))
    }

    /// Allows `kind` no longer.
    #[must_use]
    pub const fn without(self, kind: RepairKind) -> Self {
        Self(self.0 & !Self::bit(kind))
    }

    /// Whether `kind` is allowed.
    pub fn allows(self, kind: RepairKind) -> bool {
        self.0 & Self::bit(kind) != 0
    }

    const fn bit(kind: RepairKind) -> u32 {
        1 << (kind as u32)
    }
}

/// As a list of names.
#[cfg(feature = "serde")]
impl serde::Serialize for Quirks {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(RepairKind::ALL.iter().filter(|kind| self.allows(**kind)).map(|kind| kind.as_str()))
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Quirks {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names: Vec<String> = Vec::deserialize(deserializer)?;
        names.iter().try_fold(Self::NONE, |quirks, name| {
            let kind = RepairKind::ALL.iter().find(|kind| kind.as_str() == name);
            let unknown = || serde::de::Error::custom(alloc::format!("no repair is called {name:?}"));
            kind.map(|kind| quirks.with(*kind)).ok_or_else(unknown)
        })
    }
}

/// One deviation that was mended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repair {
    /// What was done.
    pub kind: RepairKind,
    /// The rule of the schema that was broken.
    pub rule: Rule,
    /// The path of the value from the root `$` of the payload.
    pub path: String,
    /// What the message no longer holds: the text that was not recognised or was read as something else, the name of the member
    /// that was ignored. Empty where nothing was lost.
    pub text: Box<str>,
}

/// Stands for a text outside its enumeration. [`Decoded::text`] knows the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unrecognized(u16);

impl Unrecognized {
    /// The index of the repair, in [`Decoded::repairs`], that keeps the text.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// A message and what had to be mended to read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded<T> {
    /// The message.
    pub value: T,
    /// What was mended; empty for a message that obeys its schema.
    pub repairs: Vec<Repair>,
}

impl<T> Decoded<T> {
    /// The text behind an enumeration value of this message that was not recognised.
    pub fn text(&self, value: Unrecognized) -> Option<&str> {
        self.repairs.get(value.index()).map(|repair| &*repair.text)
    }
}

/// Reads `json` strictly and, if that fails, with the repairs that `quirks` allow. The violation is the one that could not be
/// repaired.
#[cfg(feature = "lenient")]
pub fn decode<T: Decode>(json: &str, quirks: Quirks) -> Result<Decoded<T>, Violation> {
    decode_with(json, quirks, T::read)
}

/// Like [`decode`], with the value read by `read`.
#[cfg(feature = "lenient")]
pub(crate) fn decode_with<T>(
    json: &str,
    quirks: Quirks,
    read: impl Fn(&mut Reader<'_>) -> Result<T, Fault>,
) -> Result<Decoded<T>, Violation> {
    if let Ok(value) = codec::decode_with(json, &read) {
        return Ok(Decoded { value, repairs: Vec::new() });
    }
    let mut reader = Reader::lenient(json, DEFAULT_DEPTH, quirks);
    let value = read(&mut reader).and_then(|value| reader.finish().map(|()| value));
    match value {
        Ok(value) => Ok(Decoded { value, repairs: reader.take_repairs(0) }),
        Err(fault) => Err(Violation::locate(&fault, json, 0)),
    }
}

/// The lenient side of a [`Reader`].
#[cfg(feature = "lenient")]
#[derive(Debug)]
pub(crate) struct Lenience {
    quirks: Quirks,
    repairs: Vec<Mended>,
}

/// A repair whose path is not looked up yet.
#[cfg(feature = "lenient")]
#[derive(Debug)]
struct Mended {
    kind: RepairKind,
    rule: Rule,
    offset: usize,
    text: Box<str>,
}

#[cfg(feature = "lenient")]
impl<'a> Reader<'a> {
    /// A reader that mends what `quirks` allow; [`take_repairs`](Self::take_repairs) tells what that was.
    pub fn lenient(text: &'a str, depth: u8, quirks: Quirks) -> Self {
        let mut reader = Self::with_depth(text, depth);
        reader.lenience = Some(Box::new(Lenience { quirks, repairs: Vec::new() }));
        reader
    }

    /// The repairs made so far, in the order in which they were made; the reader forgets them. `root` is the offset of the payload
    /// in the text.
    pub fn take_repairs(&mut self, root: usize) -> Vec<Repair> {
        let mended = self.lenience.as_mut().map(|lenience| core::mem::take(&mut lenience.repairs)).unwrap_or_default();
        // The repair of a list is noted after those of its items, although it begins before them.
        let mut offsets = Vec::new();
        for Mended { offset, .. } in &mended {
            if let Err(place) = offsets.binary_search(offset) {
                offsets.insert(place, *offset);
            }
        }
        let paths = path::at_each(self.text(), root, &offsets);
        let locate = |Mended { kind, rule, offset, text }| {
            let path = offsets.binary_search(&offset).ok().and_then(|place| paths.get(place));
            let path = path.cloned().unwrap_or_default();
            Repair { kind, rule, path, text }
        };
        mended.into_iter().map(locate).collect()
    }

    /// Whether anything may be mended.
    #[inline]
    pub(crate) fn is_lenient(&self) -> bool {
        self.lenience.is_some()
    }

    /// Whether the quirks allow `kind`.
    pub(crate) fn may_repair(&self, kind: RepairKind) -> bool {
        self.lenience.as_ref().is_some_and(|lenience| lenience.quirks.allows(kind))
    }

    /// Notes that the breach of `rule` by the value at `offset` was mended, or refuses it if that is not allowed.
    #[cold]
    pub(crate) fn repair(
        &mut self,
        kind: RepairKind,
        rule: Rule,
        offset: usize,
        text: &str,
    ) -> Result<Unrecognized, Fault> {
        if let Some(lenience) = self.lenience.as_mut().filter(|lenience| lenience.quirks.allows(kind)) {
            let index = lenience.repairs.len();
            if let (true, Ok(number)) = (index < MAX_REPAIRS, u16::try_from(index)) {
                lenience.repairs.push(Mended { kind, rule, offset, text: Box::from(text) });
                return Ok(Unrecognized(number));
            }
        }
        Err(Fault::new(rule, offset))
    }
}

/// Without the feature nothing is mended, and the code that would is not there.
#[cfg(not(feature = "lenient"))]
impl Reader<'_> {
    #[inline]
    pub(crate) fn is_lenient(&self) -> bool {
        false
    }

    #[inline]
    pub(crate) fn may_repair(&self, _: RepairKind) -> bool {
        false
    }

    #[inline]
    pub(crate) fn repair(&mut self, _: RepairKind, rule: Rule, offset: usize, _: &str) -> Result<Unrecognized, Fault> {
        Err(Fault::new(rule, offset))
    }
}
