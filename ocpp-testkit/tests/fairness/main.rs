//! The conformance cases against peers that go on from case to case, as live ones do, and are not what a case expects: what
//! is answered, how it is judged, and what is left behind.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]

mod peer;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::DateTime;
use ocpp_rpc::Dialect;
use ocpp_testkit::conformance::target::Target;
use ocpp_testkit::conformance::targets::{VirtualCsms, VirtualStation};
use ocpp_testkit::conformance::{self, Case, Need, Report, Role, Values, Verdict};
use serde_json::{Value, json};

use peer::{Oddity, Peer};

fn values_for(case: Case) -> Values {
    VirtualStation::with_host(case.outfit(Values::default()))
}

fn case(id: &str) -> Case {
    conformance::find(id).unwrap()
}

/// A case at a peer that has booted and was used before.
fn used_peer(case: Case, values: &Values) -> Peer {
    let mut peer = Peer::new(case.role(), values);
    let first = match case.role() {
        Role::Station => "TC_003_CS",
        Role::Csms => "TC_003_CSMS",
    };
    assert_eq!(peer.run(self::case(first), values, Oddity::None).verdict, Verdict::Passed);
    peer
}

/// The number of the peer's first call of an action in a case.
fn place(report: &Report, action: &str) -> usize {
    let call = format!("\"{action}\"");
    report.seen.iter().position(|seen| seen.text.starts_with("[2,") && seen.text.contains(&call)).unwrap() + 1
}

