//! A server out of `ocpp-core`, `ocpp-rpc`, the standard library and a WebSocket library: a thread for each connection, a
//! session for each station, and its history as lines in a file.
//!
//! `cargo run -p ocpp-testkit --example blocking_server -- 127.0.0.1:9000 ledger`
//!
//! Every station may connect, and every token may charge. What the session orders is what a real one does: commit a fact before the
//! station hears of it, answer questions, let the newest connection speak.

use std::collections::BTreeMap;
use std::collections::hash_map::RandomState;
use std::error::Error;
use std::fs::{self, File};
use std::hash::{BuildHasher, Hasher};
use std::io::{self, ErrorKind, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant as Monotonic, SystemTime};

use ocpp_core::chrono::DateTime;
use ocpp_core::csms::{
    Action, Answer, AuthorizationStatus, DataTransferStatus, Fact, Input, LinkAction, LinkInput, Question,
    RegistrationStatus, Session, SessionConfig, SessionState,
};
use ocpp_core::store::Ticket;
use ocpp_core::time::Instant;
use ocpp_rpc::Dialect;
use ocpp_rpc::handshake::{IdentityRules, OpeningRequest, ServerRules, open};
use tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tungstenite::http::{HeaderValue, StatusCode};
use tungstenite::{Error as WsError, Message, WebSocket, accept_hdr};

type Failure = Box<dyn Error + Send + Sync>;

/// How long an order of the session may wait for a thread, which sleeps on its connection.
const POLL: Duration = Duration::from_millis(20);
/// For the handshake, and for a peer that takes nothing.
const PATIENCE: Duration = Duration::from_secs(10);
const HEARTBEAT: Duration = Duration::from_secs(300);

/// The history of one station, a fact a line.
struct Ledger {
    file: File,
    length: u64,
}

impl Ledger {
    /// Opens it, and gives what it holds. A torn last line is as if it had not been written: nobody was answered.
    fn open(file: &Path) -> io::Result<(Self, Vec<(Ticket, Fact)>)> {
        let text = if file.exists() { fs::read_to_string(file)? } else { String::new() };
        let mut facts = Vec::new();
        let mut length = 0;
        for line in text.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
            facts.push(serde_json::from_str(line)?);
            length += line.len() as u64;
        }
        let file = File::options().create(true).append(true).open(file)?;
        file.set_len(length)?;
        Ok((Ledger { file, length }, facts))
    }

    /// Durable when it returns. After an error it is as it was.
    fn append(&mut self, ticket: Ticket, fact: &Fact) -> io::Result<()> {
        let line = serde_json::to_string(&(ticket, fact))? + "\n";
        let written = self.file.write_all(line.as_bytes()).and_then(|()| self.file.sync_data());
        match &written {
            Ok(()) => self.length += line.len() as u64,
            Err(_) => self.file.set_len(self.length)?,
        }
        written
    }
}

/// A station: its session, its ledger, and which of its connections is the newest.
struct Desk {
    session: Session,
    ledger: Ledger,
    newest: u64,
}

impl Desk {
    fn open(directory: &Path, station: &str) -> Result<Self, Failure> {
        let (ledger, facts) = Ledger::open(&directory.join(format!("{station}.jsonl")))?;
        let config = SessionConfig::default();
        let state = SessionState::replay(&config, facts);
        // The keys of the standard library's hashes are random.
        let seed = RandomState::new().build_hasher().finish();
        Ok(Desk { session: Session::restore(config, seed, state), ledger, newest: 0 })
    }

    /// Carries out what the session orders, up to what is for the connection. Whether it is to be closed comes last.
    fn carry_out(&mut self, now: Instant) -> Result<(Vec<LinkAction>, bool), Failure> {
        let mut orders = Vec::new();
        while let Some(action) = self.session.poll_action() {
            let reaction = match action {
                Action::Link(LinkAction::Close(_)) => return Ok((orders, true)),
                Action::Link(order) => {
                    orders.push(order);
                    continue;
                }
                Action::Store { ticket, fact } => match self.ledger.append(ticket, &fact) {
                    Ok(()) => {
                        println!("{fact:?}");
                        Input::Stored(ticket)
                    }
                    Err(_) => Input::StoreFailed(ticket),
                },
                Action::Ask { id, question, .. } => match decide(&question) {
                    Some(answer) => Input::Answer(id, answer),
                    None => continue,
                },
                Action::Answered { id, result } => {
                    println!("{id:?}: {result:?}");
                    continue;
                }
                Action::Event(event) => {
                    println!("{event:?}");
                    continue;
                }
            };
            self.session.handle(now, reaction)?;
        }
        Ok((orders, false))
    }
}

/// None leaves it to the session's default.
fn decide(question: &Question) -> Option<Answer> {
    Some(match question {
        Question::Boot(_) => Answer::Boot { status: RegistrationStatus::Accepted, interval: HEARTBEAT },
        Question::Authorize { .. } => Answer::Authorize(AuthorizationStatus::Accepted.into()),
        Question::DataTransfer { .. } => Answer::DataTransfer { status: DataTransferStatus::UnknownVendor, data: None },
        Question::SignCertificate { .. } => Answer::SignCertificate { is_accepted: false },
        _ => return None,
    })
}

/// What all connections share.
pub struct Server {
    directory: PathBuf,
    clock: Monotonic,
    desks: Mutex<BTreeMap<String, Arc<Mutex<Desk>>>>,
}

impl Server {
    /// A server with its ledgers in a directory.
    pub fn new(directory: &Path) -> Self {
        Server { directory: directory.to_owned(), clock: Monotonic::now(), desks: Mutex::default() }
    }

