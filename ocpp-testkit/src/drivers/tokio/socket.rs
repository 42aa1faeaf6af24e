//! One WebSocket in a task of its own: orders in by a queue, what happens out by another.

use std::future::Future;
use std::io;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use ocpp_core::station::ConnectRefusal;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc::{Sender, UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error as WsError, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

/// A peer that takes nothing for so long is gone.
const WRITE_TIMEOUT: Duration = Duration::from_secs(20);
/// How long the peer may take to answer a close.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// A byte stream, plain or TLS.
pub(super) trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for S {}

pub(super) type WebSocket = WebSocketStream<Box<dyn ByteStream>>;

/// What happens on a socket.
#[derive(Debug)]
pub(super) enum SocketEvent<H> {
    /// The handshake is done, with this result.
    Opened(H),
    /// A text message.
    Frame(Utf8Bytes),
    /// A pong.
    Pong,
    /// The socket is gone. The last event.
    Closed(Failed),
}

/// Why a socket is gone.
#[derive(Debug)]
pub(super) struct Failed {
    pub reason: String,
    /// Whether one side refused the other while it was opened.
    pub refusal: Option<ConnectRefusal>,
}

impl From<String> for Failed {
    fn from(reason: String) -> Self {
        Failed { reason, refusal: None }
    }
}

/// An order to a socket.
#[derive(Debug)]
enum SocketOrder {
    Send(Utf8Bytes),
    Ping,
    Close(CloseFrame),
}

/// The near end of a socket's task. Dropped, it closes the socket.
#[derive(Debug)]
pub(super) struct Socket {
    orders: UnboundedSender<SocketOrder>,
}

impl Socket {
    /// Starts a task that opens a socket with `open` and serves it. Each event comes with `key`.
    pub fn spawn<K, H, F, E>(key: K, open: F, events: Sender<(K, SocketEvent<H>)>) -> Self
    where
        K: Copy + Send + Sync + 'static,
        H: Send + 'static,
        F: Future<Output = Result<(WebSocket, H), E>> + Send + 'static,
        E: Into<Failed> + Send,
    {
        let (orders, mut queue) = unbounded_channel();
        tokio::spawn(async move {
            let opened = tokio::select! {
                opened = open => opened,
                () = abandoned(&mut queue) => return,
            };
            let failed = match opened {
                Ok((socket, handshake)) => match events.send((key, SocketEvent::Opened(handshake))).await {
                    Ok(()) => serve(socket, &mut queue, key, &events).await.into(),
                    Err(_) => close(socket, None).await.into(),
                },
                Err(error) => error.into(),
            };
            // Nobody listens any more: then nobody misses it.
            let _ = events.send((key, SocketEvent::Closed(failed))).await;
        });
        Socket { orders }
    }

    /// Sends a text message. Bytes that are no text are dropped; the machines write none.
    pub fn send(&self, bytes: Vec<u8>) {
        if let Ok(text) = Utf8Bytes::try_from(bytes) {
            self.order(SocketOrder::Send(text));
        }
    }

    /// Sends a ping.
    pub fn ping(&self) {
        self.order(SocketOrder::Ping);
    }

    /// Closes with a code and a reason for the peer.
    pub fn close(self, code: CloseCode, reason: &'static str) {
        self.order(SocketOrder::Close(CloseFrame { code, reason: Utf8Bytes::from_static(reason) }));
    }

    fn order(&self, order: SocketOrder) {
        // The task is gone only after a `Closed` that its owner has or will get.
        let _ = self.orders.send(order);
    }
}

/// Limits of a socket whose machine reads frames of `frame_bytes`. Somewhat longer ones still reach the machine, which
/// answers them; even longer ones cost the peer its connection.
pub(super) fn limits(frame_bytes: usize) -> WebSocketConfig {
    let most = frame_bytes.saturating_mul(2);
    WebSocketConfig::default()
        .max_message_size(Some(most))
        .max_frame_size(Some(most))
        .read_buffer_size(8 << 10)
        .write_buffer_size(0)
}

/// Waits until the owner has lost interest in a socket that is not open yet.
async fn abandoned(queue: &mut UnboundedReceiver<SocketOrder>) {
    while let Some(SocketOrder::Send(_) | SocketOrder::Ping) = queue.recv().await {}
}

/// Runs the socket to its end and says what ended it. While an event waits for its reader nothing is read, so a peer that
/// sends faster than it is served is slowed down by its own connection.
async fn serve<K: Copy, H>(
    mut socket: WebSocket,
    queue: &mut UnboundedReceiver<SocketOrder>,
    key: K,
    events: &Sender<(K, SocketEvent<H>)>,
) -> String {
    // An owner that has let go hears nothing more, but what it ordered before still leaves.
    let mut is_heard = true;
    loop {
        tokio::select! {
            order = queue.recv() => {
                let message = match order {
                    Some(SocketOrder::Send(text)) => Message::Text(text),
                    Some(SocketOrder::Ping) => Message::Ping(Vec::new().into()),
                    Some(SocketOrder::Close(frame)) => return close(socket, Some(frame)).await,
                    None => return close(socket, None).await,
                };
                if let Err(reason) = write(&mut socket, message).await {
                    return reason;
                }
            }
            message = socket.next(), if is_heard => {
                let event = match message {
                    Some(Ok(Message::Text(text))) => SocketEvent::Frame(text),
                    Some(Ok(Message::Pong(_))) => SocketEvent::Pong,
                    // A ping is answered by the library, as the next one is read.
                    Some(Ok(Message::Ping(_) | Message::Frame(_))) => continue,
                    Some(Ok(Message::Binary(_))) => {
                        let reason = Utf8Bytes::from_static("text only");
                        let _ = close(socket, Some(CloseFrame { code: CloseCode::Unsupported, reason })).await;
                        return "the peer sent a binary message".to_owned();
                    }
                    Some(Ok(Message::Close(frame))) => {
                        finish(&mut socket).await;
                        return farewell(frame);
                    }
                    Some(Err(error)) => {
                        if let Some(frame) = complaint(&error) {
                            let _ = close(socket, Some(frame)).await;
                        }
                        return error.to_string();
                    }
                    None => return "the connection ended".to_owned(),
                };
                is_heard = events.send((key, event)).await.is_ok();
            }
        }
    }
}

async fn write(socket: &mut WebSocket, message: Message) -> Result<(), String> {
    match timeout(WRITE_TIMEOUT, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut).to_string()),
    }
}

