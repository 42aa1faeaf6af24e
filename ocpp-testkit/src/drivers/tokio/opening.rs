//! The HTTP part of a WebSocket handshake, as a server reads and answers it (RFC 6455 §4.2).

use std::io;
use std::time::Duration;

use ocpp_rpc::handshake::{CHALLENGE, Refusal};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error as WsError, ProtocolError};
use tokio_tungstenite::tungstenite::handshake::machine::TryParse;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response, create_response, write_response};
use tokio_tungstenite::tungstenite::http::StatusCode;

use super::socket::{ByteStream, drain};

/// The longest request head, in bytes. A handshake has a few hundred.
const MAX_HEAD: usize = 16 << 10;
/// How long the peer may take to take an answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

/// A request for a WebSocket, with the answer that lets it in.
#[derive(Debug)]
pub(super) struct Opening {
    pub request: Request,
    pub accepting: Response,
    /// What followed it at once.
    pub rest: Vec<u8>,
}

/// Why a request is not served.
#[derive(Debug)]
pub(super) struct Rejection {
    status: StatusCode,
    /// Beside those that each answer has.
    headers: &'static [(&'static str, &'static str)],
    /// One line for whoever reads it.
    pub text: String,
    has_body: bool,
}

impl Rejection {
    pub fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Rejection { status, headers: &[], text: text.into(), has_body: true }
    }

    fn with(mut self, headers: &'static [(&'static str, &'static str)]) -> Self {
        self.headers = headers;
        self
    }

    /// The peer is no station, or one that does not shake hands.
    fn upgrade(text: &str) -> Self {
        let text = format!("{text}: this is a WebSocket server of OCPP");
        Rejection::new(StatusCode::UPGRADE_REQUIRED, text).with(&[
            ("Connection", "Upgrade, close"),
            ("Upgrade", "websocket"),
            ("Sec-WebSocket-Version", "13"),
        ])
    }

    /// There is no room.
    pub fn busy(text: String) -> Self {
        Rejection::new(StatusCode::SERVICE_UNAVAILABLE, text).with(&[("Connection", "close"), ("Retry-After", "10")])
    }

    /// What is wrong with a request that the WebSocket library does not read.
    fn unread(error: &WsError) -> Self {
        match error {
            WsError::Protocol(ProtocolError::WrongHttpMethod) => {
                let text = "only GET opens a WebSocket";
                Rejection::new(StatusCode::METHOD_NOT_ALLOWED, text).with(&[("Connection", "close"), ("Allow", "GET")])
            }
            WsError::Protocol(ProtocolError::WrongHttpVersion) => Rejection::upgrade("not HTTP/1.1"),
            WsError::Protocol(
                ProtocolError::MissingConnectionUpgradeHeader | ProtocolError::MissingUpgradeWebSocketHeader,
            ) => Rejection::upgrade("no header Upgrade: websocket"),
            WsError::Protocol(ProtocolError::MissingSecWebSocketVersionHeader) => {
                Rejection::upgrade("no header Sec-WebSocket-Version: 13")
            }
            WsError::Protocol(ProtocolError::MissingSecWebSocketKey | ProtocolError::InvalidSecWebSocketKey) => {
                Rejection::new(StatusCode::BAD_REQUEST, "header Sec-WebSocket-Key is missing or wrong")
            }
            WsError::Capacity(CapacityError::TooManyHeaders) => Rejection::too_long(),
            error => Rejection::new(StatusCode::BAD_REQUEST, format!("no request of HTTP/1.1: {error}")),
        }
    }

    fn too_long() -> Self {
        let text = "the request has too many headers, or too long ones";
        Rejection::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, text)
    }

    /// Answers, and closes.
    pub async fn answer(&self, stream: &mut dyn ByteStream) {
        let mut head = format!("HTTP/1.1 {}\r\n", self.status);
        let own = self.headers.iter().copied();
        let is_closing = self.headers.iter().any(|(name, _)| *name == "Connection");
        let closing = [("Connection", "close")].into_iter().filter(|_| !is_closing);
        for (name, value) in own.chain(closing).chain([("Content-Type", "text/plain; charset=utf-8")]) {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let body = format!("{}\n", self.text);
        head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
        if self.has_body {
            head.push_str(&body);
        }
        let answer = async {
            if stream.write_all(head.as_bytes()).await.is_ok() {
                drain(stream).await;
            }
        };
        // Late or not, the connection is dropped now.
        let _ = timeout(ANSWER_TIMEOUT, answer).await;
    }
}

impl From<&Refusal> for Rejection {
    fn from(refusal: &Refusal) -> Self {
        let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::FORBIDDEN);
        let rejection = Rejection::new(status, refusal.to_string());
        if status == StatusCode::UNAUTHORIZED {
            return rejection.with(&[("Connection", "close"), ("WWW-Authenticate", CHALLENGE)]);
        }
        rejection
    }
}

/// Reads a request. To be bounded in time by the caller.
///
/// # Errors
/// When it does not ask for a WebSocket.
pub(super) async fn read(stream: &mut dyn ByteStream) -> Result<Opening, Rejection> {
    let mut head = Vec::new();
    let parsed = read_head(stream, &mut head).await;
    // A HEAD is answered by a head.
    let has_body = !head.starts_with(b"HEAD ");
    parsed.map_err(|rejection| Rejection { has_body, ..rejection })
}

async fn read_head(stream: &mut dyn ByteStream, head: &mut Vec<u8>) -> Result<Opening, Rejection> {
    let gone = |text: String| Rejection::new(StatusCode::BAD_REQUEST, text);
    loop {
        let mut chunk = [0; 1 << 10];
        let count = stream.read(&mut chunk).await.map_err(|error| gone(format!("the connection broke: {error}")))?;
        let read = chunk.get(..count).filter(|read| !read.is_empty());
        let read = read.ok_or_else(|| gone("the connection ended within the request".to_owned()))?;
        let is_first = head.is_empty();
        head.extend_from_slice(read);
        // A peer that sends byte after byte has each line looked at once.
        if is_first || read.contains(&b'\n') {
            let parsed = Request::try_parse(head).map_err(|error| Rejection::unread(&error))?;
            if let Some((length, request)) = parsed {
                let accepting = create_response(&request).map_err(|error| Rejection::unread(&error))?;
                return Ok(Opening { request, accepting, rest: head.split_off(length) });
            }
        }
        if head.len() > MAX_HEAD {
            return Err(Rejection::too_long());
        }
    }
}

/// Sends the answer that lets the peer in.
///
/// # Errors
/// When it cannot be sent.
pub(super) async fn accept(stream: &mut dyn ByteStream, response: &Response) -> io::Result<()> {
    let mut head = Vec::new();
    write_response(&mut head, response).map_err(io::Error::other)?;
    stream.write_all(&head).await?;
    stream.flush().await
}
