//! The 2.x station, one frame at a time, against a hand-written CSMS and store. Every call and answer of the station is read by the
//! structs of its edition, which know every rule of the schemas.
#![cfg(all(feature = "serde", feature = "blocks"))]

mod alerts;
mod authorize;
mod availability;
mod calls;
mod customers;
mod durable_variables;
mod fairness;
mod jobs;
mod network;
mod offline;
mod points;
mod registration;
mod remote;
mod reports;
mod reset;
mod session;
mod still_store;
mod story;
mod trigger;
mod variables;
mod versions;

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use chrono::{DateTime, Utc};
use ocpp_rpc::Dialect;
use ocpp_types::{v2_0_1, v2_1};
use serde_json::{Value, json};

use crate::Station;
use crate::station::{
    Action, AfterPowerLoss, Cable, ConnectRequest, Contactor, EvseAction, EvseId, EvseInput, IdToken, Input, Job,
    JobId, LinkAction, LinkInput, MeterReading, Power, Question, RebootKind, StationConfig, Vehicle,
};
use crate::store::{Image, StoreOp, Ticket};
use crate::time::Instant;

const EVSE: EvseId = EvseId(1);
const EDITIONS: [Dialect; 2] = [Dialect::V2_0_1, Dialect::V2_1];

/// A station with a store that confirms when told, and everything it sent.
struct Bench {
    station: Station,
    version: Dialect,
    now: u64,
    image: Image,
    unconfirmed: Vec<(Ticket, StoreOp)>,
    /// Calls and answers that nobody looked at.
    sent: Vec<Value>,
    /// Calls that [`serve`](Self::serve) answered.
    told: Vec<(String, Value)>,
    orders: Vec<EvseAction>,
    events: Vec<String>,
    reboots: Vec<RebootKind>,
    asked: Vec<Question>,
    jobs: Vec<(JobId, Job)>,
    /// The `Authorization` headers of the connections that were ordered.
    passwords: Vec<Option<String>>,
    connects: Vec<ConnectRequest>,
    config: StationConfig,
    power: Power,
    cable: Cable,
    contactor: Contactor,
    energy_wh: i64,
    /// What the meter shows at that register.
    shows: fn(i64) -> MeterReading,
    confirms: bool,
    /// Whether calls are read by the structs, as a vendor's cannot be.
    checks_calls: bool,
    /// What `serve` says of tokens.
    verdict: Value,
    requests: u32,
}

fn config(versions: &[Dialect], settings: &[(&str, &str)]) -> StationConfig {
    let mut config = StationConfig::new("ws://csms/ocpp", "CP1", "Vendor", "Model");
    config.network.versions = versions.to_vec();
    settings.iter().fold(config, |config, (key, value)| config.with_setting(key, value))
}

impl Bench {
    fn new(version: Dialect, settings: &[(&str, &str)]) -> Self {
        Bench::boot(config(&[version], settings), version, Image::default(), 0)
    }

    fn boot(config: StationConfig, version: Dialect, image: Image, energy_wh: i64) -> Self {
        let station = Station::new(config.clone(), 42, &image).unwrap();
        let mut bench = Bench {
            station,
            version,
            now: 0,
            image,
            unconfirmed: Vec::new(),
            sent: Vec::new(),
            told: Vec::new(),
            orders: Vec::new(),
            events: Vec::new(),
            reboots: Vec::new(),
            asked: Vec::new(),
            jobs: Vec::new(),
            passwords: Vec::new(),
            connects: Vec::new(),
            config,
            power: Power::Off,
            cable: Cable::Absent,
            contactor: Contactor::Open,
            energy_wh: energy_wh.max(1000),
            shows: MeterReading::energy_wh,
            confirms: true,
            checks_calls: true,
            verdict: json!({"status": "Accepted"}),
            requests: 0,
        };
        bench.settle();
        bench
    }

    /// A station that is accepted, and has told its statuses.
    fn accepted(version: Dialect, settings: &[(&str, &str)]) -> Self {
        let mut bench = Bench::new(version, settings);
        bench.connect();
        bench.told.clear();
        bench
    }

    /// The power fails, and comes again: the store has what was confirmed.
    fn cut(self) -> Self {
        let Bench { config, version, image, energy_wh, cable, told, verdict, .. } = self;
        let mut bench = Bench { told, verdict, ..Bench::boot(config, version, image, energy_wh) };
        bench.input(Input::Wall(wall(0) + core::time::Duration::from_secs(86_400)));
        bench.cable(cable);
        bench
    }

    fn input(&mut self, input: Input<'_>) {
        self.station.handle(Instant::from_millis(self.now), input).unwrap();
        self.settle();
    }

