//! Opening a WebSocket to a CSMS: address, TLS, handshake.

use std::sync::Arc;
use std::time::Duration;

use ocpp_core::station::{ConnectRefusal, ConnectRequest};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{AlertDescription, ClientConfig, Error as RustlsError, PeerIncompatible};
use tokio_tungstenite::client_async_with_config;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::Error as WsError;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL};
use tokio_tungstenite::tungstenite::http::{HeaderMap, HeaderValue, StatusCode, Uri};

use super::socket::{ByteStream, Failed, WebSocket, limits};

/// Address, TLS and handshake together may take so long.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// The most characters that are shown of what a server says of its refusal.
const MAX_REASON: usize = 200;

/// A connection as it was made.
#[derive(Debug)]
pub(super) struct Connected {
    /// The subprotocol that the server chose; an empty one if it named none.
    pub subprotocol: String,
    /// The certificates that the server showed, leaf first.
    pub shown: Vec<CertificateDer<'static>>,
}

/// Connects.
///
/// The library below speaks TLS 1.2 and 1.3 with secure cipher suites alone, and checks the server's certificate and name.
pub(super) async fn connect(
    request: ConnectRequest,
    tls: Arc<ClientConfig>,
    frame_bytes: usize,
) -> Result<(WebSocket, Connected), Failed> {
    match timeout(CONNECT_TIMEOUT, open(request, tls, frame_bytes)).await {
        Ok(Ok(opened)) => Ok(opened),
        Ok(Err(error)) => Err(Failed { reason: reason(&error), refusal: refusal(&error) }),
        Err(_) => Err(format!("no connection within {} s", CONNECT_TIMEOUT.as_secs()).into()),
    }
}

/// What failed; of an answer of HTTP, the first line of what it says.
fn reason(error: &WsError) -> String {
    let WsError::Http(response) = error else { return error.to_string() };
    let body = response.body().as_deref().map(String::from_utf8_lossy).unwrap_or_default();
    let line: String = body.lines().next().unwrap_or_default().chars().take(MAX_REASON).collect();
    if line.is_empty() { error.to_string() } else { format!("{error}: {line}") }
}

/// Whether one side refused the other, and why.
fn refusal(error: &WsError) -> Option<ConnectRefusal> {
    match error {
        WsError::Http(response) => {
            let is_credentials = matches!(response.status(), StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
            is_credentials.then_some(ConnectRefusal::Credentials)
        }
        WsError::Io(error) => tls_refusal(error.get_ref()?.downcast_ref()?),
        _ => None,
    }
}

fn tls_refusal(error: &RustlsError) -> Option<ConnectRefusal> {
    match error {
        RustlsError::InvalidCertificate(_) | RustlsError::NoCertificatesPresented => {
            Some(ConnectRefusal::CsmsCertificate)
        }
        RustlsError::PeerIncompatible(PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig)
        | RustlsError::AlertReceived(AlertDescription::ProtocolVersion) => Some(ConnectRefusal::TlsVersion),
        RustlsError::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon)
        | RustlsError::AlertReceived(AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity) => {
            Some(ConnectRefusal::TlsCipherSuite)
        }
        RustlsError::AlertReceived(
            AlertDescription::NoCertificate
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateRequired
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied,
        ) => Some(ConnectRefusal::Credentials),
        _ => None,
    }
}

async fn open(
    request: ConnectRequest,
    tls: Arc<ClientConfig>,
    frame_bytes: usize,
) -> Result<(WebSocket, Connected), WsError> {
    let request = http_request(&request)?;
    let (stream, shown) = dial(request.uri(), tls).await?;
    let (socket, response) = client_async_with_config(request, stream, Some(limits(frame_bytes))).await?;
    Ok((socket, Connected { subprotocol: subprotocol(response.headers()), shown }))
}

fn http_request(request: &ConnectRequest) -> Result<Request, WsError> {
    let mut http = request.url.as_str().into_client_request()?;
    let offer = request.subprotocols.join(", ");
    http.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_str(&offer)?);
    if let Some(authorization) = &request.authorization {
        let mut value = HeaderValue::from_str(authorization)?;
        value.set_sensitive(true);
        http.headers_mut().insert(AUTHORIZATION, value);
    }
    Ok(http)
}

type Dialled = (Box<dyn ByteStream>, Vec<CertificateDer<'static>>);

async fn dial(uri: &Uri, tls: Arc<ClientConfig>) -> Result<Dialled, std::io::Error> {
    let invalid = |what| std::io::Error::new(std::io::ErrorKind::InvalidInput, what);
    let is_tls = match uri.scheme_str() {
        Some("ws") => false,
        Some("wss") => true,
        Some(_) | None => return Err(invalid("the url is neither ws nor wss")),
    };
    // Brackets belong to the url, not to the address.
    let host = uri.host().ok_or_else(|| invalid("the url has no host"))?.trim_matches(['[', ']']);
    let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    if !is_tls {
        return Ok((Box::new(stream), Vec::new()));
    }
    let name = ServerName::try_from(host.to_owned()).map_err(|_| invalid("the host is no name for a certificate"))?;
    let stream = TlsConnector::from(tls).connect(name, stream).await?;
    let shown = stream.get_ref().1.peer_certificates().unwrap_or_default().to_vec();
    Ok((Box::new(stream), shown))
}

fn subprotocol(headers: &HeaderMap) -> String {
    headers.get(SEC_WEBSOCKET_PROTOCOL).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}
