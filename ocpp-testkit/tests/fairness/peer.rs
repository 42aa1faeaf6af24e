//! A machine of ours as a live peer, with something strange about it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use chrono::{DateTime, Utc};
use ocpp_core::station::ConnectRequest;
use ocpp_core::time::Instant;
use ocpp_rpc::Dialect;
use ocpp_testkit::conformance::target::{Happening, Manual, Target, Trouble};
use ocpp_testkit::conformance::targets::{VirtualCsms, VirtualStation};
use ocpp_testkit::conformance::{self, Case, Report, Role, Values};
use serde_json::{Value, json};

/// What is strange about a peer.
#[derive(Clone, Debug)]
pub enum Oddity {
    None,
    /// It makes this call after its frame of this number, under the id `odd`.
    Calls {
        after: usize,
        action: &'static str,
        payload: Value,
    },
    /// It sends its call of this number again: under the id `odd`, or under the same.
    Repeats {
        frame: usize,
        same_id: bool,
    },
    /// It answers calls of this action with this: an error code, or a payload.
    Refuses {
        action: String,
        with: Value,
    },
    /// Its operator cannot do the step of this number.
    Cannot {
        step: usize,
    },
    /// Its answers to GetCompositeSchedule are told so.
    Splits {
        limit: i64,
    },
}

/// A machine of ours that is not made anew for each case.
pub struct Peer {
    target: Box<dyn Target>,
    oddity: Oddity,
    queue: VecDeque<Happening>,
    frames: usize,
    pub steps: usize,
    probes: usize,
    /// Whether the bench is told that the peer begins from scratch.
    pub is_fresh: bool,
    pub is_connected: bool,
    /// The actions that the machine called, by the id.
    pub called: BTreeMap<String, String>,
    /// The numbers that a CSMS gave to transactions, by the id of the call.
    numbers: BTreeMap<String, i64>,
    /// The answers of the bench in this case, by the id of the call, and all ids that it ever answered.
    pub answers: Vec<(String, Value)>,
    pub answered: BTreeSet<String>,
    pub sent: Vec<String>,
    statuses: BTreeMap<i64, String>,
    /// Transactions that were given a number and have not ended.
    running: BTreeSet<i64>,
}

impl Peer {
    pub fn new(role: Role, values: &Values) -> Self {
        let target: Box<dyn Target> = match role {
            Role::Station => Box::new(VirtualStation::new(values).unwrap()),
            Role::Csms => Box::new(VirtualCsms::speaking(Dialect::V1_6, values).unwrap()),
        };
        Peer {
            target,
            oddity: Oddity::None,
            queue: VecDeque::new(),
            frames: 0,
            steps: 0,
            probes: 0,
            is_fresh: false,
            is_connected: false,
            called: BTreeMap::new(),
            answers: Vec::new(),
            answered: BTreeSet::new(),
            numbers: BTreeMap::new(),
            sent: Vec::new(),
            statuses: BTreeMap::new(),
            running: BTreeSet::new(),
        }
    }

    pub fn run(&mut self, case: Case, values: &Values, oddity: Oddity) -> Report {
        (self.oddity, self.frames, self.steps) = (oddity, 0, 0);
        self.answers.clear();
        self.sent.clear();
        let report = conformance::run(case, self, values);
        self.oddity = Oddity::None;
        report
    }

    /// Calls the machine behind the bench's back, which answers each of its calls with nothing.
    fn probe(&mut self, action: &str, payload: Value) -> Value {
        let until = self.target.now() + Duration::from_secs(30);
        assert!(self.is_connected, "not connected");
        self.probes += 1;
        let id = format!("probe-{}", self.probes);
        self.target.send(&json!([2, id, action, payload]).to_string()).unwrap();
        while let Some(happening) = self.target.next(until).unwrap() {
            let Happening::Frame(text) = happening else { continue };
            let frame: Value = serde_json::from_str(&text).unwrap();
            if frame[1] == id.as_str() {
                return frame[2].clone();
            }
            self.target.send(&json!([3, frame[1], {}]).to_string()).unwrap();
        }
        panic!("{action} was not answered");
    }

    /// What a case must leave as it found it.
    pub fn state(&mut self) -> BTreeMap<String, String> {
        let open: Vec<_> = self.statuses.iter().filter(|(_, status)| *status != "Available").collect();
        let mut state = BTreeMap::from([
            ("connectors".to_owned(), format!("{open:?}")),
            ("transactions".to_owned(), format!("{:?}", self.running)),
        ]);
        state.insert("profiles".to_owned(), self.probe("ClearChargingProfile", json!({})).to_string());
        let reservation = self.probe("CancelReservation", json!({ "reservationId": 77 }));
        state.insert("reservation".to_owned(), reservation.to_string());
        let configuration = self.probe("GetConfiguration", json!({}));
        for key in configuration["configurationKey"].as_array().unwrap() {
            // What gets in is not set back: 1.6 security A05.FR.02 forbids it.
            if key["key"] == "SecurityProfile" {
                continue;
            }
            state.insert(key["key"].to_string(), key["value"].to_string());
        }
        state
    }

