//! `station`: a real WebSocket station with simulated hardware.

mod command;
mod host;
mod place;
mod site;
mod told;
mod waiting;

use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use chrono::Utc;
use clap::Args;
use ocpp_core::MisuseError;
use ocpp_core::station::{Direction, Event, Handling, HandlingRule, Input, StationConfig};
use ocpp_rpc::Dialect;
use ocpp_testkit::drivers::tokio::{MonotonicClock, StartError, StationDriver, StationOutput, seed};
use ocpp_testkit::hardware::Hardware;
use ocpp_testkit::link::End;
use ocpp_testkit::pipe::configured;
use ocpp_testkit::stores::StationStore;
use ocpp_types::SmallString;

use crate::lines::{self, Line, LineError, Version, explain};
use crate::print;
use crate::save::Saver;
use command::Command;
use host::{Delivered, Ended, Host};
use site::Site;
use told::Told;
use waiting::{Waiting, after, next};

const AFTER_HELP: &str = r#"Hardware and people come as JSON lines on stdin, one object each:
  {"plug":1}                                  a vehicle that asks for energy is connected to EVSE 1
  {"unplug":1}                                it leaves
  {"token":{"evse":1,"id":"ABC"}}             a token is held to the reader (without "evse": to one for the station)
  {"vehicle":{"evse":1,"state":"Paused"}}     the vehicle pauses; "Ready": it asks for energy again
  {"meter":{"evse":1,"watts":11000}}          it takes another power from now on; then the meter is read
  {"fault":{"evse":1,"code":"GroundFailure"}} a fault that makes charging impossible (EVSE 0: of the station); with
                                              "blocking":false one that does not
  {"fault_cleared":1}                         it is gone
  {"unplug_vehicle":1}                        the cable is pulled out of the vehicle, and stays in the socket
  {"bay":{"evse":1,"state":"Occupied"}}       a vehicle stands in the bay; "Free": none does
  {"lock_stuck":{"evse":1,"stuck":true}}      the lock of the plug does not move; with false it does again
  {"power_cycle":{}}                          the power is cut, and restored after --reboot-time
  {"stop":1}                                  the stop button; {"stop":{"evse":1,"reason":"EmergencyStop"}}
  {"configure":{"key":"HeartbeatInterval","value":"60"}}
  {"answer":{"id":7,"status":"Accepted","data":"x"}}   to a question
  {"decide":{"id":8,"answer":{"Incoming":"Proceed"}}}   to a question of --handling; see PIPE.md for the answers
  {"call":{"action":"Blink","payload":{"times":3}}}    send any call
  {"job":{"id":4294967297,"outcome":"Done"}}           how a job ended, with --manual-jobs; "Failed", "NeedsRestart", ...
  {"security_event":{"kind":"TamperDetectionActivated"}}   for the security log and the CSMS, with an "info"
  {"reconnect":{}}                            connect again now
Events, orders and questions come as JSON lines on stdout. A line that makes no sense is reported there as
{"error":{"line":..,"column":..,"reason":..}}, and the station goes on, also at the end of stdin.

Jobs are done by the program, and their ends told as {"job_done":..}. Keys and certificates are real ones (PEM, X.509 v3): roots
that the CSMS installs, and what it signs, hold from the next connection on. If the CSMS is on this machine, firmware is read
and logs are written at file: and http: locations on it (by GET, PUT or POST). Firmware of elsewhere is simulated, as a note
says byte for byte, and logs for elsewhere fail. A signature is one of the whole file with SHA-256, by RSA-PSS or ECDSA P-256:
  openssl dgst -sha256 -sign signer.key -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest new.bin | base64 -w0

Example:
  ocpp-testkit csms --listen 127.0.0.1:9000 --db ledger.db
  ocpp-testkit station --url ws://127.0.0.1:9000/ocpp --id CP001 --ocpp 1.6 --store cp001"#;

/// The longest serial number that a boot can tell (1.6 §6.7).
const MAX_SERIAL: usize = 25;

