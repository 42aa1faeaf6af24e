//! Whatever a station does with one kind of command, every other kind leaves within one time-out, each ends once, and its own calls are
//! answered at once all the while.

use super::*;
use crate::csms::{Command, Place, ResetKind, TransactionId, VariableName};
use crate::fairness::{Cause, Manners, Subject, Trial, action_of};
use alloc::collections::BTreeSet;
use alloc::vec;

/// A session, and a host that answers each question and confirms each fact.
struct Server {
    bench: Bench,
    version: Dialect,
    given: u64,
    /// What the station said.
    said: usize,
    questions: usize,
    confirmed: usize,
}

impl Server {
    fn new(version: Dialect) -> Self {
        let bench = match version {
            Dialect::V1_6 => Bench::accepted(),
            Dialect::V2_0_1 | Dialect::V2_1 => Bench::accepted_in(version),
        };
        let (questions, confirmed) = (bench.asked.len(), bench.facts.len());
        Server { bench, version, given: 0, said: 0, questions, confirmed }
    }

    fn command(&mut self, command: Command) {
        self.given += 1;
        self.bench.ok(Input::Command { id: CommandId(self.given), command });
    }

    fn call(&mut self, action: &str) {
        self.command(Command::Call { action: action.into(), payload: "{}".into() });
    }

    /// The next call of the station, which is new each time.
    fn next_call(&mut self) -> (&'static str, Value) {
        let (n, is_first) = (self.said, self.version == Dialect::V1_6);
        self.said += 1;
        let time = wall() + Duration::from_millis(self.bench.millis);
        let sampled = json!([{"timestamp": time.to_rfc3339(), "sampledValue": [{"value": if is_first { json!("7") } else { json!(7) }}]}]);
        let name = format!("t{n}");
        match (n % 5, is_first) {
            (0, true) => ("MeterValues", json!({"connectorId": 1, "meterValue": sampled})),
            (0, false) => ("MeterValues", json!({"evseId": 1, "meterValue": sampled})),
            (1, true) => ("Authorize", json!({"idTag": name})),
            (1, false) => ("Authorize", json!({"idToken": {"idToken": name, "type": "Central"}})),
            (2, true) => (
                "StartTransaction",
                json!({"connectorId": 1, "idTag": name, "meterStart": n, "timestamp": time.to_rfc3339()}),
            ),
            (2, false) => (
                "TransactionEvent",
                json!({
                    "eventType": "Started", "timestamp": time.to_rfc3339(), "triggerReason": "Authorized", "seqNo": 0,
                    "transactionInfo": {"transactionId": name}, "idToken": {"idToken": name, "type": "Central"},
                }),
            ),
            (3, true) => {
                ("StatusNotification", json!({"connectorId": n % 9, "errorCode": "NoError", "status": "Available"}))
            }
            (3, false) => (
                "StatusNotification",
                json!({"timestamp": time.to_rfc3339(), "evseId": 1, "connectorId": n, "connectorStatus": "Available"}),
            ),
            _ => ("Heartbeat", json!({})),
        }
    }
}

impl Subject for Server {
    fn now(&self) -> u64 {
        self.bench.millis
    }

    fn hear(&mut self, frame: &Value) {
        self.bench.frame(&frame.to_string());
    }

    fn next_sent(&mut self) -> Option<Value> {
        (!self.bench.sent.is_empty()).then(|| self.bench.sent.remove(0))
    }

    fn work(&mut self) -> bool {
        if self.questions < self.bench.asked.len() {
            self.questions = self.bench.asked.len();
            self.bench.authorize(AuthorizationStatus::Accepted);
        } else if self.confirmed < self.bench.facts.len() {
            self.confirmed = self.bench.facts.len();
            self.bench.store();
        } else {
            return false;
        }
        true
    }

    /// Now and then the station calls, and has its answer at once.
    fn pass(&mut self, seconds: u64) {
        self.bench.pass(Duration::from_secs(seconds));
        if (self.bench.millis / 1000).is_multiple_of(6) {
            let (action, payload) = self.next_call();
            let id = self.bench.call(action, payload);
            while self.work() {}
            let answer = self.bench.sent.iter().position(|frame| frame[0] == 3 && frame[1] == json!(id));
            let Some(answer) = answer else { panic!("{action} was not answered: {:?}", self.bench.sent) };
            self.bench.sent.remove(answer);
        }
    }
}

fn place() -> Place {
    Place::new(Some(1), Some(1))
}

fn start(server: &mut Server) {
    server.command(Command::remote_start(Some(1), crate::csms::IdToken::new("ABC")));
}

