//! A scripted station on a WebSocket, for what the real one never does.

use futures_util::{SinkExt, StreamExt};
use ocpp_rpc::handshake::{Identity, IdentityRules, Password};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::harness::PATIENCE;

/// A connection that sends what it is told and waits for what comes. It blocks.
pub struct Client {
    runtime: Runtime,
    socket: WebSocketStream<TcpStream>,
    calls: u64,
}

/// How a connection is asked for.
pub struct Request<'a> {
    pub url: &'a str,
    pub id: &'a str,
    pub subprotocol: Option<&'a str>,
    pub password: Option<&'a str>,
}

impl Client {
    /// Connects as a 1.6 station without a password.
    pub fn connect(url: &str, id: &str) -> Self {
        let request = Request { url, id, subprotocol: Some("ocpp1.6"), password: None };
        Self::try_connect(&request).unwrap()
    }

    /// Connects, or gives the HTTP status of the refusal.
    pub fn try_connect(request: &Request<'_>) -> Result<Self, u16> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let address = request.url.strip_prefix("ws://").unwrap();
        let mut http = format!("ws://{address}/{}", request.id).into_client_request().unwrap();
        let mut header = |name, value: String| http.headers_mut().insert(name, HeaderValue::from_str(&value).unwrap());
        if let Some(subprotocol) = request.subprotocol {
            header("sec-websocket-protocol", subprotocol.to_owned());
        }
        if let Some(password) = request.password {
            let identity = Identity::new(request.id, &IdentityRules::V1_6).unwrap();
            let password = Password::from_bytes(password.as_bytes()).unwrap();
            header("authorization", password.authorization(&identity));
        }
        let opened = runtime.block_on(async {
            let stream = TcpStream::connect(address).await.unwrap();
            timeout(PATIENCE, client_async(http, stream)).await.unwrap()
        });
        match opened {
            Ok((socket, _)) => Ok(Client { runtime, socket, calls: 0 }),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            // The library's own complaint about a server that names no subprotocol.
            Err(Error::Protocol(_)) => Err(0),
            Err(error) => panic!("{error}"),
        }
    }

    /// Sends a text. False if the server has closed the connection.
    pub fn send(&mut self, text: &str) -> bool {
        self.runtime.block_on(self.socket.send(Message::text(text))).is_ok()
    }

    /// The next text; the close code if the connection is closed instead.
    pub fn receive(&mut self) -> Result<String, Option<u16>> {
        self.runtime.block_on(async {
            loop {
                match timeout(PATIENCE, self.socket.next()).await.expect("the server is silent") {
                    Some(Ok(Message::Text(text))) => return Ok(text.to_string()),
                    Some(Ok(Message::Close(frame))) => return Err(frame.map(|frame| frame.code.into())),
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return Err(None),
                }
            }
        })
    }

    /// Calls, and waits for the answer: its payload, or none if the connection ends first.
    pub fn call(&mut self, action: &str, payload: Value) -> Option<Value> {
        self.calls += 1;
        let id = format!("call-{}", self.calls);
        if !self.send(&json!([2, id, action, payload]).to_string()) {
            return None;
        }
        let answer: Value = serde_json::from_str(&self.receive().ok()?).unwrap();
        assert_eq!((&answer[0], answer[1].as_str()), (&json!(3), Some(id.as_str())), "{answer}");
        Some(answer[2].clone())
    }

    /// Boots, and is accepted.
    pub fn boot(&mut self) {
        let boot = json!({"chargePointVendor": "Script", "chargePointModel": "Client"});
        assert_eq!(self.call("BootNotification", boot).unwrap()["status"], "Accepted");
    }
}
