//! The RPC engine alone, over a blocking WebSocket, with an action of a vendor's own: a station asks for a discount.
//!
//! `cargo run -p ocpp-testkit --example vendor_action` plays both ends on one machine.

use std::error::Error;
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant as Clock};

use ocpp_rpc::engine::{Config, Engine, Lane, Received};
use ocpp_rpc::{CallError, Dialect, ErrorCode, Instant};
use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

/// A connection and the engine that speaks over it.
struct Peer {
    engine: Engine,
    socket: WebSocket<TcpStream>,
    started: Clock,
}

impl Peer {
    fn new(socket: WebSocket<TcpStream>, seed: u64) -> Self {
        let mut engine = Engine::new(Config::STANDARD, seed);
        engine.opened(Instant::ZERO, Dialect::V1_6);
        Self { engine, socket, started: Clock::now() }
    }

    fn now(&self) -> Instant {
        Instant::ZERO + self.started.elapsed()
    }

    /// Writes what is due, then waits for a message; `None` at the deadline, where the engine did what is due.
    fn next_message(&mut self) -> Result<Option<Message>, tungstenite::Error> {
        while let Some(frame) = self.engine.poll_transmit() {
            println!("  -> {}", frame.text);
            self.socket.send(Message::text(frame.text))?;
        }
        let wait = self.engine.poll_timeout().map(|at| at.saturating_since(self.now()).max(Duration::from_millis(1)));
        self.socket.get_ref().set_read_timeout(wait)?;
        match self.socket.read() {
            Err(tungstenite::Error::Io(error)) if matches!(error.kind(), std::io::ErrorKind::WouldBlock) => {
                let now = self.now();
                self.engine.handle_timeout(now);
                Ok(None)
            }
            message => message.map(Some),
        }
    }
}

/// Serves calls until the station leaves.
fn serve(stream: TcpStream) -> Result<(), Box<dyn Error>> {
    let mut peer = Peer::new(tungstenite::accept(stream)?, 1);
    while let Ok(message) = peer.next_message() {
        let now = peer.now();
        let Some(Message::Text(text)) = message else { continue };
        if let Received::Call { token, action, payload } = peer.engine.receive(now, text.as_bytes()) {
            match (&*action, payload.raw()) {
                ("com.example.Discount", Ok(_)) => peer.engine.reply(now, token, r#"{"percent":15}"#)?,
                ("com.example.Discount", Err(violation)) => peer.engine.reply_violation(now, token, &violation)?,
                _ => {
                    let error = CallError::new(ErrorCode::NotImplemented, "unknown action");
                    peer.engine.reply_error(now, token, &error)?;
                }
            }
        }
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let stream = TcpStream::connect(listener.local_addr()?)?;
    let (accepted, _) = listener.accept()?;
    let server = std::thread::spawn(move || serve(accepted).map_err(|error| error.to_string()));

    let mut peer = Peer::new(tungstenite::client("ws://localhost/CP001", stream)?.0, 2);
    let timeout = Duration::from_secs(5);
    let known = peer.engine.call(peer.now(), Lane::Normal, "com.example.Discount", r#"{"card":"A1"}"#, timeout)?;
    let unknown = peer.engine.call(peer.now(), Lane::Normal, "com.example.Unheard", "{}", timeout)?;
    for _ in [known, unknown] {
        let Some(Message::Text(text)) = peer.next_message()? else { return Err("no answer in time".into()) };
        let now = peer.now();
        match peer.engine.receive(now, text.as_bytes()) {
            Received::Result { call, payload } if call == known => println!("discount: {}", payload.raw()?),
            Received::Error { call, error } if call == unknown => println!("refused: {error}"),
            other => return Err(format!("unexpected: {other:?}").into()),
        }
    }
    peer.socket.close(None)?;
    drop(peer);
    Ok(server.join().map_err(|_| "the server panicked")??)
}
