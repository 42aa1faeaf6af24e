//! Whatever arrives, both ends answer where an answer is due, tell of it, and go on with the session.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test")]

mod common;

use common::{finish, pair, session};
use ocpp_core::time::Instant;
use ocpp_core::{csms, station};
use ocpp_testkit::checks::wire::Frame;
use ocpp_testkit::link::End;
use ocpp_testkit::pair::{Pair, PairConfig, Step};
use proptest::prelude::*;

fn call(id: &str, action: &str, payload: &str) -> Vec<u8> {
    format!(r#"[2,"{id}","{action}",{payload}]"#).into_bytes()
}

/// What the end answers to these bytes: its frames between the injection and what it would have said anyway.
fn answers(to: End, bytes: Vec<u8>) -> (Vec<Frame>, Pair) {
    let mut pair = pair(PairConfig::new(7), session());
    pair.at(Instant::from_millis(30_000), Step::Inject { to, bytes });
    finish(&mut pair);
    let actor = match to {
        End::Station => ocpp_testkit::trace::Actor::Station,
        End::Csms => ocpp_testkit::trace::Actor::Csms,
    };
    let soon = |line: &&ocpp_testkit::trace::Line| (30_000..31_000).contains(&line.at.as_millis());
    let sent = pair.trace.lines().iter().filter(soon).filter(|line| line.actor == actor);
    let frames = sent.filter_map(|line| Frame::parse(line.text.strip_prefix("sends ")?.as_bytes())).collect();
    (frames, pair)
}

fn code_of(frames: &[Frame]) -> Option<(&str, &str)> {
    match frames {
        [Frame::Error { id, code }] => Some((id, code)),
        _ => None,
    }
}

/// OCPP-J 1.6 §4.3, table of error codes.
#[test]
fn wrong_calls_are_answered_with_the_right_code() {
    let cases: [(&str, &str, &str); 7] = [
        ("NoSuchAction", "{}", "NotImplemented"),
        ("Heartbeat", "{}", "NotSupported"),
        ("ChangeConfiguration", "{}", "OccurenceConstraintViolation"),
        ("ChangeConfiguration", r#"{"key":"A","value":null}"#, "OccurenceConstraintViolation"),
        (
            "UpdateFirmware",
            r#"{"location":"no URI","retrieveDate":"2026-01-01T00:00:00Z"}"#,
            "PropertyConstraintViolation",
        ),
        ("GetConfiguration", "[]", "FormationViolation"),
        ("RemoteStopTransaction", r#"{"transactionId":1.5}"#, "TypeConstraintViolation"),
    ];
    for (action, payload, code) in cases {
        let (frames, pair) = answers(End::Station, call("odd", action, payload));
        assert_eq!(code_of(&frames), Some(("odd", code)), "{action} {payload}: {frames:?}\n{}", pair.trace);
    }
}

#[test]
fn csms_answers_wrong_calls_too() {
    let cases: [(&str, &str, &str); 4] = [
        ("NoSuchAction", "{}", "NotImplemented"),
        ("StartTransaction", "{}", "OccurenceConstraintViolation"),
        (
            "StatusNotification",
            r#"{"connectorId":-1,"errorCode":"NoError","status":"Nowhere"}"#,
            "PropertyConstraintViolation",
        ),
        ("Authorize", r#"[7]"#, "FormationViolation"),
    ];
    for (action, payload, code) in cases {
        let (frames, pair) = answers(End::Csms, call("odd", action, payload));
        assert_eq!(code_of(&frames), Some(("odd", code)), "{action} {payload}: {frames:?}\n{}", pair.trace);
    }
}

/// What cannot be answered is told to the application.
#[test]
fn noise_is_dropped_and_told() {
    let deep = [b"[2,\"odd\",\"DataTransfer\",{\"vendorId\":\"v\",\"data\":".to_vec(), b"[".repeat(10_000)].concat();
    let noises: Vec<Vec<u8>> = vec![
        b"".to_vec(),
        b"hello".to_vec(),
        b"\xff\xfe".to_vec(),
        b"{}".to_vec(),
        b"[]".to_vec(),
        b"[2]".to_vec(),
        b"[3,\"nobody\",{}]".to_vec(),
        b"[4,\"nobody\",\"InternalError\",\"\",{}]".to_vec(),
        deep,
        vec![b' '; 10 * 1024 * 1024],
    ];
    for to in [End::Station, End::Csms] {
        for noise in &noises {
            let head = String::from_utf8_lossy(&noise[..noise.len().min(40)]).into_owned();
            let (frames, pair) = answers(to, noise.clone());
            let is_told = match to {
                End::Station => {
                    pair.station_events.iter().any(|(_, event)| matches!(event, station::Event::FrameRefused { .. }))
                }
                End::Csms => {
                    pair.csms_events.iter().any(|(_, event)| matches!(event, csms::Event::FrameRefused { .. }))
                }
            };
            assert!(is_told, "{to:?} {head:?}: {}", pair.trace);
            let is_blind = frames.iter().all(|frame| matches!(frame, Frame::Error { .. }));
            assert!(is_blind, "{to:?} {head:?} was answered {frames:?}");
        }
    }
}

/// The same call again, with the same id, is not carried out twice.
#[test]
fn repeated_id_gets_the_stored_answer() {
    let start = call(
        "twice",
        "StartTransaction",
        r#"{"connectorId":1,"idTag":"TAG","meterStart":1,"timestamp":"2026-01-01T00:00:00Z"}"#,
    );
    let mut pair = pair(PairConfig { journal_check: false, ..PairConfig::new(7) }, []);
    for at in [10_000, 12_000] {
        pair.at(Instant::from_millis(at), Step::Inject { to: End::Csms, bytes: start.clone() });
    }
    common::run(&mut pair, 20);
    let starts = pair.csms.facts().iter().filter(|fact| matches!(fact, csms::Fact::Started(_))).count();
    assert_eq!(starts, 1);
    let answers: Vec<_> = pair.trace.lines().iter().filter(|line| line.text.contains(r#"[3,"twice""#)).collect();
    assert_eq!(answers.len(), 2, "{}", pair.trace);
    assert_eq!(answers[0].text, answers[1].text);
}

/// Bytes near those of frames: broken JSON, odd types, wrong lengths.
fn noise() -> impl Strategy<Value = Vec<u8>> {
    let odd = prop_oneof![
        Just("2".to_owned()),
        Just("3".to_owned()),
        Just("4".to_owned()),
        Just("5".to_owned()),
        Just("\"Heartbeat\"".to_owned()),
        Just("\"Reset\"".to_owned()),
        Just("{}".to_owned()),
        Just("null".to_owned()),
        Just("-1e999".to_owned()),
        Just("\"\\ud800\"".to_owned()),
        "\"[a-z]{0,60}\"",
        "[0-9\\[\\]{}\",:]{0,12}",
    ];
    let frame = prop::collection::vec(odd, 0..7).prop_map(|parts| format!("[{}]", parts.join(",")).into_bytes());
    prop_oneof![prop::collection::vec(any::<u8>(), 0..60), frame]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Noise at any moment and at both ends leaves the session and its bill as they are.
    #[test]
    fn noise_changes_no_bill(
        noises in prop::collection::vec((0_u64..215_000, any::<bool>(), noise()), 1..12)
    ) {
        let mut pair = pair(PairConfig { trace: false, ..PairConfig::new(7) }, session());
        for (at, is_up, bytes) in noises {
            let to = if is_up { End::Csms } else { End::Station };
            pair.at(Instant::from_millis(at), Step::Inject { to, bytes });
        }
        finish(&mut pair);
        prop_assert_eq!(pair.csms.bill().energy_wh(), 383);
    }
}
