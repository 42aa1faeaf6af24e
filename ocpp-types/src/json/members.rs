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
        let null = self.lenience.is_some() && self.absent_by_null()?;
        if !null {
            self.begin_object()?;
        }
        Ok(Members { names, next: 0, seen: 0, start, null })
    }
}

impl Reader<'_> {
    /// Whether the next value is a `null` that may be taken for nothing; it is passed over then.
    #[cold]
    fn absent_by_null(&mut self) -> Result<bool, Fault> {
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
        while !self.null {
            let Some(start) = reader.begin_key()? else { return Ok(None) };
            let index = match self.spelt_plainly(reader.rest()) {
                Some((index, length)) => {
                    reader.pass_key(length)?;
                    index
                }
                None => {
                    let key = reader.key()?;
                    match self.names.iter().position(|name| *name == key) {
                        Some(index) => index,
                        None => {
                            reader.repair(RepairKind::ExtraMember, Rule::UnknownMember, start, &key)?;
                            reader.skip_value()?;
                            continue;
                        }
                    }
                }
            };
            self.next = index.saturating_add(1);
            let bit = 1_u64.wrapping_shl(u32::try_from(index).unwrap_or_default());
            if self.seen & bit != 0 {
                reader.repair(RepairKind::DuplicateMember, Rule::DuplicateMember, start, "")?;
            }
            self.seen |= bit;
            if reader.lenience.is_none() || !reader.absent_by_null()? {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }

    /// The index and length of the name that `text`, which begins with a quote, begins with. Names with escape sequences are not
    /// recognised.
    fn spelt_plainly(&self, text: &[u8]) -> Option<(usize, usize)> {
        let (_, text) = text.split_first()?;
        let first = text.first();
        let is_next = |name: &str| {
            // The first letter tells most names apart, without a call.
            name.as_bytes().first() == first
                && text.strip_prefix(name.as_bytes()).is_some_and(|rest| rest.first() == Some(&b'"'))
        };
        let (before, after) = self.names.split_at_checked(self.next)?;
        let found = after.iter().position(|name| is_next(name)).map(|index| index + before.len());
        let index = found.or_else(|| before.iter().position(|name| is_next(name)))?;
        self.names.get(index).map(|name| (index, name.len()))
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
