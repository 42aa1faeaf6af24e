//! Identifiers of drivers, with their type and what is said beside them.

use alloc::string::String;
use core::fmt;

use ocpp_types::SmallString;
#[cfg(feature = "serde")]
use serde::de::{self, MapAccess, Visitor};
#[cfg(feature = "serde")]
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A driver's identifier: the text that a reader, an app or a CSMS gives, kept as written and masked in `Debug`.
///
/// Its type says where it comes from, and may be left open, as it always is in 1.6: one of [`KINDS`](Self::KINDS), or another one
/// (2.1). Texts are compared without regard to ASCII case (1.6 §7.28).
///
/// In JSON it is its text, or an object `{"id":..,"type":..,"additional_info":[{"type":..,"id":..}]}`.
// One text: that of the identifier, and behind separators its type and pairs of type and text of the additional info. Plain ones
// are stored as they always were.
#[derive(Clone)]
pub struct IdToken(SmallString);

/// No identifier contains it (2.x `identifierString`).
const SEPARATOR: char = '\u{1}';

impl IdToken {
    /// How much may be said beside a token.
    pub const MAX_ADDITIONAL: usize = 4;

    /// The types that OCPP names (2.1 appendix 7.1): made by a server, a payment terminal's reference, the account of a contract,
    /// the identifier of a vehicle's controller, cards by two standards, a code that is typed in, made by the station, the address
    /// of a vehicle's controller, none needed (the text is empty), the number of a vehicle.
    pub const KINDS: [&str; 11] = [
        "Central",
        "DirectPayment",
        "eMAID",
        "EVCCID",
        "ISO14443",
        "ISO15693",
        "KeyCode",
        "Local",
        "MacAddress",
        "NoAuthorization",
        "VIN",
    ];

    /// The type of what needs no authorisation.
    pub const NO_AUTHORIZATION: &str = "NoAuthorization";

    /// No identifier: somebody pressed a start button (2.x C02). In 1.6 every transaction needs an identifier, so that such a token is
    /// refused there; firmware for it presents one of its own instead.
    pub fn start_button() -> Self {
        IdToken::new("").with_kind(Self::NO_AUTHORIZATION)
    }

    /// Whether it needs no authorisation.
    #[cfg(feature = "station")]
    pub(crate) fn is_start_button(&self) -> bool {
        self.part(1).eq_ignore_ascii_case(Self::NO_AUTHORIZATION)
    }

    /// The token of this text, its type left open.
    pub fn new(text: &str) -> Self {
        IdToken(plain(text))
    }

    /// Says what type it is of, in at most 20 characters; an empty one is none. What was said beside it goes.
    #[must_use]
    pub fn with_kind(self, kind: &str) -> Self {
        let mut text = String::from(self.as_str());
        if !kind.is_empty() {
            text.push(SEPARATOR);
            text.extend(plain(kind).chars().take(20));
        }
        IdToken(text.into())
    }

    /// Adds something for the CSMS to check beside the token (2.x `additionalInfo`): its type, of at most 50 characters, is agreed
    /// upon with the CSMS, its text has at most 255. None if it is longer, or there is as much as there may be.
    #[must_use]
    pub fn with_additional_info(self, kind: &str, text: &str) -> Option<Self> {
        let fits = |text: &str, most| text.chars().count() <= most;
        if self.additional_info().count() >= Self::MAX_ADDITIONAL || !fits(kind, 50) || !fits(text, 255) {
            return None;
        }
        let mut whole = String::from(self.0);
        if !whole.contains(SEPARATOR) {
            whole.push(SEPARATOR);
        }
        for part in [kind, text] {
            whole.push(SEPARATOR);
            whole.push_str(&plain(part));
        }
        Some(IdToken(whole.into()))
    }

    /// The text as written.
    pub fn as_str(&self) -> &str {
        self.part(0)
    }

    /// What type it is of, if that was said: such as `Central`, `ISO14443`, `eMAID`.
    pub fn kind(&self) -> Option<&str> {
        Some(self.part(1)).filter(|kind| !kind.is_empty())
    }

    /// What is said beside it: pairs of type and text.
    pub fn additional_info(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut parts = self.0.split(SEPARATOR).skip(2);
        core::iter::from_fn(move || Some((parts.next()?, parts.next()?))).take(Self::MAX_ADDITIONAL)
    }

