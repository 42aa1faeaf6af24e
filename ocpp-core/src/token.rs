//! The identifier of a driver, with its type.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

use compact_str::CompactString;
use serde::de::{Error, MapAccess, Visitor};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A driver's identifier: the text that a reader, an app or a CSMS gives, and in 2.x its type. Compared without regard to ASCII case
/// (1.6 §7.28, 2.x IdTokenType), kept as written, masked in `Debug`.
///
/// In JSON it is its text, or with a type `{"id":"04A2F3","type":"ISO14443"}`; both forms are read.
#[derive(Clone)]
pub struct IdToken {
    text: CompactString,
    /// In a box: on a station of 1.6 no token has one.
    kind: Option<Box<str>>,
}

impl IdToken {
    /// The token of this text, without a type.
    pub fn new(text: &str) -> Self {
        IdToken { text: CompactString::new(text), kind: None }
    }

    /// The same token with a type: a name of `ocpp_types::catalogue::ID_TOKEN_TYPES`, or another one (2.1). An empty one is none.
    #[must_use]
    pub fn with_kind(mut self, kind: &str) -> Self {
        self.kind = Some(kind).filter(|kind| !kind.is_empty()).map(Box::from);
        self
    }

    /// The text as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The type, if it has one: such as `Central`, `ISO14443`, `eMAID`. 1.6 tells none.
    pub fn kind(&self) -> Option<&str> {
        self.kind.as_deref()
    }
}

impl PartialEq for IdToken {
    fn eq(&self, other: &Self) -> bool {
        let is_same_kind = match (&self.kind, &other.kind) {
            (Some(kind), Some(other)) => kind.eq_ignore_ascii_case(other),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        is_same_kind && self.text.eq_ignore_ascii_case(&other.text)
    }
}

impl Eq for IdToken {}

impl fmt::Debug for IdToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdToken(***{})", self.text.chars().count())
    }
}

/// Stands before and behind the type in stored records. A text without a type that begins with it has an empty type before it.
const MARK: char = '\0';

impl Serialize for IdToken {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.kind {
            Some(kind) if serializer.is_human_readable() => {
                let mut token = serializer.serialize_struct("IdToken", 2)?;
                token.serialize_field("id", self.text.as_str())?;
                token.serialize_field("type", kind)?;
                token.end()
            }
            None if serializer.is_human_readable() || !self.text.starts_with(MARK) => {
                serializer.serialize_str(&self.text)
            }
            kind => {
                let mut record = String::from(MARK);
                record.push_str(kind.as_deref().unwrap_or_default());
                record.push(MARK);
                record.push_str(&self.text);
                serializer.serialize_str(&record)
            }
        }
    }
}

impl<'de> Deserialize<'de> for IdToken {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return deserializer.deserialize_any(Written);
        }
        deserializer.deserialize_str(Recorded)
    }
}

struct Written;

impl<'de> Visitor<'de> for Written {
    type Value = IdToken;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a token: its text, or {\"id\":\"..\",\"type\":\"..\"}")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<IdToken, E> {
        Ok(IdToken::new(text))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<IdToken, A::Error> {
        let (mut text, mut kind) = (None, None);
        while let Some(name) = map.next_key::<CompactString>()? {
            match name.as_str() {
                "id" => text = Some(map.next_value::<CompactString>()?),
                "type" => kind = map.next_value::<Option<CompactString>>()?,
                other => return Err(A::Error::unknown_field(other, &["id", "type"])),
            }
        }
        let token = IdToken::new(&text.ok_or_else(|| A::Error::missing_field("id"))?);
        Ok(token.with_kind(kind.as_deref().unwrap_or_default()))
    }
}

struct Recorded;

impl Visitor<'_> for Recorded {
    type Value = IdToken;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a token")
    }

    fn visit_str<E: Error>(self, record: &str) -> Result<IdToken, E> {
        let marked = record.strip_prefix(MARK).and_then(|rest| rest.split_once(MARK));
        Ok(marked.map_or_else(|| IdToken::new(record), |(kind, text)| IdToken::new(text).with_kind(kind)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn token_ignores_case_and_does_not_print() {
        assert_eq!(IdToken::new("04a2F3"), IdToken::new("04A2f3"));
        assert_ne!(IdToken::new("04A2F3"), IdToken::new("04A2F4"));
        assert!(!format!("{:?}", IdToken::new("04A2F3")).contains("04A2"));
        let typed = IdToken::new("04A2F3").with_kind("ISO14443");
        assert_eq!(typed, IdToken::new("04a2f3").with_kind("iso14443"));
        assert_ne!(typed, IdToken::new("04A2F3").with_kind("ISO15693"));
        assert_ne!(typed, IdToken::new("04A2F3"));
    }

    #[test]
    fn token_without_a_type_is_stored_as_before_and_any_comes_back() {
        assert_eq!(postcard::to_allocvec(&IdToken::new("ABC")).unwrap(), postcard::to_allocvec("ABC").unwrap());
        assert_eq!(serde_json::to_string(&IdToken::new("ABC")).unwrap(), r#""ABC""#);
        let typed = serde_json::to_string(&IdToken::new("ABC").with_kind("Central")).unwrap();
        assert_eq!(typed, r#"{"id":"ABC","type":"Central"}"#);
        for text in ["", "ABC", "\0", "\0A\0B", "A\0B"] {
            for kind in ["", "eMAID"] {
                let token = IdToken::new(text).with_kind(kind);
                let bytes = postcard::to_allocvec(&token).unwrap();
                let json = serde_json::to_string(&token).unwrap();
                for read in [postcard::from_bytes::<IdToken>(&bytes).unwrap(), serde_json::from_str(&json).unwrap()] {
                    assert_eq!((read.as_str(), read.kind()), (text, token.kind()));
                }
            }
        }
    }
}
