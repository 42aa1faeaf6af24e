//! Strings with a limit on their length, counted in characters.

use alloc::borrow::Cow;
use core::{
    borrow::Borrow,
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    ops::Deref,
    str::FromStr,
};

use compact_str::CompactString;

use crate::{
    codec::{Decode, Encode},
    interop::via_json,
    json::{Reader, Writer},
    violation::{Fault, Rule},
};

/// A text has more characters than its type allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{actual} characters, at most {max} allowed")]
pub struct TooLong {
    /// The longest length allowed.
    pub max: usize,
    /// The length found.
    pub actual: usize,
}

/// Refuses a text of more than `max` characters.
pub(crate) fn check_length(text: &str, max: usize) -> Result<(), TooLong> {
    // No character is shorter than a byte, so most texts need no counting.
    if text.len() <= max {
        return Ok(());
    }
    // Bytes that do not go on with a character begin one; this is less code than decoding them.
    let actual = text.bytes().filter(|byte| byte & 0xC0 != 0x80).count();
    if actual <= max { Ok(()) } else { Err(TooLong { max, actual }) }
}

macro_rules! bounded_text {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name<const N: usize>(CompactString);

        impl<const N: usize> $name<N> {
            /// The greatest number of characters.
            pub const MAX: usize = N;

            /// Keeps `text`, unless it has more than `N` characters.
            pub fn new(text: impl AsRef<str>) -> Result<Self, TooLong> {
                let text = text.as_ref();
                check_length(text, N).map(|()| Self(CompactString::from(text)))
            }

            /// Keeps the first `N` characters of `text`.
            pub fn truncated(text: &str) -> Self {
                let end = text.char_indices().nth(N).map_or(text.len(), |(end, _)| end);
                Self(CompactString::from(text.get(..end).unwrap_or_default()))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Whether the text has more than `N` characters. Only lenient decoding keeps such a text; encoding refuses it.
            pub fn is_over_long(&self) -> bool {
                check_length(&self.0, N).is_err()
            }
        }

        impl<const N: usize> Deref for $name<N> {
            type Target = str;
            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl<const N: usize> AsRef<str> for $name<N> {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl<const N: usize> FromStr for $name<N> {
            type Err = TooLong;
            fn from_str(text: &str) -> Result<Self, TooLong> {
                Self::new(text)
            }
        }

        impl<const N: usize> TryFrom<&str> for $name<N> {
            type Error = TooLong;
            fn try_from(text: &str) -> Result<Self, TooLong> {
                Self::new(text)
            }
        }

        impl<const N: usize> PartialOrd for $name<N> {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl<const N: usize> PartialEq for $name<N> {
            fn eq(&self, other: &Self) -> bool {
                self.cmp(other) == Ordering::Equal
            }
        }

        impl<const N: usize> Eq for $name<N> {}

        impl<const N: usize> Decode for $name<N> {
            fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
                reader.text_of(N).map(Self)
            }
        }

        impl<const N: usize> Encode for $name<N> {
            fn write(&self, writer: &mut Writer) {
                writer.text_of(&self.0, N);
            }
        }

        via_json!($name<const N: usize>);
    };
}

macro_rules! case_sensitive {
    ($name:ident) => {
        impl<const N: usize> Ord for $name<N> {
            fn cmp(&self, other: &Self) -> Ordering {
                self.0.cmp(&other.0)
            }
        }

        impl<const N: usize> Hash for $name<N> {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.0.hash(state);
            }
        }
    };
}

macro_rules! case_insensitive {
    ($name:ident) => {
        impl<const N: usize> Ord for $name<N> {
            fn cmp(&self, other: &Self) -> Ordering {
                compare_ignoring_case(&self.0, &other.0)
            }
        }

        impl<const N: usize> Hash for $name<N> {
            fn hash<H: Hasher>(&self, state: &mut H) {
                for byte in self.0.bytes() {
                    state.write_u8(byte.to_ascii_lowercase());
                }
            }
        }

        impl<const N: usize> PartialEq<str> for $name<N> {
            fn eq(&self, other: &str) -> bool {
                self.0.eq_ignore_ascii_case(other)
            }
        }

        impl<const N: usize> PartialEq<&str> for $name<N> {
            fn eq(&self, other: &&str) -> bool {
                self.0.eq_ignore_ascii_case(other)
            }
        }
    };
}

macro_rules! shown {
    ($name:ident) => {
        impl<const N: usize> fmt::Display for $name<N> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<const N: usize> fmt::Debug for $name<N> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(self.0.as_str(), f)
            }
        }
    };
}

macro_rules! masked {
    ($name:ident) => {
        impl<const N: usize> fmt::Debug for $name<N> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"***\"")
            }
        }
    };
}

/// Between the limits of two versions.
#[cfg(all(feature = "v2_0_1", feature = "v2_1"))]
macro_rules! relimited {
    ($($name:ident)*) => {$(
        impl<const N: usize> $name<N> {
            /// The same text with another limit, unchecked.
            pub(crate) fn relimited<const M: usize>(self) -> $name<M> {
                $name(self.0)
            }
        }
    )*};
}

