//! A whole session, and what the programs say to bad input.

use std::collections::BTreeSet;
use std::path::Path;

use ocpp_testkit::trace::conversation::{Conversation, Seen};
use ocpp_testkit::trace::import;
use ocpp_testkit::validate;
use serde_json::json;

use crate::harness::{Csms, Program, Station, register_mwh};

#[test]
fn whole_session_ends_in_the_bill_that_the_meter_shows() {
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path().join("station");
    let mut csms = Csms::start(directory.path(), &["--token", "ABC"]);
    let mut station = Station::start(&csms.url, &store, &["--evses", "2"]);
    station.program.wait_event("Registration");

    station.begin_session();
    let started = csms.wait_stored("Started");
    csms.wait_stored("Sampled");
    station.program.say(&json!({"unplug": 1}));
    let stopped = csms.wait_stored("Stopped");

    let [bill] = csms.bills().try_into().unwrap();
    assert_eq!((bill.station.as_str(), bill.evse, bill.token.as_deref()), ("CP001", 1, Some("ABC")));
    assert_eq!(bill.reason.as_deref(), Some("EVDisconnected"));
    assert_eq!(bill.transaction, started["transaction"]);
    assert_eq!(stopped["consumption"]["Wh"], bill.energy_wh.unwrap());
    assert_eq!(bill.meter_start_wh, Some(0), "a new meter");
    assert_eq!(bill.meter_stop_wh, Some(register_mwh(&store) / 1_000));
    assert!(bill.energy_wh.unwrap() > 0);
}

#[test]
fn live_connections_are_saved_as_traces_without_a_fault() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (server, near) = (file("server.jsonl"), file("station.jsonl"));
    let mut csms = Csms::start(directory.path(), &["--token", "ABC", "--save", &server]);
    let mut station = Station::start(&csms.url, &directory.path().join("station"), &["--save", &near]);
    let other = ["--url", &csms.url, "--id", "CP002", "--ocpp", "1.6"];
    let mut other = Program::start("station", other);
    other.wait_event("Registration");
    station.program.wait_event("Registration");
    station.begin_session();
    csms.wait_stored("Started");
    station.program.say(&json!({"unplug": 1}));
    csms.wait_stored("Stopped");
    station.program.say(&json!({"power_cycle": {}}));
    station.program.wait_event("Registration");
    for (name, stations) in [(&server, 2), (&near, 1)] {
        let text = std::fs::read_to_string(name).unwrap();
        let imported = import::read(&text);
        assert!(imported.is_trace && imported.unread.is_empty(), "{:?}", imported.unread);
        let heard = Conversation::of(&imported.recording, None);
        let names: BTreeSet<_> = heard.items.iter().map(|item| item.station.clone()).collect();
        assert_eq!(names.len(), stations, "{text}");
        let connected = heard.items.iter().filter(|item| matches!(item.seen, Seen::Connected { .. })).count();
        assert_eq!(connected, stations + 1, "the power cycle makes one more: {text}");
        assert!(heard.messages().any(|(_, message)| message.action.as_deref() == Some("StopTransaction")));
        let found = validate::conversation(&heard, validate::Scope::Trace);
        let worst = found.iter().max_by_key(|finding| finding.severity);
        assert!(worst.is_none_or(|worst| worst.severity < validate::Severity::Error), "{}", worst.unwrap());
    }
}

#[test]
fn csms_starts_stops_and_configures_a_station() {
    let directory = tempfile::tempdir().unwrap();
    let mut csms = Csms::start(directory.path(), &[]);
    let mut station = Station::start(&csms.url, &directory.path().join("station"), &[]);
    station.program.wait_event("Registration");

    let change = json!({"key": "MeterValueSampleInterval", "value": "7"});
    assert_eq!(csms.command("CP001", "ChangeConfiguration", change)["payload"], json!({"status": "Accepted"}));
    let got = csms.command("CP001", "GetConfiguration", json!({"key": ["MeterValueSampleInterval", "Nonsense"]}));
    let key = json!({"key": "MeterValueSampleInterval", "readonly": false, "value": "7"});
    assert_eq!(got["payload"], json!({"configurationKey": [key], "unknownKey": ["Nonsense"]}));
    assert!(got.get("violation").is_none(), "{got}");

    station.program.say(&json!({"plug": 1}));
    let start = csms.command("CP001", "RemoteStartTransaction", json!({"connectorId": 1, "idTag": "REMOTE"}));
    assert_eq!(start["payload"]["status"], "Accepted");
    let number = station.program.wait_event("TransactionKnown")["csms_id"].clone();
    let stop = csms.command("CP001", "RemoteStopTransaction", json!({"transactionId": number}));
    assert_eq!(stop["payload"]["status"], "Accepted");
    assert_eq!(csms.wait_stored("Stopped")["report"]["reason"], "Remote");
}

