//! Who may connect to a CSMS: TLS and the WebSocket handshake by the rules of OCPP-J, refusals as HTTP statuses.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use ocpp_rpc::Dialect;
use ocpp_rpc::handshake::{
    BasicAuth, CHALLENGE, Choice, IdentityRules, OpeningRequest, Password, PasswordError, Proof, Refusal,
    SecurityProfile, ServerRules, open,
};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig as TlsConfig;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_tungstenite::accept_hdr_async_with_config;
use tokio_tungstenite::tungstenite::error::Error as WsError;
use tokio_tungstenite::tungstenite::handshake::server::{Callback, ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL, WWW_AUTHENTICATE};
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode};

use super::socket::{ByteStream, WebSocket, close, limits};
use crate::pki::Certificate;

/// TLS and handshake together may take so long.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(15);

/// Who may connect. There is no default: that everybody may must be said.
#[derive(Clone, Debug)]
pub enum Authenticator {
    /// Everybody, under any identity.
    AcceptAll,
    /// Whoever knows the one password, under any identity.
    Shared(Credential),
    /// The stations of this list, each by its own password. Others are unknown.
    Stations(BTreeMap<String, Credential>),
}

/// A password as an operator writes it.
#[derive(Clone, Debug)]
pub struct Credential {
    text: Password,
    /// What 1.6 stations send if the text is a key in hexadecimal (white paper A00.FR.205).
    key: Option<Password>,
}

impl Credential {
    /// The password of this text: sent as it is, or, if it is 32 to 40 hexadecimal digits, as the bytes that it stands for.
    ///
    /// # Errors
    /// When the text is empty or too long.
    pub fn new(text: &str) -> Result<Self, PasswordError> {
        let key = Password::from_authorization_key(text).ok();
        Ok(Credential { text: Password::from_bytes(text.as_bytes())?, key })
    }

    fn verify(&self, presented: &BasicAuth) -> bool {
        self.text.verify(presented) || self.key.as_ref().is_some_and(|key| key.verify(presented))
    }
}

impl Authenticator {
    fn check(&self, station: &str, proof: &Proof, shown: Option<&Certificate>) -> Result<(), Refusal> {
        let credential = match self {
            Authenticator::AcceptAll => None,
            Authenticator::Shared(credential) => Some(credential),
            Authenticator::Stations(stations) => Some(stations.get(station).ok_or(Refusal::UnknownStation)?),
        };
        match (proof, credential) {
            (Proof::Certificate, _) if shown.is_some_and(|shown| is_of(shown, station)) => Ok(()),
            (Proof::Certificate, _) => Err(Refusal::WrongCertificate),
            (Proof::Password(_) | Proof::Nothing, None) => Ok(()),
            (Proof::Password(presented), Some(credential)) if credential.verify(presented) => Ok(()),
            (Proof::Password(_) | Proof::Nothing, Some(_)) => Err(Refusal::WrongPassword),
        }
    }
}

/// Whether a certificate is this station's (1.6 security A00.FR.405): the identity is written into it, or is the serial number
/// that the subject bears.
fn is_of(certificate: &Certificate, station: &str) -> bool {
    certificate.identity.as_ref().or(certificate.common_name.as_ref()).is_some_and(|name| name == station)
}

/// A station that may connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Admitted {
    pub station: String,
    pub dialect: Dialect,
}

/// Checks each connection.
#[derive(Debug)]
pub(super) struct Doorkeeper {
    pub authenticator: Authenticator,
    pub dialects: Vec<Dialect>,
    pub tls: Option<Arc<TlsConfig>>,
    pub frame_bytes: usize,
}

impl Doorkeeper {
    /// Takes a connection through TLS and the handshake.
    pub async fn admit(self: Arc<Self>, stream: TcpStream) -> Result<(WebSocket, Admitted), String> {
        match timeout(HANDSHAKE_TIMEOUT, self.shake_hands(stream)).await {
            Ok(admitted) => admitted,
            Err(_) => Err(format!("no handshake within {} s", HANDSHAKE_TIMEOUT.as_secs())),
        }
    }

