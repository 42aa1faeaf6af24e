#[cfg(all(feature = "tables", any(feature = "v1_6", feature = "v2_0_1", feature = "v2_1")))]
use alloc::boxed::Box;
use alloc::string::String;

#[cfg(all(feature = "tables", any(feature = "v1_6", feature = "v2_0_1", feature = "v2_1")))]
use super::Reader;
use super::scan::plain_length;
use crate::violation::{Fault, Rule, Violation};

/// Appends JSON to a text.
///
/// The writer puts the commas; the caller keeps the order of keys, values and brackets right. A value that its schema forbids is
/// written all the same and remembered with [`refuse`](Self::refuse), so that [`finish`](Self::finish) can say what and where it
/// was.
///
/// ```
/// use ocpp_types::json::Writer;
///
/// let mut writer = Writer::new();
/// writer.begin_array();
/// writer.integer(2);
/// writer.string("id");
/// writer.begin_object();
/// writer.key("a");
/// writer.boolean(true);
/// writer.end_object();
/// writer.end_array();
/// assert_eq!(writer.finish().unwrap(), r#"[2,"id",{"a":true}]"#);
/// ```
#[derive(Debug)]
pub struct Writer {
    text: String,
    /// The offset at which the document of this writer begins.
    start: usize,
    fault: Option<Fault>,
}

impl Default for Writer {
    fn default() -> Self {
        Self::new()
    }
}

impl Writer {
    /// A writer with an empty text that has room for a small message.
    pub fn new() -> Self {
        Self::append(String::with_capacity(128))
    }

    /// A writer that appends to `text`, whose capacity and contents are kept.
    pub fn append(text: String) -> Self {
        Self { start: text.len(), text, fault: None }
    }

    /// What was written so far, with what was there before.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text, or the first value that was refused, with its path from the outermost value written.
    pub fn finish(self) -> Result<String, Violation> {
        match self.fault {
            None => Ok(self.text),
            Some(fault) => Err(Violation::locate(&fault, &self.text, self.start)),
        }
    }

    /// The first value that was refused.
    pub fn refused(&self) -> Option<&Fault> {
        self.fault.as_ref()
    }

    /// Remembers that the value written next breaks `rule`, unless an earlier one is remembered already.
    #[cold]
    pub fn refuse(&mut self, rule: Rule) {
        if self.fault.is_none() {
            // A comma may come first; the value begins behind it.
            let comma = usize::from(self.needs_comma());
            self.fault = Some(Fault::new(rule, self.text.len() + comma));
        }
    }

    /// Begins an object.
    pub fn begin_object(&mut self) {
        self.comma();
        self.text.push('{');
    }

    /// Ends an object.
    pub fn end_object(&mut self) {
        self.text.push('}');
    }

    /// Begins an array.
    pub fn begin_array(&mut self) {
        self.comma();
        self.text.push('[');
    }

    /// Ends an array.
    pub fn end_array(&mut self) {
        self.text.push(']');
    }

    /// Writes the name of a member; the value must follow.
    pub fn key(&mut self, name: &str) {
        self.string(name);
        self.text.push(':');
    }

    /// Like [`key`](Self::key), for a name that needs no escape sequence.
    pub fn name(&mut self, name: &'static str) {
        self.quote();
        self.text.push_str(name);
        self.text.push_str("\":");
    }

    /// Writes a string with the escape sequences it needs.
    pub fn string(&mut self, value: &str) {
        self.quote();
        let mut rest = value;
        while let Some((plain, escaped, after)) = split_at_escape(rest) {
            self.text.push_str(plain);
            self.escape(escaped);
            rest = after;
        }
        self.text.push_str(rest);
        self.text.push('"');
    }

    /// Writes a string whose contents `write` appends; they must need no escape sequence.
    pub(crate) fn quoted(&mut self, write: impl FnOnce(&mut String)) {
        self.quote();
        write(&mut self.text);
        self.text.push('"');
    }

    /// Writes a value whose JSON text `write` appends.
    pub(crate) fn bare(&mut self, write: impl FnOnce(&mut String)) {
        self.comma();
        write(&mut self.text);
    }

    /// Writes an integer.
    pub fn integer(&mut self, value: i64) {
        self.comma();
        let mut digits = [0; 20];
        self.text.push_str(decimal_digits(value.unsigned_abs(), value < 0, &mut digits));
    }

    /// Writes `true` or `false`.
    pub fn boolean(&mut self, value: bool) {
        self.raw(if value { "true" } else { "false" });
    }

