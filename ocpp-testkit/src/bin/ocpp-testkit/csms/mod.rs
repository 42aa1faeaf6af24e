//! `csms`: a real WebSocket mini-CSMS with its ledger in SQLite.

mod check;
mod told;

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use chrono::Utc;
use clap::Args;
use ocpp_core::csms::{
    Answer, Authorization, AuthorizationStatus, Command, CommandId, DataTransferStatus, Event, IdToken, Question,
    RegistrationStatus, Session, SessionConfig,
};
use ocpp_rpc::Dialect;
use ocpp_testkit::drivers::tokio::{Authenticator, Credential, CsmsConfig, CsmsDriver, CsmsOutput, tls};
use ocpp_testkit::link::End;
use ocpp_testkit::pipe::configured;
use ocpp_testkit::pki::Authority;
use ocpp_testkit::stores::Ledger;
use ocpp_types::SmallString;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

use crate::lines::{self, Line, LineError, Version};
use crate::print;
use crate::save::Saver;
use told::Told;

const AFTER_HELP: &str = r#"Commands come as JSON lines on stdin, one object each:
  {"station":"CP001","action":"RemoteStartTransaction","payload":{"connectorId":1,"idTag":"ABC"}}
  {"station":"CP002","action":"RequestStopTransaction","payload":{"transactionId":"5f8a"}}    of one that speaks 2.x
  {"station":"CP001","action":"GetConfiguration","payload":{},"id":"mine"}    "id" comes back with the answer
  {"station":"CP001","action":"Vendor","payload":{},"unchecked":true}         sent whatever it is
Answers, events and what is in the ledger now come as JSON lines on stdout; the first one tells the address. A line that
makes no sense is reported there as {"error":{"line":..,"column":..,"reason":..}}, and the server goes on, also at the end
of stdin.

The ledger is a SQLite file with a table of facts and the views transactions (the bill), meter_values, status, findings.

On a loopback address every station and every token is accepted unless passwords or tokens are given. On any other address
that must be said: --accept-all-stations, --accept-all-tokens.

A certificate for wss that stations take, made by hand (stations are given ca.pem; X.509 v3 with the host as alternative name):
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "/O=CPO/CN=Root" \
    -addext keyUsage=critical,keyCertSign,cRLSign -keyout ca.key -out ca.pem
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/O=CPO/CN=localhost" -keyout key.pem -out server.csr
  printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n' > server.ext
  openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 365 -extfile server.ext -out cert.pem
  ocpp-testkit csms --listen 127.0.0.1:9001 --cert cert.pem --key key.pem --password secret
  ocpp-testkit station --url wss://localhost:9001/ocpp --id CP001 --ca ca.pem --password secret
Or by the program, with security profile 3 in reach (ExtendedTriggerMessage of SignChargePointCertificate, CpoName set before):
  ocpp-testkit csms --listen 127.0.0.1:9001 --ca authority --wss --password secret
  ocpp-testkit station --url wss://127.0.0.1:9001/ocpp --id CP001 --ca authority/ca.pem --password secret --set CpoName=CPO

Example:
  ocpp-testkit csms --listen 127.0.0.1:9000 --db ledger.db --token ABC
  sqlite3 ledger.db 'SELECT * FROM transactions'"#;

/// On an address that others can reach, openness must be said.
const SAY_STATIONS: &str = "give --password, --station or --accept-all-stations";
const SAY_TOKENS: &str = "give --token or --accept-all-tokens";