fn stop(server: &mut Server) {
    server.command(Command::RemoteStop { transaction: TransactionId::from(7) });
}

/// What both families have.
const BOTH: [Cause<Server>; 6] = [
    ("Reset", |server| {
        let kind = if server.version == Dialect::V1_6 { ResetKind::Immediate } else { ResetKind::OnIdle };
        server.command(Command::Reset { kind, evse: None });
    }),
    ("ChangeAvailability", |server| {
        server.command(Command::ChangeAvailability { place: Place::STATION, is_operative: true });
    }),
    ("UnlockConnector", |server| server.command(Command::UnlockConnector { place: place() })),
    ("TriggerMessage", |server| {
        server.command(Command::TriggerMessage { message: "Heartbeat".into(), place: Place::STATION });
    }),
    ("ClearCache", |server| server.command(Command::ClearCache)),
    ("Vendor", |server| server.call("Vendor")),
];

const OF_1_6: [Cause<Server>; 5] = [
    ("RemoteStartTransaction", start),
    ("RemoteStopTransaction", stop),
    ("GetConfiguration", |server| server.command(Command::GetConfiguration { keys: vec![] })),
    ("ChangeConfiguration", |server| {
        server.command(Command::ChangeConfiguration { key: "HeartbeatInterval".into(), value: "60".into() });
    }),
    ("GetLocalListVersion", |server| server.call("GetLocalListVersion")),
];

const OF_2_X: [Cause<Server>; 5] = [
    ("RequestStartTransaction", start),
    ("RequestStopTransaction", stop),
    ("GetVariables", |server| server.command(Command::GetVariables { variables: vec![interval()] })),
    ("SetVariables", |server| server.command(Command::SetVariables { variables: vec![(interval(), "60".into())] })),
    ("GetLocalListVersion", |server| server.call("GetLocalListVersion")),
];

fn interval() -> VariableName {
    VariableName::new("OCPPCommCtrlr", "HeartbeatInterval")
}

fn answer_to(call: &Value, _now: u64) -> Value {
    let result = json!({
        "component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}, "attributeStatus": "Accepted",
    });
    match call[2].as_str().unwrap() {
        "GetConfiguration" => json!({}),
        "GetLocalListVersion" => json!({"listVersion": 1, "versionNumber": 1}),
        "GetVariables" => json!({"getVariableResult": [result]}),
        "SetVariables" => json!({"setVariableResult": [result]}),
        "UnlockConnector" => json!({"status": "Unlocked"}),
        _ => json!({"status": "Accepted"}),
    }
}

/// Every command has ended by now, once.
fn check_ends(server: &mut Server) {
    let ids: BTreeSet<_> = server.bench.answered.iter().map(|(id, _)| id.0).collect();
    assert_eq!((ids.len() as u64, server.bench.answered.len() as u64), (server.given, server.given));
}

#[test]
fn no_command_holds_another_back_for_longer_than_a_time_out() {
    for version in [Dialect::V1_6, Dialect::V2_0_1, Dialect::V2_1] {
        let own = if version == Dialect::V1_6 { OF_1_6 } else { OF_2_X };
        let causes: Vec<_> = BOTH.into_iter().chain(own).collect();
        let manners = Manners { kind_of: action_of, answer_to };
        let subject = &|| Server::new(version);
        Trial { causes: &causes, subject, manners, rounds: 3, rest: check_ends, at_most: 3 }.run();
    }
}

/// An application that is slow with one question holds back nothing else: neither commands, nor what else the station says.
#[test]
fn question_without_an_answer_holds_back_neither_commands_nor_other_answers() {
    for version in [Dialect::V1_6, Dialect::V2_0_1, Dialect::V2_1] {
        let mut server = Server::new(version);
        server.said = 1;
        let (action, payload) = server.next_call();
        let asked = server.bench.call(action, payload);
        assert_eq!(server.bench.asked.len(), server.questions + 1);
        server.questions += 1;
        server.command(Command::ClearCache);
        assert_eq!(server.bench.last()[2], "ClearCache");
        for n in [0, 2, 3, 4] {
            server.said = n;
            let (action, payload) = server.next_call();
            let id = server.bench.call(action, payload);
            while server.work() {}
            assert!(server.bench.sent.iter().any(|frame| frame[1] == json!(id)), "{version:?} {action}");
        }
        assert!(!server.bench.sent.iter().any(|frame| frame[1] == json!(asked)));
        server.bench.pass(server.bench.session.config().answer_within);
        assert!(server.bench.sent.iter().any(|frame| frame[0] == 3 && frame[1] == json!(asked)), "{version:?}");
    }
}