    /// Carries orders out until nothing more comes.
    fn settle(&mut self) {
        loop {
            let mut facts = Vec::new();
            while let Some(action) = self.station.poll_action() {
                match action {
                    Action::Link(LinkAction::Send(bytes)) => {
                        let frame = serde_json::from_slice(&bytes).unwrap();
                        self.check(&frame);
                        self.sent.push(frame);
                    }
                    Action::Display(_) => {}
                    Action::Store { ticket, op } => self.unconfirmed.push((ticket, op)),
                    Action::Evse(evse, EvseAction::ReadMeter) => {
                        let mut reading = (self.shows)(self.energy_wh);
                        if self.config.hardware.signs_readings {
                            let data = format!("c2lnbmVk{}", self.energy_wh);
                            reading = reading.with_signed(crate::station::SignedValue::new(&data, "OCMF"));
                        }
                        facts.push(Input::Evse(evse, EvseInput::Meter(reading)));
                    }
                    Action::Evse(_, order) => {
                        if let EvseAction::Power(power) = order {
                            self.power = power;
                        }
                        self.orders.push(order);
                    }
                    Action::Event(event) => self.events.push(format!("{event:?}")),
                    Action::Reboot(kind) => self.reboots.push(kind),
                    Action::Ask { question, .. } => self.asked.push(question),
                    Action::Link(LinkAction::Connect(request)) => {
                        self.passwords.push(request.authorization.clone().map(Into::into));
                        self.connects.push(request);
                    }
                    Action::Link(LinkAction::Ping) => facts.push(Input::Link(LinkInput::Pong)),
                    Action::Job(id, job) => self.jobs.push((id, job)),
                    Action::Link(_) | Action::SetClock(_) => {}
                }
                if self.confirms {
                    self.confirm();
                }
            }
            let closes = self.power == Power::On && self.cable == Cable::Connected;
            let contactor = if closes { Contactor::Closed } else { Contactor::Open };
            if core::mem::replace(&mut self.contactor, contactor) != contactor {
                facts.push(Input::Evse(EVSE, EvseInput::Contactor(contactor)));
            }
            if facts.is_empty() {
                return;
            }
            for fact in facts {
                self.station.handle(Instant::from_millis(self.now), fact).unwrap();
            }
        }
    }

    fn confirm(&mut self) {
        for (_, op) in &self.unconfirmed {
            self.image.apply(op);
        }
        if let Some((ticket, _)) = self.unconfirmed.drain(..).next_back() {
            self.station.handle(Instant::from_millis(self.now), Input::Stored(ticket)).unwrap();
        }
    }

    /// Reads a call or answer by the structs of the edition.
    fn check(&self, frame: &Value) {
        if self.checks_calls && frame[0] == 2 {
            let (action, payload) = (frame[2].as_str().unwrap(), frame[3].to_string());
            let checked = match self.version {
                Dialect::V1_6 => Ok(()),
                Dialect::V2_0_1 => v2_0_1::StationRequest::from_json(action.parse().unwrap(), &payload).map(|_| ()),
                Dialect::V2_1 => v2_1::StationRequest::from_json(action.parse().unwrap(), &payload).map(|_| ()),
            };
            assert_eq!(checked, Ok(()), "{frame}");
        }
    }

    fn wait(&mut self, seconds: u64) {
        let end = self.now + seconds * 1000;
        while let Some(at) = self.station.poll_timeout().map(Instant::as_millis).filter(|at| *at <= end) {
            assert!(at > self.now, "deadline {at} does not lie ahead of {}", self.now);
            self.now = at;
            self.input(Input::Tick);
        }
        self.now = end;
        self.input(Input::Tick);
    }

    /// Waits, and answers whatever is sent.
    fn serve_for(&mut self, seconds: u64) {
        self.serve();
        for _ in 0..seconds {
            self.wait(1);
            self.serve();
        }
    }

    fn open(&mut self) {
        self.open_as(self.version);
    }

    fn open_as(&mut self, version: Dialect) {
        self.version = version;
        self.input(Input::Link(LinkInput::Opened { subprotocol: version.subprotocol().into() }));
    }

    fn close(&mut self) {
        self.input(Input::Link(LinkInput::Closed));
        self.sent.clear();
    }

    /// Connects, and answers all that is sent.
    fn connect(&mut self) {
        self.open();
        self.serve();
    }

    fn frame(&mut self, frame: &Value) {
        self.input(Input::Link(LinkInput::Frame(frame.to_string().as_bytes().into())));
    }

    /// Takes the oldest call that was sent; it must be of this action.
    fn call(&mut self, action: &str) -> (String, Value) {
        assert!(!self.sent.is_empty(), "nothing was sent; wanted {action}");
        let call = self.sent.remove(0);
        assert_eq!((&call[0], call[2].as_str()), (&json!(2), Some(action)), "{call}");
        (call[1].as_str().unwrap().to_owned(), call[3].clone())
    }

