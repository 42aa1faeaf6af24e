//! Signed messages (Part 4 chapter 7 of 2.0.1 and 2.1): a payload inside a JSON Web Signature.
//!
//! The action of a signed CALL or SEND is the plain one with `-Signed` appended, and its payload is a flattened JWS
//! (RFC 7515 §7.2.2) whose protected header names action and message type again. The answer to a signed CALL is signed
//! too. Everything else of the frame stays: the `<Extension>` that chapter 7 shows is in no other chapter.
//!
//! Signing and verifying are the host's: [`Unsigned`] gives the bytes to sign and takes the signature, [`Signed`] gives
//! the bytes and the signature to verify. Either may be done at once or in a security module that takes its time.
//! `es256` (feature of that name) is a ready implementation of one algorithm.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use base64ct::{Base64UrlUnpadded, Encoding};
use ocpp_types::SmallString;
use ocpp_types::json::{Kind, Reader, Writer};
use ocpp_types::{Fault, Violation};

use crate::call_error::check_object;
use crate::frame::{MessageType, Payload};

#[cfg(feature = "es256")]
pub mod es256;
#[cfg(test)]
mod tests;

/// What the action of a signed message ends with.
const SUFFIX: &str = "-Signed";

/// The algorithms of Part 4 §7.3, named as in RFC 7518 §3.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// ECDSA with P-256 and SHA-256; the signature is the 64 bytes of R and S.
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
}

impl Algorithm {
    /// The name in the `alg` header.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
        }
    }

    /// The algorithm with this name. `none` and the symmetric ones of RFC 7518 are no algorithms of OCPP.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Es256, Self::Rs256, Self::Rs384].into_iter().find(|algorithm| algorithm.name() == name)
    }
}

/// The SHA-256 hash of the DER encoding of the certificate that signs: `x5t#S256`, Part 4 §7.4.
pub type CertificateHash = [u8; 32];

/// What the protected header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// How the message is signed.
    pub algorithm: Algorithm,
    /// The action, without suffix. An answer bears the action of its call.
    pub action: SmallString,
    /// The type of the message.
    pub message_type: MessageType,
    /// Which certificate signs. Should be there; a receiver may know the key otherwise.
    pub certificate: Option<CertificateHash>,
}

/// What is done about signatures. There is no default: which one is right depends on who may read and change messages on
/// their way (Part 4 §7.2 lets receivers ignore signatures).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignaturePolicy {
    /// Take signed messages out of their wrapping and do not look at the signature.
    Ignore,
    /// Verify what is signed, accept what is not.
    VerifySigned,
    /// Verify, and refuse what is not signed.
    RequireSigned,
}

/// A message seen under a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Examined<'a> {
    /// Not signed, and the policy allows that: use the plain payload.
    Plain,
    /// Signed, and the policy does not want the signature verified: use [`Signed::payload`].
    Unwrapped {
        /// The action without suffix.
        action: &'a str,
        /// The message.
        message: Signed,
    },
    /// Signed; verify the signature before using [`Signed::payload`].
    Verify {
        /// The action without suffix.
        action: &'a str,
        /// The message.
        message: Signed,
    },
}

/// Why a message is not acceptable as signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignedError {
    /// The policy asks for a signature.
    #[error("message is not signed")]
    NotSigned,
    /// The payload of the frame is no JSON, or not an object.
    #[error("{0}")]
    Violation(Violation),
    /// The envelope or its header is no JSON object.
    #[error("signed payload: {0}")]
    Json(Fault),
    /// A member is missing, given twice, or has the wrong type or encoding.
    #[error("signed payload: {0} is missing or malformed")]
    Member(&'static str),
    /// The algorithm is not one of OCPP.
    #[error("signature algorithm is not allowed")]
    Algorithm,
    /// The header has extensions that must be understood (`crit`).
    #[error("signed payload: header has critical extensions")]
    Critical,
    /// The header names another action than the frame: the payload was moved from another message.
    #[error("signed payload: header names another action")]
    OtherAction,
    /// The header names another message type than the frame.
    #[error("signed payload: header names another message type")]
    OtherMessageType,
}

/// The action of the signed form of a message.
pub fn signed_action(action: &str) -> String {
    let mut signed = String::from(action);
    signed.push_str(SUFFIX);
    signed
}

/// The plain action, if `action` is that of a signed message.
pub fn plain_action(action: &str) -> Option<&str> {
    action.strip_suffix(SUFFIX)
}

/// A payload to be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsigned {
    /// Protected header and payload in Base64url, with a dot between.
    input: String,
}

