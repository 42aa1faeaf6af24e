use super::*;
use End::{Csms, Station};

fn at(seconds: u64) -> Instant {
    Instant::from_millis(seconds * 1000)
}

fn call(id: &str, action: &str) -> Vec<u8> {
    format!(r#"[2,"{id}","{action}",{{}}]"#).into_bytes()
}

fn boot_answer(id: &str, status: &str, interval: u64) -> Vec<u8> {
    format!(r#"[3,"{id}",{{"status":"{status}","interval":{interval},"currentTime":"2026-01-01T00:00:00Z"}}]"#)
        .into_bytes()
}

fn booted(status: &str, interval: u64) -> WireCheck {
    let mut check = WireCheck::default();
    check.sent(at(0), Station, &call("1", "BootNotification")).unwrap();
    let _ = check.arrived(at(0), Csms, &call("1", "BootNotification"));
    check.sent(at(0), Csms, &boot_answer("1", status, interval)).unwrap();
    let _ = check.arrived(at(1), Station, &boot_answer("1", status, interval));
    check
}

#[test]
fn second_call_before_the_answer_is_seen() {
    let mut check = booted("Accepted", 60);
    check.sent(at(2), Station, &call("2", "Heartbeat")).unwrap();
    let early = check.clone().sent(at(31), Station, &call("3", "Heartbeat"));
    assert!(matches!(early, Err(Violation::TwoCalls { .. })));
    assert!(check.clone().sent(at(32), Station, &call("3", "Heartbeat")).is_ok(), "the first timed out");
    assert!(check.clone().sent(at(3), Csms, &call("2", "GetConfiguration")).is_ok(), "the other direction is free");
    check.closed(Station);
    assert!(check.sent(at(3), Station, &call("3", "Heartbeat")).is_ok());
}

#[test]
fn calls_before_acceptance_are_seen() {
    let mut check = WireCheck::default();
    let early = check.sent(at(0), Station, &call("1", "StatusNotification"));
    assert_eq!(early, Err(Violation::BeforeAccepted("StatusNotification".to_owned())));
    for status in ["Pending", "Rejected"] {
        let mut check = booted(status, 60);
        let early = check.clone().sent(at(60), Station, &call("2", "BootNotification"));
        assert_eq!(early, Err(Violation::TooEarly("BootNotification".to_owned(), at(61))));
        assert!(check.clone().sent(at(61), Station, &call("2", "BootNotification")).is_ok());
        assert!(check.clone().sent(at(61), Station, &call("2", "Heartbeat")).is_err());
        let _ = check.arrived(at(5), Station, &call("7", "GetConfiguration"));
        let answer = check.sent(at(5), Station, br#"[3,"7",{}]"#);
        assert_eq!(answer.is_ok(), status == "Pending");
    }
}

/// 2.x B02.FR.02, 1.6 §4.2.
#[test]
fn station_that_waits_may_say_what_it_agreed_to_say() {
    let mut check = booted("Pending", 60);
    let heartbeat = |check: &mut WireCheck| check.sent(at(9), Station, &call("3", "Heartbeat"));
    let trigger = br#"[2,"7","TriggerMessage",{"requestedMessage":"Heartbeat"}]"#;
    check.sent(at(5), Csms, trigger).unwrap();
    let _ = check.arrived(at(5), Station, trigger);
    assert!(heartbeat(&mut check.clone()).is_err(), "not yet");
    let mut refused = check.clone();
    refused.sent(at(6), Station, br#"[3,"7",{"status":"Rejected"}]"#).unwrap();
    assert!(heartbeat(&mut refused).is_err());
    check.sent(at(6), Station, br#"[3,"7",{"status":"Accepted"}]"#).unwrap();
    assert!(check.clone().sent(at(9), Station, &call("3", "StatusNotification")).is_err(), "another one");
    assert!(heartbeat(&mut check).is_ok());
}

#[test]
fn answers_to_nothing_are_seen() {
    let mut check = booted("Accepted", 60);
    let answer = br#"[3,"9",{}]"#;
    assert_eq!(check.sent(at(2), Csms, answer), Err(Violation::UnaskedAnswer(Csms, "9".to_owned())));
    let _ = check.arrived(at(2), Csms, &call("9", "Heartbeat"));
    assert!(check.sent(at(2), Csms, answer).is_ok());
    assert_eq!(check.sent(at(2), Csms, answer), Err(Violation::UnaskedAnswer(Csms, "9".to_owned())));
    let blind = br#"[4,"-1","FormationViolation","",{}]"#;
    assert_eq!(check.sent(at(2), Csms, blind), Err(Violation::UnaskedAnswer(Csms, "-1".to_owned())));
    let _ = check.arrived(at(2), Csms, b"[2,");
    assert!(check.sent(at(2), Csms, blind).is_ok());
    assert!(check.sent(at(2), Csms, blind).is_err(), "one error for one broken message");
}

#[test]
fn other_bytes_are_no_frame() {
    for bytes in [&b"{}"[..], b"[2,3,\"Heartbeat\",{}]", b"[5,\"1\",{}]", b"[4,\"1\",\"X\"]", b"\xff", b""] {
        assert_eq!(Frame::parse(bytes), None);
    }
}