/// A real WebSocket mini-CSMS.
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub struct Csms {
    /// The address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "HOST:PORT")]
    listen: String,
    /// The versions spoken, separated by commas: the first that the station offers of them counts.
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "1.6,2.0.1,2.1")]
    ocpp: Vec<Version>,
    /// The SQLite file of the ledger; without it the ledger is gone with the process.
    #[arg(long, value_name = "FILE")]
    db: Option<PathBuf>,
    /// The password of all stations (Basic authentication).
    #[arg(long, conflicts_with_all = ["station", "accept_all_stations"])]
    password: Option<String>,
    /// A station and its password; others are unknown. May be repeated.
    #[arg(long, value_name = "ID=PASSWORD", value_parser = station, conflicts_with = "accept_all_stations")]
    station: Vec<(String, String)>,
    /// Accept every station without a proof.
    #[arg(long)]
    accept_all_stations: bool,
    /// A token that may charge, or what is said of it and its group; others are Invalid. May be repeated.
    #[arg(long, value_name = "ID[=STATUS[:GROUP]]", value_parser = token, conflicts_with = "accept_all_tokens")]
    token: Vec<(String, Authorization)>,
    /// Accept every token.
    #[arg(long)]
    accept_all_tokens: bool,
    /// The certificate chain for wss, PEM.
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,
    /// The certificate's private key, PEM.
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// A directory with a certificate authority of the server's own, made if it is not there: it signs what stations ask for by
    /// SignCertificate, and with --wss the server's certificate. Its root is ca.pem.
    #[arg(long, value_name = "DIR")]
    ca: Option<PathBuf>,
    /// Serve wss with a certificate of the authority's.
    #[arg(long, requires = "ca", conflicts_with = "cert")]
    wss: bool,
    /// The roots that certificates of stations lead to (security profile 3), PEM; without it that of --ca.
    #[arg(long, value_name = "FILE")]
    client_ca: Option<PathBuf>,
    /// The heartbeat interval that stations are given, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    heartbeat: u32,
    /// Print each frame.
    #[arg(long)]
    frames: bool,
    /// Write the frames of all stations to this file, as a trace for `trace` and `validate`.
    #[arg(long, value_name = "TRACE")]
    save: Option<PathBuf>,
    /// Most connections at once; further ones are answered with HTTP status 503.
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = at_least_one)]
    max_connections: usize,
    /// Most stations known at once; further ones are closed with status 1013.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = at_least_one)]
    max_stations: usize,
    /// The longest frame that is read, in bytes; one of more than twice that is closed with status 1009.
    #[arg(long, value_name = "BYTES", value_parser = at_least_one)]
    max_frame: Option<usize>,
    /// Most questions of one station at once; further messages are answered with InternalError.
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    max_questions: Option<usize>,
    /// How long a peer may take for its handshake; then it is answered with HTTP status 408.
    #[arg(long, value_name = "SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..))]
    handshake_timeout: u64,
    /// A JSON object with members of the sessions' configuration that differ from the defaults, see PIPE.md.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// End after so long.
    #[arg(long, value_name = "SECONDS")]
    run_for: Option<u64>,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| "not a whole number of at least 1".to_owned())
}

fn station(text: &str) -> Result<(String, String), String> {
    let (id, password) = text.split_once('=').ok_or("not of the form ID=PASSWORD")?;
    Ok((id.to_owned(), password.to_owned()))
}

fn token(text: &str) -> Result<(String, Authorization), String> {
    let (id, verdict) = text.split_once('=').unwrap_or((text, "Accepted"));
    let (status, group) = verdict.split_once(':').map_or((verdict, None), |(status, group)| (status, Some(group)));
    let status: AuthorizationStatus = serde_json::from_value(status.into()).map_err(|error| error.to_string())?;
    Ok((id.to_ascii_uppercase(), Authorization::from(status).with_group(group.map(IdToken::new))))
}

type Failure = Box<dyn std::error::Error>;

/// Which tokens may charge.
enum Tokens {
    All,
    /// Those of this list, in upper case: identifiers are compared without regard to case.
    Some(BTreeMap<String, Authorization>),
}

impl Tokens {
    fn verdict(&self, token: &str) -> Authorization {
        match self {
            Tokens::All => AuthorizationStatus::Accepted.into(),
            Tokens::Some(known) => {
                known.get(&token.to_ascii_uppercase()).cloned().unwrap_or(AuthorizationStatus::Invalid.into())
            }
        }
    }
}