impl Unsigned {
    /// Wraps `payload`, the text of one JSON object.
    pub fn new(header: &Header, payload: &str) -> Result<Self, Violation> {
        check_object(payload).map_err(|fault| Violation::locate(&fault, payload, 0))?;
        let mut writer = Writer::new();
        writer.begin_object();
        writer.key("alg");
        writer.string(header.algorithm.name());
        writer.key(ACTION);
        writer.string(&header.action);
        writer.key(MESSAGE_TYPE);
        writer.integer(header.message_type.number().into());
        if let Some(hash) = &header.certificate {
            writer.key(CERTIFICATE);
            writer.string(&Base64UrlUnpadded::encode_string(hash));
        }
        writer.end_object();
        let mut input = Base64UrlUnpadded::encode_string(writer.finish()?.as_bytes());
        input.push('.');
        input.push_str(&Base64UrlUnpadded::encode_string(payload.as_bytes()));
        Ok(Self { input })
    }

    /// The bytes to sign (RFC 7515 §5.1).
    pub fn signing_input(&self) -> &[u8] {
        self.input.as_bytes()
    }

    /// The payload of the signed message.
    pub fn finish(self, signature: &[u8]) -> String {
        let (protected, payload) = self.input.split_once('.').unwrap_or_default();
        let mut writer = Writer::new();
        writer.begin_object();
        for (name, value) in [("payload", payload), ("protected", protected)] {
            writer.key(name);
            writer.string(value);
        }
        writer.key("signature");
        writer.string(&Base64UrlUnpadded::encode_string(signature));
        writer.end_object();
        // Nothing was refused.
        writer.finish().unwrap_or_default()
    }
}

/// A payload that came signed. Its signature is not verified by having one of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    header: Header,
    payload: String,
    input: String,
    signature: Vec<u8>,
}

impl Signed {
    /// Reads the payload of a signed message.
    pub fn read(json: &str) -> Result<Self, SignedError> {
        let mut jws = Members::default();
        jws.read(json)?;
        let protected = jws.protected.ok_or(SignedError::Member("protected"))?;
        let payload = jws.payload.ok_or(SignedError::Member("payload"))?;
        let signature = jws.signature.ok_or(SignedError::Member("signature"))?;
        Ok(Self {
            header: Header::read(&text(&protected, "protected")?)?,
            payload: text(&payload, "payload")?,
            signature: bytes(&signature, "signature")?,
            input: [protected, payload].join("."),
        })
    }

    /// What the protected header says.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The payload of the message inside, as JSON text.
    pub fn payload(&self) -> &str {
        &self.payload
    }

    /// The bytes that are signed.
    pub fn signing_input(&self) -> &[u8] {
        self.input.as_bytes()
    }

    /// The signature over [`Signed::signing_input`].
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }
}

/// Looks at a received CALL or SEND under `policy`.
pub fn examine<'a>(
    message_type: MessageType,
    action: &'a str,
    payload: &Payload<'_>,
    policy: SignaturePolicy,
) -> Result<Examined<'a>, SignedError> {
    match plain_action(action) {
        Some(action) => unwrap(message_type, action, payload, policy),
        None if policy == SignaturePolicy::RequireSigned => Err(SignedError::NotSigned),
        None => Ok(Examined::Plain),
    }
}

/// Looks at the answer to a call of `action` (without suffix) under `policy`. Answers bear no action: whoever called with
/// a signature gets a signed answer (Part 4 §7.2).
pub fn examine_result<'a>(
    action: &'a str,
    was_signed: bool,
    payload: &Payload<'_>,
    policy: SignaturePolicy,
) -> Result<Examined<'a>, SignedError> {
    let is_signed = payload.decode_with(|reader| looks_signed(reader)).map_err(SignedError::Violation)?;
    match (is_signed, policy) {
        (true, _) if was_signed => unwrap(MessageType::CallResult, action, payload, policy),
        (_, SignaturePolicy::RequireSigned) => Err(SignedError::NotSigned),
        (_, SignaturePolicy::Ignore | SignaturePolicy::VerifySigned) => Ok(Examined::Plain),
    }
}

fn unwrap<'a>(
    message_type: MessageType,
    action: &'a str,
    payload: &Payload<'_>,
    policy: SignaturePolicy,
) -> Result<Examined<'a>, SignedError> {
    let message = Signed::read(payload.raw().map_err(SignedError::Violation)?)?;
    if message.header.action != action {
        return Err(SignedError::OtherAction);
    }
    if message.header.message_type != message_type {
        return Err(SignedError::OtherMessageType);
    }
    Ok(match policy {
        SignaturePolicy::Ignore => Examined::Unwrapped { action, message },
        SignaturePolicy::VerifySigned | SignaturePolicy::RequireSigned => Examined::Verify { action, message },
    })
}

