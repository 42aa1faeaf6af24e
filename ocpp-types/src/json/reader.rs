#[cfg(feature = "lenient")]
use alloc::boxed::Box;
use alloc::{borrow::Cow, string::String};

use super::{
    Kind, Syntax,
    scan::{plain_length, short_integer},
};
#[cfg(feature = "lenient")]
use crate::lenient::Lenience;
use crate::{
    decimal::Decimal,
    violation::{Fault, Rule},
};

/// How deep arrays and objects may be nested unless [`Reader::with_depth`] says otherwise. The deepest OCPP message needs 9.
pub const DEFAULT_DEPTH: u8 = 32;

/// A pull parser over one JSON text.
///
/// The caller asks for the values it expects, in document order:
///
/// ```
/// use ocpp_types::json::Reader;
///
/// let mut reader = Reader::new(r#" ["a", {"b": 12}] "#);
/// reader.begin_array()?;
/// assert!(reader.next_element()?);
/// assert_eq!(reader.string()?, "a");
/// assert!(reader.next_element()?);
/// reader.begin_object()?;
/// assert_eq!(reader.next_key()?.as_deref(), Some("b"));
/// assert_eq!(reader.integer()?, 12);
/// assert_eq!(reader.next_key()?, None);
/// assert!(!reader.next_element()?);
/// reader.finish()?;
/// # Ok::<(), ocpp_types::violation::Fault>(())
/// ```
///
/// Everything it accepts is JSON by RFC 8259: also the parts that are skipped or returned raw are checked. Unpaired surrogate
/// escapes are refused, since they have no text. After an error the reader is of no further use, except for its position.
#[derive(Debug)]
pub struct Reader<'a> {
    text: &'a str,
    pos: usize,
    /// How many more levels may be opened.
    depth: u8,
    /// Whether an array or object was opened and its first element not yet asked for.
    fresh: bool,
    /// Present in lenient readers.
    #[cfg(feature = "lenient")]
    pub(crate) lenience: Option<Box<Lenience>>,
}

impl<'a> Reader<'a> {
    /// A reader at the beginning of `text`, with the default depth limit.
    pub fn new(text: &'a str) -> Self {
        Self::with_depth(text, DEFAULT_DEPTH)
    }

    /// A reader that allows `depth` nested arrays and objects.
    pub fn with_depth(text: &'a str, depth: u8) -> Self {
        Self {
            text,
            pos: 0,
            depth,
            fresh: false,
            #[cfg(feature = "lenient")]
            lenience: None,
        }
    }

    /// The byte offset of the next unread character.
    pub fn position(&self) -> usize {
        self.pos
    }

    /// The whole text, read and unread.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// Moves to byte `offset` of the text, for a caller that knows it to be the beginning of a value or of the next token.
    pub(crate) fn seek(&mut self, offset: usize) {
        self.pos = offset;
    }

    /// Skips white space and tells the type of the next value, without reading it.
    pub fn peek(&mut self) -> Result<Kind, Fault> {
        match self.token() {
            Some(b'"') => Ok(Kind::String),
            Some(b'-' | b'0'..=b'9') => Ok(Kind::Number),
            Some(b'{') => Ok(Kind::Object),
            Some(b'[') => Ok(Kind::Array),
            Some(b't' | b'f') => Ok(Kind::Boolean),
            Some(b'n') => Ok(Kind::Null),
            _ => Err(self.unexpected()),
        }
    }

    /// Skips white space and returns the offset of the next value.
    #[inline]
    pub(crate) fn value_start(&mut self) -> usize {
        self.token();
        self.pos
    }

    /// Enters an array; [`next_element`](Self::next_element) leads to its elements.
    pub fn begin_array(&mut self) -> Result<(), Fault> {
        self.open(b'[', Kind::Array)
    }

    /// Moves to the next element of the array. At its end the array is left and the answer is `false`.
    pub fn next_element(&mut self) -> Result<bool, Fault> {
        self.next_item(b']')
    }

    /// Enters an object; [`next_key`](Self::next_key) leads to its members.
    pub fn begin_object(&mut self) -> Result<(), Fault> {
        self.open(b'{', Kind::Object)
    }