    /// Whether both may be the same card, app or vehicle: the texts agree, and the types where both are said. So a number that
    /// somebody types in is not the card that bears it.
    pub fn matches(&self, other: &Self) -> bool {
        let (kind, others) = (self.part(1), other.part(1));
        self.as_str().eq_ignore_ascii_case(other.as_str())
            && (kind.is_empty() || others.is_empty() || kind.eq_ignore_ascii_case(others))
    }

    /// In small letters, without what is said beside it: the key by which it is found, next to those of its text.
    #[cfg(feature = "local_auth_list")]
    pub(crate) fn folded(&self) -> SmallString {
        let mut folded = String::from(self.as_str());
        if !self.part(1).is_empty() {
            folded.push(SEPARATOR);
            folded.push_str(self.part(1));
        }
        folded.make_ascii_lowercase();
        folded.into()
    }

    /// The token that is stored or found as this text.
    #[cfg(feature = "local_auth_list")]
    pub(crate) fn from_folded(text: &str) -> Self {
        IdToken(SmallString::new(text))
    }

    fn part(&self, number: usize) -> &str {
        self.0.split(SEPARATOR).nth(number).unwrap_or_default()
    }
}

fn plain(text: &str) -> SmallString {
    if !text.contains(SEPARATOR) {
        return SmallString::new(text);
    }
    text.chars().map(|c| if c == SEPARATOR { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// Of the same text, without regard to ASCII case, and the same type. What is said beside it does not count.
impl PartialEq for IdToken {
    fn eq(&self, other: &Self) -> bool {
        self.as_str().eq_ignore_ascii_case(other.as_str()) && self.part(1).eq_ignore_ascii_case(other.part(1))
    }
}

impl Eq for IdToken {}

impl fmt::Debug for IdToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdToken(***{}", self.as_str().chars().count())?;
        match self.part(1) {
            "" => f.write_str(")"),
            kind => write!(f, " {kind})"),
        }
    }
}

#[cfg(feature = "station")]
impl crate::store::pack::Pack for IdToken {
    fn pack(&self, out: &mut alloc::vec::Vec<u8>) {
        self.0.pack(out);
    }
    fn unpack(from: &mut crate::store::pack::Unpacker<'_>) -> Self {
        IdToken(SmallString::unpack(from))
    }
}

#[cfg(feature = "serde")]
impl Serialize for IdToken {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() && self.0.contains(SEPARATOR) {
            return Form::of(self).serialize(serializer);
        }
        serializer.serialize_str(&self.0)
    }
}

#[cfg(feature = "serde")]
impl<'de> Deserialize<'de> for IdToken {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return deserializer.deserialize_any(FormVisitor);
        }
        SmallString::deserialize(deserializer).map(IdToken)
    }
}

#[cfg(feature = "serde")]
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    id: SmallString,
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    kind: Option<SmallString>,
    #[serde(default, skip_serializing_if = "alloc::vec::Vec::is_empty")]
    additional_info: alloc::vec::Vec<AdditionalForm>,
}

#[cfg(feature = "serde")]
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AdditionalForm {
    #[serde(rename = "type")]
    kind: SmallString,
    id: SmallString,
}

#[cfg(feature = "serde")]
impl Form {
    fn of(token: &IdToken) -> Self {
        Form {
            id: token.as_str().into(),
            kind: token.kind().map(SmallString::new),
            additional_info: token
                .additional_info()
                .map(|(kind, id)| AdditionalForm { kind: kind.into(), id: id.into() })
                .collect(),
        }
    }

    fn read(self) -> Option<IdToken> {
        let token = IdToken::new(&self.id).with_kind(self.kind.as_deref().unwrap_or_default());
        self.additional_info.iter().try_fold(token, |token, info| token.with_additional_info(&info.kind, &info.id))
    }
}

#[cfg(feature = "serde")]
struct FormVisitor;

