use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use ocpp_types::SmallString;

use super::hex_byte;

/// The identity of a station: the last segment of its connection URL's path, decoded.
///
/// Compared with letter case. `identifierString` of 2.x has none: servers that want that use [`Identity::key`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(transparent))]
pub struct Identity(SmallString);

/// Which identities are well-formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdentityRules {
    /// Most characters.
    pub max_chars: usize,
    /// Which characters.
    pub characters: Characters,
}

/// Which characters an identity may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Characters {
    /// Those of `identifierString`, without the colon (Part 4 §3.1.1): letters, digits and `* - _ = + | @ .`
    Identifier,
    /// All but control characters, `/` and `:`. OCPP-J 1.6 names no set, and its example has a space.
    Printable,
}

impl IdentityRules {
    /// Part 4 §3.1.1: at most 48 characters of `identifierString`, without colon.
    pub const V2: Self = Self { max_chars: 48, characters: Characters::Identifier };

    /// For 1.6, which sets no bounds: 255 printable characters. Right also where all versions are served.
    pub const V1_6: Self = Self { max_chars: 255, characters: Characters::Printable };
}

/// Why a text is no identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// It is empty, or the path ends with a slash.
    #[error("identity is empty")]
    Empty,
    /// It has more than this many characters.
    #[error("identity has more than {0} characters")]
    TooLong(usize),
    /// It has a character that is not allowed.
    #[error("identity has the character {0:?}")]
    Character(char),
    /// A percent sign is not followed by two hexadecimal digits.
    #[error("path has a bad percent-encoding")]
    BadEscape,
    /// The decoded bytes are not UTF-8.
    #[error("identity is not UTF-8")]
    NotUtf8,
}

impl Identity {
    /// Takes `text`, which is not percent-encoded, as an identity.
    pub fn new(text: &str, rules: &IdentityRules) -> Result<Self, IdentityError> {
        if text.is_empty() {
            return Err(IdentityError::Empty);
        }
        if text.chars().nth(rules.max_chars).is_some() {
            return Err(IdentityError::TooLong(rules.max_chars));
        }
        let allowed = |ch: char| match rules.characters {
            Characters::Identifier => ch.is_ascii_alphanumeric() || "*-_=+|@.".contains(ch),
            Characters::Printable => !ch.is_control() && ch != '/' && ch != ':',
        };
        match text.chars().find(|&ch| !allowed(ch)) {
            Some(ch) => Err(IdentityError::Character(ch)),
            None => Ok(Self(text.into())),
        }
    }

    /// Reads the identity from the target of an HTTP request: the last segment of the path, decoded once. Whatever comes
    /// before the last slash is the server's endpoint, and may even be a URL; a query is left aside.
    pub fn from_target(target: &str, rules: &IdentityRules) -> Result<Self, IdentityError> {
        let path = target.split(['?', '#']).next().unwrap_or_default();
        let segment = path.rsplit('/').next().unwrap_or_default();
        Self::new(&decode(segment)?, rules)
    }

    /// The identity as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The identity in lower case: equal for identities that differ only in the case of ASCII letters.
    pub fn key(&self) -> SmallString {
        self.0.to_ascii_lowercase().into()
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl AsRef<str> for Identity {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

fn decode(segment: &str) -> Result<String, IdentityError> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' {
            let (high, low) = (rest.next().unwrap_or_default(), rest.next().unwrap_or_default());
            hex_byte(high, low).ok_or(IdentityError::BadEscape)?
        } else {
            byte
        });
    }
    String::from_utf8(bytes).map_err(|_| IdentityError::NotUtf8)
}
