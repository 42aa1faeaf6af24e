//! The driver of a CSMS: a listening socket, a session for each station, and a ledger.

mod output;
mod roster;

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::Utc;
use ocpp_core::MisuseError;
use ocpp_core::csms::{
    Action, Answer, AskId, Command, CommandId, Input, LinkAction, LinkEnd, LinkInput, Session, SessionConfig,
};
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{Receiver, Sender, UnboundedReceiver, channel, unbounded_channel};
use tokio_rustls::rustls::ServerConfig as TlsConfig;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::admission::{Admitted, Authenticator, Doorkeeper, HANDSHAKE_TIMEOUT};
use super::socket::{Failed, Socket, SocketEvent};
use super::{Direction, MonotonicClock};
use crate::stores::{Ledger, Outcome, Report, Writer};
use ocpp_rpc::Dialect;

pub use output::CsmsOutput;
use roster::Roster;

/// Events of all sockets that may wait to be read.
const SOCKET_QUEUE: usize = 256;
/// Most peers at once that are told that there is no room; further ones are dropped without a word.
const MAX_TURNED_AWAY: usize = 64;
/// The pause after a connection could not be accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How a CSMS serves.
#[derive(Clone, Debug)]
pub struct CsmsConfig {
    /// Who may connect.
    pub authenticator: Authenticator,
    /// The versions spoken, most wanted first.
    pub dialects: Vec<Dialect>,
    /// The server's certificate; none serves `ws` instead of `wss`.
    pub tls: Option<Arc<TlsConfig>>,
    /// How the session of each station behaves.
    pub session: SessionConfig,
    /// Most connections at once, those that are not yet authenticated included. Further peers get HTTP status 503.
    pub max_connections: usize,
    /// How long a peer may take from its connection to the end of its handshake.
    pub handshake_timeout: Duration,
    /// Most stations known at once.
    pub max_stations: usize,
}

impl CsmsConfig {
    /// A CSMS without TLS that speaks 1.6.
    pub fn new(authenticator: Authenticator) -> Self {
        CsmsConfig {
            authenticator,
            dialects: vec![Dialect::V1_6],
            tls: None,
            session: SessionConfig::default(),
            max_connections: 1_000,
            handshake_timeout: HANDSHAKE_TIMEOUT,
            max_stations: 10_000,
        }
    }
}

/// Why something cannot be told to a station's session.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UnknownStation {
    /// No station of this identity connected since the server started.
    #[error("station {0:?} is not known")]
    Unknown(String),
    /// The session refused it.
    #[error(transparent)]
    Refused(#[from] MisuseError),
}

/// A WebSocket server with one session for each station identity.
///
/// Call [`next`](Self::next) for ever, and give answers and commands in between. `next` may be dropped at any time and
/// called again. The newest authenticated connection of an identity is the one that counts; an older one is closed.
#[derive(Debug)]
pub struct CsmsDriver {
    listener: TcpListener,
    clock: MonotonicClock,
    doorkeeper: Arc<Doorkeeper>,
    max_connections: usize,
    refusals: Arc<Semaphore>,
    roster: Roster,
    reports: UnboundedReceiver<Report<String>>,
    sockets: BTreeMap<u64, Connection>,
    last_socket: u64,
    last_command: u64,
    events: Receiver<(u64, SocketEvent<Admitted>)>,
    sender: Sender<(u64, SocketEvent<Admitted>)>,
    is_watching: bool,
    outputs: VecDeque<CsmsOutput>,
}

#[derive(Debug)]
struct Connection {
    socket: Socket,
    peer: SocketAddr,
    /// The identity, once authenticated.
    station: Option<String>,
}

impl CsmsDriver {
    /// Serves on a socket that listens, with sessions rebuilt from the ledger.
    ///
    /// # Errors
    /// When a version is wanted that is not built in, or the ledger's thread cannot be started.
    pub fn start(listener: TcpListener, config: CsmsConfig, ledger: Ledger) -> io::Result<Self> {
        if let Some(dialect) = config.dialects.iter().find(|dialect| !Session::speaks(**dialect)) {
            return Err(io::Error::new(io::ErrorKind::Unsupported, format!("{dialect} is not built in")));
        }
        let (sender, events) = channel(SOCKET_QUEUE);
        let (reporter, reports) = unbounded_channel();
        // A report after the driver is gone has no reader, and needs none.
        let writer = Writer::spawn(ledger.clone(), move |report| drop(reporter.send(report)))?;
        let doorkeeper = Doorkeeper {
            authenticator: config.authenticator,
            dialects: config.dialects,
            tls: config.tls,
            frame_bytes: config.session.limits.frame.frame_bytes,
            handshake_timeout: config.handshake_timeout,
            certified: Mutex::default(),
        };
        Ok(CsmsDriver {
            listener,
            clock: MonotonicClock::start(),
            doorkeeper: Arc::new(doorkeeper),
            max_connections: config.max_connections,
            refusals: Arc::new(Semaphore::new(MAX_TURNED_AWAY)),
            roster: Roster::new(config.session, config.max_stations, ledger, writer),
            reports,
            sockets: BTreeMap::new(),
            last_socket: 0,
            last_command: 0,
            events,
            sender,
            is_watching: false,
            outputs: VecDeque::new(),
        })
    }

