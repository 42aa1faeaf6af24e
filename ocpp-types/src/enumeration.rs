//! Enumerations, which are texts in JSON.

use crate::{
    json::{Reader, Writer},
    lenient::{RepairKind, Unrecognized},
    violation::{Fault, Rule},
};

/// A text is no value of an enumeration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a value of {0}")]
pub struct UnknownValue(pub &'static str);

/// What [`Enumeration::as_str`] says of a value that was not recognised. No enumeration of OCPP has such a value.
pub const UNRECOGNIZED: &str = "(unrecognized)";

/// An enumeration of a schema.
///
/// Beside the values of the schema it has `Unrecognized`, which only [lenient decoding](crate::lenient) gives and encoding
/// refuses.
pub trait Enumeration: Copy + 'static {
    /// The name of the type.
    const NAME: &'static str;
    /// The values of the schema.
    const VALUES: &'static [Self];

    /// The text of the value.
    fn as_str(self) -> &'static str;

    /// The value that stands for a text outside the enumeration.
    fn unrecognized(text: Unrecognized) -> Self;

    /// What stands for a text outside the enumeration, if this does.
    fn as_unrecognized(self) -> Option<Unrecognized>;

    /// The value with this text.
    fn from_text(text: &str) -> Option<Self> {
        Self::VALUES.iter().copied().find(|value| value.as_str() == text)
    }
}

impl Reader<'_> {
    /// Reads a value of an enumeration.
    pub fn enumeration<T: Enumeration>(&mut self) -> Result<T, Fault> {
        let start = self.value_start();
        match self.plain_string().and_then(T::from_text) {
            Some(value) => Ok(value),
            None => self.odd_enumeration(start),
        }
    }

    #[cold]
    fn odd_enumeration<T: Enumeration>(&mut self, start: usize) -> Result<T, Fault> {
        let text_at = |index: usize| T::VALUES.get(index).map(|value| value.as_str());
        match self.odd_value(start, T::NAME, &text_at)? {
            Odd::Value(index) => {
                T::VALUES.get(index).copied().ok_or_else(|| Fault::new(Rule::NotInEnumeration(T::NAME), start))
            }
            Odd::Unrecognized(text) => Ok(T::unrecognized(text)),
        }
    }

    /// Of any enumeration, so that there is one of it.
    fn odd_value(
        &mut self,
        start: usize,
        name: &'static str,
        text_at: &dyn Fn(usize) -> Option<&'static str>,
    ) -> Result<Odd, Fault> {
        self.seek(start);
        let text = &*self.text_value()?;
        match (0..).map_while(text_at).position(|value| value == text) {
            Some(index) => Ok(Odd::Value(index)),
            None => self.unlisted(start, name, text_at, text),
        }
    }

    /// What a text is that is no value of its enumeration.
    #[cold]
    pub(crate) fn unlisted(
        &mut self,
        start: usize,
        name: &'static str,
        text_at: &dyn Fn(usize) -> Option<&'static str>,
        text: &str,
    ) -> Result<Odd, Fault> {
        let rule = Rule::NotInEnumeration(name);
        let similar = (0..).map_while(text_at).position(|value| value.eq_ignore_ascii_case(text));
        match similar.filter(|_| self.may_repair(RepairKind::LetterCase)) {
            Some(index) => self.repair(RepairKind::LetterCase, rule, start, text).map(|_| Odd::Value(index)),
            None => self.repair(RepairKind::UnknownValue, rule, start, text).map(Odd::Unrecognized),
        }
    }
}

/// What a text that is not plainly a value is.
pub(crate) enum Odd {
    /// The value of this index.
    Value(usize),
    Unrecognized(Unrecognized),
}

impl Writer {
    /// Writes a value of an enumeration and refuses one that was not recognised.
    pub fn enumeration(&mut self, name: &'static str, text: &'static str) {
        if text == UNRECOGNIZED {
            self.refuse(Rule::NotInEnumeration(name));
        }
        self.string(text);
    }
}
