//! One reader for all messages.

use alloc::{borrow::Cow, string::String, vec::Vec};

use super::{
    schema::{COMMON, Edition, HAS_JSON, Member, ObjectId, Shape},
    view::{Parsed, Slot},
};
use crate::{
    datetime::UnixMillis,
    decimal::Decimal,
    enumeration::Odd,
    json::Reader,
    lenient::{Quirks, RepairKind},
    violation::{Fault, Rule, Violation},
};

impl<'a> Parsed<'a> {
    /// A message of which nothing is read yet.
    pub fn new(edition: Edition, object: ObjectId) -> Self {
        Self { text: "", beside: String::new(), slots: Vec::new(), edition, object }
    }

    /// Reads a whole text, strictly.
    pub fn parse(json: &'a str, edition: Edition, object: ObjectId) -> Result<Self, Violation> {
        let mut parsed = Self::new(edition, object);
        let mut reader = Reader::new(json);
        let read = parsed.read(&mut reader, Quirks::NONE).and_then(|()| reader.finish());
        match read {
            Ok(()) => Ok(parsed),
            Err(fault) => Err(Violation::locate(&fault, json, 0)),
        }
    }

    /// Reads the object that comes next. Every rule of its schema is checked, and the first one broken is the fault.
    ///
    /// Of the quirks only [`UnknownValue`](RepairKind::UnknownValue) counts here: with it a text outside its enumeration is kept and
    /// becomes `Unrecognized`. Whether anything else is mended is up to the reader.
    pub fn read(&mut self, reader: &mut Reader<'a>, quirks: Quirks) -> Result<(), Fault> {
        self.text = reader.text();
        self.beside.clear();
        self.slots.clear();
        self.read_object(reader, self.object.0, quirks.allows(RepairKind::UnknownValue))
    }

    /// Reads a whole text strictly and, if that fails, with the repairs that `quirks` allow.
    #[cfg(feature = "lenient")]
    pub fn parse_lenient(
        json: &'a str,
        edition: Edition,
        object: ObjectId,
        quirks: Quirks,
    ) -> Result<crate::lenient::Decoded<Self>, Violation> {
        use crate::{json::DEFAULT_DEPTH, lenient::Decoded};

        if let Ok(value) = Self::parse(json, edition, object) {
            return Ok(Decoded { value, repairs: Vec::new() });
        }
        let mut value = Self::new(edition, object);
        let mut reader = Reader::lenient(json, DEFAULT_DEPTH, quirks);
        let read = value.read(&mut reader, quirks).and_then(|()| reader.finish());
        match read {
            Ok(()) => Ok(Decoded { value, repairs: reader.take_repairs(0) }),
            Err(fault) => Err(Violation::locate(&fault, json, 0)),
        }
    }

    fn read_object(&mut self, reader: &mut Reader<'a>, object: u16, keep: bool) -> Result<(), Fault> {
        let tables = self.edition.tables;
        let members = tables.members(object);
        let start = reader.value_start();
        let first = self.slots.len();
        let (mut seen, mut next) = (0_u64, 0);
        if !(reader.is_lenient() && reader.absent_by_null()?) {
            reader.begin_object()?;
            while let Some(at) = reader.begin_key()? {
                let key = reader.key()?;
                let Some((row, member)) = self.find(members, next, &key) else {
                    reader.repair(RepairKind::ExtraMember, Rule::UnknownMember, at, &key)?;
                    reader.skip_value()?;
                    continue;
                };
                next = row + 1;
                if reader.is_lenient() && reader.absent_by_null()? {
                    continue;
                }
                if seen & bit(row) != 0 {
                    reader.repair(RepairKind::DuplicateMember, Rule::DuplicateMember, at, "")?;
                    self.forget(first, row);
                }
                seen |= bit(row);
                self.member(reader, row as u8, member, keep)?;
            }
        }
        let is_missing = |(row, member): &(usize, &Member)| {
            member.is_required() && seen & bit(*row) == 0 && self.edition.has(member.flags())
        };
        match members.iter().enumerate().find(is_missing) {
            Some((_, member)) => Err(Fault::new(Rule::Missing(tables.name(*member)), start)),
            None => Ok(()),
        }
    }

    /// The row of the member with this name. Members usually come in order, so the search begins behind the last one.
    fn find(&self, members: &[Member], next: usize, key: &str) -> Option<(usize, Member)> {
        let (before, after) = members.split_at_checked(next).unwrap_or((members, &[]));
        let is = |member: &&Member| {
            member.is_as_long_as(key) && self.edition.has(member.flags()) && self.edition.tables.name(**member) == key
        };
        if let Some(member) = after.first().filter(is) {
            return Some((next, *member));
        }
        let numbered = (next..).zip(after).chain((0..).zip(before));
        let common = (usize::from(COMMON)..).zip(self.edition.tables.common);
        numbered.chain(common).find(|(_, member)| is(member)).map(|(row, member)| (row, *member))
    }

    fn member(&mut self, reader: &mut Reader<'a>, row: u8, member: Member, keep: bool) -> Result<(), Fault> {
        if member.bounds() == 0 {
            return self.value(reader, row, member, keep);
        }
        let (min, max) = self.edition.tables.bounds(member);
        let slot = self.open(row);
        // Items without size: only their number is kept here.
        reader.list_with(min, max, |reader| self.value(reader, row, member, keep))?;
        self.close(slot);
        Ok(())
    }