    /// Gives every frame out as [`CsmsOutput::Frame`] from now on.
    pub fn watch_frames(&mut self) {
        self.is_watching = true;
    }

    /// Answers a question.
    ///
    /// # Errors
    /// When no such question of this station is open.
    pub fn answer(&mut self, station: &str, id: AskId, answer: Answer) -> Result<(), UnknownStation> {
        self.handle(station, Input::Answer(id, answer))
    }

    /// Tells a station something. Its fate comes as [`CsmsOutput::Answered`] with the id.
    ///
    /// # Errors
    /// When the station is not known.
    pub fn command(&mut self, station: &str, command: Command) -> Result<CommandId, UnknownStation> {
        self.last_command += 1;
        let id = CommandId(self.last_command);
        self.handle(station, Input::Command { id, command })?;
        Ok(id)
    }

    /// Runs all sessions until there is something for the application to do or to know.
    pub async fn next(&mut self) -> CsmsOutput {
        loop {
            if let Some(output) = self.outputs.pop_front() {
                return output;
            }
            tokio::select! {
                accepted = self.listener.accept() => self.on_accept(accepted).await,
                Some((socket, event)) = self.events.recv() => self.on_socket(socket, event),
                Some(report) = self.reports.recv() => self.on_store(report),
                () = self.clock.sleep_until(self.roster.poll_timeout()) => self.on_deadline(),
            }
        }
    }

