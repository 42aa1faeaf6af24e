//! Signed meter values (Signed Meter Values in OCPP 1.0): where they hide, and what is around them.
//!
//! Signatures cover exact bytes, so the signed data are handed out as they came. In 2.x they stand in a member of the sampled value;
//! in 1.6 the value itself is the JSON text of the same object, or vendor data without any envelope.

use alloc::{borrow::Cow, string::String, vec::Vec};
use core::fmt;

use crate::{
    json::{Reader, Writer},
    violation::{Fault, Violation},
};

/// Signed data with what one needs to know to verify them.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedValue<'a> {
    /// The signed data in their own encoding, Base64 as a rule.
    pub data: Cow<'a, str>,
    /// The signing method; empty if the data tell it themselves.
    pub signing_method: Cow<'a, str>,
    /// The encoding of the data, such as `OCMF` or `EDL`.
    pub encoding_method: Cow<'a, str>,
    /// The public key as described at [`PublicKey`]; empty if it is not sent along.
    pub public_key: Cow<'a, str>,
}

/// Long and binary, so only the sizes are shown.
impl fmt::Debug for SignedValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedValue")
            .field("data_length", &self.data.len())
            .field("signing_method", &self.signing_method)
            .field("encoding_method", &self.encoding_method)
            .field("public_key_length", &self.public_key.len())
            .finish()
    }
}

impl<'a> SignedValue<'a> {
    /// Reads the envelope that stands, as JSON text, in the value of a sampled value of 1.6.
    pub fn from_text(text: &'a str) -> Result<Self, Violation> {
        let mut reader = Reader::new(text);
        let value = Self::read(&mut reader).and_then(|value| reader.finish().map(|()| value));
        value.map_err(|fault| Violation::locate(&fault, text, 0))
    }

    fn read(reader: &mut Reader<'a>) -> Result<Self, Fault> {
        let mut members = reader.members(&["signedMeterData", "signingMethod", "encodingMethod", "publicKey"])?;
        let (mut data, mut signing_method, mut encoding_method, mut public_key) = (None, None, None, None);
        while let Some(index) = members.next(reader)? {
            let text = Some(reader.string()?);
            match index {
                0 => data = text,
                1 => signing_method = text,
                2 => encoding_method = text,
                _ => public_key = text,
            }
        }
        Ok(Self {
            data: members.required(0, data)?,
            signing_method: signing_method.unwrap_or_default(),
            encoding_method: members.required(2, encoding_method)?,
            public_key: public_key.unwrap_or_default(),
        })
    }

    /// The JSON text of the envelope, for the value of a sampled value of 1.6.
    pub fn to_text(&self) -> String {
        let mut writer = Writer::new();
        writer.begin_object();
        for (name, text) in [
            ("signedMeterData", &self.data),
            ("signingMethod", &self.signing_method),
            ("encodingMethod", &self.encoding_method),
            ("publicKey", &self.public_key),
        ] {
            writer.key(name);
            writer.string(text);
        }
        writer.end_object();
        String::from(writer.text())
    }
}

/// What a sampled value of 1.6 that calls itself signed holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signed<'a> {
    /// The standard envelope.
    Envelope(SignedValue<'a>),
    /// Vendor data, as they came.
    Bare(&'a str),
}

/// The signed data in a sampled value of 1.6, if its format says that there are any.
#[cfg(feature = "v1_6")]
pub fn in_v1_6(value: &crate::v1_6::SampledValue) -> Option<Signed<'_>> {
    if value.format != Some(crate::v1_6::ValueFormat::SignedData) {
        return None;
    }
    Some(match SignedValue::from_text(&value.value) {
        Ok(envelope) => Signed::Envelope(envelope),
        Err(_) => Signed::Bare(&value.value),
    })
}

/// The signed data in a sampled value of 2.0.1.
#[cfg(feature = "v2_0_1")]
pub fn in_v2_0_1(value: &crate::v2_0_1::SampledValue) -> Option<SignedValue<'_>> {
    value.signed_meter_value.as_ref().map(|signed| SignedValue {
        data: Cow::Borrowed(&signed.signed_meter_data),
        signing_method: Cow::Borrowed(&signed.signing_method),
        encoding_method: Cow::Borrowed(&signed.encoding_method),
        public_key: Cow::Borrowed(&signed.public_key),
    })
}

/// The signed data in a sampled value of 2.1.
#[cfg(feature = "v2_1")]
pub fn in_v2_1(value: &crate::v2_1::SampledValue) -> Option<SignedValue<'_>> {
    value.signed_meter_value.as_ref().map(|signed| SignedValue {
        data: Cow::Borrowed(&signed.signed_meter_data),
        signing_method: Cow::Borrowed(signed.signing_method.as_deref().unwrap_or_default()),
        encoding_method: Cow::Borrowed(&signed.encoding_method),
        public_key: Cow::Borrowed(signed.public_key.as_deref().unwrap_or_default()),
    })
}

