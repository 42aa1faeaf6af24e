//! What messages look like, in six bytes a member.

use crate::{enumeration::UNRECOGNIZED, request::Direction};

/// The messages of a family of editions: 1.6, or 2.0.1 with 2.1.
///
/// All its parts are flat and refer to each other by number, and all texts lie in one, where they overlap. So nothing needs a
/// pointer, and the whole is small.
pub struct Tables {
    pub(crate) texts: &'static str,
    pub(crate) members: &'static [Member],
    /// The member that every object has, or none. Its row is [`COMMON`]; the first edition writes it before all others.
    pub(crate) common: &'static [Member],
    /// The first member of each object, and behind the last object the end.
    pub(crate) objects: &'static [u16],
    pub(crate) choices: &'static [Choice],
    pub(crate) values: &'static [Name],
    pub(crate) actions: &'static [Action],
    /// The greatest numbers of characters; [`u16::MAX`] stands for any number.
    pub(crate) limits: &'static [u16],
    /// The ranges of numbers.
    pub(crate) ranges: &'static [(i64, i64)],
    /// The smallest and greatest numbers of items. The first one is that of a value which is no list.
    pub(crate) bounds: &'static [(u16, u16)],
}

impl core::fmt::Debug for Tables {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Tables")
    }
}

/// The number of an object in its family's tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId(pub(crate) u16);

/// An edition of OCPP: tables, and the column of them that counts.
#[derive(Clone, Copy, Debug)]
pub struct Edition {
    pub(crate) tables: &'static Tables,
    /// 0 for 1.6 and 2.0.1, 1 for 2.1.
    pub(crate) column: u8,
}

impl Edition {
    /// OCPP 1.6.
    #[cfg(feature = "v1_6")]
    pub const V1_6: Self = Self { tables: &super::v1_6::TABLES, column: 0 };
    /// OCPP 2.0.1.
    #[cfg(feature = "v2_0_1")]
    pub const V2_0_1: Self = Self { tables: &super::v2::TABLES, column: 0 };
    /// OCPP 2.1.
    #[cfg(feature = "v2_1")]
    pub const V2_1: Self = Self { tables: &super::v2::TABLES, column: 1 };

    /// Whether this is 2.1, and not 1.6 or 2.0.1.
    pub fn is_2_1(self) -> bool {
        self.column == 1
    }

    /// Whether what has these flags is there.
    #[inline]
    pub(crate) fn has(self, flags: u16) -> bool {
        flags & (OLD << self.column) != 0
    }
}

impl PartialEq for Edition {
    fn eq(&self, other: &Self) -> bool {
        core::ptr::eq(self.tables, other.tables) && self.column == other.column
    }
}

impl Eq for Edition {}

/// Whether any family that is built in has JSON of vendors: 1.6 has none. What is never asked for is not built.
pub(crate) const HAS_JSON: bool = cfg!(any(feature = "v2_0_1", feature = "v2_1"));

/// The row of the member that every object has.
pub(crate) const COMMON: u8 = 63;

/// There in the first edition of the family.
pub(crate) const OLD: u16 = 1;
/// There in the second edition of the family.
#[cfg(any(feature = "v2_0_1", feature = "v2_1"))]
pub(crate) const NEW: u16 = 2;
/// Must be there.
pub(crate) const REQUIRED: u16 = 4;

/// The kinds of values, in the upper four bits; the lower twelve say which limit, range, enumeration or object it is.
pub(crate) const TEXT: u16 = 0;
pub(crate) const URI: u16 = 1 << 12;
pub(crate) const INTEGER: u16 = 2 << 12;
pub(crate) const DECIMAL: u16 = 3 << 12;
pub(crate) const TENTHS: u16 = 4 << 12;
pub(crate) const BOOLEAN: u16 = 5 << 12;
pub(crate) const TIME: u16 = 6 << 12;
pub(crate) const JSON: u16 = 7 << 12;
pub(crate) const CUSTOM: u16 = 8 << 12;
pub(crate) const CHOICE: u16 = 9 << 12;
pub(crate) const OBJECT: u16 = 10 << 12;

/// A text in [`Tables::texts`].
#[derive(Clone, Copy)]
pub(crate) struct Name([u8; 3]);

