//! Numbered events of transactions through the session: recorded, settled, and answered when both are durable. No version that is spoken
//! numbers its events; a stand-in edge does.

use super::*;
use crate::csms::edge::Unread;
use crate::csms::report::{EventKind, EventReport, Report, Response};
use crate::csms::{
    Consumption, EventInfo, IdToken, MeterValue, Place, SampledValue, TransactionId, TriggerReason, Verdict,
};
use alloc::boxed::Box;
use alloc::vec;
use chrono::TimeDelta;
use ocpp_rpc::frame::Payload;
use ocpp_types::Violation;
use ocpp_types::lenient::{Decoded, Quirks};

fn read(action: &str, payload: &Payload<'_>, _: Quirks) -> Result<Decoded<Report>, Unread> {
    let told: Value = serde_json::from_str(payload.raw()?).unwrap();
    let seq_no = told["seqNo"].as_u64().unwrap();
    let at = wall() + TimeDelta::seconds(i64::try_from(seq_no).unwrap() * 60 - 3600);
    let value = |wh: &Value| MeterValue { at, values: vec![SampledValue::new(&wh.to_string())] };
    let trigger = told["triggerReason"].as_str().and_then(TriggerReason::of);
    let event = EventInfo { trigger, ..EventInfo::default() };
    let report = EventReport {
        kind: match action {
            "Started" => EventKind::Begin,
            "Updated" => EventKind::Update,
            _ => EventKind::End,
        },
        transaction: TransactionId::new("f1b2"),
        seq_no,
        at,
        place: Place::new(Some(1), None),
        token: told["idToken"].as_str().map(|text| IdToken::new(text).with_kind("ISO14443")),
        reservation: None,
        reason: None,
        samples: told.get("wh").map(value).into_iter().collect(),
        event,
    };
    Ok(Decoded { value: Report::Event(Box::new(report)), repairs: vec![] })
}

fn respond(response: &Response, _: DateTime<Utc>) -> Result<String, Violation> {
    let Response::Event(verdict) = response else { panic!("{response:?}") };
    Ok(json!({"status": verdict.as_ref().map(|verdict| verdict.status)}).to_string())
}

/// The station opens a connection, in a version that numbers its events.
fn open(bench: &mut Bench) {
    bench.open();
    let link = bench.session.link.as_mut().unwrap();
    (link.edge.read, link.edge.respond) = (read, respond);
}

#[test]
fn events_are_recorded_settled_and_answered_when_they_are_durable() {
    let mut bench = Bench::accepted();
    open(&mut bench);
    // The end comes first, and its driver is known by it.
    bench.call("Ended", json!({"seqNo": 2, "wh": 160, "triggerReason": "StopAuthorized", "idToken": "ABC"}));
    let Some((_, Question::Authorize { token, transaction })) = bench.asked.last().cloned() else { panic!() };
    assert_eq!(
        (token.as_str(), token.kind(), transaction),
        ("ABC", Some("ISO14443"), Some(TransactionId::new("f1b2")))
    );
    bench.authorize(AuthorizationStatus::NoCredit);
    assert!(bench.sent.is_empty(), "not durable yet");
    bench.store();
    assert_eq!(bench.last()[2], json!({"status": "NoCredit"}));
    // The begin settles it, with one event missing.
    bench.call("Started", json!({"seqNo": 0, "wh": 100}));
    let Some(Fact::Settled(settled)) = bench.recorded().last().copied() else { panic!("not settled") };
    assert_eq!((settled.consumption, settled.missing), (Consumption::Wh(60), 1));
    bench.store();
    bench.call("Updated", json!({"seqNo": 1, "wh": 130}));
    let Some(Fact::Settled(settled)) = bench.recorded().last().copied() else { panic!("not settled") };
    assert_eq!((settled.consumption, settled.missing), (Consumption::Wh(60), 0));
    bench.store();
    let verdicts: Vec<_> = bench.recorded()[1..].iter().map(|fact| fact.verdict().unwrap()).collect();
    use Verdict::{Applied, Orphan, Stale};
    assert_eq!(verdicts, [Orphan, Applied, Stale, Applied, Stale, Applied]);
    // All of it again, on another connection of a server that started anew: nothing is recorded twice, and nobody is asked twice.
    let state = SessionState::replay(&SessionConfig::default(), bench.facts.clone());
    assert_eq!(state, bench.session.state());
    let mut bench = Bench::on(Session::restore(SessionConfig::default(), 3, state));
    open(&mut bench);
    bench.call("Ended", json!({"seqNo": 2, "wh": 160, "triggerReason": "StopAuthorized", "idToken": "ABC"}));
    assert_eq!(bench.last()[2], json!({"status": "NoCredit"}));
    bench.call("Started", json!({"seqNo": 0, "wh": 100}));
    assert_eq!((bench.facts.len(), bench.asked.len()), (0, 0));
}

/// The crash lies between the two: then the repeat of the event brings what it settles.
#[test]
fn what_is_settled_is_recorded_after_a_crash_between_it_and_its_event() {
    let mut bench = Bench::accepted();
    open(&mut bench);
    bench.call("Ended", json!({"seqNo": 1, "wh": 160}));
    bench.call("Started", json!({"seqNo": 0, "wh": 100}));
    assert!(matches!(bench.recorded().last(), Some(Fact::Settled(_))));
    let durable = bench.facts[..bench.facts.len() - 1].to_vec();
    let state = SessionState::replay(&SessionConfig::default(), durable);
    let mut bench = Bench::on(Session::restore(SessionConfig::default(), 3, state));
    open(&mut bench);
    bench.call("Started", json!({"seqNo": 0, "wh": 100}));
    assert!(matches!(bench.recorded()[..], [Fact::Settled(_)]));
    assert!(bench.sent.is_empty(), "not durable yet");
    bench.store();
    assert_eq!(bench.last()[2], json!({"status": null}));
}
