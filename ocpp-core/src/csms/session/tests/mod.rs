mod commands;
mod crash;
mod events;
#[cfg(all(feature = "serde", feature = "blocks"))]
mod fairness;
mod field;
mod gate;
mod lenient;
mod link;
mod random;
mod renamed;
mod security;
mod stored;

use super::*;
use crate::csms::{
    Answer, AskId, Authorization, AuthorizationStatus, CommandAnswer, CommandError, CommandId, Limits, Question,
    RegistrationStatus,
};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;
use serde_json::{Value, json};

/// A session, its driver, and all that came out of it.
struct Bench {
    session: Session,
    millis: u64,
    sent: Vec<Value>,
    facts: Vec<(Ticket, Fact)>,
    asked: Vec<(AskId, Question)>,
    answered: Vec<(CommandId, Result<CommandAnswer, CommandError>)>,
    events: Vec<Event>,
    pings: usize,
    closes: Vec<LinkEnd>,
    calls: u32,
}

impl Bench {
    fn new() -> Self {
        Bench::with(SessionConfig::default())
    }

    fn with(config: SessionConfig) -> Self {
        Bench::on(Session::new(config, 0x5EED))
    }

    fn on(session: Session) -> Self {
        let mut bench = Bench {
            session,
            millis: 1000,
            sent: Vec::new(),
            facts: Vec::new(),
            asked: Vec::new(),
            answered: Vec::new(),
            events: Vec::new(),
            pings: 0,
            closes: Vec::new(),
            calls: 0,
        };
        bench.ok(Input::Wall(wall()));
        bench
    }

    /// One whose connection is open.
    fn connected() -> Self {
        let mut bench = Bench::new();
        bench.open();
        bench
    }

    /// One whose station was accepted, and all is durable.
    fn accepted() -> Self {
        let mut bench = Bench::connected();
        bench.boot(RegistrationStatus::Accepted);
        bench.sent.clear();
        bench
    }

    fn boot(&mut self, status: RegistrationStatus) {
        self.call("BootNotification", json!({"chargePointVendor": "V", "chargePointModel": "M"}));
        self.answer(Answer::Boot { status, interval: Duration::from_secs(300) });
        self.store();
    }

    fn now(&self) -> Instant {
        Instant::from_millis(self.millis)
    }

    fn handle(&mut self, input: Input<'_>) -> Result<(), MisuseError> {
        let result = self.session.handle(self.now(), input);
        self.drain();
        result
    }

    fn ok(&mut self, input: Input<'_>) {
        self.handle(input).unwrap();
    }

    fn open(&mut self) {
        self.open_in(Dialect::V1_6);
    }

    fn open_in(&mut self, dialect: Dialect) {
        self.ok(Input::Link(LinkInput::Opened { dialect }));
    }

    /// One whose station was accepted in 2.x, and all is durable.
    fn accepted_in(dialect: Dialect) -> Self {
        let mut bench = Bench::new();
        bench.open_in(dialect);
        bench.boot_in_2(RegistrationStatus::Accepted);
        bench.sent.clear();
        bench
    }

    fn boot_in_2(&mut self, status: RegistrationStatus) {
        self.call(
            "BootNotification",
            json!({"reason": "PowerUp", "chargingStation": {"vendorName": "V", "model": "M"}}),
        );
        self.answer(Answer::Boot { status, interval: Duration::from_secs(300) });
        self.store();
    }

    /// The code of the last answer, if that is an error.
    fn error(&self) -> Option<String> {
        let last = self.last();
        (last[0] == 4).then(|| last[2].as_str().unwrap_or_default().into())
    }

    fn close(&mut self) {
        self.ok(Input::Link(LinkInput::Closed));
    }

    fn frame(&mut self, text: &str) {
        self.ok(Input::Link(LinkInput::Frame(text.as_bytes().into())));
    }

    /// The station calls, with an id of its own. Gives the id.
    fn call(&mut self, action: &str, payload: Value) -> String {
        self.calls += 1;
        let id = self.calls.to_string();
        self.frame(&json!([2, id, action, payload]).to_string());
        id
    }

    /// Answers the last question.
    fn answer(&mut self, answer: Answer) {
        let id = self.asked.last().unwrap().0;
        self.ok(Input::Answer(id, answer));
    }

    fn authorize(&mut self, status: AuthorizationStatus) {
        self.answer(Answer::Authorize(status.into()));
    }

    /// The database commits all it was given.
    fn store(&mut self) {
        if let Some((ticket, _)) = self.facts.last().cloned() {
            self.ok(Input::Stored(ticket));
        }
    }

    fn drain(&mut self) {
        while let Some(action) = self.session.poll_action() {
            match action {
                Action::Link(LinkAction::Send(bytes)) => self.sent.push(serde_json::from_slice(&bytes).unwrap()),
                Action::Link(LinkAction::Ping) => self.pings += 1,
                Action::Link(LinkAction::Close(end)) => self.closes.push(end),
                Action::Store { ticket, fact } => self.facts.push((ticket, fact)),
                Action::Ask { id, question, .. } => self.asked.push((id, question)),
                Action::Answered { id, result } => self.answered.push((id, result)),
                Action::Event(event) => self.events.push(event),
            }
        }
    }

    /// Lets time pass, with a tick at each deadline on the way: each must move the next one.
    fn pass(&mut self, time: Duration) {
        let end = self.millis + time.as_millis() as u64;
        while let Some(due) = self.session.poll_timeout().filter(|due| due.as_millis() <= end) {
            self.millis = self.millis.max(due.as_millis());
            self.ok(Input::Tick);
            let next = self.session.poll_timeout();
            assert!(next.is_none_or(|next| next > due), "deadline {due:?} did not move: {next:?}");
        }
        self.millis = end;
    }

    /// The last frame sent.
    fn last(&self) -> Value {
        self.sent.last().cloned().unwrap_or(Value::Null)
    }

    fn recorded(&self) -> Vec<&Fact> {
        self.facts.iter().map(|(_, fact)| fact).collect()
    }
}

fn config(limits: Limits) -> SessionConfig {
    SessionConfig { limits, ..SessionConfig::default() }
}

fn wall() -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).unwrap()
}

fn start() -> Value {
    json!({"connectorId": 1, "idTag": "ABC", "meterStart": 100, "timestamp": "2023-11-14T22:00:00Z"})
}