impl Csms {
    pub fn run(self) -> ExitCode {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        match runtime.map_err(Failure::from).and_then(|runtime| runtime.block_on(self.serve())) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => print::give_up("csms", error.as_ref()),
        }
    }

    async fn serve(self) -> Result<(), Failure> {
        let unusable = |error: io::Error| print::unusable("--listen", &self.listen, &error);
        let addresses: Vec<SocketAddr> = self.listen.to_socket_addrs().map_err(unusable)?.collect();
        let is_local = addresses.iter().all(|address| address.ip().is_loopback());
        let mut config = CsmsConfig::new(self.authenticator(is_local)?);
        config.dialects = Version::built_in(&self.ocpp, Session::speaks)?;
        config.session = self.session()?;
        config.max_connections = self.max_connections;
        config.max_stations = self.max_stations;
        config.handshake_timeout = Duration::from_secs(self.handshake_timeout);
        let authority = self.ca.as_deref().map(|directory| Authority::open(directory, Utc::now())).transpose()?;
        let own = match &authority {
            Some(authority) if self.wss && self.cert.is_none() => Some(authority.server(self.host(), Utc::now())?),
            Some(_) | None => self.cert.clone().zip(self.key.clone()),
        };
        let scheme = match own.as_ref().map_or((None, None), |(chain, key)| (Some(chain), Some(key))) {
            (Some(chain), Some(key)) => {
                let root = authority.as_ref().map(Authority::root_file);
                let client_ca = self.client_ca.as_deref();
                let files =
                    [("--cert", self.cert.as_deref()), ("--key", self.key.as_deref()), ("--client-ca", client_ca)];
                let tls = tls::server(chain, key, client_ca.or(root.as_deref()));
                config.tls = Some(tls.map_err(|error| print::unusable_tls(&error, &files))?);
                "wss"
            }
            (None, _) | (_, None) => "ws",
        };
        let ledger = match &self.db {
            Some(file) => {
                Ledger::open(file).map_err(|error| format!("--db {}: {error}; {}", file.display(), error.advice()))?
            }
            None => Ledger::in_memory()?,
        };
        let saver = self.save.as_ref().map(|path| Saver::create(path, End::Csms)).transpose()?;
        let mut app = App {
            tokens: self.tokens(is_local)?,
            heartbeat: self.heartbeat,
            authority,
            commands: BTreeMap::new(),
            spoken: BTreeMap::new(),
            prints_frames: self.frames,
            saver,
        };
        let listener = TcpListener::bind(addresses.as_slice()).await.map_err(unusable)?;
        let address = format!("{scheme}://{}", listener.local_addr()?);
        let mut driver = CsmsDriver::start(listener, config, ledger)?;
        if self.frames || self.save.is_some() {
            driver.watch_frames();
        }
        let mut lines = lines::stdin()?;
        lines::tell(&Told::Listening {
            url: &address,
            authentication: !self.accepts_all_stations(),
            tokens: !self.accepts_all_tokens(),
        })?;
        let end = async {
            match self.run_for {
                Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(end);
        loop {
            tokio::select! {
                () = &mut end => return Ok(()),
                output = driver.next() => app.on_output(&mut driver, output)?,
                Some(line) = lines.recv() => {
                    if let Err(error) = app.on_line(&mut driver, &line) {
                        lines::tell(&Told::Error(&error))?;
                    }
                }
            }
        }
    }

    fn session(&self) -> Result<SessionConfig, Failure> {
        let mut session = SessionConfig::default();
        if let Some(file) = &self.config {
            let text = print::read("--config", file)?;
            session = configured(&session, &text).map_err(|error| format!("--config {}: {error}", file.display()))?;
        }
        session.limits.frame.frame_bytes = self.max_frame.unwrap_or(session.limits.frame.frame_bytes);
        session.limits.questions = self.max_questions.unwrap_or(session.limits.questions);
        Ok(session)
    }

    /// The host to listen on, without the port.
    fn host(&self) -> &str {
        self.listen.rsplit_once(':').map_or(self.listen.as_str(), |(host, _)| host.trim_matches(['[', ']']))
    }

    fn accepts_all_stations(&self) -> bool {
        self.password.is_none() && self.station.is_empty()
    }

    fn accepts_all_tokens(&self) -> bool {
        self.token.is_empty()
    }

    fn authenticator(&self, is_local: bool) -> Result<Authenticator, Failure> {
        if let Some(password) = &self.password {
            return Ok(Authenticator::Shared(Credential::new(password)?));
        }
        if self.station.is_empty() {
            return if is_local || self.accept_all_stations {
                Ok(Authenticator::AcceptAll)
            } else {
                Err(format!("others can reach {}: {SAY_STATIONS}", self.listen).into())
            };
        }
        let credentials = self.station.iter().map(|(id, password)| Ok((id.clone(), Credential::new(password)?)));
        Ok(Authenticator::Stations(credentials.collect::<Result<_, Failure>>()?))
    }

    fn tokens(&self, is_local: bool) -> Result<Tokens, Failure> {
        if self.token.is_empty() {
            return if is_local || self.accept_all_tokens {
                Ok(Tokens::All)
            } else {
                Err(format!("others can reach {}: {SAY_TOKENS}", self.listen).into())
            };
        }
        Ok(Tokens::Some(self.token.iter().cloned().collect()))
    }
}

/// One command of stdin.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CommandLine {
    station: String,
    action: SmallString,
    #[serde(default)]
    payload: Map<String, Value>,
    /// Given back with the answer.
    id: Option<Value>,
    /// Whether the payload is sent without being checked against the version's schema.
    #[serde(default)]
    unchecked: bool,
}

