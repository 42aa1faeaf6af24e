//! `station`: a real WebSocket station with simulated hardware.

mod command;
mod site;
mod told;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use chrono::Utc;
use clap::Args;
use compact_str::CompactString;
use ocpp_core::MisuseError;
use ocpp_core::station::{Direction, Event, Handling, HandlingRule, Input, InstalledCertificates, StationConfig};
use ocpp_core::time::Instant;
use ocpp_rpc::Dialect;
use ocpp_testkit::drivers::tokio::tls::StationTls;
use ocpp_testkit::drivers::tokio::{MonotonicClock, StartError, StationDriver, StationOutput, seed, tls};
use ocpp_testkit::hardware::Hardware;
use ocpp_testkit::pipe::configured;
use ocpp_testkit::stores::StationStore;

use crate::lines::{self, Line, LineError, Version, explain};
use crate::print;
use command::Command;
use site::Site;
use told::Told;

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
  {"lock_stuck":{"evse":1,"stuck":true}}      the lock of the plug does not move; with false it does again
  {"power_cycle":{}}                          the power is cut, and restored after --reboot-time
  {"stop":1}                                  the stop button; {"stop":{"evse":1,"reason":"EmergencyStop"}}
  {"configure":{"key":"HeartbeatInterval","value":"60"}}
  {"answer":{"id":7,"status":"Accepted","data":"x"}}   to a question
  {"decide":{"id":8,"answer":{"Incoming":"Proceed"}}}   to a question of --handling; see PIPE.md for the answers
  {"call":{"action":"Blink","payload":{"times":3}}}    send any call
  {"job":{"id":4294967297,"outcome":"Done"}}           "Failed" or "NeedsRestart": of a download, an installation, an upload
  {"security_event":{"kind":"TamperDetectionActivated"}}   for the security log and the CSMS, with an "info"
  {"reconnect":{}}                            connect again now
Events, orders and questions come as JSON lines on stdout. A line that makes no sense is reported there as
{"error":{"line":..,"column":..,"reason":..}}, and the station goes on, also at the end of stdin.

Example:
  ocpp-testkit csms --listen 127.0.0.1:9000 --db ledger.db
  ocpp-testkit station --url ws://127.0.0.1:9000/ocpp --id CP001 --ocpp 1.6 --store cp001"#;

/// A real WebSocket station with simulated hardware.
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub struct Station {
    /// The CSMS's endpoint, ws:// or wss://, without the identity.
    #[arg(long, value_name = "URL")]
    url: CompactString,
    /// The identity.
    #[arg(long)]
    id: CompactString,
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
    set: Vec<(CompactString, CompactString)>,
    /// Who handles the calls of an action: `Observe`, `Ask` first, or `App`, which is whoever writes the lines.
    #[arg(long, value_name = "Incoming|Outgoing:ACTION=HOW", value_parser = handling)]
    handling: Vec<HandlingRule>,
    /// The certificates to trust for wss, PEM; without it the public roots of the web.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// The endpoint of security profiles 2 and 3, wss://; without it that of the others, with wss.
    #[arg(long, value_name = "URL")]
    tls_url: Option<CompactString>,
    /// The certificate that the station shows with security profile 3, PEM, with its chain.
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,
    /// Its private key, PEM.
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
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
}

fn setting(text: &str) -> Result<(CompactString, CompactString), String> {
    let (key, value) = text.split_once('=').ok_or("not of the form KEY=VALUE")?;
    Ok((CompactString::new(key), CompactString::new(value)))
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
    Ok(HandlingRule { direction, action: CompactString::new(action), handling })
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
        let mut lines = lines::stdin()?;
        let mut driver = Some(self.start(&store, &dialects)?);
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
                    lines::tell(&Told::from(&output))?;
                    waiting.heed(&output);
                    if let StationOutput::Evse(evse, order) = &output {
                        site.order(clock.now(), *evse, order);
                    }
                    matches!(output, StationOutput::Reboot(_))
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
                    driver = Some(self.start(&store, &dialects)?);
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

    fn config(&self, dialects: &[Dialect]) -> Result<StationConfig, Failure> {
        let mut config = StationConfig::new(&self.url, &self.id, "Testkit", "Simulated station").with_evses(self.evses);
        config.versions = dialects.to_vec();
        // The simulated meter answers at once: samples of each second are then readings of that second.
        config.meter_freshness = Duration::ZERO;
        config.has_fixed_cables = !self.locks;
        config.firmware_version = Some(CompactString::const_new(env!("CARGO_PKG_VERSION")));
        if let Some(password) = &self.password {
            config = config.with_password(password);
        }
        config.settings.extend(self.set.iter().cloned());
        config.handlings.clone_from(&self.handling);
        config.tls_endpoint.clone_from(&self.tls_url);
        // Without a file the roots of the web are trusted.
        config.certificates = InstalledCertificates { csms_root: true, station: self.cert.is_some() };
        let Some(file) = &self.config else { return Ok(config) };
        let text = print::read("--config", file)?;
        configured(&config, &text).map_err(|error| format!("--config {}: {error}", file.display()).into())
    }

    fn start(&self, store: &StationStore, dialects: &[Dialect]) -> Result<StationDriver, Failure> {
        let config = self.config(dialects)?;
        let tls = match (&self.cert, &self.key) {
            (Some(cert), Some(key)) => StationTls::with_certificate(self.ca.as_deref(), cert, key),
            _ => tls::client(self.ca.as_deref()).map(StationTls::from),
        };
        let files = [("--ca", self.ca.as_deref()), ("--cert", self.cert.as_deref()), ("--key", self.key.as_deref())];
        let tls = tls.map_err(|error| print::unusable_tls(&error, &files))?;
        let started = StationDriver::start(config, seed()?, store.clone(), tls);
        let mut driver = started.map_err(|error| match error {
            StartError::Machine(error) => Failure::from(explain(&error)),
            other => other.into(),
        })?;
        if self.frames {
            driver.watch_frames();
        }
        driver.handle(Input::Wall(Utc::now()))?;
        lines::tell(&Told::Started { id: &self.id, url: &self.url })?;
        Ok(driver)
    }
}

/// When a clock that starts now shows so many seconds.
fn after(seconds: u64) -> Instant {
    Instant::ZERO + Duration::from_secs(seconds)
}

/// What the program waits for.
struct Waiting {
    /// The end of a restart.
    back_at: Option<Instant>,
    /// When it gives up on its first connection.
    give_up_at: Option<Instant>,
    /// What was said last of why there is none.
    why: Option<String>,
}

impl Waiting {
    /// Says on stderr what is waited for, whenever the reason changes.
    fn heed(&mut self, output: &StationOutput) {
        match output {
            StationOutput::Event(Event::Connected { .. }) => {
                self.give_up_at = None;
                self.why = None;
            }
            StationOutput::LinkClosed { reason } if self.why.as_ref() != Some(reason) => {
                eprintln!("station: waiting for a connection: {reason}");
                self.why = Some(reason.clone());
            }
            _ => {}
        }
    }
}

/// What the station has to tell; nothing while it restarts.
async fn next(driver: &mut Option<StationDriver>) -> StationOutput {
    match driver {
        Some(driver) => driver.next().await,
        None => std::future::pending().await,
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
