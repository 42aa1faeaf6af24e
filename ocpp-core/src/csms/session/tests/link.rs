//! Connections, bad input, time, and the caller's mistakes.

use super::*;
use crate::csms::{Command, Finding};

fn refused(bench: &Bench) -> bool {
    matches!(bench.events.last(), Some(Event::FrameRefused { .. }))
}

#[test]
fn bad_calls_are_answered_with_the_code_of_1_6() {
    let cases = [
        (json!([2, "x", "Vendor", {}]), "NotImplemented"),
        (json!([2, "x", "heartbeat", {}]), "NotImplemented"),
        (json!([2, "x", "Reset", {"type": "Hard"}]), "NotSupported"),
        (json!([2, "x", "GetLog", {}]), "NotSupported"),
        (json!([2, "x", "Authorize", {}]), "OccurenceConstraintViolation"),
        (json!([2, "x", "Authorize", []]), "FormationViolation"),
    ];
    for (frame, code) in cases {
        let mut bench = Bench::accepted();
        bench.frame(&frame.to_string());
        assert_eq!((&bench.last()[0], &bench.last()[1], &bench.last()[2]), (&json!(4), &json!("x"), &json!(code)));
        assert!(refused(&bench), "{frame}");
        assert_eq!(bench.facts.len(), 1, "{frame}");
    }
}

#[test]
fn start_on_what_is_no_connector_is_recorded_and_a_status_of_it_refused() {
    for id in [-1, 0, i64::MAX] {
        let mut bench = Bench::accepted();
        let mut report = start();
        report["connectorId"] = json!(id);
        bench.call("StartTransaction", report);
        let Some(Fact::Started(started)) = bench.recorded().pop().cloned() else { panic!("a start is recorded") };
        assert_eq!((started.place.number(), &started.findings[..]), (0, &[Finding::NoConnector][..]));
    }
    for id in [-1, i64::MAX] {
        let mut bench = Bench::accepted();
        let report = json!({"connectorId": id, "errorCode": "NoError", "status": "Available"});
        bench.call("StatusNotification", report);
        assert_eq!(bench.last()[2], "PropertyConstraintViolation");
    }
}

#[test]
fn frames_that_are_no_messages_change_nothing() {
    let deep = "[".repeat(10_000);
    let long = format!("[2,\"1\",\"Heartbeat\",{{\"a\":\"{}\"}}]", "x".repeat(10 << 20));
    for text in ["", "\u{0}", "{}", "[]", "[2]", "[2,3,4]", "null", "[9,\"1\",{}]", "[3,\"1\",{}]", &deep, &long] {
        let mut bench = Bench::accepted();
        bench.frame(text);
        assert!(refused(&bench), "{}", &text[..text.len().min(20)]);
        assert_eq!(bench.facts.len(), 1);
        bench.call("Heartbeat", json!({}));
        assert_eq!(bench.last()[0], 3, "the session goes on");
    }
    let mut bench = Bench::accepted();
    bench.ok(Input::Link(LinkInput::Frame((&[0xFF, 0xFE, b'[']).into())));
    assert!(refused(&bench));
}

#[test]
fn message_repeated_under_its_id_is_answered_again_and_recorded_once() {
    let mut bench = Bench::accepted();
    let report = json!({"connectorId": 1, "errorCode": "NoError", "status": "Available"});
    let frame = json!([2, "x", "StatusNotification", report]).to_string();
    bench.frame(&frame);
    bench.frame(&frame);
    bench.store();
    bench.frame(&frame);
    assert_eq!(bench.sent, [json!([3, "x", {}]), json!([3, "x", {}])], "one that waits for its answer gets one");
    assert_eq!(bench.facts.len(), 2);
}

#[test]
fn silent_station_is_pinged_and_then_given_up() {
    let mut bench = Bench::accepted();
    bench.pass(Duration::from_secs(59));
    assert_eq!(bench.pings, 0);
    bench.pass(Duration::from_secs(2));
    assert_eq!(bench.pings, 1);
    bench.ok(Input::Link(LinkInput::Pong));
    bench.pass(Duration::from_secs(70));
    assert_eq!((bench.pings, bench.closes.len()), (2, 0));
    bench.pass(Duration::from_secs(30));
    assert_eq!(bench.closes, [LinkEnd::Silent]);
    assert_eq!(bench.events.last(), Some(&Event::Disconnected));
    assert_eq!(bench.session.poll_timeout(), None, "nothing is left to wait for");
    bench.close();
    assert_eq!(bench.events.iter().filter(|event| **event == Event::Disconnected).count(), 1);
}

