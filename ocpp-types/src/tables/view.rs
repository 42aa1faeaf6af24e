//! A message that was read, and views of its members.

use alloc::{string::String, vec::Vec};
use core::{fmt, marker::PhantomData};

use super::{
    message::View,
    schema::{Edition, ObjectId},
};
use crate::{datetime::UnixMillis, decimal::Decimal};

/// A message that was read: one small slot for each value in it. Texts stay where they are, in the message; those with escape
/// sequences are kept beside it, without them.
pub struct Parsed<'a> {
    pub(super) text: &'a str,
    /// Texts that do not stand in `text` as they are meant. Their offsets count on from its end.
    pub(super) beside: String,
    pub(super) slots: Vec<Slot>,
    pub(super) edition: Edition,
    pub(super) object: ObjectId,
}

/// Without what it says: it may be a secret.
impl fmt::Debug for Parsed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parsed").field("object", &self.object).field("values", &self.slots.len()).finish()
    }
}

/// A value. Those of an object or list follow it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Slot {
    /// Integers, mantissas and times are in both halves; texts are an offset and a length; objects and lists say in `high` how many
    /// slots follow that belong to them.
    pub low: u32,
    pub high: u32,
    /// The row of the member in the object's table.
    pub member: u8,
    /// The digits after a decimal's point, the number of an enumeration's value, or one of the constants.
    pub detail: u8,
}

impl Slot {
    /// An object or list.
    pub const COMPOSITE: u8 = 254;
    /// A text outside its enumeration.
    pub const UNLISTED: u8 = 255;
    /// The member of a value that does not count.
    pub const VOID: u8 = 255;

    pub fn number(self) -> i64 {
        (u64::from(self.high) << 32 | u64::from(self.low)).cast_signed()
    }

    /// How many slots it takes with those that belong to it.
    #[inline]
    pub fn length(self) -> u32 {
        if self.detail == Self::COMPOSITE { self.high.saturating_add(1) } else { 1 }
    }
}

impl<'a> Parsed<'a> {
    /// The edition by whose tables it was read.
    pub fn edition(&self) -> Edition {
        self.edition
    }

    /// The members, by the view of this object. By that of another object there are none.
    pub fn view<V: View>(&self) -> V::Of<'_> {
        V::of(self.node_of(V::OBJECT))
    }

    fn node_of(&self, object: ObjectId) -> Node<'_> {
        if object == self.object { self.root() } else { Node { parsed: self, from: 0, to: 0 } }
    }

    /// The message with texts of its own, so that it outlives what it was read from.
    pub fn into_owned(self) -> Parsed<'static> {
        let Self { text, mut beside, slots, edition, object } = self;
        // Offsets beside the text count on from its end, so that they stay.
        beside.insert_str(0, text);
        Parsed { text: "", beside, slots, edition, object }
    }

    pub(super) fn root(&self) -> Node<'_> {
        Node { parsed: self, from: 0, to: u32::try_from(self.slots.len()).unwrap_or(u32::MAX) }
    }

    fn slot(&self, at: u32) -> Slot {
        usize::try_from(at).ok().and_then(|at| self.slots.get(at)).copied().unwrap_or_default()
    }
}

/// The members of an object, or the items of a list.
#[derive(Clone, Copy, Debug)]
pub struct Node<'m> {
    parsed: &'m Parsed<'m>,
    from: u32,
    to: u32,
}

/// No slot has this number.
const NOWHERE: u32 = u32::MAX;

impl<'m> Node<'m> {
    /// The slot of a member that is in one row of the first edition and in another of the second.
    fn find(self, rows: u16) -> u32 {
        self.find_row((rows >> (8 * self.parsed.edition.column)) as u8).map_or(NOWHERE, |found| found.at)
    }