    fn value(&mut self, reader: &mut Reader<'a>, row: u8, member: Member, keep: bool) -> Result<(), Fault> {
        let start = reader.value_start();
        match self.edition.tables.shape(member) {
            Shape::Text(max) => {
                let text = reader.text_at_most(max)?;
                self.push_text(row, 0, start, text);
            }
            Shape::Uri => {
                let text = reader.uri()?;
                self.push_text(row, 0, start, text);
            }
            Shape::Integer(min, max) => {
                let value = reader.integer_in(min, max)?;
                self.push_number(row, 0, value);
            }
            Shape::Decimal(min, max) => {
                let value = reader.decimal_in(min, max)?;
                self.push_decimal(row, value);
            }
            Shape::Tenths => {
                let value = reader.tenths()?;
                self.push_decimal(row, value);
            }
            Shape::Boolean => {
                let value = reader.boolean_value()?;
                self.push_number(row, 0, value.into());
            }
            Shape::Time => {
                let time = UnixMillis::from(reader.moment()?);
                self.push_number(row, 0, time.0);
            }
            Shape::Json | Shape::CustomData if !HAS_JSON => {}
            Shape::Json => {
                let json = reader.raw_value()?;
                self.push_at(row, 0, start, json.len());
            }
            Shape::CustomData => {
                let json = reader.custom_data()?;
                self.push_at(row, 0, start, json.len());
            }
            Shape::Choice(choice) => self.choice(reader, row, choice, keep)?,
            Shape::Object(object) => {
                let slot = self.open(row);
                self.read_object(reader, object, keep)?;
                self.close(slot);
            }
        }
        Ok(())
    }

    fn choice(&mut self, reader: &mut Reader<'a>, row: u8, choice: u16, keep: bool) -> Result<(), Fault> {
        let start = reader.value_start();
        let (text, value) = read_choice(reader, self.edition, choice, keep)?;
        let detail = value.and_then(|value| u8::try_from(value).ok()).unwrap_or(Slot::UNLISTED);
        self.push_text(row, detail, start, text);
        Ok(())
    }

    fn push_number(&mut self, member: u8, detail: u8, value: i64) {
        let value = value.cast_unsigned();
        self.slots.push(Slot { low: value as u32, high: (value >> 32) as u32, member, detail });
    }

    fn push_decimal(&mut self, member: u8, value: Decimal) {
        self.push_number(member, value.scale(), value.mantissa());
    }

    /// A text of the message whose value begins at `start`, with its quote if it has one.
    fn push_text(&mut self, member: u8, detail: u8, start: usize, text: Cow<'a, str>) {
        let at = match &text {
            Cow::Borrowed(_) => start + usize::from(self.text.as_bytes().get(start) == Some(&b'"')),
            Cow::Owned(text) => {
                self.beside.push_str(text);
                self.text.len() + self.beside.len() - text.len()
            }
        };
        self.push_at(member, detail, at, text.len());
    }

    fn push_at(&mut self, member: u8, detail: u8, at: usize, length: usize) {
        let [low, high] = [at, length].map(|value| u32::try_from(value).unwrap_or(u32::MAX));
        self.slots.push(Slot { low, high, member, detail });
    }

    /// Begins an object or list.
    fn open(&mut self, member: u8) -> usize {
        self.slots.push(Slot { low: 0, high: 0, member, detail: Slot::COMPOSITE });
        self.slots.len()
    }

    fn close(&mut self, first: usize) {
        let inside = u32::try_from(self.slots.len() - first).unwrap_or(u32::MAX);
        if let Some(slot) = first.checked_sub(1).and_then(|slot| self.slots.get_mut(slot)) {
            slot.high = inside;
        }
    }

    /// Takes what came first for a member given twice out of count.
    #[cold]
    fn forget(&mut self, first: usize, row: usize) {
        let mut at = first;
        while let Some(slot) = self.slots.get_mut(at) {
            if usize::from(slot.member) == row {
                slot.member = Slot::VOID;
            }
            at += usize::try_from(slot.length()).unwrap_or(usize::MAX);
        }
    }
}

/// Reads a value of an enumeration: its text and its number, none for one outside that is kept.
pub(crate) fn read_choice<'a>(
    reader: &mut Reader<'a>,
    edition: Edition,
    choice: u16,
    keep: bool,
) -> Result<(Cow<'a, str>, Option<usize>), Fault> {
    let Edition { tables, column } = edition;
    let start = reader.value_start();
    let text = reader.text_value()?;
    let value = match tables.find_choice(choice, &text, column) {
        Some(value) => Some(value),
        None if keep && !reader.is_lenient() => None,
        None => {
            let text_at = |value| tables.choice_text(choice, value, column);
            match reader.unlisted(start, tables.choice_name(choice), &text_at, &text)? {
                Odd::Value(value) => Some(value),
                Odd::Unrecognized(_) => None,
            }
        }
    };
    Ok((text, value))
}

/// The bit of a row. No object has more than 64.
#[inline]
fn bit(row: usize) -> u64 {
    1_u64.wrapping_shl(row as u32)
}
