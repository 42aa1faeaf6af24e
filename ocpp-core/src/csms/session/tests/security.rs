//! The messages of the security white paper, from both sides.

use super::*;
use crate::csms::{Command, Progress, SecurityEvent, StationWork};
use alloc::vec;
use ocpp_types::v1_6::{Action as Message, CsmsRequest, StationResponse};

fn progress(work: StationWork, request: Option<i64>, status: &str) -> Fact {
    Fact::Progress(Progress { work, request, status: status.into() })
}

fn event() -> Value {
    json!({"type": "TamperDetectionActivated", "timestamp": wall(), "techInfo": "door"})
}

/// A station removes what it told once it is answered: so nothing is answered before it is in the database.
#[test]
fn reports_are_facts_and_answered_when_they_are_durable() {
    let told = SecurityEvent { kind: "TamperDetectionActivated".into(), at: wall(), info: Some("door".into()) };
    let cases = [
        ("FirmwareStatusNotification", json!({"status": "Idle"}), progress(StationWork::Firmware, None, "Idle")),
        ("DiagnosticsStatusNotification", json!({"status": "Idle"}), progress(StationWork::Diagnostics, None, "Idle")),
        (
            "SignedFirmwareStatusNotification",
            json!({"status": "InvalidSignature", "requestId": 7}),
            progress(StationWork::Firmware, Some(7), "InvalidSignature"),
        ),
        (
            "LogStatusNotification",
            json!({"status": "Uploading", "requestId": 8}),
            progress(StationWork::Log, Some(8), "Uploading"),
        ),
        ("LogStatusNotification", json!({"status": "Idle"}), progress(StationWork::Log, None, "Idle")),
        ("SecurityEventNotification", event(), Fact::SecurityEvent(told)),
    ];
    for (action, payload, fact) in cases {
        let mut bench = Bench::accepted();
        let id = bench.call(action, payload.clone());
        assert_eq!(bench.recorded().last(), Some(&&fact), "{action}");
        assert!(bench.sent.is_empty(), "{action} was answered before it was durable");
        bench.store();
        assert_eq!(bench.last(), json!([3, id, {}]), "{action}");
        // Its answer was lost, and it comes again.
        bench.call(action, payload);
        assert_eq!(bench.recorded().iter().filter(|known| **known == &fact).count(), 1, "{action}");
        assert_eq!(bench.last()[2], json!({}));
        let repeated = Event::Repeated { action: action.into(), transaction: None };
        assert!(bench.events.contains(&repeated), "{action}: {:?}", bench.events);
    }
}

/// What comes after something else is new, also when it was there before.
#[test]
fn same_words_later_are_another_report() {
    let mut bench = Bench::accepted();
    for status in ["Downloading", "Downloading", "Downloaded", "Downloading"] {
        bench.call("FirmwareStatusNotification", json!({"status": status}));
        bench.store();
    }
    // Neither a number nor another work is the same.
    bench.call("SignedFirmwareStatusNotification", json!({"status": "Downloading", "requestId": 1}));
    bench.call("SignedFirmwareStatusNotification", json!({"status": "Downloading", "requestId": 2}));
    let mut second = event();
    second["timestamp"] = json!("2023-11-14T22:13:21Z");
    for event in [event(), event(), second, event()] {
        bench.call("SecurityEventNotification", event);
        bench.store();
    }
    let facts = bench.recorded();
    assert_eq!(facts.iter().filter(|fact| matches!(fact, Fact::Progress(_))).count(), 5);
    assert_eq!(facts.iter().filter(|fact| matches!(fact, Fact::SecurityEvent(_))).count(), 3);
}