    /// Writes `null`.
    pub fn null(&mut self) {
        self.raw("null");
    }

    /// Writes `json` as it stands. It must be one JSON value; [`Reader::raw_value`](super::Reader::raw_value) returns such texts.
    pub fn raw(&mut self, json: &str) {
        self.comma();
        self.text.push_str(json);
    }

    fn needs_comma(&self) -> bool {
        self.text.len() > self.start && !matches!(self.text.as_bytes().last(), Some(b'{' | b'[' | b':'))
    }

    fn comma(&mut self) {
        if self.needs_comma() {
            self.text.push(',');
        }
    }

    /// The quote that begins a string, after a comma if one is due.
    fn quote(&mut self) {
        // Texts of known length are copied without a call.
        if self.needs_comma() {
            self.text.push_str(",\"");
        } else {
            self.text.push('"');
        }
    }

    #[cold]
    fn escape(&mut self, byte: u8) {
        match byte {
            b'"' => self.text.push_str("\\\""),
            b'\\' => self.text.push_str("\\\\"),
            b'\n' => self.text.push_str("\\n"),
            b'\r' => self.text.push_str("\\r"),
            b'\t' => self.text.push_str("\\t"),
            other => {
                self.text.push_str("\\u00");
                for digit in [other >> 4, other & 15] {
                    self.text.push(char::from(if digit < 10 { b'0' + digit } else { b'a' - 10 + digit }));
                }
            }
        }
    }
}

/// What was written of an object behind the place where another member belongs.
#[cfg(all(feature = "tables", any(feature = "v1_6", feature = "v2_0_1", feature = "v2_1")))]
pub(crate) struct Tail {
    text: String,
    /// Where it was, and the value in it that was refused.
    at: usize,
    fault: Option<Fault>,
}

#[cfg(all(feature = "tables", any(feature = "v1_6", feature = "v2_0_1", feature = "v2_1")))]
impl Writer {
    /// Remembers that what was written at `offset` breaks `rule`, unless something before it is remembered already.
    #[cold]
    pub(crate) fn refuse_at(&mut self, rule: Rule, offset: usize) {
        if self.fault.as_ref().is_none_or(|fault| fault.offset() > offset) {
            self.fault = Some(Fault::new(rule, offset));
        }
    }

    /// Takes away what is behind the first `count` members of the open object at `start`, so that another one can be written there.
    #[cold]
    pub(crate) fn detach(&mut self, start: usize, count: u32) -> Option<Box<Tail>> {
        let mut reader = Reader::new(self.text.get(start..)?);
        reader.begin_object().ok()?;
        for _ in 0..count {
            reader.begin_key().ok()?;
            reader.key().ok()?;
            reader.skip_value().ok()?;
        }
        let end = start + reader.position();
        // The comma goes, too.
        let at = end + usize::from(count > 0);
        let text = String::from(self.text.get(at..)?);
        self.text.truncate(end);
        let fault = self.fault.take_if(|fault| fault.offset() >= at);
        Some(Box::new(Tail { text, at, fault }))
    }

    /// Puts what was taken away behind the member that was written.
    #[cold]
    pub(crate) fn attach(&mut self, tail: Tail) {
        self.text.push(',');
        let at = self.text.len();
        self.text.push_str(&tail.text);
        if let Some(fault) = tail.fault {
            self.refuse_at(fault.rule(), fault.offset() - tail.at + at);
        }
    }
}

/// Splits a text around the first character that needs an escape sequence, which is always a single byte.
fn split_at_escape(text: &str) -> Option<(&str, u8, &str)> {
    let (plain, rest) = text.split_at_checked(plain_length(text.as_bytes()))?;
    Some((plain, *rest.as_bytes().first()?, rest.get(1..)?))
}

/// The decimal digits of `magnitude`, with a sign if `negative`. Twenty bytes hold every 64-bit integer.
pub(crate) fn decimal_digits(magnitude: u64, negative: bool, buffer: &mut [u8; 20]) -> &str {
    let mut rest = magnitude;
    let mut start = buffer.len();
    for slot in buffer.iter_mut().rev() {
        *slot = b'0' + (rest % 10) as u8;
        rest /= 10;
        start -= 1;
        if rest == 0 {
            break;
        }
    }
    if negative {
        start = start.saturating_sub(1);
        if let Some(slot) = buffer.get_mut(start) {
            *slot = b'-';
        }
    }
    buffer.get(start..).and_then(|digits| core::str::from_utf8(digits).ok()).unwrap_or_default()
}
