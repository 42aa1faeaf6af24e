//! The engine alone, over a blocking socket, with an action of a vendor's own.
//!
//! `cargo run -p ocpp-rpc --example vendor_action` plays both ends on one machine: a server and a station that asks it
//! for a discount. Each message is one line here; over a WebSocket it is one text message.

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant as Clock};

use ocpp_rpc::engine::{Config, Engine, Lane, Received};
use ocpp_rpc::{CallError, Dialect, ErrorCode, Instant};

/// A connection and the engine that speaks over it.
struct Peer {
    engine: Engine,
    reader: BufReader<TcpStream>,
    started: Clock,
    line: Vec<u8>,
}

impl Peer {
    fn new(stream: TcpStream, seed: u64) -> Self {
        let mut engine = Engine::new(Config::STANDARD, seed);
        engine.opened(Instant::ZERO, Dialect::V2_0_1);
        Self { engine, reader: BufReader::new(stream), started: Clock::now(), line: Vec::new() }
    }

    fn now(&self) -> Instant {
        Instant::ZERO + self.started.elapsed()
    }

    /// Writes what is due, then waits for a message; `None` at the deadline, where the engine did what is due.
    fn next_message(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        while let Some(frame) = self.engine.poll_transmit() {
            println!("  -> {}", frame.text);
            writeln!(self.reader.get_mut(), "{}", frame.text)?;
        }
        let wait = self.engine.poll_timeout().map(|at| at.saturating_since(self.now()).max(Duration::from_millis(1)));
        self.reader.get_mut().set_read_timeout(wait)?;
        match self.reader.read_until(b'\n', &mut self.line) {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            Ok(_) => Ok(Some(std::mem::take(&mut self.line))),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                let now = self.now();
                self.engine.handle_timeout(now);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// Serves calls until the station leaves.
fn serve(stream: TcpStream) -> Result<(), Box<dyn std::error::Error>> {
    let mut peer = Peer::new(stream, 1);
    while let Ok(message) = peer.next_message() {
        let now = peer.now();
        let Some(message) = message else { continue };
        if let Received::Call { token, action, payload } = peer.engine.receive(now, &message) {
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

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let stream = TcpStream::connect(listener.local_addr()?)?;
    let (accepted, _) = listener.accept()?;
    let server = std::thread::spawn(move || serve(accepted).map_err(|error| error.to_string()));

    let mut peer = Peer::new(stream, 2);
    let timeout = Duration::from_secs(5);
    let known = peer.engine.call(peer.now(), Lane::Normal, "com.example.Discount", r#"{"card":"A1"}"#, timeout)?;
    let unknown = peer.engine.call(peer.now(), Lane::Normal, "com.example.Unheard", "{}", timeout)?;
    let mut ended = 0;
    while ended < 2 {
        let message = peer.next_message()?;
        if let Some(event) = peer.engine.poll_event() {
            return Err(format!("no answer: {event:?}").into());
        }
        let now = peer.now();
        match message.as_deref().map(|message| peer.engine.receive(now, message)) {
            Some(Received::Result { call, payload }) if call == known => println!("discount: {}", payload.raw()?),
            Some(Received::Error { call, error }) if call == unknown => println!("refused: {error}"),
            Some(other) => return Err(format!("unexpected: {other:?}").into()),
            None => continue,
        }
        ended += 1;
    }
    drop(peer);
    Ok(server.join().map_err(|_| "server panicked")??)
}