#[test]
fn lines_answer_a_vendors_call_in_the_place_of_the_station_and_make_one() {
    let directory = tempfile::tempdir().unwrap();
    let mut csms = Csms::start(directory.path(), &[]);
    let rules = ["--handling", "Incoming:Blink=App", "--handling", "Outgoing:Blink=Observe"];
    let mut station = Station::start(&csms.url, &directory.path().join("station"), &rules);
    station.program.wait_event("Registration");

    csms.program.say(&json!({"station": "CP001", "action": "Blink", "payload": {"times": 3}, "unchecked": true}));
    let asked = station.program.wait("a question", |line| line.get("ask").cloned());
    assert_eq!(asked["question"], json!({"Incoming": {"action": "Blink", "payload": r#"{"times":3}"#}}));
    let reply = json!({"Incoming": {"Reply": r#"{"done":true}"#}});
    station.program.say(&json!({"decide": {"id": asked["id"], "answer": reply}}));
    let answer = csms.program.wait("its answer", |line| line.get("answer").cloned());
    assert_eq!((&answer["action"], &answer["payload"]), (&json!("Blink"), &json!({"done": true})));

    station.program.say(&json!({"call": {"action": "Blink", "payload": {"times": 1}}}));
    assert_eq!(station.program.wait_event("Observed")["payload"], r#"{"times":1}"#);
    let end = station.program.wait_event("CallAnswered");
    assert!(end["result"]["Err"].as_str().unwrap().starts_with("NotImplemented"), "{end}");
}

#[test]
fn token_that_is_not_known_does_not_charge() {
    let directory = tempfile::tempdir().unwrap();
    let csms = Csms::start(directory.path(), &["--token", "OTHER"]);
    let mut station = Station::start(&csms.url, &directory.path().join("station"), &[]);
    station.program.wait_event("Registration");
    station.begin_session();
    assert_eq!(station.program.wait_event("TokenRefused")["reason"], json!({"Csms": "Invalid"}));
    assert_eq!(csms.bills(), []);
}

#[test]
fn malformed_lines_are_reported_with_their_place_and_the_program_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let mut csms = Csms::start(directory.path(), &[]);
    let mut station = Station::start(&csms.url, &directory.path().join("station"), &[]);
    station.program.wait_event("Registration");

    let error = |program: &mut Program, line: &str| {
        program.say_text(line);
        let error = program.wait("an error", |line| line.get("error").cloned());
        (error["line"].as_u64().unwrap(), error["column"].as_u64().unwrap(), error["reason"].to_string())
    };
    assert_eq!(error(&mut station.program, "nonsense").0, 1);
    let (line, column, _) = error(&mut station.program, r#"{"plug":"one"}"#);
    assert_eq!((line, column), (2, 13));
    let (line, _, reason) = error(&mut station.program, r#"{"plug":2}"#);
    assert!(line == 3 && reason.contains("evse 2"), "{reason}");
    station.program.say(&json!({"plug": 1}));
    assert_eq!(station.program.wait_event("Status")["status"], "Preparing");

    assert_eq!(error(&mut csms.program, "[").0, 1);
    let stranger = json!({"station": "CP002", "action": "ClearCache"});
    assert!(error(&mut csms.program, &stranger.to_string()).2.contains("CP002"));
    let wrong = json!({"station": "CP001", "action": "RemoteStopTransaction", "payload": {"transactionId": "x"}});
    assert!(error(&mut csms.program, &wrong.to_string()).2.contains("transactionId"));
    assert!(error(&mut csms.program, &json!({"station": "CP001", "action": "Fly"}).to_string()).2.contains("Fly"));
    let answer = csms.command("CP001", "GetConfiguration", json!({"key": ["HeartbeatInterval"]}));
    assert_eq!(answer["payload"]["configurationKey"][0]["key"], "HeartbeatInterval");
}

#[test]
fn program_that_cannot_start_fails() {
    let nowhere = Path::new("/dev/null/store").to_str().unwrap();
    let station = Program::start("station", ["--url", "ws://127.0.0.1:1", "--id", "CP001", "--store", nowhere]);
    assert!(!station.succeeds());
    assert!(!Program::start("csms", ["--listen", "127.0.0.1:0", "--db", nowhere]).succeeds());
    assert!(!Program::start("csms", ["--listen", "0.0.0.0:0"]).succeeds(), "openness must be said");
    for rule in ["Reset=Ask", "In:Reset=Ask", "Incoming:Reset", "Incoming:Reset=Maybe"] {
        let arguments = ["--url", "ws://127.0.0.1:1", "--id", "A", "--handling", rule];
        assert!(!Program::start("station", arguments).succeeds(), "{rule}");
    }
}
