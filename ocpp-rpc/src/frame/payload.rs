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
}

impl<'a> Payload<'a> {
    /// The payload that comes next in the frame's array.
    pub(super) fn at(mut reader: Reader<'a>, limits: &Limits) -> Result<Self, FrameRule> {
        if !reader.next_element()? {
            return Err(FrameRule::Missing("payload"));
        }
        reader.peek()?;
        let rest = reader.text().get(reader.position()..).unwrap_or_default();
        Ok(Self { rest, depth: limits.depth.saturating_sub(1) })
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
        let mut reader = Reader::lenient(self.rest, self.depth, quirks);
        let value = self.read(&mut reader, |reader| T::read(reader))?;
        Ok(Decoded { value, repairs: reader.take_repairs(0) })
    }

    /// Reads the payload with `read`, which must read exactly one value.
    pub fn decode_with<T>(&self, read: impl FnOnce(&mut Reader<'a>) -> Result<T, Fault>) -> Result<T, Violation> {
        self.read(&mut Reader::with_depth(self.rest, self.depth), read)
    }

    /// The payload's JSON text, after checking that it is one object and that the frame ends after it.
    pub fn raw(&self) -> Result<&'a str, Violation> {
        self.decode_with(|reader| match reader.peek()? {
            Kind::Object => reader.raw_value(),
            _ => Err(reader.mismatch(Kind::Object)),
        })
    }

    fn read<T>(
        &self,
        reader: &mut Reader<'a>,
        read: impl FnOnce(&mut Reader<'a>) -> Result<T, Fault>,
    ) -> Result<T, Violation> {
        let value = match null_read(reader) {
            None => read(reader),
            Some(passed) => passed.and_then(|()| read(&mut Reader::new("{}"))),
        };
        match value.and_then(|value| end(reader).map(|()| value)) {
            Ok(value) => Ok(value),
            Err(fault) => Err(self.locate(&fault)),
        }
    }

    #[cold]
    fn locate(&self, fault: &Fault) -> Violation {
        Violation::locate(fault, self.rest, 0)
    }
}

/// Passes over a `null`, if that is what comes.
fn null_read(reader: &mut Reader<'_>) -> Option<Result<(), Fault>> {
    let is_null = reader.peek().is_ok_and(|kind| kind == Kind::Null);
    is_null.then(|| reader.null())
}

impl fmt::Debug for Payload<'_> {
    /// Shows nothing of the payload: it may hold tokens and keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} bytes)", self.rest.len())
    }
}

/// Closes the frame's array and checks that nothing follows.
fn end(reader: &mut Reader<'_>) -> Result<(), Fault> {
    if reader.next_element()? {
        return Err(reader.fault(Rule::Syntax(Syntax::TrailingText)));
    }
    reader.finish()
}
