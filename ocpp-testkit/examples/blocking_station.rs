//! A station in one blocking thread: a WebSocket with a read timeout, a file as the store, simulated hardware.
//!
//! `cargo run -p ocpp-testkit --example blocking_station -- ws://127.0.0.1:9000/ocpp CP001 station.store`
//!
//! For firmware on Linux without an async runtime, out of `ocpp-core`, the standard library and a WebSocket library; of the
//! testkit it has the hardware alone. A vehicle comes after each start, charges for a while and leaves.

#[path = "shared/file_store.rs"]
pub mod file_store;

use std::collections::hash_map::RandomState;
use std::error::Error;
use std::hash::{BuildHasher, Hasher};
use std::io::ErrorKind;
use std::net::{TcpStream, ToSocketAddrs};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant as Monotonic, SystemTime};

use file_store::FileStore;
use ocpp_core::Station;
use ocpp_core::chrono::DateTime;
use ocpp_core::station::{
    Action, ConnectRequest, Event, EvseId, IdToken, Input, JobUpdate, LinkAction, LinkInput, RebootKind,
    RegistrationStatus, StationConfig,
};
use ocpp_core::time::Instant;
use ocpp_testkit::hardware::Hardware;
use tungstenite::client::IntoClientRequest;
use tungstenite::http::HeaderValue;
use tungstenite::{Error as WsError, Message, WebSocket, client};

type Failure = Box<dyn Error + Send + Sync>;
type Opened = Result<(WebSocket<TcpStream>, String), Failure>;

/// How long a fact of the hardware may wait for the thread, which sleeps on the network.
const POLL: Duration = Duration::from_millis(20);
/// For address, connection and handshake.
const PATIENCE: Duration = Duration::from_secs(10);

const EVSE: EvseId = EvseId(1);
const CHARGING: Duration = Duration::from_secs(3);

/// The connection. It opens in a thread of its own, so that the hardware need not wait for it.
enum Link {
    Down,
    Opening(Receiver<Opened>),
    Up(Box<WebSocket<TcpStream>>),
}

/// For `wss`, wrap the stream in `rustls::StreamOwned`.
fn connect(request: &ConnectRequest) -> Opened {
    let mut http = request.url.as_str().into_client_request()?;
    http.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_str(&request.subprotocols.join(", "))?);
    if let Some(authorization) = &request.authorization {
        http.headers_mut().insert("authorization", HeaderValue::from_str(authorization)?);
    }
    let host = http.uri().host().ok_or("the url has no host")?.trim_matches(['[', ']']).to_owned();
    let address = (host, http.uri().port_u16().unwrap_or(80)).to_socket_addrs()?.next().ok_or("no address")?;
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    // The thread waits for a peer that takes nothing; after so long it is gone.
    stream.set_write_timeout(Some(Duration::from_secs(1)))?;
    let (socket, response) = client(http, stream).map_err(|error| error.to_string())?;
    let chosen = response.headers().get("sec-websocket-protocol").and_then(|value| value.to_str().ok());
    Ok((socket, chosen.unwrap_or_default().to_owned()))
}

impl Link {
    fn order(&mut self, order: LinkAction) -> Result<(), WsError> {
        match (order, &mut *self) {
            (LinkAction::Connect(request), _) => {
                let (sender, opened) = sync_channel(1);
                std::thread::spawn(move || drop(sender.send(connect(&request))));
                *self = Link::Opening(opened);
                Ok(())
            }
            (LinkAction::Send(text), Link::Up(socket)) => {
                socket.send(Message::Text(text.try_into().unwrap_or_default()))
            }
            (LinkAction::Ping, Link::Up(socket)) => socket.send(Message::Ping(Vec::new().into())),
            (LinkAction::Close, _) => match std::mem::replace(self, Link::Down) {
                Link::Up(mut socket) => socket.close(None),
                Link::Down | Link::Opening(_) => Ok(()),
            },
            (LinkAction::Send(_) | LinkAction::Ping, Link::Down | Link::Opening(_)) => Ok(()),
        }
    }

