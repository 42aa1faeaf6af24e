use super::{Kind, Reader};
use crate::{
    lenient::RepairKind,
    violation::{Fault, Rule},
};

/// The members of an object whose names are known beforehand; made by [`Reader::members`].
///
/// Members usually come in the order of the schema, so the name after the last one is tried first.
#[derive(Debug)]
pub struct Members {
    names: &'static [&'static str],
    /// The index of the name that is tried first.
    next: usize,
    /// One bit for each name that was seen.
    seen: u64,
    /// The offset of the object.
    start: usize,
    /// Whether a `null` stands for the object.
    null: bool,
}

impl<'a> Reader<'a> {
    /// Enters an object that may have the members `names`, at most 64 of them.
    pub fn members(&mut self, names: &'static [&'static str]) -> Result<Members, Fault> {
        let start = self.value_start();
        let null = self.is_lenient() && self.absent_by_null()?;
        if !null {
            self.begin_object()?;
        }
        Ok(Members { names, next: 0, seen: 0, start, null })
    }
}

impl Reader<'_> {
    /// Whether the next value is a `null` that may be taken for nothing; it is passed over then.
    #[cold]
    pub(crate) fn absent_by_null(&mut self) -> Result<bool, Fault> {
        let start = self.value_start();
        if !self.may_repair(RepairKind::Null) || self.peek()? != Kind::Null {
            return Ok(false);
        }
        self.repair(RepairKind::Null, Rule::Null, start, "")?;
        self.null().map(|()| true)
    }
}

impl Members {
    /// Moves to the value of the next member and returns the index of its name. At the end of the object the answer is `None`.
    ///
    /// Unknown and repeated members are refused. A lenient reader passes over unknown members and over those that are `null`, and
    /// comes to repeated ones again.
    pub fn next(&mut self, reader: &mut Reader<'_>) -> Result<Option<usize>, Fault> {
        if !reader.is_lenient()
            && let Some(text) = reader.name_ahead()
            && let Some((index, value)) = self.spelt_plainly(text)
        {
            let bit = bit(index);
            if self.seen & bit == 0 {
                self.seen |= bit;
                self.next = index + 1;
                reader.pass_name(reader.text().len() - value.len());
                return Ok(Some(index));
            }
        }
        self.next_in_any_form(reader)
    }

    fn next_in_any_form(&mut self, reader: &mut Reader<'_>) -> Result<Option<usize>, Fault> {
        while !self.null {
            let Some(start) = reader.begin_key()? else { return Ok(None) };
            let key = reader.key()?;
            let Some(index) = self.names.iter().position(|name| *name == key) else {
                reader.repair(RepairKind::ExtraMember, Rule::UnknownMember, start, &key)?;
                reader.skip_value()?;
                continue;
            };
            self.next = index + 1;
            if reader.is_lenient() && reader.absent_by_null()? {
                continue;
            }
            if self.seen & bit(index) != 0 {
                reader.repair(RepairKind::DuplicateMember, Rule::DuplicateMember, start, "")?;
            }
            self.seen |= bit(index);
            return Ok(Some(index));
        }
        Ok(None)
    }

    /// The index of the name that `text` begins with, and what follows its quote and colon.
    #[inline]
    fn spelt_plainly<'t>(&self, text: &'t [u8]) -> Option<(usize, &'t [u8])> {
        let (before, after) = self.names.split_at_checked(self.next)?;
        for (index, name) in after.iter().enumerate() {
            if let Some(value) = after_name(text, name) {
                return Some((before.len() + index, value));
            }
        }
        before.iter().enumerate().find_map(|(index, name)| after_name(text, name).map(|value| (index, value)))
    }

    /// The value of the required member with the name at `index`; a fault if it was not there.
    pub fn required<T>(&self, index: usize, value: Option<T>) -> Result<T, Fault> {
        match value {
            Some(value) => Ok(value),
            None => Err(self.missing(index)),
        }
    }

    #[cold]
    fn missing(&self, index: usize) -> Fault {
        Fault::new(Rule::Missing(self.names.get(index).copied().unwrap_or_default()), self.start)
    }
}

fn bit(index: usize) -> u64 {
    1_u64.wrapping_shl(u32::try_from(index).unwrap_or_default())
}

/// What follows `name`, a quote and a colon at the beginning of `text`.
#[inline]
fn after_name<'t>(text: &'t [u8], name: &str) -> Option<&'t [u8]> {
    let (spelt, rest) = text.split_at_checked(name.len())?;
    // Where the name ends tells most names apart.
    let [b'"', b':', value @ ..] = rest else { return None };
    is_same(spelt, name.as_bytes()).then_some(value)
}

/// Whether two texts of the same length are equal. Names are short: comparing them in place is quicker than a call.
#[inline]
fn is_same(one: &[u8], other: &[u8]) -> bool {
    if one.len() > 16 {
        return one == other;
    }
    match (one.first_chunk::<8>(), one.last_chunk::<8>()) {
        (Some(first), Some(last)) => other.first_chunk() == Some(first) && other.last_chunk() == Some(last),
        _ => one.iter().eq(other),
    }
}
