use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::hint::black_box;

use base64ct::{Base64, Base64Unpadded, Encoding};

use super::{Identity, hex_byte, push_hex};
use crate::Dialect;

/// A station's Basic authentication password: 1 byte to [`Password::MAX_BYTES`]. Never shown by `Debug`.
///
/// In 1.6 it is a key of bytes, written in hexadecimal in the configuration key `AuthorizationKey` and sent as bytes
/// (OCPP-J 1.6 §6.2.2, security white paper A00.FR.205). In 2.x it is a text (Part 2 A00.FR.205, `BasicAuthPassword`).
#[derive(Clone)]
pub struct Password(Vec<u8>);

/// Why a text is no password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// It is not an even number of hexadecimal digits.
    #[error("key is not an even number of hexadecimal digits")]
    NotHex,
    /// Its length is not allowed.
    #[error("password has {actual} {unit}, {min} to {max} allowed")]
    Length {
        /// `bytes` or `characters`.
        unit: &'static str,
        /// The fewest allowed.
        min: usize,
        /// The most allowed.
        max: usize,
        /// The length found.
        actual: usize,
    },
    /// It has a character that `passwordString` of 2.0.1 does not allow.
    #[error("password has a character that is not allowed")]
    Character,
}

impl Password {
    /// Longest password in bytes: 64 characters, the most 2.1 allows, of four bytes each.
    pub const MAX_BYTES: usize = 256;

    /// Takes the value of the 1.6 configuration key `AuthorizationKey`: 32 to 40 hexadecimal digits.
    pub fn from_authorization_key(hex: &str) -> Result<Self, PasswordError> {
        let (pairs, rest) = hex.as_bytes().as_chunks::<2>();
        if !rest.is_empty() {
            return Err(PasswordError::NotHex);
        }
        check_length("bytes", pairs.len(), 16, 20)?;
        let bytes = pairs.iter().map(|[high, low]| hex_byte(*high, *low));
        bytes.collect::<Option<_>>().map(Self).ok_or(PasswordError::NotHex)
    }

    /// Takes the value of the 2.x variable `BasicAuthPassword`.
    ///
    /// 2.0.1: 16 to 40 characters of `passwordString`. 2.1: 16 to 64 characters; the station's own limit, 40 at least,
    /// is in the variable's `maxLimit`. 1.6 has keys instead: [`Password::from_authorization_key`].
    pub fn from_text(text: &str, dialect: Dialect) -> Result<Self, PasswordError> {
        let chars = text.chars().count();
        match dialect {
            Dialect::V1_6 => return Self::from_authorization_key(text),
            Dialect::V2_0_1 => {
                check_length("characters", chars, 16, 40)?;
                if text.chars().any(|ch| !ch.is_ascii_alphanumeric() && !"*-_=:+|@.".contains(ch)) {
                    return Err(PasswordError::Character);
                }
            }
            Dialect::V2_1 => check_length("characters", chars, 16, 64)?,
        }
        Ok(Self(text.into()))
    }

    /// Takes bytes as they are sent, however weak: for passwords that were set outside of OCPP.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PasswordError> {
        check_length("bytes", bytes.len(), 1, Self::MAX_BYTES)?;
        Ok(Self(bytes.into()))
    }

    /// The bytes, as they are sent.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The value of the `Authorization` header a station sends.
    pub fn authorization(&self, identity: &Identity) -> String {
        let mut bytes = Vec::from(identity.as_str());
        bytes.push(b':');
        bytes.extend_from_slice(&self.0);
        let mut header = String::from("Basic ");
        header.push_str(&Base64::encode_string(&bytes));
        header
    }

    /// Whether `presented` is this password. The time taken depends on the lengths only.
    pub fn verify(&self, presented: &BasicAuth) -> bool {
        equal(&self.0, &presented.password)
    }

    /// Whether `presented` is this 1.6 key written in hexadecimal, in either case: a quirk of stations that send the text
    /// they were configured with instead of the bytes.
    pub fn verify_hex(&self, presented: &BasicAuth) -> bool {
        let mut hex = String::new();
        for byte in &self.0 {
            push_hex(&mut hex, *byte, b"0123456789abcdef");
        }
        equal(hex.as_bytes(), &presented.password.to_ascii_lowercase())
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(***)")
    }
}

impl PartialEq for Password {
    fn eq(&self, other: &Self) -> bool {
        equal(&self.0, &other.0)
    }
}

impl Eq for Password {}

/// The password a station presented, under a user name that equals its identity. Never shown by `Debug`.
#[derive(Clone)]
pub struct BasicAuth {
    password: Vec<u8>,
}

/// Why an `Authorization` header is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorizationError {
    /// There is none.
    #[error("no Authorization header")]
    Missing,
    /// Its scheme is not Basic.
    #[error("authorization scheme is not Basic")]
    Scheme,
    /// It is too long, not Base64, or has no colon.
    #[error("Basic credentials are malformed")]
    Malformed,
    /// The user name is not the identity in the path (A00.FR.204, A00.FR.207).
    #[error("user name differs from the identity")]
    User,
}

impl BasicAuth {
    /// Reads the value of an `Authorization` header (RFC 7617) for the station whose identity is in the path.
    ///
    /// The password begins after the identity and a colon, so it may contain colons itself. User names are compared without
    /// regard to the case of ASCII letters: identities of 2.x have none. Missing padding is accepted.
    pub fn parse(header: &str, identity: &Identity) -> Result<Self, AuthorizationError> {
        let (scheme, token) = header.trim().split_once(' ').ok_or(AuthorizationError::Scheme)?;
        if !scheme.eq_ignore_ascii_case("Basic") {
            return Err(AuthorizationError::Scheme);
        }
        // Four characters hold three bytes; an identity has up to 255 characters of four bytes.
        if token.len() > 4 * 255 * 4 {
            return Err(AuthorizationError::Malformed);
        }
        let token = token.trim().trim_end_matches('=');
        let mut bytes = Base64Unpadded::decode_vec(token).map_err(|_| AuthorizationError::Malformed)?;
        if !bytes.contains(&b':') {
            return Err(AuthorizationError::Malformed);
        }
        let user = identity.as_str().as_bytes();
        let fits = bytes.get(..user.len()).is_some_and(|start| start.eq_ignore_ascii_case(user));
        if !fits || bytes.get(user.len()) != Some(&b':') {
            return Err(AuthorizationError::User);
        }
        bytes.drain(..=user.len());
        Ok(Self { password: bytes })
    }

    /// The bytes presented, to be compared with a stored hash of the password.
    pub fn password(&self) -> &[u8] {
        &self.password
    }
}

impl fmt::Debug for BasicAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BasicAuth(***)")
    }
}

fn check_length(unit: &'static str, actual: usize, min: usize, max: usize) -> Result<(), PasswordError> {
    if (min..=max).contains(&actual) { Ok(()) } else { Err(PasswordError::Length { unit, min, max, actual }) }
}

/// Compares without stopping at the first difference.
fn equal(a: &[u8], b: &[u8]) -> bool {
    let difference = a.iter().zip(b).fold(0, |difference, (a, b)| black_box(difference | (a ^ b)));
    a.len() == b.len() && difference == 0
}