    async fn shake_hands(&self, stream: TcpStream) -> Result<(WebSocket, Admitted), String> {
        let (stream, shown) = self.encrypt(stream).await.map_err(|error| error.to_string())?;
        let shown = shown.map(Certificate::from_der).transpose().map_err(|error| error.to_string())?;
        let mut verdict = None;
        let check = Check { doorkeeper: self, shown: shown.as_ref(), verdict: &mut verdict };
        let accepted = accept_hdr_async_with_config(stream, check, Some(limits(self.frame_bytes))).await;
        match (accepted, verdict) {
            (Ok(socket), Some(Ok((station, choice)))) => match choice.dialect() {
                Some(dialect) => Ok((socket, Admitted { station, dialect })),
                None => {
                    close(socket, None).await;
                    Err(format!("station {station:?} offers no version spoken here"))
                }
            },
            (Err(WsError::Http(_)), Some(Err(refusal))) => Err(refusal.to_string()),
            (Ok(_), _) => Err("handshake without a request".to_owned()),
            (Err(error), _) => Err(error.to_string()),
        }
    }

    /// The stream to go on with, and the certificate that the station showed, which the TLS library has verified.
    async fn encrypt(&self, stream: TcpStream) -> io::Result<(Box<dyn ByteStream>, Option<CertificateDer<'static>>)> {
        stream.set_nodelay(true)?;
        match &self.tls {
            Some(config) => {
                let stream = TlsAcceptor::from(Arc::clone(config)).accept(stream).await?;
                let shown = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first().cloned());
                Ok((Box::new(stream), shown))
            }
            None => Ok((Box::new(stream), None)),
        }
    }

    fn check(&self, request: &Request, shown: Option<&Certificate>) -> Result<(String, Choice), Refusal> {
        let header = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
        let subprotocols: Vec<String> =
            request.headers().get_all(SEC_WEBSOCKET_PROTOCOL).iter().filter_map(header).collect();
        let subprotocols: Vec<&str> = subprotocols.iter().map(String::as_str).collect();
        let opening = OpeningRequest {
            target: request.uri().path(),
            subprotocols: &subprotocols,
            authorization: request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()),
            is_tls: self.tls.is_some(),
            has_client_certificate: shown.is_some(),
        };
        let rules = ServerRules {
            identity: IdentityRules::V1_6,
            dialects: &self.dialects,
            assumed: None,
            security_profile: match self.authenticator {
                Authenticator::AcceptAll => None,
                Authenticator::Shared(_) | Authenticator::Stations(_) => Some(SecurityProfile::BasicAuth),
            },
        };
        let opening = open(&opening, &rules)?;
        self.authenticator.check(opening.identity.as_str(), &opening.proof, shown)?;
        Ok((opening.identity.as_str().to_owned(), opening.choice))
    }
}

/// The check as the WebSocket library calls it, in the middle of its handshake.
struct Check<'a> {
    doorkeeper: &'a Doorkeeper,
    shown: Option<&'a Certificate>,
    verdict: &'a mut Option<Result<(String, Choice), Refusal>>,
}

impl Callback for Check<'_> {
    fn on_request(self, request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
        let verdict = self.verdict.insert(self.doorkeeper.check(request, self.shown));
        match verdict {
            Ok((_, choice)) => {
                if let Some(subprotocol) = choice.header() {
                    response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(subprotocol));
                }
                Ok(response)
            }
            Err(refusal) => {
                let mut answer = ErrorResponse::new(Some(refusal.to_string()));
                let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::FORBIDDEN);
                *answer.status_mut() = status;
                if status == StatusCode::UNAUTHORIZED {
                    answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(CHALLENGE));
                }
                Err(answer)
            }
        }
    }
}