/// A real WebSocket station with simulated hardware.
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub struct Station {
    /// The CSMS's endpoint, ws:// or wss://, without the identity.
    #[arg(long, value_name = "URL")]
    url: SmallString,
    /// The identity.
    #[arg(long)]
    id: SmallString,
    /// The versions to offer, most wanted first, separated by commas.
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "1.6")]
    ocpp: Vec<Version>,
    /// The password for Basic authentication.
    #[arg(long)]
    password: Option<String>,
    /// How many EVSEs there are.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    evses: u16,
    /// Where records and meter registers are kept; without it they are gone with the process.
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
    /// What a vehicle takes, in watts.
    #[arg(long, value_name = "WATTS", default_value_t = 11_000)]
    power: u32,
    /// The cables are loose: each socket holds the plug by a lock.
    #[arg(long)]
    locks: bool,
    /// The value of a configuration key at the first start.
    #[arg(long, value_name = "KEY=VALUE", value_parser = setting)]
    set: Vec<(SmallString, SmallString)>,
    /// Who handles the calls of an action: `Observe`, `Ask` first, or `App`, which is whoever writes the lines.
    #[arg(long, value_name = "Incoming|Outgoing:ACTION=HOW", value_parser = handling)]
    handling: Vec<HandlingRule>,
    /// The serial number, which certificates of the station bear; without it the identity.
    #[arg(long, value_name = "TEXT")]
    serial: Option<SmallString>,
    /// The certificates of the CSMS's root to begin with, PEM; without it the public roots of the web are trusted as well.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// The endpoint of security profiles 2 and 3, wss://; without it that of the others, with wss.
    #[arg(long, value_name = "URL")]
    tls_url: Option<SmallString>,
    /// The certificate to begin with that the station shows with security profile 3, PEM, with its chain.
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,
    /// Its private key, PEM.
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// Do no jobs: each waits for a line that says how it ended.
    #[arg(long)]
    manual_jobs: bool,
    /// Print each frame.
    #[arg(long)]
    frames: bool,
    /// How long a reboot or a power cut keeps the station down. Vehicles may come and go meanwhile.
    #[arg(long, value_name = "SECONDS", default_value_t = 3)]
    reboot_time: u64,
    /// A JSON object with members of the configuration that differ, see PIPE.md.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Give up if there is no connection after so long.
    #[arg(long, value_name = "SECONDS")]
    connect_within: Option<u64>,
    /// End after so long.
    #[arg(long, value_name = "SECONDS")]
    run_for: Option<u64>,
    /// Write the frames to this file, as a trace for `trace` and `validate`.
    #[arg(long, value_name = "TRACE")]
    save: Option<PathBuf>,
}

/// Whether the CSMS is on this machine.
fn is_local(url: &str) -> bool {
    let authority = url.split_once("://").map_or("", |(_, rest)| rest.split('/').next().unwrap_or_default());
    let port = authority.rfind(':').filter(|at| !authority.get(*at..).is_some_and(|rest| rest.contains(']')));
    place::is_loopback(port.and_then(|at| authority.get(..at)).unwrap_or(authority))
}

fn setting(text: &str) -> Result<(SmallString, SmallString), String> {
    let (key, value) = text.split_once('=').ok_or("not of the form KEY=VALUE")?;
    Ok((SmallString::new(key), SmallString::new(value)))
}

fn handling(text: &str) -> Result<HandlingRule, String> {
    let parts = text.split_once(':').and_then(|(way, rest)| Some((way, rest.split_once('=')?)));
    let (way, (action, how)) = parts.ok_or("not of the form Incoming:ACTION=Ask")?;
    let direction = match way {
        "Incoming" => Direction::Incoming,
        "Outgoing" => Direction::Outgoing,
        _ => return Err(format!("{way} is neither Incoming nor Outgoing")),
    };
    let handling = match how {
        "Core" => Handling::Core,
        "Observe" => Handling::Observe,
        "Ask" => Handling::Ask,
        "App" => Handling::App,
        _ => return Err(format!("{how} is none of Core, Observe, Ask and App")),
    };
    Ok(HandlingRule { direction, action: SmallString::new(action), handling })
}