impl Name {
    pub(crate) const fn new(at: u16, length: u8) -> Self {
        let [low, high] = at.to_le_bytes();
        Self([low, high, length])
    }
}

/// A member of an object. A member that is not the same in both editions has a row for each.
#[derive(Clone, Copy)]
pub(crate) struct Member {
    name: u16,
    /// Flags in 3 bits, the length of the name in 6, the bounds of the list in 5.
    packed: u16,
    kind: u16,
}

pub(crate) const fn member(name: u16, length: u16, flags: u16, kind: u16, bounds: u16) -> Member {
    Member { name, packed: flags | length << 3 | bounds << 9, kind }
}

impl Member {
    #[inline]
    pub(crate) fn flags(self) -> u16 {
        self.packed & 7
    }

    pub(crate) fn is_required(self) -> bool {
        self.packed & REQUIRED != 0
    }

    /// Where the limits of the list are; 0 if it is none.
    #[inline]
    pub(crate) fn bounds(self) -> u16 {
        self.packed >> 9
    }

    /// Whether the name may be that of a text: lengths tell most names apart.
    #[inline]
    pub(crate) fn is_as_long_as(self, text: &str) -> bool {
        usize::from(self.packed >> 3 & 63) == text.len()
    }

    #[inline]
    fn name(self) -> Name {
        Name::new(self.name, (self.packed >> 3 & 63) as u8)
    }
}

/// An enumeration. The values that both editions have come first.
#[derive(Clone, Copy)]
pub(crate) struct Choice {
    name: Name,
    first: u16,
    /// How many values each edition has.
    counts: [u8; 2],
}

pub(crate) const fn choice(name: Name, first: u16, old: u8, new: u8) -> Choice {
    Choice { name, first, counts: [old, new] }
}

/// An action with its payloads.
#[derive(Clone, Copy)]
pub(crate) struct Action {
    name: Name,
    flags: u8,
    request: u16,
    /// [`u16::MAX`] where no answer is due.
    response: u16,
}

/// The station sends it.
pub(crate) const FROM_STATION: u16 = 4;
/// The CSMS sends it.
pub(crate) const FROM_CSMS: u16 = 8;

pub(crate) const fn action(name: Name, flags: u16, request: u16, response: u16) -> Action {
    Action { name, flags: flags as u8, request, response }
}

/// What a value must be.
#[derive(Clone, Copy)]
pub(crate) enum Shape {
    /// A string of at most so many characters.
    Text(usize),
    Uri,
    Integer(i64, i64),
    Decimal(i64, i64),
    Tenths,
    Boolean,
    Time,
    Json,
    CustomData,
    /// A value of the enumeration with this number.
    Choice(u16),
    /// The object with this number.
    Object(u16),
}

