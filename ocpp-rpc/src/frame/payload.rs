#[cfg(feature = "lenient")]
use alloc::vec::Vec;
use core::fmt;

use ocpp_types::json::{Kind, Reader, Syntax};
#[cfg(feature = "lenient")]
use ocpp_types::lenient::{Absences, Decoded, Quirks, Repair, RepairKind, Salvage};
#[cfg(all(
    feature = "tables",
    not(feature = "lenient"),
    any(feature = "v1_6", feature = "v2_0_1", feature = "v2_1")
))]
use ocpp_types::lenient::{Quirks, RepairKind};
#[cfg(all(feature = "tables", any(feature = "v1_6", feature = "v2_0_1", feature = "v2_1")))]
use ocpp_types::tables::{Edition, ObjectId, Parsed};
use ocpp_types::{Decode, Fault, Rule, Violation};

use super::FrameRule;
use crate::Limits;

/// The payload of a frame, not yet parsed: the text from the payload's first character to the end of the frame.
///
/// Reading it checks in the same pass that the frame ends after it. `null` counts as `{}` (OCPP-J 1.6 §4.2.1, Part 4
/// §4.1.5). Paths and offsets of a [`Violation`] count from the payload. It may be read more than once.
#[derive(Clone, Copy)]
pub struct Payload<'a> {
    /// What comes before the payload.
    head: &'a str,
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
        let (head, rest) = reader.text().split_at_checked(reader.position()).unwrap_or_default();
        Ok(Self { head, rest, depth: limits.depth.saturating_sub(1), is_alone: false })
    }

    /// A payload that comes in no frame: the whole text is its JSON.
    pub fn alone(text: &'a str, limits: &Limits) -> Self {
        Self { head: "", rest: text, depth: limits.depth.saturating_sub(1), is_alone: true }
    }

    /// Reads the payload as a `T`, which must keep every rule of its schema.
    pub fn decode<T: Decode>(&self) -> Result<T, Violation> {
        self.decode_with(|reader| T::read(reader))
    }

    /// Reads the payload as this object of the tables, which must keep every rule of its schema. With `keeps_unknown` a text outside
    /// its enumeration is read as `Unrecognized`.
    #[cfg(all(feature = "tables", any(feature = "v1_6", feature = "v2_0_1", feature = "v2_1")))]
    pub fn parse(&self, edition: Edition, object: ObjectId, keeps_unknown: bool) -> Result<Parsed<'a>, Violation> {
        let mut open = self.open_strict();
        self.parse_from(&mut open, edition, object, keeps_unknown).map_err(|fault| self.locate(&fault))
    }

    /// Reads the payload as this object of the tables: strictly and, if that fails, with the repairs that `quirks` allow. What cannot
    /// be read is taken for absent, if they allow that; `absences` are required members that can be borne to be absent.
    #[cfg(all(feature = "tables", feature = "lenient", any(feature = "v1_6", feature = "v2_0_1", feature = "v2_1")))]
    pub fn parse_lenient(
        &self,
        edition: Edition,
        object: ObjectId,
        quirks: Quirks,
        absences: Absences,
    ) -> Result<Decoded<Parsed<'a>>, Violation> {
        let mut attempt = Attempt { payload: *self, quirks, absences, refused: None, salvage: None };
        loop {
            let payload = attempt.payload();
            let (read, repairs) = match attempt.salvage {
                None => self.parse_attempt(edition, object, attempt.quirks()),
                Some(_) => {
                    let (read, repairs) = payload.parse_attempt(edition, object, attempt.quirks());
                    (read.map(Parsed::into_owned), repairs)
                }
            };
            match read {
                Ok(value) => return Ok(Decoded { value, repairs: attempt.end(repairs) }),
                Err(fault) => attempt.again(&fault)?,
            }
        }
    }

    #[cfg(all(feature = "tables", feature = "lenient", any(feature = "v1_6", feature = "v2_0_1", feature = "v2_1")))]
    fn parse_attempt(
        &self,
        edition: Edition,
        object: ObjectId,
        quirks: Option<Quirks>,
    ) -> (Result<Parsed<'a>, Fault>, Vec<Repair>) {
        let mut open = self.open(quirks);
        let read = self.parse_from(&mut open, edition, object, false);
        (read, open.reader.take_repairs(0))
    }

    #[cfg(all(feature = "tables", any(feature = "v1_6", feature = "v2_0_1", feature = "v2_1")))]
    fn parse_from(
        &self,
        open: &mut Open<'a>,
        edition: Edition,
        object: ObjectId,
        keeps_unknown: bool,
    ) -> Result<Parsed<'a>, Fault> {
        let mut parsed = Parsed::new(edition, object);
        let quirks = if keeps_unknown { Quirks::NONE.with(RepairKind::UnknownValue) } else { Quirks::NONE };
        parsed.read(&mut open.reader, quirks)?;
        self.close(open)?;
        Ok(parsed)
    }

    /// Reads the payload strictly and, if that fails, with the repairs that `quirks` allow. Nothing is taken for absent
    /// ([`Unreadable`](RepairKind::Unreadable)).
    #[cfg(feature = "lenient")]
    pub fn decode_lenient<T: Decode>(&self, quirks: Quirks) -> Result<Decoded<T>, Violation> {
        if let Ok(value) = self.decode() {
            return Ok(Decoded { value, repairs: Vec::new() });
        }
        let mut open = self.open(Some(quirks));
        let value = T::read(&mut open.reader).and_then(|value| self.close(&mut open).map(|()| value));
        let value = value.map_err(|fault| self.locate(&fault))?;
        Ok(Decoded { value, repairs: open.reader.take_repairs(0) })
    }

    /// Like [`decode_lenient`](Self::decode_lenient), and what cannot be read is taken for absent, if `quirks` allow it. `absences`
    /// are required members that can be borne to be absent. The value is read by `read`, which is called for each attempt.
    #[cfg(feature = "lenient")]
    pub fn decode_lenient_with<T>(
        &self,
        quirks: Quirks,
        absences: Absences,
        read: impl Fn(&mut Reader<'_>) -> Result<T, Fault>,
    ) -> Result<Decoded<T>, Violation> {
        let mut attempt = Attempt { payload: *self, quirks, absences, refused: None, salvage: None };
        loop {
            let payload = attempt.payload();
            let mut open = payload.open(attempt.quirks());
            let value = read(&mut open.reader).and_then(|value| payload.close(&mut open).map(|()| value));
            match value {
                Ok(value) => {
                    let repairs = open.reader.take_repairs(0);
                    return Ok(Decoded { value, repairs: attempt.end(repairs) });
                }
                Err(fault) => attempt.again(&fault)?,
            }
        }
    }

    /// The text of the whole frame in two parts, the second from the payload on. The first is empty if it comes in no frame.
    pub fn frame(&self) -> (&'a str, &'a str) {
        (self.head, self.rest)
    }

    /// Reads the payload with `read`, which must read exactly one value.
    pub fn decode_with<T>(&self, read: impl FnOnce(&mut Reader<'a>) -> Result<T, Fault>) -> Result<T, Violation> {
        let mut open = self.open_strict();
        match read(&mut open.reader) {
            Ok(value) => self.close(&mut open).map(|()| value),
            Err(fault) => Err(fault),
        }
        .map_err(|fault| self.locate(&fault))
    }

    /// The payload's JSON text, after checking that it is one object and that the frame ends after it.
    pub fn raw(&self) -> Result<&'a str, Violation> {
        self.decode_with(|reader| match reader.peek()? {
            Kind::Object => reader.raw_value(),
            _ => Err(reader.mismatch(Kind::Object)),
        })
    }

    /// Comes to the value.
    fn open_strict(&self) -> Open<'a> {
        self.open_with(&|rest| Reader::with_depth(rest, self.depth))
    }

    #[cfg(feature = "lenient")]
    fn open(&self, quirks: Option<Quirks>) -> Open<'a> {
        match quirks {
            None => self.open_strict(),
            Some(quirks) => self.open_with(&|rest| Reader::lenient(rest, self.depth, quirks)),
        }
    }

    /// An empty object stands for a `null`. None of this is in the generic code, of which there is a lot.
    fn open_with(&self, reader: &dyn Fn(&'a str) -> Reader<'a>) -> Open<'a> {
        let mut null = reader(self.rest);
        if null.peek().is_ok_and(|kind| kind == Kind::Null) && null.null().is_ok() {
            return Open { reader: Reader::new("{}"), null: Some(null) };
        }
        Open { reader: reader(self.rest), null: None }
    }

    /// Checks that nothing follows the value but the end of the frame.
    fn close(&self, open: &mut Open<'a>) -> Result<(), Fault> {
        self.end(open.null.as_mut().unwrap_or(&mut open.reader))
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

/// The attempts to read a payload: strictly, with repairs, and without what cannot be read.
#[cfg(feature = "lenient")]
struct Attempt<'a> {
    payload: Payload<'a>,
    quirks: Quirks,
    absences: Absences,
    /// Why it cannot be read with repairs, or only that it cannot strictly.
    refused: Option<Option<Violation>>,
    salvage: Option<Salvage>,
}

