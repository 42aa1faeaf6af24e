//! The 1.6 station, one frame at a time, against a hand-written peer and store.

use chrono::{DateTime, Utc};
use ocpp_core::Station;
use ocpp_core::station::{
    Action, Cable, Contactor, EvseAction, EvseId, EvseInput, IdToken, Input, LinkAction, LinkInput, MeterReading,
    Power, StationConfig, Vehicle,
};
use ocpp_core::store::{Image, StoreOp, Ticket};
use ocpp_core::time::Instant;
use serde_json::{Value, json};

const EVSE: EvseId = EvseId(1);

/// A station with a store that confirms when told, and everything it sent.
struct Bench {
    station: Station,
    now: u64,
    image: Image,
    unconfirmed: Vec<(Ticket, StoreOp)>,
    sent: Vec<Value>,
    orders: Vec<EvseAction>,
    events: Vec<String>,
    energy_wh: i64,
    confirms: bool,
}

impl Bench {
    fn new(image: Image, settings: &[(&str, &str)]) -> Self {
        let mut config = StationConfig::new("ws://csms/ocpp", "CP1", "Vendor", "Model");
        for (key, value) in settings {
            config = config.with_setting(key, value);
        }
        let station = Station::new(config, 42, &image).unwrap();
        let mut bench = Bench {
            station,
            now: 0,
            image,
            unconfirmed: Vec::new(),
            sent: Vec::new(),
            orders: Vec::new(),
            events: Vec::new(),
            energy_wh: 1000,
            confirms: true,
        };
        bench.drain();
        bench
    }

    /// A station that is accepted and has reported its statuses.
    fn accepted(settings: &[(&str, &str)]) -> Self {
        let mut bench = Bench::new(Image::default(), settings);
        bench.open();
        bench.boot("Accepted");
        bench.answer_all("StatusNotification", &json!({}));
        bench
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
                Action::Evse(EVSE, EvseAction::ReadMeter) => {
                    let reading = MeterReading::energy_wh(self.energy_wh);
                    self.station
                        .handle(Instant::from_millis(self.now), Input::Evse(EVSE, EvseInput::Meter(reading)))
                        .unwrap();
                }
                Action::Evse(_, order) => self.orders.push(order),
                Action::Event(event) => self.events.push(format!("{event:?}")),
                Action::Link(_) | Action::SetClock(_) | Action::Reboot(_) | Action::Ask { .. } => {}
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

    fn open(&mut self) {
        self.input(Input::Link(LinkInput::Opened { subprotocol: "ocpp1.6".into() }));
    }

    fn frame(&mut self, frame: &Value) {
        self.input(Input::Link(LinkInput::Frame(frame.to_string().as_bytes())));
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

    fn start(&mut self) {
        self.plug();
        self.swipe("TAG");
        self.answer_all("StatusNotification", &json!({}));
        self.answer("Authorize", &json!({"idTagInfo": {"status": "Accepted"}}));
        self.answer_all("StatusNotification", &json!({}));
    }
}

fn wall(millis: u64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_700_000_000_000 + i64::try_from(millis).unwrap()).unwrap()
}

#[test]
fn session_from_boot_to_bill() {
    let mut bench = Bench::accepted(&[("MeterValueSampleInterval", "60")]);
    bench.now = 10_000;
    bench.start();
    let start = bench.answer("StartTransaction", &json!({"transactionId": 77, "idTagInfo": {"status": "Accepted"}}));
    assert_eq!(
        start,
        json!({"connectorId": 1, "idTag": "TAG", "meterStart": 1000, "timestamp": "2023-11-14T22:13:30Z"})
    );
    assert!(bench.orders.contains(&EvseAction::Power(Power::On)));
    bench.answer_all("StatusNotification", &json!({}));
    bench.charge();
    bench.answer_all("StatusNotification", &json!({}));

    bench.energy_wh = 1500;
    bench.wait(60);
    let sample = bench.answer("MeterValues", &json!({}));
    assert_eq!(sample["transactionId"], 77);
    assert_eq!(sample["meterValue"][0]["sampledValue"][0]["value"], "1500");

    bench.energy_wh = 2000;
    bench.now += 30_000;
    bench.swipe("tag");
    assert_eq!(
        bench.orders.last_chunk::<2>(),
        Some(&[EvseAction::Power(Power::Off), EvseAction::Lock(Default::default())])
    );
    bench.answer_all("StatusNotification", &json!({}));
    let stop = bench.answer("StopTransaction", &json!({}));
    assert_eq!(
        stop,
        json!({"transactionId": 77, "meterStop": 2000, "timestamp": "2023-11-14T22:15:00Z", "idTag": "tag", "reason": "Local"})
    );
    assert_eq!(bench.sent, Vec::<Value>::new());
    assert!(bench.image.logs.values().all(|log| log.is_empty()), "the journal is empty after the delivery");
}

#[test]
fn nothing_leaves_before_its_record_is_durable() {
    let mut bench = Bench::accepted(&[]);
    bench.confirms = false;
    bench.start();
    assert_eq!(bench.sent, Vec::<Value>::new(), "the start waits for its record");
    assert!(bench.orders.contains(&EvseAction::Power(Power::On)), "the hardware does not");
    bench.confirm();
    bench.drain();
    bench.call("StartTransaction");
}

#[test]
fn power_cut_in_a_transaction_ends_it_with_the_register_of_the_next_boot() {
    let mut bench = Bench::accepted(&[]);
    bench.start();
    bench.answer("StartTransaction", &json!({"transactionId": 5, "idTagInfo": {"status": "Accepted"}}));

    let mut bench = Bench::new(bench.image.clone(), &[]);
    bench.energy_wh = 1234;
    bench.wait(5);
    bench.open();
    bench.boot("Accepted");
    bench.answer_all("StatusNotification", &json!({}));
    let stop = bench.answer("StopTransaction", &json!({}));
    assert_eq!((&stop["transactionId"], &stop["reason"]), (&json!(5), &json!("PowerLoss")));
    assert_eq!(stop["meterStop"], 1000, "the register as it was read when the station came up");
    assert!(bench.image.logs.values().all(|log| log.is_empty()));
}