/// A call, why it fails the case, and the code that it is answered with, if with one.
type Breach = (&'static str, Value, &'static str, Option<&'static str>);

fn station_breaches() -> Vec<Breach> {
    let at = "2026-01-01T12:00:00.000Z";
    let values = json!([{ "timestamp": at, "sampledValue": [{ "value": "1" }] }]);
    vec![
        ("Foo", json!({}), "which 1.6 does not have", Some("NotImplemented")),
        ("RemoteStartTransaction", json!({ "idTag": "A" }), "is not for it to send", Some("NotSupported")),
        ("Authorize", json!({}), "breaks its schema", None),
        ("Authorize", json!([]), "breaks its schema", None),
        (
            "StopTransaction",
            json!({ "transactionId": 99, "meterStop": 1, "timestamp": at }),
            "ended a transaction that does not run",
            None,
        ),
        (
            "MeterValues",
            json!({ "connectorId": 1, "transactionId": 99, "meterValue": values }),
            "which does not run",
            None,
        ),
    ]
}

fn csms_breaches() -> Vec<Breach> {
    vec![
        ("Foo", json!({}), "which 1.6 does not have", Some("NotImplemented")),
        ("Heartbeat", json!({}), "is not for it to send", Some("NotSupported")),
        ("ChangeConfiguration", json!({}), "breaks its schema", None),
        ("Reset", json!({ "type": "Soft" }), "came", Some("NotSupported")),
    ]
}

/// The answers to what the peer called under the id `odd`.
fn answers_to_odd(peer: &Peer) -> Vec<Value> {
    peer.answers.iter().filter(|(id, _)| id == "odd").map(|(_, frame)| frame.clone()).collect()
}

/// Whoever breaks a rule in a call waits for its answer all the same: it gets one, the case fails for that rule, and the next
/// case finds the peer as this one did.
#[test]
fn call_that_breaks_a_rule_is_answered_and_judged() {
    let rounds =
        [("TC_003_CS", "Authorize", station_breaches()), ("TC_010_CSMS", "RemoteStartTransaction", csms_breaches())];
    for (id, trigger, breaches) in rounds {
        let case = case(id);
        let values = values_for(case);
        let mut peer = used_peer(case, &values);
        let sound = peer.run(case, &values, Oddity::None);
        assert_eq!(sound.verdict, Verdict::Passed, "{}", sound.reason);
        let after = place(&sound, trigger);
        for (action, payload, reason, code) in breaches {
            let report = peer.run(case, &values, Oddity::Calls { after, action, payload });
            assert_eq!(report.verdict, Verdict::Failed, "{id} {action}: {}", report.reason);
            assert!(report.reason.contains(reason), "{id} {action}: {}", report.reason);
            let answers = answers_to_odd(&peer);
            assert_eq!(answers.len(), 1, "{id} {action}");
            match code {
                None => assert_eq!(answers[0][0], 3, "{id} {action}"),
                Some(code) => assert_eq!((&answers[0][0], &answers[0][2]), (&json!(4), &json!(code)), "{id} {action}"),
            }
            let next = peer.run(case, &values, Oddity::None);
            assert_eq!(next.verdict, Verdict::Passed, "after {action}: {}", next.reason);
        }
    }
}

/// 1.6 §4.9 and OCPP-J 1.6 §4.1.4: a status that is no change, and an id that was used before.
#[test]
fn call_that_comes_again_is_answered_and_judged() {
    let case = case("TC_003_CS");
    let values = values_for(case);
    let mut peer = used_peer(case, &values);
    let frame = place(&peer.run(case, &values, Oddity::None), "StatusNotification");

    let report = peer.run(case, &values, Oddity::Repeats { frame, same_id: false });
    assert!(report.reason.contains("reported a status that did not change"), "{}", report.reason);
    assert_eq!((report.verdict, answers_to_odd(&peer).len()), (Verdict::Failed, 1));

    let report = peer.run(case, &values, Oddity::Repeats { frame, same_id: true });
    assert!(report.reason.contains("twice"), "{}", report.reason);
    assert_eq!(report.verdict, Verdict::Failed);
    let ids: Vec<_> = peer.answers.iter().map(|(id, _)| id).collect();
    assert_eq!(ids.iter().filter(|id| **id == ids[0]).count(), 2, "both are answered: {ids:?}");
}

/// All calls of the bench in a case, by action.
fn asked(report: &Report) -> BTreeSet<String> {
    let sender = if report.case.role() == Role::Station { "csms" } else { "station" };
    let frames = report.trace.iter().filter(|line| line["from"] == sender).map(|line| &line["frame"]);
    frames.filter(|frame| frame[0] == 2).map(|frame| frame[2].as_str().unwrap().to_owned()).collect()
}

/// What a peer cannot do says nothing of how well it does it (1.6 §5.17, §5.18, §7.22; OCPP-J 1.6 §4.2.3): each action that a
/// case asks for, refused in each way, and by operators each step.
#[test]
fn what_a_peer_cannot_do_is_inconclusive_with_its_reason() {
    let ways = [json!("NotImplemented"), json!("NotSupported"), json!({ "status": "NotImplemented" })];
    let (mut refused, mut undone) = (0, 0);
    for case in conformance::cases(Dialect::V1_6) {
        let values = values_for(case);
        let run = |oddity| {
            let mut peer = Peer::new(case.role(), &values);
            peer.is_fresh = true;
            (peer.run(case, &values, oddity), peer.steps)
        };
        let (sound, steps) = run(Oddity::None);
        if sound.verdict != Verdict::Passed {
            continue;
        }
        for action in asked(&sound) {
            let has_status = ["TriggerMessage", "ExtendedTriggerMessage"].contains(&action.as_str());
            for with in ways.iter().filter(|way| way.is_string() || has_status) {
                let (report, _) = run(Oddity::Refuses { action: action.clone(), with: with.clone() });
                // A case may be about the refusal.
                if report.verdict == Verdict::Passed {
                    println!("{} passes without {action}: {with}", case.id);
                    continue;
                }
                refused += 1;
                assert_eq!(report.verdict, Verdict::Inconclusive, "{} {action} {with}: {}", case.id, report.reason);
                let names = report.reason.contains(&action) && report.reason.contains("cannot do that");
                assert!(names, "{} {action} {with}: {}", case.id, report.reason);
            }
        }
        for step in 1..=steps {
            let (report, _) = run(Oddity::Cannot { step });
            undone += 1;
            assert_eq!(report.verdict, Verdict::Inconclusive, "{} {step}: {}", case.id, report.reason);
            assert!(report.reason.contains("the rig has no such thing"), "{} {step}: {}", case.id, report.reason);
        }
    }
    println!("{refused} refused actions, {undone} steps that cannot be done");
    assert!(refused > 500 && undone > 150, "{refused} {undone}");
}

/// Wherever a case breaks off, it leaves nothing behind: transactions end, reservations and profiles go, and the keys have
/// their values of before.
#[test]
fn case_that_breaks_off_anywhere_leaves_the_station_as_it_was() {
    let mut tried = 0;
    for case in conformance::cases(Dialect::V1_6).filter(|case| case.role() == Role::Station) {
        let values = values_for(case);
        let mut peer = used_peer(self::case("TC_003_CS"), &values);
        let before = peer.state();
        let sound = peer.run(case, &values, Oddity::None);
        if sound.verdict != Verdict::Passed || asked(&sound).contains("InstallCertificate") {
            continue;
        }
        let frames = sound.seen.len();
        for after in 1..=frames {
            tried += 1;
            let report = peer.run(case, &values, Oddity::Calls { after, action: "Foo", payload: json!({}) });
            assert!(peer.is_connected, "{} after frame {after}: {:?} {}", case.id, report.verdict, report.reason);
            let changed: Vec<_> = peer.state().into_iter().filter(|(what, is)| before.get(what) != Some(is)).collect();
            assert!(
                changed.is_empty(),
                "{changed:?}: {} after frame {after}: {:?} {}",
                case.id,
                report.verdict,
                report.reason
            );
        }
    }
    println!("{tried} breaks");
}

/// As a station, the bench ends what it began: no transaction stays open at the CSMS, and no connector is left charging.
#[test]
fn case_that_breaks_off_anywhere_leaves_no_transaction_at_the_csms() {
    let mut tried = 0;
    for case in conformance::cases(Dialect::V1_6).filter(|case| case.role() == Role::Csms) {
        let values = values_for(case);
        let mut peer = used_peer(self::case("TC_003_CSMS"), &values);
        let sound = peer.run(case, &values, Oddity::None);
        for after in 1..=sound.seen.len() {
            tried += 1;
            peer.run(case, &values, Oddity::Calls { after, action: "Foo", payload: json!({}) });
            let (mut begun, mut ended, mut statuses) = (BTreeSet::new(), BTreeSet::new(), BTreeMap::new());
            for frame in peer.sent.iter().map(|text| serde_json::from_str::<Value>(text).unwrap()) {
                match frame[2].as_str() {
                    Some("StartTransaction") => _ = begun.insert(peer.told_number(&frame[1])),
                    Some("StopTransaction") => _ = ended.insert(frame[3]["transactionId"].as_i64()),
                    Some("StatusNotification") => {
                        statuses.insert(frame[3]["connectorId"].as_i64(), frame[3]["status"].clone());
                    }
                    _ => {}
                }
            }
            assert!(begun.iter().all(|number| ended.contains(number)), "{} {after}: {begun:?} {ended:?}", case.id);
            assert!(statuses.values().all(|status| status == "Available"), "{} {after}: {statuses:?}", case.id);
        }
    }
    println!("{tried} breaks");
}

/// What goes on from case to case gives the verdicts of a fresh start, in one long run, and its calls during the pause after
/// each case are answered.
#[test]
fn peers_that_go_on_get_the_verdicts_of_a_fresh_start() {
    for role in [Role::Station, Role::Csms] {
        let values = VirtualStation::with_host(Values { pause: Duration::from_secs(90), ..Values::default() });
        let mut peer = Peer::new(role, &values);
        let mut began = Duration::ZERO;
        for case in conformance::cases(Dialect::V1_6).filter(|case| case.role() == role) {
            // These are for another station.
            if case.needs.contains(&Need::FixedCable) || case.security_profile() > 0 {
                continue;
            }
            let fresh: &mut dyn Target = match role {
                Role::Station => &mut VirtualStation::new(&values).unwrap(),
                Role::Csms => &mut VirtualCsms::speaking(Dialect::V1_6, &values).unwrap(),
            };
            let wanted = conformance::run(case, fresh, &values);
            let report = peer.run(case, &values, Oddity::None);
            assert_eq!(report.verdict, wanted.verdict, "{}: {} / {}", case.id, report.reason, wanted.reason);
            let (open, _): (Vec<_>, Vec<_>) = peer.called.keys().partition(|id| !peer.answered.contains(*id));
            assert!(open.is_empty() || report.seen.is_empty(), "{}: not answered: {open:?}", case.id);
            let now = Duration::from_millis(peer.now().as_millis());
            let paused = report.seen.is_empty() || now - began >= values.pause;
            assert!(paused, "{}: no pause", case.id);
            began = now;
        }
    }
}

/// Periods that follow each other with one limit are one, however many they are told as (1.6 §7.13).
#[test]
fn equal_periods_are_one_and_others_are_not() {
    let case = case("TC_056_CS");
    let values = values_for(case);
    let mut peer = used_peer(case, &values);
    let split = peer.run(case, &values, Oddity::Splits { limit: 6 });
    assert_eq!(split.verdict, Verdict::Passed, "{}", split.reason);
    let other = peer.run(case, &values, Oddity::Splits { limit: 7 });
    assert_eq!(other.verdict, Verdict::Failed);
    assert!(other.reason.contains("periods"), "{}", other.reason);
}

/// Each time that the bench tells has milliseconds and a Z, and the trace of a case has no connection that was not made.
#[test]
fn times_are_told_in_full_and_no_connection_is_invented() {
    let mut times = 0;
    for case in conformance::cases(Dialect::V1_6) {
        let values = values_for(case);
        let mut peer = Peer::new(case.role(), &values);
        peer.run(case, &values, Oddity::None);
        for text in &peer.sent {
            walk(&serde_json::from_str(text).unwrap(), &mut |word| {
                if DateTime::parse_from_rfc3339(word).is_ok() {
                    times += 1;
                    assert!(word.len() == 24 && word.ends_with('Z') && &word[19..20] == ".", "{} {word}", case.id);
                }
            });
        }
    }
    assert!(times > 300, "{times}");

    let case = case("TC_003_CS");
    let values = values_for(case);
    let mut peer = used_peer(case, &values);
    let report = peer.run(case, &values, Oddity::None);
    let events: Vec<_> = report.trace.iter().filter(|line| line.get("event").is_some()).collect();
    assert!(events.is_empty(), "the connection of the case before goes on: {events:?}");
}

fn walk(value: &Value, look: &mut impl FnMut(&str)) {
    match value {
        Value::String(word) => look(word),
        Value::Array(items) => items.iter().for_each(|item| walk(item, look)),
        Value::Object(members) => members.values().for_each(|member| walk(member, look)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
