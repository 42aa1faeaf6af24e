//! How bytes look in recordings.

use alloc::vec::Vec;
use core::fmt;

use serde::de::{Error, MapAccess, Unexpected, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bytes of the store: hex digits, two a byte.
pub(crate) mod hex {
    use super::*;

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Digits(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        deserializer.deserialize_str(HexVisitor)
    }
}

/// Text messages as they travel: text. What is not UTF-8, which only a faulty host hands in, is `{"hex":".."}`.
pub(crate) mod text {
    use super::*;

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        match core::str::from_utf8(bytes) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry(HEX, &Hex(bytes))?;
                map.end()
            }
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>, T: From<Vec<u8>>>(deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_any(TextVisitor).map(T::from)
    }
}

const HEX: &str = "hex";

/// Bytes in hex digits.
pub(crate) struct Hex<T>(pub T);

impl<T: AsRef<[u8]>> Serialize for Hex<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        hex::serialize(self.0.as_ref(), serializer)
    }
}

impl<'de> Deserialize<'de> for Hex<Vec<u8>> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        hex::deserialize(deserializer).map(Hex)
    }
}

struct Digits<'a>(&'a [u8]);

impl fmt::Display for Digits<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

struct HexVisitor;

impl Visitor<'_> for HexVisitor {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("hex digits, two a byte")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<u8>, E> {
        let pairs = text.as_bytes().chunks(2);
        let bytes: Option<Vec<u8>> = pairs.map(byte).collect();
        bytes.ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

fn byte(pair: &[u8]) -> Option<u8> {
    let [high, low] = pair else { return None };
    let digit = |ascii: u8| char::from(ascii).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(*high)? << 4 | digit(*low)?)
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, or {\"hex\":\"..\"}")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<u8>, E> {
        Ok(text.as_bytes().to_vec())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<u8>, A::Error> {
        match map.next_entry::<alloc::string::String, Hex<Vec<u8>>>()? {
            Some((name, Hex(bytes))) if name == HEX => Ok(bytes),
            Some((name, _)) => Err(A::Error::unknown_field(&name, &[HEX])),
            None => Err(A::Error::missing_field(HEX)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::borrow::Cow;
    use alloc::string::ToString;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Both<'a> {
        #[serde(with = "text")]
        frame: Cow<'a, [u8]>,
        #[serde(with = "hex")]
        record: Vec<u8>,
    }

    fn both(frame: &'static [u8], record: &[u8]) -> Both<'static> {
        Both { frame: frame.into(), record: record.to_vec() }
    }

    #[test]
    fn frames_are_text_and_records_are_hex() {
        for (value, json) in [
            (both(br#"[2,"1"]"#, &[0, 0xAF]), r#"{"frame":"[2,\"1\"]","record":"00af"}"#),
            (both(b"\xFF{", &[]), r#"{"frame":{"hex":"ff7b"},"record":""}"#),
        ] {
            assert_eq!(serde_json::to_string(&value).unwrap(), json);
            assert_eq!(serde_json::from_str::<Both<'_>>(json).unwrap(), value);
        }
    }

    #[test]
    fn what_is_neither_is_refused() {
        for (json, reason) in [
            (r#"{"frame":"","record":"0"}"#, "expected hex digits"),
            (r#"{"frame":"","record":"0g"}"#, "expected hex digits"),
            (r#"{"frame":{"hex":"+1"},"record":""}"#, "expected hex digits"),
            (r#"{"frame":{"text":""},"record":""}"#, "unknown field `text`"),
            (r#"{"frame":{},"record":""}"#, "missing field `hex`"),
            (r#"{"frame":7,"record":""}"#, "expected a text"),
        ] {
            let error = serde_json::from_str::<Both<'_>>(json).unwrap_err().to_string();
            assert!(error.contains(reason), "{json}: {error}");
        }
    }
}