    /// Serves for ever.
    ///
    /// # Errors
    /// When no connection can be accepted any more.
    pub fn serve(self, listener: &TcpListener) -> Result<(), Failure> {
        let server = Arc::new(self);
        loop {
            let (stream, peer) = listener.accept()?;
            let server = Arc::clone(&server);
            thread::spawn(move || {
                if let Err(error) = server.connection(stream) {
                    println!("{peer}: {error}");
                }
            });
        }
    }

    fn now(&self) -> Instant {
        Instant::ZERO + self.clock.elapsed()
    }

    fn desk(&self, station: &str) -> Result<Arc<Mutex<Desk>>, Failure> {
        let mut desks = self.desks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(desk) = desks.get(station) {
            return Ok(Arc::clone(desk));
        }
        let desk = Arc::new(Mutex::new(Desk::open(&self.directory, station)?));
        desks.insert(station.to_owned(), Arc::clone(&desk));
        Ok(desk)
    }

    fn connection(&self, stream: TcpStream) -> Result<(), Failure> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let (mut socket, station) = shake_hands(stream)?;
        let desk = self.desk(&station)?;
        let lock = || desk.lock().unwrap_or_else(PoisonError::into_inner);
        let number = {
            let mut desk = lock();
            desk.newest += 1;
            let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
            let wall = DateTime::from_timestamp(since.as_secs().try_into()?, since.subsec_nanos()).ok_or("no time")?;
            desk.session.handle(self.now(), Input::Wall(wall))?;
            desk.session.handle(self.now(), Input::Link(LinkInput::Opened { dialect: Dialect::V1_6 }))?;
            desk.newest
        };
        let mut heard = Some(Input::Tick);
        loop {
            let (orders, is_over) = {
                let mut desk = lock();
                // Another connection of this station speaks now.
                if desk.newest != number {
                    break;
                }
                if let Some(input) = heard.take() {
                    desk.session.handle(self.now(), input)?;
                }
                desk.session.handle(self.now(), Input::Tick)?;
                desk.carry_out(self.now())?
            };
            let sent = orders.into_iter().try_for_each(|order| send(&mut socket, order));
            if is_over {
                break;
            }
            heard = match sent.and_then(|()| hear(&mut socket)) {
                Ok(heard) => heard,
                Err(error) => {
                    let mut desk = lock();
                    if desk.newest == number {
                        desk.session.handle(self.now(), Input::Link(LinkInput::Closed))?;
                        desk.carry_out(self.now())?;
                    }
                    return Err(error.into());
                }
            };
        }
        // The peer's answer to the close is not waited for.
        socket.close(None)?;
        Ok(socket.flush()?)
    }
}

/// The handshake by the rules of OCPP-J; whoever breaks them gets the status of HTTP that they name.
fn shake_hands(stream: TcpStream) -> Result<(WebSocket<TcpStream>, String), Failure> {
    let mut identity = None;
    #[expect(clippy::result_large_err, reason = "the signature is the library's")]
    let check = |request: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
        let header = |name: &str| request.headers().get_all(name).iter().filter_map(|value| value.to_str().ok());
        let subprotocols: Vec<&str> = header("sec-websocket-protocol").collect();
        let opening = OpeningRequest {
            target: request.uri().path(),
            subprotocols: &subprotocols,
            authorization: header("authorization").next(),
            is_tls: false,
            has_client_certificate: false,
        };
        let rules = ServerRules {
            identity: IdentityRules::V1_6,
            dialects: &[Dialect::V1_6],
            assumed: None,
            security_profile: None,
        };
        let refuse = |status: u16, reason: String| {
            let mut answer = ErrorResponse::new(Some(reason));
            *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::FORBIDDEN);
            answer
        };
        let opening = open(&opening, &rules).map_err(|refusal| refuse(refusal.status(), refusal.to_string()))?;
        if let Some(subprotocol) = opening.choice.header() {
            response.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(subprotocol));
        }
        identity = opening.choice.dialect().map(|_| opening.identity.as_str().to_owned());
        Ok(response)
    };
    let mut socket = accept_hdr(stream, check).map_err(|error| error.to_string())?;
    match identity {
        Some(identity) => Ok((socket, identity)),
        None => {
            // OCPP-J 1.6 §3.2: the handshake is completed, then closed.
            socket.close(None)?;
            Err("no version in common".into())
        }
    }
}

fn send(socket: &mut WebSocket<TcpStream>, order: LinkAction) -> Result<(), WsError> {
    match order {
        LinkAction::Send(text) => socket.send(Message::Text(text.try_into().unwrap_or_default())),
        LinkAction::Ping => socket.send(Message::Ping(Vec::new().into())),
        LinkAction::Close(_) => Ok(()),
    }
}

/// Waits a little for something to happen.
fn hear(socket: &mut WebSocket<TcpStream>) -> Result<Option<Input<'static>>, WsError> {
    socket.get_ref().set_read_timeout(Some(POLL))?;
    match socket.read() {
        Ok(Message::Text(text)) => Ok(Some(Input::Link(LinkInput::Frame(text.as_bytes().to_vec().into())))),
        Ok(Message::Pong(_)) => Ok(Some(Input::Link(LinkInput::Pong))),
        // Pings are answered by the library; after a close the next read gives an error.
        Ok(Message::Ping(_) | Message::Binary(_) | Message::Close(_) | Message::Frame(_)) => Ok(None),
        Err(WsError::Io(e)) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(None),
        Err(error) => Err(error),
    }
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, directory] = arguments.as_slice() else { return Err("give an address and a directory".into()) };
    fs::create_dir_all(directory)?;
    Server::new(directory.as_ref()).serve(&TcpListener::bind(address)?)
}
