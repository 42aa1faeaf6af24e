//! Who may connect to a CSMS: TLS and the WebSocket handshake by the rules of OCPP-J, refusals as HTTP statuses.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ocpp_rpc::Dialect;
use ocpp_rpc::handshake::{
    BasicAuth, Choice, IdentityRules, OpeningRequest, Password, PasswordError, Proof, Refusal, SecurityProfile,
    ServerRules, open,
};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig as TlsConfig;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::Request;
use tokio_tungstenite::tungstenite::http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL};
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};

use super::opening::{self, Opening, Rejection};
use super::socket::{ByteStream, WebSocket, close, limits};
use crate::pki::Certificate;

/// TLS and handshake together may take so long, if nothing else is said.
pub(super) const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(15);
/// The first byte of a connection with TLS (RFC 8446 §5.1: a handshake record).
const TLS_HANDSHAKE: u8 = 22;

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
    /// The serial number of the certificate that it showed, in hexadecimal.
    pub certificate: Option<String>,
}

/// The certificate that a station showed.
type Shown = Option<CertificateDer<'static>>;
/// A connection with its request.
type Received = (Box<dyn ByteStream>, Shown, Result<Opening, Rejection>);

/// Checks each connection.
#[derive(Debug)]
pub(super) struct Doorkeeper {
    pub authenticator: Authenticator,
    pub dialects: Vec<Dialect>,
    pub tls: Option<Arc<TlsConfig>>,
    pub frame_bytes: usize,
    /// How long TLS and handshake together may take.
    pub handshake_timeout: Duration,
    /// Stations that proved themselves by a certificate since the server began: a password will not do any more (A05.FR.07).
    pub certified: Mutex<BTreeSet<String>>,
}

impl Doorkeeper {
    /// Takes a connection through TLS and the handshake. Whoever is not let in gets an answer of HTTP.
    pub async fn admit(self: Arc<Self>, stream: TcpStream) -> Result<(WebSocket, Admitted), String> {
        let (mut stream, shown, judged) = self.receive(stream).await?;
        let shown = shown.map(Certificate::from_der).transpose().map_err(|error| error.to_string())?;
        let admitted = judged.and_then(|opening| match self.check(&opening.request, shown.as_ref()) {
            Ok((station, choice)) => {
                let certificate = shown.as_ref().map(Certificate::serial_number);
                Ok((opening, Admitted { station, dialect: Dialect::V1_6, certificate }, choice))
            }
            Err(refusal) => Err(Rejection::from(&refusal)),
        });
        match admitted {
            Ok((opening, admitted, choice)) => self.open(stream, opening, admitted, choice).await,
            Err(rejection) => {
                rejection.answer(&mut stream).await;
                Err(rejection.text)
            }
        }
    }

    /// Tells a peer for which there is no room that it may come again.
    pub async fn turn_away(self: Arc<Self>, stream: TcpStream, reason: String) {
        // Whatever it asked for: an answer before the request would be lost.
        if let Ok((mut stream, _, _)) = self.receive(stream).await {
            Rejection::busy(reason).answer(&mut stream).await;
        }
    }

    /// TLS, and the request.
    async fn receive(&self, stream: TcpStream) -> Result<Received, String> {
        let deadline = Instant::now() + self.handshake_timeout;
        let late = || format!("no whole request within {} s", self.handshake_timeout.as_secs());
        let (mut stream, shown) = match timeout_at(deadline, self.encrypt(stream)).await {
            Ok(encrypted) => encrypted?,
            Err(_) => return Err(late()),
        };
        let judged = timeout_at(deadline, opening::read(&mut stream)).await;
        Ok((stream, shown, judged.unwrap_or_else(|_| Err(Rejection::new(StatusCode::REQUEST_TIMEOUT, late())))))
    }

    /// The stream to go on with, and the certificate that the station showed, which the TLS library has verified.
    async fn encrypt(&self, stream: TcpStream) -> Result<(Box<dyn ByteStream>, Shown), String> {
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        let Some(config) = &self.tls else { return Ok((Box::new(stream), None)) };
        let mut first = [0];
        if let Ok(1) = stream.peek(&mut first).await
            && first != [TLS_HANDSHAKE]
        {
            let rejection = Rejection::new(StatusCode::BAD_REQUEST, "this port speaks TLS: connect by wss://");
            let mut stream = stream;
            let _ = opening::read(&mut stream).await;
            rejection.answer(&mut stream).await;
            return Err("a peer without TLS".to_owned());
        }
        let accepted = TlsAcceptor::from(Arc::clone(config)).accept(stream).await;
        let stream = accepted.map_err(|error| format!("TLS: {error}"))?;
        let shown = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first().cloned());
        Ok((Box::new(stream), shown))
    }

    async fn open(
        &self,
        mut stream: Box<dyn ByteStream>,
        opening: Opening,
        admitted: Admitted,
        choice: Choice,
    ) -> Result<(WebSocket, Admitted), String> {
        let Opening { request: _, mut accepting, rest } = opening;
        if let Some(subprotocol) = choice.header() {
            accepting.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(subprotocol));
        }
        opening::accept(&mut stream, &accepting).await.map_err(|error| error.to_string())?;
        let limits = Some(limits(self.frame_bytes));
        let socket = WebSocketStream::from_partially_read(stream, rest, Role::Server, limits).await;
        match choice.dialect() {
            Some(dialect) => Ok((socket, Admitted { dialect, ..admitted })),
            None => {
                // OCPP-J 1.6 §3.1.2: the handshake is completed without a subprotocol, and the connection closed.
                let frame = CloseFrame { code: CloseCode::Protocol, reason: "no subprotocol in common".into() };
                close(socket, Some(frame)).await;
                Err(format!("station {:?} offers no version spoken here", admitted.station))
            }
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
        let station = opening.identity.as_str();
        self.authenticator.check(station, &opening.proof, shown)?;
        // Nothing else can be wrong with it once a thread that held it has panicked.
        let mut certified = self.certified.lock().unwrap_or_else(PoisonError::into_inner);
        match opening.proof {
            Proof::Certificate => {
                certified.insert(station.to_owned());
            }
            Proof::Password(_) | Proof::Nothing if certified.contains(station) => {
                return Err(Refusal::CertificateRequired);
            }
            Proof::Password(_) | Proof::Nothing => {}
        }
        Ok((station.to_owned(), opening.choice))
    }
}