    /// The number of the transaction that began with a call of the bench.
    pub fn told_number(&self, id: &Value) -> Option<i64> {
        self.numbers.get(id.as_str()?).copied()
    }

    fn note_own(&mut self, frame: &Value) {
        let (Some(2), Some(id), Some(action)) = (frame[0].as_i64(), frame[1].as_str(), frame[2].as_str()) else {
            return;
        };
        let payload = &frame[3];
        self.called.insert(id.to_owned(), action.to_owned());
        match (action, payload["connectorId"].as_i64(), payload["status"].as_str()) {
            ("StatusNotification", Some(connector), Some(status)) => {
                self.statuses.insert(connector, status.to_owned());
            }
            ("StopTransaction", _, _) => {
                self.running.remove(&payload["transactionId"].as_i64().unwrap());
            }
            _ => {}
        }
    }

    /// The frames that arrive in the place of one of the machine.
    fn told(&self, text: String) -> Vec<String> {
        let frame: Value = serde_json::from_str(&text).unwrap();
        match &self.oddity {
            Oddity::Calls { after, action, payload } if self.frames == *after => {
                vec![text, json!([2, "odd", action, payload]).to_string()]
            }
            Oddity::Repeats { frame: place, same_id } if self.frames == *place && frame[0] == 2 => {
                let id = if *same_id { frame[1].clone() } else { "odd".into() };
                let again = json!([2, id, frame[2], frame[3]]).to_string();
                vec![text, again]
            }
            Oddity::Splits { limit } => {
                let mut frame = frame;
                if let Some(periods) = frame.pointer_mut("/2/chargingSchedule/chargingSchedulePeriod") {
                    periods.as_array_mut().unwrap().push(json!({ "startPeriod": 100, "limit": limit }));
                }
                vec![frame.to_string()]
            }
            _ => vec![text],
        }
    }
}

impl Target for Peer {
    fn next(&mut self, until: Instant) -> Result<Option<Happening>, Trouble> {
        if let Some(happening) = self.queue.pop_front() {
            return Ok(Some(happening));
        }
        match self.target.next(until)? {
            Some(Happening::Frame(text)) => {
                self.frames += 1;
                let frame = serde_json::from_str(&text).unwrap();
                self.note_own(&frame);
                if let Some(number) = frame[2]["transactionId"].as_i64() {
                    self.numbers.insert(frame[1].as_str().unwrap().to_owned(), number);
                }
                self.queue.extend(self.told(text).into_iter().map(Happening::Frame));
                Ok(self.queue.pop_front())
            }
            other => {
                match other {
                    Some(Happening::Opened) => self.is_connected = true,
                    Some(Happening::Closed) => self.is_connected = false,
                    _ => {}
                }
                Ok(other)
            }
        }
    }

    fn send(&mut self, text: &str) -> Result<(), Trouble> {
        self.sent.push(text.to_owned());
        let frame: Value = serde_json::from_str(text).unwrap();
        let id = frame[1].as_str().unwrap().to_owned();
        if frame[0] == 2 {
            let action = frame[2].as_str().unwrap();
            match &self.oddity {
                Oddity::Refuses { action: refused, with } if refused == action => {
                    let answer = match with {
                        Value::String(code) => json!([4, id, code, "", {}]),
                        payload => json!([3, id, payload]),
                    };
                    self.queue.push_back(Happening::Frame(answer.to_string()));
                    return Ok(());
                }
                _ => {}
            }
            return self.target.send(text);
        }
        let is_first = self.answered.insert(id.clone());
        self.answers.push((id.clone(), frame.clone()));
        if let (Some("StartTransaction"), Some(number)) =
            (self.called.get(&id).map(String::as_str), frame[2]["transactionId"].as_i64())
        {
            self.running.insert(number);
        }
        // The machine knows nothing of what was called in its name.
        if id == "odd" || !is_first { Ok(()) } else { self.target.send(text) }
    }

    fn perform(&mut self, step: &Manual) -> Result<(), Trouble> {
        self.steps += 1;
        match self.oddity {
            Oddity::Cannot { step: place } if place == self.steps => {
                Err(Trouble::Undone("the rig has no such thing".to_owned()))
            }
            _ => self.target.perform(step),
        }
    }

    fn now(&self) -> Instant {
        self.target.now()
    }

    fn wall(&self) -> DateTime<Utc> {
        self.target.wall()
    }

    fn set_network(&mut self, up: bool) -> Result<(), Trouble> {
        if up && self.is_connected {
            self.queue.push_back(Happening::StillOpen);
        }
        self.target.set_network(up)
    }

    fn offer(&mut self, subprotocols: &[&str]) -> Result<Option<String>, Trouble> {
        self.target.offer(subprotocols)
    }

    fn connect_request(&self) -> Option<&ConnectRequest> {
        self.target.connect_request()
    }

    fn is_fresh(&self) -> bool {
        self.is_fresh
    }
}