    /// Moves to the value of the next member of the object and returns its name. At its end the object is left and the answer is
    /// `None`. Repeated names are not noticed here.
    pub fn next_key(&mut self) -> Result<Option<Cow<'a, str>>, Fault> {
        match self.begin_key()? {
            Some(_) => self.key().map(Some),
            None => Ok(None),
        }
    }

    /// Moves to the name of the next member and returns its offset. At the end of the object it is left and the answer is `None`.
    #[inline]
    pub(crate) fn begin_key(&mut self) -> Result<Option<usize>, Fault> {
        if !self.next_item(b'}')? {
            return Ok(None);
        }
        match self.token() {
            Some(b'"') => Ok(Some(self.pos)),
            _ => Err(self.unexpected()),
        }
    }

    /// Reads the name that [`begin_key`](Self::begin_key) led to, and the colon.
    pub(crate) fn key(&mut self) -> Result<Cow<'a, str>, Fault> {
        let key = self.string()?;
        self.colon()?;
        Ok(key)
    }

    /// What is not read yet.
    #[inline]
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.pos..).unwrap_or_default()
    }

    /// What follows the quote before the next member's name, if no white space comes before it.
    #[inline]
    pub(super) fn name_ahead(&self) -> Option<&'a [u8]> {
        match (self.fresh, self.rest()) {
            (false, [b',', b'"', name @ ..]) | (true, [b'"', name @ ..]) => Some(name),
            _ => None,
        }
    }

    /// Passes over the beginning of a member, up to the value at `offset`.
    #[inline]
    pub(super) fn pass_name(&mut self, offset: usize) {
        self.pos = offset;
        self.fresh = false;
    }

    /// Reads the string that begins at the current position, if it has no escape sequences. Nothing is read otherwise.
    #[inline]
    pub(crate) fn plain_string(&mut self) -> Option<&'a str> {
        let [b'"', rest @ ..] = self.rest() else { return None };
        let length = plain_length(rest);
        if rest.get(length) != Some(&b'"') {
            return None;
        }
        let start = self.pos + 1;
        let end = start + length;
        self.pos = end + 1;
        self.text.get(start..end)
    }

    /// Reads a string; it is borrowed unless it contains escape sequences.
    pub fn string(&mut self) -> Result<Cow<'a, str>, Fault> {
        if self.token() != Some(b'"') {
            return Err(self.mismatch(Kind::String));
        }
        match self.plain_string() {
            Some(text) => Ok(Cow::Borrowed(text)),
            None => self.escaped_string(),
        }
    }

    #[cold]
    fn escaped_string(&mut self) -> Result<Cow<'a, str>, Fault> {
        self.pos += 1;
        let mut text = String::from(self.plain_run()?);
        while self.byte() == Some(b'\\') {
            text.push(self.escape()?);
            text.push_str(self.plain_run()?);
        }
        self.pos += 1;
        Ok(Cow::Owned(text))
    }

    /// Reads a number and returns its digits as they stand.
    pub fn number(&mut self) -> Result<&'a str, Fault> {
        if !matches!(self.token(), Some(b'-' | b'0'..=b'9')) {
            return Err(self.mismatch(Kind::Number));
        }
        let start = self.pos;
        if self.byte() == Some(b'-') {
            self.pos += 1;
        }
        if self.byte() == Some(b'0') {
            self.pos += 1;
        } else {
            self.digits()?;
        }
        if self.byte() == Some(b'.') {
            self.pos += 1;
            self.digits()?;
        }
        if matches!(self.byte(), Some(b'e' | b'E')) {
            self.pos += 1;
            if matches!(self.byte(), Some(b'+' | b'-')) {
                self.pos += 1;
            }
            self.digits()?;
        }
        Ok(self.since(start))
    }

    /// Reads the number that begins at the current position, if it is short and without exponent. Nothing is read otherwise.
    #[inline]
    pub(crate) fn short_decimal(&mut self) -> Option<Decimal> {
        let (value, length) = Decimal::from_short(self.rest())?;
        self.pos += length;
        Some(value)
    }

    /// Reads an integer. As in JSON Schema a number without fractional value is one, so `1.0` and `1e2` are accepted.
    pub fn integer(&mut self) -> Result<i64, Fault> {
        self.token();
        match short_integer(self.rest()) {
            Some((value, length)) => {
                self.pos += length;
                Ok(value)
            }
            None => self.any_integer(),
        }
    }

    #[cold]
    fn any_integer(&mut self) -> Result<i64, Fault> {
        if !matches!(self.token(), Some(b'-' | b'0'..=b'9')) {
            return Err(self.mismatch(Kind::Integer));
        }
        let start = self.pos;
        let digits = self.number()?;
        // All that `i64::from_str` refuses here is a fraction, an exponent, or too many digits.
        match digits.parse() {
            Ok(value) => Ok(value),
            Err(_) => integral(digits, start),
        }
    }

    /// Reads `true` or `false`.
    pub fn boolean(&mut self) -> Result<bool, Fault> {
        match self.token() {
            Some(b't') => self.literal("true").map(|()| true),
            Some(b'f') => self.literal("false").map(|()| false),
            _ => Err(self.mismatch(Kind::Boolean)),
        }
    }

    /// Reads `null`.
    pub fn null(&mut self) -> Result<(), Fault> {
        match self.token() {
            Some(b'n') => self.literal("null"),
            _ => Err(self.mismatch(Kind::Null)),
        }
    }

    /// Reads any value and forgets it.
    pub fn skip_value(&mut self) -> Result<(), Fault> {
        match self.peek()? {
            Kind::Null => self.null(),
            Kind::Boolean => self.boolean().map(drop),
            Kind::Integer | Kind::Number => self.number().map(drop),
            Kind::String => self.skip_string(),
            Kind::Array => {
                self.begin_array()?;
                while self.next_element()? {
                    self.skip_value()?;
                }
                Ok(())
            }
            Kind::Object => {
                self.begin_object()?;
                while self.begin_key()?.is_some() {
                    self.skip_string()?;
                    self.colon()?;
                    self.skip_value()?;
                }
                Ok(())
            }
        }
    }

    /// Reads any value and returns its JSON text as it stands, without surrounding white space.
    pub fn raw_value(&mut self) -> Result<&'a str, Fault> {
        self.token();
        let start = self.pos;
        self.skip_value()?;
        Ok(self.since(start))
    }

    /// Checks that nothing but white space is left.
    pub fn finish(&mut self) -> Result<(), Fault> {
        match self.token() {
            None => Ok(()),
            Some(_) => Err(self.syntax(Syntax::TrailingText)),
        }
    }

    /// The fault of breaking `rule` at the current position.
    #[cold]
    pub fn fault(&self, rule: Rule) -> Fault {
        Fault::new(rule, self.pos)
    }

    /// The fault of finding the next value to be of another type than `expected`, or to be no value at all.
    #[cold]
    pub fn mismatch(&mut self, expected: Kind) -> Fault {
        match self.peek() {
            Ok(found) => self.fault(Rule::Type { expected, found }),
            Err(fault) => fault,
        }
    }

    #[cold]
    fn syntax(&self, syntax: Syntax) -> Fault {
        self.fault(Rule::Syntax(syntax))
    }

    #[cold]
    fn unexpected(&self) -> Fault {
        self.syntax(if self.byte().is_some() { Syntax::UnexpectedCharacter } else { Syntax::UnexpectedEnd })
    }

    #[inline]
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.pos).copied()
    }

    /// Skips white space and returns the byte after it, unread.
    #[inline]
    fn token(&mut self) -> Option<u8> {
        loop {
            match self.byte() {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.pos += 1,
                other => return other,
            }
        }
    }

    /// The text from `start` to the current position. Both lie beside ASCII characters, so the slice always exists.
    #[inline]
    pub(crate) fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.pos).unwrap_or_default()
    }

    #[inline]
    fn colon(&mut self) -> Result<(), Fault> {
        if self.token() != Some(b':') {
            return Err(self.unexpected());
        }
        self.pos += 1;
        Ok(())
    }

    #[inline]
    fn open(&mut self, bracket: u8, kind: Kind) -> Result<(), Fault> {
        if self.token() != Some(bracket) {
            return Err(self.mismatch(kind));
        }
        let Some(depth) = self.depth.checked_sub(1) else {
            return Err(self.syntax(Syntax::TooDeep));
        };
        self.depth = depth;
        self.pos += 1;
        self.fresh = true;
        Ok(())
    }

    #[inline]
    fn next_item(&mut self, bracket: u8) -> Result<bool, Fault> {
        let fresh = core::mem::replace(&mut self.fresh, false);
        match self.token() {
            Some(byte) if byte == bracket => {
                self.pos += 1;
                self.depth = self.depth.saturating_add(1);
                Ok(false)
            }
            Some(_) if fresh => Ok(true),
            Some(b',') => {
                self.pos += 1;
                Ok(true)
            }
            _ => Err(self.unexpected()),
        }
    }

    #[inline]
    fn literal(&mut self, word: &str) -> Result<(), Fault> {
        if self.rest().starts_with(word.as_bytes()) {
            self.pos += word.len();
            return Ok(());
        }
        Err(self.misspelt(word))
    }

    /// The fault of the first character that is not that of `word`.
    #[cold]
    fn misspelt(&mut self, word: &str) -> Fault {
        for expected in word.bytes() {
            if self.byte() != Some(expected) {
                break;
            }
            self.pos += 1;
        }
        self.unexpected()
    }

    /// One digit or more.
    fn digits(&mut self) -> Result<(), Fault> {
        let start = self.pos;
        while matches!(self.byte(), Some(b'0'..=b'9')) {
            self.pos += 1;
        }
        if self.pos == start { Err(self.unexpected()) } else { Ok(()) }
    }

    /// The characters up to the next quote or backslash.
    #[inline]
    fn plain_run(&mut self) -> Result<&'a str, Fault> {
        let start = self.pos;
        self.pos += plain_length(self.rest());
        match self.byte() {
            Some(b'"' | b'\\') => Ok(self.since(start)),
            Some(_) => Err(self.syntax(Syntax::ControlCharacter)),
            None => Err(self.unexpected()),
        }
    }

    fn skip_string(&mut self) -> Result<(), Fault> {
        self.pos += 1;
        self.plain_run()?;
        while self.byte() == Some(b'\\') {
            self.escape()?;
            self.plain_run()?;
        }
        self.pos += 1;
        Ok(())
    }

    fn escape(&mut self) -> Result<char, Fault> {
        self.pos += 1;
        let character = match self.byte() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            Some(_) => return Err(self.syntax(Syntax::BadEscape)),
            None => return Err(self.unexpected()),
        };
        self.pos += 1;
        Ok(character)
    }

    /// The four digits after `\u`, and the second half of a surrogate pair where one is due.
    fn unicode_escape(&mut self) -> Result<char, Fault> {
        let first = self.hex4()?;
        let code = match first {
            0xD800..=0xDBFF => {
                if self.byte() != Some(b'\\') {
                    return Err(self.syntax(Syntax::BadEscape));
                }
                self.pos += 1;
                if self.byte() != Some(b'u') {
                    return Err(self.syntax(Syntax::BadEscape));
                }
                match self.hex4()? {
                    second @ 0xDC00..=0xDFFF => 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00),
                    _ => return Err(self.syntax(Syntax::BadEscape)),
                }
            }
            other => other,
        };
        char::from_u32(code).ok_or_else(|| self.syntax(Syntax::BadEscape))
    }

    fn hex4(&mut self) -> Result<u32, Fault> {
        self.pos += 1;
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.byte().and_then(|byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else {
                return Err(if self.byte().is_some() { self.syntax(Syntax::BadEscape) } else { self.unexpected() });
            };
            code = code * 16 + digit;
            self.pos += 1;
        }
        Ok(code)
    }
}

/// The value of a number that is not written as an integer, or is too big.
#[cold]
pub(crate) fn integral(digits: &str, offset: usize) -> Result<i64, Fault> {
    match digits.parse::<Decimal>() {
        Ok(decimal) => decimal
            .to_integer()
            .ok_or_else(|| Fault::new(Rule::Type { expected: Kind::Integer, found: Kind::Number }, offset)),
        Err(_) => Err(Fault::new(Rule::NumberTooBig, offset)),
    }
}