type Failure = Box<dyn std::error::Error>;

impl Station {
    pub fn run(self) -> ExitCode {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        match runtime.map_err(Failure::from).and_then(|runtime| runtime.block_on(self.serve())) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => print::give_up("station", error.as_ref()),
        }
    }

    async fn serve(self) -> Result<(), Failure> {
        let dialects = Version::built_in(&self.ocpp, ocpp_core::Station::speaks)?;
        if let Some(directory) = &self.store {
            fs::create_dir_all(directory).map_err(|error| print::unusable("--store", directory.display(), &error))?;
        }
        let store = match &self.store {
            Some(directory) => {
                let file = directory.join("station.redb");
                StationStore::open(&file)
                    .map_err(|error| format!("--store {}: {error}; {}", file.display(), error.advice()))?
            }
            None => StationStore::in_memory()?,
        };
        let clock = MonotonicClock::start();
        let memory = self.store.as_ref().map(|directory| directory.join("hardware.json"));
        let hardware = Hardware::new(0, self.power);
        let hardware = if self.locks { hardware.with_lock() } else { hardware };
        let mut site = Site::open(memory, self.evses, &hardware, clock.now())?;
        let own = self.cert.as_deref().zip(self.key.as_deref());
        let delivered = Delivered {
            serial_number: self.serial_number(),
            ca: self.ca.as_deref(),
            own,
            is_local: is_local(&self.url),
        };
        let mut host = Host::open(self.store.as_deref(), &delivered)?;
        let mut saver = self.save.as_ref().map(|path| Saver::create(path, End::Station)).transpose()?;
        let mut lines = lines::stdin()?;
        let mut driver = Some(self.start(&store, &dialects, &mut host)?);
        let mut waiting = Waiting { back_at: None, give_up_at: self.connect_within.map(after), why: None };
        let end_at = self.run_for.map(after);
        loop {
            if let Some(driver) = &mut driver {
                while let Some((evse, fact)) = site.poll_fact(clock.now())? {
                    driver.handle(Input::Evse(evse, fact))?;
                }
            }
            let goes_down = tokio::select! {
                output = next(&mut driver) => {
                    waiting.heed(&output);
                    if let Some(saver) = &mut saver {
                        self.keep(saver, &output)?;
                    }
                    let told = Told::from(&output);
                    let is_frame = matches!(output, StationOutput::Frame(..));
                    if self.frames || !is_frame {
                        lines::tell(&told)?;
                    }
                    if !is_frame {
                        let is_security = matches!(output, StationOutput::Event(Event::SecurityEvent { .. }));
                        host.log(Utc::now(), lines::text(&told)?, is_security)?;
                    }
                    match (&output, &mut driver) {
                        (StationOutput::Evse(evse, order), _) => site.order(clock.now(), *evse, order),
                        (StationOutput::Job(id, job), _) if !self.manual_jobs => host.order(Utc::now(), *id, job),
                        (StationOutput::Event(Event::Connected { .. }), Some(driver)) => {
                            host.connected(Utc::now(), driver)?;
                        }
                        // The certificate in use may be another by now.
                        (StationOutput::LinkClosed { .. }, Some(driver)) => driver.set_tls(host.tls(Utc::now())?),
                        _ => {}
                    }
                    matches!(output, StationOutput::Reboot(_))
                }
                ended = host.next(), if driver.is_some() => {
                    let Ended { id, outcome, note, .. } = &ended;
                    lines::tell(&Told::JobDone { id: *id, outcome, note: note.as_deref() })?;
                    if let Some(driver) = &mut driver {
                        host.report(Utc::now(), ended, driver)?;
                    }
                    false
                }
                Some(line) = lines.recv() => match line.parse() {
                    Ok(Command::PowerCycle {}) => true,
                    Ok(command) => {
                        if let Err(error) = obey(&line, command, driver.as_mut(), &mut site, &clock)? {
                            lines::tell(&Told::Error(&error))?;
                        }
                        false
                    }
                    Err(error) => {
                        lines::tell(&Told::Error(&error))?;
                        false
                    }
                },
                () = clock.sleep_until(site.poll_timeout()), if driver.is_some() => false,
                () = clock.sleep_until(waiting.back_at), if driver.is_none() => {
                    waiting.back_at = None;
                    site.come_up(clock.now());
                    driver = Some(self.start(&store, &dialects, &mut host)?);
                    false
                }
                () = clock.sleep_until(waiting.give_up_at) => {
                    let why = waiting.why.map(|why| format!(": {why}")).unwrap_or_default();
                    let within = self.connect_within.unwrap_or_default();
                    return Err(format!("no connection with --url {} within {within} s{why}", self.url).into());
                }
                () = clock.sleep_until(end_at) => return Ok(()),
            };
            if goes_down {
                // With the driver goes its connection.
                driver = None;
                site.go_down(clock.now());
                waiting.back_at = Some(clock.now() + Duration::from_secs(self.reboot_time));
            }
        }
    }

    fn keep(&self, saver: &mut Saver, output: &StationOutput) -> io::Result<()> {
        match output {
            StationOutput::Event(Event::Connected { subprotocol }) => saver.connected(&self.id, subprotocol),
            StationOutput::Frame(direction, text) => saver.frame(&self.id, *direction, text),
            // A station that restarts lets its connection go.
            StationOutput::LinkClosed { .. } | StationOutput::Reboot(_) => saver.closed(&self.id),
            _ => Ok(()),
        }
    }

    fn serial_number(&self) -> &str {
        self.serial.as_ref().unwrap_or(&self.id)
    }

    fn config(&self, dialects: &[Dialect]) -> Result<StationConfig, Failure> {
        let mut config = StationConfig::new(&self.url, &self.id, "Testkit", "Simulated station").with_evses(self.evses);
        config.network.versions = dialects.to_vec();
        // The simulated meter answers at once: samples of each second are then readings of that second.
        config.hardware.meter_freshness = Duration::ZERO;
        config.hardware.has_fixed_cables = !self.locks;
        config.device.firmware_version = Some(SmallString::new(env!("CARGO_PKG_VERSION")));
        if let Some(password) = &self.password {
            config = config.with_password(password);
        }
        config.policy.settings.extend(self.set.iter().cloned());
        config.policy.handlings.clone_from(&self.handling);
        config.network.tls_endpoint.clone_from(&self.tls_url);
        let serial_number = self.serial_number();
        config.device.serial_number =
            (serial_number.chars().count() <= MAX_SERIAL).then(|| SmallString::new(serial_number));
        let Some(file) = &self.config else { return Ok(config) };
        let text = print::read("--config", file)?;
        configured(&config, &text).map_err(|error| format!("--config {}: {error}", file.display()).into())
    }

    fn start(&self, store: &StationStore, dialects: &[Dialect], host: &mut Host) -> Result<StationDriver, Failure> {
        host.restart();
        let mut config = self.config(dialects)?;
        let now = Utc::now();
        config.network.certificates = host.installed(now);
        let started = StationDriver::start(config, seed()?, store.clone(), host.tls(now)?);
        let mut driver = started.map_err(|error| match error {
            StartError::Machine(error) => Failure::from(explain(&error)),
            other => other.into(),
        })?;
        if self.frames || self.save.is_some() {
            driver.watch_frames();
        }
        driver.handle(Input::Wall(now))?;
        host.started(now, &mut driver)?;
        lines::tell(&Told::Started { id: &self.id, url: &self.url })?;
        Ok(driver)
    }
}

/// Carries out one line. The outer error ends the program, the inner one is told.
fn obey(
    line: &Line,
    command: Command,
    driver: Option<&mut StationDriver>,
    site: &mut Site,
    clock: &MonotonicClock,
) -> Result<Result<(), LineError>, Failure> {
    let done: Result<(), MisuseError> = match command.evse().filter(|evse| !site.has(*evse)) {
        Some(evse) => Err(MisuseError::UnknownEvse(evse)),
        None => command.carry_out(driver, site, clock.now())?,
    };
    Ok(done.map_err(|error| line.refused(error)))
}