    /// An error here means that this machine is short of something; the pause keeps it from being asked all the time.
    async fn on_accept(&mut self, accepted: io::Result<(TcpStream, SocketAddr)>) {
        match accepted {
            Ok((stream, peer)) if self.sockets.len() >= self.max_connections => self.turn_away(stream, peer),
            Ok((stream, peer)) => {
                self.last_socket += 1;
                let opening = Arc::clone(&self.doorkeeper).admit(stream);
                let socket = Socket::spawn(self.last_socket, opening, self.sender.clone());
                self.sockets.insert(self.last_socket, Connection { socket, peer, station: None });
            }
            Err(error) => {
                self.outputs.push_back(CsmsOutput::Trouble { reason: format!("cannot accept: {error}") });
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }

    fn turn_away(&mut self, stream: TcpStream, peer: SocketAddr) {
        let max = self.max_connections;
        self.outputs.push_back(CsmsOutput::Full { peer, max });
        if let Ok(permit) = Arc::clone(&self.refusals).try_acquire_owned() {
            let refusal = Arc::clone(&self.doorkeeper).turn_away(stream, format!("all {max} connections are taken"));
            tokio::spawn(async move {
                refusal.await;
                drop(permit);
            });
        }
    }

    /// Events of a socket that was replaced or given up find no connection, and are dropped.
    fn on_socket(&mut self, number: u64, event: SocketEvent<Admitted>) {
        let Some(connection) = self.sockets.get(&number) else { return };
        match (event, connection.station.clone()) {
            (SocketEvent::Opened(admitted), _) => self.on_opened(number, admitted),
            (SocketEvent::Frame(text), Some(station)) => {
                self.watch(&station, Direction::In, text.as_bytes());
                self.tell(&station, Input::Link(LinkInput::Frame(text.as_bytes().into())));
            }
            (SocketEvent::Pong, Some(station)) => self.tell(&station, Input::Link(LinkInput::Pong)),
            // Nobody speaks before the handshake is done.
            (SocketEvent::Frame(_) | SocketEvent::Pong, None) => {}
            (SocketEvent::Closed(Failed { reason, .. }), station) => {
                let peer = connection.peer;
                self.sockets.remove(&number);
                match station {
                    Some(station) => {
                        self.roster.unlink(&station);
                        self.tell(&station, Input::Link(LinkInput::Closed));
                        self.outputs.push_back(CsmsOutput::LinkClosed { station, reason });
                    }
                    None => self.outputs.push_back(CsmsOutput::Refused { peer, reason }),
                }
            }
        }
    }

    fn on_opened(&mut self, number: u64, admitted: Admitted) {
        let Admitted { station, dialect, certificate } = admitted;
        if let Err(error) = self.roster.enter(&station) {
            if let Some(connection) = self.sockets.remove(&number) {
                connection.socket.close(CloseCode::Again, "no room, try again later");
            }
            self.outputs.push_back(CsmsOutput::Trouble { reason: error.to_string() });
            return;
        }
        if let Some(connection) = self.sockets.get_mut(&number) {
            connection.station = Some(station.clone());
        }
        if let Some(replaced) = self.roster.link(&station, number).and_then(|older| self.sockets.remove(&older)) {
            replaced.socket.close(CloseCode::Policy, "replaced by a newer connection");
            let reason = "replaced by a newer connection".to_owned();
            self.outputs.push_back(CsmsOutput::LinkClosed { station: station.clone(), reason });
        }
        if let Some(serial_number) = certificate {
            self.outputs.push_back(CsmsOutput::Certificate { station: station.clone(), serial_number });
        }
        // The clock of the machine that this runs on may have been set since.
        self.tell(&station, Input::Wall(Utc::now()));
        self.tell(&station, Input::Link(LinkInput::Opened { dialect }));
    }

    fn on_store(&mut self, report: Report<String>) {
        let Report { source: station, outcome } = report;
        match outcome {
            Outcome::Stored(ticket) => {
                let facts = self.roster.confirmed(&station, ticket);
                self.outputs.extend(facts.into_iter().map(|(ticket, fact)| CsmsOutput::Stored {
                    station: station.clone(),
                    ticket,
                    fact,
                }));
                self.tell(&station, Input::Stored(ticket));
            }
            Outcome::Failed { ticket, reason } => {
                self.tell(&station, Input::StoreFailed(ticket));
                self.outputs.push_back(CsmsOutput::StoreFailed { station, ticket, reason });
            }
        }
    }

    fn on_deadline(&mut self) {
        for station in self.roster.due(self.clock.now()) {
            self.tell(&station, Input::Tick);
        }
    }

    fn tell(&mut self, station: &str, input: Input<'_>) {
        if let Err(error) = self.handle(station, input) {
            self.outputs.push_back(CsmsOutput::Trouble { reason: error.to_string() });
        }
    }

    fn handle(&mut self, station: &str, input: Input<'_>) -> Result<(), UnknownStation> {
        for action in self.roster.handle(self.clock.now(), station, input)? {
            self.carry_out(station, action);
        }
        Ok(())
    }

    fn carry_out(&mut self, station: &str, action: Action) {
        match action {
            Action::Link(action) => self.on_link_action(station, action),
            Action::Store { ticket, fact } => {
                if !self.roster.store(station, ticket, fact) {
                    let reason = "the ledger's thread is gone".to_owned();
                    self.on_store(Report { source: station.to_owned(), outcome: Outcome::Failed { ticket, reason } });
                }
            }
            // The session keeps the deadline itself.
            Action::Ask { id, until: _, question } => {
                self.outputs.push_back(CsmsOutput::Ask { station: station.to_owned(), id, question });
            }
            Action::Answered { id, result } => {
                self.outputs.push_back(CsmsOutput::Answered { station: station.to_owned(), id, result });
            }
            Action::Event(event) => {
                self.outputs.push_back(CsmsOutput::Event { station: station.to_owned(), event });
            }
        }
    }

    fn on_link_action(&mut self, station: &str, action: LinkAction) {
        let Some(number) = self.roster.linked(station) else { return };
        match action {
            LinkAction::Send(bytes) => {
                self.watch(station, Direction::Out, &bytes);
                if let Some(connection) = self.sockets.get(&number) {
                    connection.socket.send(bytes);
                }
            }
            LinkAction::Ping => {
                if let Some(connection) = self.sockets.get(&number) {
                    connection.socket.ping();
                }
            }
            LinkAction::Close(LinkEnd::Silent) => {
                self.roster.unlink(station);
                if let Some(connection) = self.sockets.remove(&number) {
                    connection.socket.close(CloseCode::Away, "no sign of life");
                }
            }
        }
    }

    fn watch(&mut self, station: &str, direction: Direction, bytes: &[u8]) {
        if self.is_watching {
            let text = String::from_utf8_lossy(bytes).into_owned();
            self.outputs.push_back(CsmsOutput::Frame { station: station.to_owned(), direction, text });
        }
    }
}