    pub(super) fn find_row(mut self, row: u8) -> Option<Found<'m>> {
        while let Some(found) = self.next() {
            if found.slot().member == row {
                return Some(found);
            }
        }
        None
    }

    /// The next value.
    pub(super) fn next(&mut self) -> Option<Found<'m>> {
        if self.from >= self.to {
            return None;
        }
        let found = Found { parsed: self.parsed, at: self.from };
        self.from = self.from.saturating_add(found.slot().length());
        Some(found)
    }

    /// The edition of the message.
    pub fn edition(self) -> Edition {
        self.parsed.edition
    }

    /// A member that must be there. Nothing is read that lacks it; an empty value would stand for it.
    pub(crate) fn required<T: Value<'m>>(self, rows: u16) -> T {
        T::of(Found { parsed: self.parsed, at: self.find(rows) })
    }

    pub(crate) fn optional<T: Value<'m>>(self, rows: u16) -> Option<T> {
        match self.find(rows) {
            NOWHERE => None,
            at => Some(T::of(Found { parsed: self.parsed, at })),
        }
    }

    pub(crate) fn list<T: Value<'m>>(self, rows: u16) -> List<'m, T> {
        List(Found { parsed: self.parsed, at: self.find(rows) }.node(), PhantomData)
    }
}

/// A value of a message.
#[derive(Clone, Copy, Debug)]
pub struct Found<'m> {
    parsed: &'m Parsed<'m>,
    at: u32,
}

impl<'m> Found<'m> {
    pub(super) fn slot(self) -> Slot {
        self.parsed.slot(self.at)
    }

    /// The text, without escape sequences.
    pub(super) fn text(self) -> &'m str {
        let Slot { low, high, .. } = self.slot();
        let (at, length) = (usize::try_from(low).unwrap_or_default(), usize::try_from(high).unwrap_or_default());
        let (text, at) = match at.checked_sub(self.parsed.text.len()) {
            Some(beside) => (self.parsed.beside.as_str(), beside),
            None => (self.parsed.text, at),
        };
        text.get(at..at.saturating_add(length)).unwrap_or_default()
    }

    pub(super) fn decimal(self) -> Decimal {
        Decimal::from_scaled(self.slot().number(), self.slot().detail)
    }

    /// The number of an enumeration's value; a large one for a text outside.
    pub(crate) fn choice(self) -> u8 {
        self.slot().detail
    }

    /// What belongs to an object or list.
    pub(crate) fn node(self) -> Node<'m> {
        let from = self.at.saturating_add(1);
        let slot = self.slot();
        let inside = if slot.detail == Slot::COMPOSITE { slot.high } else { 0 };
        Node { parsed: self.parsed, from, to: from.saturating_add(inside) }
    }
}

/// What an accessor of a view gives.
pub trait Value<'m> {
    /// The value found.
    fn of(found: Found<'m>) -> Self;
}

impl<'m> Value<'m> for &'m str {
    fn of(found: Found<'m>) -> Self {
        found.text()
    }
}

impl<'m> Value<'m> for i64 {
    fn of(found: Found<'m>) -> Self {
        found.slot().number()
    }
}

impl<'m> Value<'m> for Decimal {
    fn of(found: Found<'m>) -> Self {
        found.decimal()
    }
}

impl<'m> Value<'m> for bool {
    fn of(found: Found<'m>) -> Self {
        found.slot().low != 0
    }
}

impl<'m> Value<'m> for UnixMillis {
    fn of(found: Found<'m>) -> Self {
        Self(found.slot().number())
    }
}

/// The items of a list; empty if the list is absent.
#[derive(Clone, Copy, Debug)]
pub struct List<'m, T>(Node<'m>, PhantomData<fn() -> T>);

impl<'m, T: Value<'m>> List<'m, T> {
    /// Whether it has no items.
    pub fn is_empty(self) -> bool {
        self.0.from >= self.0.to
    }

    /// The number of items.
    pub fn len(self) -> usize {
        let mut items = self.0;
        core::iter::from_fn(|| items.next()).count()
    }
}

impl<'m, T: Value<'m>> Iterator for List<'m, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.0.next().map(T::of)
    }
}
