//! The 1.6 station, one frame at a time, against a hand-written peer and store.

#[cfg(feature = "security")]
mod answers;
mod authorize;
mod boundary;
mod causes;
mod clock;
mod configuration;
mod connectors;
mod data_transfer;
mod endings;
#[cfg(all(feature = "serde", feature = "blocks"))]
mod fairness;
mod faults;
mod firmware;
#[cfg(feature = "handling")]
mod handling;
#[cfg(feature = "lenient")]
mod lenient;
mod link;
mod local_list;
mod metering;
#[cfg(all(feature = "serde", feature = "blocks"))]
mod old_store;
mod operations;
mod place;
#[cfg(feature = "plug_and_charge")]
mod plug_and_charge;
mod power_loss;
#[cfg(feature = "california_pricing")]
mod pricing;
mod queue;
mod register;
#[cfg(feature = "security")]
mod security;
mod session;
mod signed;
#[cfg(feature = "smart_charging")]
mod smart_charging;
mod station_fault;
mod status;
#[cfg(all(feature = "serde", feature = "blocks"))]
mod still_store;
mod timers;
mod trigger;
#[cfg(feature = "security")]
mod uploads;

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::Station;
use crate::station::{
    Action, Cable, ConnectRequest, Contactor, DisplayOrder, EvseAction, EvseId, EvseInput, IdToken, Input, Job, JobId,
    Limit, LinkAction, LinkInput, MeterReading, Power, Question, RebootKind, StationConfig, Vehicle,
};
use crate::store::{Image, StoreOp, Ticket};
use crate::time::Instant;

const EVSE: EvseId = EvseId(1);

/// A station with a store that confirms when told, and everything it sent.
struct Bench {
    station: Station,
    now: u64,
    image: Image,
    unconfirmed: Vec<(Ticket, StoreOp)>,
    sent: Vec<Value>,
    orders: Vec<EvseAction>,
    /// With the millisecond and the EVSE.
    limits: Vec<(u64, u16, Limit)>,
    events: Vec<String>,
    reboots: Vec<RebootKind>,
    asked: Vec<Question>,
    jobs: Vec<(JobId, Job)>,
    displays: Vec<DisplayOrder>,
    link: Vec<String>,
    connects: Vec<ConnectRequest>,
    energy_wh: i64,
    /// What the meter shows at that register.
    shows: fn(i64) -> MeterReading,
    meter_answers: bool,
    confirms: bool,
    answers_pings: bool,
    /// Whether the contactor opens when the power is ordered off.
    opens: bool,
    requests: u32,
}

impl Bench {
    fn new(image: Image, settings: &[(&str, &str)]) -> Self {
        Bench::with_config(image, config(settings))
    }

    fn with_config(image: Image, config: StationConfig) -> Self {
        let station = Station::new(config, 42, &image).unwrap();
        let mut bench = Bench {
            station,
            now: 0,
            image,
            unconfirmed: Vec::new(),
            sent: Vec::new(),
            orders: Vec::new(),
            limits: Vec::new(),
            events: Vec::new(),
            reboots: Vec::new(),
            asked: Vec::new(),
            jobs: Vec::new(),
            displays: Vec::new(),
            link: Vec::new(),
            connects: Vec::new(),
            energy_wh: 1000,
            shows: MeterReading::energy_wh,
            meter_answers: true,
            confirms: true,
            answers_pings: true,
            opens: true,
            requests: 0,
        };
        bench.drain();
        bench
    }

    /// A station that is accepted and has reported its statuses.
    fn accepted(settings: &[(&str, &str)]) -> Self {
        Bench::new(Image::default(), settings).online()
    }

    fn online(mut self) -> Self {
        self.open();
        self.boot("Accepted");
        self.answer_all("StatusNotification", &json!({}));
        self
    }