/// A session that moved to another process, or was rebuilt from the database, knows what was reported last.
#[test]
fn repeats_are_known_after_a_restart() {
    let mut bench = Bench::accepted();
    bench.call("SecurityEventNotification", event());
    bench.call("LogStatusNotification", json!({"status": "Uploaded", "requestId": 8}));
    bench.store();
    let facts = bench.facts.clone();
    let state = SessionState::replay(&SessionConfig::default(), facts.clone());
    let mut bench = Bench::on(Session::restore(SessionConfig::default(), 1, state));
    bench.open();
    bench.call("SecurityEventNotification", event());
    bench.call("LogStatusNotification", json!({"status": "Uploaded", "requestId": 8}));
    assert_eq!(bench.facts, []);
    assert_eq!(bench.sent.len(), 2);
}

/// A02.FR.11, A02.FR.12.
#[test]
fn application_decides_whether_a_certificate_is_signed() {
    for (is_accepted, status) in [(true, "Accepted"), (false, "Rejected")] {
        let mut bench = Bench::accepted();
        bench.call("SignCertificate", json!({"csr": "PEM"}));
        assert_eq!(
            bench.asked.last().unwrap().1,
            Question::SignCertificate { csr: "PEM".into(), purpose: None, request: None }
        );
        assert!(bench.sent.is_empty());
        bench.answer(Answer::SignCertificate { is_accepted });
        assert_eq!(bench.last()[2], json!({"status": status}));
    }
    let mut bench = Bench::accepted();
    bench.call("SignCertificate", json!({"csr": "PEM"}));
    let id = bench.asked.last().unwrap().0;
    let other = Answer::Authorize(AuthorizationStatus::Accepted.into());
    assert!(matches!(bench.handle(Input::Answer(id, other)), Err(MisuseError::Refused(_))));
    bench.pass(Duration::from_secs(10));
    assert_eq!(bench.last()[2], json!({"status": "Rejected"}), "nobody decided");
}

/// Every call of the paper to a station, with what its schema asks for, and the answer as the station wrote it.
#[test]
fn every_call_of_the_paper_goes_to_the_station() {
    let hash = json!({"hashAlgorithm": "SHA256", "issuerNameHash": "A", "issuerKeyHash": "B", "serialNumber": "C"});
    let firmware = json!({"location": "https://host/f", "retrieveDateTime": wall(), "signingCertificate": "PEM",
        "signature": "AA=="});
    let log = json!({"remoteLocation": "ftp://host"});
    let status = |status: &str| json!({"status": status});
    let calls = [
        ("CertificateSigned", json!({"certificateChain": "PEM"}), status("Accepted")),
        ("DeleteCertificate", json!({"certificateHashData": hash}), status("NotFound")),
        ("ExtendedTriggerMessage", json!({"requestedMessage": "LogStatusNotification"}), status("NotImplemented")),
        (
            "GetInstalledCertificateIds",
            json!({"certificateType": "ManufacturerRootCertificate"}),
            json!({"status": "Accepted", "certificateHashData": [hash]}),
        ),
        ("GetLog", json!({"logType": "SecurityLog", "requestId": 1, "log": log}), status("AcceptedCanceled")),
        (
            "InstallCertificate",
            json!({"certificateType": "CentralSystemRootCertificate", "certificate": "PEM"}),
            status("Failed"),
        ),
        ("SignedUpdateFirmware", json!({"requestId": 2, "firmware": firmware}), status("InvalidCertificate")),
    ];
    for (id, (action, payload, answer)) in calls.into_iter().enumerate() {
        let name: Message = action.parse().unwrap();
        let text = payload.to_string();
        assert!(CsmsRequest::from_json(name, &text).unwrap().is_some(), "{action}");
        assert!(StationResponse::from_json(name, &answer.to_string()).unwrap().is_some(), "{action}");
        let mut bench = Bench::accepted();
        let command = Command::Call { action: action.into(), payload: text };
        let id = CommandId(id as u64);
        bench.ok(Input::Command { id, command });
        let call = bench.last();
        assert_eq!((&call[0], &call[2], &call[3]), (&json!(2), &json!(action), &payload));
        bench.frame(&json!([3, call[1], answer]).to_string());
        let expected = vec![(id, Ok(CommandAnswer::Call(answer.to_string())))];
        assert_eq!(bench.answered, expected, "{action}");
    }
}