/// The public key of a meter, as §3.2.2 lays it out: Base64 of `oca:<encoding>:<content type>:<key as printed on the meter>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// How the printed key encodes its bytes: `base16` or `base64`.
    pub encoding: String,
    /// What the bytes are: `asn1`.
    pub content_type: String,
    /// The key as printed on the meter.
    pub printed: String,
}

impl PublicKey {
    /// Reads the member of a signed value, or the configuration key or variable that holds it. `None` if it has another form.
    pub fn from_text(text: &str) -> Option<Self> {
        let decoded = String::from_utf8(base64(text)?).ok()?;
        let mut parts = decoded.strip_prefix("oca:")?.splitn(3, ':');
        let mut part = || parts.next().map(String::from);
        Some(Self { encoding: part()?, content_type: part()?, printed: part()? })
    }

    /// The bytes of the key, if the encoding is known.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        match self.encoding.as_str() {
            "base16" => base16(&self.printed),
            "base64" => base64(&self.printed),
            _ => None,
        }
    }
}

/// Hexadecimal digits; a prefix `0x` and everything else between them is ignored (table 2).
fn base16(text: &str) -> Option<Vec<u8>> {
    let text = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    let mut digits = text.chars().filter_map(|digit| digit.to_digit(16));
    let mut bytes = Vec::new();
    while let Some(high) = digits.next() {
        bytes.push(u8::try_from(high * 16 + digits.next()?).ok()?);
    }
    Some(bytes)
}

/// Base64 (RFC 4648) with or without padding.
fn base64(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=');
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for byte in text.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    // What is left over must be less than a character, and zero.
    (count < 6 && bits == 0).then_some(bytes)
}

#[cfg(all(test, feature = "v1_6", feature = "v2_0_1", feature = "v2_1"))]
mod tests {
    use super::*;
    use crate::{codec::Decode, text::AnyText, v1_6, v2_0_1, v2_1};

    const ENVELOPE: &str = r#"{"signedMeterData":"T0NNRnx7fQ==","signingMethod":"","encodingMethod":"OCMF","publicKey":"b2NhOmJhc2UxNjphc24xOjMwNTk="}"#;

    #[test]
    fn both_hiding_places_give_the_same_untouched_data() {
        let value = v1_6::SampledValue::new(AnyText::new(ENVELOPE).unwrap()).with_format(v1_6::ValueFormat::SignedData);
        let Some(Signed::Envelope(old)) = in_v1_6(&value) else { panic!("{value:?}") };
        assert_eq!(old.data, "T0NNRnx7fQ==");
        assert_eq!(old.to_text(), ENVELOPE);
        let json = alloc::format!(r#"{{"value":1,"signedMeterValue":{ENVELOPE}}}"#);
        assert_eq!(in_v2_0_1(&v2_0_1::SampledValue::from_json(&json).unwrap()).unwrap(), old);
        assert_eq!(in_v2_1(&v2_1::SampledValue::from_json(&json).unwrap()).unwrap(), old);
    }

    #[test]
    fn vendor_data_without_envelope_stay_as_they_are() {
        let ocmf = r#"OCMF|{"FV":"1.0"}|{"SD":"3045"}"#;
        let value = v1_6::SampledValue::new(AnyText::new(ocmf).unwrap());
        assert_eq!(in_v1_6(&value), None);
        assert_eq!(in_v1_6(&value.with_format(v1_6::ValueFormat::SignedData)), Some(Signed::Bare(ocmf)));
    }

    #[test]
    fn public_keys_are_taken_apart() {
        let key = PublicKey::from_text("b2NhOmJhc2UxNjphc24xOjMwNTk=").unwrap();
        assert_eq!(
            (key.encoding.as_str(), key.content_type.as_str(), key.printed.as_str()),
            ("base16", "asn1", "3059")
        );
        assert_eq!(key.bytes().unwrap(), [0x30, 0x59]);
        let spaced = PublicKey { printed: "0x30 5-9".into(), ..key.clone() };
        assert_eq!(spaced.bytes().unwrap(), [0x30, 0x59]);
        assert_eq!(
            PublicKey { encoding: "base64".into(), printed: "MFk=".into(), ..key }.bytes().unwrap(),
            [0x30, 0x59]
        );
        for text in ["", "MFk=", "b2NhOmJhc2UxNg==", "not base64!", "A"] {
            assert_eq!(PublicKey::from_text(text), None, "{text}");
        }
    }

    #[test]
    fn base64_is_that_of_rfc_4648() {
        for (text, bytes) in
            [("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYg==", "foob"), ("Zm9vYmFy", "foobar")]
        {
            assert_eq!(base64(text).unwrap(), bytes.as_bytes());
        }
        assert_eq!((base64("Zh"), base64("Z")), (None, None));
    }
}