#[cfg(feature = "lenient")]
impl Attempt<'_> {
    fn payload(&self) -> Payload<'_> {
        match &self.salvage {
            Some(salvage) => Payload { rest: salvage.text(), ..self.payload },
            None => self.payload,
        }
    }

    fn quirks(&self) -> Option<Quirks> {
        self.refused.as_ref().map(|_| self.quirks)
    }

    /// Prepares for the next attempt, or says what is wrong: what the quirks do not mend, not what they would have.
    #[cold]
    fn again(&mut self, fault: &Fault) -> Result<(), Violation> {
        if self.refused.is_none() && self.quirks != Quirks::NONE {
            self.refused = Some(None);
            return Ok(());
        }
        let violation = match self.refused.take().flatten() {
            Some(first) => first,
            None => self.payload().locate(fault),
        };
        if !self.quirks.allows(RepairKind::Unreadable) {
            return Err(violation);
        }
        let salvage = self.salvage.get_or_insert_with(|| Salvage::new(self.payload.rest, self.absences));
        if !salvage.take_out(fault) {
            return Err(violation);
        }
        self.refused = Some(Some(violation));
        Ok(())
    }

    fn end(self, mut repairs: Vec<Repair>) -> Vec<Repair> {
        if let Some(salvage) = self.salvage {
            salvage.tell(&mut repairs);
        }
        repairs
    }
}

impl fmt::Debug for Payload<'_> {
    /// Shows nothing of the payload: it may hold tokens and keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} bytes)", self.rest.len())
    }
}
