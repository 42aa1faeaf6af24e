use alloc::vec::Vec;
use core::fmt;

use ocpp_types::json::{Kind, Reader, Syntax};
use ocpp_types::lenient::{Decoded, Quirks};
use ocpp_types::{Decode, Fault, Rule, Violation};

use super::FrameRule;
use crate::Limits;

/// The payload of a frame, not yet parsed: the text from the payload's first character to the end of the frame.
///
/// Reading it checks in the same pass that the frame ends after it. `null` counts as `{}` (OCPP-J 1.6 §4.2.1, Part 4
/// §4.1.5). Paths and offsets of a [`Violation`] count from the payload. It may be read more than once.
#[derive(Clone, Copy)]
pub struct Payload<'a> {
    rest: &'a str,
    depth: u8,
    is_alone: bool,
}

impl<'a> Payload<'a> {
    /// The payload that comes next in the frame's array.
    pub(super) fn at(mut reader: Reader<'a>, limits: &Limits) -> Result<Self, FrameRule> {
        if !reader.next_element()? {
            return Err(FrameRule::Missing("payload"));
        }
        reader.peek()?;
        let rest = reader.text().get(reader.position()..).unwrap_or_default();
        Ok(Self { rest, depth: limits.depth.saturating_sub(1), is_alone: false })
    }

    /// A payload that comes in no frame: the whole text is its JSON.
    pub fn alone(text: &'a str, limits: &Limits) -> Self {
        Self { rest: text, depth: limits.depth.saturating_sub(1), is_alone: true }
    }

    /// Reads the payload as a `T`, which must keep every rule of its schema.
    pub fn decode<T: Decode>(&self) -> Result<T, Violation> {
        self.decode_with(|reader| T::read(reader))
    }

    /// Reads the payload strictly and, if that fails, with the repairs that `quirks` allow.
    pub fn decode_lenient<T: Decode>(&self, quirks: Quirks) -> Result<Decoded<T>, Violation> {
        if let Ok(value) = self.decode() {
            return Ok(Decoded { value, repairs: Vec::new() });
        }
        let mut open = self.open(Some(quirks));
        let value = T::read(&mut open.reader).map_err(|fault| self.locate(&fault))?;
        self.close(&mut open)?;
        Ok(Decoded { value, repairs: open.reader.take_repairs(0) })
    }

    /// Reads the payload with `read`, which must read exactly one value.
    pub fn decode_with<T>(&self, read: impl FnOnce(&mut Reader<'a>) -> Result<T, Fault>) -> Result<T, Violation> {
        let mut open = self.open(None);
        match read(&mut open.reader) {
            Ok(value) => self.close(&mut open).map(|()| value),
            Err(fault) => Err(self.locate(&fault)),
        }
    }

    /// The payload's JSON text, after checking that it is one object and that the frame ends after it.
    pub fn raw(&self) -> Result<&'a str, Violation> {
        self.decode_with(|reader| match reader.peek()? {
            Kind::Object => reader.raw_value(),
            _ => Err(reader.mismatch(Kind::Object)),
        })
    }

    fn reader(&self, quirks: Option<Quirks>) -> Reader<'a> {
        match quirks {
            None => Reader::with_depth(self.rest, self.depth),
            Some(quirks) => Reader::lenient(self.rest, self.depth, quirks),
        }
    }

    /// Comes to the value; an empty object stands for a `null`. None of this is in the generic code, of which there is a lot.
    fn open(&self, quirks: Option<Quirks>) -> Open<'a> {
        let mut null = self.reader(quirks);
        if null.peek().is_ok_and(|kind| kind == Kind::Null) && null.null().is_ok() {
            return Open { reader: Reader::new("{}"), null: Some(null) };
        }
        Open { reader: self.reader(quirks), null: None }
    }

    /// Checks that nothing follows the value but the end of the frame.
    fn close(&self, open: &mut Open<'a>) -> Result<(), Violation> {
        let reader = open.null.as_mut().unwrap_or(&mut open.reader);
        self.end(reader).map_err(|fault| self.locate(&fault))
    }

    /// Closes the frame's array, if there is one, and checks that nothing follows.
    fn end(&self, reader: &mut Reader<'_>) -> Result<(), Fault> {
        if !self.is_alone && reader.next_element()? {
            return Err(reader.fault(Rule::Syntax(Syntax::TrailingText)));
        }
        reader.finish()
    }

    #[cold]
    fn locate(&self, fault: &Fault) -> Violation {
        Violation::locate(fault, self.rest, 0)
    }
}

/// The reading of a payload.
struct Open<'a> {
    reader: Reader<'a>,
    /// Behind the `null` that was there.
    null: Option<Reader<'a>>,
}

impl fmt::Debug for Payload<'_> {
    /// Shows nothing of the payload: it may hold tokens and keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} bytes)", self.rest.len())
    }
}