    fn input(&mut self, input: Input<'_>) {
        self.station.handle(Instant::from_millis(self.now), input).unwrap();
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(action) = self.station.poll_action() {
            match action {
                Action::Link(LinkAction::Send(bytes)) => self.sent.push(serde_json::from_slice(&bytes).unwrap()),
                Action::Store { ticket, op } => self.unconfirmed.push((ticket, op)),
                Action::Evse(evse, EvseAction::ReadMeter) if self.meter_answers => {
                    let reading = (self.shows)(self.energy_wh);
                    self.station
                        .handle(Instant::from_millis(self.now), Input::Evse(evse, EvseInput::Meter(reading)))
                        .unwrap();
                }
                Action::Evse(evse, order) => {
                    if let EvseAction::Limit(limit) = order {
                        self.limits.push((self.now, evse.0, limit));
                    }
                    if self.opens && order == EvseAction::Power(Power::Off) {
                        let open = EvseInput::Contactor(Contactor::Open);
                        self.station.handle(Instant::from_millis(self.now), Input::Evse(evse, open)).unwrap();
                    }
                    self.orders.push(order);
                }
                Action::Event(event) => self.events.push(format!("{event:?}")),
                Action::Link(LinkAction::Connect(request)) => {
                    self.link.push("Connect".into());
                    self.connects.push(request);
                }
                Action::Link(LinkAction::Ping) if self.answers_pings => {
                    self.station.handle(Instant::from_millis(self.now), Input::Link(LinkInput::Pong)).unwrap();
                }
                Action::Link(action) => self.link.push(format!("{action:?}")),
                Action::Reboot(kind) => self.reboots.push(kind),
                Action::Ask { question, .. } => self.asked.push(question),
                Action::Job(id, job) => self.jobs.push((id, job)),
                Action::Display(order) => self.displays.push(order),
                Action::SetClock(_) => {}
            }
            if self.confirms {
                self.confirm();
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

    /// Waits, and answers each heartbeat.
    fn wait_with_heartbeats(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.wait(1);
            if let Some(place) = self.sent.iter().position(|call| call[2] == "Heartbeat") {
                let id = self.sent.remove(place)[1].clone();
                self.frame(&json!([3, id, {"currentTime": wall(self.now).to_rfc3339()}]));
            }
        }
    }

    fn open(&mut self) {
        self.input(Input::Link(LinkInput::Opened { subprotocol: "ocpp1.6".into() }));
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

    fn answer_all(&mut self, action: &str, payload: &Value) {
        while self.sent.first().is_some_and(|call| call[2] == action) {
            self.answer(action, payload);
        }
    }

    fn boot(&mut self, status: &str) {
        let answer = json!({"status": status, "currentTime": wall(self.now).to_rfc3339(), "interval": 300});
        let request = self.answer("BootNotification", &answer);
        assert_eq!(request, json!({"chargePointVendor": "Vendor", "chargePointModel": "Model"}));
    }

    fn plug(&mut self) {
        self.input(Input::Evse(EVSE, EvseInput::Cable(Cable::Connected)));
    }

    fn swipe(&mut self, token: &str) {
        self.input(Input::Token { evse: Some(EVSE), token: IdToken::new(token) });
    }

    fn charge(&mut self) {
        self.input(Input::Evse(EVSE, EvseInput::Vehicle(Vehicle::Ready)));
        self.input(Input::Evse(EVSE, EvseInput::Contactor(Contactor::Closed)));
    }

    /// Sends a call of the CSMS and gives its answer: the payload, or the error code.
    fn request(&mut self, action: &str, payload: &Value) -> Value {
        let before = self.sent.len();
        self.requests += 1;
        self.frame(&json!([2, format!("r{}", self.requests), action, payload]));
        self.take_answer(before)
    }

    fn take_answer(&mut self, from: usize) -> Value {
        let place = self.sent.iter().skip(from).position(|frame| frame[0] != 2).expect("no answer") + from;
        let answer = self.sent.remove(place);
        answer[2].clone()
    }

    /// The statuses of connector 1 that were reported, and nothing else.
    fn statuses(&mut self) -> Vec<String> {
        let mut statuses = Vec::new();
        while self.sent.first().is_some_and(|call| call[2] == "StatusNotification") {
            let request = self.answer("StatusNotification", &json!({}));
            statuses.push(format!("{} {}", request["connectorId"], request["status"].as_str().unwrap()));
        }
        statuses
    }

    fn cable(&mut self, cable: Cable) {
        self.input(Input::Evse(EVSE, EvseInput::Cable(cable)));
    }

    /// A transaction that the CSMS knows as 77.
    fn running(settings: &[(&str, &str)]) -> Self {
        let mut bench = Self::accepted(settings);
        bench.start();
        bench.answer("StartTransaction", &json!({"transactionId": 77, "idTagInfo": {"status": "Accepted"}}));
        bench.charge();
        bench.answer_all("StatusNotification", &json!({}));
        bench
    }

    /// The stop that the station sends next, statuses aside.
    fn stop_request(&mut self) -> Value {
        self.answer_all("StatusNotification", &json!({}));
        let stop = self.answer("StopTransaction", &json!({}));
        self.answer_all("StatusNotification", &json!({}));
        stop
    }

    fn start(&mut self) {
        self.plug();
        self.swipe("TAG");
        self.answer_all("StatusNotification", &json!({}));
        self.answer("Authorize", &json!({"idTagInfo": {"status": "Accepted"}}));
        self.answer_all("StatusNotification", &json!({}));
    }
}

fn config(settings: &[(&str, &str)]) -> StationConfig {
    let config = StationConfig::new("ws://csms/ocpp", "CP1", "Vendor", "Model");
    settings.iter().fold(config, |config, (key, value)| config.with_setting(key, value))
}

fn wall(millis: u64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_700_000_000_000 + i64::try_from(millis).unwrap()).unwrap()
}

#[cfg(not(feature = "handling"))]
#[test]
fn overriding_that_is_not_built_in_is_refused() {
    use crate::MisuseError;
    use crate::station::{Command, Direction, Handling};

    let config = config(&[]).with_handling(Direction::Incoming, "Reset", Handling::Observe);
    assert!(matches!(
        Station::new(config, 1, &Image::default()),
        Err(MisuseError::Configuration { member: "policy.handlings", .. })
    ));
    let mut bench = Bench::accepted(&[]);
    let call = Command::Call { action: "Vendor".into(), payload: "{}".into() };
    let refused = bench.station.handle(Instant::ZERO, Input::Command(call));
    assert!(matches!(refused, Err(MisuseError::Refused(_))));
}