impl Tables {
    #[inline]
    pub(crate) fn text(&self, name: Name) -> &'static str {
        let Name([low, high, length]) = name;
        let at = usize::from(u16::from_le_bytes([low, high]));
        self.texts.get(at..at + usize::from(length)).unwrap_or_default()
    }

    /// The members of an object, in the order in which they are written.
    #[inline]
    pub(crate) fn members(&self, object: u16) -> &'static [Member] {
        let at = |index: usize| self.objects.get(index).map_or(0, |first| usize::from(*first));
        let index = usize::from(object);
        self.members.get(at(index)..at(index + 1)).unwrap_or_default()
    }

    /// The member of an object in this row.
    pub(crate) fn member(&self, object: u16, row: u8) -> Option<Member> {
        match row {
            COMMON => self.common.first().copied(),
            row => self.members(object).get(usize::from(row)).copied(),
        }
    }

    #[inline]
    pub(crate) fn name(&self, member: Member) -> &'static str {
        self.text(member.name())
    }

    pub(crate) fn bounds(&self, member: Member) -> (usize, usize) {
        let (min, max) = self.bounds.get(usize::from(member.bounds())).copied().unwrap_or_default();
        (usize::from(min), unlimited(max))
    }

    pub(crate) fn shape(&self, member: Member) -> Shape {
        let argument = member.kind & 0xFFF;
        let range = || self.ranges.get(usize::from(argument)).copied().unwrap_or((i64::MIN, i64::MAX));
        match member.kind & 0xF000 {
            URI => Shape::Uri,
            INTEGER => {
                let (min, max) = range();
                Shape::Integer(min, max)
            }
            DECIMAL => {
                let (min, max) = range();
                Shape::Decimal(min, max)
            }
            TENTHS => Shape::Tenths,
            BOOLEAN => Shape::Boolean,
            TIME => Shape::Time,
            JSON => Shape::Json,
            CUSTOM => Shape::CustomData,
            CHOICE => Shape::Choice(argument),
            OBJECT => Shape::Object(argument),
            _ => Shape::Text(self.limits.get(usize::from(argument)).map_or(usize::MAX, |max| unlimited(*max))),
        }
    }

    /// The name of an enumeration.
    pub(crate) fn choice_name(&self, choice: u16) -> &'static str {
        self.choices.get(usize::from(choice)).map_or("", |choice| self.text(choice.name))
    }

    /// The text of a value, if the edition has it.
    pub(crate) fn choice_text(&self, choice: u16, value: usize, column: u8) -> Option<&'static str> {
        let choice = self.choices.get(usize::from(choice))?;
        let count = choice.counts.get(usize::from(column)).copied().unwrap_or_default();
        if value >= usize::from(count) {
            return None;
        }
        self.values.get(usize::from(choice.first) + value).map(|name| self.text(*name))
    }

    /// The text of a value that any edition has.
    pub(crate) fn any_choice_text(&self, choice: u16, value: u8) -> &'static str {
        let text = self.choice_text(choice, value.into(), 0).or_else(|| self.choice_text(choice, value.into(), 1));
        text.unwrap_or(UNRECOGNIZED)
    }

    /// The number of the value with this text, in any edition.
    pub(crate) fn find_any_choice(&self, choice: u16, text: &str) -> Option<usize> {
        self.find_choice(choice, text, 0).or_else(|| self.find_choice(choice, text, 1))
    }

    /// The number of the value with this text.
    pub(crate) fn find_choice(&self, choice: u16, text: &str, column: u8) -> Option<usize> {
        let choice = self.choices.get(usize::from(choice))?;
        let count = choice.counts.get(usize::from(column)).copied().unwrap_or_default();
        let first = usize::from(choice.first);
        let values = self.values.get(first..first + usize::from(count)).unwrap_or_default();
        values.iter().position(|value| usize::from(value.0[2]) == text.len() && self.text(*value) == text)
    }
}

fn unlimited(max: u16) -> usize {
    if max == u16::MAX { usize::MAX } else { usize::from(max) }
}

impl Edition {
    /// The number of the action with this name. Names are case-sensitive.
    pub(crate) fn find_action(self, name: &str) -> Option<usize> {
        let has = |action: &Action| self.has(action.flags.into()) && self.tables.text(action.name) == name;
        self.tables.actions.iter().position(has)
    }

    /// The payload of a call or SEND of this action, if the edition has it. Names are case-sensitive.
    pub fn request(self, action: &str) -> Option<ObjectId> {
        let action = self.find_action(action).and_then(|action| u8::try_from(action).ok())?;
        Some(self.tables.payloads(action).0)
    }

    /// The payload that answers a call of this action, if the edition has it and it is answered.
    pub fn response(self, action: &str) -> Option<ObjectId> {
        let action = self.find_action(action).and_then(|action| u8::try_from(action).ok())?;
        self.tables.payloads(action).1
    }
}

impl Tables {
    pub(crate) fn action_name(&self, action: u8) -> &'static str {
        self.actions.get(usize::from(action)).map_or("", |action| self.text(action.name))
    }

    pub(crate) fn direction(&self, action: u8) -> Direction {
        let flags = self.actions.get(usize::from(action)).map_or(0, |action| u16::from(action.flags));
        match (flags & FROM_STATION != 0, flags & FROM_CSMS != 0) {
            (true, false) => Direction::StationToCsms,
            (false, true) => Direction::CsmsToStation,
            (true, true) | (false, false) => Direction::Both,
        }
    }

    /// The payload that is sent, and the one that answers it.
    pub(crate) fn payloads(&self, action: u8) -> (ObjectId, Option<ObjectId>) {
        let Some(action) = self.actions.get(usize::from(action)) else { return (ObjectId(u16::MAX), None) };
        (ObjectId(action.request), (action.response != u16::MAX).then_some(ObjectId(action.response)))
    }
}