#[cfg(feature = "serde")]
impl<'de> Visitor<'de> for FormVisitor {
    type Value = IdToken;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the text of a token, or an object with its id and type")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<IdToken, E> {
        Ok(IdToken::new(text))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<IdToken, A::Error> {
        let form = Form::deserialize(de::value::MapAccessDeserializer::new(map))?;
        form.read().ok_or_else(|| de::Error::custom("the additional info of a token is too long"))
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::vec::Vec;

    use super::*;
    #[cfg(feature = "station")]
    use crate::store::pack::{Pack, Unpacker};

    #[test]
    fn token_ignores_case_and_does_not_print() {
        assert_eq!(IdToken::new("04a2F3"), IdToken::new("04A2f3"));
        assert_ne!(IdToken::new("04A2F3"), IdToken::new("04A2F4"));
        let typed = IdToken::new("04A2F3").with_kind("KeyCode").with_additional_info("T", "04A2").unwrap();
        assert_eq!(format!("{:?} {typed:?}", IdToken::new("04A2F3")), "IdToken(***6) IdToken(***6 KeyCode)");
    }

    #[test]
    fn type_counts_where_both_are_said() {
        let plain = IdToken::new("1234");
        let typed = |kind| IdToken::new("1234").with_kind(kind);
        let (card, code) = (typed("ISO14443"), typed("KeyCode"));
        assert!(plain.matches(&card) && card.matches(&plain) && code.matches(&plain) && card.matches(&card));
        assert!(!card.matches(&code), "a number that is typed in is no card");
        assert!(plain != card && card != code && card == typed("iso14443"));
    }

    #[test]
    fn everything_said_of_a_token_reads_back_from_a_record_and_from_json() {
        let kinds = IdToken::KINDS.into_iter().chain(["", "Vendor's"]);
        let plain = [IdToken::new(""), IdToken::new("TAG"), IdToken::new("\0A\0B")];
        let typed = kinds.map(|kind| IdToken::new("TAG").with_kind(kind));
        let more = IdToken::new("TAG").with_additional_info("PIN", "").and_then(|token| {
            let token = token.with_additional_info("", "x")?;
            token.with_additional_info("App", "1")
        });
        for token in plain.into_iter().chain(typed).chain(more) {
            let said = |token: &IdToken| {
                let more: Vec<_> =
                    token.additional_info().map(|(a, b)| (SmallString::new(a), SmallString::new(b))).collect();
                (SmallString::new(token.as_str()), token.kind().map(SmallString::new), more)
            };
            #[cfg(feature = "station")]
            {
                let mut bytes = Vec::new();
                token.pack(&mut bytes);
                assert_eq!(said(&IdToken::unpack(&mut Unpacker::new(&bytes))), said(&token));
            }
            #[cfg(feature = "serde")]
            {
                let text = serde_json::to_string(&token).unwrap();
                assert_eq!(said(&serde_json::from_str(&text).unwrap()), said(&token), "{text}");
            }
        }
    }

    /// Bytes and lines as they were before a token had a type.
    #[test]
    fn plain_token_is_written_as_ever() {
        #[cfg(feature = "station")]
        {
            let mut bytes = Vec::new();
            IdToken::new("TAG").pack(&mut bytes);
            assert_eq!(bytes, b"\x03TAG");
        }
        #[cfg(feature = "serde")]
        {
            assert_eq!(serde_json::to_string(&IdToken::new("TAG")).unwrap(), "\"TAG\"");
            let full = r#"{"id":"TAG","type":"eMAID","additional_info":[{"type":"PIN","id":"7"}]}"#;
            let token: IdToken = serde_json::from_str(full).unwrap();
            assert_eq!((token.as_str(), token.kind()), ("TAG", Some("eMAID")));
            assert_eq!(serde_json::to_string(&token).unwrap(), full);
            assert!(serde_json::from_str::<IdToken>(r#"{"id":"TAG","kind":"eMAID"}"#).is_err());
        }
    }

    #[test]
    fn additional_info_is_bounded_and_no_text_passes_for_it() {
        let mut token = IdToken::new("A\u{1}KeyCode");
        assert_eq!((token.kind(), token.additional_info().count()), (None, 0));
        for _ in 0..IdToken::MAX_ADDITIONAL {
            token = token.with_additional_info("T\u{1}", "x\u{1}y").unwrap();
        }
        assert_eq!((token.kind(), token.additional_info().count()), (None, IdToken::MAX_ADDITIONAL));
        assert!(token.with_additional_info("T", "x").is_none());
        assert!(IdToken::new("A").with_additional_info(&"T".repeat(51), "x").is_none());
    }
}