#[test]
fn answers_go_to_the_connection_that_asked() {
    let mut bench = Bench::accepted();
    bench.call("StatusNotification", json!({"connectorId": 1, "errorCode": "NoError", "status": "Available"}));
    bench.open();
    assert!(bench.session.held.is_empty(), "nobody waits for it any more");
    bench.store();
    assert!(bench.sent.is_empty(), "the new connection asked nothing");
    assert_eq!(bench.events.iter().filter(|event| matches!(event, Event::Connected { .. })).count(), 2);
    assert!(bench.events.contains(&Event::Disconnected));
}

#[test]
fn what_was_meant_for_the_old_connection_does_not_reach_the_new_one() {
    let mut bench = Bench::accepted();
    let now = Instant::from_millis(bench.millis + 80_000);
    bench.session.handle(now, Input::Tick).unwrap();
    bench.session.handle(now, Input::Link(LinkInput::Frame(br#"[2,"9","Heartbeat",{}]"#.into()))).unwrap();
    bench.session.handle(now, Input::Link(LinkInput::Opened { dialect: Dialect::V1_6 })).unwrap();
    bench.drain();
    assert_eq!((bench.sent.len(), bench.pings, bench.closes.len()), (0, 0, 0));
}

/// A driver's events may be on their way when the session lets go of the connection.
#[test]
fn what_an_old_connection_still_brings_is_ignored() {
    let mut bench = Bench::accepted();
    bench.close();
    let (facts, events, timeout) = (bench.facts.len(), bench.events.len(), bench.session.poll_timeout());
    let report = json!({"connectorId": 1, "errorCode": "NoError", "status": "Available"});
    bench.frame(&json!([2, "late", "StatusNotification", report]).to_string());
    bench.ok(Input::Link(LinkInput::Pong));
    bench.close();
    assert_eq!((bench.facts.len(), bench.events.len(), bench.sent.len()), (facts, events, 0));
    assert_eq!(bench.session.poll_timeout(), timeout);
    bench.open();
    bench.call("Heartbeat", json!({}));
    assert_eq!(bench.sent.len(), 1, "the new connection is served");
}

#[test]
fn mistakes_of_the_caller_are_told_and_change_nothing() {
    let mut session = Session::new(SessionConfig::default(), 1);
    let opened = |dialect| Input::Link(LinkInput::Opened { dialect });
    let now = Instant::from_millis(5);
    assert!(matches!(session.handle(now, opened(Dialect::V1_6)), Err(MisuseError::Refused(_))), "no wall clock");
    session.handle(now, Input::Wall(wall())).unwrap();
    assert_eq!(session.handle(now, Input::Stored(Ticket(1))), Err(MisuseError::UnknownTicket(Ticket(1))));
    assert_eq!(session.handle(now, Input::StoreFailed(Ticket(1))), Err(MisuseError::UnknownTicket(Ticket(1))));
    assert_eq!(session.poll_action(), None);
    assert_eq!(session.poll_timeout(), None);

    let mut bench = Bench::accepted();
    bench.call("Authorize", json!({"idTag": "ABC"}));
    let id = bench.asked.last().unwrap().0;
    let wrong = Answer::Boot { status: RegistrationStatus::Accepted, interval: Duration::ZERO };
    assert!(matches!(bench.handle(Input::Answer(id, wrong)), Err(MisuseError::Refused(_))));
    bench.authorize(AuthorizationStatus::Accepted);
    assert_eq!(bench.last()[2]["idTagInfo"]["status"], "Accepted", "the question stayed open");
}

#[test]
fn time_that_runs_backwards_counts_as_the_latest() {
    let mut bench = Bench::accepted();
    bench.call("Authorize", json!({"idTag": "ABC"}));
    bench.session.handle(Instant::from_millis(3), Input::Tick).unwrap();
    bench.drain();
    assert!(bench.sent.is_empty());
    bench.pass(Duration::from_secs(10));
    assert_eq!(bench.sent.len(), 1);
}

#[test]
fn tokens_and_values_do_not_print() {
    let mut bench = Bench::accepted();
    bench.call(
        "StartTransaction",
        json!({
            "connectorId": 1, "idTag": "SECRET7", "meterStart": 100, "timestamp": "2023-11-14T22:00:00Z",
        }),
    );
    bench.authorize(AuthorizationStatus::Accepted);
    let command = Command::ChangeConfiguration { key: "AuthorizationKey".into(), value: "SECRET7".into() };
    let text = format!("{:?} {:?} {:?} {command:?}", bench.asked, bench.facts, bench.session);
    assert!(!text.contains("SECRET7"), "{text}");
}