#[cfg(all(feature = "v2_0_1", feature = "v2_1"))]
relimited!(Text TokenText SecretText);

bounded_text! {
    /// A text of at most `N` characters.
    Text
}
case_sensitive!(Text);
shown!(Text);

impl<const N: usize> Borrow<str> for Text<N> {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl<const N: usize> PartialEq<str> for Text<N> {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl<const N: usize> PartialEq<&str> for Text<N> {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

bounded_text! {
    /// A text of at most `N` characters that is compared, ordered and hashed without regard to the case of ASCII letters. The
    /// letters themselves are kept as they were given.
    CiText
}
case_insensitive!(CiText);
shown!(CiText);

bounded_text! {
    /// An identifier of a person or a vehicle, of at most `N` characters. It compares like [`CiText`] and hides itself in `Debug`.
    TokenText
}
case_insensitive!(TokenText);
masked!(TokenText);

bounded_text! {
    /// A password, key or other secret of at most `N` characters. It hides itself in `Debug`.
    SecretText
}
case_sensitive!(SecretText);
masked!(SecretText);

/// A text without a limit of its own; the size of the message bounds it.
pub type AnyText = Text<{ usize::MAX }>;

fn compare_ignoring_case(a: &str, b: &str) -> Ordering {
    a.bytes().map(|byte| byte.to_ascii_lowercase()).cmp(b.bytes().map(|byte| byte.to_ascii_lowercase()))
}

/// An absolute URI (RFC 3986). User name and password in it are hidden in `Debug`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uri(CompactString);

/// A text is no absolute URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an absolute URI")]
pub struct NotUri;

impl Uri {
    /// Keeps `text` if it is a scheme, a colon, and characters that RFC 3986 allows.
    pub fn new(text: impl AsRef<str>) -> Result<Self, NotUri> {
        let text = text.as_ref();
        if is_uri(text) { Ok(Self(CompactString::from(text))) } else { Err(NotUri) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

pub(crate) fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) =
        text.bytes().position(|byte| byte == b':').and_then(|colon| text.split_at_checked(colon))
    else {
        return false;
    };
    // Behind the colon.
    let mut bytes = rest.bytes().skip(1);
    let mut fragments = 0;
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let hex = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_hexdigit());
                if !hex(bytes.next()) || !hex(bytes.next()) {
                    return false;
                }
            }
            b'#' => fragments += 1,
            _ if byte.is_ascii_alphanumeric() || b"-._~:/?[]@!$&'()*+,;=".contains(&byte) => {}
            _ => return false,
        }
    }
    scheme.bytes().next().is_some_and(|first| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        && fragments <= 1
}

impl Deref for Uri {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let authority = self.0.find("://").map_or(self.0.len(), |colon| colon + 3);
        let (scheme, rest) = self.0.split_at_checked(authority).unwrap_or_default();
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        match rest.get(..end).and_then(|authority| authority.rfind('@')) {
            Some(at) => write!(f, "\"{scheme}***{}\"", rest.get(at..).unwrap_or_default()),
            None => fmt::Debug::fmt(self.0.as_str(), f),
        }
    }
}

via_json!(Uri);

impl Decode for Uri {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        reader.uri().map(|text| Self(CompactString::from(text)))
    }
}

impl Encode for Uri {
    fn write(&self, writer: &mut Writer) {
        writer.uri(&self.0);
    }
}

impl<'a> Reader<'a> {
    /// Reads a string of at most `max` characters.
    pub(crate) fn text_of(&mut self, max: usize) -> Result<CompactString, Fault> {
        let start = self.value_start();
        match self.plain_string() {
            Some(text) if text.len() <= max => Ok(CompactString::new(text)),
            _ => {
                self.seek(start);
                self.text_at_most(max).map(CompactString::from)
            }
        }
    }

    /// Reads a URI.
    pub(crate) fn uri(&mut self) -> Result<Cow<'a, str>, Fault> {
        let start = self.value_start();
        let text = self.text_value()?;
        if !is_uri(&text) {
            self.repair(crate::lenient::RepairKind::OddUri, Rule::Uri, start, "")?;
        }
        Ok(text)
    }

    /// Reads a string of at most `max` characters; it is borrowed unless it contains escape sequences.
    pub fn text_at_most(&mut self, max: usize) -> Result<Cow<'a, str>, Fault> {
        let start = self.value_start();
        let text = self.text_value()?;
        if let Err(TooLong { max, actual }) = check_length(&text, max) {
            self.repair(crate::lenient::RepairKind::OverLong, Rule::TooLong { max, actual }, start, "")?;
        }
        Ok(text)
    }
}

impl Writer {
    /// Writes a string and refuses it if it has more than `max` characters.
    pub(crate) fn text_of(&mut self, text: &str, max: usize) {
        if let Err(TooLong { max, actual }) = check_length(text, max) {
            self.refuse(Rule::TooLong { max, actual });
        }
        self.string(text);
    }

    /// Writes a URI and refuses what is none.
    pub(crate) fn uri(&mut self, text: &str) {
        if !is_uri(text) {
            self.refuse(Rule::Uri);
        }
        self.string(text);
    }
}

#[cfg(test)]
mod tests;