    /// Waits for something to happen, for so long at most, and tells the station what.
    fn wait(&mut self, wait: Duration, station: &mut Station, clock: Monotonic) -> Result<(), Failure> {
        let now = || Instant::ZERO + clock.elapsed();
        match self {
            Link::Down => std::thread::sleep(wait),
            Link::Opening(opened) => match opened.recv_timeout(wait) {
                Ok(Ok((socket, subprotocol))) => {
                    *self = Link::Up(Box::new(socket));
                    let subprotocol = subprotocol.into();
                    station.handle(now(), Input::Link(LinkInput::Opened { subprotocol }))?;
                }
                Ok(Err(error)) => self.lose(&error, station, now())?,
                Err(RecvTimeoutError::Timeout) => {}
                Err(error @ RecvTimeoutError::Disconnected) => self.lose(&error.into(), station, now())?,
            },
            Link::Up(socket) => {
                socket.get_ref().set_read_timeout(Some(wait))?;
                match socket.read() {
                    Ok(Message::Text(text)) => {
                        station.handle(now(), Input::Link(LinkInput::Frame(text.as_bytes().into())))?;
                    }
                    Ok(Message::Pong(_)) => station.handle(now(), Input::Link(LinkInput::Pong))?,
                    // Pings are answered by the library; after a close the next read gives an error.
                    Ok(Message::Ping(_) | Message::Binary(_) | Message::Close(_) | Message::Frame(_)) => {}
                    Err(WsError::Io(e)) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                    Err(error) => self.lose(&error.into(), station, now())?,
                }
            }
        }
        Ok(())
    }

    fn lose(&mut self, reason: &Failure, station: &mut Station, now: Instant) -> Result<(), Failure> {
        println!("no connection: {reason}");
        *self = Link::Down;
        Ok(station.handle(now, Input::Link(LinkInput::Closed))?)
    }
}

/// Runs a station until it is to restart. What the CSMS has not taken yet, and what may still charge, is in the store.
pub fn run(
    config: StationConfig,
    store: &Path,
    hardware: &mut Hardware,
    clock: Monotonic,
) -> Result<RebootKind, Failure> {
    let (mut store, image) = FileStore::open(store)?;
    // The keys of the standard library's hashes are random.
    let mut station = Station::new(config, RandomState::new().build_hasher().finish(), &image)?;
    drop(image);
    let mut link = Link::Down;
    let (mut is_expected, mut leaves_at) = (true, None);
    let started = Instant::ZERO + clock.elapsed();
    hardware.power_on(started);
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let wall = DateTime::from_timestamp(since.as_secs().try_into()?, since.subsec_nanos()).ok_or("no time")?;
    station.handle(started, Input::Wall(wall))?;
    loop {
        let now = Instant::ZERO + clock.elapsed();
        if leaves_at.take_if(|at| *at <= now).is_some() {
            hardware.unplug(now);
        }
        while let Some(fact) = hardware.poll_fact(now) {
            station.handle(now, Input::Evse(EVSE, fact))?;
        }
        station.handle(now, Input::Tick)?;

        let mut writes = Vec::new();
        while let Some(action) = station.poll_action() {
            match action {
                Action::Link(order) => {
                    if let Err(error) = link.order(order) {
                        link.lose(&error.into(), &mut station, now)?;
                    }
                }
                Action::Store { ticket, op } => writes.push((ticket, op)),
                Action::Evse(_, order) => hardware.order(now, &order),
                Action::Reboot(kind) => return Ok(kind),
                // Nothing is fetched or sent here.
                Action::Job(job, _) => station.handle(now, Input::Job(job, JobUpdate::Failed))?,
                // The operating system keeps the clock; questions have defaults.
                Action::SetClock(_) | Action::Display(_) | Action::Ask { .. } => {}
                Action::Event(event) => {
                    println!("{event:?}");
                    match event {
                        Event::Registration(RegistrationStatus::Accepted) if is_expected => {
                            is_expected = false;
                            hardware.plug(now);
                            station.handle(now, Input::Token { evse: Some(EVSE), token: IdToken::new("ABC") })?;
                        }
                        Event::TransactionStarted { .. } => leaves_at = Some(now + CHARGING),
                        _ => {}
                    }
                }
            }
        }
        // One commit for all that came together: durable when it returns, or not at all.
        if let [first, .., last] | [first @ last] = writes.as_slice() {
            let (first, last) = (first.0, last.0);
            let committed = store.commit(writes.iter().map(|(_, op)| op));
            let outcome = committed.map_or(Input::StoreFailed(first), |()| Input::Stored(last));
            station.handle(now, outcome)?;
            continue;
        }
        let deadline = [station.poll_timeout(), hardware.poll_timeout()].into_iter().flatten().min();
        let wait = deadline.map_or(POLL, |at| at.saturating_since(now).min(POLL));
        link.wait(wait.max(Duration::from_millis(1)), &mut station, clock)?;
    }
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, identity, file] = arguments.as_slice() else { return Err("give a URL, an identity and a file".into()) };
    let config = StationConfig::new(url, identity, "Example", "Blocking").with_setting("MeterValueSampleInterval", "1");
    let (mut hardware, clock) = (Hardware::new(0, 360_000), Monotonic::now());
    loop {
        println!("restart: {:?}", run(config.clone(), file.as_ref(), &mut hardware, clock)?);
        // What firmware does to its outputs when it restarts.
        hardware.power_cut(Instant::ZERO + clock.elapsed());
    }
}