/// Closes from this side, and gives the peer a moment to answer.
pub(super) async fn close(mut socket: WebSocket, frame: Option<CloseFrame>) -> String {
    if let Ok(Ok(())) = timeout(CLOSE_TIMEOUT, socket.close(frame)).await {
        finish(&mut socket).await;
    }
    "closed from this side".to_owned()
}

/// Completes the closing handshake of either side (RFC 6455 §5.5.1): the library answers the peer's close frame, with its
/// status, as the next message is read. Bounded in time; the socket is to be dropped then.
pub(super) async fn finish(socket: &mut WebSocket) {
    let goodbye = async {
        while let Some(Ok(_)) = socket.next().await {}
        drain(socket.get_mut()).await;
    };
    let _ = timeout(CLOSE_TIMEOUT, goodbye).await;
}

/// Says that nothing more comes, and reads until the peer says so too: a connection that is dropped with something unread is
/// reset, and the peer loses what was sent last. To be bounded in time by the caller.
pub(super) async fn drain(stream: &mut dyn ByteStream) {
    let mut unread = [0; 1 << 10];
    if stream.shutdown().await.is_ok() {
        while let Ok(1..) = stream.read(&mut unread).await {}
    }
}

/// What the peer is told that broke the protocol (RFC 6455 §7.4.1); nothing if there is no connection any more.
fn complaint(error: &WsError) -> Option<CloseFrame> {
    let (code, reason) = match error {
        WsError::Capacity(CapacityError::MessageTooLong { .. }) => (CloseCode::Size, "message too long"),
        WsError::Utf8(_) => (CloseCode::Invalid, "no UTF-8"),
        WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => return None,
        WsError::Protocol(_) => (CloseCode::Protocol, "not the WebSocket protocol"),
        _ => return None,
    };
    Some(CloseFrame { code, reason: Utf8Bytes::from_static(reason) })
}

fn farewell(frame: Option<CloseFrame>) -> String {
    match frame {
        Some(frame) => format!("closed by the peer: {} {}", u16::from(frame.code), frame.reason),
        None => "closed by the peer".to_owned(),
    }
}
