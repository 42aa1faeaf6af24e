//! A WebSocket frame by frame, either end, without a machine: for tools that are the machine themselves.

use std::sync::{Arc, Mutex};

use futures_util::{SinkExt, StreamExt};
use ocpp_core::station::ConnectRequest;
use ocpp_rpc::{Dialect, Limits};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::sync::watch;
use tokio_rustls::rustls::{ClientConfig, ServerConfig};
use tokio_tungstenite::tungstenite::Message;

use super::admission::{Authenticator, Doorkeeper, HANDSHAKE_TIMEOUT};
use super::connect::connect;
use super::socket::{WebSocket, close, finish};

/// A connection.
pub struct Wire(WebSocket);

impl Wire {
    /// Connects to a CSMS; with the subprotocol that it chose.
    ///
    /// # Errors
    /// When no connection can be made.
    pub async fn connect(request: ConnectRequest, tls: Arc<ClientConfig>) -> Result<(Self, String), String> {
        let (socket, connected) =
            connect(request, tls, Limits::STANDARD.frame_bytes).await.map_err(|failed| failed.reason)?;
        Ok((Wire(socket), connected.subprotocol))
    }

    /// The next text message; none when the connection is gone. To be given up at any time without loss.
    pub async fn next(&mut self) -> Option<String> {
        loop {
            match self.0.next().await? {
                Ok(Message::Text(text)) => return Some(text.as_str().to_owned()),
                Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => {}
                Ok(Message::Close(_)) => {
                    finish(&mut self.0).await;
                    return None;
                }
                Ok(Message::Binary(_)) | Err(_) => return None,
            }
        }
    }

    /// Sends a text message.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn send(&mut self, text: &str) -> Result<(), String> {
        self.0.send(Message::text(text)).await.map_err(|error| error.to_string())
    }

    /// Closes the connection.
    pub async fn close(self) {
        close(self.0, None).await;
    }
}

/// A server that hands out connections.
pub struct WireListener {
    admitted: Receiver<(Wire, String)>,
    is_open: watch::Sender<bool>,
}

impl WireListener {
    /// Takes connections of stations that speak this version, once it is open.
    pub fn start(
        listener: TcpListener,
        authenticator: Authenticator,
        tls: Option<Arc<ServerConfig>>,
        dialect: Dialect,
    ) -> Self {
        let doorkeeper = Arc::new(Doorkeeper {
            authenticator,
            dialects: vec![dialect],
            tls,
            frame_bytes: Limits::STANDARD.frame_bytes,
            handshake_timeout: HANDSHAKE_TIMEOUT,
            certified: Mutex::default(),
        });
        let (sender, admitted) = channel(8);
        let (is_open, open) = watch::channel(false);
        tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                if !*open.borrow() {
                    continue;
                }
                let (doorkeeper, sender) = (Arc::clone(&doorkeeper), sender.clone());
                tokio::spawn(async move {
                    if let Ok((socket, admitted)) = doorkeeper.admit(stream).await {
                        // Nobody waits for stations any more: then the connection goes.
                        let _ = sender.send((Wire(socket), admitted.station)).await;
                    }
                });
            }
        });
        WireListener { admitted, is_open }
    }

    /// Lets stations in, or turns them away.
    pub fn set_open(&self, is_open: bool) {
        self.is_open.send_replace(is_open);
    }

    /// The next station that connects, with its identity. To be given up at any time without loss.
    pub async fn accept(&mut self) -> Option<(Wire, String)> {
        self.admitted.recv().await
    }
}
