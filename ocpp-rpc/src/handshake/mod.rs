//! The rules of the WebSocket handshake, for both ends, as pure functions.
//!
//! A station derives its [`connection_url`], lists its versions with [`offer`], proves itself with
//! [`Password::authorization`] and looks at the server's choice with [`agreed`]. A server passes the parts of the HTTP
//! request to [`open`], checks the proof it gets back against what it stored, and answers a [`Refusal`] with its status.

use alloc::string::String;

mod basic_auth;
mod identity;
mod security_profile;
mod subprotocol;
mod takeover;
mod url;

pub use basic_auth::{AuthorizationError, BasicAuth, Password, PasswordError};
pub use identity::{Characters, Identity, IdentityError, IdentityRules};
pub use security_profile::{Prerequisites, ProfileRefused, ProfileRules, SecurityProfile};
pub use subprotocol::{Choice, SubprotocolError, agreed, choose, offer};
pub use takeover::{Takeover, TakeoverPolicy, takeover};
pub use url::{UrlError, connection_url, relay_url};

use crate::Dialect;

/// The parts of a WebSocket opening request that OCPP has rules for.
#[derive(Clone, Copy, Debug)]
pub struct OpeningRequest<'a> {
    /// The request target: path and query as they stand in the request line.
    pub target: &'a str,
    /// The values of all `Sec-WebSocket-Protocol` headers.
    pub subprotocols: &'a [&'a str],
    /// The value of the `Authorization` header.
    pub authorization: Option<&'a str>,
    /// Whether the connection is inside TLS.
    pub is_tls: bool,
    /// Whether TLS has verified a client certificate. Whom it names is for the server to compare with the identity.
    pub has_client_certificate: bool,
}

/// What a server asks of a station that connects.
#[derive(Clone, Debug)]
pub struct ServerRules<'a> {
    /// Which identities are well-formed.
    pub identity: IdentityRules,
    /// The versions the server speaks, the preferred one first.
    pub dialects: &'a [Dialect],
    /// The version taken for granted when a station names none at all.
    pub assumed: Option<Dialect>,
    /// The lowest security profile accepted. `None` accepts anybody, without any proof.
    pub security_profile: Option<SecurityProfile>,
}

/// A request that keeps the rules. The server has yet to check that it knows the identity and that the proof is right.
#[derive(Clone, Debug)]
pub struct Opening {
    /// Who the station says it is.
    pub identity: Identity,
    /// The version spoken, and whether the response names it. [`Choice::Nothing`]: complete the handshake without a
    /// subprotocol, then close at once (OCPP-J 1.6 §3.2, Part 4 §3.3).
    pub choice: Choice,
    /// How the station proves who it is.
    pub proof: Proof,
}

/// How a station proves who it is.
#[derive(Clone, Debug)]
pub enum Proof {
    /// Not at all: only with [`ServerRules::security_profile`] `None`.
    Nothing,
    /// By a password, to be compared with the stored one ([`Password::verify`]).
    Password(BasicAuth),
    /// By a client certificate, whose subject must name the identity.
    Certificate,
}

/// Checks an opening request by the rules of OCPP-J.
pub fn open(request: &OpeningRequest<'_>, rules: &ServerRules<'_>) -> Result<Opening, Refusal> {
    let identity = Identity::from_target(request.target, &rules.identity)?;
    let proof = proof(request, rules, &identity)?;
    let choice = choose(request.subprotocols, rules.dialects, rules.assumed);
    Ok(Opening { identity, choice, proof })
}

fn proof(request: &OpeningRequest<'_>, rules: &ServerRules<'_>, identity: &Identity) -> Result<Proof, Refusal> {
    let needed = rules.security_profile;
    if needed >= Some(SecurityProfile::TlsWithBasicAuth) && !request.is_tls {
        return Err(Refusal::TlsRequired);
    }
    if request.is_tls && request.has_client_certificate {
        return Ok(Proof::Certificate);
    }
    if needed == Some(SecurityProfile::TlsWithClientCertificate) {
        return Err(Refusal::CertificateRequired);
    }
    match request.authorization {
        Some(header) => Ok(Proof::Password(BasicAuth::parse(header, identity)?)),
        None if needed.is_none() => Ok(Proof::Nothing),
        None => Err(Refusal::Authorization(AuthorizationError::Missing)),
    }
}

/// Why a station is turned away.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The request target holds no acceptable identity.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The server does not know the identity (OCPP-J 1.6 §3.2, Part 4 §3.3).
    #[error("station is unknown")]
    UnknownStation,
    /// No usable credentials.
    #[error(transparent)]
    Authorization(#[from] AuthorizationError),
    /// The password is wrong.
    #[error("password is wrong")]
    WrongPassword,
    /// The station must use TLS.
    #[error("TLS is required")]
    TlsRequired,
    /// The station must show a client certificate.
    #[error("client certificate is required")]
    CertificateRequired,
    /// The client certificate is not the station's.
    #[error("client certificate names another station")]
    WrongCertificate,
    /// A connection under this identity is open, and the server's policy keeps it.
    #[error("station is already connected")]
    AlreadyConnected,
    /// The server cannot take the connection now.
    #[error("server is busy")]
    Busy,
}

impl Refusal {
    /// The HTTP status to answer with. A 401 goes with the header `WWW-Authenticate:` [`CHALLENGE`].
    ///
    /// No common version is no refusal by HTTP: see [`Opening::choice`].
    pub const fn status(&self) -> u16 {
        match self {
            Self::Identity(IdentityError::BadEscape | IdentityError::NotUtf8) => 400,
            Self::Identity(_) | Self::UnknownStation => 404,
            Self::Authorization(_) | Self::WrongPassword => 401,
            Self::TlsRequired | Self::CertificateRequired | Self::WrongCertificate => 403,
            Self::AlreadyConnected => 409,
            Self::Busy => 503,
        }
    }
}

/// The value of the `WWW-Authenticate` header (RFC 7617 §2).
pub const CHALLENGE: &str = "Basic realm=\"OCPP\", charset=\"UTF-8\"";

/// The digits of percent-encoding and of hexadecimal passwords.
fn push_hex(text: &mut String, byte: u8, digits: &[u8; 16]) {
    for nibble in [byte >> 4, byte & 15] {
        text.push(char::from(digits.get(usize::from(nibble)).copied().unwrap_or(b'0')));
    }
}

fn hex_byte(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(high)? << 4 | digit(low)?)
}

#[cfg(test)]
mod tests;