/// Whether the next value is an object with the members of a flattened JWS.
fn looks_signed(reader: &mut Reader<'_>) -> Result<bool, Fault> {
    let mut found = 0;
    reader.begin_object()?;
    while let Some(key) = reader.next_key()? {
        found += u32::from(["payload", "protected", "signature"].contains(&&*key));
        reader.skip_value()?;
    }
    Ok(found == 3)
}

/// The members of a flattened JWS.
#[derive(Default)]
struct Members {
    payload: Option<String>,
    protected: Option<String>,
    signature: Option<String>,
}

impl Members {
    fn read(&mut self, json: &str) -> Result<(), SignedError> {
        each_member(json, |key, reader| {
            let (name, slot) = match key {
                "payload" => ("payload", &mut self.payload),
                "protected" => ("protected", &mut self.protected),
                "signature" => ("signature", &mut self.signature),
                // The unprotected header and unknown members say nothing that is signed.
                _ => return Ok(reader.skip_value()?),
            };
            put(slot, string(reader, name)?, name)
        })
    }
}

const ACTION: &str = "OCPPAction";
/// So spelled by the specification, in both versions.
const MESSAGE_TYPE: &str = "OCPPMessageTypedId";
/// As it was probably meant, accepted too.
const MESSAGE_TYPE_MEANT: &str = "OCPPMessageTypeId";
const CERTIFICATE: &str = "x5t#S256";

impl Header {
    fn read(json: &str) -> Result<Self, SignedError> {
        let (mut algorithm, mut action, mut message_type, mut certificate) = (None, None, None, None);
        each_member(json, |key, reader| match key {
            "alg" => {
                let found = Algorithm::from_name(&string(reader, "alg")?).ok_or(SignedError::Algorithm)?;
                put(&mut algorithm, found, "alg")
            }
            "crit" => Err(SignedError::Critical),
            ACTION => put(&mut action, string(reader, ACTION)?.into(), ACTION),
            MESSAGE_TYPE | MESSAGE_TYPE_MEANT => {
                let digits = match reader.peek()? {
                    Kind::String => string(reader, MESSAGE_TYPE)?,
                    Kind::Number => reader.number()?.to_string(),
                    _ => return Err(SignedError::Member(MESSAGE_TYPE)),
                };
                let number = digits.parse().map_err(|_| SignedError::Member(MESSAGE_TYPE))?;
                let found = MessageType::from_number(number, crate::Dialect::V2_1);
                put(&mut message_type, found.ok_or(SignedError::Member(MESSAGE_TYPE))?, MESSAGE_TYPE)
            }
            CERTIFICATE => {
                let hash = bytes(&string(reader, CERTIFICATE)?, CERTIFICATE)?;
                let hash = hash.try_into().map_err(|_| SignedError::Member(CERTIFICATE))?;
                put(&mut certificate, hash, CERTIFICATE)
            }
            _ => Ok(reader.skip_value()?),
        })?;
        Ok(Self {
            algorithm: algorithm.ok_or(SignedError::Member("alg"))?,
            action: action.ok_or(SignedError::Member(ACTION))?,
            message_type: message_type.ok_or(SignedError::Member(MESSAGE_TYPE))?,
            certificate,
        })
    }
}

impl From<Fault> for SignedError {
    fn from(fault: Fault) -> Self {
        Self::Json(fault)
    }
}

/// Calls `member` for each member of the object `json`, which is nothing else.
fn each_member(
    json: &str,
    mut member: impl FnMut(&str, &mut Reader<'_>) -> Result<(), SignedError>,
) -> Result<(), SignedError> {
    let mut reader = Reader::new(json);
    reader.begin_object()?;
    while let Some(key) = reader.next_key()? {
        member(&key, &mut reader)?;
    }
    Ok(reader.finish()?)
}

/// RFC 7515 §4: a name that occurs twice makes the whole invalid.
fn put<T>(slot: &mut Option<T>, value: T, name: &'static str) -> Result<(), SignedError> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(SignedError::Member(name)),
    }
}

fn string(reader: &mut Reader<'_>, name: &'static str) -> Result<String, SignedError> {
    reader.string().map(String::from).map_err(|_| SignedError::Member(name))
}

fn bytes(base64: &str, name: &'static str) -> Result<Vec<u8>, SignedError> {
    Base64UrlUnpadded::decode_vec(base64).map_err(|_| SignedError::Member(name))
}

fn text(base64: &str, name: &'static str) -> Result<String, SignedError> {
    String::from_utf8(bytes(base64, name)?).map_err(|_| SignedError::Member(name))
}