    fn answer(&mut self, action: &str, payload: &Value) -> Value {
        let (id, request) = self.call(action);
        self.frame(&json!([3, id, payload]));
        request
    }

    /// Answers every call as a friendly CSMS does, and notes it.
    fn serve(&mut self) {
        while let Some(at) = self.sent.iter().position(|frame| frame[0] == 2) {
            let call = self.sent.remove(at);
            let action = call[2].as_str().unwrap().to_owned();
            let now = wall(self.now).to_rfc3339();
            let answer = match (self.version, action.as_str()) {
                (_, "BootNotification") => json!({"status": "Accepted", "currentTime": now, "interval": 300}),
                (_, "Heartbeat") => json!({"currentTime": now}),
                (Dialect::V1_6, "Authorize") => json!({"idTagInfo": self.verdict}),
                (Dialect::V1_6, "StartTransaction") => json!({"transactionId": 77, "idTagInfo": self.verdict}),
                (_, "Authorize") => json!({"idTokenInfo": self.verdict}),
                (_, "TransactionEvent") if call[3].get("idToken").is_some() => json!({"idTokenInfo": self.verdict}),
                (_, "DataTransfer") => json!({"status": "Accepted"}),
                _ => json!({}),
            };
            self.told.push((action, call[3].clone()));
            self.frame(&json!([3, call[1], answer]));
        }
    }

    /// The calls of an action that were answered since they were asked for last.
    fn take(&mut self, action: &str) -> Vec<Value> {
        let (taken, kept) = core::mem::take(&mut self.told).into_iter().partition(|(told, _)| told == action);
        self.told = kept;
        let taken: Vec<(String, Value)> = taken;
        taken.into_iter().map(|(_, payload)| payload).collect()
    }

    /// The events of transactions that were told, in order.
    fn transaction_events(&mut self) -> Vec<Value> {
        self.take("TransactionEvent")
    }

    /// Sends a call of the CSMS and gives its answer: the payload, or the error code.
    fn request(&mut self, action: &str, payload: &Value) -> Value {
        let before = self.sent.len();
        self.requests += 1;
        self.frame(&json!([2, format!("r{}", self.requests), action, payload]));
        let place = self.sent.iter().skip(before).position(|frame| frame[0] != 2).expect("no answer") + before;
        let answer = self.sent.remove(place);
        if answer[0] == 3 {
            let payload = answer[2].to_string();
            let checked = match self.version {
                Dialect::V1_6 => Ok(()),
                Dialect::V2_0_1 => v2_0_1::StationResponse::from_json(action.parse().unwrap(), &payload).map(|_| ()),
                Dialect::V2_1 => v2_1::StationResponse::from_json(action.parse().unwrap(), &payload).map(|_| ()),
            };
            assert_eq!(checked, Ok(()), "{answer}");
        }
        answer[2].clone()
    }

    fn cable(&mut self, cable: Cable) {
        self.cable = cable;
        self.input(Input::Evse(EVSE, EvseInput::Cable(cable)));
    }

    fn plug(&mut self) {
        self.input(Input::Evse(EVSE, EvseInput::Vehicle(Vehicle::Ready)));
        self.cable(Cable::Connected);
    }

    fn unplug(&mut self) {
        self.cable(Cable::Absent);
    }

    fn swipe(&mut self, token: &str) {
        let token = IdToken::new(token).with_kind("ISO14443");
        self.input(Input::Token { evse: Some(EVSE), token });
    }

    /// Plugs in, presents a token, and charges.
    fn start(&mut self) {
        self.plug();
        self.swipe("TAG");
        self.serve();
    }

    /// The statuses that were told: EVSE, connector, status.
    fn statuses(&mut self) -> Vec<String> {
        let told = self.take("StatusNotification");
        let line = |told: &Value| {
            format!("{}.{} {}", told["evseId"], told["connectorId"], told["connectorStatus"].as_str().unwrap())
        };
        told.iter().map(line).collect()
    }
}

fn resumes(mut config: StationConfig) -> StationConfig {
    config.policy.after_power_loss = AfterPowerLoss::Resume(core::time::Duration::from_secs(60));
    config
}

fn wall(millis: u64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_700_000_000_000 + i64::try_from(millis).unwrap()).unwrap()
}

/// What happened in a few words: kind of event, trigger, state.
fn words(event: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_string();
    let info = &event["transactionInfo"];
    let stopped = info["stoppedReason"].as_str().map(|reason| format!(" {reason}")).unwrap_or_default();
    format!("{} {} {}{stopped}", text(&event["eventType"]), text(&event["triggerReason"]), text(&info["chargingState"]))
}
