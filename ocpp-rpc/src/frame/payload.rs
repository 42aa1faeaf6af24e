use ocpp_types::json::{Kind, Reader, Syntax};
use ocpp_types::violation::{Fault, Rule, Violation};

use super::FrameRule;
use crate::Limits;

/// The payload of a frame, not yet parsed: the text from the payload's first character to the end of the frame.
///
/// Reading it checks in the same pass that the frame ends after it. `null` counts as `{}` (OCPP-J 1.6 §4.2.1, Part 4
/// §4.1.5). Paths and offsets of a [`Violation`] count from the payload. It may be read more than once.
#[derive(Clone, Copy, Debug)]
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

    /// Reads the payload with `read`, which must read exactly one value.
    pub fn decode_with<T>(&self, read: impl FnOnce(&mut Reader<'a>) -> Result<T, Fault>) -> Result<T, Violation> {
        let mut reader = Reader::with_depth(self.rest, self.depth);
        let value = if reader.peek().is_ok_and(|kind| kind == Kind::Null) {
            reader.null().and_then(|()| read(&mut Reader::new(EMPTY)))
        } else {
            read(&mut reader)
        };
        value
            .and_then(|value| end(&mut reader).map(|()| value))
            .map_err(|fault| Violation::locate(&fault, self.rest, 0))
    }

    /// The payload's JSON text, after checking that it is one object and that the frame ends after it.
    pub fn raw(&self) -> Result<&'a str, Violation> {
        self.decode_with(|reader| match reader.peek()? {
            Kind::Object => reader.raw_value(),
            _ => Err(reader.mismatch(Kind::Object)),
        })
    }
}

/// What `null` stands for.
const EMPTY: &str = "{}";

/// Closes the frame's array and checks that nothing follows.
fn end(reader: &mut Reader<'_>) -> Result<(), Fault> {
    if reader.next_element()? {
        return Err(reader.fault(Rule::Syntax(Syntax::TrailingText)));
    }
    reader.finish()
}