/// A command that waits for its answer.
struct Pending {
    action: SmallString,
    id: Option<Value>,
}

/// What a CSMS must decide.
struct App {
    tokens: Tokens,
    heartbeat: u32,
    /// Signs what stations ask for.
    authority: Option<Authority>,
    commands: BTreeMap<CommandId, Pending>,
    /// What each station spoke last.
    spoken: BTreeMap<String, Dialect>,
    prints_frames: bool,
    saver: Option<Saver>,
}

impl App {
    fn on_output(&mut self, driver: &mut CsmsDriver, output: CsmsOutput) -> Result<(), Failure> {
        if let Some(saver) = &mut self.saver {
            match &output {
                CsmsOutput::Event { station, event: Event::Connected { dialect } } => {
                    saver.connected(station, dialect.subprotocol())?
                }
                CsmsOutput::Frame { station, direction, text } => saver.frame(station, *direction, text)?,
                CsmsOutput::LinkClosed { station, .. } => saver.closed(station)?,
                _ => {}
            }
        }
        if let CsmsOutput::Event { station, event: Event::Connected { dialect } } = &output {
            self.spoken.insert(station.clone(), *dialect);
        }
        match output {
            CsmsOutput::Ask { station, id, question } => {
                let Some((answer, certificate)) = self.decide(&station, &question)? else { return Ok(()) };
                lines::tell(&Told::Asked { station: &station, question: &question, answer: &answer })?;
                driver.answer(&station, id, answer)?;
                if let Some(chain) = certificate {
                    let payload = self.certificate_signed(&station, &question, &chain);
                    let action = SmallString::new("CertificateSigned");
                    let number = driver.command(&station, Command::Call { action: action.clone(), payload })?;
                    self.commands.insert(number, Pending { action, id: None });
                }
            }
            CsmsOutput::Answered { station, id, result } => {
                let pending = self.commands.remove(&id);
                let version = self.version(&station);
                let (action, id) = pending.map(|pending| (pending.action, pending.id)).unwrap_or_default();
                lines::tell(&Told::answer((&station, version), &action, id.as_ref(), &result))?;
            }
            CsmsOutput::Event { station, event } => lines::tell(&Told::Event { station: &station, event: &event })?,
            CsmsOutput::Stored { station, ticket, fact } => {
                lines::tell(&Told::Stored { station: &station, ticket, fact: &fact })?;
            }
            CsmsOutput::StoreFailed { station, ticket, reason } => {
                lines::tell(&Told::StoreFailed { station: &station, ticket, reason: &reason })?;
            }
            CsmsOutput::Certificate { station, serial_number } => {
                lines::tell(&Told::Certificate { station: &station, serial_number: &serial_number })?;
            }
            CsmsOutput::LinkClosed { station, reason } => {
                lines::tell(&Told::LinkClosed { station: &station, reason: &reason })?;
            }
            CsmsOutput::Refused { peer, reason } => lines::tell(&Told::Refused { peer, reason: &reason })?,
            CsmsOutput::Full { peer, max } => {
                let reason = format!("all {max} connections are taken; --max-connections sets another limit");
                eprintln!("csms: {peer} is turned away: {reason}");
                lines::tell(&Told::Full { peer, reason })?;
            }
            CsmsOutput::Frame { .. } if !self.prints_frames => {}
            CsmsOutput::Frame { station, direction, text } => {
                lines::tell(&Told::Frame { station: &station, direction, text: &text })?;
            }
            CsmsOutput::Trouble { reason } => lines::tell(&Told::Trouble { reason: &reason })?,
        }
        Ok(())
    }

