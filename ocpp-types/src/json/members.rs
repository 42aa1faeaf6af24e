use super::Reader;
use crate::violation::{Fault, Rule};

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
}

impl<'a> Reader<'a> {
    /// Enters an object that may have the members `names`, at most 64 of them.
    pub fn members(&mut self, names: &'static [&'static str]) -> Result<Members, Fault> {
        self.peek()?;
        let start = self.position();
        self.begin_object()?;
        Ok(Members { names, next: 0, seen: 0, start })
    }
}

impl Members {
    /// Moves to the value of the next member and returns the index of its name. At the end of the object the answer is `None`.
    /// Unknown and repeated members are refused.
    pub fn next(&mut self, reader: &mut Reader<'_>) -> Result<Option<usize>, Fault> {
        let Some(start) = reader.begin_key()? else { return Ok(None) };
        let index = match self.names.get(self.next) {
            Some(likely) if reader.skip_key(likely)? => self.next,
            _ => {
                let key = reader.key()?;
                match self.names.iter().position(|name| *name == key) {
                    Some(index) => index,
                    None => return Err(Fault::new(Rule::UnknownMember, start)),
                }
            }
        };
        self.next = index.saturating_add(1);
        let bit = 1_u64.wrapping_shl(u32::try_from(index).unwrap_or_default());
        if self.seen & bit != 0 {
            return Err(Fault::new(Rule::DuplicateMember, start));
        }
        self.seen |= bit;
        Ok(Some(index))
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