    /// The version that a station speaks, or spoke last; one that was never here is taken for one of 1.6.
    fn version(&self, station: &str) -> Dialect {
        self.spoken.get(station).copied().unwrap_or(Dialect::V1_6)
    }

    /// The certificate that a station asked for (1.6 security A02, 2.x A02, A03), in the members of its version.
    fn certificate_signed(&self, station: &str, question: &Question, chain: &str) -> String {
        let mut payload = Map::from_iter([("certificateChain".to_owned(), json!(chain))]);
        if let Question::SignCertificate { purpose, request, .. } = question {
            if let Some(purpose) = purpose {
                payload.insert("certificateType".to_owned(), json!(purpose));
            }
            if let Some(request) = request.filter(|_| self.version(station) == Dialect::V2_1) {
                payload.insert("requestId".to_owned(), json!(request));
            }
        }
        Value::Object(payload).to_string()
    }

    /// The answer, and a certificate to send after it; none to a question that it does not know, for which the session has a default.
    fn decide(&self, station: &str, question: &Question) -> Result<Option<(Answer, Option<String>)>, Failure> {
        let answer = match question {
            Question::Boot(_) => Answer::Boot {
                status: RegistrationStatus::Accepted,
                interval: Duration::from_secs(u64::from(self.heartbeat)),
            },
            Question::Authorize { token, .. } => Answer::Authorize(self.tokens.verdict(token.as_str())),
            Question::DataTransfer { .. } => {
                Answer::DataTransfer { status: DataTransferStatus::UnknownVendor, data: None }
            }
            Question::SignCertificate { csr, .. } => match &self.authority {
                Some(authority) => {
                    let signed = authority.sign(station, csr, Utc::now());
                    if let Err(error) = &signed {
                        lines::tell(&Told::Trouble { reason: &format!("{station}: not signed: {error}") })?;
                    }
                    return Ok(Some((Answer::SignCertificate { is_accepted: signed.is_ok() }, signed.ok())));
                }
                // What is done with it is the business of who reads the line.
                None => Answer::SignCertificate { is_accepted: true },
            },
            _ => return Ok(None),
        };
        Ok(Some((answer, None)))
    }

    fn on_line(&mut self, driver: &mut CsmsDriver, line: &Line) -> Result<(), LineError> {
        let CommandLine { station, action, payload, id, unchecked } = line.parse()?;
        let payload = Value::Object(payload).to_string();
        if !unchecked {
            check::request(self.version(&station), &action, &payload).map_err(|reason| line.refused(reason))?;
        }
        let command = Command::Unchecked { action: action.clone(), payload };
        let number = driver.command(&station, command).map_err(|error| line.refused(error))?;
        self.commands.insert(number, Pending { action, id });
        Ok(())
    }
}
